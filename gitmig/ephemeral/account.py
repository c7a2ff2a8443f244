"""Who runs a server: PostgreSQL refuses root.

Root takes a user namespace where the machine allows one: the files stay root's. Otherwise an
unprivileged account that is there already. It gets its data directory and nothing else: what lies
beside it stays root's, and root writes nothing inside, so that no link laid there leads it astray.
No account is made, and no folder that is not ours gets other rights.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gitmig.ephemeral.provision import Unavailable

NOBODY = 65534  # what Linux shows for an account that a namespace does not know
ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """``prefix`` goes before a server's command; ``name`` is empty where files stay the user's."""

    prefix: tuple[str, ...] = ()
    name: str = ""

    def give(self, path: Path) -> None:
        """Hand a file or an empty folder of ours over to the account."""
        if self.name:
            found = pwd.getpwnam(self.name)
            os.chown(path, found.pw_uid, found.pw_gid, follow_symlinks=False)

    def let_pass(self, folder: Path) -> None:
        """Let the account reach what is its own in a folder of ours."""
        if self.name:
            folder.chmod(0o711)

    def show(self, path: Path) -> None:
        """Let the account read, and run, what is and stays ours: a file, or all of a folder."""
        for each in (path, *path.rglob("*")) if self.name else ():
            if not each.is_symlink():
                mode = each.stat().st_mode
                each.chmod(mode | (0o555 if mode & 0o100 else 0o444))

    def can_run(self, program: Path) -> bool:
        """Say whether the account may run a program, and all that it loads is there.

        ``setpriv`` may run whatever root may; what it runs, ``env`` here, may not.
        """
        return works([*self.prefix, "env", str(program), "--version"])

    def can_pass(self, folder: Path) -> bool:
        """Say whether the account can reach what is in a folder."""
        return not self.name or works([*self.prefix, "test", "-x", str(folder)])


def unprivileged() -> Account:
    """Return who may run PostgreSQL here; raises Unavailable where only root is there."""
    if os.geteuid() != 0 and has_a_name():
        return Account()
    return in_namespace() or (as_another() if os.geteuid() == 0 else Account())


def has_a_name() -> bool:
    """Say whether the password database knows the account: initdb asks."""
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwuid(os.geteuid()))
    return False


def in_namespace() -> Account | None:
    """Return an account in a user namespace, None where the machine allows none."""
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if unshare is None:
        return None
    prefix = (unshare, "--user", f"--map-user={NOBODY}", "--")
    return Account(prefix) if works([*prefix, "true"]) else None


def as_another() -> Account:
    """Return an existing account that root can become; raises Unavailable for none."""
    setpriv = shutil.which("setpriv")
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            ids = (f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups")
            if setpriv and works((setpriv, *ids, "true")):
                return Account((setpriv, *ids, "--"), name)
            raise Unavailable("root cannot start it, and no `setpriv` is there that drops rights")
    raise Unavailable("root cannot start it, and there is no account to run it under")


def works(command: Sequence[str]) -> bool:
    """Say whether a command ends well."""
    return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0
