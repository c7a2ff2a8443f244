"""Schema migrations that are part of git."""

__version__ = "0.1.0"
