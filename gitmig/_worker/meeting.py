"""Where two sides meet: which operation of which revision, in which line, concerns the same thing.

Asked only where heads may not be joined: each side is replayed by itself, and watched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from alembic.operations import ops

from . import operations
from .databases import Databases
from .failures import Failure
from .invoked import watch
from .project import Project
from .shapes import Op, Result
from .stack import line_in

SHOWN = 3  # meetings that are told
NAMES = ("column_name", "modify_name", "index_name", "constraint_name")
WHOLE = (ops.CreateTableOp, ops.DropTableOp, ops.RenameTableOp)


class Witness:
    """What the revisions of one side do: ``told`` is each operation with its place."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.told: list[Result] = []
        watch(self.note)

    def note(self, op: Op) -> None:
        """Keep an operation that a revision asks for."""
        step = self.project.step
        if step is None:
            return
        path = str(step.revision.path)
        described = operations.describe_one(op, (), ())
        self.told.append(
            {
                "revision": step.revision.revision,
                "path": self.project.relative(path),
                "line": line_in(path),
                "words": described["words"],
                "things": sorted(things(op, described)),
            }
        )


def things(op: Op, described: Result) -> Iterator[tuple[str, str]]:
    """Yield what an operation concerns: ``(table, column or name)``; all of a table is ``*``."""
    table = described["table"]
    if not table:
        return
    if isinstance(op, WHOLE):
        yield str(table), "*"
        if isinstance(op, ops.RenameTableOp):
            yield str(op.table_name), "*"
    names = [described["column"], *operations.columns_of(op)]
    names += [getattr(op, name, None) for name in NAMES]
    for name in {str(name) for name in names if name}:  # of a constraint it may be None
        yield str(table), name


def meetings(project: Project, databases: Databases, heads: Sequence[str]) -> list[Result]:
    """Return pairs of operations, one of each side, that concern the same thing."""
    witness = Witness(project)
    sides: list[list[Result]] = []
    for head in heads:
        witness.told = []
        databases.fresh(())
        with contextlib.suppress(Failure):
            project.upgrade(head)
        sides.append(witness.told)
    ids = [{each["revision"] for each in side} for side in sides]
    common = set.intersection(*ids)
    own = [[each for each in side if each["revision"] not in common] for side in sides]
    return list(pairs(own))[:SHOWN]


def pairs(sides: Sequence[Sequence[Result]]) -> Iterator[Result]:
    """Yield the pairs of operations of two sides that meet, in the order of the files."""
    for number, side in enumerate(sides):
        for one in side:
            for other in (each for later in sides[number + 1 :] for each in later):
                if one["revision"] != other["revision"] and meet(one["things"], other["things"]):
                    yield {"one": one, "other": other}


def meet(one: Sequence[tuple[str, str]], other: Sequence[tuple[str, str]]) -> bool:
    """Say whether two operations concern one column, one name, or one a table of the other's."""
    return any(
        table == table2 and (name == name2 or "*" in (name, name2))
        for table, name in one
        for table2, name2 in other
    )
