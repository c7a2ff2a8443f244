"""Run squawk, where it is installed: `pip install 'gitmig[squawk]'`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gitmig.errors import GitmigError
from gitmig.model import Finding
from gitmig.ran import RanOperation
from gitmig.rules import squawk
from gitmig.rules.choice import Choice, is_in
from gitmig.rules.codes import SQUAWK

SECONDS = 60
RULES = "https://squawkhq.com/docs/rules"
TOLD = (0, 1)  # its exit codes: nothing, something was found


def program() -> str:
    """Return the path of squawk, beside gitmig's own Python or else on PATH; empty for none."""
    beside = shutil.which("squawk", path=str(Path(sys.executable).parent))
    return beside or shutil.which("squawk") or ""


def knows(rule: str) -> bool:
    """Say whether squawk has a rule; true where squawk is not there, or says nothing of it."""
    path = program()
    if not path:
        return True
    command = [path, f"--exclude={rule}", os.devnull]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return True
    return "invalid rule name" not in done.stderr


def findings(
    ran: Sequence[RanOperation],
    choice: Choice,
    version: tuple[int, ...],
    directory: Path,
    told: Sequence[Finding],
) -> list[Finding]:
    """Return what squawk finds in the SQL that ran; nothing where it is not installed.

    ``version`` is PostgreSQL's, ``directory`` where squawk looks for its own configuration,
    ``told`` what was found by others. Raises GitmigError where it is there and cannot be run.
    """
    path, read = program(), squawk.pages(ran)
    if not path or not read or is_in(SQUAWK, choice.ignored):
        return []
    with tempfile.TemporaryDirectory(prefix="gitmig-squawk-") as folder:
        for page in read:
            (Path(folder) / page.name).write_text(page.sql, encoding="utf-8")
        files = [str(Path(folder) / page.name) for page in read]
        command = [path, "--reporter", "json", *options(choice, version), *files]
        try:
            found = squawk.findings(run(command, directory), read, choice)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            problem = f"squawk ({path}) could not be run: {error}."
            raise GitmigError(problem, "leave it out: gitmig check --ignore SQ") from error
    return [each for each in found if not squawk.is_told(each, told)]


def options(choice: Choice, version: tuple[int, ...]) -> list[str]:
    """Return what squawk is told besides the files."""
    included = [f"--include={name}" for name in squawk.included(choice)]
    asked = ".".join(str(number) for number in version[:2])
    return [*included, *([f"--pg-version={asked}"] if asked else [])]


def run(command: Sequence[str], directory: Path) -> str:
    """Return what squawk answers; raises ValueError where it failed.

    It exits with 1 both for findings and for a configuration that it cannot read, and then answers
    nothing; where all is well, it answers with an empty list.
    """
    done = subprocess.run(
        command,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode not in TOLD or not done.stdout.strip():
        raise ValueError(done.stderr.strip().partition("\n")[0] or f"exit code {done.returncode}")
    return done.stdout
