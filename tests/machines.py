"""A mount namespace: a machine with other file systems, which nothing else sees."""

from __future__ import annotations

import os
import subprocess

MOUNTS = ("--mount",) if os.geteuid() == 0 else ("--user", "--map-root-user", "--mount")
NAMESPACE = ("unshare", *MOUNTS)


def can_mount() -> bool:
    """Say whether this account may mount in a namespace of its own."""
    command = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
