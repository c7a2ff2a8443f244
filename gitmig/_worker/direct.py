"""A driver that the project calls itself, outside SQLAlchemy, connects to nothing.

Such a call cannot be turned to an ephemeral database: nobody knows what it is for. So what opens
connections in a driver is replaced as soon as the driver is imported, and refuses all calls but
those that are made within ``allowed``.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import aside
from .failures import Failure, place_on

# module -> what opens connections in it: functions, or methods that all ways to connect come to
OPENS = {
    "psycopg": ("connect", "Connection.connect", "AsyncConnection.connect"),
    "psycopg2": ("connect",),
    "asyncpg.connection": ("connect",),
    "pg8000.core": ("CoreConnection.__init__",),
    "pymysql.connections": ("Connection.connect",),
    "aiomysql.connection": ("connect",),
    "asyncmy.connection": ("connect",),
    "MySQLdb": ("connect", "Connect", "Connection"),
    "mysql.connector.abstracts": ("MySQLConnectionAbstract.connect",),
    "oracledb": ("connect", "connect_async"),
    "pymssql": ("connect",),
    "pyodbc": ("connect",),
}

_state = threading.local()


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Let this thread open a connection with a driver."""
    _state.allowed = True
    try:
        yield
    finally:
        _state.allowed = False


class Watch(MetaPathFinder):
    """Finds drivers as all others do, and has them guarded when they are imported."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = roots

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the spec of a driver's module, None for all other modules."""
        if name not in OPENS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec: Any = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                guard(module, self.roots)

            spec.loader.exec_module = exec_module
        return spec  # type: ignore[no-any-return]


def install(roots: Sequence[str]) -> None:
    """Guard every driver, now or when it is imported; the project's files are below ``roots``."""
    for name in OPENS:
        if name in sys.modules:
            guard(sys.modules[name], roots)
    sys.meta_path.insert(0, Watch(roots))


def guard(module: ModuleType, roots: Sequence[str]) -> None:
    """Replace what opens connections in a module."""
    for path in OPENS[module.__name__]:
        owner_name, _, name = path.rpartition(".")
        owner = getattr(module, owner_name, None) if owner_name else module
        opens = vars(owner).get(name) if owner is not None else None
        if isinstance(opens, classmethod):
            setattr(owner, name, classmethod(refusing(opens.__func__, module, roots)))
        elif opens is not None:
            setattr(owner, name, refusing(opens, module, roots))


def refusing(opens: Callable[..., Any], module: ModuleType, roots: Sequence[str]) -> Any:
    """Return what opens a connection within ``allowed``, and raises ``wrong_database`` else."""

    @functools.wraps(opens)
    def call(*args: Any, **kwargs: Any) -> Any:
        if getattr(_state, "allowed", False) or aside.active():
            return opens(*args, **kwargs)
        path, line = place_on(traceback.extract_stack(), roots)
        where = f"{path}:{line}: " if path else ""
        parts = module.__name__.split(".")
        driver = ".".join(parts[: 2 if parts[0] == "mysql" else 1])
        raise Failure(
            "wrong_database",
            f"{where}{driver} is called directly, which leads to no throw-away database; "
            "nothing was connected to",
        )

    return call
