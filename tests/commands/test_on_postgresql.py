"""PostgreSQL projects in difficult shapes, with no server running and nothing set."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ephemeral.throwaway import alive
from support import BIN, ENV, INI, MODELS, TEMPLATE, Project, column, use_url

EMAIL, PHONE = column("email"), column("phone")
NAMESAKE = """

class Crew(Base):
    __tablename__ = "users"
    __table_args__ = {"schema": "crew"}

    id = Column(Integer, primary_key=True)
"""
SERVICE = {"models.py": MODELS, "migrations/env.py": ENV, "migrations/script.py.mako": TEMPLATE}


def revision_of(project: Project, path: str) -> str:
    """Return the id in a revision file."""
    found = re.search(r"^revision = '(\w+)'", project.read(path), re.MULTILINE)
    assert found is not None
    return found[1]


def test_happy_path(pg: Project, pg_place: Path, listener: tuple[int, list[object]]) -> None:
    """A column is added and committed: its proved revision is in that commit (C1)."""
    port, tried = listener
    use_url(pg, f"postgresql+psycopg://ada:secret@127.0.0.1:{port}/app")
    pg.gitmig("install", "-q")
    pg.append("models.py", EMAIL)
    pg.git("add", "models.py")
    pg.git("commit", "-qm", "users have an email")
    (path,) = pg.new_revisions()
    assert pg.files_in() == {"models.py", path} and pg.status() == ""
    assert "down_revision = 'base00000000'" in pg.read(path)
    told = pg.gitmig("check").stdout
    assert "downgrade passed" in told and "drift     passed" in told
    assert "nothing to generate" in pg.gitmig("autogenerate").stderr
    assert pg.status() == "" and tried == [] and alive(pg_place) == {}


def test_namesake_in_another_schema(pg: Project) -> None:
    """A new table of another schema takes no doubt away from its namesake, and is told apart."""
    env = pg.read("migrations/env.py").replace(
        "a=target_metadata", "a=target_metadata, include_schemas=True"
    )
    pg.write("migrations/env.py", env)
    pg.write("models.py", MODELS + NAMESAKE)
    pg.git("add", "-A")
    assert "prepare = ['CREATE SCHEMA" in pg.gitmig("autogenerate", code=1).stderr
    pg.write("models.py", MODELS)
    pg.revision("crew00000000", "base00000000", "op.execute('CREATE SCHEMA crew')",
                "op.execute('DROP SCHEMA crew')")  # fmt: skip
    pg.commit_all("a schema")
    pg.gitmig("install", "-q")
    pg.write("models.py", MODELS.replace(column("name", "String(50)"), "") + NAMESAKE)
    stopped = pg.git("commit", "-qam", "namesake", code=1).stderr
    assert "stopped: users.name is dropped with all its values" in stopped
    assert "create table crew.users, drop users.name" in stopped


@pytest.mark.parametrize(
    ("uses", "said", "statement"),
    [
        ("CREATE TABLE audit.log (id int)", 'schema "audit" does not exist', "CREATE SCHEMA audit"),
        ("GRANT ALL ON users TO app", 'role "app" does not exist', "CREATE ROLE app"),
        ("ALTER TABLE users ADD tag citext", 'type "citext" does not exist',
         "CREATE EXTENSION citext"),
        ("ALTER TABLE users ADD at uuid DEFAULT uuid_generate_v4()", "does not exist",
         'CREATE EXTENSION "uuid-ossp"'),
    ],
    ids=["schema", "role", "type of an extension", "function of an extension"],
)  # fmt: skip
def test_what_must_be_there_first(pg: Project, uses: str, said: str, statement: str) -> None:
    """What production has beforehand is named with the setting that makes it (E9)."""
    undo = 'op.execute("DROP TABLE IF EXISTS audit.log")' if "audit" in uses else "pass"
    pg.revision("more00000000", "base00000000", f"op.execute({uses!r})", undo)
    pg.git("add", "-A")
    for command, code in (("autogenerate", 2), ("check", 1)):
        result = pg.gitmig(command, code=code)
        told = result.stdout + result.stderr
        assert said in told and "in [tool.gitmig.postgresql]" in told
        prepared = told.partition("prepare = ['")[2].partition("']")[0]
        assert prepared.replace('"', "") == statement.replace('"', "")
    pg.write("gitmig.toml", f"[postgresql]\nprepare = ['{prepared}']\n")
    pg.git("add", "-A")
    assert "upgrade   passed" in pg.gitmig("check", code=None).stdout


def test_prepare_is_run_as_it_is_written(pg: Project) -> None:
    """A colon or a percent sign in a statement of `prepare` means nothing to gitmig."""
    comment = "COMMENT ON SCHEMA public IS ''' :a 100% %s 10:30'"
    pg.write("gitmig.toml", f'[postgresql]\nprepare = ["{comment}"]\n')
    pg.revision(
        "more00000000",
        "base00000000",
        """op.execute('''DO $$ BEGIN ASSERT
        obj_description('public'::regnamespace) LIKE '% _a 100_ _s 10_30'; END $$''')""",
    )
    pg.git("add", "-A")
    pg.gitmig("check")


def test_prepare_that_fails(pg: Project) -> None:
    """A statement of `prepare` that fails is one sentence that names the setting."""
    pg.write("gitmig.toml", '[postgresql]\nprepare = ["CREATE TABEL x"]\n')
    pg.git("add", "-A")
    told = pg.gitmig("check", code=2).stderr
    assert "`prepare` in [tool.gitmig.postgresql] fails" in told and "TABEL" in told


def test_prepare_is_in_the_key_of_what_is_kept(pg: Project) -> None:
    """A statement that is added to `prepare` counts, though the replay was kept before."""
    for number in range(8):
        parent = f"r{number - 1:011}" if number else "base00000000"
        pg.revision(f"r{number:011}", parent, "pass")
    pg.git("add", "-A")
    pg.gitmig("autogenerate")
    pg.write("gitmig.toml", '[postgresql]\nprepare = ["CREATE SCHEMA audit"]\n')
    pg.revision("more00000000", "r00000000007", 'op.execute("CREATE TABLE audit.log (id int)")')
    pg.git("add", "-A")
    assert "nothing to generate" in pg.gitmig("autogenerate").stderr


HELPER = "def make(op, what='CREATE'):\n    op.execute(what + ' ROLE helped')\n"
ROLES = {
    "in the revision": ('op.execute("CREATE ROLE app")', 'op.execute("DROP ROLE app")'),
    "in an installed module": (
        "import maker; maker.make(op)",
        "import maker; maker.make(op, 'DROP')",
    ),
}


@pytest.mark.parametrize("where", ROLES)
def test_revisions_that_create_roles(pg: Project, tmp_path: Path, where: str) -> None:
    """Roles, which databases of a server share, are in no other's way (E9)."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "maker.py").write_text(HELPER)
    pg.env["PYTHONPATH"] = str(site)
    pg.revision("more00000000", "base00000000", *ROLES[where])
    pg.commit_all("a role")
    for _ in range(2):
        pg.gitmig("check")
    pg.append("models.py", EMAIL)
    pg.git("add", "-A")
    result = pg.gitmig("autogenerate")  # asks what HEAD left over, too
    assert "add users.email" in result.stdout and "cannot be told" not in result.stderr
    pg.commit_all("email")
    (path,) = pg.new_revisions()
    for name in ("aaaa00000000", "bbbb00000000"):
        pg.revision(name, revision_of(pg, path))
    pg.git("add", "-A")
    assert "written and staged" in pg.gitmig("merge-heads").stdout
    pg.gitmig("check", "--base", "main~1")


