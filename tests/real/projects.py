"""The projects whose releases are tried, and what each needs to be run from its wheel."""

from __future__ import annotations

from pathlib import Path

from releases import Distribution
from support import TEMPLATE

LOGGING = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
"""

MLFLOW_MIGRATIONS = "mlflow_oidc_auth/db/migrations"
DSTACK_MIGRATIONS = "dstack/_internal/server/migrations"


def complete_mlflow_oidc_auth(root: Path) -> None:
    """Name the database, as the application does, and add the template that the wheel lacks."""
    ini = root / MLFLOW_MIGRATIONS / "alembic.ini"
    text = ini.read_text(encoding="utf-8")
    assert "\nsqlalchemy.url =" in text
    named = text.replace("\nsqlalchemy.url =", "\nsqlalchemy.url = sqlite:///auth.db")
    ini.write_text(named, encoding="utf-8")
    add_template(root / MLFLOW_MIGRATIONS)


def complete_fief(root: Path) -> None:
    """Make the configuration of the databases that tenants have the one that is used."""
    text = (root / "fief/alembic.ini").read_text(encoding="utf-8")
    url = "postgresql://fief:fiefpassword@localhost:5432/fief-workspace"
    assert "[workspace]" in text and url in text
    text = text.replace("[workspace]", "[alembic]").replace(url, "sqlite:///fief.db")
    (root / "alembic.ini").write_text(text, encoding="utf-8")
    add_template(root / "fief/alembic")


def complete_dstack(root: Path) -> None:
    """Add the configuration, which the application makes while it runs, and a template."""
    ini = f"[alembic]\nscript_location = {DSTACK_MIGRATIONS}\n{LOGGING}"
    (root / "alembic.ini").write_text(ini, encoding="utf-8")
    add_template(root / DSTACK_MIGRATIONS)


def complete_hindsight(root: Path) -> None:
    """Add the configuration, which the application makes in code."""
    ini = f"[alembic]\nscript_location = hindsight_api/alembic\nsqlalchemy.url =\n{LOGGING}"
    (root / "alembic.ini").write_text(ini, encoding="utf-8")


def add_template(folder: Path) -> None:
    """Add the template for revisions to the folder with env.py."""
    (folder / "script.py.mako").write_text(TEMPLATE, encoding="utf-8")


OPTUNA = Distribution(
    name="optuna",
    package="optuna",
    directory="optuna/storages/_rdb",
    versions="optuna/storages/_rdb/alembic/versions",
    database="alembic.db",
    # scipy and cmaes are for releases before 3.1
    needs=("alembic", "numpy", "colorlog", "packaging", "tqdm", "PyYAML", "scipy", "cmaes"),
)
MLFLOW_OIDC_AUTH = Distribution(
    name="mlflow-oidc-auth",
    package="mlflow_oidc_auth",
    directory=MLFLOW_MIGRATIONS,
    versions=f"{MLFLOW_MIGRATIONS}/versions",
    database="auth.db",
    needs=("alembic", "python-dotenv"),
    complete=complete_mlflow_oidc_auth,
)
FIEF = Distribution(
    name="fief-server",
    package="fief",
    directory="",
    versions="fief/alembic/workspace_versions",
    database="fief.db",
    needs=(
        *("alembic", "sqlalchemy<2.1", "sqlalchemy-utils", "pydantic[dotenv]<2"),
        *("fastapi-users[sqlalchemy]<12", "fief-client<0.17", "jwcrypto<1.5.1", "postmarker"),
        *("sendgrid<6.11", "httpx-oauth<0.13"),
    ),
    complete=complete_fief,
    variables={
        "SECRET": "00000000000000000000000000000000",
        "ENCRYPTION_KEY": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
        "FIEF_CLIENT_ID": "ada",
        "FIEF_CLIENT_SECRET": "ada",
    },
)
FRACTAL_SERVER = Distribution(
    name="fractal-server",
    package="fractal_server",
    directory="fractal_server",
    versions="fractal_server/migrations/versions",
    database="fractal.db",
    needs=(
        *("alembic", "sqlalchemy[asyncio]<2.1", "aiosqlite", "sqlmodel<0.0.22", "pydantic<2"),
        *("fastapi<0.113", "fastapi-users[oauth]<13", "python-dotenv"),
    ),
    variables={"DB_ENGINE": "sqlite", "SQLITE_PATH": "fractal.db"},
)
DSTACK = Distribution(
    name="dstack",
    package="dstack",
    directory="",
    versions=f"{DSTACK_MIGRATIONS}/versions",
    database=".dstack/server/data/sqlite.db",
    needs=(
        *("alembic", "sqlalchemy[asyncio]<2.1", "aiosqlite", "sqlalchemy-utils", "pydantic<2"),
        *("pydantic-duality==1.2.4", "GitPython", "giturlparse", "filelock", "paramiko"),
        *("requests", "python-dxf"),
    ),
    complete=complete_dstack,
)
PLACEMENT = Distribution(
    name="openstack-placement",
    package="placement",
    directory="placement/db/sqlalchemy",
    versions="placement/db/sqlalchemy/alembic/versions",
    database="placement.db",
    needs=(
        *("alembic", "sqlalchemy<2", "oslo.db", "oslo.log", "oslo.middleware", "oslo.policy"),
        *("oslo.upgradecheck", "keystonemiddleware", "os-resource-classes", "os-traits", "WebOb"),
        *("Routes", "microversion-parse", "requests", "jsonschema"),
    ),
    variables={"OS_PLACEMENT_DATABASE__CONNECTION": "sqlite:///placement.db"},
)
HINDSIGHT = Distribution(
    name="hindsight-api-slim",
    package="hindsight_api",
    directory="",
    versions="hindsight_api/alembic/versions",
    database="",
    needs=(
        *("alembic", "sqlalchemy[asyncio]<2.1", "pgvector", "asyncpg", "python-dotenv", "pydantic"),
        *("aiohttp", "httpx", "orjson", "json-repair", "toktok-rs", "dateparser", "numpy"),
        *("obstore", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"),
        "opentelemetry-exporter-prometheus",
    ),
    complete=complete_hindsight,
)
