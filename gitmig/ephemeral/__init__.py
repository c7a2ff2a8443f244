"""Throw-away databases: where they live, and that nothing of them stays behind."""
