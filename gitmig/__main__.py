"""The entry point: the gate first, everything else only where it does not settle the matter."""

from __future__ import annotations

import gc
import sys

from gitmig import gate


def main() -> int:
    """Run the command line and return the exit code."""
    if gate.settles(sys.argv[1:]):
        return 0
    # a command makes little garbage, and ends: to look for it as often as Python does by itself is
    # a twentieth of what it takes to start
    gc.set_threshold(100_000, 50, 50)
    from gitmig.cli.main import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
