"""What starting costs: a command imports what it needs and no more."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from gitmig.cli.main import MODULES

CLI = Path(__file__).parents[1] / "gitmig" / "cli"
NOT_NEEDED = ("pygments", "rich", "gitmig.ephemeral.providers",
              "gitmig.commands.init", "gitmig.commands.merge_heads")  # fmt: skip


def test_every_command_is_listed() -> None:
    """The table by which commands are found names those of every module, and no others."""
    modules = {path.stem: import_module(f"gitmig.cli.{path.stem}") for path in CLI.glob("*.py")}
    found = {
        stem: sorted(str(command.name) for command in module.COMMANDS)
        for stem, module in modules.items()
        if hasattr(module, "COMMANDS")
    }
    assert found == {module: sorted(names) for module, names in MODULES.items()}


def test_check_imports_little() -> None:
    """`gitmig check --static` -q starts without colours, bars, servers and other commands."""
    code = "import sys, gitmig.cli.main, gitmig.cli.check; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(NOT_NEEDED) & set(told.stdout.split()) == set()
