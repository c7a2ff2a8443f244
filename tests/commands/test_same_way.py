"""A deployed database's way to the base is walked once where nothing can tell it from the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Project, branch, column

from gitmig.commands.same_way import stands_alone

BASE = "migrations/versions/base00000000.py"
FIRST = "op.add_column('users', sa.Column('nick', sa.String(20)))"
Run = Callable[[], tuple[dict[str, str], list[str], int]]


@pytest.fixture
def check(project: Project, tmp_path: Path) -> Run:
    """Give what runs a check: its gates, the codes it found, how many processes ran env.py."""
    runs = tmp_path / "runs"
    once = f"open({str(runs)!r}, 'a').write(str(__import__('os').getpid()) + ' ')\n"
    project.write("migrations/env.py", once + project.read("migrations/env.py"))
    project.commit_all("env.py tells who runs it")

    def run() -> tuple[dict[str, str], list[str], int]:
        runs.unlink(missing_ok=True)
        result = project.gitmig("check", "--base", "main", "--format", "json", code=None)
        told = json.loads(result.stdout)
        gates = {gate["name"]: gate["status"] for gate in told["gates"]}
        codes = [each["code"] for each in told["findings"]]
        return gates, codes, len(set(runs.read_text().split()))

    return run


def test_two_processes(project: Project, check: Run) -> None:
    """Beside the walk there is only a copy that reads the base's models; all passes (K1)."""
    branch(project)
    gates, codes, processes = check()
    assert gates["deploy"] == gates["rolling"] == "passed" and codes == []
    assert processes == 2


def test_a_revision_that_waits_for_all_children(project: Project, check: Run) -> None:
    """One that waits for whatever its process has begun takes nothing from the check (K1)."""
    branch(project)
    path = "migrations/versions/more00000000.py"
    waits = "import contextlib, os\n    with contextlib.suppress(ChildProcessError):\n        "
    text = project.read(path)
    begins = "def upgrade():\n    "
    assert begins in text
    project.write(path, text.replace(begins, f"{begins}{waits}os.wait()\n    "))
    project.commit_all("waits")
    gates, codes, processes = check()
    assert gates["deploy"] == gates["rolling"] == "passed" and codes == [] and processes == 2


def test_what_the_base_reads_is_found(project: Project, check: Run) -> None:
    """What the base's code meets is found on that walk as on a way of its own (K1)."""
    project.append("models.py", column("nick"))
    project.revision("nick00000000", "base00000000", FIRST, "op.drop_column('users', 'nick')")
    project.commit_all("nick")
    project.git("switch", "-q", "-c", "feature")
    project.write("models.py", project.read("models.py").replace(column("nick"), ""))
    drop = "op.drop_column('users', 'nick')"
    project.revision("last00000000", "nick00000000", drop, FIRST)
    project.commit_all("no nick")
    gates, codes, processes = check()
    assert gates["deploy"] == "passed" and gates["rolling"] == "failed" and processes == 2
    assert "GM601" in codes


def test_a_new_naming_convention(project: Project, check: Run) -> None:
    """What changed models have Alembic do in old revisions is no deployed database's way (K1)."""
    tags = "op.create_table('tags', sa.Column('name', sa.String(9)), sa.UniqueConstraint('name'))"
    project.revision("tags00000000", "base00000000", tags, "op.drop_table('tags')")
    project.commit_all("tags")
    project.git("switch", "-q", "-c", "feature")
    models = project.read("models.py").replace("import Column", "import MetaData, Column")
    named = "metadata=MetaData(naming_convention={'uq': 'uq_%(table_name)s'})"
    project.write("models.py", models.replace("declarative_base()", f"declarative_base({named})"))
    batch = "with op.batch_alter_table('tags') as batch:\n        batch."
    drop, back = "drop_constraint('uq_tags')", "create_unique_constraint('uq_tags', ['name'])"
    project.revision("more00000000", "tags00000000", batch + drop, batch + back)
    project.commit_all("tags may be there twice")
    gates, codes, processes = check()
    assert (gates["upgrade"], gates["deploy"], "GM102" in codes) == ("passed", "failed", True)
    assert processes > 3  # the walk, the copy in vain, the base, what is staged on top of it


def test_a_revision_that_reads(project: Project, check: Run) -> None:
    """A published revision that reads a file is run as the base has both (K1)."""
    project.write("names.txt", "ada")
    text = project.read(BASE)
    reading = "def upgrade():\n    assert open('names.txt').read() == 'ada'\n"
    assert "def upgrade():\n" in text
    project.write(BASE, text.replace("def upgrade():\n", reading))
    project.commit_all("reads")
    branch(project)
    gates, _, processes = check()
    assert gates["deploy"] == "passed" and processes == 3
    project.write("names.txt", "bob")
    project.commit_all("another name")
    gates, codes, _ = check()
    assert gates["upgrade"] == "failed" and gates["deploy"] == "skipped" and codes


def test_models_that_fail(project: Project, check: Run) -> None:
    """Models of the base that the copy cannot import are told as the base's (K1)."""
    project.append("models.py", "import not_there_any_more\n")
    project.git("add", "-A")
    project.git("commit", "-q", "--no-verify", "-m", "broken")
    commit = project.head()
    project.git("switch", "-q", "-c", "feature")
    project.write("models.py", project.read("models.py").replace("import not_there_any_more\n", ""))
    project.commit_all("whole again")
    told = project.gitmig("check", "--base", "main", code=2)
    assert f"at the base ({commit[:12]})" in told.stderr and "not_there_any_more" in told.stderr


@pytest.mark.parametrize(
    ("line", "alone"),
    [
        ("import sqlalchemy as sa", True),
        ("from sqlalchemy.dialects import postgresql", True),
        ("from alembic import op", True),
        ("import os, app.types", False),
        ("import app.types as types", False),
        ("    from app import types", False),
        ("from .helpers import lower", False),
        ("from helpers import lower", False),
        ("import os, \\\n    app", False),
        ("x = 1; import app", False),
        ("sql = (Path(__file__).parent / 'a.sql').read_text()", False),
        ("rows = open('rows.csv')", False),
        ("importlib.import_module('app')", False),
        ("if os.environ['REGION'] == 'eu':", False),
        ("op.get_context().opts['target_metadata'].create_all(bind)", False),
        ("if op.get_context().dialect.name == 'sqlite':", True),
    ],
)
def test_stands_alone(line: str, alone: bool) -> None:
    """A revision that uses a file of the project, in whatever way, does not stand alone."""
    assert stands_alone(f"import os\n{line}\n", {"", "app", "helpers", "types"}) is alone
