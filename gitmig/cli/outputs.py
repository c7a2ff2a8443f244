"""``--output``: the files that reports of ``gitmig check`` are written to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import click

from gitmig.errors import GitmigError
from gitmig.outcomes import CheckReport
from gitmig.report.formats import FORMATS, SUFFIXES, format_of, render


@dataclass(frozen=True)
class Output:
    """A file, and the format of what is written to it."""

    format: str
    path: Path


def read_outputs(
    _context: click.Context, _option: click.Parameter, values: Sequence[str]
) -> tuple[Output, ...]:
    """Return what is asked for; raises click.BadParameter."""
    return tuple(map(read_output, values))


def read_output(value: str) -> Output:
    """Read ``FILE``, whose name says the format, or ``FORMAT:FILE``; raises click.BadParameter."""
    head, colon, tail = value.partition(":")
    if colon and "/" not in head:
        if head not in FORMATS:
            near = get_close_matches(head, FORMATS, 1)
            raise click.BadParameter(f"{head} is no format; {meant(near)}")
        if not tail:
            raise click.BadParameter(f"{value} names no file")
        return Output(head, Path(tail))
    name = format_of(value)
    if not name:
        raise click.BadParameter(
            f"the name of {value!r} says no format ({', '.join(SUFFIXES)}): write "
            f"FORMAT:{value}, with one of {', '.join(FORMATS)}"
        )
    return Output(name, Path(value))


def meant(near: Sequence[str]) -> str:
    """Return what may be meant instead."""
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(FORMATS)}"


def placed(outputs: Sequence[Output], directory: Path) -> list[Output]:
    """Return the outputs with their places, relative ones from a directory.

    Raises GitmigError where one cannot be written: that is to be known before anything runs.
    """
    found = [Output(each.format, directory / each.path) for each in outputs]
    taken: set[Path] = set()
    for each in found:
        path = Path(os.path.realpath(each.path))
        if path in taken:
            raise GitmigError(
                f"--output names {each.path} twice", "give each report a file of its own"
            )
        taken.add(path)
        require_place(each.path, path)
    return found


def require_place(named: Path, path: Path) -> None:
    """Raise GitmigError where no file can be written at a path, of which ``path`` is the end."""
    if named.is_dir():
        raise GitmigError(f"--output {named} is a directory", "name a file in it")
    if is_special(named):
        return
    if not path.parent.is_dir():
        raise GitmigError(
            f"--output {named} cannot be written: there is no directory {named.parent}",
            f"mkdir -p {named.parent}",
        )
    if not os.access(path.parent, os.W_OK):
        raise GitmigError(f"--output {named} cannot be written: no right to", "see `ls -ld`")


def is_special(path: Path) -> bool:
    """Say whether something is there that is no file: a pipe, a terminal, /dev/null."""
    return path.exists() and not path.is_file()


def deliver(outputs: Sequence[Output], reports: Sequence[CheckReport]) -> None:
    """Write the reports to their files; each is the old one or whole, never half of one.

    Raises GitmigError for one that cannot be written.
    """
    for each in outputs:
        content = render(each.format, reports).encode("utf-8", "replace")
        try:
            if is_special(each.path):
                each.path.write_bytes(content)
            else:
                replace(Path(os.path.realpath(each.path)), content)
        except OSError as error:
            raise GitmigError(
                f"--output {each.path} cannot be written: {error.strerror}",
                "make room for it, or name another file",
            ) from error


def replace(path: Path, content: bytes) -> None:
    """Put a file in place in one move, with the rights that a new file gets."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(beside).chmod(0o666 & ~mask)
        Path(beside).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(beside).unlink()
        raise
