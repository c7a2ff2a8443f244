"""A generated project: a chain of revisions, with the models they lead to."""

from __future__ import annotations

import os
import subprocess
import sys
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
ADD = """\
    op.add_column("t{n}", sa.Column("extra", sa.String(30)))


def downgrade():
    op.drop_column("t{n}", "extra")
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
IMPORTS = """\
from sqlalchemy import (
    Column, DateTime, ForeignKey, Index, Integer, Numeric, String, UniqueConstraint,
)
from sqlalchemy.orm import declarative_base

Base = declarative_base()
"""


def generate(folder: Path, revisions: int, url: str = SQLITE) -> None:
    """Write a git repository with a project of so many revisions: two thirds make a table.

    ``url`` is that of its own database.
    """
    tables = revisions * 2 // 3
    folder.mkdir()
    run(folder, "git", "init", "-q", "-b", "main")
    run(folder, str(BIN / "alembic"), "init", "migrations")
    for number in range(revisions):
        write_revision(folder, number, tables)
    text = IMPORTS
    for n in range(tables):
        text += MODEL.format(n=n, parent=max(n - 1, 0))
        if n < revisions - tables:
            text += "    extra = Column(String(30))\n"
    (folder / "models.py").write_text(text)
    env = folder / "migrations" / "env.py"
    wired = "from models import Base\n\ntarget_metadata = Base.metadata"
    env.write_text(env.read_text().replace("target_metadata = None", wired))
    ini = folder / "alembic.ini"
    escaped = url.replace("%", "%%")  # the file's own rule
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", escaped))
    (folder / ".gitignore").write_text("/app.db\n__pycache__/\n")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "everything so far")


def write_revision(folder: Path, number: int, tables: int) -> Path:
    """Write revision ``number`` of the chain and return its path."""
    parent = repr(f"r{number - 1:04d}") if number else "None"
    body = (
        CREATE.format(n=number, parent=max(number - 1, 0))
        if number < tables
        else ADD.format(n=number - tables)
    )
    text = HEAD.format(subject=f"step {number}", id=f"r{number:04d}", parent=parent) + body
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
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT")}
    kept.update(GIT_CONFIG_GLOBAL=os.devnull, PATH=f"{BIN}{os.pathsep}{kept['PATH']}")
    return kept
