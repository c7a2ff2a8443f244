"""Dangerous things on a branch of a MariaDB project, and the same done so that nothing happens."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from commands.test_rules_24 import Revision, checked, write
from support import Project, use_url

MODELS = """\
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.BigInteger, primary_key=True)
    name = sa.Column(sa.String(50))
    state = sa.Column(sa.String(50))
    old = sa.Column(sa.String(50))


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    user_id = sa.Column(sa.BigInteger, sa.ForeignKey("users.id", name="fk_user"))
    total = sa.Column(sa.Integer)
    client_id = sa.Column(sa.BigInteger)
    note = sa.Column(sa.String(100))
    phase = sa.Column(sa.Enum("open", "done", name="phase"))


class Log(Base):
    __tablename__ = "logs"
    id = sa.Column(sa.BigInteger, primary_key=True)


class Client(Base):
    __tablename__ = "clients"
    id = sa.Column(sa.BigInteger, primary_key=True)
"""
BASE = """
op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("name", sa.String(50)), sa.Column("state", sa.String(50)),
    sa.Column("old", sa.String(50)), sa.Column("unused", sa.String(50)))
op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id", name="fk_user")),
    sa.Column("total", sa.Integer()), sa.Column("note", sa.String(100)),
    sa.Column("client_id", sa.BigInteger()),
    sa.Column("phase", sa.Enum("open", "done", name="phase")))
for table in ("logs", "clients", "unused_logs"):
    op.create_table(table, sa.Column("id", sa.BigInteger(), primary_key=True))
"""
TEXT = "existing_type=sa.String(50)"
PHASE = 'sa.Enum("open", "done", name="phase")'
WIDER = 'sa.Enum("open", "done", "late", name="phase")'
ALTER = "ALTER TABLE orders"

DANGEROUS: list[Revision] = [
    ("bigint", """
op.alter_column("orders", "total", type_=sa.BigInteger(), existing_type=sa.Integer())  #! GM702
""", 'op.alter_column("orders", "total", type_=sa.Integer(), existing_type=sa.BigInteger())'),
    ("copied", f"""
op.execute("{ALTER} ADD place int, ALGORITHM=COPY, LOCK=SHARED")  #! GM702
""", 'op.drop_column("orders", "place")'),
    ("halfway", """
op.add_column("users", sa.Column("slug", sa.String(50)))
op.execute("UPDATE users SET slug = lower(name)")  #! GM732
""", 'op.drop_column("users", "slug")'),
    ("one_by_one", """
op.add_column("users", sa.Column("tag", sa.String(50)))
for each in op.get_bind().execute(sa.text("SELECT id FROM users")).fetchall():
    op.execute(f"UPDATE users SET tag = 'x' WHERE id = {each[0]} AND state IS NOT NULL")
    op.execute(f"UPDATE users SET state = 'y' WHERE id = {each[0]}")  #! GM732
""", 'op.drop_column("users", "tag")'),
    ("foreign", """
op.create_foreign_key("fk_client", "orders", "clients", ["client_id"], ["id"])  #! GM702
""", 'op.drop_constraint("fk_client", "orders", type_="foreignkey")'),
    ("unguarded", """
op.drop_constraint("fk_user", "orders", type_="foreignkey")  #! GM727
""", 'op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])'),
    ("deleted", """
op.execute("DELETE FROM logs")  #! GM741
""", "pass"),
    ("formatted", """
for table in ["logs"]:
    op.execute(f"DELETE FROM {table} WHERE 1 = 1")  #! GM741
""", "pass"),
    ("emptied", """
op.execute("TRUNCATE logs")  #! GM742
""", "pass"),
    ("commit", """
op.execute("INSERT INTO logs VALUES (77)")
op.execute("COMMIT")  #! GM733
""", 'op.execute("DELETE FROM logs WHERE id = 77")'),
    ("role", """
op.execute("CREATE ROLE IF NOT EXISTS reporting")  #! GM751
""", "pass"),
    ("setting", """
op.execute("SET foreign_key_checks = 0")  #! GM753
""", "pass"),
    ("imports", """
from models import User  #! GM761
""", "pass"),
    ("one_way", """
op.add_column("orders", sa.Column("kept", sa.Integer()))  #! GM202
""", "pass"),
    ("full", f"""
op.alter_column("users", "name", new_column_name="full_name", {TEXT})  #! GM601
""", f'op.alter_column("users", "full_name", new_column_name="name", {TEXT})'),
    ("gone", """
op.drop_column("users", "old")  #! GM601 GM503
""", 'op.add_column("users", sa.Column("old", sa.String(50)))'),
    ("logs", """
op.drop_table("logs")  #! GM601 GM503
""", 'op.create_table("logs", sa.Column("id", sa.BigInteger(), primary_key=True))'),
    ("renamed", """
op.rename_table("clients", "people")  #! GM601
""", 'op.rename_table("people", "clients")'),
    ("narrower", """
op.alter_column("orders", "note", type_=sa.String(20), existing_type=sa.String(100))  #! GM5 GM6
""", 'op.alter_column("orders", "note", type_=sa.String(100), existing_type=sa.String(20))'),
    ("country", """
op.add_column("users", sa.Column("country", sa.String(2), nullable=False))  #! GM726 GM602
""", 'op.drop_column("users", "country")'),
    ("charset", """
