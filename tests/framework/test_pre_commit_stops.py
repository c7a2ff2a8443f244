"""When the hook of the pre-commit framework stops, keeps out, and what else runs beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from framed import Framed
from support import column

from gitmig import revisions

pytest.importorskip("pre_commit")

EMAIL = column("email")
AGE = column("age", "Integer", ", nullable=False")
FAILED = "gitmig autogenerate......................................................Failed"

# imports every module in tables/, as projects with one file a table do
IMPORT_TABLES = """

import importlib
import pathlib

for found in sorted(pathlib.Path(__file__).parent.glob("tables/*.py")):
    importlib.import_module(f"tables.{found.stem}")
"""
INVOICE = """\
from acme_columns import *
from models import Base


class Invoice(Base):
    __tablename__ = "invoices"

    id = Column(Integer, primary_key=True)
"""

TIDY = """\
import pathlib
import sys

changed = 0
for path in map(pathlib.Path, sys.argv[1:]):
    text = path.read_text()
    tidy = "".join(line.rstrip() + "\\n" for line in text.splitlines())
    if tidy != text:
        path.write_text(tidy)
        changed = 1
sys.exit(changed)
"""
FORMATTER = f"""\
  - repo: local
    hooks:
      - id: tidy
        name: tidy
        entry: {sys.executable} tidy.py
        language: system
        types: [python]
"""


def waiting_revision(framed: Framed) -> str:
    """Return the path of the one revision that is there beside the first."""
    (path,) = (each for each in framed.versions() if "base00000000" not in each)
    return path


def test_a_doubtful_revision_waits(framed: Framed) -> None:
    """A commit that can fail on rows stops, also with ``-a``; committing again accepts (C10)."""
    framed.append("models.py", AGE)
    before = framed.head()
    output = framed.commit("-am", "age", code=1)
    path = waiting_revision(framed)
    assert FAILED in output
    assert "Passed" not in output
    assert f"look at {path}; committing again accepts it" in output
    assert framed.head() == before
    framed.git("add", "models.py")
    assert FAILED in framed.pre_commit("run", code=1)
    assert framed.status() == f"M  models.py\n?? {path}\n"
    framed.commit("-am", "age")
    assert framed.files_in() == {"models.py", path}
    assert framed.status() == ""


def test_a_commit_that_only_removes_a_model(framed: Framed) -> None:
    """A removed file, which pre-commit passes to no hook, is seen (C10)."""
    framed.append("models.py", IMPORT_TABLES)
    framed.write("tables/invoice.py", INVOICE)
    framed.git("add", "-A")
    framed.commit("-m", "invoices")
    framed.git("rm", "-q", "tables/invoice.py")
    output = framed.commit("-m", "no invoices", code=1)
    assert FAILED in output
    assert "invoices" in output
    staged = framed.status().splitlines()
    assert "D  tables/invoice.py" in staged
    assert [line[:2] for line in staged] == ["A ", "D "]
    framed.commit("-m", "no invoices")
    (path,) = framed.new_revisions()
    assert "op.drop_table('invoices')" in framed.read(path)
    assert framed.status() == ""


def test_by_hand_and_in_ci_nothing_is_written(framed: Framed) -> None:
    """``pre-commit run`` fails while a revision is missing, and writes nothing (C16)."""
    assert "Passed" in framed.pre_commit("run", "--all-files")
    framed.append("models.py", EMAIL)
    framed.git("add", "models.py")
    for arguments in (["run"], ["run", "--all-files"], ["run", "gitmig-autogenerate"]):
        output = framed.pre_commit(*arguments, code=1)
        assert FAILED in output
        assert "Passed" not in output
        assert "users.email" in output
        assert "run `gitmig autogenerate`" in output
        assert framed.status() == "M  models.py\n"
    framed.commit("--no-verify", "-m", "email")
    assert FAILED in framed.pre_commit("run", "--all-files", code=1)
    assert framed.status() == ""


def test_without_staging(framed: Framed) -> None:
    """With ``stage = false`` the commit fails until the revision is staged by hand (C16)."""
    framed.write("pyproject.toml", "[tool.gitmig]\nstage = false\n")
    framed.commit_all("settings")
    for text in (EMAIL, "", "# a comment\n"):
        framed.append("models.py", text)
        framed.git("add", "models.py")
        output = framed.commit("-m", "email", code=1)
        path = waiting_revision(framed)
        assert FAILED in output
        assert f"→ git add {path}" in output
        assert framed.status() == f"M  models.py\n?? {path}\n"
    assert FAILED in framed.pre_commit("run", "--all-files", code=1)
    framed.git("add", path)
    assert "Passed" in framed.pre_commit("run", "--all-files")
    framed.commit("-m", "email")
    assert framed.files_in() == {"models.py", path}
    assert framed.status() == ""


def test_nothing_to_do_starts_no_worker(framed: Framed) -> None:
    """Docs and comments need no Python of the project's; a model change would (C2)."""
    nowhere = str(framed.path / "nowhere")
    framed.append("models.py", EMAIL)
    assert FAILED in framed.commit("-am", "email", code=1, GITMIG_PYTHON=nowhere)
    framed.commit("-am", "email")
    framed.append("docs/index.md", "more words\n")
    framed.commit("-am", "words", GITMIG_PYTHON=nowhere)
    framed.append("models.py", "\n\n# a comment\n")
    framed.commit("-am", "comment", GITMIG_PYTHON=nowhere)
    assert framed.files_in() == {"models.py"}
    assert framed.status() == ""


