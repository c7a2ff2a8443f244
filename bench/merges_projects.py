"""Projects on PyPI whose authors joined heads, and what each needs to be run from its wheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
ALEMBIC = """\
[alembic]
script_location = {script}
prepend_sys_path = .
version_locations = {versions}
path_separator = space
sqlalchemy.url = {url}
{logging}"""


@dataclass(frozen=True)
class Release:
    """One release.

    ``packages`` are the folders of its wheel, ``script`` that of env.py, ``versions`` those of its
    revisions (empty: beside it). ``url`` is what the Alembic configuration names; gitmig never
    goes there. ``variables`` are those that its settings insist on, ``needs`` what is installed to
    run it, nothing where its chain is only read; ``why`` says why.
    """

    name: str
    version: str
    packages: tuple[str, ...]
    script: str
    versions: tuple[str, ...] = ()
    url: str = "sqlite:///app.db"
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    installer: str = "pip"
    why: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of its revisions."""
        return self.versions or (f"{self.script}/versions",)

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.name}=={self.version}"

    def files(self) -> dict[str, str]:
        """Return the configuration of Alembic and of gitmig that is laid over its tree."""
        ini = ALEMBIC.format(
            script=self.script,
            versions=" ".join(self.folders),
            url=self.url,
            logging=LOGGING,
        )
        lines = ["[environments.release]", 'config = "alembic.ini"', "[env]"]
        lines += [f'{name} = "{value}"' for name, value in self.variables.items()]
        return {"alembic.ini": ini, "gitmig.toml": "\n".join([*lines, ""])}


POSTGRESQL = "postgresql+psycopg://app@localhost/app"
GALAXY = Release(
    name="galaxy-data",
    version="26.1.2",
    packages=("galaxy",),
    script="galaxy/model/migrations/alembic",
    versions=tuple(f"galaxy/model/migrations/alembic/versions_{each}" for each in ("gxy", "tsi")),
    why="the chain begins with a database that is there already",
)
DATAJUNCTION = Release(
    name="datajunction-server",
    version="0.0.272",
    packages=("datajunction_server",),
    script="datajunction_server/alembic",
    url=POSTGRESQL,
    variables={"DATABASE_URI": POSTGRESQL},
    needs=("datajunction-server==0.0.272", "psycopg[binary]"),
)
HINDSIGHT = Release(
    name="hindsight-api-slim",
    version="1.1.0",
    packages=("hindsight_api",),
    script="hindsight_api/alembic",
    url="postgresql://app@localhost/app",
    needs=("hindsight-api-slim==1.1.0", "psycopg2-binary"),
)
QUETZ = Release(
    name="quetz-server",
    version="0.10.4",
    packages=("quetz",),
    script="quetz/migrations",
    needs=("quetz-server==0.10.4", "sqlalchemy<2"),
)
AIRFLOW = Release(
    name="apache-airflow",
    version="2.10.5",
    packages=("airflow",),
    script="airflow/migrations",
    needs=(
        *("apache-airflow==2.10.5", "sqlalchemy<2", "flask-session<0.6", "marshmallow<4"),
        *("connexion<3", "pendulum<3.1"),
    ),
)
AIRFLOW_1 = Release(
    name="apache-airflow",
    version="1.10.15",
    packages=("airflow",),
    script="airflow/migrations",
    why="runs on Python 3.8 at most",
)
ANITYA = Release(
    name="anitya",
    version="2.3.0",
    packages=("anitya",),
    script="anitya/db/migrations",
    why="the chain begins with a database that is there already",
)
SUPERSET = Release(
    name="apache-superset",
    version="6.1.0",
    packages=("superset",),
    script="superset/migrations",
    why="env.py is run within the application, which makes tables of its own first",
)
LANGFLOW = Release(
    name="langflow-base",
    version="1.13.0",
    packages=("langflow",),
    script="langflow/alembic",
    url="sqlite+aiosqlite:///app.db",
    needs=("langflow-base==1.13.0", "aiosqlite"),
    installer="uv",
)
SKYVERN = Release(
    name="skyvern",
    version="1.0.56",
    packages=("alembic", "skyvern"),
    script="alembic",
    url=POSTGRESQL,
    variables={"DATABASE_STRING": POSTGRESQL, "SKYVERN_TELEMETRY": "false"},
    needs=(
        *("skyvern==1.0.56", "alembic", "sqlalchemy[asyncio]", "psycopg[binary,pool]", "pgvector"),
        *("pydantic[email]", "asyncpg"),
    ),
)
RELEASES = (
    AIRFLOW_1, AIRFLOW, SUPERSET, LANGFLOW, HINDSIGHT, GALAXY, QUETZ, SKYVERN, DATAJUNCTION, ANITYA,
)  # fmt: skip
