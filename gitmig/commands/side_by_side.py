"""Several environments checked side by side; what one cannot do loses nothing of the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue

from gitmig import client
from gitmig.commands.projectside import How
from gitmig.errors import GitmigError
from gitmig.explain import failure_of
from gitmig.model import Environment, JsonObject
from gitmig.outcomes import CheckReport

Rest = Callable[[How], CheckReport]
"""What is left to do for an environment: how the project is to be run → its report."""


def each(
    environments: Sequence[Environment], how: How, begin: Callable[[Environment], Rest]
) -> list[CheckReport]:
    """Return the reports of environments, in their order.

    ``begin`` asks git, for one environment after the other; what it returns has the project's side
    work, for several at a time. What keeps all of them, or the only one, is raised.
    """
    if len(environments) < 2:
        return [begin(only)(how) for only in environments]
    rests = [begun(environment, begin) for environment in environments]
    free: SimpleQueue[str] = SimpleQueue()
    lines = at_once(len(environments))
    for number in range(lines):
        free.put(f"line {number}")

    def finish(environment: Environment, rest: Rest) -> CheckReport:
        line = free.get()  # as many as threads: a line has its servers to itself
        own = told_apart(how, environment.name, line)
        try:
            return rest(own)
        except GitmigError as error:
            return failed(environment, error)
        finally:
            free.put(line)
            if own.on_progress is not None:
                own.on_progress({"event": "end"})

    with threads(lines) as pool:
        reports = list(pool.map(finish, environments, rests))
    refuse_all(reports)
    return reports


def at_once(environments: int) -> int:
    """Return how many environments are worked on at a time; each has a process or two."""
    return min(environments, max(2, os.cpu_count() or 1))


def begun(environment: Environment, begin: Callable[[Environment], Rest]) -> Rest:
    """Begin an environment; where that fails what is left is to say so."""
    try:
        return begin(environment)
    except GitmigError as error:
        report = failed(environment, error)
        return lambda _how: report


def failed(environment: Environment, error: GitmigError) -> CheckReport:
    """Return the report of an environment that could not be checked; raises a bug of gitmig."""
    if getattr(error, "kind", "") == "bug":
        raise error
    place = environment.ini or environment.toml
    return CheckReport(environment.name, place=place, failure=failure_of(error))


def refuse_all(reports: Sequence[CheckReport]) -> None:
    """Raise GitmigError where one and the same thing keeps all environments: it is told once."""
    if len({report.failure for report in reports}) == 1:
        failure = reports[0].failure
        if failure is not None:
            raise GitmigError(failure.message, failure.hint, failure.detail)


def told_apart(how: How, name: str, line: str) -> How:
    """Return how an environment is run beside others: its progress has its name."""
    tell = how.on_progress
    if tell is None:
        return replace(how, line=line)

    def told(event: JsonObject) -> None:
        tell({**event, "environment": name})

    return replace(how, line=line, on_progress=told)


@contextmanager
def threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads; where the block is left by an error, nothing that they wait for goes on."""
    with ThreadPoolExecutor(number) as pool:
        try:
            yield pool
        except BaseException:
            client.end_all()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