op.execute("ALTER TABLE users CONVERT TO CHARACTER SET latin1")  #! GM702
""", "pass"),
]  # fmt: skip

HARMLESS: list[Revision] = [
    ("longer", f"""
op.alter_column("users", "state", type_=sa.String(60), {TEXT})
""", 'op.alter_column("users", "state", type_=sa.String(50), existing_type=sa.String(60))'),
    ("bigint", """
op.add_column("orders", sa.Column("total_large", sa.BigInteger()))
""", 'op.drop_column("orders", "total_large")'),
    ("member", f"""
op.alter_column("orders", "phase", type_={WIDER}, existing_type={PHASE})
""", f'op.alter_column("orders", "phase", type_={PHASE}, existing_type={WIDER})'),
    ("inplace", f"""
op.execute("{ALTER} ADD place int, ALGORITHM=INPLACE, LOCK=NONE")
""", 'op.drop_column("orders", "place")'),
    ("halfway", """
op.add_column("users", sa.Column("slug", sa.String(50)))
""", 'op.drop_column("users", "slug")'),
    ("filled", """
op.execute("UPDATE users SET slug = lower(name)")
""", "pass"),
    ("constant", """
op.add_column("users", sa.Column("tag", sa.String(50)))
op.execute("UPDATE users SET tag = 'x'")
""", 'op.drop_column("users", "tag")'),
    ("one_by_one", """
for each in op.get_bind().execute(sa.text("SELECT id FROM users")).fetchall():
    op.execute(f"UPDATE users SET old = 'y' WHERE id = {each[0]} AND old IS NULL")
""", "pass"),
    ("guarded", """
op.drop_constraint("fk_user", "orders", type_="foreignkey")
op.execute("SET foreign_key_checks = 0")
op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"], ondelete="CASCADE")
op.execute("SET foreign_key_checks = 1")
""", """
op.drop_constraint("fk_user", "orders", type_="foreignkey")
op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])
"""),
    ("deleted", """
for table in ["logs"]:
    op.execute(f"DELETE FROM {table} WHERE id < 0")
""", "pass"),
    ("setting", """
op.execute("SET foreign_key_checks = 0")
op.execute("SET foreign_key_checks = 1")
""", "pass"),
    ("imports", """
users = sa.table("users", sa.column("state"))
op.execute(users.update().where(users.c.state.is_(None)).values(state="new"))
""", "pass"),
    ("country", """
op.add_column("users", sa.Column("country", sa.String(2), nullable=False, server_default="DE"))
""", 'op.drop_column("users", "country")'),
    ("gone", """
# top: gitmig: allow GM503 no model has had it for two releases
op.drop_column("users", "unused")
""", 'op.add_column("users", sa.Column("unused", sa.String(50)))'),
    ("logs", """
# top: gitmig: allow GM503 no model has had it for two releases
op.drop_table("unused_logs")
""", 'op.create_table("unused_logs", sa.Column("id", sa.BigInteger(), primary_key=True))'),
]  # fmt: skip


@pytest.fixture
def mariadb(project: Project, memory: Path) -> Project:
    """Return a project on MariaDB whose main has the tables; the branch has nothing yet."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    project.write("models.py", MODELS)
    up = textwrap.indent(BASE.strip(), "    ").strip()
    tables = ("orders", "users", "logs", "clients", "unused_logs")
    down = "; ".join(f'op.drop_table("{name}")' for name in tables)
    project.revision("base00000000", None, up, down, "tables")
    project.commit_all("the base")
    project.git("switch", "-q", "-c", "feature")
    return project


def test_dangerous_things(mariadb: Project) -> None:
    """Each of 21 dangerous things is found at its line, and nothing else (K4)."""
    things = write(mariadb, DANGEROUS)
    assert len(things) == 21
    found: dict[str, set[str]] = {}
    for each in checked(mariadb, 1, "--ignore", "GM3")["findings"]:
        found.setdefault(f"{each['path']}:{each['line']}", set()).add(each["code"])
    missed = {
        place: codes
        for place, codes in things.items()
        if not any(code.startswith(codes) for code in found.get(place, ()))
    }
    assert missed == {}, found
    later = {"GM501", "GM503", "GM202"}  # of the gates that are not the rules
    assert {place: codes for place, codes in found.items()
            if place not in things and codes - later} == {}  # fmt: skip


def test_the_harmless_twin(mariadb: Project) -> None:
    """The same, done so that nothing happens, gives no finding (K4)."""
    write(mariadb, HARMLESS)
    report = checked(mariadb, None, "--ignore", "GM3,GM605")
    told = [f"{each['path']}:{each['line']} {each['code']} {each['message']}"
            for each in report["findings"]]  # fmt: skip
    assert told == []


def test_old_rows_are_not_old_code(mariadb: Project) -> None:
    """That the old code is stopped meanwhile does not tell what its rows get: here, silently, 0."""
    up = 'op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))'
    allowed = "# gitmig: allow GM602 the old code is stopped meanwhile\n    "
    mariadb.revision("age000000000", "base00000000", allowed + up, 'op.drop_column("users", "age")')
    mariadb.git("add", "-A")
    told = mariadb.gitmig("check", "--base", "main", code=1).stdout
    assert "error GM726 users.age is NOT NULL without a server default" in told
    assert "1 finding waived (GM602)" in told
