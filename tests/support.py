"""Small verbs, so that a test reads as a story: a real repository, real git, real gitmig."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent

MODELS = """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
"""

SERVICE = """\
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Thing(Base):
    __tablename__ = "things"
    id = Column(Integer, primary_key=True)
"""

ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

from models import Base

config = context.config
target_metadata = Base.metadata


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run_migrations_online()
"""

ASYNC_ENV = """\
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config

from models import Base

config = context.config


def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = async_engine_from_config(
        config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(main())
"""

INI = """\
[alembic]
script_location = migrations
prepend_sys_path = .
sqlalchemy.url = sqlite:///app.db
"""

TEMPLATE = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''

REVISION = '''\
"""{subject}"""
from alembic import op
import sqlalchemy as sa

revision = {id!r}
down_revision = {parent!r}
branch_labels = None
depends_on = None


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
'''


def column(name: str, kind: str = "String(200)", more: str = "") -> str:
    """Return the line of a model that declares a column."""
    return f"    {name} = Column({kind}{more})\n"


@dataclass
class Project:
    """A git repository with a project in it. ``env`` is added to every command's environment."""

    path: Path
    env: dict[str, str]

    def run(
        self, *command: str, code: int | None = 0, cwd: str = ".", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository and assert its exit code (None: any)."""
        result = subprocess.run(
            command,
            cwd=self.path / cwd,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        told = f"{command} -> {result.returncode}\n{result.stdout}\n{result.stderr}"
        assert code is None or result.returncode == code, told
        assert "Traceback" not in result.stderr, told
        return result

    def git(
        self, *arguments: str, code: int | None = 0, cwd: str = ".", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run git."""
        return self.run("git", *arguments, code=code, cwd=cwd, **env)

    def gitmig(
        self, *arguments: str, code: int | None = 0, cwd: str = ".", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run gitmig."""
        return self.run(str(BIN / "gitmig"), *arguments, code=code, cwd=cwd, **env)

    def write(self, path: str, text: str) -> Path:
        """Write a file, with its folders."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def read(self, path: str) -> str:
        """Return a file's text."""
        return (self.path / path).read_text(encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        """Add text to a file."""
        self.write(path, self.read(path) + text)

    def revision(
        self,
        id: str,
        parent: str | None,
        upgrade: str = "pass",
        downgrade: str = "pass",
        subject: str = "",
        path: str = "",
    ) -> str:
        """Write a revision by hand; return its path."""
        text = REVISION.format(
            id=id,
            parent=parent,
            upgrade=upgrade,
            downgrade=downgrade,
            subject=subject or f"revision {id}",
        )
        name = path or f"migrations/versions/{id}.py"
        self.write(name, text)
        return name

    def commit_all(self, message: str = "work", **env: str) -> None:
        """Stage everything and commit it, without the hooks."""
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "-m", message, **env)

    def status(self) -> str:
        """Return ``git status --porcelain``: empty for a clean tree."""
        return self.git("status", "--porcelain", "--untracked-files=all").stdout

    def files_in(self, commit: str = "HEAD") -> set[str]:
        """Return the paths that a commit touched."""
        output = self.git(
            "-c", "core.quotePath=false", "show", "--name-only", "--format=", "-m",
            "--first-parent", "--root", commit,
        ).stdout  # fmt: skip
        return set(output.split("\n")) - {""}

    def new_revisions(self, commit: str = "HEAD") -> list[str]:
        """Return the revision files that a commit touched."""
        return sorted(path for path in self.files_in(commit) if "/versions/" in path)

    def change_models(self, *pairs: tuple[str, str]) -> None:
        """Replace what stands in the models, each old text by a new one."""
        text = self.read("models.py")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.write("models.py", text)

    def commit_accepted(self) -> str:
        """Commit all changes, again where the first stops for a doubt; return the revision."""
        if self.git("commit", "-qam", "work", code=None).returncode:
            self.git("commit", "-qam", "work")
        [path] = self.new_revisions()
        return self.read(path)

    def head(self) -> str:
        """Return the id of the current commit."""
        return self.git("rev-parse", "HEAD").stdout.strip()

    def tables(self, database: str = "app.db") -> dict[str, list[str]]:
        """Return the tables of a SQLite file and their columns."""
        import sqlite3

        connection = sqlite3.connect(self.path / database)
        names = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        found = {
            name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            for name in names
        }
        connection.close()
        return found


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment in which no setting of whoever runs the tests matters."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT", "ALEMBIC", "PRE_COMMIT"))
    }
    for name in ("CI", "SOURCE_DATE_EPOCH", "VIRTUAL_ENV"):
        kept.pop(name, None)
    kept.update(
        HOME=str(home),
        PATH=os.pathsep.join([str(BIN), kept.get("PATH", "")]),
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_AUTHOR_NAME="Ada",
        GIT_AUTHOR_EMAIL="ada@example.com",
        GIT_COMMITTER_NAME="Ada",
        GIT_COMMITTER_EMAIL="ada@example.com",
        GIT_EDITOR="true",
        NO_COLOR="1",
    )
    return kept


