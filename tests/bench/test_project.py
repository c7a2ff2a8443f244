"""The generated projects of the benchmarks."""

from __future__ import annotations

from bench.project import models_of, steady


def test_a_steady_schema_does_not_grow() -> None:
    """Three hundred revisions more of a steady schema leave models as large as they were."""
    short, long = steady(18), steady(318)
    assert (len(short), len(long)) == (18, 318)
    assert models_of(short) == models_of(long)
