"""What a revision of the commit's own has made, and the models do not know: it is not dropped.

The models of the commit before did not know it, and it was no residue then: so a revision that is
staged with this commit made it, and whoever wrote that did not ask for its drop. It stays, as
what is older than a commit does, and is told. Where those models are not known, everything that
goes is taken for such.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops

from . import older
from .depends import read
from .models import Models
from .shapes import Op
from .sql import mentions
from .together import key_of

DROPS = (ops.DropTableOp, ops.DropColumnOp, ops.DropIndexOp, ops.DropConstraintOp)


@dataclass
class OwnRevisions:
    """The revisions that a commit brings, by their paths in the tree.

    ``before`` are the models of the commit before for each database, in the names of now, None
    where they are not known. ``kept`` collects what of theirs stays, in words by the text of its
    drop.
    """

    tree: str
    paths: Sequence[str]
    before: Sequence[Models] | None
    kept: dict[str, str] = field(default_factory=dict)

    def take_out(self, autogen: Any, up: Op, database: int) -> list[str]:
        """Take out of one database's operations what drops such a thing; return their texts."""
        before = self.before[database] if self.before is not None else {}
        return list(self.removed(autogen, up, up, before)) if self.paths else []

    def removed(self, autogen: Any, up: Op, container: Op, before: Models) -> Iterator[str]:
        """Remove such drops from a container of operations; yield their texts."""
        left = []
        for op in container.ops:
            if isinstance(op, ops.OpContainer):
                yield from self.removed(autogen, up, op, before)
                if op.ops:
                    left.append(op)
            elif isinstance(op, DROPS) and self.is_own(op, before):
                text = older.signature(autogen, up, op)
                self.kept[text] = self.told(op)
                yield text
            else:
                left.append(op)
        container.ops[:] = left

    def is_own(self, op: Op, before: Models) -> bool:
        """Say whether the models before do not know what an operation drops.

        They do not name every constraint: such a one has to be named in the revision.
        """
        known = before.get(key_of(op))
        if known is None:
            return True
        if isinstance(op, ops.DropColumnOp):
            return op.column_name not in known["columns"]
        if isinstance(op, ops.DropIndexOp) and not is_unique(op):
            return str(op.index_name) not in known["indexes"]
        name = str(getattr(op, "index_name", None) or getattr(op, "constraint_name", ""))
        names = {*known["indexes"], *known.get("keys", ()), *known["checks"]}
        return name not in names and bool(self.naming(name))

    def naming(self, name: str) -> list[str]:
        """Return the revisions that have a name in their text."""
        return [path for path in self.paths
                if name and mentions(read(os.path.join(self.tree, path)), [name])]  # fmt: skip

    def told(self, op: Op) -> str:
        """Return what stays, and whose it is."""
        what, name = called(op)
        path = (self.naming(name) or list(self.paths))[0]
        return f"{path} makes {what}, which no model has: it stays, and no drop is generated"


def is_unique(op: Op) -> bool:
    """Say whether a dropped index is a unique one, as far as Alembic knows it."""
    known = getattr(op, "_reverse", None)
    return bool(getattr(known, "unique", False))


def called(op: Op) -> tuple[str, str]:
    """Return what an operation drops in words, and its name."""
    if isinstance(op, ops.DropTableOp):
        return f"table {op.table_name}", str(op.table_name)
    if isinstance(op, ops.DropColumnOp):
        return f"column {op.table_name}.{op.column_name}", str(op.column_name)
    kind = "index" if isinstance(op, ops.DropIndexOp) else "constraint"
    name = str(getattr(op, "index_name", None) or getattr(op, "constraint_name", ""))
    return f"{kind} {name} of {op.table_name}", name


def of_request(request: Mapping[str, Any]) -> OwnRevisions:
    """Return the commit's own revisions of a request."""
    return OwnRevisions(request["tree"], request.get("by_hand") or (), request["before"])
