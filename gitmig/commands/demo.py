"""``gitmig demo``: the whole way, in a real repository in a temporary directory.

Every command is run as a user would type it and its real output is shown.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

Tell = Callable[[str], None]

MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
"""
EMAIL = "    email: Mapped[str | None] = mapped_column(String(200))\n"
PHONE = "    phone: Mapped[str | None] = mapped_column(String(30))\n"


def demo(tell: Tell, *, keep: bool = False) -> bool:
    """Show the way of a model change; return whether every command ended as it should."""
    folder = Path(tempfile.mkdtemp(prefix="gitmig-demo-"))
    try:
        return Demo(folder, tell).play()
    finally:
        if keep:
            tell(f"\nThe repository is in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


class Demo:
    """A repository to type in. ``tell`` gets each line that a terminal would show."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        self.folder = folder
        self.tell = tell
        self.ok = True

    def play(self) -> bool:
        """Play the three scenes."""
        self.first_commit()
        self.two_branches()
        self.in_ci()
        return self.ok

    def first_commit(self) -> None:
        """Set up a project, change a model, commit."""
        self.say("A project with one model, and gitmig")
        (self.folder / "models.py").write_text(MODELS)
        self.type("git init --quiet -b main")
        self.type("git config user.name Ada && git config user.email ada@example.com")
        self.type("gitmig init")
        self.type("git add -A && git commit --quiet -m 'users'")
        self.type("gitmig upgrade")
        self.say("Edit the model and commit it: the revision is in that same commit")
        self.edit(EMAIL)
        self.type("git commit -am 'users have an email'")
        self.type("git show --stat --format=%s")
        self.type("gitmig upgrade --dry-run")

    def two_branches(self) -> None:
        """Let two branches each add a revision, and join them."""
        self.say("Meanwhile, on another branch")
        self.type("git switch --quiet -c phone HEAD~1")
        self.edit(PHONE)
        self.type("git commit --quiet -am 'users have a phone'")
        self.type("git switch --quiet main")
        self.type("git merge phone -m 'merge phone'", code=1)
        # the conflict is in the models, as ever: both columns stay
        self.type("grep -v '^[<=>]' models.py > both && mv both models.py")
        self.type("git add models.py")
        self.type("gitmig merge-heads")
        self.type("git commit --quiet -m 'merge phone'")

    def in_ci(self) -> None:
        """Check as CI does, and show the graph."""
        self.say("What CI runs")
        self.type("gitmig check")
        self.type("gitmig upgrade")
        self.type("gitmig graph")
        self.type("git status --short")

    def say(self, text: str) -> None:
        """Tell what comes next."""
        self.tell(f"\n# {text}")

    def edit(self, line: str) -> None:
        """Add a column to the model."""
        self.type(f"echo '{line.rstrip()}' >> models.py")

    def type(self, command: str, code: int = 0) -> None:
        """Run a command in the shell, showing it and all it prints."""
        self.tell(f"$ {command}")
        result = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.stdout.strip():
            self.tell(result.stdout.rstrip())
        if result.returncode != code:
            self.tell(f"(exit code {result.returncode})")
            self.ok = False

    def environment(self) -> dict[str, str]:
        """Return the environment: this gitmig first on PATH, no settings of the user's git."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT")}
        kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
        kept.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", GIT_EDITOR="true")
        return kept
