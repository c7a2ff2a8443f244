"""The base's code on the new schema: what it reads that is gone, what it leaves out or may break.

While a release is rolled out the old code runs on the new schema. ``facts`` are taken at the base's
heads by the base's own tree: what its models say, and what the schema had. ``problems`` holds the
schema at the staged heads against them: only what changed between the two counts. A database that
cannot be judged has a ``reason`` in the place of facts.

A problem has ``table``, ``column`` (empty for none), ``problem`` (gone, required, null, refused,
check, unique, doubtful, unknown, stays, unread), ``message`` and ``members``: those of an enum that
it is about. One that is unknown to the new code stays where the schema lets rows keep it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext

from . import inspection_postgresql, inspection_sqlite
from .inspection import Words, is_understood, read
from .models import type_text
from .project import Project
from .shapes import Context, Dialect
from .twin import wanted_of
from .types_fit import narrows

Facts = dict[str, Any]  # of one database: ``models``, ``schemas``, ``schema``
Problem = dict[str, Any]
Met = dict[str, Any]  # ``problems``; ``judged``, any database; ``reasons`` why some were not
AND, NOT_NULL = re.compile(r"\band\b"), re.compile(r"([\w$]+)[\"`\]]? is not null")
BRACKETS = ' ()"`['
NO_MODELS = "env.py gives no models (target_metadata is None)"
TEXT = re.compile(r"(?:n?(?:var)?char|character|text)\b", re.IGNORECASE)
NORMAL = {"postgresql": inspection_postgresql.normal, "sqlite": inspection_sqlite.normal}


def facts(project: Project) -> list[Facts]:
    """Return what the models say and the schema has, of each database at its heads."""
    found: list[Facts] = []

    def fn(heads: Any, context: Context) -> list[Any]:
        reason = unknown(context)
        found.append({"reason": f"{reason} at the base"} if reason else facts_of(context))
        return []

    project.run_env(fn)
    return found


def unknown(context: Context) -> str:
    """Return why nothing can be said of a database: no models, or none that can be read."""
    if context.opts["target_metadata"] is None:
        return NO_MODELS
    return "" if is_understood(context.dialect) else f"{context.dialect.name} is not understood"


def facts_of(context: Context, more: Sequence[str] = ()) -> Facts:
    """Return what the models say, and what the schemas that they name have, and ``more``."""
    found = models_of(context)
    schemas = sorted({*found["schemas"], *more})
    schema = read(context.connection, schemas, found["default"])
    return {**found, "schemas": schemas, "schema": schema}


def models_of(context: Context) -> Facts:
    """Return what the models say, the schemas that they name, and the one that needs no name."""
    unfiltered = AutogenContext(context, opts={"target_metadata": None}, autogenerate=False)
    wanted = wanted_of(unfiltered, context)
    return {
        "models": {key: model_of(table, context.dialect) for key, table in wanted.tables.items()},
        "schemas": wanted.schemas,
        "default": wanted.default,
    }


def model_of(table: Any, dialect: Dialect) -> Words:
    """Return what a model's code does with its table."""
    uniques = [[column.name for column in each.columns] for each in table.constraints
               if isinstance(each, sqlalchemy.UniqueConstraint)]  # fmt: skip
    uniques += [[getattr(part, "name", str(part)) for part in index.expressions]
                for index in table.indexes if index.unique]  # fmt: skip
    return {
        "columns": {column.name: column_of(column, dialect) for column in table.columns},
        "uniques": uniques,
        "key": [column.name for column in table.primary_key],
        "checks": [str(each.name) for each in table.constraints
                   if isinstance(each, sqlalchemy.CheckConstraint)],
    }  # fmt: skip


def column_of(column: Any, dialect: Dialect) -> Words:
    """Return what a model's code does with one column.

    ``writes`` always a value of its own; ``leaves`` it to the server's default where it has none.
    """
    return {
        "nullable": bool(column.nullable),
        "writes": column.default is not None,
        "leaves": column.server_default is not None,
        "type": type_text(column.type, dialect),
        "members": members_of(column.type),
    }


def members_of(type_: Any) -> list[str] | None:
    """Return the members of an enum, None for any other type."""
    while isinstance(type_, sqlalchemy.types.TypeDecorator):
        type_ = type_.impl
    return list(type_.enums) if isinstance(type_, sqlalchemy.Enum) else None


