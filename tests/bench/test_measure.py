"""What the benchmarks measure with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.measure import cost_of_passing


def test_no_figure_of_what_failed(tmp_path: Path) -> None:
    """A command that does not end with 0 gives no figure, and says what it printed."""
    env = dict(os.environ)
    assert cost_of_passing(["sh", "-c", "exit 0"], tmp_path, env).wall > 0
    with pytest.raises(RuntimeError, match=r"(?s)ended with 1: no figure.*a finding"):
        cost_of_passing(["sh", "-c", "echo a finding; exit 1"], tmp_path, env)
