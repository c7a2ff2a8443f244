"""Where text goes: results to stdout, everything else to stderr, colour only where wanted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from gitmig.errors import GitmigError
from gitmig.model import Confirm
from gitmig.model import Progress as OnProgress

TERMINAL = "/dev/tty"  # git gives its hooks another standard input
# character → what stands for it: the picture of it (U+2400 and on), or that of one not known
CONTROL = [each for each in range(0x20) if each not in (0x09, 0x0A)]
DIRECTIONS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # of text, which turn it round
NO_TEXT = [*range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE]  # C1, halves of characters
PICTURES = dict.fromkeys([*DIRECTIONS, *NO_TEXT], "\ufffd")
PICTURES |= {each: chr(0x2400 + each) for each in CONTROL}
LONG = 5  # revisions from which a bar is worth drawing


class Clean(Console):
    """A console on which no text of others can move the cursor, or hide what it says."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as any console, with a picture in the place of each control character."""
        super().print(*map(cleaned, objects), **options)


def cleaned(thing: Any) -> Any:
    """Return a text without control characters; its styles stay where they are."""
    if isinstance(thing, str):
        return thing.translate(PICTURES)
    if isinstance(thing, Text):
        thing = thing.copy()
        thing.plain = thing.plain.translate(PICTURES)
    return thing


def stdout() -> Console:
    """Return the console for results; lines are never wrapped, so that they can be piped."""
    return Clean(highlight=False, soft_wrap=True)


def stderr() -> Console:
    """Return the console for everything that is not the result."""
    return Clean(highlight=False, soft_wrap=True, stderr=True)


def print_code(console: Console, code: str, language: str) -> None:
    """Print code in colours."""
    from rich.syntax import Syntax  # with Pygments, which few runs need

    console.print(Syntax(code, language, background_color="default"))


def print_error(error: GitmigError, *, verbose: bool, code: str = "") -> None:
    """Print an error: what is wrong, what to type, and with ``-v`` what the project printed.

    ``code`` is that of the finding it is, empty for none.
    """
    console = stderr()
    head = f"gitmig: {code} " if code else "gitmig: "
    console.print(Text.assemble((head, "bold red"), error.message.rstrip(".")))
    if error.hint:
        console.print(Text.assemble(("  → ", "bold"), error.hint))
    if error.detail and verbose:
        console.print(Text("\n".join(f"  | {line}" for line in error.detail.splitlines()), "dim"))


@contextmanager
def progress_bar(quiet: bool) -> Iterator[OnProgress]:
    """Give a function that draws the worker's progress on a terminal, and nothing elsewhere."""
    with conversation(quiet) as (on_progress, _):
        yield on_progress


@contextmanager
def conversation(quiet: bool) -> Iterator[tuple[OnProgress, Confirm | None]]:
    """Give what draws the progress, and what asks a person: None where there is nobody to ask."""
    console = stderr()
    there = console.is_terminal and not os.environ.get("CI") and has_terminal()
    if quiet or not console.is_terminal:
        yield (lambda event: None), ask if there else None
        return
    from rich.progress import (  # only a terminal needs it
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )  # fmt: skip

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(event: dict[str, Any]) -> None:
            name = event.get("environment", "")
            if name not in tasks:
                tasks[name] = bar.add_task("replaying", total=None, visible=False)
            if event["event"] == "end":
                bar.update(tasks[name], visible=False)
            if event["event"] == "step":
                way = "upgrade" if event["up"] else "downgrade"
                where = f"{name}: " if name else ""
                bar.update(
                    tasks[name],
                    description=f"{where}{way} {event['revision'][:12]}",
                    total=event["total"],
                    completed=event["number"],
                    visible=event["total"] >= LONG,
                )

        def confirm(question: str) -> bool:
            bar.stop()  # it would draw over the question
            try:
                return ask(question)
            finally:
                bar.start()

        yield show, confirm if there else None


def has_terminal() -> bool:
    """Say whether this process has a terminal to ask on."""
    try:
        os.close(os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def ask(question: str) -> bool:
    """Ask on the terminal, until the answer is yes or no; an empty one, or none, is no."""
    descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb", buffering=0) as tty:
        while True:
            os.write(descriptor, f"gitmig: {question} [y/N] ".encode())
            answer = tty.readline().decode(errors="replace").strip().lower()
            if answer in ("", "n", "no", "y", "yes"):
                return answer in ("y", "yes")
