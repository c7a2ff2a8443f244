"""``gitmig check`` of a project whose env.py gives no models: revisions are written by hand."""

from __future__ import annotations

import json

import pytest
from support import Project, column

ENV = "migrations/env.py"
NONE = "env.py gives no models (target_metadata is None)"
DROP = "op.drop_column('users', 'name')"
BACK = "op.add_column('users', sa.Column('name', sa.String(50)))"
Told = tuple[int, dict[str, tuple[str, str]], dict[str, str]]


def take_models_away(project: Project) -> None:
    """Have env.py give none."""
    text = project.read(ENV).replace("from models import Base\n", "")
    project.write(ENV, text.replace("= Base.metadata", "= None"))
    project.commit_all("no models")


def told(project: Project, *options: str) -> Told:
    """Return the exit code, status and reason of each gate, the message of each code."""
    result = project.gitmig("check", "--format", "json", *options, code=None)
    answer = json.loads(result.stdout)
    gates = {gate["name"]: (gate["status"], gate["reason"]) for gate in answer["gates"]}
    assert answer["ok"] is (result.returncode == 0)
    return result.returncode, gates, {each["code"]: each["message"] for each in answer["findings"]}


def drops_a_column(project: Project) -> None:
    """Assert that what a branch drops is told by the rules, and nothing fails."""
    take_models_away(project)
    project.git("switch", "-q", "-c", "feature")
    project.revision("more00000000", "base00000000", DROP, BACK)
    project.commit_all("no name")
    code, gates, found = told(project, "--base", "main")
    assert code == 0 and gates["deploy"] == ("passed", "")
    assert gates["drift"] == gates["rolling"] == ("skipped", NONE)
    assert "users.name is dropped" in found["GM722"]
    assert found["GM307"] == f"drift is not judged: {NONE}"
    assert found["GM606"] == f"the base's code was not held against the new schema: {NONE}"


def test_what_is_dropped(project: Project) -> None:
    """Drift and rolling are skipped with the reason; GM721 to GM724 judge what they leave."""
    drops_a_column(project)


def test_what_is_dropped_on_postgresql(pg: Project) -> None:
    """So where a deployed database goes a way of its own."""
    drops_a_column(pg)


def test_no_base(project: Project) -> None:
    """Without a base one note is all, and the check is green."""
    take_models_away(project)
    code, gates, found = told(project)
    assert code == 0 and gates["drift"] == ("skipped", NONE) and [*found] == ["GM307"]
    project.write("gitmig.toml", '[rules]\nignore = ["GM307"]\n')
    project.commit_all("we know")
    assert told(project)[2] == {}


def test_nothing_new(project: Project) -> None:
    """With a base and nothing new it is the same note, once."""
    take_models_away(project)
    code, gates, found = told(project, "--base", "main")
    assert code == 0 and gates["rolling"] == ("skipped", NONE) and [*found] == ["GM307"]


@pytest.mark.parametrize("models", [True, False])
def test_models_that_come(project: Project, models: bool) -> None:
    """Where the base has no models, what its code reads is not known, whatever env.py gives now."""
    env = project.read(ENV)
    take_models_away(project)
    project.git("switch", "-q", "-c", "feature")
    if models:
        project.write(ENV, env)
    project.write("models.py", project.read("models.py").replace(column("name", "String(50)"), ""))
    project.revision("more00000000", "base00000000", DROP, BACK)
    project.commit_all("models")
    code, gates, found = told(project, "--base", "main")
    assert code == 0 and gates["rolling"] == ("skipped", f"{NONE} at the base" if models else NONE)
    assert gates["drift"][0] == ("passed" if models else "skipped")
    assert "GM722" in found and ("GM307" in found) is not models


def test_a_gate_that_did_not_run(project: Project) -> None:
    """A gate that is skipped for want of a schema to judge has no reason, and is not green."""
    project.revision("more00000000", "base00000000", "op.execute('nonsense')")
    project.commit_all("nonsense")
    code, gates, _ = told(project)
    assert code == 1 and gates["drift"] == ("skipped", "")


def test_one_of_two_databases(project: Project) -> None:
    """Of several databases those that have models are judged."""
    env = project.read(ENV)
    two = (
        "for given in (None, Base.metadata):\n"
        "    url = 'sqlite:///a.db' if given is None else 'sqlite:///b.db'\n"
        "    config.set_main_option('sqlalchemy.url', url)\n    run_migrations_online()\n"
    )
    begin, _, _ = env.partition("if context.is_offline_mode")
    begin = begin.replace("target_metadata=target_metadata", "target_metadata=given")
    project.write(ENV, begin + two)
    project.commit_all("two")
    code, gates, found = told(project)
    assert (code, gates["drift"], found) == (0, ("passed", ""), {})
    project.append("models.py", column("nick"))
    project.commit_all("nick")
    code, gates, found = told(project)
    assert code == 1 and gates["drift"] == ("failed", "") and [*found] == ["GM301"]
