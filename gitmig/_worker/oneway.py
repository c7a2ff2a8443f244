"""Revisions without a way back, where the settings forbid downgrades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic.autogenerate import renderers
from alembic.operations import ops

from .shapes import Op

REFUSAL = "this project forbids downgrades: mend it with another revision"


class Refuse(ops.MigrateOperation):
    """A downgrade that refuses to run."""

    def reverse(self) -> Refuse:
        """Return itself: there is no way back in either direction."""
        return self

    def to_diff_tuple(self) -> Any:
        """Return what Alembic's ``check`` shows."""
        return ("refuse",)


@renderers.dispatch_for(Refuse)
def render_refuse(autogen_context: Any, op: Refuse) -> str:
    """Render what `gitmig check` accepts in the place of a downgrade."""
    return f'raise NotImplementedError("{REFUSAL}")'


def leave_out_downgrades(scripts: Iterable[Op]) -> None:
    """Let the downgrade of each revision refuse."""
    for script in scripts:
        for down in script.downgrade_ops_list:
            down.ops[:] = [Refuse()]
