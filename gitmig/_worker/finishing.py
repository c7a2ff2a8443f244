"""What is put right in the operations of a revision once all of them are there.

Each step is a module of its own; what one of them puts, those after it see.
"""

from __future__ import annotations

from typing import Any

from . import expressions, mysql, namedchecks, required, retyped, sql, triggers, using
from .rebuilt import OPTION
from .shapes import Dialect, Op


def finish(up: Op, down: Op, autogen: Any, dialect: Dialect) -> list[str]:
    """Finish both ways of one database; return in words what is left to a person."""
    sql.put_apart_first(up)
    using.add(up, down, dialect)
    namedchecks.drop_with_columns(up, down, dialect)
    namedchecks.into_tables(up)
    expressions.into_tables(up, down, autogen, dialect)
    held = autogen.migration_context.opts.get(OPTION, {})
    expressions.of_dropped(up, down, held)
    left = triggers.stale(up, held)
    for way in (up, down):
        mysql.drop_whole(way, dialect)
    for way in (up, down):
        required.fill(way, dialect)
    mysql.drop_implicit(up, down, autogen.migration_context)
    retyped.settle(up, down, dialect)
    return list(left)
