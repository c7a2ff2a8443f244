"""What a server must have for a project's revisions, as their texts tell, or their failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

EXTENSION = re.compile(
    r"""\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\\?["']?([A-Za-z][\w-]*)""", re.IGNORECASE
)
# what all databases of a server share
SHARED = re.compile(
    r"\b(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER|GROUP|TABLESPACE|SYSTEM)\b", re.IGNORECASE
)
# PostgreSQL's words for an extension that is not there, or whose library does not load
LACKING = re.compile(
    r'extension "[^"]*" is not available|could not (?:load library|access file)'
    r"|could not open extension control file"
)


def of(texts: Iterable[str], prepare: Sequence[str], told: str) -> dict[str, Any]:
    """Return ``extensions`` to be created, ``alone`` (roles and the like are), and the rest.

    ``prepare`` are the statements that are run in each new database, ``told`` is how the project
    is called in the list of what is cached.
    """
    texts = [*texts, *prepare]
    extensions = {name for text in texts for name in EXTENSION.findall(text)}
    alone = any(SHARED.search(text) for text in texts)
    return {
        "extensions": sorted(extensions),
        "alone": alone,
        "prepare": list(prepare),
        "told": told,
    }


def is_lacking(message: str) -> bool:
    """Say whether a statement failed because the server lacks an extension."""
    return bool(LACKING.search(message))
