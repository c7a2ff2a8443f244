"""The codes of findings, for people and programs."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence

from rich.text import Text

from gitmig.model import JsonObject
from gitmig.report.console import stdout
from gitmig.rules import documents
from gitmig.rules.codes import Code

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan", "off": "dim"}


def listed(codes: Sequence[Code], note: str) -> None:
    """Print each code with its name, how bad it is, its databases, and what it is."""
    console = stdout()
    name = max(len(code.name) for code in codes)
    for gate in dict.fromkeys(code.gate for code in codes):
        console.print(Text(gate, "bold underline"))
        for code in (each for each in codes if each.gate == gate):
            there = documents.databases(code)
            console.print(
                Text.assemble(
                    (f"{code.code} ", "bold"),
                    f"{code.name:<{name}} ",
                    (f"{code.severity:<8}", COLOURS[code.severity]),
                    (f"{there}: " if there != "any" else "", "dim"),
                    code.sentence,
                )
            )
    console.print(Text(note, "dim"))


def explained(code: Code) -> None:
    """Print the documentation of one code."""
    console = stdout()
    told = [code.gate, documents.severity(code), documents.databases(code)]
    console.print(Text.assemble((f"{code.code} {code.name}", "bold"), f"  ({'; '.join(told)})"))
    console.print()
    console.print(Text(inspect.cleandoc(code.documentation)))
    if not code.free:
        console.print(Text("\nIt can be neither ignored nor allowed.", "dim"))


def listed_json(codes: Sequence[Code]) -> str:
    """Return all codes as JSON."""
    return dump("rules", {"rules": [plain(code) for code in codes]})


def explained_json(code: Code) -> str:
    """Return one code as JSON."""
    return dump("rule", plain(code))


def plain(code: Code) -> JsonObject:
    """Return a code as plain data."""
    return {
        "code": code.code,
        "name": code.name,
        "gate": code.gate,
        "severity": code.severity,
        "down": code.down,
        "databases": list(code.databases),
        "can_be_ignored": code.free,
        "sentence": code.sentence,
        "documentation": inspect.cleandoc(code.documentation),
    }


def dump(command: str, found: JsonObject) -> str:
    """Return the envelope of all answers."""
    return json.dumps({"version": 1, "command": command, "ok": True, **found}, indent=2)
