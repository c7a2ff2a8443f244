"""What is no fault of a revision: a throw-away server that ends, or has no room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitmig.ephemeral.servers import Servers
from gitmig.errors import GitmigError, WorkerFailed

# the words of PostgreSQL, SQLite, and MySQL and MariaDB
FULL = re.compile(
    r"No space left on device|could not extend file|database or disk is full|table '.*' is full"
)
NO_EXTENSION = re.compile(r'extension "([^"]+)" is not available')
MISSES = "the throw-away server misses a database"
DROPPED = "leave other databases of the server to what sets it up: take the DROP DATABASE out"
SERVER_DIED = "run it again; if it ends again, see the free memory and disk space"


def problems_of(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the problems of all gates in an answer."""
    for gate in answer.get("gates", ()):
        yield from gate["problems"]


def failed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the last problem of a revision that failed while it ran, nothing where none did."""
    ran = [each for each in problems_of(answer) if each["kind"] == "migration_failed"]
    return ran[-1] if ran else {}


def refuse_dead(
    servers: Servers, problem: Mapping[str, Any], error: Exception | None = None
) -> None:
    """Raise GitmigError where a throw-away server has ended by itself: nothing was proved.

    ``problem`` says which revision failed last, if one did.
    """
    last_words = servers.last_words()
    if last_words:
        revision, line = problem.get("revision"), problem.get("line")
        place = f"{problem.get('path')}:{line}" if line else problem.get("path")
        ran = f", while revision {revision} ran ({place})" if revision else ""
        hint = (
            f"see whether that revision ends it; if not, {SERVER_DIED}" if revision else SERVER_DIED
        )
        raise GitmigError(f"the throw-away {last_words}{ran}", hint) from error


def refuse_full(answer: dict[str, Any]) -> None:
    """Raise GitmigError where a database had no room: that is no fault of a revision."""
    failures = [each for each in problems_of(answer) if "message" in each]
    told = [str(answer.get("error", "")), *(str(each["message"]) for each in failures)]
    for message in told:
        if FULL.search(message):
            raise GitmigError(
                f"there is no room for the throw-away database: {message}",
                "set TMPDIR to a directory with free space",
            )


def cause(error: WorkerFailed, texts: Mapping[str, str]) -> tuple[str, int]:
    """Return the file and line behind the failure of a server of gitmig's own; else none and 0.

    It lacks an extension that a revision creates, or a database that one drops. ``texts`` are the
    revisions by their paths.
    """
    wanted = [rf"CREATE\s+EXTENSION\b[^;]*?\b{re.escape(name)}\b"
              for name in NO_EXTENSION.findall(error.message)]  # fmt: skip
    if error.kind == "server_failed":
        wanted.append(r"\bDROP\s+DATABASE\b")
    for pattern in wanted:
        for path, text in texts.items():
            found = re.search(pattern, text, re.IGNORECASE)
            if found:
                return path, text.count("\n", 0, found.start()) + 1
    return "", 0
