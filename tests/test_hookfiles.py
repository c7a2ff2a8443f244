from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gitmig.errors import GitmigError
from gitmig.hookfiles import HOOKS, check, install, repairs, status, uninstall

# What the hooks start in these tests in gitmig's place: notes its arguments, then does as told.
STAND_IN = """#!/bin/sh
shift 2
echo "gitmig $*" >>"{log}"
{action}
"""
# What gitmig's pre-commit hook does when it adds a revision to `git commit <path>`.
STAGE_REVISION = """echo "$$" >"a [r]evision.py" && git --literal-pathspecs add "a [r]evision.py"
dir=$(git rev-parse --git-dir)/gitmig && mkdir -p "$dir"
printf 'a [r]evision.py\\0' >"$dir/repair"
"""


class Repo:
    """A git repository, with a log that the hooks under test write to."""

    def __init__(self, root: Path, log: Path) -> None:
        self.root = root
        self.log = log
        self.hooks = root / ".git" / "hooks"

    def run(
        self, *command: str | Path, ok: bool = True, environ: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[str]:
        """Run a command at the top of the repository; ``ok`` is what is expected of it."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done

    def git(self, *command: str | Path, ok: bool = True, environ: Mapping[str, str] = {}) -> str:
        """Run git and return what it printed."""
        return self.run("git", *command, ok=ok, environ=environ).stdout

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        """Write a file of the repository."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def commit(
        self, path: str, *options: str, ok: bool = True, environ: Mapping[str, str] = {}
    ) -> list[str]:
        """Change ``path``, commit it, and return what the hooks have logged since."""
        before = len(self.logged())
        with (self.root / path).open("a") as file:
            file.write("x = 1\n")
        self.git("add", path)
        self.git("commit", "-qm", "change", *options, ok=ok, environ=environ)
        return self.logged()[before:]

    def logged(self) -> list[str]:
        """Return the lines that hooks have logged."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def logger(self, word: str, path: str, code: int = 0) -> Path:
        """Write an executable hook that logs ``word``."""
        return self.write(path, f'#!/bin/sh\necho "{word}" >>"{self.log}"\nexit {code}\n', 0o755)

    def install(self, action: str = "", root: Path | None = None) -> list[str]:
        """Install gitmig's hooks, with ``action`` in its place, and return what was done."""
        python = self.log.parent / "it's python"
        python.write_text(STAND_IN.format(log=self.log, action=action))
        python.chmod(0o755)
        hooks = self.root / self.git("rev-parse", "--git-path", "hooks").strip()
        changes = install(hooks, python, root or self.root, self.root / ".git")
        return [change.action for change in changes]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return an empty repository, away from the user's own configuration."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "GITMIG_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\nname = A\nemail = a@example.org\n[init]\ndefaultBranch = main\n"
        'templateDir =\n[protocol "file"]\nallow = always\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(home / "pre-commit"))
    repo = Repo(tmp_path / "re po", tmp_path / "log")
    repo.root.mkdir()
    repo.git("init", "-q")
    return repo


def listing(folder: Path) -> dict[str, tuple[str, int]]:
    """Return each file or link of ``folder`` with its content and mode."""
    return {
        path.name: (
            str(path.readlink()) if path.is_symlink() else path.read_text(),
            path.lstat().st_mode,
        )
        for path in sorted(folder.iterdir())
    }


def test_install_makes_hooks_that_start_gitmig(repo: Repo) -> None:
    """After install a commit of Python starts gitmig, on an unborn branch too (C6)."""
    assert repo.install() == ["installed"] * len(HOOKS)
    assert repo.commit("first.py") == ["gitmig hook pre-commit"]
    assert repo.commit("sub.py") == ["gitmig hook pre-commit"]


