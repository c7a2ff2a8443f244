"""Ask programs: a Python, whether it has what the worker needs, and tools for a Python."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

OLDEST = (3, 9)  # what the worker's syntax is held to
SECONDS = 20  # for one question to an interpreter, or to a tool
NEEDED = ("alembic", "sqlalchemy")

# Not find_spec alone: a project's alembic/ folder is a package without a file (origin is None).
_PROBE = """
import sys
sys.path = [entry for entry in sys.path if entry]
from importlib.util import find_spec
for name in sys.argv[1:]:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        print("no", name)
print("Python", *sys.version_info[:2])
"""


def problem_of(python: Path, cwd: Path, environ: Mapping[str, str]) -> str:
    """Return why an interpreter cannot be the project's, empty where it can.

    In a virtual environment a look at its folders answers (no process); any other is asked, in
    ``cwd`` with ``environ``.
    """
    if not os.access(python, os.F_OK):
        broken = os.path.islink(python)  # noqa: PTH114  Path's raises where one may not look
        return f"{python} is a broken link" if broken else f"there is no {python}"
    if not os.access(python, os.X_OK):
        return f"{python} is not executable"
    packages = _site_packages(python.parent.parent)
    if packages and all((packages / name / "__init__.py").is_file() for name in NEEDED):
        return ""
    output, problem = answer_of([str(python), "-c", _PROBE, *NEEDED], cwd, environ)
    return problem or _verdict(output)


def _site_packages(prefix: Path) -> Path | None:
    """Return the packages of a virtual environment of a Python that is new enough, by its name.

    An environment upgraded in place has those of the old version too, so ``pyvenv.cfg`` decides.
    """
    text = text_of(prefix / "pyvenv.cfg")
    version = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", text, re.MULTILINE)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        return None
    return next(prefix.glob(f"lib/py*{version[1]}.{version[2]}*/site-packages"), None)


def _verdict(output: str) -> str:
    """Judge what the probe printed."""
    version = re.search(r"^Python (\d+) (\d+)$", output, re.MULTILINE)
    if version is None:
        return "it is no Python"
    if (int(version[1]), int(version[2])) < OLDEST:
        return f"Python {version[1]}.{version[2]} is too old, {OLDEST[0]}.{OLDEST[1]} is needed"
    return ", ".join(re.findall(r"^no \w+$", output, re.MULTILINE))


def answer_of(command: list[str], cwd: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """Run a command; return what it printed and what went wrong.

    It gets a process group of its own, so that nothing it started outlives the time limit.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )
    except OSError as error:
        return "", f"cannot be run ({error.strerror})"
    with process:
        try:
            output, errors = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return "", f"no answer within {SECONDS} seconds"
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        last = (errors.strip() or output.strip()).split("\n")[-1]
        return output, f"exit code {process.returncode}" + (f": {last}" if last else "")
    return output, ""


def text_of(path: Path) -> str:
    """Return the text of a file, empty where there is none to read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
