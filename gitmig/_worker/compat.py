"""The only place that asks for versions of Alembic and SQLAlchemy."""

from __future__ import annotations

import inspect
import platform
from typing import Any

import alembic
import sqlalchemy
from alembic.config import Config

from .shapes import Connection, Dialect


def make_config(ini: str, toml: str, section: str, **options: Any) -> Config:
    """Return Alembic's Config; ``toml`` is dropped before Alembic 1.16, which knows none."""
    if "toml_file" in inspect.signature(Config.__init__).parameters:
        options["toml_file"] = toml or None
    return Config(file_=ini or None, ini_section=section, **options)


def connection_info(connection: Connection) -> Any:
    """Return the dictionary that lives as long as the database connection itself."""
    return connection.info


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
