"""What revisions changed in the project is as it was, also where they had to be ended (K9)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import BIN, ENV, Project, column

HANGS = "import time; time.sleep(600)"
ENDS = {
    "time": (HANGS, "did not finish within"),
    "exit": ("import os; os._exit(3)", "ended without an answer (exit code 3)"),
    "memory": (
        "import os, subprocess; subprocess.run(['kill', '-9', str(os.getpid())])",
        "using up the memory",
    ),
}
CHANGES = """import os, shutil
    os.remove('.env')
    os.replace('app.db', 'other.db')
    shutil.rmtree('uploads')
    open('notes', 'a').write('more')
    os.makedirs('new/inner')
    open('new/inner/file', 'w').write('x')
    """
AS_IT_WAS = "what it changed in the project is as it was"


@pytest.fixture
def ignored(project: Project) -> Project:
    """Give a project with files that git ignores: nowhere else is what they hold."""
    project.append(".gitignore", "/.env\n/*.db\n/uploads\n/notes\n/new\n")
    project.write(".env", "SECRET=1\n")
    (project.path / ".env").chmod(0o600)
    (project.path / "app.db").write_bytes(bytes(range(256)) * 99)
    project.write("uploads/a/b", "held\n")
    (project.path / "uploads/link").symlink_to("a/b")
    project.write("notes", "mine\n")
    project.commit_all()
    return project


def files(project: Project) -> dict[str, tuple[int, bytes]]:
    """Return the rights and the bytes of all files of the project, git's own left out."""
    return {
        str(path.relative_to(project.path)): (
            path.lstat().st_mode,
            bytes(path.readlink()) if path.is_symlink() else path.read_bytes(),
        )
        for path in project.path.rglob("*")
        if ".git" not in path.parts and (path.is_symlink() or path.is_file())
    }


def ended(
    project: Project, up: str, *arguments: str, down: str = "pass", words: str = "of revision bad"
) -> str:
    """Check a project whose new revision never comes to its end; return what is said."""
    project.revision("bad000000000", "base00000000", up, down)
    project.git("add", "-A")
    before = files(project)
    for seconds in (3, 20, 80):  # a busy machine may take longer until the revision begins
        project.write("gitmig.toml", f"timeout = {seconds}\n")
        project.git("add", "-A")
        before = files(project)
        said = project.gitmig("check", *arguments, code=2).stderr
        if words in " ".join(said.split()):
            break
    assert files(project) == before
    assert not [*project.path.glob("new*")]
    return " ".join(said.split())


@pytest.mark.parametrize("end", ENDS)
def test_ended(ignored: Project, end: str) -> None:
    """Where a revision hangs or ends the process, ignored files are as they were; it is told."""
    ends, words = ENDS[end]
    said = ended(ignored, CHANGES + ends, words=words)
    assert words in said and AS_IT_WAS in said


def test_on_the_way_down(ignored: Project) -> None:
    """So are they where a downgrade hangs, and where the upgrade came to its end before."""
    said = ended(ignored, "open('made', 'w'); open('notes', 'w')", down=CHANGES + ENDS["exit"][0])
    assert "in the downgrade of revision bad000000000" in said and AS_IT_WAS in said
    assert not (ignored.path / "made").exists()


def test_on_postgresql(pg: Project) -> None:
    """So are they on a server, where the way of a deployed database has a worker of its own."""
    pg.append(".gitignore", "/.env\n")
    pg.write(".env", "SECRET=1\n")
    pg.commit_all()
    deploys = "any(each.filename.endswith('deploy.py') for each in traceback.extract_stack())"
    up = f"import os, traceback; os.remove('.env'); {deploys} and os._exit(3)"
    assert AS_IT_WAS in ended(pg, up, "--base", "HEAD")


def test_at_a_commit(ignored: Project) -> None:
    """The proof of a commit leaves them as they were, too."""
    path = "migrations/versions/base00000000.py"
    text = ignored.read(path)
    ignored.write(path, text.replace("def upgrade():\n", f"def upgrade():\n    {CHANGES}\n"))
    ignored.git("add", "-A")
    ignored.git("commit", "-q", "--no-verify", "-m", "a published revision that changes files")
    ignored.append("models.py", column("email"))
    ignored.git("add", "-A")
    before = files(ignored)
    told = ignored.gitmig("autogenerate")
    new = set(files(ignored)) - set(before)
    assert len(new) == 1 and "email" in ignored.read(new.pop()), told.stdout
    assert {name: held for name, held in files(ignored).items() if name in before} == before


def test_nothing_changed(project: Project) -> None:
    """Where it changed nothing, nothing is said of it."""
    assert AS_IT_WAS not in ended(project, ENDS["exit"][0])


def killed(project: Project, number: signal.Signals, *begun: Path) -> str:
    """Send a check a signal once all these files are there; return what it said."""
    process = subprocess.Popen(
        [BIN / "gitmig", "check"], cwd=project.path, env=project.env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        while not all(each.exists() for each in begun):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        output, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == (130 if number == signal.SIGINT else -number), output
    assert "Traceback" not in output
    return output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_front_ended(ignored: Project, number: signal.Signals) -> None:
    """So are they after Ctrl-C, and where gitmig itself is killed."""
    begun = ignored.path.parent / "begun"
    up = CHANGES + f"open({str(begun)!r}, 'w')\n    {HANGS}"
    ignored.revision("bad000000000", "base00000000", up)
    ignored.git("add", "-A")
    before = files(ignored)
    killed(ignored, number, begun)
    # where nobody waits for it, it may take as long as a busy machine does
    until = time.monotonic() + (0 if number == signal.SIGINT else 60)
    while (files(ignored) != before or [*ignored.path.glob("new*")]) and time.monotonic() < until:
        time.sleep(0.05)
    assert files(ignored) == before
    assert not (ignored.path / "new").exists()


def test_side_by_side(ignored: Project) -> None:
    """So are they after Ctrl-C where several environments are checked at the same time."""
    for name in ("one", "two"):
        folder = f"services/{name}"
        ignored.write(f"{folder}/alembic.ini", ignored.read("alembic.ini"))
        ignored.write(f"{folder}/models.py", ignored.read("models.py"))
        ignored.write(f"{folder}/migrations/env.py", ENV)
        begun = ignored.path.parent / f"begun-{name}"
        up = f"import os; os.remove('.env'); open({str(begun)!r}, 'w'); {HANGS}"
        ignored.revision(
            f"{name}00000000", None, up, path=f"{folder}/migrations/versions/{name}.py"
        )
        ignored.write(f"{folder}/.env", name)
    ignored.append(".gitignore", ".env\n")
    ignored.commit_all()
    begun = [ignored.path.parent / f"begun-{name}" for name in ("one", "two")]
    killed(ignored, signal.SIGINT, *begun)
    assert [ignored.read(f"services/{name}/.env") for name in ("one", "two")] == ["one", "two"]


def test_what_cannot_be_put_back(project: Project, tmp_path: Path) -> None:
    """A file too large to be kept is told as not as it was."""
    project.env["TMPDIR"] = str(tmp_path)
    project.append(".gitignore", "/large\n")
    (project.path / "large").touch()
    os.truncate(project.path / "large", 60 << 20)
    project.revision("bad000000000", "base00000000", "import os; os.remove('large'); os._exit(3)")
    project.commit_all()
    answer = json.loads(project.gitmig("check", "--format", "json", code=2).stdout)
    assert (
        f"not as it was is {project.path / 'large'}: copies are in " in answer["error"]["message"]
    )
