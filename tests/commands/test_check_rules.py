"""`gitmig check` with rules: what is chosen, allowed, ignored; `gitmig rules` explains it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Project

from gitmig.rules import documents

GONE = 'op.execute("DELETE FROM users")'


def branch(project: Project, up: str = GONE, down: str = "pass", top: str = "") -> None:
    """Make a branch with one new revision; ``top`` goes before its imports."""
    if project.git("branch", "--show-current").stdout.strip() == "main":
        project.git("switch", "-q", "-c", "feature")
    path = project.revision("more00000000", "base00000000", up, down)
    if top:
        project.write(path, project.read(path).replace("from alembic", f"{top}\nfrom alembic", 1))
    project.git("add", "-A")


def checked(project: Project, *options: str) -> dict[str, Any]:
    """Check the branch; return the report."""
    told = project.gitmig("check", "--base", "main", "--format", "json", *options, code=None)
    report: dict[str, Any] = json.loads(told.stdout)
    return report


def gate(report: dict[str, Any], name: str) -> str:
    """Return the status of a gate."""
    return next(str(each["status"]) for each in report["gates"] if each["name"] == name)


def by_rules(report: dict[str, Any]) -> list[str]:
    """Return what the rules found, as line and code."""
    return [
        f"{each['line']} {each['code']}" for each in report["findings"] if each["gate"] == "rules"
    ]


def test_a_rule_at_its_line(project: Project) -> None:
    """What a rule finds is told at the line of the revision, with what to do, and fails (K4)."""
    branch(project)
    told = project.gitmig("check", "--base", "main", code=1).stdout
    assert "✗ rules     failed" in told
    assert "versions/more00000000.py:12: error GM741 every row of users is deleted" in told
    assert "→ add a WHERE" in told


def test_only_what_is_new(project: Project) -> None:
    """What the base has is not judged; without a base the rules are not asked."""
    branch(project)
    project.commit_all("published")
    project.git("branch", "-f", "main")
    assert by_rules(checked(project)) == [] and gate(checked(project), "rules") == "passed"
    assert "rules" not in project.gitmig("check", code=None).stdout


@pytest.mark.parametrize(
    ("up", "top", "found"),
    [
        (f"{GONE}  # gitmig: allow GM741 sessions end", "", []),
        (f"# gitmig: allow all-rows-deleted sessions end\n    {GONE}", "", []),
        (GONE, "# gitmig: allow GM741 sessions end", []),
        (f"{GONE}  # gitmig: allow GM741", "", ["12 GM741", "12 GM791"]),
        (f"{GONE}  # gitmig: allow GM753 another one", "", ["12 GM741", "12 GM792"]),
        (f"{GONE}  # gitmig: allow GM799 no such code", "", ["12 GM741", "12 GM793"]),
        (f"{GONE}  # gitmig: allow GM101 never", "", ["12 GM741", "12 GM793"]),
        ("pass  # gitmig: allow GM711 of PostgreSQL, not found here", "", []),
    ],
)
def test_waivers(project: Project, up: str, top: str, found: list[str]) -> None:
    """A comment with a reason allows one thing at one place; others are told (K4)."""
    branch(project, up, top=top)
    report = checked(project)
    assert by_rules(report) == found
    assert gate(report, "rules") == ("failed" if found else "passed")


def test_what_is_waived_is_counted(project: Project) -> None:
    """A finding that a waiver allows fails nothing, and is in every report (K4)."""
    branch(project, f"{GONE}  # gitmig: allow GM741 sessions end")
    report = checked(project)
    assert [(each["code"], each["line"]) for each in report["waived"]] == [("GM741", 12)]
    assert report["waived"][0]["reason"]
    told = project.gitmig("check", "--base", "main", code=None).stdout
    assert "  2 revisions; 1 finding waived (GM741); " in told
    page = project.gitmig("check", "--base", "main", "--format", "markdown", code=None).stdout
    assert "_1 finding waived (GM741)_" in page
    branch(project)
    assert checked(project)["waived"] == []


def test_a_waiver_of_another_gate(project: Project) -> None:
    """A downgrade that cannot restore the schema is allowed for its file, with a reason."""
    more = 'op.add_column("users", sa.Column("k", sa.Integer()))'
    branch(project, more)
    assert gate(checked(project), "downgrade") == "failed"
    branch(project, more, top="# gitmig: allow downgrade-differs it is kept for the old code")
    report = checked(project)
    assert gate(report, "downgrade") == "passed" and by_rules(report) == []
    branch(project, "pass", top="# gitmig: allow downgrade-differs nothing differs")
    assert by_rules(checked(project)) == ["2 GM792"]


def test_ignored(project: Project) -> None:
    """What is ignored is not told and does not fail, in the rules and in other gates."""
    branch(project, 'op.execute("CREATE TABLE k (id int)"); ' + GONE)
    report = checked(project, "--ignore", "all-rows-deleted,GM202", "--ignore", "drift")
    assert by_rules(report) == []
    assert {gate(report, name) for name in ("rules", "downgrade", "drift")} == {"passed"}
    assert gate(checked(project, "--ignore", "GM74"), "downgrade") == "failed"


def test_selected(project: Project) -> None:
    """Only what is selected is judged, and a waiver of what was not is no news."""
    branch(project, f"{GONE}\n    op.execute('PRAGMA foreign_keys=OFF')  # gitmig: allow GM753 why")
    assert by_rules(checked(project, "--select", "GM75")) == []
    assert by_rules(checked(project, "--select", "GM74")) == ["12 GM741"]


def test_settings(project: Project) -> None:
    """The settings say what is judged and how bad it is; the command line goes before."""
    branch(project, f"{GONE}\n    op.execute('PRAGMA foreign_keys=OFF')")
    project.write("gitmig.toml", '[rules]\nignore = ["GM741"]\nseverity = {GM75 = "error"}\n')
    project.git("add", "-A")
    report = checked(project)
    assert by_rules(report) == ["13 GM753"] and gate(report, "rules") == "failed"
    project.write("gitmig.toml", '[rules]\nselect = ["GM75"]\nseverity = {GM753 = "note"}\n')
    project.git("add", "-A")
    report = checked(project)
    assert by_rules(report) == ["13 GM753"] and gate(report, "rules") == "passed"
    assert by_rules(checked(project, "--select", "GM741")) == ["12 GM741"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ignore", "all-rows-delete"), 'did you mean "all-rows-deleted"?'),
        (("--ignore", "GM101"), "GM101 cannot be ignored"),
        (("--select", "GM202"), "GM202 is no rule"),
        (("--select", ""), "gitmig rules"),
    ],
)
def test_a_word_that_means_nothing(project: Project, options: tuple[str, str], said: str) -> None:
    """A code that does not exist, or cannot be chosen, is an error before anything runs."""
    result = project.gitmig("check", *options, code=2)
    assert said in result.stderr and result.stdout == ""


def test_an_unknown_code_in_the_settings(project: Project) -> None:
    """A code in the settings that does not exist is an error that names the nearest."""
    project.write("gitmig.toml", '[rules.severity]\nGM741x = "off"\n')
    project.git("add", "-A")
    assert '"GM741x" is no code' in project.gitmig("check", code=2).stderr


def test_the_way_down(project: Project) -> None:
    """On the way down only what is dangerous there is told, as less bad."""
    down = """op.execute("DELETE FROM users")
    with op.batch_alter_table("users") as batch:
        batch.drop_column("k")"""
    branch(project, 'op.add_column("users", sa.Column("k", sa.Integer()))', down)
    report = checked(project)
    (found,) = [each for each in report["findings"] if each["gate"] == "rules"]
    assert (found["code"], found["severity"], found["line"]) == ("GM741", "warning", 16)
    assert found["message"] == "on the way down: every row of users is deleted"
    assert gate(report, "rules") == "passed"


def test_models_that_a_package_gives_on(project: Project) -> None:
    """A model is known where a package's __init__ imports it; a type and a helper are not told."""
    project.write("app/__init__.py", "")
    project.write("app/models/__init__.py", "from app.models.post import Post, Short\n")
    project.write(
        "app/models/post.py",
        "import sqlalchemy as sa\nfrom models import Base\n\nclass Short(sa.String): pass\n\n"
        "class Post(Base):\n    __tablename__ = 'posts'\n    id = sa.Column(sa.Integer, "
        "primary_key=True)\n",
    )
    branch(
        project,
        "import app.models\n    from app.models import Short\n    app.models.Short\n"
        "    from app.models import Post",
    )
    assert by_rules(checked(project, "--select", "GM761")) == ["15 GM761"]


