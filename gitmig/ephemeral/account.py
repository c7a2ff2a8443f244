"""Who runs a server: PostgreSQL refuses root.

Root takes a user namespace where the machine allows one: the files stay root's. Otherwise an
unprivileged account that is there already, on folders of its own. No account is made, and no
folder that is not ours gets other rights.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
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
        """Hand a folder of ours, and what is in it, over to the account."""
        if self.name:
            for each in (path, *path.rglob("*")):
                shutil.chown(each, self.name, pwd.getpwnam(self.name).pw_gid)


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
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return Account(prefix) if tried.returncode == 0 else None


def as_another() -> Account:
    """Return an existing account that root can become; raises Unavailable for none."""
    setpriv = shutil.which("setpriv")
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            ids = (f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups")
            if setpriv:
                return Account((setpriv, *ids, "--"), name)
            raise Unavailable("root cannot start it, and `setpriv` is not there to drop rights")
    raise Unavailable("root cannot start it, and there is no account to run it under")
