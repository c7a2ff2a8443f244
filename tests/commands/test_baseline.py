"""What a chain needs first: a schema file to begin with, SQL and functions (E9, E13)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import Project, column

SCHEMA = """\
-- a dump; with a comment
BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
CREATE TABLE users (id INTEGER NOT NULL, name VARCHAR(50), PRIMARY KEY (id));
CREATE VIEW v AS SELECT 1 AS name;
CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 'a;b'; SELECT 2; END;
COMMIT;
"""
ALTER = "with op.batch_alter_table('users') as users:\n        users.alter_column("


@pytest.fixture
def legacy(project: Project) -> Project:
    """Give a project whose first revision alters a table that no revision makes."""
    path = "migrations/versions/base00000000.py"
    text = project.read(path)
    begin = text.index("def upgrade")
    body = f"def upgrade():\n    {ALTER}'name', nullable=True)\n\n\ndef downgrade():\n    1 / 0\n"
    project.write(path, text[:begin] + body)
    project.commit_all("legacy")
    return project


def settings(project: Project, text: str, **files: str) -> None:
    """Write settings and files, and commit them."""
    project.write("gitmig.toml", text)
    for name, content in files.items():
        project.write(name.replace("__", "."), content)
    project.commit_all("settings")


BASELINE = 'baseline = "schema.sql"\nbaseline-revision = "base00000000"\n'


def test_without_a_baseline(legacy: Project) -> None:
    """The hint names the setting (E13)."""
    told = legacy.gitmig("check", code=1).stdout
    assert "GM101" in told and "`baseline`" in told


def test_a_baseline(legacy: Project) -> None:
    """Every command begins at the schema file; nothing below it runs, up or down (E13)."""
    settings(legacy, BASELINE, schema__sql=SCHEMA)
    told = json.loads(legacy.gitmig("check", "--format", "json").stdout)
    assert told["ok"], told
    legacy.append("models.py", column("email"))
    legacy.git("add", "-A")
    legacy.gitmig("autogenerate", "-q")
    (path,) = [each for each in legacy.status().split() if each.endswith(".py") and "vers" in each]
    assert "add_column" in legacy.read(path) and "create_table" not in legacy.read(path)
    legacy.git("switch", "-q", "-c", "feature")
    legacy.commit_all("email")
    for options in ([], ["--no-cache"], ["--base", "main"]):
        told = json.loads(legacy.gitmig("check", *options, "--format", "json").stdout)
        assert told["ok"], told


def test_merging_on_a_baseline(legacy: Project) -> None:
    """Heads are joined on databases that begin at the schema file (E13, H1)."""
    settings(legacy, BASELINE, schema__sql=SCHEMA)
    for name in ("left", "right"):
        add = f"op.add_column('users', sa.Column('{name}', sa.Integer))"
        legacy.revision(f"{name}0000", "base00000000", add, f"op.drop_column('users', '{name}')")
        legacy.append("models.py", column(name, "Integer"))
    legacy.commit_all("two heads")
    legacy.gitmig("merge-heads")
    legacy.commit_all("merged")
    legacy.gitmig("check")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('baseline = "schema.sql"\n', "baseline and baseline-revision belong together"),
        (BASELINE.replace("schema", "nowhere"), "baseline: nowhere.sql is not staged"),
        (BASELINE.replace("base0", "none0"), "there is no revision none00000000"),
        ('baseline = "schema.txt"\n', "baseline must be a file of SQL"),
        (BASELINE.replace("schema", "bad"), "bad.sql:2: OperationalError: near"),
        ('[sqlite]\nprepare = "nowhere:run"\n', "nowhere cannot be imported"),
        ('[sqlite]\nprepare = "models:run"\n', "models has no function run"),
        ('[sqlite]\nprepare = ["CREATE NOTHING"]\n', "[tool.gitmig.sqlite]:1: OperationalError"),
        ('[sqlite]\nversion = "3"\n', '"sqlite.version" is not a setting'),
    ],
)
def test_what_is_not_there(legacy: Project, text: str, told: str) -> None:
    """A name that is unknown, or SQL that fails, is one sentence and exit code 2."""
    settings(legacy, text, schema__sql=SCHEMA, bad__sql="SELECT 1;\nCREATE NOTHING;\n")
    result = legacy.gitmig("check", code=2)
    assert told in result.stderr, result.stderr


@pytest.mark.parametrize(
    "prepare",
    ['["CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50))"]', '"first:make"'],
    ids=["SQL", "a function"],
)
def test_prepare(legacy: Project, prepare: str) -> None:
    """SQL or a function of the project's makes what a chain needs first, on SQLite too (E9)."""
    make = "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50))"
    function = f"def make(connection):\n    connection.exec_driver_sql('{make}')\n"
    settings(legacy, f"[sqlite]\nprepare = {prepare}\n", first__py=function)
    path = "migrations/versions/base00000000.py"
    legacy.write(path, legacy.read(path).replace("1 / 0", "pass"))
    legacy.commit_all("goes back")
    for _ in range(2):  # the second from the cache
        assert json.loads(legacy.gitmig("check", "--format", "json").stdout)["ok"]


def test_a_real_database_gets_no_baseline(legacy: Project, tmp_path: Path) -> None:
    """The commands on the real database know nothing of it."""
    settings(legacy, BASELINE, schema__sql=SCHEMA)
    legacy.gitmig("current")
    told = legacy.gitmig("upgrade", code=None)
    assert told.returncode != 0 and "users" not in legacy.tables()


def test_postgresql_dump(pg: Project) -> None:
    """What pg_dump prints is a baseline, with its functions and settings (E13)."""
    dump = (
        "\\restrict abc\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        "SET check_function_bodies = false;\n"
        "CREATE FUNCTION public.f() RETURNS integer LANGUAGE plpgsql AS $$\n"
        "BEGIN RETURN 1; END; $$;\n"
        "CREATE TABLE public.alembic_version (version_num character varying(32) NOT NULL);\n"
        "CREATE TABLE public.users (id serial PRIMARY KEY, name character varying(50));\n"
        "COMMENT ON TABLE public.users IS '100%; all';\n\\unrestrict abc\n"
    )
    pg.append("models.py", "    __table_args__ = {'comment': '100%; all'}\n")
    settings(pg, BASELINE, schema__sql=dump)
    told = json.loads(pg.gitmig("check", "--format", "json").stdout)
    assert told["ok"], told
