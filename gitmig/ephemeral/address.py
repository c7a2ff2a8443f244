"""Where a server of ours listens: a unix socket in a private folder, or this machine's loopback.

A socket's path has room for about 100 characters (104 on macOS, 108 on Linux, with the end of the
text): a longer one gets a short folder of its own. Where no socket can be made at all, it is
127.0.0.1 with a random password.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

LONGEST = 100  # characters of a socket's path
SHORT = ("/tmp", "/var/tmp")  # noqa: S108 - a 0700 folder is made inside
PREFIX = "gitmig-"  # of those folders
NAME = ".s.PGSQL.5432"  # the longest name that a socket of ours gets


@dataclass(frozen=True)
class Address:
    """``folder`` holds the socket; where it is empty the server listens on ``port``."""

    folder: str = ""
    port: int = 0


def choose(place: Path, folder: Path | None = None) -> Address:
    """Return where the server in a place shall listen; its socket goes there, or into a folder."""
    folder = folder or place
    chosen = folder if len(str(folder / NAME)) <= LONGEST else short_folder(place)
    if chosen is not None and can_bind(chosen):
        return Address(str(chosen))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Address(port=free.getsockname()[1])


def short_folder(place: Path) -> Path | None:
    """Return a private folder with a short path, noted in the place; None where there is none."""
    for base in SHORT:
        with contextlib.suppress(OSError):
            folder = Path(base) / f"{PREFIX}{secrets.token_hex(4)}"
            (place / "socket").write_text(str(folder))  # first: killed here, it leaves nothing
            folder.mkdir(mode=0o700)
            return folder
    return None


def clear(place: Path) -> None:
    """Remove the short folder of a place, if it has one."""
    with contextlib.suppress(OSError):
        noted = Path((place / "socket").read_text())
        if noted.name.startswith(PREFIX):
            shutil.rmtree(noted, ignore_errors=True)
        (place / "socket").unlink()


def can_bind(folder: Path) -> bool:
    """Say whether a unix socket can be made in a folder: some file systems have none."""
    if not hasattr(socket, "AF_UNIX"):
        return False
    path = folder / "try"
    with contextlib.suppress(OSError):
        path.unlink()  # of a run that was killed here
    with socket.socket(socket.AF_UNIX) as trial, contextlib.suppress(OSError):
        trial.bind(str(path))
        path.unlink()
        return True
    return False


def password_of(place: Path) -> str:
    """Return the password of the server in a place, made with it; only its owner can read it."""
    path = place / "password"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()