def no_postgresql(project: Project) -> None:
    """Let the project have no PostgreSQL to start; commit that."""
    project.write("gitmig.toml", '[postgresql]\nbinaries = "/nowhere"\n')
    project.commit_all("no PostgreSQL")


def begin_with(project: Project, models: str, url: str = "") -> Project:
    """Give a project other models, their first revision (generated), and hooks; return it."""
    project.write("models.py", models)
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    if url:
        use_url(project, url)
    project.git("add", "-A")
    project.gitmig("autogenerate", "-q")
    project.commit_all("first")
    project.gitmig("install", "-q")
    return project


def branch(project: Project) -> None:
    """Begin a branch off main with a revision and its model."""
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", column("email"))
    up = "op.add_column('users', sa.Column('email', sa.String(200)))"
    project.revision("more00000000", "base00000000", up, "op.drop_column('users', 'email')")
    project.commit_all("email")


def services(project: Project, *names: str, env: str = ENV) -> None:
    """Give the repository services, each with models, an Alembic environment and a revision."""
    project.git("rm", "-rqf", ".")
    for name in names:
        project.write(f"{name}/alembic.ini", INI)
        project.write(f"{name}/models.py", SERVICE.replace("things", name))
        project.write(f"{name}/migrations/env.py", env)
        project.write(f"{name}/migrations/script.py.mako", TEMPLATE)
        create = f'op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True))'
        project.revision(
            f"{name}00000000", None, create, f'op.drop_table("{name}")', name,
            f"{name}/migrations/versions/{name}.py",
        )  # fmt: skip
    project.commit_all("services")


def use_url(project: Project, url: str, env: str = "") -> None:
    """Give the project another database, and another env.py where one is given; commit that."""
    project.write("alembic.ini", INI.replace("sqlite:///app.db", url.replace("%", "%%")))
    if env:
        project.write("migrations/env.py", env)
    project.commit_all("another database")


def each_alone(project: Project) -> None:
    """Let env.py have Alembic run each revision in a transaction of its own."""
    env, told = project.read("migrations/env.py"), "target_metadata=target_metadata"
    assert told in env
    alone = env.replace(told, f"{told}, transaction_per_migration=True")
    project.write("migrations/env.py", alone)


def two_heads(project: Project) -> None:
    """Give the project two heads behind its one, which make a table each; stage them."""
    (head,) = (line.split()[0] for line in project.gitmig("heads").stdout.splitlines())
    for name in ("left", "right"):
        project.revision(f"{name}00000000"[:12], head,
                         f'op.create_table("{name}", sa.Column("id", sa.Integer()))',
                         f'op.drop_table("{name}")')  # fmt: skip
    project.git("add", "-A")


def at_terminal(project: Project, answer: str, *command: str) -> str:
    """Run a command with a terminal of its own, type an answer; return what was shown."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project.path)
        os.execvpe(command[0], command, {**project.env, "TERM": "dumb"})  # noqa: S606
    os.write(terminal, answer.encode())
    shown = b""
    with contextlib.suppress(OSError):  # what Linux tells at the end
        while part := os.read(terminal, 4096):
            shown += part
    os.waitpid(process, 0)
    os.close(terminal)
    return shown.decode()
