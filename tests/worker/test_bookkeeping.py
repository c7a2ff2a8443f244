"""What Alembic notes of where a database stands is what it notes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic.config import Config
from alembic.runtime import migration
from alembic.runtime.migration import HeadMaintainer, MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from gitmig._worker import bookkeeping

REVISION = "revision = {0!r}\ndown_revision = {1!r}\n\n\ndef upgrade():\n    pass\n"
BRANCHED = {"a": None, "b": "a", "c": "a", "d": ("b", "c"), "e": "d", "f": "e", "g": "e"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install it, for this test alone."""
    monkeypatch.setattr(HeadMaintainer, "_update_version", HeadMaintainer._update_version)
    unmerge = migration.RevisionStep._unmerge_to_revisions
    monkeypatch.setattr(migration.RevisionStep, "_unmerge_to_revisions", unmerge)
    bookkeeping.install()


@pytest.fixture
def context() -> Iterator[MigrationContext]:
    """Give a database in memory, with Alembic's table."""
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        context._ensure_version_table()
        yield context
    engine.dispose()


def chain(folder: Path) -> Any:
    """Return revisions with branches that are joined, and branch again."""
    (folder / "versions").mkdir()
    for name, parent in BRANCHED.items():
        text = REVISION.format(name, parent) + "\n\ndef downgrade():\n    pass\n"
        (folder / "versions" / f"{name}.py").write_text(text)
    config = Config()
    config.set_main_option("script_location", str(folder))
    return ScriptDirectory.from_config(config)


def ways(script: Any, context: MigrationContext) -> list[list[str]]:
    """Return where the database stands after each step up to the heads and down again."""
    maintainer = HeadMaintainer(context, set())
    steps = [*script._upgrade_revs("heads", ()), *script._downgrade_revs("base", ("f", "g"))]
    found = []
    for step in steps:
        maintainer.update_to_step(step)
        assert bookkeeping.heads_of(context) == set(context.get_current_heads())
        found.append(sorted(context.get_current_heads()))
    return found


def test_the_same_notes(tmp_path: Path, context: MigrationContext, request: Any) -> None:
    """Up over branches and a merge and down again, each note is the one Alembic makes."""
    script = chain(tmp_path)
    alone = ways(script, context)
    assert ["f", "g"] in alone and ["b", "c"] in alone and alone[-1] == []
    request.getfixturevalue("installed")
    assert ways(script, context) == alone


@pytest.mark.usefixtures("installed")
def test_row_that_is_gone(tmp_path: Path, context: MigrationContext) -> None:
    """A revision that empties Alembic's table is told as Alembic tells it."""
    maintainer = HeadMaintainer(context, {"a"})
    with pytest.raises(CommandError, match="expected to match one row when updating 'a' to 'b'"):
        maintainer._update_version("a", "b")


def test_table_that_is_gone(context: MigrationContext) -> None:
    """A database without Alembic's table stands nowhere."""
    context.connection.execute(sqlalchemy.text("DROP TABLE alembic_version"))  # type: ignore[union-attr]
    assert bookkeeping.heads_of(context) == frozenset()