@pytest.mark.parametrize(
    "statement", ["'CREATE EXTENSION vector'", "'CREATE EXTEN' + 'SION vector'",
                  "'CREATE ROLE app'"], ids=["extension", "extension unseen", "role"],
)  # fmt: skip
def test_deploying_what_needs_another_server(pg: Project, statement: str) -> None:
    """The base's database is made where the new revisions can run, too (K1)."""
    undo = statement.replace("CREATE", "DROP")
    pg.git("checkout", "-qb", "branch")
    pg.revision("more00000000", "base00000000", f"op.execute({statement})", f"op.execute({undo})")
    pg.commit_all("more")
    told = pg.gitmig("check", "--base", "main", "--ignore", "GM751").stdout
    assert "deploy passed" in " ".join(told.split())


MULTIDB_TOML = """\
[alembic]
script_location = migrations
prepend_sys_path = .
databases = one, two
[one]
sqlalchemy.url = postgresql+psycopg://production.invalid/one
[two]
sqlalchemy.url = {url}
"""


@pytest.mark.parametrize("url", ["postgresql+psycopg://h.invalid/two", "sqlite:///two.db",
                                 "mysql+pymysql://h.invalid/two"])  # fmt: skip
def test_two_databases(pg: Project, url: str) -> None:
    """Alembic's `multidb` gets a database of its own for each, and each of its own kind."""
    pg.git("rm", "-rqf", "migrations", "alembic.ini")
    pg.run(str(BIN / "alembic"), "init", "-t", "multidb", "migrations")
    pg.write("alembic.ini", MULTIDB_TOML.format(url=url))
    env = pg.read("migrations/env.py")
    metadata = (
        "from models import Base\ntarget_metadata = {n: Base.metadata for n in ('one', 'two')}"
    )
    assert "target_metadata: MetaData" in env or "target_metadata = {}" in env
    env = re.sub(r"^target_metadata.*$", metadata, env, flags=re.MULTILINE)
    pg.write(
        "migrations/env.py", re.sub(r"^if config.config_file_name.*\n.*$", "", env, flags=re.M)
    )
    pg.commit_all("multidb")
    pg.gitmig("install", "-q")
    pg.append("models.py", EMAIL)
    pg.git("commit", "-qam", "users have an email")
    (path,) = pg.new_revisions()
    text = pg.read(path)
    assert text.count("create_table('users'") == 2 and "def upgrade_two" in text
    told = pg.gitmig("check").stdout
    assert "downgrade passed" in told and "drift     passed" in told
    assert pg.status() == "" and not list(pg.path.glob("*.db"))


