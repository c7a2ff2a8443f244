"""What is staged decides, not what else lies in the work tree; nothing staged costs nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import MODELS, Project, column

EMAIL = column("email")
PHONE = column("phone", "String(30)")


def stage_text(project: Project, path: str, text: str) -> None:
    """Stage a text for a path without touching the work tree, as ``git add -p`` does."""
    scratch = project.path.parent / "staged"
    scratch.write_text(text, encoding="utf-8")
    blob = project.git("hash-object", "-w", str(scratch)).stdout.strip()
    project.git("update-index", "--cacheinfo", f"100644,{blob},{path}")


def revision_in(project: Project, commit: str = "HEAD") -> str:
    """Return the text of the one revision of a commit."""
    (path,) = project.new_revisions(commit)
    return project.git("show", f"{commit}:{path}").stdout


def test_partially_staged(hooked: Project) -> None:
    """The revision has what was staged with ``git add -p`` and nothing else (C3)."""
    hooked.append("models.py", EMAIL + PHONE)
    stage_text(hooked, "models.py", MODELS + EMAIL)
    hooked.git("commit", "-m", "email")
    first = revision_in(hooked)
    assert "email" in first and "phone" not in first
    assert hooked.status() == " M models.py\n"
    assert hooked.read("models.py") == MODELS + EMAIL + PHONE

    hooked.git("commit", "-am", "phone")
    second = revision_in(hooked)
    assert "phone" in second and "email" not in second
    id_of_first = first.partition("Revision ID: ")[2].split()[0]
    assert f"down_revision = {id_of_first!r}" in second
    assert hooked.status() == ""
    assert hooked.gitmig("check").returncode == 0


def test_an_unstaged_revision_is_no_parent(hooked: Project) -> None:
    """A tracked revision deleted or edited in the work tree alone counts as staged (C3)."""
    path = "migrations/versions/base00000000.py"
    hooked.write(path, hooked.read(path).replace("base00000000", "other0000000"))
    hooked.append("models.py", EMAIL)
    hooked.git("add", "models.py")
    hooked.git("commit", "-m", "email")
    assert "down_revision = 'base00000000'" in revision_in(hooked)
    assert hooked.status() == f" M {path}\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("migrations/versions/half.py", "revision = 'half"),
        ("migrations/versions/other.py", "revision = 'other'\ndown_revision = 'base00000000'\n"),
        ("more_models.py", "raise SystemExit('never import this')\n"),
        ("sitecustomize.py", "raise SystemExit('never import this')\n"),
        ("sqlalchemy.py", "raise SystemExit('never import this')\n"),
    ],
)
def test_untracked_work_is_left_alone(hooked: Project, path: str, text: str) -> None:
    """An untracked file is not staged, not a parent, not imported, not modified (C7)."""
    written = hooked.write(path, text)
    before = written.stat()
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-am", "email")
    assert "down_revision = 'base00000000'" in revision_in(hooked)
    assert hooked.status() == f"?? {path}\n"
    assert hooked.read(path) == text
    assert written.stat().st_mtime_ns == before.st_mtime_ns


def test_an_untracked_model_that_env_py_imports_if_it_is_there(hooked: Project) -> None:
    """What env.py finds by searching the folder is only what is staged (C7)."""
    text = hooked.read("migrations/env.py")
    search = (
        "import importlib, pathlib\n"
        "for found in sorted(pathlib.Path().glob('*_models.py')):\n"
        "    importlib.import_module(found.stem)\n"
    )
    hooked.write("migrations/env.py", search + text)
    hooked.commit_all("search")
    more = (
        "from models import *\nclass Pet(Base):\n    __tablename__ = 'pets'\n"
        "    id = Column(Integer, primary_key=True)\n"
    )
    hooked.write("pet_models.py", more)
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-am", "email")
    assert "pets" not in revision_in(hooked)
    assert hooked.status() == "?? pet_models.py\n"


@pytest.fixture
def marks(hooked: Project) -> Path:
    """Have the hook and the worker each leave a line whenever they start a Python; return where."""
    marks = hooked.path.parent / "marks"
    python = hooked.path.parent / "python"
    for name in ("front", "worker"):
        wrapper = python.with_name(f"{name}-python")
        wrapper.write_text(f'#!/bin/sh\necho {name} >>"{marks}"\nexec "{sys.executable}" "$@"\n')
        wrapper.chmod(0o755)
    hook = hooked.path / ".git/hooks/pre-commit"
    front = python.with_name("front-python")
    baked = re.sub(r"^python=.*$", f"python='{front}'", hook.read_text(), flags=re.MULTILINE)
    hook.write_text(baked)
    hooked.write("gitmig.toml", f'python = "{python.with_name("worker-python")}"\n')
    hooked.write("web/views.py", "PAGE = 1\n")
    hooked.git("add", "-A")
    hooked.git("commit", "-qm", "settings")
    assert "worker" in marks.read_text()
    marks.unlink()
    return marks


@pytest.mark.parametrize("path", ["style.css", "docs/guide.md"])
def test_no_python_for_other_files(hooked: Project, marks: Path, path: str) -> None:
    """A commit of files that are no Python starts none (C2)."""
    hooked.write(path, "words\n")
    hooked.git("add", path)
    hooked.git("commit", "-m", "words")
    assert hooked.files_in() == {path}
    assert not marks.exists()


def test_no_worker_for_files_outside_the_models(hooked: Project, marks: Path) -> None:
    """A commit of Python that the models do not import starts no worker (C2)."""
    hooked.write("web/views.py", "PAGE = 2\n")
    hooked.write("web/more.py", "PAGE = 3\n")
    hooked.git("add", "-A")
    hooked.git("commit", "-m", "pages")
    assert hooked.files_in() == {"web/views.py", "web/more.py"}
    assert marks.read_text() == "front\n"


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "# a comment\n" + text,
        lambda text: '"""A docstring."""\n' + text,
        lambda text: text.replace("class User(Base):", 'class User(Base):\n    """People."""\n'),
        lambda text: text.replace("String(50)", "String(\n        50\n    )"),
    ],
    ids=["comment", "docstring", "class docstring", "layout"],
)
def test_words_in_the_models_need_nothing(
    hooked: Project, marks: Path, edit: Callable[[str], str]
) -> None:
    """A comment, a docstring or layout in the models: no revision and no worker (C2)."""
    hooked.write("models.py", edit(hooked.read("models.py")))
    told = hooked.git("commit", "-am", "words")
    assert hooked.files_in() == {"models.py"}
    assert hooked.status() == ""
    assert marks.read_text() == "front\n"
    assert "gitmig" not in told.stdout + told.stderr


def test_what_was_proved_holds_when_one_comes_back(hooked: Project, marks: Path) -> None:
    """Going back to a branch that was proved starts no worker (C2)."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-qam", "email")
    assert "worker" in marks.read_text()
    marks.unlink()
    hooked.git("switch", "-qc", "topic", "HEAD~1")
    hooked.write("web/views.py", "PAGE = 2\n")
    hooked.git("commit", "-qam", "page")
    assert marks.read_text() == "front\n"
