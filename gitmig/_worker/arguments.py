"""The Alembic command line that the project's code is shown, as if it had been typed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from alembic.config import CommandLine

from .failures import Failure
from .shapes import Request


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what Alembic's command line makes of its arguments; raises ``usage``.

    An upgrade to nowhere is one to the head: only Alembic's parser knows what is an option's value.
    """
    error = argparse.ArgumentParser.error
    argparse.ArgumentParser.error = refuse  # type: ignore[assignment, method-assign]
    parse = CommandLine(prog="alembic").parser.parse_args
    try:
        return parse(arguments)
    except Failure as failure:
        if failure.data["prog"] != "alembic upgrade" or not failure.message.endswith(": revision"):
            raise
        return parse([*arguments, "head"])
    finally:
        argparse.ArgumentParser.error = error  # type: ignore[method-assign]


def refuse(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    """Turn a mistake on Alembic's command line into a failure."""
    raise Failure("usage", message, usage=parser.format_usage().strip(), prog=parser.prog)


def command_line(request: Request, arguments: Sequence[str]) -> list[str]:
    """Return the arguments ``alembic`` would have been started with."""
    found = []
    if request["ini"]:
        found += ["-c", request["ini"]]
    given = () if request["attached"] else request.get("x", ())
    more = [word for each in given for word in ("-x", each)]
    return [*found, "-n", request["section"], *more, *arguments]
