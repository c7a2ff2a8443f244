"""What differs between two fingerprints of a schema: a sentence each, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .fingerprint import by_table, reflect_changed
from .shapes import Fingerprint

NAME = r'("(?:[^"]|"")+"|[\w$]+)'
NAMED = (  # reflected; an index or a trigger as PostgreSQL makes it; its constraints; a bare name
    re.compile(r"\('name', '([^']*)'\)"),
    re.compile(rf"\b(?:INDEX|TRIGGER) {NAME} "),
    re.compile(rf"\A{NAME} (?=[A-Z])"),
    re.compile(rf"\A{NAME}\Z"),
)
ABOUT = re.compile(
    r"\('(?:sqltext|constrained_columns|column_names)', (\[.*?\]|\"[^\"]*\"|'[^']*')\)"
)
MOST = 10  # things in a sentence
BEFORE, PIECE = 30, 120  # characters of a long text: before the first that differs, and in all


class Difference(str):
    """The sentence; ``table`` and ``names`` (columns and other objects) as far as they are known.

    A table is named with its schema unless it is the default.
    """

    table: str
    names: tuple[str, ...]

    def __new__(cls, words: str, table: str = "", names: Iterable[str] = ()) -> Difference:
        """Make one."""
        made = super().__new__(cls, words)
        made.table, made.names = table, tuple(names)
        return made

    @property
    def fields(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"words": str(self), "table": self.table, "names": list(self.names)}


def differences(before: Fingerprint, after: Fingerprint) -> list[Difference]:
    """Return what differs between two fingerprints; empty where nothing does."""
    if "sqlite" in before:
        if before["sqlite"] == after["sqlite"]:
            return []
        before, after = reflect_changed(*map(by_table, (before["sqlite"], after["sqlite"])))
    gone, come = before["names"] - after["names"], after["names"] - before["names"]
    found = [Difference(f"table {name} is gone", name) for name in sorted(gone)]
    found += [Difference(f"table {name} is left over", name) for name in sorted(come)]
    for name in sorted(set(before["tables"]) & set(after["tables"])):
        found += of_table(name, before["tables"][name], after["tables"][name])
    old, new = before["others"], after["others"]
    found += [about(name, "is gone") for name in sorted(set(old) - set(new))]
    found += [about(name, "is left over") for name in sorted(set(new) - set(old))]
    changed = (name for name in sorted(set(old) & set(new)) if old[name] != new[name])
    return found + [about(name, f"differs: {instead(old[name], new[name])}") for name in changed]


def about(what: str, said: str) -> Difference:
    """Return the sentence on an object: ``view v``, ``function f(integer)``, ``policy p of t``."""
    name, _, table = what.partition("(")[0].partition(" of ")
    kind, _, name = name.rpartition(" ")
    if kind == "column":
        table, _, name = name.rpartition(".")
    if kind == "table":
        table, name = name, ""
    return Difference(f"{what} {said}", table, [name] if name else [])


def of_table(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return what differs in one table."""
    old, new = before["columns"], after["columns"]
    found = [about(f"column {table}.{name}", "is gone") for name in sorted(set(old) - set(new))]
    found += [about(f"column {table}.{name}", "is left over")
              for name in sorted(set(new) - set(old))]  # fmt: skip
    found += [about(f"column {table}.{name}", f"has {fact} {instead(value, new[name][fact])}")
              for name in sorted(set(old) & set(new))
              for fact, value in old[name].items() if new[name][fact] != value]  # fmt: skip
    for kind in sorted(set(before) - {"columns"}):
        if before[kind] != after.get(kind):
            several = kind.endswith("s") or isinstance(before[kind], list)
            words, names = which(before[kind], after.get(kind))
            differ = f"the {kind} of table {table} differ{'' if several else 's'}: {words}"
            found.append(Difference(differ, table, names))
    return found


def which(before: Any, after: Any) -> tuple[str, list[str]]:
    """Say which of several things differ, and how; what is one thing has no name of its own."""
    if isinstance(before, str) or not isinstance(after, type(before)):
        return instead(before, after), []
    old, new = by_name(before, after), by_name(after, before)
    named = isinstance(before, Mapping)
    words = [f"{key if named else shown(old[key])} is gone" for key in sorted(set(old) - set(new))]
    words += [f"{key if named else shown(new[key])} is left over"
              for key in sorted(set(new) - set(old))]  # fmt: skip
    words += [f"{shortened(key)} is another one ({instead(old[key], new[key])})"
              for key in sorted(set(old) & set(new))]  # fmt: skip
    more = f" and {len(words) - MOST} more" if words[MOST:] else ""
    texts = (*old, *new) if named else (*old.values(), *new.values())
    names = sorted({name for each in texts if (name := name_of(each))})
    return ", ".join(words[:MOST]) + more, names


def by_name(things: Any, others: Any) -> dict[str, str]:
    """Return the things that are not among the others, by name, else by their text."""
    if isinstance(things, Mapping):
        return {name: text for name, text in things.items() if others.get(name) != text}
    return {name_of(each) or each: each for each in things if each not in others}


def name_of(thing: str) -> str:
    """Return the name of a thing, empty where it has none."""
    found = next((found for each in NAMED if (found := each.search(thing))), None)
    return found[1].strip('"') if found else ""


def shown(thing: str) -> str:
    """Return what to call one thing: its name, what it is about, or its text."""
    found = NAMED[0].search(thing) or ABOUT.search(thing)
    return shortened((found[1] if found else thing).strip())


def instead(before: object, now: object) -> str:
    """Say what is now in the place of what was; of long texts where they begin to differ."""
    one, other = (" ".join(str(each).split()) for each in (before, now))
    same = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b),
                min(len(one), len(other)))  # fmt: skip
    begin = same - BEFORE if max(len(one), len(other)) > PIECE and same > BEFORE else 0
    return f"{shortened(other, begin)} instead of {shortened(one, begin)}"


def shortened(text: str, begin: int = 0) -> str:
    """Return a piece of a text, with a mark where something was left out."""
    piece = text[begin : begin + PIECE]
    return f"{'…' if begin else ''}{piece}{'…' if text[begin + PIECE :] else ''}"
