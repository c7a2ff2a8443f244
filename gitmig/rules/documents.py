"""The documentation of codes, from the docstrings: docs/rules.md, and one code by itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from gitmig.rules.codes import CODES, Code

NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL, MariaDB", "sqlite": "SQLite"}
HEAD = """\
# Rules

`gitmig check --base REF` judges what the revisions that are new on a branch did on a throw-away
database: the operations as they ran, the SQL that was sent, the locks it took, the tables that were
written anew. Nothing is told about tables that the branch itself makes, in the same revision or in
an earlier one: where the branch comes in they hold no row, and no code uses them. Nor about
revisions that the base has: "there before" means there at the base's heads. This page is made from
the docstrings in `gitmig/rules` (`gitmig rules --format markdown`); `gitmig rule CODE` shows one of
them.

**Choose**: `--select GM71,table-rewritten` judges only these, `--ignore` leaves some out; both take
codes, names and the beginnings of codes. In the settings:

```toml
[tool.gitmig.rules]
ignore = ["constraint-dropped"]

[tool.gitmig.rules.severity]       # error, warning, note or off; only errors fail the check
GM7 = "error"
exclusive-lock-without-timeout = "warning"
```

**Allow** one thing at one place, with the reason: a comment in the statement, or on the line above
it, or before the first import for the whole file. It counts for everything that is found in a
revision's file but what fails on every database. What is allowed is counted in the report. A waiver
without a reason, and one that nothing needs, are found too.

```python
# gitmig: allow table-rewritten settings has twelve rows
op.alter_column("settings", "id", type_=sa.BigInteger())
```

**PostgreSQL** has more rules where [squawk](https://squawkhq.com) is installed (`pip install
'gitmig[squawk]'`): it reads the SQL that the new revisions sent, and what it finds is told at their
lines as `SQ-` and its rule's name. What gitmig knows from the database itself is not told twice,
and squawk's opinions on types and habits are off until they are selected.

The rules judge the run of the gate `rows`, on tables that hold rows: what a revision sends for each
row that it reads is seen, too. What comes after one that fails there ran on tables without any.
What a function or a DO block does inside is not seen, but for its locks.

DROP NOT NULL has no rule of gitmig's own: it is done at once, and no query fails of it. Code that
still runs may read a NULL where none was, and a downgrade that sets NOT NULL again fails once there
is one; neither can be known from here. squawk's `ban-drop-not-null` asks for a second look.

On the way down only what is dangerous there is told, and never as worse than the severity given
below for it.
"""


def page() -> str:
    """Return docs/rules.md."""
    rules = [code for code in CODES if code.gate == "rules"]
    gates = [code for code in CODES if code.gate != "rules"]
    parts = [HEAD, table("The rules", rules), table("What the other gates find", gates)]
    return "\n".join([*parts, *(section(code) for code in rules)])


def table(title: str, codes: Iterable[Code]) -> str:
    """Return codes as a table."""
    lines = [f"## {title}", "", "| code | name | gate | severity | databases | what |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for code in codes:
        told = (code.code, f"`{code.name}`", code.gate, severity(code), databases(code))
        lines.append(f"| {' | '.join(told)} | {code.sentence} |")
    return "\n".join([*lines, ""])


def section(code: Code) -> str:
    """Return the documentation of one code as Markdown."""
    told = f"{severity(code)}; {databases(code)}"
    return f"### {code.code} {code.name}\n\n{told}\n\n{body(code)}\n"


def body(code: Code) -> str:
    """Return the documentation with its examples as code."""
    lines, inside = [], False
    for line in inspect.cleandoc(code.documentation).splitlines():
        indented = line.startswith("    ")
        if line and indented is not inside:
            lines += ["```python"] if indented else ["```", ""]
            inside = indented
        lines.append(line[4:] if indented else line)
    return tidied([*lines, *(["```"] if inside else [])])


def tidied(lines: Iterable[str]) -> str:
    """Return lines without the empty ones at the end of code, and with the headings marked."""
    text = "\n".join(lines)
    while "\n\n```\n" in text or "\n\n\n" in text:
        text = text.replace("\n\n```\n", "\n```\n").replace("\n\n\n", "\n\n")
    for word in ("Why", "Example", "Instead"):
        text = text.replace(f"\n{word}:", f"\n**{word}:**")
    return text.strip()


def severity(code: Code) -> str:
    """Return how bad it is, on the way down too where that is judged."""
    return f"{code.severity}, down {code.down}" if code.down else code.severity


def databases(code: Code) -> str:
    """Return the databases it is for."""
    return (
        "any" if len(code.databases) == len(NAMES) else ", ".join(NAMES[d] for d in code.databases)
    )
