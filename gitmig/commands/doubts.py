"""Why a person must look at a revision, in words: many columns that go are told at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from gitmig.commands.wording import SHOWN, listed
from gitmig.model import Operation

FEW = 3  # of many columns that are told with their names
GOES = re.compile(
    r".+ is dropped with all its values"
    r"(?:; if it is (?P<new>.+) now, say so there: (?P<line>info=.+}))?"
)


def in_words(operations: Iterable[Operation]) -> str:
    """Return the doubts about operations as one sentence, empty where there is none."""
    told: list[str] = []
    for table, run in groupby((each for each in operations if each.doubt), column_of):
        doubts = list(run)
        told += [of_many(table, doubts)] if len(doubts) > SHOWN and table else [
            each.doubt for each in doubts]  # fmt: skip
    return listed(sorted(told, key=keeps_rows))


def keeps_rows(doubt: str) -> bool:
    """Say whether no row can be lost or in the way: told last, the list may be cut."""
    return doubt.endswith("rows that had the one have the other")


def column_of(operation: Operation) -> str:
    """Return the table of a column that goes and may have another name, empty for all else."""
    goes = operation.kind == "DropColumnOp" and GOES.fullmatch(operation.doubt)
    return f"{operation.schema}.{operation.table}".lstrip(".") if goes else ""


def of_many(table: str, doubts: Sequence[Operation]) -> str:
    """Return in words that many columns of a table go, with some of the lines that keep them."""
    found = [GOES.fullmatch(each.doubt) for each in doubts]
    lines = {each["new"]: each["line"] for each in found if each and each["new"]}
    names = few([each.column for each in doubts])
    words = f"{len(doubts)} columns of {table} are dropped with all their values: {names}"
    if not lines:
        return words
    pasted = few([f"{new} {line}" for new, line in lines.items()])
    return f"{words}; each that has another name now is to say so: {pasted}"


def few(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    rest = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {rest} more" if rest > 0 else "")