@pytest.mark.parametrize("everything", [False, True], ids=["plain", "-a"])
def test_a_formatter_after_gitmig(framed: Framed, everything: bool) -> None:
    """A later hook that reformats the model aborts the commit; the retry has one revision (C8)."""
    framed.write("tidy.py", TIDY)
    framed.use("gitmig-autogenerate", more=FORMATTER)
    framed.append("models.py", EMAIL.replace("\n", "   \n"))
    for code in (1, 0):
        if not everything:
            framed.git("add", "models.py")
        output = framed.commit("-am" if everything else "-m", "email", code=code)
        assert ("files were modified by this hook" in output) == bool(code)
    path = waiting_revision(framed)
    assert framed.files_in() == {"models.py", path}
    assert framed.read("models.py").endswith(EMAIL)
    assert framed.status() == ""


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [("SKIP", "gitmig-autogenerate", "Skipped"), ("GITMIG_SKIP", "1", "Passed")],
)
def test_skipped_once(framed: Framed, variable: str, value: str, word: str) -> None:
    """A skipped commit has no revision: by hand the hook says so until it is there (C16)."""
    framed.append("models.py", EMAIL)
    skipping = Framed(framed.path, {**framed.env, variable: value}, framed.gitmig_repository)
    assert word in skipping.commit("-am", "email")
    assert framed.files_in() == {"models.py"}
    framed.append("docs/index.md", "more words\n")
    framed.commit("-am", "words")
    assert framed.files_in() == {"docs/index.md"}
    assert FAILED in framed.pre_commit("run", "--all-files", code=1)
    framed.gitmig("autogenerate")
    framed.commit("-m", "email")
    assert framed.files_in() == {waiting_revision(framed)}
    assert "Passed" in framed.pre_commit("run", "--all-files")
    assert framed.status() == ""


def test_check_before_a_push(framed: Framed, tmp_path: Path) -> None:
    """``gitmig-check`` holds back a push that lacks a revision, and runs by hand (C16)."""
    remote = tmp_path / "remote.git"
    framed.use("gitmig-autogenerate", "gitmig-check", types=["pre-push"])
    framed.git("init", "-q", "--bare", str(remote))
    framed.git("remote", "add", "origin", str(remote))
    framed.append("models.py", EMAIL)
    framed.commit("--no-verify", "-am", "email")
    refused = framed.git("push", "-q", "origin", "main", code=1)
    assert "users.email" in refused.stdout + refused.stderr
    assert framed.git("ls-remote", "origin").stdout == ""
    framed.gitmig("autogenerate")
    framed.commit("-m", "its revision")
    framed.git("push", "-q", "origin", "main")
    assert framed.head() in framed.git("ls-remote", "origin").stdout
    by_hand = ("run", "gitmig-check", "--hook-stage", "manual", "--all-files")
    assert "Passed" in framed.pre_commit(*by_hand)
    assert framed.status() == ""


def grow(framed: Framed, name: str, before: str) -> None:
    """Commit a column and its revision, without the hooks."""
    models = framed.read("models.py").replace(before, column(name) + before)
    framed.write("models.py", models)
    framed.revision(
        f"{name}0000000",
        "base00000000",
        f'op.add_column("users", sa.Column("{name}", sa.String(200)))',
        f'op.drop_column("users", "{name}")',
    )
    framed.commit_all(name)


@pytest.mark.parametrize("stage", [True, False], ids=["staged", "by-hand"])
def test_two_heads_in_a_clean_merge(framed: Framed, stage: bool) -> None:
    """The merge stops once with the heads joined, and ``git commit`` completes it (H2)."""
    framed.write("pyproject.toml", f"[tool.gitmig]\nstage = {str(stage).lower()}\n")
    framed.use("gitmig-autogenerate", "gitmig-merge-heads", types=["pre-merge-commit"])
    framed.git("switch", "-q", "-c", "side")
    grow(framed, "phone", "    name = ")
    framed.git("switch", "-q", "main")
    grow(framed, "email", "    id = ")
    stopped = framed.git("merge", "side", code=1)
    (path,) = (each for each in framed.versions() if "_merge_" in each)
    if stage:
        assert "type `git commit` to complete it" in stopped.stdout + stopped.stderr
    else:
        assert f"type `git add {path}`, then `git commit`" in stopped.stdout + stopped.stderr
        framed.git("add", path)
    framed.commit("--no-edit")
    assert len(framed.git("show", "-s", "--format=%P").stdout.split()) == 2
    joined = revisions.parse(framed.read(path), path)
    assert joined is not None
    assert sorted(joined.parents) == ["email0000000", "phone0000000"]
    assert framed.python("-m", "alembic", "heads").split() == [joined.id, "(head)"]
    assert path in framed.files_in()
    assert framed.status() == ""
