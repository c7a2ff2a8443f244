"""Gate `downgrade`: required, optional, forbidden, and revisions that say they are one-way."""

from __future__ import annotations

import json

import pytest
from support import Project

from gitmig import wayback

GENERATED = """
    raise NotImplementedError("this project forbids downgrades: mend it with another revision")
"""
REFUSES = 'raise NotImplementedError("no way back")'
MAKE, DROP = 'op.create_table("{0}", sa.Column("id", sa.Integer))', 'op.drop_table("{0}")'


def chain(project: Project, *downs: str) -> list[str]:
    """Add revisions that each make a table, with these downgrades; return their paths."""
    parent, paths = "base00000000", []
    for number, down in enumerate(downs):
        table = f"t{number}"
        up = MAKE.format(table)
        paths.append(project.revision(f"r{number}", parent, up, down.format(table)))
        parent = f"r{number}"
    return paths


def judged(project: Project, *options: str, setting: str = "") -> tuple[str, list[tuple[str, str]]]:
    """Return the status of the gate, and what it found: code and revision."""
    project.write("gitmig.toml", f'downgrade = "{setting}"\n' if setting else "")
    project.commit_all("all")
    result = project.gitmig("check", "--format", "json", *options, code=None)
    told = json.loads(result.stdout)
    status = {gate["name"]: gate["status"] for gate in told["gates"]}["downgrade"]
    found = [(each["code"], each["revision"]) for each in told["findings"]
             if each["code"].startswith("GM2")]  # fmt: skip
    return status, found


def mark(project: Project, path: str, reason: str) -> None:
    """Say in a revision that it is one-way."""
    project.write(path, f"# gitmig: one-way{reason}\n{project.read(path)}")


@pytest.mark.parametrize("down", [REFUSES, "pass"])
def test_required(project: Project, down: str) -> None:
    """Where downgrades are required one that refuses, or does nothing, fails (K2)."""
    chain(project, down)
    code = "GM201" if down == REFUSES else "GM202"
    assert judged(project) == ("failed", [(code, "r0")])


@pytest.mark.parametrize("down", [REFUSES, "pass", "...", '"""No way back."""'])
def test_optional(project: Project, down: str) -> None:
    """Where they are optional, refusing and doing nothing is accepted (K2)."""
    chain(project, down)
    assert judged(project, setting="optional") == ("passed", [])


def test_optional_ones_are_proved(project: Project) -> None:
    """One that is there is proved, above and below one that is not (K2)."""
    leaves = 'op.execute("SELECT 1")'
    chain(project, leaves, DROP, REFUSES, leaves, DROP, "pass")
    found = judged(project, setting="optional")
    assert found == ("failed", [("GM202", "r3"), ("GM202", "r0")])


def test_forbidden(project: Project) -> None:
    """Where they are forbidden one that is there is a finding, and none runs (K2)."""
    project.git("switch", "-q", "-c", "feature")
    paths = chain(project, REFUSES, "1 / 0", "pass")
    assert judged(project, "--base", "main", setting="forbidden") == ("failed", [("GM204", "r1")])
    assert f"{paths[1]}:15: error GM204" in project.gitmig("check", code=1).stdout


def test_what_is_generated_where_they_are_forbidden(project: Project) -> None:
    """What is generated, folded and joined refuses to go back, and passes the check (K2)."""
    project.write("gitmig.toml", 'downgrade = "forbidden"\n')
    project.commit_all("no way back")
    project.git("switch", "-q", "-c", "feature")
    for name in ("email", "phone"):
        project.append("models.py", f"    {name} = Column(String(50))\n")
        project.git("add", "-A")
        project.gitmig("autogenerate")
        project.commit_all(name)
    generated = project.git("diff", "--name-only", "main", "--", "migrations").stdout.split()
    assert len(generated) == 2
    for path in generated:
        assert project.read(path).count(GENERATED) == 1 and "drop_column" not in project.read(path)
    check = ("check", "--base", "main", "--ignore", "GM7")
    assert "✓ downgrade passed" in project.gitmig(*check).stdout
    project.gitmig("fold", "--base", "main")
    (folded,) = {
        *project.git("diff", "--cached", "--name-only", "main", "--", "migrations").stdout.split()
    }
    assert project.read(folded).count(GENERATED) == 1 and "phone" in project.read(folded)
    assert "✓ downgrade passed" in project.gitmig(*check).stdout
    project.revision("other0000000", "base00000000", MAKE.format("o"), REFUSES)
    project.git("add", "-A")
    project.gitmig("merge-heads")
    assert "✓ downgrade passed" in project.gitmig(*check, code=None).stdout


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (REFUSES, REFUSES, "refuses"),
        (REFUSES, "op.drop_table('a')", "real"),
        ("pass", REFUSES, "refuses"),
        ("pass", "pass", "none"),
    ],
)
def test_several_databases(first: str, second: str, kind: str) -> None:
    """Of Alembic's template for several databases the function of each counts (K2)."""
    text = f"""\
def downgrade(engine_name):
    globals()["downgrade_%s" % engine_name]()


def downgrade_one():
    {first}


def downgrade_two():
    {second}
"""
    assert wayback.kind(text) == kind


def test_one_way_with_a_reason(project: Project) -> None:
    """A revision that says why it has no way back is not taken down; the others are (K2)."""
    first, second, _ = chain(project, DROP, "1 / 0", DROP)
    mark(project, second, ", the values are not kept")
    assert judged(project) == ("passed", [])
    project.write(first, project.read(first).replace('op.drop_table("t0")', "pass"))
    assert judged(project) == ("failed", [("GM202", "r0")])


def test_one_way_on_a_branch(project: Project) -> None:
    """On a branch the gate and the rows go as far down as there is a way (K2, K3)."""
    project.git("switch", "-q", "-c", "feature")
    paths = chain(project, DROP, REFUSES, DROP)
    mark(project, paths[1], ": the values are not kept")
    assert judged(project, "--base", "main") == ("passed", [])


def test_one_way_without_a_reason(project: Project) -> None:
    """The reason must be there (K2)."""
    (path,) = chain(project, DROP)
    mark(project, path, "")
    assert judged(project) == ("failed", [("GM205", "r0")])
    project.write(path, project.read(path).replace("# gitmig: one-way\n", ""))
    marked = "def downgrade():\n    # gitmig: one-way"
    project.write(path, project.read(path).replace("def downgrade():", marked))
    assert judged(project) == ("failed", [("GM205", "r0")])
    assert f"{path}:16: error GM205" in project.gitmig("check", code=1).stdout
