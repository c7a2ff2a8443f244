"""The ``gitmig`` command and the one place where exceptions become output and an exit code."""

from __future__ import annotations

import io
import sys
import traceback
from importlib import import_module

import click

from gitmig import __version__
from gitmig.cli.options import Asked
from gitmig.errors import BUG, INTERRUPTED, GitmigError, of_the_machine
from gitmig.explain import failure_of
from gitmig.report import json as as_json

BUG_REPORT = """\
gitmig: this is a bug in gitmig {version} (Python {python}): {error}
  → please open an issue with the lines below

{traceback}"""

MODULES = {
    "alembic": (
        "branches", "current", "downgrade", "heads", "history", "revision", "show", "stamp",
        "upgrade",
    ),
    "cache": ("cache",),
    "check": ("check",),
    "generate": ("autogenerate", "fold", "merge-heads"),
    "hook": ("hook",),
    "rules": ("rule", "rules"),
    "setup": ("demo", "doctor", "graph", "init", "install", "uninstall"),
    "sync": ("sync",),
}  # fmt: skip


class OnDemand(click.Group):
    """The commands, each imported when it is called: importing all of them costs 0.1 s."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, as ``--help`` lists them."""
        return sorted(name for names in MODULES.values() for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, None where there is none."""
        for module, names in MODULES.items():
            if cmd_name in names:
                commands = import_module(f"gitmig.cli.{module}").COMMANDS
                found: click.Command = next(each for each in commands if each.name == cmd_name)
                return found
        return None


@click.group(cls=OnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gitmig")
def cli() -> None:
    """Schema migrations that are part of git."""  # noqa: D401 - what --help says first


def run() -> int:
    """Run the command line; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8
    asked = Asked()
    try:
        code = cli.main(standalone_mode=False, obj=asked)
    except GitmigError as error:
        return failed(error, asked)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("gitmig: interrupted", err=True)
        return INTERRUPTED
    except (OSError, UnicodeError) as error:
        return failed(of_the_machine(error), asked)
    except Exception as error:
        click.echo(bug_report(error), err=True)
        return BUG
    return code if isinstance(code, int) else 0


def failed(error: GitmigError, asked: Asked) -> int:
    """Print an error, as JSON too where JSON was asked for; return its exit code."""
    if asked.json:
        click.echo(as_json.failed(asked.command, failure_of(error)))
    if getattr(error, "kind", "") == "bug":
        click.echo(
            bug_report(error, str(getattr(error, "data", {}).get("traceback", ""))), err=True
        )
        return BUG
    from gitmig.report.console import print_error  # with rich, which is slow to import

    print_error(error, verbose=asked.verbose, code=failure_of(error).code)
    return error.exit_code


def bug_report(error: Exception, text: str = "") -> str:
    """Return what a bug report needs: versions and the traceback."""
    python = sys.version.split()[0]
    return BUG_REPORT.format(
        version=__version__, python=python, error=error, traceback=text or traceback.format_exc()
    )
