"""What was seen when revisions ran last, kept for the keys of the next process.

``reads``: which files each source of the project had read for it. ``configured``: what env.py gave
Alembic that decides what operations do, by the section of the configuration.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

FILE = "notes.json"

_noted: dict[str, Any] = {"reads": {}, "configured": {}}
_folder = ""


def open_to(folder: str) -> None:
    """Use a folder for the notes; empty for none."""
    global _folder
    _folder = folder
    if folder:
        with contextlib.suppress(OSError, ValueError, TypeError), open(path()) as file:
            found = json.load(file)
            _noted["reads"].update(found["reads"])
            _noted["configured"].update(found["configured"])


def reads(source: str) -> list[str] | None:
    """Return which files a source had read, None where it never ran."""
    found: list[str] | None = _noted["reads"].get(source)
    return found


def add_reads(found: Mapping[str, set[str]]) -> bool:
    """Add to what sources read; say whether any of it is new."""
    changed = False
    for source, files in found.items():
        known = _noted["reads"].get(source)
        whole = sorted(files.union(known or ()))
        if known != whole:
            _noted["reads"][source] = whole
            changed = True
    if changed:
        save()
    return changed


def configured(section: str) -> str:
    """Return what was configured when the project ran last, empty where it never did."""
    return str(_noted["configured"].get(section, ""))


def set_configured(section: str, text: str) -> None:
    """Keep what is configured."""
    _noted["configured"][section] = text
    save()


def save() -> None:
    """Write the notes; where that cannot be done the next run takes longer."""
    if not _folder:
        return
    with contextlib.suppress(OSError):
        os.makedirs(_folder, exist_ok=True)
        beside = f"{path()}.{os.getpid()}"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(_noted, file)
        os.replace(beside, path())


def path() -> str:
    """Return the file of the notes."""
    return os.path.join(_folder, FILE)
