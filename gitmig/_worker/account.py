"""What one revision does in one direction: its operations, and the statements of each.

Bounded: of each line the first statements on rows are kept, and of all the first ``MOST``; the
rest is counted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from . import facts, operations, sqltext
from .shapes import Dialect, Op, Result
from .stack import line_in
from .witness import Witness, qualified

STATEMENT = "Statement"
BATCH = "BatchAlterTable"
KEPT = 20  # statements on rows, of one line
MOST = 1000  # statements of a revision


class Account:
    """The operations are in ``ran``; ``common`` is what all of them hold."""

    def __init__(self, file: str, dialect: Dialect, witness: Witness, common: Result) -> None:
        self.file = file
        self.dialect = dialect
        self.witness = witness
        self.common = common
        self.ran: list[Result] = []
        self._doing: Result | None = None
        self._asked: dict[int, Result] = {}  # the operations of a batch, by what they put into it
        self._of_line: dict[int, int] = {}
        self._known: dict[tuple[str, int], Result] = {}
        self._listed = 0

    @contextlib.contextmanager
    def operation(self, op: Op, impl: Any) -> Iterator[None]:
        """Take in an operation while ``impl`` carries it out, or collects it for a batch."""
        described = operations.describe_one(op, (), ())
        batch = getattr(impl, "batch", None)
        made = self.entry(described["kind"], self.table_of(op))
        made.update(
            column=described["column"],
            words=described["words"],
            facts=facts.of(op, self.dialect),
            batch=batch is not None,
        )
        self.ran.append(made)
        count = len(batch) if batch is not None else 0
        with self.doing(made):
            yield
        self._asked.update({id(item): made for item in batch[count:]} if batch is not None else {})
        self.fold(made)

    @contextlib.contextmanager
    def batch(self, impl: Any) -> Iterator[None]:
        """Take in what is done at the end of a batch: each of its operations, or a copy."""
        made = self.entry(BATCH, qualified(impl.schema, impl.table_name, self.dialect))
        made.update(words=f"copy table {made['table']}", batch=True)
        impl.batch = Told(impl.batch, lambda item: self._asked.get(id(item), made), self)
        with self.doing(made):
            yield
        if made["statements"] or made["left_out"]:
            self.ran.append(made)

    @contextlib.contextmanager
    def doing(self, made: Result) -> Iterator[None]:
        """Let statements be those of an operation."""
        before, self._doing = self._doing, made
        try:
            yield
        finally:
            self._doing = before

    def sent(self, sql: str, bare: str, parameters: str) -> Result | None:
        """Take in a statement that is about to run; None where it is only counted."""
        line = self._doing["line"] if self._doing else line_in(self.file)
        if not self.has_room(bare, line):
            self.counted(line)
            return None
        self._listed += 1
        made = self._doing or self.statement(bare, line)
        if made["kind"] == "ExecuteSQLOp" and not made["table"]:
            made.update(self.about(bare))
        found: Result = {"sql": sqltext.cut(sql), "parameters": parameters, "transaction": 0}
        made["statements"].append(found)
        return found

    def has_room(self, bare: str, line: int) -> bool:
        """Say whether a statement is to be listed."""
        if sqltext.is_about_rows(bare):
            self._of_line[line] = self._of_line.get(line, 0) + 1
            if self._of_line[line] > KEPT:
                return False
        return self._listed < MOST

    def counted(self, line: int) -> None:
        """Count a statement that is not listed, where others of its line are."""
        made = self._doing or self._known.get((STATEMENT, line)) or self.statement("", line)
        made["left_out"] += 1

    def statement(self, bare: str, line: int) -> Result:
        """Return the record of a statement outside any operation: the last, if it is like it."""
        about = self.about(bare)
        last = self.ran[-1] if self.ran else {}
        alike = (last.get("kind"), last.get("line"), last.get("table"))
        if alike == (STATEMENT, line, about["table"]):
            return last
        made = {**self.entry(STATEMENT, about["table"]), **about, "line": line}
        self.ran.append(made)
        self._known.setdefault((STATEMENT, line), made)
        return made

    def about(self, bare: str) -> Result:
        """Return the table that a statement is about, and the words for it."""
        table = qualified(*sqltext.table_in(bare), self.dialect)
        words = f"run SQL on {table}" if table else "run SQL"
        return {"table": table, "words": words, "new_table": self.witness.is_new(table)}

    def fold(self, made: Result) -> None:
        """Count an operation whose statements are not listed with the first of its line."""
        first = self._known.setdefault((made["kind"], made["line"]), made)
        if first is not made and made["left_out"] and not made["statements"]:
            first["left_out"] += made["left_out"]
            del self.ran[-1]

    def entry(self, kind: str, table: str) -> Result:
        """Return an operation of which only this much is known."""
        return {
            **self.common,
            "line": line_in(self.file),
            "kind": kind,
            "table": table,
            "column": "",
            "words": "",
            "new_table": self.witness.is_new(table),
            "batch": False,
            "facts": {},
            "statements": [],
            "left_out": 0,
        }

    def table_of(self, op: Op) -> str:
        """Return the table that an operation is about, by the name it has before."""
        of_rows = getattr(op, "table", None)  # of a bulk insert
        if of_rows is not None:
            return qualified(of_rows.schema, of_rows.name, self.dialect)
        schema = getattr(op, "schema", None) or getattr(op, "kw", {}).get("source_schema")
        name = getattr(op, "table_name", None) or getattr(op, "source_table", None)
        return qualified(schema, name, self.dialect)


class Told(list):  # type: ignore[type-arg]
    """What a batch collected; whoever goes through it does each operation's part."""

    def __init__(self, items: Any, owner: Any, account: Account) -> None:
        super().__init__(items)
        self._owner = owner
        self._account = account

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            with self._account.doing(self._owner(item)):
                yield item
