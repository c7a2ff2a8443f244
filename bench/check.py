"""What ``gitmig check`` costs: beside pytest-alembic on one project, and by length of history.

pytest-alembic comes from PyPI into an environment of the bench, with the Alembic and SQLAlchemy of
the one that runs it. Its four default tests are those that any project gets.
"""

from __future__ import annotations

import venv
from pathlib import Path

from bench.measure import Cost, Row, cost, cost_of_passing, in_turn
from bench.project import (
    ADD,
    BIN,
    SQLITE,
    Plan,
    environment,
    generate,
    grown,
    plain,
    run,
    steady,
    tables_first,
    write_revision,
)

MOST = 0.25  # of the peer's CPU
FLAT = 1.5  # 300 revisions against 10: what reading that many files takes, and no more
ROUNDS = 3
PEER = "pytest-alembic==0.13.1"
TESTS = """\
import pytest
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import create_engine


@pytest.fixture
def alembic_engine():
    return create_engine("sqlite:///peer.db")
"""
# what makes env.py take the engine that pytest-alembic hands over, as its guide asks for
FROM_ENGINE = """\
connectable = config.attributes.get("connection") or engine_from_config("""


def of_all_gates(folder: Path) -> list[Row]:
    """Compare a check of 300 revisions without the cache with the four default tests.

    All gates are at work where there is a base, and one new revision: five of them, on rows and on
    a deployed database, no peer has. Without a base all 300 revisions are new: they are taken down
    again, too. That is bounded for 60 plain tables with four added columns each: the project on
    which the cost of those tests was first measured. Where tables have keys and indexes most of it
    is SQLite's own.
    """
    folder.mkdir()
    peer = peer_environment(folder / "peer")
    plans = ((plain, "60 plain tables", MOST), (grown, "60 tables with keys and indexes", None))
    return [row for plan, what, limit in plans
            for row in beside(folder / plan.__name__, peer, plan, what, limit)]  # fmt: skip


def beside(folder: Path, peer: Path, plan: Plan, what: str, limit: float | None) -> list[Row]:
    """Compare both on one project, and on a branch of it."""
    generate(folder, 300, plan=plan)
    env_py = folder / "migrations" / "env.py"
    env_py.write_text(env_py.read_text().replace("connectable = engine_from_config(", FROM_ENGINE))
    (folder / "test_migrations.py").write_text(TESTS)
    (folder / ".gitignore").write_text("/*.db\n__pycache__/\n")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "env.py, tests")
    plainly = against_tests(folder, peer, [], f"{what}, no cache", limit)
    run(folder, "git", "switch", "-q", "-c", "feature")
    write_revision(folder, 300, (ADD, 0, "one_more"))
    models, named = (folder / "models.py").read_text(), '__tablename__ = "t0"\n'
    more = named + "    one_more = Column(String(30))\n"
    (folder / "models.py").write_text(models.replace(named, more))
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "one more")
    based = against_tests(folder, peer, ["--base", "main"], f"{what}, no cache, --base main", MOST)
    return [plainly, based]


def against_tests(
    folder: Path, peer: Path, options: list[str], what: str, limit: float | None
) -> Row:
    """Compare a check with the four tests."""
    command = [str(BIN / "gitmig"), "check", "-q", "--no-cache", *options]
    mine, theirs, ratio = in_turn(
        lambda: cost_of_passing(command, folder, environment()), lambda: tests(folder, peer), ROUNDS
    )
    what = f"check, 300 revisions, {what}: CPU, gitmig {mine.cpu:.2f} s"
    return Row(f"{what} / pytest-alembic {theirs.cpu:.2f} s", ratio.cpu, limit)


def peer_environment(folder: Path) -> Path:
    """Make an environment with pytest-alembic; return its Python."""
    import alembic
    import sqlalchemy

    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    same = [f"alembic=={alembic.__version__}", f"sqlalchemy=={sqlalchemy.__version__}"]
    run(folder, str(python), "-m", "pip", "install", "-q", PEER, *same)
    return python


def tests(folder: Path, python: Path) -> Cost:
    """Run the four tests; all must have passed."""
    (folder / "peer.db").unlink(missing_ok=True)
    told = folder.with_name("told")
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider",
               f"--junit-xml={told}", "test_migrations.py"]  # fmt: skip
    found = cost(command, folder, {**environment(), "PYTHONDONTWRITEBYTECODE": "1"})
    assert 'tests="4"' in told.read_text() and 'failures="0"' in told.read_text(), told.read_text()
    return found


def of_one_revision(folder: Path) -> list[Row]:
    """Compare the check of one new revision, warm, on a long history with that on 10 revisions.

    The schema is one size in both. What has no bound: a schema that grows with the history, whose
    models are imported and tables reflected and filled; and the files of 1,000 revisions.
    """
    postgresql, mariadb = (
        "postgresql+psycopg://ada@localhost/app",
        "mysql+pymysql://ada@localhost/app",
    )
    folder.mkdir()
    return [
        flatness(folder / "sqlite", "SQLite, 6 tables", SQLITE, steady, 300),
        flatness(folder / "postgresql", "PostgreSQL, 6 tables", postgresql, steady, 300),
        flatness(folder / "mariadb", "MariaDB, 6 tables", mariadb, steady, 300),
        flatness(folder / "long", "SQLite, 6 tables", SQLITE, steady, 1000, None),
        flatness(folder / "grown", "SQLite, 666 tables", SQLITE, tables_first, 1000, None),
        flatness(folder / "both", "PostgreSQL, 200 tables", postgresql, tables_first, 300, None),
    ]


def flatness(
    folder: Path, where: str, url: str, plan: Plan, length: int, limit: float | None = FLAT
) -> Row:
    """Compare so many revisions with 10."""
    folder.mkdir()
    long, short = (on_a_branch(folder / str(number), number, url, plan) for number in (length, 10))
    command = [str(BIN / "gitmig"), "check", "-q", "--base", "main"]
    mine, theirs, ratio = in_turn(
        lambda: cost_of_passing(command, long, environment()),
        lambda: cost_of_passing(command, short, environment()),
        ROUNDS,
    )
    what = f"check, one new revision, warm, {where}: CPU, {length:,} revisions {mine.cpu:.2f} s"
    return Row(f"{what} / 10 {theirs.cpu:.2f} s", ratio.cpu, limit)


def on_a_branch(folder: Path, revisions: int, url: str, plan: Plan) -> Path:
    """Make a project with a branch of one new revision."""
    generate(folder, revisions, url, plan)
    run(folder, "git", "switch", "-q", "-c", "feature")
    deeds = plan(revisions)
    table = sum(kind is ADD for kind, _, _ in deeds)  # the first that has no such column
    write_revision(folder, revisions, (ADD, table, "extra"))
    models = (folder / "models.py").read_text()
    last = f'name="fk_t{table}"))\n'
    more = last + "    extra = Column(String(30))\n"
    (folder / "models.py").write_text(models.replace(last, more))
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "one more")
    return folder
