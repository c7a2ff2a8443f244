"""Where text goes: results to stdout, everything else to stderr, colour only where wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from gitmig.errors import GitmigError
from gitmig.model import Progress as OnProgress

LONG = 5  # revisions from which a bar is worth drawing


def stdout() -> Console:
    """Return the console for results; lines are never wrapped, so that they can be piped."""
    return Console(highlight=False, soft_wrap=True)


def stderr() -> Console:
    """Return the console for everything that is not the result."""
    return Console(highlight=False, soft_wrap=True, stderr=True)


def print_error(error: GitmigError, *, verbose: bool) -> None:
    """Print an error: what is wrong, what to type, and with ``-v`` what the project printed."""
    console = stderr()
    console.print(Text.assemble(("gitmig: ", "bold red"), error.message.rstrip(".")))
    if error.hint:
        console.print(Text.assemble(("  → ", "bold"), error.hint))
    if error.detail and verbose:
        console.print(Text("\n".join(f"  | {line}" for line in error.detail.splitlines()), "dim"))


@contextmanager
def progress_bar(quiet: bool) -> Iterator[OnProgress]:
    """Give a function that draws the worker's progress on a terminal, and nothing elsewhere."""
    console = stderr()
    if quiet or not console.is_terminal:
        yield lambda event: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("replaying", total=None, visible=False)

        def show(event: dict[str, Any]) -> None:
            if event["event"] == "step":
                way = "upgrade" if event["up"] else "downgrade"
                bar.update(
                    task,
                    description=f"{way} {event['revision'][:12]}",
                    total=event["total"],
                    completed=event["number"],
                    visible=event["total"] >= LONG,
                )

        yield show
