"""What a server must have for a project's revisions, as their texts tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

EXTENSION = re.compile(
    r"""\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\\?["']?([A-Za-z][\w-]*)""", re.IGNORECASE
)
# what all databases of a server share
SHARED = re.compile(
    r"\b(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER|GROUP|TABLESPACE|SYSTEM)\b", re.IGNORECASE
)


def of(texts: Iterable[str], told: str) -> dict[str, Any]:
    """Return ``extensions`` to be created, ``alone`` (roles and the like are), and ``told``.

    ``told`` is how the project is called in the list of what is cached.
    """
    texts = list(texts)
    extensions = {name for text in texts for name in EXTENSION.findall(text)}
    alone = any(SHARED.search(text) for text in texts)
    return {"extensions": sorted(extensions), "alone": alone, "told": told}
