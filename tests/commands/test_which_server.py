"""Which server a PostgreSQL project gets, and what is said where it gets none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from servers import databases
from support import Project, column, no_postgresql, use_url

from gitmig.ephemeral.programs import postgres_installed

EMAIL = column("email")
UUID = "a stand-in is used for the extension uuid-ossp"
CLOUD = """\
import contextlib

from gitmig.ephemeral.provision import Server, Unavailable


class Cloud:
    name = "cloud"

    @contextlib.contextmanager
    def open(self, need):
        {opening}
        yield {server}
        {closing}


provider = Cloud()
"""


def extension(project: Project, name: str) -> None:
    """Add a revision that creates an extension, and one that drops it on the way down."""
    create, drop = f"CREATE EXTENSION IF NOT EXISTS {name}", f"DROP EXTENSION {name}"
    project.revision("more00000000", "base00000000", f"op.execute({create!r})",
                     f"op.execute({drop!r})")  # fmt: skip
    project.git("add", "-A")


def cloud(site: Path, opening: str = "pass", server: str = "None", closing: str = "pass") -> str:
    """Install a package with a provider; return its folder."""
    about = site / "cloud-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cloud\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[gitmig.ephemeral]\ncloud = cloud:provider\n")
    text = CLOUD.format(opening=opening, server=server, closing=closing)
    (site / "cloud.py").write_text(text)
    return str(site)


@pytest.mark.parametrize("name", ["citext", "pg_trgm", "hstore"])
def test_extensions_of_every_server(pg: Project, name: str) -> None:
    """An extension that comes with PostgreSQL is no reason to go elsewhere."""
    extension(pg, name)
    assert "database 18." not in pg.gitmig("check").stdout


def test_chosen_by_need(pg: Project) -> None:
    """An extension that only the wheel has takes the wheel."""
    extension(pg, "vector")
    assert "database 18." in pg.gitmig("check").stdout
    pg.append("models.py", EMAIL)
    pg.git("add", "-A")
    assert "add users.email" in pg.gitmig("autogenerate").stdout
    assert "ephemeral             postgresql: PostgreSQL 18" in pg.gitmig("doctor", code=1).stdout


def test_what_prepare_creates_is_a_need(pg: Project) -> None:
    """An extension in `prepare` decides as one in a revision does."""
    pg.write("gitmig.toml", '[postgresql]\nprepare = ["CREATE EXTENSION vector"]\n')
    pg.git("add", "-A")
    assert "database 18." in pg.gitmig("check").stdout


def test_prose_is_no_need(pg: Project) -> None:
    """A docstring or a comment that speaks of extensions and users asks for nothing."""
    path = pg.revision("more00000000", "base00000000", subject="Create extension postgis later")
    pg.append(path, "# CREATE EXTENSION if needed; create user table\n")
    pg.git("add", "-A")
    pg.gitmig("check")


@pytest.mark.parametrize("statement", ["'CREATE EXTEN' + 'SION vector'",
                                       "'CREATE FUNCTION f(vector) RETURNS text LANGUAGE c AS ' "
                                       "+ repr('$libdir/vector') + ', ' + repr('vector_out')"],
                         ids=["a control file that lacks", "a library that lacks"])  # fmt: skip
def test_found_out_while_it_runs(pg: Project, statement: str) -> None:
    """What a server lacks only shows when a revision runs: the next one is taken then."""
    more = "" if "EXTEN" in statement else "op.execute('CREATE TYPE vector'); "
    pg.revision("more00000000", "base00000000", f"{more}op.execute({statement})")
    pg.git("add", "-A")
    told = pg.gitmig("check", code=1).stdout
    assert "upgrade   passed" in told and "database 18." in told


def test_the_error_that_broke_the_transaction(pg: Project) -> None:
    """It counts and is told, not that of a later statement, which only says that it is broken."""
    caught = "try:\n        op.execute('{}')\n    except Exception:\n        op.execute('SELECT 1')"
    extension = caught.format("CREATE EXTEN' + 'SION vector")
    pg.revision("more00000000", "base00000000", extension)
    pg.git("add", "-A")
    assert "database 18." in pg.gitmig("check", code=None).stdout
    pg.revision("next00000000", "more00000000", caught.format("SELECT nothing"))
    pg.git("add", "-A")
    assert 'column "nothing" does not exist' in pg.gitmig("check", code=1).stdout


@pytest.mark.parametrize("statement", ["CREATE EXTENSION postgis", "CREATE EXTEN' + 'SION postgis"])
def test_an_extension_that_no_server_has(pg: Project, statement: str) -> None:
    """Each way is named with its reason, and what to do, in one sentence each."""
    pg.revision("more00000000", "base00000000", f"op.execute('{statement}')")
    pg.git("add", "-A")
    for command in ("autogenerate", "check"):
        told = pg.gitmig(command, code=2).stderr
        place = "" if "'" in statement else "migrations/versions/more00000000.py:12: "
        assert told.startswith(f"gitmig: {place}the project asks for PostgreSQL")
        assert "/bin: " in told and "; gitmig[postgres]: " in told and told.count("postgis") >= 2
        assert "--database-url" in told and "`docker`" in told and len(told.splitlines()) == 2


def test_an_extension_that_is_named_and_never_created(pg: Project) -> None:
    """A project with several backends gets the server that lacks least, and is told what."""
    pg.revision("more00000000", "base00000000",
                "op.execute('CREATE EXTENSION vector')\n"
                "    if False: op.execute('CREATE EXTENSION vchord')",
                "op.execute('DROP EXTENSION vector')")  # fmt: skip
    pg.git("add", "-A")
    told = pg.gitmig("check").stdout
    assert "has no extension vchord, which the revisions name" in told and "database 18." in told


def test_stand_in_is_announced(pg: Project, wheel: str) -> None:
    """`uuid-ossp` works on the wheel through a stand-in, which each output says."""
    pg.write("gitmig.toml", f'[postgresql]\nbinaries = "{wheel}"\n')
    extension(pg, '"uuid-ossp"')
    pg.revision("uses00000000", "more00000000",
                'op.execute("ALTER TABLE users ADD at uuid DEFAULT uuid_generate_v4()")',
                'op.drop_column("users", "at")')  # fmt: skip
    pg.append("models.py", column("at", "Uuid").replace("Uuid", "__import__('sqlalchemy').Uuid"))
    pg.append("models.py", EMAIL)
    pg.git("add", "-A")
    assert UUID in pg.gitmig("autogenerate").stderr
    assert f"GM401 {UUID}" in pg.gitmig("check").stdout


def test_production_of_another_version(pg: Project) -> None:
    """That production has another major version is said, and is no failure."""
    pg.write("gitmig.toml", '[postgresql]\nversion = "9.6"\n')
    pg.append("models.py", EMAIL)
    pg.git("add", "-A")
    assert "production has 9.6" in pg.gitmig("autogenerate").stderr
    told = json.loads(pg.gitmig("check", "--format", "json").stdout)
    assert [each["code"] for each in told["findings"]] == ["GM401"]
    assert "production differs" in pg.gitmig("doctor", code=1).stdout


def test_a_provider_of_a_package(pg: Project, server: str, tmp_path: Path) -> None:
    """A provider that is installed is asked before what is on the machine."""
    gives = f"Server({server!r}, 'a branch of the cloud')"
    pg.env["PYTHONPATH"] = cloud(tmp_path / "site", server=gives)
    before = databases(server)
    pg.append("models.py", EMAIL)
    pg.git("add", "-A")
    assert "add users.email" in pg.gitmig("autogenerate").stdout
    assert "✓ ephemeral             postgresql: a branch" in pg.gitmig("doctor", code=1).stdout
    assert databases(server) == before


BROKEN = {
    "no module": ({"opening": "import nothing_there"}, "ModuleNotFoundError: No module named"),
    "unavailable": ({"opening": "raise Unavailable('no quota')"}, "cloud: no quota"),
    "an error": ({"opening": "raise KeyError('token')"}, "cloud: KeyError: 'token'"),
    "no server": ({"server": "3"}, "cloud: it gives no Server, but 3"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_provider_that_cannot(pg: Project, tmp_path: Path, how: str) -> None:
    """A provider that fails is a reason in `doctor` and in the refusal; the next way is taken."""
    broken, said = BROKEN[how]
    pg.env["PYTHONPATH"] = cloud(tmp_path / "site", **broken)
    told = pg.gitmig("doctor", code=1).stdout
    assert said in told and "✓ ephemeral             postgresql: PostgreSQL" in told
    no_postgresql(pg)
    assert said in pg.gitmig("check", code=2).stderr


def test_a_provider_that_cannot_end(pg: Project, server: str, tmp_path: Path) -> None:
    """A provider that fails to stop its server is told as that."""
    gives = f"Server({server!r}, 'a branch of the cloud')"
    closing = "raise OSError('still there')"
    pg.env["PYTHONPATH"] = cloud(tmp_path / "site", server=gives, closing=closing)
    told = pg.gitmig("check", code=2).stderr
    assert "the provider cloud could not end its server: OSError: still there" in told


def test_docker_is_one_way_of_several(pg: Project) -> None:
    """An image in the settings that cannot be run is a reason like the others."""
    pg.write("gitmig.toml", '[postgresql]\nbinaries = "/nowhere"\ndocker = "no.invalid/image"\n')
    pg.git("add", "-A")
    told = pg.gitmig("check", code=2).stderr
    assert "configured: there is no postgres in /nowhere; Docker: " in told
    assert "gitmig[docker]" in told or "no.invalid/image does not start" in told
    assert "ephemeral             postgresql: Docker: " in pg.gitmig("doctor", code=1).stdout


def test_programs_of_two_versions(pg: Project, wheel: str, tmp_path: Path) -> None:
    """Configured programs that do not fit each other are one sentence (bad input)."""
    (tmp_path / "postgres").symlink_to(f"{wheel}/postgres")
    (tmp_path / "initdb").symlink_to(next(postgres_installed()).folder / "initdb")
    pg.write("gitmig.toml", f'[postgresql]\nbinaries = "{tmp_path}"\n')
    pg.git("add", "-A")
    told = pg.gitmig("check", code=2).stderr
    assert re.search("configured: .*(?:incompatible|not the same version)", told)
    assert "mend `binaries` in [tool.gitmig.postgresql], or take it out" in told


UNKNOWN = {
    "a driver that is not installed": ("mssql+pymssql", "install the package of pymssql into"),
    "a dialect that is not installed": ("cockroachdb", "that brings SQLAlchemy's cockroachdb"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_other_kinds_that_are_not_installed(project: Project, what: str) -> None:
    """A dialect or driver that the project's interpreter lacks is named with its package."""
    name, said = UNKNOWN[what]
    use_url(project, f"{name}://u:secret@production.invalid/app")
    told = project.gitmig("check", code=2).stderr
    assert "migrations/env.py" in told and said in told and "secret" not in told


def test_a_kind_that_gitmig_does_not_start(project: Project) -> None:
    """A database that gitmig has no server for asks for a URL or a package (bad input)."""
    named = (
        "from sqlalchemy.dialects import registry\n"
        "from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg\n\n\n"
        "class Other(PGDialect_psycopg):\n    name = 'otherdb'\n"
        "\n\nimport sys\nsys.modules['otherdb'] = sys.modules[__name__]\n"
        "registry.register('otherdb', 'otherdb', 'Other')\n"
    )
    project.append("models.py", "\n\n" + named)
    use_url(project, "otherdb://production.invalid/app")
    told = project.gitmig("check", code=2).stderr
    assert "asks for otherdb" in told and "gitmig starts no otherdb itself" in told
    assert "--database-url otherdb://" in told and "gitmig.ephemeral" in told


def test_oracle(project: Project) -> None:
    """With its driver there, Oracle is asked of a package alone: a URL would not do (bad input)."""
    use_url(project, "oracle+oracledb://u:secret@production.invalid/?service_name=app")
    told = project.gitmig("check", code=2).stderr
    assert "asks for oracle" in told and "gitmig.ephemeral" in told
    assert "--database-url" not in told and "secret" not in told
