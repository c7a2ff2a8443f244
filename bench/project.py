"""A generated project: a chain of revisions, with the models they lead to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
SQLITE = "sqlite:///app.db"
HEAD = '''\
"""{subject}"""
from alembic import op
import sqlalchemy as sa

revision = "{id}"
down_revision = {parent}
branch_labels = None
depends_on = None


def upgrade():
'''
CREATE = """\
    op.create_table(
        "t{n}",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer()),
        sa.Column("price", sa.Numeric(10, 2)),
        sa.Column("made", sa.DateTime()),
        sa.Column("parent_id", sa.Integer(), sa.ForeignKey("t{parent}.id", name="fk_t{n}")),
        sa.UniqueConstraint("code", name="uq_t{n}_code"),
    )
    op.create_index("ix_t{n}_name", "t{n}", ["name"])


def downgrade():
    op.drop_index("ix_t{n}_name", "t{n}")
    op.drop_table("t{n}")
"""
CREATE_PLAIN = """\
    op.create_table(
        "t{n}",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
    )


def downgrade():
    op.drop_table("t{n}")
"""
ADD = """\
    op.add_column("t{n}", sa.Column("{column}", sa.String(30)))


def downgrade():
    op.drop_column("t{n}", "{column}")
"""
INDEX = """\
    op.create_index("ix_t{n}_{column}", "t{n}", ["{column}"])


def downgrade():
    op.drop_index("ix_t{n}_{column}", "t{n}")
"""
UNINDEX = """\
    op.drop_index("ix_t{n}_{column}", "t{n}")


def downgrade():
    op.create_index("ix_t{n}_{column}", "t{n}", ["{column}"])
"""
MODEL = """

class T{n}(Base):
    __tablename__ = "t{n}"
    __table_args__ = (
        UniqueConstraint("code", name="uq_t{n}_code"),
        Index("ix_t{n}_name", "name"),
    )

    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False)
    code = Column(String(20), nullable=False)
    size = Column(Integer)
    price = Column(Numeric(10, 2))
    made = Column(DateTime)
    parent_id = Column(Integer, ForeignKey("t{parent}.id", name="fk_t{n}"))
"""
PLAIN_MODEL = """

class T{n}(Base):
    __tablename__ = "t{n}"

    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False)
"""
MODELS = {CREATE: MODEL, CREATE_PLAIN: PLAIN_MODEL}
IMPORTS = """\
from sqlalchemy import (
    Column, DateTime, ForeignKey, Index, Integer, Numeric, String, UniqueConstraint,
)
from sqlalchemy.orm import declarative_base

Base = declarative_base()
"""


Deed = tuple[str, int, str]  # what a revision does: a template above, the table's number, a column

Plan = Callable[[int], Sequence[Deed]]  # by the number of revisions


def tables_first(revisions: int) -> list[Deed]:
    """Return two thirds that make a table; the others add a column to one."""
    tables = revisions * 2 // 3
    return [
        (CREATE, number, "") if number < tables else (ADD, number - tables, "extra")
        for number in range(revisions)
    ]


def plain(revisions: int) -> list[Deed]:
    """Return tables of two columns, each of which gets four more."""
    return [
        (ADD if number % 5 else CREATE_PLAIN, number // 5, f"extra{number % 5}")
        for number in range(revisions)
    ]


def grown(revisions: int) -> list[Deed]:
    """Return what a project grows by: of five, one makes a table, two columns, two an index."""
    kinds = (CREATE, ADD, INDEX, ADD, INDEX)
    return [
        (kinds[number % 5], number // 5, f"extra{number % 5 // 3 or ''}")
        for number in range(revisions)
    ]


def steady(revisions: int) -> list[Deed]:
    """Return six tables, and then indexes that come and go: a schema that grows no more."""
    kinds = (INDEX, UNINDEX)
    deeds = [(CREATE, number, "") for number in range(6)]
    return deeds + [
        (kinds[number % 2], number // 2 % 6, "size") for number in range(revisions - len(deeds))
    ]


def generate(
    folder: Path,
    revisions: int,
    url: str = SQLITE,
    plan: Plan = tables_first,
) -> None:
    """Write a git repository with a project of so many revisions, as planned.

    ``url`` is that of its own database.
    """
    folder.mkdir()
    run(folder, "git", "init", "-q", "-b", "main")
    run(folder, str(BIN / "alembic"), "init", "migrations")
    deeds = plan(revisions)
    for number, deed in enumerate(deeds):
        write_revision(folder, number, deed)
    (folder / "models.py").write_text(models_of(deeds))
    env = folder / "migrations" / "env.py"
    wired = "from models import Base\n\ntarget_metadata = Base.metadata"
    env.write_text(env.read_text().replace("target_metadata = None", wired))
    ini = folder / "alembic.ini"
    escaped = url.replace("%", "%%")  # the file's own rule
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", escaped))
    (folder / ".gitignore").write_text("/app.db\n__pycache__/\n")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "everything so far")


def models_of(deeds: Sequence[Deed]) -> str:
    """Return the models that the revisions lead to."""
    lines = {ADD: "    {0} = Column(String(30))\n", INDEX: '    Index("ix_t{1}_{0}", {0})\n'}
    models: dict[int, str] = {}
    for kind, n, column in deeds:
        if kind in MODELS:
            models[n] = MODELS[kind].format(n=n, parent=max(n - 1, 0))
        elif kind is UNINDEX:
            models[n] = models[n].replace(lines[INDEX].format(column, n), "")
        else:
            models[n] += lines[kind].format(column, n)
    return IMPORTS + "".join(models.values())


def write_revision(folder: Path, number: int, deed: Deed) -> Path:
    """Write revision ``number`` of the chain and return its path."""
    template, n, column = deed
    parent = repr(f"r{number - 1:04d}") if number else "None"
    text = HEAD.format(subject=f"step {number}", id=f"r{number:04d}", parent=parent)
    text += template.format(n=n, parent=max(n - 1, 0), column=column)
    path = folder / "migrations" / "versions" / f"r{number:04d}_step.py"
    path.write_text(text)
    return path


def run(folder: Path, *command: str) -> str:
    """Run a command in a folder and return what it printed; it must succeed."""
    env = environment()
    env.update(
        GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="b", GIT_AUTHOR_EMAIL="b@example.com",
        GIT_COMMITTER_NAME="b", GIT_COMMITTER_EMAIL="b@example.com",
    )  # fmt: skip
    return subprocess.run(
        command, cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout


def environment() -> dict[str, str]:
    """Return the environment of a plain user."""
    ours = ("GIT", "PYTHON")  # bytecode is kept, as where a wheel is installed
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    kept.update(GIT_CONFIG_GLOBAL=os.devnull, PATH=f"{BIN}{os.pathsep}{kept['PATH']}")
    return kept
