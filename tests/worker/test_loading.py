"""Revision files are loaded as Alembic loads them, also where that needs a running env.py."""

from __future__ import annotations

import pytest
from support import Project, column


@pytest.mark.parametrize(
    "line", ["KIND = op.get_context().dialect.name", "from alembic.context import get_bind, config"]
)
def test_op_at_import(project: Project, line: str) -> None:
    """A revision that uses ``op`` or ``context`` while it is imported is no obstacle."""
    (path,) = project.path.glob("migrations/versions/*.py")
    path.write_text(path.read_text().replace("\nrevision = ", f"\n{line}\nrevision = ", 1))
    project.commit_all()
    project.append("models.py", column("email"))
    project.git("add", "-A")
    assert "add users.email" in project.gitmig("autogenerate").stdout


def test_unreadable(project: Project) -> None:
    """A revision that cannot be loaded at all is named, with its line."""
    (path,) = project.path.glob("migrations/versions/*.py")
    path.write_text(path.read_text() + "\nmissing_name\n")
    project.git("add", "-A")
    told = project.gitmig("autogenerate", code=2).stderr
    assert f"{path.name}:" in told
    assert "NameError" in told


def test_pygments(project: Project) -> None:
    """Alembic is imported without Pygments, which it has no use for; env.py can import it."""
    env = project.path / "migrations" / "env.py"
    first = (
        "import sys\nknown = [name for name in sys.modules if name.startswith('pygments')]\n"
        "if not hasattr(sys, 'seen'):\n    assert not known\n    sys.seen = True\n"
        "import pygments.lexers\n"
    )
    env.write_text(first + env.read_text())
    project.git("add", "-A")
    assert "✓ upgrade" in project.gitmig("check").stdout