def test_rules_are_listed(project: Project) -> None:
    """`gitmig rules` lists each code with its name, how bad it is, and what it is."""
    told = project.gitmig("rules").stdout
    assert "GM741 all-rows-deleted" in told and "GM011 published-edited" in told
    listed = json.loads(project.gitmig("rules", "--format", "json").stdout)
    rules = {each["code"]: each for each in listed["rules"]}
    assert rules["GM711"]["databases"] == ["postgresql"] and rules["GM711"]["can_be_ignored"]
    assert not rules["GM101"]["can_be_ignored"]


def test_many_of_one_line(project: Project) -> None:
    """What a loop does ten times at one line is told once, and counted."""
    loop = "for i in range(10):\n        op.execute(f'{} t{{i}} {}')"
    create = loop.format("CREATE TABLE", "(id INTEGER PRIMARY KEY)")
    project.revision("made00000000", "base00000000", create, loop.format("DROP TABLE", ""))
    project.commit_all("tables")
    project.git("switch", "-q", "-c", "feature")
    path = project.revision("more00000000", "made00000000", loop.format("DELETE FROM", ""))
    project.commit_all("many")
    answer = json.loads(
        project.gitmig("check", "--base", "main", "--format", "json", code=None).stdout
    )
    found = [each for each in answer["findings"] if each["code"] == "GM741"]
    assert [(each["path"], each["line"]) for each in found] == [(path, 13)]
    assert found[0]["message"].endswith("; and 9 more like it at this line")


