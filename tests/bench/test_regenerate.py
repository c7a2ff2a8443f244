"""The history of a small project, regenerated."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from support import ENV, MODELS, Project, column

SCRIPT = Path(__file__).parents[2] / "bench" / "regenerate.py"
CHECKED = MODELS.replace("import Column", "import CheckConstraint, Column").replace(
    '"users"\n', '"users"\n    __table_args__ = (CheckConstraint("id > 0"),)\n'
)
CHECK = """\
with op.batch_alter_table("users") as batch:
        batch.create_check_constraint("ck_id", "id > 0")"""


def add(name: str) -> str:
    """Return the operation that adds a column."""
    return f'op.add_column("users", sa.Column("{name}", sa.String(200)))'


@pytest.fixture
def grown(project: Project) -> Project:
    """Return a project with four such commits, and others that are to be passed over."""
    project.append("models.py", column("email"))
    project.revision("exact0000000", "base00000000", add("email"))
    project.commit_all("exact")
    project.append("models.py", column("phone"))
    index = '\n    op.create_index("ix_phone", "users", ["phone"])'
    project.revision("more00000000", "exact0000000", add("phone") + index)
    project.commit_all("an index that no model has")
    project.append("models.py", "\n    def greet(self):\n        return self.name\n")
    project.revision("rows00000000", "more00000000", 'op.execute("UPDATE users SET name = name")')
    project.commit_all("rows alone")
    project.write("notes.py", "# no model\n")
    project.revision("alone0000000", "rows00000000")
    project.commit_all("a revision without a model")
    project.append("models.py", "\n    size = 3\n")
    project.commit_all("a model without a revision")
    kept = project.read("models.py").removeprefix(MODELS)
    project.write("models.py", CHECKED + kept)
    project.revision("check0000000", "alone0000000", CHECK)
    project.commit_all("a check")
    return project


def regenerated(project: Project, *options: str) -> str:
    """Run the script on a project; return what it printed."""
    command = (sys.executable, str(SCRIPT), str(project.path))
    return project.run(*command, *options, cwd="..").stdout


def test_table(grown: Project) -> None:
    """Same, different and stopped, each with its reason, and what has no schema to compare."""
    table, _, rest = regenerated(grown, "--since", "HEAD~6").partition("\n\n")
    assert [re.split("  +", line)[2:] for line in table.splitlines()] == [
        ["gitmig", "plain Alembic", "subject"],
        ["same", "same", "exact"],
        ["different", "different", "an index that no model has"],
        ["left out", "left out", "rows alone"],
        ["stopped", "different", "a check"],
    ]
    *reasons, count, ours, plain = rest.splitlines()
    told = [reason.partition(": ")[2] for reason in reasons]
    assert told[0].startswith("gitmig, different: users: indexes: only true: ")
    assert "ix_phone" in told[0]
    assert "left out: its revision leaves the schema as it is" in told
    assert any(each.startswith("gitmig, stopped: ") and "id > 0" in each for each in told)
    assert count == "3 commits, 1 more left out"
    assert ours == "gitmig: 1 same, 1 different, 0 failed, 1 stopped"
    assert plain == "plain Alembic: 1 same, 2 different, 0 failed, 0 stopped"
    assert grown.status() == ""


def test_recipe(grown: Project) -> None:
    """A recipe says which commits, the variables, the database, and lays files over each tree."""
    grown.write("migrations/env.py", "raise RuntimeError('not this one')\n")
    grown.append("models.py", column("fax"))
    grown.revision("fax000000000", "check0000000", add("fax"))
    grown.commit_all("fax")
    env = ENV.replace(
        "config = context.config\n",
        "import os\nconfig = context.config\n"
        "config.set_main_option('sqlalchemy.url', os.environ['APP_DATABASE'])\n",
    )
    recipe = grown.path.parent / "recipe.toml"
    recipe.write_text(
        f'commits = ["HEAD"]\ndatabase = "sqlite"\n[variables]\nAPP_DATABASE = "{{database}}"\n'
        f'[files]\n"migrations/env.py" = """\n{env}"""\n'
    )
    options = ("--recipe", str(recipe), "--python", sys.executable, "--format", "json")
    [outcome] = json.loads(regenerated(grown, *options))
    assert outcome["change"]["subject"] == "fax"
    assert outcome["gitmig"] == {"verdict": "same", "why": [], "doubt": ""}
    assert outcome["plain"]["verdict"] == "different"
    assert "ix_phone" in outcome["plain"]["why"][0]  # swept in: no model has it


def test_bad_recipe(grown: Project) -> None:
    """An unknown key is one sentence, and the nearest that there is."""
    recipe = grown.path.parent / "recipe.toml"
    recipe.write_text('varables = "x"\n')
    done = grown.run(
        sys.executable, str(SCRIPT), str(grown.path), "--recipe", str(recipe), code=2
    )  # fmt: skip
    assert 'there is no key "varables".' in done.stderr
    assert 'did you mean "variables"?' in done.stderr
