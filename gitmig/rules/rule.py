"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gitmig.model import Severity
from gitmig.rules.way import Act, Way

Database = Literal["postgresql", "mysql", "sqlite"]
Default = Literal["error", "warning", "note", "off"]
ANY: tuple[Database, ...] = ("postgresql", "mysql", "sqlite")
POSTGRESQL: tuple[Database, ...] = ("postgresql",)


@dataclass(frozen=True)
class Told:
    """What a rule found: a sentence, the remedy, the line (0: none is known)."""

    message: str
    hint: str
    line: int


Check = Callable[[Way], Iterable[Told]]


@dataclass(frozen=True)
class Rule:
    """A rule; ``check`` is a pure function whose docstring is the documentation.

    ``severity`` is that on the way up, ``off`` where it must be asked for; ``down`` that on the
    way down, None where nothing is judged there. ``left_to`` names the gate that answers the same
    question from the database: where it ran, the rule is silent. ``told_by`` are the beginnings
    of codes that say the same: with one of them at the same line, it is silent there.
    """

    code: str
    name: str
    severity: Default
    databases: tuple[Database, ...]
    check: Check
    down: Severity | None = None
    left_to: str = ""
    told_by: tuple[str, ...] = ()

    @property
    def documentation(self) -> str:
        """The docstring of the check."""
        return self.check.__doc__ or ""


def rule(
    code: str,
    name: str,
    severity: Default,
    databases: tuple[Database, ...],
    *,
    down: Severity | None = None,
    left_to: str = "",
    told_by: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of a function."""

    def made(check: Check) -> Rule:
        return Rule(code, name, severity, databases, check, down, left_to, told_by)

    return made


def at(act: Act, message: str, hint: str) -> Told:
    """Return a finding at the line of what was done."""
    return Told(message, hint, act.operation.line)
