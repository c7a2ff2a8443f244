"""`gitmig check --shard N/M`: one check over several machines, each part in exactly one."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from support import Project, services

from gitmig.commands.shard import Shard, parts_of

NAMES = ("accounts", "billing", "orders")
Gates = Counter[tuple[str, str, str]]


def gates(project: Project, *options: str, code: int | None = None) -> tuple[Gates, set[str]]:
    """Return (environment, gate, status) of a check, and its findings as text."""
    told = json.loads(project.gitmig("check", "--format", "json", *options, code=code).stdout)
    parts = told.get("environments", [told])
    found = {json.dumps(each) for part in parts for each in part["findings"]}
    return Counter(
        (part["environment"], gate["name"], gate["status"])
        for part in parts
        for gate in part["gates"]
    ), found


def all_shards(project: Project, of: int, *options: str) -> tuple[Gates, set[str]]:
    """Return what all shards together tell."""
    total: Gates = Counter()
    findings: set[str] = set()
    for number in range(1, of + 1):
        some, found = gates(project, *options, "--shard", f"{number}/{of}")
        total += some
        findings |= found
    return total, findings


def on_a_branch(project: Project) -> None:
    """Give a branch a revision in one service whose downgrade does not undo it."""
    services(project, *NAMES)
    project.git("switch", "-q", "-c", "feature")
    add = 'op.add_column("billing", sa.Column("email", sa.String(200)))'
    project.revision("more00000000", "billing00000000", add, "pass",
                     path="billing/migrations/versions/more.py")  # fmt: skip
    project.commit_all("email")


@pytest.mark.parametrize("of", [2, 4])
def test_the_union_is_the_whole(project: Project, of: int) -> None:
    """All shards together have each gate of each environment once, and every finding."""
    on_a_branch(project)
    whole, findings = gates(project, "--base", "main", code=1)
    assert set(whole.values()) == {1} and len({name for name, _, _ in whole}) == 3
    assert {gate for _, gate, _ in whole} >= {"graph", "published", "upgrade", "deploy"}
    assert all_shards(project, of, "--base", "main") == (whole, findings)


def test_one_environment(project: Project) -> None:
    """The gates of one environment are spread, too: those that share a walk stay together."""
    whole, _ = gates(project, "--base", "main")
    first, _ = gates(project, "--base", "main", "--shard", "1/3")
    second, _ = gates(project, "--base", "main", "--shard", "2/3")
    third, _ = gates(project, "--base", "main", "--shard", "3/3")
    assert {gate for _, gate, _ in first} >= {"upgrade", "downgrade", "drift"}
    assert {gate for _, gate, _ in second} >= {"deploy"}
    assert {gate for _, gate, _ in third} == {"graph", "published"}
    assert first + second + third == whole and set(whole.values()) == {1}


def test_named(project: Project) -> None:
    """What a shard did is under the name of its environment, also where that is the only one."""
    static = ("--static", "--shard", "1/2")
    assert project.gitmig("check", *static).stdout.startswith("default (shard 1/2)\n✓ graph")
    assert "default" not in project.gitmig("check", "--static").stdout
    services(project, *NAMES)
    lines = project.gitmig("check", "--static", "--shard", "2/3").stdout.splitlines()
    assert [each for each in lines if "shard" in each] == ["billing (shard 2/3)"]
    page = project.path.parent / "page.md"
    project.gitmig("check", *static, "--output", str(page))
    told = page.read_text()
    assert "#### accounts (shard 1/2)" in told and "#### orders (shard 1/2)" in told
    assert "billing" not in told


def test_versions_in_each(project: Project) -> None:
    """A shard that runs the project's code names the versions, whatever its part is (K7)."""
    for number in (1, 2):
        options = ("--base", "main", "--shard", f"{number}/3", "--format", "json")
        versions = json.loads(project.gitmig("check", *options).stdout)["versions"]
        assert {"python", "alembic", "sqlalchemy"} <= set(versions)


