"""How a table of the database differs from the models' one, both in the database's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from .inspection import Words
from .operations import short
from .sql import mentions
from .twin import Twin
from .types_fit import differ_finely
from .unseen import Change

WORDS = {"counts": "numbering", "default": "server default", "computed": "computed value"}
OF_A_TABLE = ("check", "index", "unique")
Check = tuple[str, str]  # name (empty for none) and text
Seen = Collection[tuple[str, str, str]]  # table, name, aspect


@dataclass(frozen=True)
class Pair:
    """One table: ``real`` is what the database has, ``models`` what it makes of the models.

    ``seen`` is what Alembic's operations are about; ``type_differs`` says of a column whether it
    would find another type if env.py asked for that, ``left_alone`` that env.py itself finds none,
    ``defaults`` whether Alembic compares these itself;
    ``whole``: what comes with a column of the models alone is told, too; ``passed_over`` are
    indexes that Alembic does not tell where they are missing.
    """

    key: str
    real: Words
    models: Words
    twin: Twin
    seen: Seen
    type_differs: Callable[[str], bool]
    left_alone: Callable[[str], bool]
    defaults: bool
    whole: bool = False
    passed_over: Collection[str] = ()

    def changes(self) -> Iterator[Change]:
        """Yield the differences, ``before`` the database's side, ``after`` the models'."""
        both = sorted(set(self.real["columns"]) & set(self.models["columns"]))
        other_type = {name for name in both if self.differ("type", name)}
        for name in both:
            for change in self.of_column(name, name in other_type):
                if (self.key, name, change.aspect) not in self.seen:
                    yield change
        one_sided = set(self.real["columns"]) ^ set(self.models["columns"])
        if self.whole:
            one_sided &= set(self.real["columns"])
        yield from self.of_checks(other_type | one_sided)
        yield from self.of_indexes()
        yield from self.of_uniques(both)

    def is_drift(self, column: str, real: str, models: str) -> bool:
        """Say whether another text of a type is another type, and Alembic does not tell it."""
        if differ_finely(real, models) and not self.left_alone(column):
            return True
        return is_enum(real, models) or self.type_differs(column)

    def differ(self, aspect: str, column: str) -> bool:
        """Say whether two words of a column differ."""
        sides = (self.real, self.models)
        real, models = (side["columns"][column][aspect] for side in sides)
        return bool(real != models)

    def of_column(self, name: str, other_type: bool) -> Iterator[Change]:
        """Yield the differences of one column."""
        real, models = (side["columns"][name] for side in (self.real, self.models))
        if other_type and self.is_drift(name, real["type"], models["type"]):
            yield Change(self.key, "type", name, real["type"], models["type"])
        elif real["counts"] != models["counts"]:
            yield Change(self.key, "counts", name, real["counts"], models["counts"])
        elif real["identity"] and models["identity"] and real["identity"] != models["identity"]:
            yield Change(self.key, "identity", name, real["identity"], models["identity"])
        one, other = real["computed"], models["computed"]
        if one != other and (one is None or other is None or not self.same(one, other)):
            yield Change(self.key, "computed", name, one, other)
        one, other = real["default"], models["default"]
        if one != other and not self.defaults and not self.same_default(models["type"], one, other):
            yield Change(self.key, "default", name, one, other)

    def same(self, one: str, other: str) -> bool:
        """Say whether two expressions on the table mean the same."""
        normal = self.twin.normal
        return bool(normal(one) == normal(other) or self.twin.same(self.key, one, other))

    def same_default(self, type_: str, one: str | None, other: str | None) -> bool:
        """Say whether two defaults are one."""
        if one is None or other is None:
            return False
        return self.same(one, other) or bool(self.twin.same_value(type_, one, other))

    def of_checks(self, judged: Collection[str]) -> Iterator[Change]:
        """Yield the differences of checks, of which a name alone is none.

        Left out are those that mention columns which are ``judged`` by themselves.
        """
        real, models = (checks_of(side) for side in (self.real, self.models))
        self.pair_off(real, models, named=True)
        self.pair_off(real, models, named=False)
        for name, words in list(models):
            before = next((each for each in real if name and each[0] == name), None)
            if before is not None:
                real.remove(before)
            if not mentions(words, judged) and (self.key, name, "check") not in self.seen:
                yield Change(self.key, "check", name, before[1] if before else None, words)
        for name, words in real:
            if not mentions(words, judged) and (self.key, name, "check") not in self.seen:
                yield Change(self.key, "check", name, words, None)

    def pair_off(self, real: list[Check], models: list[Check], *, named: bool) -> None:
        """Take out of both the checks that are the same."""
        for check in list(models):
            for other in real:
                if (not named or other[0] == check[0]) and self.same(other[1], check[1]):
                    real.remove(other)
                    models.remove(check)
                    break

    def of_indexes(self) -> Iterator[Change]:
        """Yield the indexes whose text is another one; Alembic tells most that are missing."""
        real, models = dict(self.real["indexes"]), dict(self.models["indexes"])
        pair_off_numbered(real, models)
        for name in sorted(set(real) & set(models)):
            one, other = real[name], models[name]
            same = one == other or self.twin.normal(one) == self.twin.normal(other)
            if not same and (self.key, name, "index") not in self.seen:
                yield Change(self.key, "index", name, one, other)
        for name in sorted(set(self.passed_over) & (set(models) - set(real))):
            if (self.key, name, "index") not in self.seen:
                yield Change(self.key, "index", name, None, models[name])

    def of_uniques(self, both: Collection[str]) -> Iterator[Change]:
        """Yield the unique constraints without a name, which Alembic passes over on SQLite."""
        if any(table == self.key and aspect in ("index", "constraint")
               for table, _, aspect in self.seen):  # fmt: skip
            return
        real, models = ({tuple(sorted(each)) for each in side["uniques"] if set(each) <= set(both)}
                        for side in (self.real, self.models))  # fmt: skip
        for columns in sorted(models - real):
            yield Change(self.key, "unique", ", ".join(columns), None, ", ".join(columns))
        for columns in sorted(real - models):
            yield Change(self.key, "unique", ", ".join(columns), ", ".join(columns), None)


def pair_off_numbered(real: dict[str, str], models: dict[str, str]) -> None:
    """Take out of both the same indexes, where the database named them after their first column.

    MySQL and MariaDB number those that begin alike in the order in which they are made.
    """
    for name, text in list(models.items()):
        same = (each for each in real if real[each] == text and is_numbered(each, text))
        other = next(same, None) if is_numbered(name, text) else None
        if other is not None:
            del real[other], models[name]


def is_numbered(name: str, text: str) -> bool:
    """Say whether an index has the name of its first column, or that with a number."""
    first = re.search(r"\(`?([^,`()]+)", text)
    return first is not None and bool(re.fullmatch(rf"{re.escape(first[1])}(?:_\d+)?", name))


def checks_of(words: Words) -> list[Check]:
    """Return the checks of a table."""
    return [*sorted(words["checks"].items()), *(("", each) for each in words["unnamed"])]


def is_enum(*types: str) -> bool:
    """Say whether all of some types of MySQL are enums, the members of which Alembic leaves."""
    return all(each.lower().startswith("enum(") for each in types)


def is_more(change: Change) -> bool:
    """Say whether the database merely has or takes more than the models ask for."""
    if change.aspect == "members":
        return set(change.after) <= set(change.before or ())
    return change.after is None or change.after is False


def told(change: Change) -> str:
    """Return a difference in words."""
    before, after = (worded(change, each) for each in (change.before, change.after))
    what = WORDS.get(change.aspect, change.aspect)
    if change.aspect not in OF_A_TABLE:
        of = " " if change.aspect == "sequence" else " of "
        what = f"{what}{of}{change.table + '.' if change.table else ''}{change.name}"
        return f"{what}: the models ask for {after or 'none'}, the database has {before or 'none'}"
    what = (
        f"{what} {change.name} of {change.table}" if change.name else f"a {what} of {change.table}"
    )
    if before is not None and after is not None:
        return f"{what}: the models ask for {after}, the database has {before}"
    text = "" if change.aspect == "unique" else f" ({after or before})"
    if before is None:
        return f"{what}{text}: the models have it, the database has not"
    return f"{what}{text}: the database has it, the models have not"


def worded(change: Change, value: Any) -> str | None:
    """Return one side of a difference in words, None for nothing."""
    if change.aspect == "counts":
        return "numbers by itself" if value else "no numbers by itself"
    if change.aspect == "members" and value is not None:
        return short(", ".join(value))
    return None if value is None else short(value)