@pytest.mark.parametrize("word", ["GM711", "gm711", "index-not-concurrently"])
def test_a_rule_is_explained(project: Project, word: str) -> None:
    """`gitmig rule` explains a code or a name: what, why, an example, what instead."""
    told = project.gitmig("rule", word).stdout
    assert told.startswith("GM711 index-not-concurrently")
    assert "Why:" in told and "Example:" in told and "postgresql_concurrently=True" in told
    found = json.loads(project.gitmig("rule", word, "--format", "json").stdout)
    assert found["code"] == "GM711" and found["documentation"].startswith("An index is built")


def test_a_code_of_a_gate_is_explained(project: Project) -> None:
    """The codes of the gates are explained too, and squawk's by where they are documented."""
    assert "was edited" in project.gitmig("rule", "GM011").stdout
    assert "squawkhq.com/docs/ban-drop-view" in project.gitmig("rule", "SQ-ban-drop-view").stdout
    assert "did you mean" in project.gitmig("rule", "several-heeds", code=2).stderr
    assert "squawk has no rule nosuch" in project.gitmig("rule", "SQ-nosuch", code=2).stderr


def test_the_page_is_current(project: Project) -> None:
    """docs/rules.md is what `gitmig rules --format markdown` prints."""
    page = (Path(__file__).parents[2] / "docs/rules.md").read_text(encoding="utf-8")
    assert documents.page() == page == project.gitmig("rules", "--format", "markdown").stdout
