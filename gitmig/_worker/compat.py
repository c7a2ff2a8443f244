"""The only place that asks for versions of Alembic and SQLAlchemy."""

from __future__ import annotations

import copy
import functools
import inspect
import os
import platform
from typing import Any

import alembic
import sqlalchemy
from alembic.config import Config
from alembic.operations import ops

from .shapes import Connection, Dialect


def make_config(ini: str, toml: str, section: str, **options: Any) -> Config:
    """Return Alembic's Config; ``toml`` is dropped before Alembic 1.16, which knows none."""
    if "toml_file" in inspect.signature(Config.__init__).parameters:
        options["toml_file"] = toml or None
    return Config(file_=ini or None, ini_section=section, **options)


def let_versions_be_missing(script: Any) -> None:
    """Take a folder of revisions that is not there for an empty one, which git does not keep.

    Alembic before 1.8 lists the one that is there by default, and fails.
    """
    locations = script._version_locations
    if not script.version_locations and not any(os.path.isdir(each) for each in locations):
        script.version_locations = list(locations)


def connection_info(connection: Connection) -> Any:
    """Return the dictionary that lives as long as the database connection itself."""
    return connection.info


@functools.cache  # asked at each step
def url_text(url: Any) -> str:
    """Return a URL as text with its password hidden."""
    if hasattr(url, "render_as_string"):
        return str(url.render_as_string(hide_password=True))
    return repr(url)  # SQLAlchemy 1.3 hides it there


def url_with(url: Any, **parts: str) -> Any:
    """Return a copy of a URL with some parts replaced."""
    if hasattr(url, "set"):
        return url.set(**parts)
    changed = copy.copy(url)  # SQLAlchemy 1.3: URLs can be written to
    for name, value in parts.items():
        setattr(changed, name, value)
    return changed


def keep_unique_in_reverse() -> None:
    """Keep in a downgrade that a dropped index was unique: Alembic forgets it before 1.13.1."""
    drop: Any = ops.DropIndexOp
    reverse = drop.reverse

    @functools.wraps(reverse)
    def reversed_op(self: Any) -> Any:
        made = reverse(self)
        if self._reverse is not None:
            made.unique = self._reverse.unique
        return made

    drop.reverse = reversed_op


def versions(dialect: Dialect = None) -> dict[str, str]:
    """Return the versions that decide what autogenerate says, for reports."""
    found = {
        "python": platform.python_version(),
        "alembic": alembic.__version__,
        "sqlalchemy": sqlalchemy.__version__,
    }
    if dialect is not None:
        found["dialect"] = dialect.name
        driver = getattr(dialect, "dbapi", None)
        found["driver"] = f"{dialect.driver} {getattr(driver, '__version__', '')}".strip()
        server = getattr(dialect, "server_version_info", None)
        if server:
            found["database"] = ".".join(str(part) for part in server)
    return found