def test_two_services(pg: Project) -> None:
    """Two services of one repository, on PostgreSQL and on SQLite, each get their revision."""
    for name, url in (("a", "postgresql+asyncpg://h.invalid/a"), ("b", "sqlite:///b.db")):
        for path, text in SERVICE.items():
            pg.write(f"{name}/{path}", text)
        pg.write(f"{name}/alembic.ini", INI.replace("sqlite:///app.db", url))
    ini = pg.read("a/alembic.ini").replace("+asyncpg", "+psycopg2")
    pg.write("a/alembic.ini", ini)
    pg.git("rm", "-rqf", "migrations", "alembic.ini", "models.py")
    pg.gitmig("install", "-q")
    pg.git("add", "-A")
    pg.git("commit", "-qm", "two services")
    folders = {path.split("/")[0] for path in pg.new_revisions() if "base" not in path}
    assert folders == {"a", "b"} and pg.status() == ""
    assert pg.gitmig("check").stdout.count("drift     passed") == 2


def test_two_checks_at_once(pg: Project) -> None:
    """Two checks at once do not disturb each other, and leave the tree as it is (K9)."""
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: pg.gitmig("check").stdout, range(2)))
    assert all("drift     passed" in each for each in told)
    assert pg.status() == ""


def test_two_hooks_at_once(pg: Project) -> None:
    """Two commits at once in two work trees each get their revision (R3)."""
    pg.gitmig("install", "-q")
    pg.git("worktree", "add", "-q", "../other", "-b", "other")
    other = Project(pg.path.parent / "other", pg.env)

    def commit(project: Project) -> subprocess.CompletedProcess[str]:
        project.append("models.py", EMAIL if project is pg else PHONE)
        return project.git("commit", "-qam", "a column")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(commit, (pg, other)))
    for project, name in ((pg, "email"), (other, "phone")):
        (path,) = project.new_revisions()
        assert f"add_column('users', sa.Column('{name}'" in project.read(path)
        assert project.status() == ""


MADE = (
    'op.create_table("t{0}", sa.Column("id", sa.Integer()), '
    'sa.Column("kind", sa.Enum("a", "b", name="kind")))'
)


def test_a_type_that_an_earlier_revision_made(pg: Project) -> None:
    """A chain that runs in one go and not in parts passes, though a part of it is kept."""
    last = "base00000000"
    for number in range(9):  # as many as are worth keeping
        pg.revision(f"r{number}", last, MADE.format(number))
        last = f"r{number}"
    pg.commit_all("tables")
    pg.gitmig("autogenerate", "--dry-run", code=None)
    pg.revision("later", last, MADE.format("later"))
    pg.commit_all("one more")
    told = pg.gitmig("autogenerate", "--dry-run", code=None)
    assert "drop table tlater" in told.stdout.lower() and "already exists" not in told.stderr
