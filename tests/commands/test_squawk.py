"""squawk's rules on the SQL that ran, where it is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import BIN, Project

UP = """\
op.execute("CREATE TABLE made (id bigint PRIMARY KEY)")
    op.execute('''
        CREATE VIEW seen AS SELECT id FROM users
    ''')
    op.execute("DROP VIEW seen")
    op.alter_column("users", "name", nullable=True)
    op.drop_index("ix_users_name", "users")
    op.drop_column("users", "name")"""


@pytest.fixture
def branch(pg: Project) -> Project:
    """Return a project on a branch with a revision in which squawk finds something."""
    pg.append("models.py", "\n")
    path = "migrations/versions/base00000000.py"
    text = pg.read(path).replace(
        "\n\n\ndef downgrade",
        "\n    op.create_index('ix_users_name', 'users', ['name'])\n\n\ndef downgrade",
    )
    pg.write(path, text)
    pg.commit_all("an index")
    pg.git("switch", "-q", "-c", "feature")
    pg.revision("more00000000", "base00000000", UP)
    pg.git("add", "-A")
    return pg


def found(project: Project, *options: str) -> dict[str, int]:
    """Return what squawk found: its rules, and the line of each."""
    told = project.gitmig("check", "--base", "main", "--format", "json", *options, code=None)
    report: dict[str, Any] = json.loads(told.stdout)
    return {each["code"]: each["line"] for each in report["findings"] if "SQ-" in each["code"]}


def test_findings_at_the_revisions_line(branch: Project) -> None:
    """What squawk finds is told at the line that sent the SQL; what gitmig knows is not (K4)."""
    assert found(branch) == {"SQ-ban-drop-view": 16, "SQ-ban-drop-not-null": 17}
    assert found(branch, "--select", "SQ-require-lock-timeout") == {"SQ-require-lock-timeout": 13}
    assert found(branch, "--ignore", "SQ") == {}
    left = found(branch, "--ignore", "SQ-ban-drop-view,GM3")
    assert left == {"SQ-ban-drop-not-null": 17}


def test_a_waiver(branch: Project) -> None:
    """A waiver allows what squawk finds, too."""
    path = "migrations/versions/more00000000.py"
    allowed = '# gitmig: allow SQ-ban-drop-view it was made above\n    op.execute("DROP VIEW'
    branch.write(path, branch.read(path).replace('op.execute("DROP VIEW', allowed))
    branch.git("add", "-A")
    assert found(branch) == {"SQ-ban-drop-not-null": 18}


def test_an_index_is_told_once(branch: Project) -> None:
    """Of an index that is dropped under a lock the database is asked, and squawk is silent."""
    back = 'op.create_index("ix_users_name", "users", ["name"])'
    branch.revision("more00000000", "base00000000", 'op.drop_index("ix_users_name", "users")', back)
    branch.git("add", "-A")
    told = branch.gitmig("check", "--base", "main", "--format", "json", code=None)
    findings = json.loads(told.stdout)["findings"]
    assert [each["code"] for each in findings if each["line"] == 12] == ["GM717"]


def as_if(project: Project, squawk: str, *command: str, code: int | None = None) -> str:
    """Run gitmig where squawk is elsewhere, or nowhere (empty); return all that it says."""
    told = project.run(str(BIN / "python"), "-c", ELSEWHERE.format(squawk), *command, code=code)
    return told.stdout + told.stderr


def test_not_installed(branch: Project) -> None:
    """Where squawk is not installed nothing is told, and `gitmig doctor` says how to get it."""
    told = as_if(branch, "", "check", "--base", "main")
    assert "GM722" in told or "GM601" in told
    assert "SQ-" not in told and "squawk" not in told
    assert "pip install 'gitmig[squawk]'" in as_if(branch, "", "doctor")


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("echo 'out of order' >&2; exit 3", "out of order"),
        ('echo \'{"of": "another age"}\'', "its answer is not understood"),
        ("echo '[{\"rule\": 1}]'", "its answer is not understood"),
        ("kill -9 $$", "exit code -9"),
        ("echo 'no such rule' >&2; exit 1", "no such rule"),
        ("exit 0", "exit code 0"),
    ],
)
def test_squawk_that_fails(branch: Project, tmp_path: Path, does: str, told: str) -> None:
    """A squawk that cannot be run is an error that says how to leave it out."""
    broken = tmp_path / "squawk"
    broken.write_text(f"#!/bin/sh\n{does}\n")
    broken.chmod(0o755)
    said = as_if(branch, str(broken), "check", "--base", "main", code=2)
    assert told in said and "gitmig check --ignore SQ" in said
    as_if(branch, str(broken), "check", "--base", "main", "--ignore", "SQ", code=1)


def test_its_configuration_is_broken(branch: Project) -> None:
    """A configuration that squawk cannot read is an error: it has judged nothing."""
    branch.write(".squawk.toml", "excluded_rules = [\n")
    said = branch.gitmig("check", "--base", "main", code=2).stderr
    assert "Configuration error" in said and "gitmig check --ignore SQ" in said


# gitmig as it is where squawk is elsewhere
ELSEWHERE = """
import sys
from gitmig.commands import squawk
squawk.program = lambda: {!r}
from gitmig.__main__ import main
sys.argv[0] = "gitmig"
sys.exit(main())
"""