def problems(project: Project, before: Sequence[Facts]) -> Met:
    """Return what the base's code, of which ``before`` are the facts, meets at these heads."""
    found: list[Problem] = []
    reasons: list[str] = []
    waiting = iter(before)

    def fn(heads: Any, context: Context) -> list[Any]:
        old = next(waiting, {"reason": "the base has no such database"})
        reason = str(unknown(context) or old.get("reason", ""))
        reasons.append(reason)
        if not reason:
            found.extend(Old(old, facts_of(context, old["schemas"]), context.dialect).problems())
        return []

    project.run_env(fn)
    told = list(dict.fromkeys(filter(None, reasons)))
    return {"problems": found, "judged": "" in reasons, "reasons": told}


class Old:
    """The base's code in one database: ``old`` are its facts, ``new`` those of the staged tree."""

    def __init__(self, old: Facts, new: Facts, dialect: Dialect) -> None:
        self.old = old
        self.new = new
        self.dialect = dialect

    def problems(self) -> Iterator[Problem]:
        """Yield what its code meets; nothing of what was so at the base already."""
        had, has = self.old["schema"]["tables"], self.new["schema"]["tables"]
        for key, model in sorted(self.old["models"].items()):
            if key not in had:
                continue
            if key not in has:
                yield problem(key, "", "gone", f"table {key}{self.moved(key)}")
                continue
            for name, kind, message, *members in self.of_table(key, model, had[key], has[key]):
                yield problem(key, name, kind, message, members)

    def moved(self, key: str) -> str:
        """Return where a table that is gone may be now, in words."""
        had, has = self.old["schema"]["tables"], self.new["schema"]["tables"]
        columns = set(had[key]["columns"])
        like = [each for each in set(has) - set(had) if columns <= set(has[each]["columns"])]
        return f" (it looks to be {like[0]} now)" if len(like) == 1 else ""

    def of_table(self, key: str, model: Words, was: Words, now: Words) -> Iterator[tuple[str, ...]]:
        """Yield column, kind and message of what is met in one table, then members."""
        for name, column in model["columns"].items():
            old, new = was["columns"].get(name), now["columns"].get(name)
            if old is not None and new is None:
                yield name, "gone", f"{key}.{name}{told_as(successor(name, was, now))}"
            elif old is not None and new is not None and not now["view"]:
                yield from self.of_column(f"{key}.{name}", name, column, old, new)
                stays = is_free(name, new, now)
                yield from self.of_members(key, name, column, "stays" if stays else "unknown")
        if not now["view"]:
            yield from required(key, model, was, now)
            yield from self.of_promises(key, model, was, now)

    def of_column(
        self, place: str, name: str, column: Words, old: Words, new: Words
    ) -> Iterator[tuple[str, str, str]]:
        """Yield what is met in a column that both have."""
        if is_required(new) and not column["writes"]:
            if column["nullable"] and not is_required(old):
                yield name, "null", f"{place} is NOT NULL now, and it may leave it NULL"
            elif column["leaves"] and old["default"] is not None:
                yield name, "refused", f"{place} has no server default any more, and is NOT NULL"
        if new["computed"] is not None and old["computed"] is None:
            yield name, "refused", f"{place} is computed now, and it writes that"
        if old["type"] != new["type"] and narrows(old["type"], new["type"], self.dialect.name):
            message = f"{place} was {old['type']} and is {new['type']}: what it writes or reads"
            yield name, "doubtful", f"{message} may not fit"

    def of_members(
        self, key: str, name: str, column: Words, kind: str
    ) -> Iterator[tuple[str, ...]]:
        """Yield the members of an enum that came or went, in words and then by themselves.

        ``kind`` is the problem of those that went: whether rows may keep them.
        """
        known = column["members"]
        new = self.new["models"].get(key, {"columns": {}})["columns"].get(name, {})
        members = new.get("members")
        if not known or not members:
            return
        gone = [each for each in known if each not in members]
        came = [each for each in members if each not in known]
        if gone:
            text = f"the new code does not know {', '.join(gone)} in {key}.{name}"
            yield (name, kind, text, *gone)
        if came:
            text = f"{key}.{name} may hold {', '.join(came)}, which it cannot read"
            yield (name, "unread", text, *came)

    def of_promises(
        self, key: str, model: Words, was: Words, now: Words
    ) -> Iterator[tuple[str, ...]]:
        """Yield the checks and unique constraints that came, and the models did not have."""
        normal = NORMAL.get(self.dialect.name, str)
        before = {normal(text) for text in [*was["checks"].values(), *was["unnamed"]]}
        fresh = [(name, text) for name, text in now["checks"].items() if normal(text) not in before]
        fresh += [("", text) for text in now["unnamed"] if normal(text) not in before]
        for name, text in fresh:
            known = (name and name in model["checks"]) or is_kept(text, was)
            if not known and meets(text, model):
                what = "" if text.startswith("EXCLUDE") else "CHECK "
                told = f"{key} has a new {what}{name} ({text}), which it may break"
                yield ("", "check", told.replace("  ", " "), *filter(None, [name]))
        alone = [set(each) for each in (model["key"], *was["uniques"]) if each]
        promised = [sorted(each) for each in model["uniques"]]
        for columns in now["uniques"]:
            wider = any(each <= set(columns) for each in alone)
            is_new = not wider and sorted(columns) not in promised
            if is_new and set(columns) <= set(model["columns"]):
                names = ", ".join(columns)
                yield (
                    columns[0],
                    "unique",
                    f"{key} is unique by {names} now, which it may break",
                )


