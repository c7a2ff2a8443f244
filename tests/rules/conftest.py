"""What the tests of the rules run on."""

from __future__ import annotations

from commands.conftest import pg, pg_place

__all__ = ["pg", "pg_place"]
