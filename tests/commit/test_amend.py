"""Amending, and trying again after another hook refused: one revision, and nobody's edits lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import MODELS, Project, column

EMAIL = column("email")
PHONE = column("phone", "String(30)")


def id_of(text: str) -> str:
    """Return the id that a generated revision names."""
    return text.partition("Revision ID: ")[2].split()[0]


def revision_in(project: Project, commit: str = "HEAD") -> str:
    """Return the text of the one revision of a commit."""
    (path,) = project.new_revisions(commit)
    return project.git("show", f"{commit}:{path}").stdout


@pytest.fixture
def committed(hooked: Project) -> Project:
    """Return the project after a commit that added a column."""
    hooked.append("models.py", EMAIL)
    hooked.git("commit", "-qam", "email")
    return hooked


WAYS = pytest.mark.parametrize("options", [["-a"], ["models.py"], []], ids=["-a", "path", "plain"])


def commit(project: Project, options: list[str], *more: str, code: int = 0) -> str:
    """Commit the models in one of the ways; return what was said."""
    if not options:
        project.git("add", "models.py")
    return project.git("commit", "-m", "work", *more, *options, code=code).stderr


@WAYS
def test_amending_regenerates_in_place(committed: Project, options: list[str]) -> None:
    """After another model change the amended commit has one revision, of the same id (C8)."""
    old = revision_in(committed)
    committed.append("models.py", PHONE)
    commit(committed, options, "--amend")
    new = revision_in(committed)
    assert id_of(new) == id_of(old)
    assert "email" in new and "phone" in new
    assert "down_revision = 'base00000000'" in new
    assert committed.status() == ""
    committed.write("README", "words\n")
    committed.git("add", "README")
    committed.git("commit", "-qm", "words")
    assert committed.files_in() == {"README"}


@WAYS
def test_amending_without_the_model_change_removes_it(
    committed: Project, options: list[str]
) -> None:
    """Taking the model change back while amending takes the revision back (C8)."""
    committed.write("models.py", MODELS)
    commit(committed, options, "--amend", "--allow-empty")
    assert committed.files_in() == set()
    assert committed.status() == ""


def test_amending_the_message_changes_nothing_else(committed: Project) -> None:
    """``git commit --amend`` of the message leaves the revision byte for byte (C8)."""
    old = revision_in(committed)
    committed.git("commit", "--amend", "-qm", "another")
    assert revision_in(committed) == old
    assert committed.status() == ""


@pytest.mark.parametrize("staged", [True, False])
def test_edits_are_kept(committed: Project, staged: bool) -> None:
    """A revision edited by hand is never generated over; the new change is stacked (C8)."""
    (path,) = committed.new_revisions()
    edited = committed.read(path).replace("def upgrade():\n", "def upgrade():\n    # by hand\n")
    committed.write(path, edited)
    if staged:
        committed.git("add", path)
    committed.append("models.py", PHONE)
    committed.git("add", "models.py")
    committed.git("commit", "--amend", "-qm", "both")
    assert committed.read(path) == edited
    (second,) = set(committed.new_revisions()) - {path}
    assert f"down_revision = {id_of(edited)!r}" in committed.read(second)
    assert "email" not in committed.read(second)
    assert committed.status() == ("" if staged else f" M {path}\n")


def test_a_published_revision_is_not_regenerated(committed: Project) -> None:
    """Once a remote has the commit, amending stacks a second revision (C8)."""
    committed.git("init", "-q", "--bare", "../remote.git")
    committed.git("remote", "add", "origin", "../remote.git")
    committed.git("push", "-q", "origin", "main")
    (path,) = committed.new_revisions()
    old = committed.read(path)
    committed.append("models.py", PHONE)
    committed.git("commit", "--amend", "-qam", "both")
    assert committed.read(path) == old
    (second,) = set(committed.new_revisions()) - {path}
    assert f"down_revision = {id_of(old)!r}" in committed.read(second)


def test_an_alias_that_amends_is_seen(committed: Project) -> None:
    """An alias of ``git commit --amend`` regenerates in place too (C8)."""
    old = revision_in(committed)
    committed.git("config", "alias.again", "commit --amend --no-edit -qa")
    committed.append("models.py", PHONE)
    committed.git("again")
    assert id_of(revision_in(committed)) == id_of(old)


@pytest.fixture
def refusing(hooked: Project) -> Path:
    """Have another hook refuse each commit while the file that is returned exists."""
    refusal = hooked.path.parent / "refuse"
    refusal.write_text("")
    hook = hooked.path / ".git/hooks/commit-msg"
    hook.write_text(f'#!/bin/sh\n[ ! -e "{refusal}" ]\n')
    hook.chmod(0o755)
    return refusal


@WAYS
def test_retrying_after_another_hook_refused(
    hooked: Project, refusing: Path, options: list[str]
) -> None:
    """A commit that another hook refused and that is tried again has one revision (C8)."""
    hooked.append("models.py", EMAIL)
    commit(hooked, options, code=1)
    (left,) = (hooked.path / "migrations/versions").glob("*email.py")
    refusing.unlink()
    commit(hooked, options)
    assert hooked.new_revisions() == [str(left.relative_to(hooked.path))]
    assert hooked.status() == ""


@WAYS
def test_retrying_with_another_model_change(
    hooked: Project, refusing: Path, options: list[str]
) -> None:
    """What changed between the two tries is in the one revision, under its first id (C8)."""
    hooked.append("models.py", EMAIL)
    commit(hooked, options, code=1)
    (left,) = (hooked.path / "migrations/versions").glob("*email.py")
    first = left.read_text()
    refusing.unlink()
    hooked.append("models.py", PHONE)
    commit(hooked, options)
    new = revision_in(hooked)
    assert id_of(new) == id_of(first)
    assert "email" in new and "phone" in new
    assert hooked.status() == ""


@WAYS
def test_giving_up_after_another_hook_refused(
    hooked: Project, refusing: Path, options: list[str]
) -> None:
    """Taking the model change back after a refused commit takes the revision along (C8)."""
    hooked.append("models.py", EMAIL)
    commit(hooked, options, code=1)
    refusing.unlink()
    hooked.write("models.py", MODELS)
    hooked.write("other.py", "A = 1\n")
    hooked.git("add", "models.py", "other.py")
    hooked.git("commit", "-m", "other")
    assert hooked.files_in() == {"other.py"}
    assert hooked.status() == ""


def test_another_path_while_a_revision_waits(hooked: Project, refusing: Path) -> None:
    """Committing another path takes nothing away from a revision that is staged (C8)."""
    hooked.append("models.py", EMAIL)
    commit(hooked, [], code=1)
    waiting = hooked.status()
    refusing.unlink()
    hooked.write("other.py", "A = 1\n")
    hooked.git("add", "-N", "other.py")
    hooked.git("commit", "-m", "other", "other.py")
    assert hooked.files_in() == {"other.py"}
    assert hooked.status() == waiting
    hooked.git("commit", "-m", "email")
    assert len(hooked.new_revisions()) == 1
    assert hooked.status() == ""


@WAYS
def test_another_commit_while_a_revision_waits(
    hooked: Project, refusing: Path, options: list[str]
) -> None:
    """A revision still waits for its commit when another one came in between (C8)."""
    hooked.append("models.py", EMAIL)
    commit(hooked, options, code=1)
    refusing.unlink()
    hooked.write("README", "words\n")
    hooked.git("add", "-N", "README")
    hooked.git("commit", "-qm", "words", "README")
    commit(hooked, options)
    assert len(hooked.new_revisions()) == 1
    assert hooked.status() == ""
    hooked.append("models.py", PHONE)
    hooked.git("commit", "-qam", "phone")  # what was committed is not taken for waiting any more
    assert "phone" in revision_in(hooked) and "email" not in revision_in(hooked)


def test_another_model_by_path_while_a_revision_waits(hooked: Project, refusing: Path) -> None:
    """A commit that would put a second revision beside a staged one stops, and loses nothing."""
    pets = "from models import Base, Column, Integer\n\n\nclass Pet(Base):\n"
    pets += "    __tablename__ = 'pets'\n\n    id = Column(Integer, primary_key=True)\n"
    hooked.write("pets.py", pets)
    hooked.write("migrations/env.py", "import pets  # noqa\n" + hooked.read("migrations/env.py"))
    hooked.git("add", "-A")
    hooked.git("commit", "-qm", "pets", code=1)
    refusing.unlink()
    hooked.git("commit", "-qm", "pets")
    refusing.write_text("")
    hooked.append("models.py", EMAIL)
    commit(hooked, [], code=1)
    hooked.append("pets.py", column("age", "Integer"))
    waiting, head = hooked.status(), hooked.head()
    told = hooked.git("commit", "-m", "age", "pets.py", code=1).stderr
    assert "is staged and not part of this `git commit <path>`" in told
    assert (hooked.status(), hooked.head()) == (waiting, head)
    refusing.unlink()
    hooked.git("commit", "-qam", "both")
    assert "email" in revision_in(hooked) and "age" in revision_in(hooked)
    assert hooked.status() == ""