def is_free(name: str, column: Words, table: Words) -> bool:
    """Say whether the schema lets a column hold any text: no type or CHECK says which."""
    checks = [*table["checks"].values(), *table["unnamed"]]
    named = any(re.search(rf"\b{re.escape(name)}\b", text) for text in checks)
    return not named and bool(TEXT.match(column["type"]))


def is_kept(check: str, was: Words) -> bool:
    """Say whether a CHECK asks for nothing but what NOT NULL has asked for already."""
    required = {name.lower() for name, column in was["columns"].items() if not column["nullable"]}
    said = [NOT_NULL.fullmatch(part.strip(BRACKETS)) for part in AND.split(check.lower())]
    return all(each and each[1] in required for each in said)


def meets(check: str, model: Words) -> bool:
    """Say whether a CHECK may refuse what the models write: NULL in the others passes most."""
    words = set(re.findall(r"\w+", check))
    return bool(words & set(model["columns"])) or "NOT NULL" in check.upper()


def problem(
    table: str, column: str, kind: str, message: str, members: Sequence[str] = ()
) -> Problem:
    """Return a problem as it goes to the front."""
    told = {"table": table, "column": column, "problem": kind, "message": message}
    return {**told, "members": [*members]}


def is_required(column: Words) -> bool:
    """Say whether each new row must bring a value for a column."""
    given = column["default"] is not None or column["computed"] is not None
    return not (column["nullable"] or given or column["counts"] or column["identity"])


def required(key: str, model: Words, was: Words, now: Words) -> Iterator[tuple[str, str, str]]:
    """Yield the columns that each row must bring now, and the models do not know.

    One that stands for a column that is gone is told with that: it is one deed.
    """
    gone = [name for name in model["columns"] if name not in now["columns"]]
    told = {successor(name, was, now) for name in gone if name in was["columns"]}
    for name, column in now["columns"].items():
        old = was["columns"].get(name)
        was_required = old is not None and is_required(old)
        known = name in model["columns"] or name in told
        if not known and is_required(column) and not was_required:
            text = f"{key}.{name} is NOT NULL without a server default, and it does not write it"
            yield name, "required", text


def successor(name: str, was: Words, now: Words) -> str:
    """Return what a column that is gone may be called now, empty where that is not plain."""
    type_ = was["columns"][name]["type"]
    gone = [each for each in was["columns"] if each not in now["columns"]]
    came = [each for each, words in now["columns"].items()
            if each not in was["columns"] and words["type"] == type_]  # fmt: skip
    return came[0] if len(came) == 1 and len(gone) == 1 else ""


def told_as(name: str) -> str:
    """Say what a column may be called now."""
    return f" (it may be {name} now, which it does not write)" if name else ""
