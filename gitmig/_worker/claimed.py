"""Two models that claim one table: SQLAlchemy does not say whose it is already."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from .failures import text_of

ALREADY = re.compile(r"Table '([^']+)' is already defined for this MetaData")


def told(error: BaseException) -> str:
    """Return in words that a table is another model's, empty where an error is not about that."""
    found = ALREADY.match(text_of(error))
    if found is None:
        return ""
    owner = next(owners(found[1], error), "")
    of_whom = f"that of {owner} already" if owner else "there already"
    return f"two models claim the table {found[1]}: it is {of_whom}"


def owners(key: str, error: BaseException) -> Iterator[str]:
    """Yield the classes that have a table, those of the modules that failed to load, too."""
    spaces = [frame.f_globals for frame, _ in traceback.walk_tb(error.__traceback__)]
    spaces += [vars(module) for module in list(sys.modules.values())]
    for space in spaces:
        for each in list(space.values()):
            if isinstance(each, type) and key_of(each) == key:
                yield f"{each.__module__}.{each.__qualname__}"


def key_of(class_: Any) -> Any:
    """Return the key of a class's own table, None where it has none."""
    return getattr(vars(class_).get("__table__"), "key", None)
