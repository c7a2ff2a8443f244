"""The formats of ``gitmig check``: their names, and what files in them are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import PurePath

from gitmig.outcomes import CheckReport

FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit", "markdown")
SUFFIXES = {
    ".txt": "text",
    ".log": "text",
    ".json": "json",
    ".sarif": "sarif",
    ".xml": "junit",
    ".md": "markdown",
    ".markdown": "markdown",
}


def format_of(path: str) -> str:
    """Return the format that a file's name asks for, empty for none; ``x.sarif.json`` is SARIF."""
    path = path.lower()
    if path.endswith(".sarif.json"):
        return "sarif"
    return SUFFIXES.get(PurePath(path).suffix, "")


def render(name: str, reports: Sequence[CheckReport]) -> str:
    """Return the reports in a format, without colour; its module is imported where it is asked for.

    Each has a function ``checked``, from the reports of all environments to text.
    """
    if name == "text":
        from gitmig.report.text import as_text

        return as_text(reports)
    checked: Callable[[Sequence[CheckReport]], str]
    checked = import_module(f"gitmig.report.{name}").checked
    return checked(reports)