def test_nothing_to_do(project: Project) -> None:
    """A shard that has nothing to do says so and passes; only one of several can have nothing."""
    told = project.gitmig("check", "--static", "--shard", "2/2").stdout
    assert told == "gitmig: shard 2/2 has nothing to do\n"
    answer = json.loads(
        project.gitmig("check", "--static", "--shard", "2/2", "--format", "json").stdout
    )
    assert answer["ok"] and answer["environments"] == []
    assert "✓ graph" in project.gitmig("check", "--static", "--shard", "1/1").stdout
    project.git("rm", "-q", "alembic.ini")
    project.gitmig("check", "--static", "--shard", "2/2", code=2)  # no environment at all


def test_a_broken_graph_is_told_in_each(project: Project) -> None:
    """A shard without the graph's gate that cannot run its own says why."""
    project.revision("more00000000", "nowhere")
    project.commit_all("broken")
    walk = project.gitmig("check", "--shard", "1/2", code=1).stdout
    assert "- upgrade   skipped" in walk and "GM002" in walk and "graph" not in walk
    assert "✗ graph     failed" in project.gitmig("check", "--shard", "2/2", code=1).stdout


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2", "not of the form N/M"),
        ("a/b", "not of the form N/M"),
        ("-1/2", "not of the form N/M"),
        ("0/3", "the first of 3 is 1/3"),
        ("4/3", "the last 3/3"),
        ("0/0", "one shard at least"),
        ("1/", "not of the form N/M"),
    ],
)
def test_bad_values(project: Project, value: str, told: str) -> None:
    """What is no shard is refused in a sentence."""
    result = project.gitmig("check", f"--shard={value}", code=2)
    assert told in result.stderr and result.stdout == ""


@pytest.mark.parametrize("of", [1, 2, 3, 7, 10, 100])
def test_dealing(of: int) -> None:
    """Each part of thirty services is in exactly one shard; the long ones are spread evenly."""
    environments = [f"service{number}" for number in range(30)]
    parts = parts_of(False, ["deploy"])
    shares = [Shard(number, of).share(parts, environments) for number in range(1, of + 1)]
    dealt = Counter((name, part) for share in shares for name, own in share.items() for part in own)
    assert dealt == Counter((name, part) for name in environments for part in parts)
    for part in parts:
        sizes = [sum(part in own for own in share.values()) for share in shares]
        assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("of", [2, 5])
def test_what_gates_of_another_shard_tell(project: Project, of: int) -> None:
    """A rule leaves to `rolling` what that tells, in whatever shard it is; so do unused waivers."""
    services(project, *NAMES)
    add = 'op.add_column("billing", sa.Column("email", sa.String(200)))'
    path = "billing/migrations/versions/email.py"
    project.revision("email0000000", "billing00000000", add, path=path)
    models = project.read("billing/models.py")
    project.write("billing/models.py", f"{models}    email = Column(Integer)\n")
    project.commit_all("email")
    project.git("switch", "-q", "-c", "feature")
    project.write("billing/models.py", models)
    drop = 'op.drop_column("billing", "email")'
    waived = f"pass  # gitmig: allow GM602 this is not found here\n    {drop}"
    project.revision("more00000000", "email0000000", waived, add,
                     path="billing/migrations/versions/more.py")  # fmt: skip
    project.commit_all("no email")
    whole, findings = gates(project, "--base", "main", code=1)
    codes = {json.loads(each)["code"] for each in findings}
    assert {"GM601", "GM792"} <= codes and "GM722" not in codes
    assert all_shards(project, of, "--base", "main") == (whole, findings)


@pytest.mark.parametrize("of", [2, 5])
def test_a_deployed_database(project: Project, of: int) -> None:
    """How a deployed database ends is compared with a new one also where no walk is beside it."""
    services(project, *NAMES)
    path = "orders/migrations/versions/orders.py"
    made = "from models import Base; Base.metadata.create_all(op.get_bind())"
    project.revision("orders00000000", None, made, 'op.drop_table("orders")', path=path)
    project.commit_all("create_all")
    project.git("switch", "-q", "-c", "feature")
    project.append("orders/models.py", "    size = Column(Integer)\n")
    project.commit_all("size")
    whole, findings = gates(project, "--base", "main", code=1)
    assert {json.loads(each)["code"] for each in findings} == {"GM105"}
    assert all_shards(project, of, "--base", "main") == (whole, findings)