@pytest.mark.parametrize(
    "path", ["a.py", "d/e/a.py", "alembic.ini", "pyproject.toml", "s/gitmig.toml", "s/s.py.mako"]
)
def test_gate_opens_for_what_could_matter(repo: Repo, path: str) -> None:
    """Python, configuration and templates start gitmig at any depth, also when they are deleted."""
    (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
    repo.install()
    assert repo.commit(path) == ["gitmig hook pre-commit"]
    repo.git("rm", "-q", path)
    repo.git("commit", "-qm", "gone")
    assert repo.logged() == ["gitmig hook pre-commit"] * 2


@pytest.mark.parametrize("path", ["style.css", "py", "a.pyc", "poetry.lock", "readme.md"])
def test_gate_stays_shut_for_the_rest(repo: Repo, path: str) -> None:
    """A commit of other files starts no Python (C2)."""
    repo.install()
    assert repo.commit(path) == []


@pytest.mark.parametrize("kind", ["LITERAL", "NOGLOB", "GLOB", "ICASE"])
def test_gate_ignores_the_users_pathspec_mode(repo: Repo, kind: str) -> None:
    """`git --literal-pathspecs commit`, and its kin, do not blind the gate."""
    repo.install()
    (repo.root / "d").mkdir()
    environ = {f"GIT_{kind}_PATHSPECS": "1"}
    assert repo.commit("d/a.py", environ=environ) == ["gitmig hook pre-commit"]


def test_gitmig_stops_the_commit(repo: Repo) -> None:
    """Gitmig's exit code is the hook's."""
    repo.install("exit 1")
    repo.commit("a.py", ok=False)
    assert repo.git("status", "--porcelain") == "A  a.py\n"


@pytest.mark.parametrize("environ", [{"GITMIG_SKIP": "1"}, {"GITMIG_RUNNING": "1"}])
def test_skipping_leaves_other_hooks_alone(repo: Repo, environ: dict[str, str]) -> None:
    """GITMIG_SKIP and re-entry skip gitmig, not the hook that was there before it."""
    repo.logger("foreign", ".git/hooks/pre-commit")
    repo.install()
    assert repo.commit("a.py", environ=environ) == ["foreign"]
    assert repo.commit("a.py", environ={"GITMIG_SKIP": "0"}) == [
        "foreign",
        "gitmig hook pre-commit",
    ]


def test_foreign_hook_runs_first_and_stops(repo: Repo) -> None:
    """A hook that was there runs before gitmig with its own $0; its failure is the commit's."""
    repo.logger("foreign", ".git/hooks/pre-commit", code=3)
    repo.install()
    assert repo.commit("a.py", ok=False) == ["foreign"]


def test_foreign_post_commit_runs(repo: Repo) -> None:
    """A post-commit hook that was there still runs."""
    repo.logger("after", ".git/hooks/post-commit")
    repo.install()
    assert repo.commit("a.txt") == ["after"]


def test_uninstall_restores_everything(repo: Repo) -> None:
    """Uninstall gives back files, links, modes and bytes; install twice changes nothing."""
    repo.logger("foreign", ".git/hooks/pre-commit").chmod(0o751)
    repo.logger("linked", "tools/hook")
    (repo.hooks / "post-commit").symlink_to("../../tools/hook")
    before = listing(repo.hooks)
    assert repo.install() == ["installed"] * len(HOOKS)
    installed = listing(repo.hooks)
    assert repo.install() == ["unchanged"] * len(HOOKS)
    assert listing(repo.hooks) == installed
    assert repo.commit("a.py") == ["foreign", "gitmig hook pre-commit", "linked"]
    actions = [change.action for change in uninstall(repo.hooks)]
    assert actions == ["restored", "removed", "restored", "removed", "removed", "removed"]
    assert listing(repo.hooks) == before
    assert {change.action for change in uninstall(repo.hooks)} == {"absent"}
    assert listing(repo.hooks) == before


def test_hook_that_git_ignores_is_not_run(repo: Repo) -> None:
    """A hook without the executable bit is kept but not run, as git would."""
    repo.logger("foreign", ".git/hooks/pre-commit").chmod(0o644)
    before = listing(repo.hooks)
    repo.install()
    assert repo.commit("a.py") == ["gitmig hook pre-commit"]
    uninstall(repo.hooks)
    assert listing(repo.hooks) == before


def test_dangling_link_is_kept(repo: Repo) -> None:
    """A link to nowhere is kept as it is."""
    repo.hooks.mkdir(exist_ok=True)
    (repo.hooks / "pre-commit").symlink_to("gone")
    before = listing(repo.hooks)
    repo.install()
    assert repo.commit("a.py") == ["gitmig hook pre-commit"]
    uninstall(repo.hooks)
    assert listing(repo.hooks) == before


def test_install_refreshes_the_python(repo: Repo, tmp_path: Path) -> None:
    """A second install with another Python, or over an older text, writes it anew."""
    repo.install()
    changes = install(repo.hooks, tmp_path / "other", repo.root, repo.root / ".git")
    assert [change.action for change in changes] == ["refreshed"] * len(HOOKS)
    assert {hook.python for hook in status(repo.hooks)} == {str(tmp_path / "other")}


def test_kept_hook_is_never_overwritten(repo: Repo) -> None:
    """A foreign hook over ours, with one kept already, is refused before anything is changed."""
    repo.logger("first", ".git/hooks/post-commit")
    repo.install()
    uninstalled = repo.hooks / "pre-commit"
    uninstalled.unlink()
    repo.logger("second", ".git/hooks/post-commit")
    before = listing(repo.hooks)
    with pytest.raises(GitmigError, match=r"post-commit\.before-gitmig"):
        repo.install()
    assert listing(repo.hooks) == before


def test_killed_install_is_finished(repo: Repo) -> None:
    """A kill between keeping a hook and writing ours loses nothing; install again goes on (R1)."""
    foreign = repo.logger("foreign", ".git/hooks/pre-commit")
    os.link(foreign, repo.hooks / "pre-commit.before-gitmig")
    (repo.hooks / ".pre-commit.gitmig-new").write_text("half a ho")
    assert repo.commit("a.py") == ["foreign"]
    repo.install()
    assert repo.commit("a.py") == ["foreign", "gitmig hook pre-commit"]
    assert not list(repo.hooks.glob(".*"))


def test_lost_hook_is_restored(repo: Repo) -> None:
    """Uninstall puts the kept hook back where ours is gone."""
    foreign = repo.logger("foreign", ".git/hooks/pre-commit")
    before = listing(repo.hooks)
    repo.install()
    foreign.unlink()
    uninstall(repo.hooks)
    assert listing(repo.hooks) == before


def test_status_tells_each_state(repo: Repo) -> None:
    """Status tells installed, outdated, foreign and absent apart."""
    assert [hook.state for hook in status(repo.hooks)] == ["absent"] * len(HOOKS)
    repo.logger("foreign", ".git/hooks/pre-commit")
    assert status(repo.hooks)[0].state == "foreign"
    repo.install()
    first, merge, *_ = status(repo.hooks)
    assert (first.state, first.previous) == (
        "installed",
        repo.hooks / "pre-commit.before-gitmig",
    )
    assert merge.python.endswith("it's python")
    with (repo.hooks / "post-commit").open("a") as file:
        file.write("# older\n")
    assert status(repo.hooks)[2].state == "outdated"


def test_tracked_hooks_name_no_machine(repo: Repo, tmp_path: Path) -> None:
    """Hooks in the work tree hold no path of this machine; gitmig comes from PATH or .venv."""
    repo.git("config", "core.hooksPath", ".githooks")
    assert repo.install() == ["installed"] * len(HOOKS)
    assert str(tmp_path) not in (repo.root / ".githooks/pre-commit").read_text()
    repo.logger("venv", ".venv/bin/gitmig")
    assert repo.commit("a.py") == ["venv"]
    elsewhere = repo.logger("path", "bin/gitmig").parent
    path = f"{elsewhere}{os.pathsep}{os.environ['PATH']}"
    assert repo.commit("a.py", environ={"PATH": path}) == ["path"]


def test_tracked_and_outside_hooks_are_told(repo: Repo, tmp_path: Path) -> None:
    """A hooks folder in the work tree, or outside the repository, is told to the user."""
    inside = install(repo.root / ".githooks", Path("py"), repo.root, repo.root / ".git")
    assert "in the work tree" in inside[0].note
    outside = install(tmp_path / "hooks", Path("py"), repo.root, repo.root / ".git")
    assert "every repository" in outside[0].note
    assert install(repo.hooks, Path("py"), repo.root, repo.root / ".git")[0].note == ""


def test_husky_is_left_alone(repo: Repo) -> None:
    """A folder that husky 9 writes anew is refused with the line to add instead."""
    repo.write(".husky/_/h", "#!/usr/bin/env sh\n")
    with pytest.raises(GitmigError, match="husky") as caught:
        install(repo.root / ".husky/_", Path("py"), repo.root, repo.root / ".git")
    assert "gitmig hook NAME" in caught.value.hint
    assert list(listing(repo.root / ".husky/_")) == ["h"]


def test_check_refuses_as_install_does_and_writes_nothing(repo: Repo) -> None:
    """What would stop an install is told before; where nothing would, nothing is written."""
    folder = repo.root / "new/hooks"
    check(folder)
    assert not folder.parent.exists()
    repo.write("file", "")
    for hooks_dir in (repo.root / "file", repo.root / "file/hooks"):
        with pytest.raises(GitmigError, match="cannot be read or written"):
            check(hooks_dir)


def test_hook_that_dispatches_on_its_name_is_told(repo: Repo) -> None:
    """A hook that looks at its own file name is kept, and the user is warned."""
    repo.write(".git/hooks/pre-commit", '#!/bin/sh\nexec run "$(basename "$0")"\n', 0o755)
    change = install(repo.hooks, Path("py"), repo.root, repo.root / ".git")[0]
    assert "its own name" in change.note


def test_unusable_folder_is_one_sentence(repo: Repo) -> None:
    """Hooks that cannot be written are a GitmigError (R2)."""
    blocked = repo.write("file", "")
    with pytest.raises(GitmigError, match="cannot be read or written"):
        install(blocked, Path("py"), repo.root, repo.root / ".git")


def test_missing_python_falls_back_to_path(repo: Repo, tmp_path: Path) -> None:
    """With its Python gone the hook takes gitmig from PATH; without that it says what to type."""
    install(repo.hooks, tmp_path / "gone", repo.root, repo.root / ".git")
    repo.write("a.py", "")
    repo.git("add", "a.py")
    done = repo.run("git", "commit", "-qm", "a", ok=False, environ={"PATH": "/usr/bin:/bin"})
    assert "gitmig install" in done.stderr and "GITMIG_SKIP=1 git commit" in done.stderr
    elsewhere = repo.logger("path", "bin/gitmig").parent
    assert repo.commit("a.py", environ={"PATH": f"{elsewhere}:/usr/bin:/bin"}) == ["path"]


def test_python_without_gitmig_says_what_to_type(repo: Repo) -> None:
    """A Python that has lost gitmig gives one sentence, and imports nothing of the repository."""
    repo.run(sys.executable, "-m", "venv", "--without-pip", ".git/bare")
    install(repo.hooks, repo.root / ".git/bare/bin/python", repo.root, repo.root / ".git")
    repo.write("gitmig/__init__.py", "raise SystemExit('imported from the repository')\n")
    repo.git("add", "-A")
    done = repo.run("git", "commit", "-qm", "a", ok=False)
    assert done.stderr.startswith("gitmig: No module named 'gitmig'")
    assert "Traceback" not in done.stderr


def test_merge_starts_gitmig(repo: Repo) -> None:
    """A clean merge that brings Python starts gitmig, one that brings none does not (H2)."""
    repo.commit("base.txt")
    for branch, path in (("code", "a.py"), ("docs", "a.md")):
        repo.git("checkout", "-qb", branch, "main")
        repo.commit(path)
    repo.git("checkout", "-q", "main")
    repo.commit("main.txt")
    repo.install()
    repo.git("merge", "-qm", "docs", "docs")
    assert repo.logged() == []
    repo.git("merge", "-qm", "code", "code")
    assert repo.logged() == ["gitmig hook pre-merge-commit"]


def in_plain(repo: Repo) -> Repo:
    """Return the repository itself."""
    return repo


def in_worktree(repo: Repo) -> Repo:
    """Return a linked worktree of the repository."""
    repo.git("worktree", "add", "-q", "../linked")
    return Repo(repo.root.parent / "linked", repo.log)


def in_submodule(repo: Repo) -> Repo:
    """Return the repository as another one's submodule."""
    outer = Repo(repo.root.parent / "outer", repo.log)
    outer.root.mkdir()
    outer.git("init", "-q")
    outer.git("submodule", "--quiet", "add", str(repo.root), "sub")
    return Repo(outer.root / "sub", repo.log)


@pytest.mark.parametrize("place", [in_plain, in_worktree, in_submodule])
@pytest.mark.parametrize("options", [[], ["--amend"]])
def test_commit_of_a_path_leaves_a_clean_index(
    repo: Repo, place: Callable[[Repo], Repo], options: list[str]
) -> None:
    """After `git commit <path>` the staged revision is in the commit and the status clean (C5)."""
    repo.commit("models.py")
    here = place(repo)
    here.install(STAGE_REVISION)
    here.write("other.txt", "staged, not committed")
    here.git("add", "other.txt")
    here.write("models.py", "y = 1\n")
    here.git("commit", "-qm", "path", *options, "models.py")
    here.write("models.py", "y = 2\n")
    here.git("commit", "-qm", "again", *options, "models.py")
    assert "a [r]evision.py" in here.git("show", "--name-only", "--format=")
    assert here.git("status", "--porcelain") == "A  other.txt\n"
    git_dir = here.root / here.git("rev-parse", "--git-dir").strip()
    assert list((git_dir / "gitmig").iterdir()) == []


def test_repair_of_a_first_commit(repo: Repo) -> None:
    """The first commit of a repository is repaired too (C6)."""
    repo.install(STAGE_REVISION)
    repo.commit("models.py", "models.py")
    assert repo.git("status", "--porcelain") == ""


def test_revision_taken_back_by_an_amend_stays_gone(repo: Repo) -> None:
    """A revision that the amended commit no longer has does not come back with the next commit."""
    repo.commit("models.py")
    repo.commit("a [r]evision.py")
    repo.install(STAGE_REVISION.replace('echo "$$" >"a [r]evision.py"', 'rm "a [r]evision.py"'))
    repo.write("models.py", "y = 1\n")
    repo.git("commit", "--amend", "-qm", "back", "models.py")
    assert repo.git("ls-files") == "models.py\n"
    assert repo.git("status", "--porcelain") == ""


def test_list_of_an_abandoned_commit_does_no_harm(repo: Repo) -> None:
    """What a commit that never came to be left behind does not unstage what is staged since."""
    repo.commit("models.py")
    repo.commit("a [r]evision.py")
    repo.install(STAGE_REVISION)
    repo.logger("no", ".git/hooks/commit-msg", code=1)
    repo.write("models.py", "y = 1\n")
    repo.git("commit", "-qm", "never", "models.py", ok=False)
    (repo.hooks / "commit-msg").unlink()
    repo.git("add", "a [r]evision.py")
    repo.write("note.txt", "")
    repo.git("add", "note.txt")
    repo.git("commit", "-qm", "other", "note.txt")
    assert repo.git("status", "--porcelain") == 'M  "a [r]evision.py"\n M models.py\n'


PRE_COMMIT = [sys.executable, "-m", "pre_commit"]
PRE_COMMIT_CONFIG = """repos:
- repo: local
  hooks:
  - {id: said, name: said, language: system, entry: sh -c 'echo framework >>"$LOG"',
     pass_filenames: false, always_run: true}
"""


@pytest.mark.parametrize(
    "steps",
    [
        ["framework", "gitmig"],
        ["gitmig", "framework"],
        ["framework", "gitmig", "framework", "gitmig"],
        ["gitmig", "framework", "gitmig", "framework"],
    ],
)
@pytest.mark.parametrize("foreign", [False, True])
def test_beside_the_pre_commit_framework(repo: Repo, steps: list[str], foreign: bool) -> None:
    """In whatever order both are installed each hook runs once; both can be removed (C16)."""
    repo.write(".pre-commit-config.yaml", PRE_COMMIT_CONFIG)
    repo.git("add", "-A")
    expected = ["framework", "gitmig hook pre-commit"]
    if foreign:
        repo.logger("foreign", ".git/hooks/pre-commit")
        expected.append("foreign")
    for step in steps:
        if step == "gitmig":
            repo.install()
        else:
            repo.run(*PRE_COMMIT, "install")
    assert status(repo.hooks)[0].state == "installed"
    assert sorted(repo.commit("a.py", environ={"LOG": str(repo.log)})) == sorted(expected)
    expected.remove("gitmig hook pre-commit")
    uninstall(repo.hooks)
    assert sorted(repo.commit("a.py", environ={"LOG": str(repo.log)})) == sorted(expected)
    assert not list(repo.hooks.glob("*.before-gitmig"))
    repo.run(*PRE_COMMIT, "uninstall")
    assert repo.commit("a.py") == (["foreign"] if foreign else [])


def test_repairs_knows_both_hooks(repo: Repo) -> None:
    """Our own post-commit hook mends the index, or pre-commit's where it names ours (C5)."""
    framework = [*PRE_COMMIT, "install", "--hook-type", "post-commit"]
    assert not repairs(repo.hooks, "id: gitmig-post-commit")
    repo.run(*framework)
    assert not repairs(repo.hooks, "id: other")
    assert repairs(repo.hooks, "id: gitmig-post-commit")
    repo.install()
    assert repairs(repo.hooks, "id: other")
    uninstall(repo.hooks)
    assert not repairs(repo.hooks, "id: other")


def test_shipped_hooks_are_posix_shell(repo: Repo) -> None:
    """Each hook that install writes is read without error by the plainest shell."""
    repo.install()
    for name in HOOKS:
        repo.run("sh", "-n", repo.hooks / name)
