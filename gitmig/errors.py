"""Everything gitmig can refuse, as one tree.

::

    GitmigError                exit 2: could not run
    ├── NotARepository         no git repository around the directory
    ├── GitFailed              git said no (its words are kept)
    │   └── IndexLocked        another git holds the index
    ├── ConfigError            a setting or an Alembic configuration that cannot be used
    │   ├── NoEnvironment      no Alembic environment in the tree
    │   └── SeveralEnvironments  more than one and none was named
    ├── SourceError            a file of the project cannot be read (syntax, conflict markers)
    ├── NoInterpreter          no Python with Alembic and SQLAlchemy was found
    ├── WorkerFailed           the project's side failed; ``kind`` is one of the worker's
    └── Stopped                exit 1: a person must look

Exit codes: 0 done or nothing to say, 1 findings or stopped for a person, 2 could not run,
3 a bug in gitmig, 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OK = 0
FINDINGS = 1
COULD_NOT_RUN = 2
BUG = 3
INTERRUPTED = 130


class GitmigError(Exception):
    """One sentence for the user and the next thing to type.

    ``message`` says what is wrong and where, ``hint`` what to do; ``detail`` is material that is
    shown below both (a tail of stderr, a statement).
    """

    exit_code = COULD_NOT_RUN

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class NotARepository(GitmigError):
    """The directory is in no git work tree."""


class GitFailed(GitmigError):
    """A git command ended with an error that gitmig did not expect."""


class IndexLocked(GitFailed):
    """``index.lock`` is there: another git is at work, or was killed."""


class ConfigError(GitmigError):
    """A setting, or an Alembic configuration, cannot be used."""


class NoEnvironment(ConfigError):
    """No Alembic environment was found in the tree."""


class SeveralEnvironments(ConfigError):
    """More than one Alembic environment, and none was named."""


class SourceError(GitmigError):
    """A file of the project cannot be read; ``path`` and ``line`` (0: unknown) say where."""

    def __init__(
        self, message: str, hint: str = "", detail: str = "", *, path: str = "", line: int = 0
    ) -> None:
        super().__init__(message, hint, detail)
        self.path = path
        self.line = line


class NoInterpreter(GitmigError):
    """No Python was found that can import Alembic and SQLAlchemy."""


class WorkerFailed(GitmigError):
    """The worker answered with an error; ``kind`` is from its closed set, ``data`` what it knew."""

    def __init__(
        self,
        kind: str,
        message: str,
        hint: str = "",
        detail: str = "",
        data: Mapping[str, Any] = {},
    ) -> None:
        super().__init__(message, hint, detail)
        self.kind = kind
        self.data = data


class Stopped(GitmigError):
    """Nothing is broken, but a person must look before it goes on."""

    exit_code = FINDINGS


def of_the_machine(error: OSError | UnicodeError) -> GitmigError:
    """Return the error for what a disk, a right or an encoding can cause anywhere."""
    if isinstance(error, OSError) and error.filename:
        return GitmigError(
            f"{error.filename}: {error.strerror}", "see its rights and the free space there"
        )
    return GitmigError(str(error), "see the rights and the encoding of the file it speaks of")
