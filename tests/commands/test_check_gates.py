"""Which gates `gitmig check` has, in which order, and that none is green that did not run."""

from __future__ import annotations

import json

from support import Project, column

ADD = "op.add_column('users', sa.Column('email', sa.String(200)))"
DROP = "op.drop_column('users', 'email')"


def gates(project: Project, *options: str, code: int = 0) -> list[tuple[str, str]]:
    """Run a check and return each gate with its status, in order."""
    result = project.gitmig("check", "--format", "json", *options, code=code)
    return [(gate["name"], gate["status"]) for gate in json.loads(result.stdout)["gates"]]


def test_two_published_heads(project: Project) -> None:
    """A base with two labelled heads is where both lines begin; only what is new goes down (H5)."""
    for name in ("shop", "blog"):
        table = f"op.create_table('{name}', sa.Column('id', sa.Integer, primary_key=True))"
        # its downgrade fails: what is published is not taken down
        path = project.revision(f"{name}00000000", "base00000000", table, "1 / 0")
        text = project.read(path)
        project.write(path, text.replace("branch_labels = None", f'branch_labels = "{name}"'))
        project.append(
            "models.py",
            f"\n\nclass {name.title()}(Base):\n    __tablename__ = '{name}'\n"
            "    id = Column(Integer, primary_key=True)\n",
        )
    project.commit_all("two lines")
    project.git("switch", "-q", "-c", "feature")
    project.write("models.py", project.read("models.py").replace(
        "    name = Column", column("email") + "    name = Column"
    ))  # fmt: skip
    project.revision("more00000000", "shop00000000", ADD, DROP)
    project.commit_all("more")
    assert {status for _, status in gates(project, "--base", "main")} == {"passed"}


def test_gates_that_could_not_run(project: Project) -> None:
    """With a graph that cannot be used every gate on a database is there, and skipped."""
    project.git("switch", "-q", "-c", "feature")
    project.revision("more00000000", "nowhere", ADD, DROP)
    project.commit_all("more")
    found = dict(gates(project, "--base", "main", code=1))
    assert found["graph"] == "failed"
    assert {found[name] for name in ("upgrade", "downgrade", "drift", "deploy")} == {"skipped"}
