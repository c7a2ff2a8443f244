"""``gitmig check``: what a downgrade leaves besides tables, on SQLite."""

from __future__ import annotations

from support import Project


def test_a_view_that_a_downgrade_forgets(project: Project) -> None:
    """A view that was redefined and not put back is found, one that was put back is not (K2)."""
    make, drop = "op.execute('CREATE VIEW names AS SELECT name FROM users')", "DROP VIEW names"
    project.revision("view00000000", "base00000000", make, f"op.execute('{drop}')")
    project.commit_all("view")
    project.gitmig("check")
    again = make.replace("name FROM", "id FROM")
    project.revision(
        "view00000001", "view00000000", f"op.execute('{drop}'); {again}", "pass"
    )  # fmt: skip
    project.git("add", "-A")
    told = project.gitmig("check", code=1).stdout
    assert "GM202" in told and "view names differs" in told
