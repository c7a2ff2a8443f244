"""Twenty-four dangerous things on a branch, and the same things done so that nothing happens."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import pytest
from support import Project, each_alone

HEAD = """\
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.BigInteger, primary_key=True)
    name = sa.Column(sa.String(50))
    email = sa.Column(sa.String(200))
    state = sa.Column(sa.Text)
"""
REST = """

class Customer(Base):
    __tablename__ = "customers"
    id = sa.Column(sa.BigInteger, primary_key=True)


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    user_id = sa.Column(sa.BigInteger, sa.ForeignKey("users.id", name="orders_user_id_fkey"))
    customer_id = sa.Column(sa.BigInteger)
    note = sa.Column(sa.String(100))
    total = sa.Column(sa.Integer)
    phase = sa.Column(sa.Enum("open", "done", name="phase"))
"""
SEVERAL = """

class Product(Base):
    __tablename__ = "products"
    id = sa.Column(sa.BigInteger, primary_key=True)
    title = sa.Column(sa.String(200))
    price = sa.Column(sa.Integer)
    sku = sa.Column(sa.String(50))


class Log(Base):
    __tablename__ = "logs"
    id = sa.Column(sa.BigInteger, primary_key=True)


class Session(Base):
    __tablename__ = "sessions"
    id = sa.Column(sa.BigInteger, primary_key=True)
"""
MODELS = HEAD + REST + SEVERAL
BASE = """
op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("name", sa.String(50)), sa.Column("email", sa.String(200)),
    sa.Column("state", sa.Text()), sa.Column("unused", sa.Text()))
op.create_table("customers", sa.Column("id", sa.BigInteger(), primary_key=True))
op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("user_id", sa.BigInteger(),
              sa.ForeignKey("users.id", name="orders_user_id_fkey")),
    sa.Column("customer_id", sa.BigInteger()), sa.Column("note", sa.String(100)),
    sa.Column("total", sa.Integer()),
    sa.Column("phase", sa.Enum("open", "done", name="phase")))
op.create_table("products", sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("title", sa.String(200)), sa.Column("price", sa.Integer()),
    sa.Column("sku", sa.String(50)))
for table in ("logs", "sessions", "unused_logs", "unused_too"):
    op.create_table(table, sa.Column("id", sa.BigInteger(), primary_key=True))
"""

# what is done, how it is taken back; a line that ends in `#!` and codes is a thing to be found;
# what `rows` and `rolling` say of it stands for the rule that guesses the same
Revision = tuple[str, str, str]
DANGEROUS: list[Revision] = [
    ("country", """
op.add_column("users", sa.Column("country", sa.String(2), nullable=False))  #! GM501 GM602
""", 'op.drop_column("users", "country")'),
    ("token", """
op.execute("ALTER TABLE users ADD token uuid DEFAULT gen_random_uuid()")  #! GM702
""", 'op.drop_column("users", "token")'),
    ("email", """
op.alter_column("users", "email", nullable=False)  #! GM603 GM715
""", 'op.alter_column("users", "email", nullable=True)'),
    ("total", """
op.alter_column("orders", "total", type_=sa.BigInteger())  #! GM702
""", 'op.alter_column("orders", "total", type_=sa.Integer())'),
    ("index", """
op.create_index("ix_orders_note", "orders", ["note"])  #! GM711
""", 'op.drop_index("ix_orders_note")'),
    ("indexes", """
for column in ["sku"]:
    op.execute(f"CREATE UNIQUE INDEX ix_products_{column} ON products ({column})")  #! GM604 GM711
""", 'op.drop_index("ix_products_sku")'),
    ("foreign", """
op.create_foreign_key("fk_customer", "orders", "customers", ["customer_id"], ["id"])  #! GM713
""", 'op.drop_constraint("fk_customer", "orders")'),
    ("check", """
op.create_check_constraint("ck_price", "products", "price > 0")  #! GM604 GM714
""", 'op.drop_constraint("ck_price", "products")'),
    ("unique", """
op.create_unique_constraint("uq_title", "products", ["title"])  #! GM604 GM712
""", 'op.drop_constraint("uq_title", "products")'),
    ("clients", """
op.rename_table("customers", "clients")  #! GM601
""", 'op.rename_table("clients", "customers")'),
    ("full", """
op.alter_column("users", "name", new_column_name="full_name")  #! GM601
""", 'op.alter_column("users", "full_name", new_column_name="name")'),
    ("state", """
op.drop_column("users", "state")  #! GM601
""", 'op.add_column("users", sa.Column("state", sa.Text()))'),
    ("logs", """
op.drop_table("logs")  #! GM601
""", 'op.create_table("logs", sa.Column("id", sa.BigInteger(), primary_key=True))'),
    ("formatted", """
table = "unused_too"
op.execute(f"DROP TABLE {table} CASCADE")  #! GM743
""", 'op.create_table("unused_too", sa.Column("id", sa.BigInteger(), primary_key=True))'),
    ("unguarded", """
op.drop_constraint("orders_user_id_fkey", "orders")  #! GM727
""", """
op.create_foreign_key("orders_user_id_fkey", "orders", "users", ["user_id"], ["id"])
"""),
    ("filled", """
op.add_column("products", sa.Column("shown", sa.Boolean()))
op.execute("UPDATE products SET shown = true")  #! GM701
""", 'op.drop_column("products", "shown")'),
    ("deleted", """
op.execute("DELETE FROM sessions")  #! GM741
""", "pass"),
    ("emptied", """
op.execute("TRUNCATE orders CASCADE")  #! GM743
""", "pass"),
    ("computed", """
op.add_column("products", sa.Column("twice", sa.Integer(), sa.Computed("price * 2")))  #! GM702
""", 'op.drop_column("products", "twice")'),
    ("one_way", """
op.add_column("products", sa.Column("kept", sa.Integer()))  #! GM202
""", "pass"),
    ("enum", """
op.execute("ALTER TYPE phase RENAME VALUE 'open' TO 'active'")  #! GM725
""", "op.execute(\"ALTER TYPE phase RENAME VALUE 'active' TO 'open'\")"),
    ("halfway", """
op.add_column("orders", sa.Column("place", sa.Text()))  #! GM731
with op.get_context().autocommit_block():
    op.create_index("ix_place", "orders", ["place"], postgresql_concurrently=True)
""", 'op.drop_column("orders", "place")'),
    ("timeout", """
op.execute("SET statement_timeout = 0")  #! GM753
""", "pass"),
    ("imports", """
from models import User  #! GM761
""", "pass"),
]  # fmt: skip

HARMLESS: list[Revision] = [
    ("country", """
op.add_column("users", sa.Column("country", sa.String(2), nullable=False, server_default="DE"))
""", 'op.drop_column("users", "country")'),
    ("token", """
op.add_column("users", sa.Column("token", sa.Uuid()))
op.alter_column("users", "token", server_default=sa.text("gen_random_uuid()"))
""", 'op.drop_column("users", "token")'),
    ("email_filled", """
op.execute("UPDATE users SET email = '' WHERE email IS NULL")
""", "pass"),
    ("email_checked", """
op.execute("ALTER TABLE users ADD CONSTRAINT email_set CHECK (email IS NOT NULL) NOT VALID")
""", 'op.drop_constraint("email_set", "users")'),
    ("email_valid", """
op.execute("ALTER TABLE users VALIDATE CONSTRAINT email_set")
""", "pass"),
    ("email", """
op.alter_column("users", "email", nullable=False)
op.drop_constraint("email_set", "users")
""", """
op.alter_column("users", "email", nullable=True)
op.create_check_constraint("email_set", "users", "email IS NOT NULL")
"""),
    ("total", """
op.add_column("orders", sa.Column("total_large", sa.BigInteger()))
""", 'op.drop_column("orders", "total_large")'),
    ("index", """
with op.get_context().autocommit_block():
    op.create_index("ix_orders_note", "orders", ["note"], postgresql_concurrently=True)
""", 'op.drop_index("ix_orders_note")'),
    ("indexes", """
with op.get_context().autocommit_block():
    for column in ["sku"]:
        op.execute(f"CREATE INDEX CONCURRENTLY ix_products_{column} ON products ({column})")
""", 'op.drop_index("ix_products_sku")'),
    ("more", """
op.add_column("orders", sa.Column("client_id", sa.BigInteger()))
op.add_column("products", sa.Column("rating", sa.Integer()))
op.add_column("products", sa.Column("code", sa.Text()))
op.add_column("products", sa.Column("shown", sa.Boolean()))
op.add_column("products", sa.Column("twice", sa.Integer()))
op.add_column("products", sa.Column("kept", sa.Integer()))
op.add_column("orders", sa.Column("place", sa.Text()))
""", """
for column in ("client_id", "place"):
    op.drop_column("orders", column)
for column in ("rating", "code", "shown", "twice", "kept"):
    op.drop_column("products", column)
"""),
    ("foreign", """
op.create_foreign_key("fk_client", "orders", "customers", ["client_id"], ["id"],
                      postgresql_not_valid=True)
""", 'op.drop_constraint("fk_client", "orders")'),
    ("foreign_valid", """
op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_client")
""", "pass"),
    ("check", """
op.execute("ALTER TABLE products ADD CONSTRAINT ck_rating CHECK (rating > 0) NOT VALID")
""", 'op.drop_constraint("ck_rating", "products")'),
    ("check_valid", """
op.execute("ALTER TABLE products VALIDATE CONSTRAINT ck_rating")
""", "pass"),
    ("unique_index", """
with op.get_context().autocommit_block():
    op.create_index("uq_code", "products", ["code"], unique=True, postgresql_concurrently=True)
""", 'op.drop_index("uq_code")'),
    ("unique", """
op.execute("ALTER TABLE products ADD CONSTRAINT uq_code UNIQUE USING INDEX uq_code")
""", """
op.drop_constraint("uq_code", "products")
op.create_index("uq_code", "products", ["code"], unique=True)
"""),
    ("state", """
# top: gitmig: allow GM503 no model has had it for two releases
op.drop_column("users", "unused")
""", 'op.add_column("users", sa.Column("unused", sa.Text()))'),
    ("logs", """
# top: gitmig: allow GM503 no model has had it for two releases
op.drop_table("unused_logs")
""", 'op.create_table("unused_logs", sa.Column("id", sa.BigInteger(), primary_key=True))'),
    ("formatted", """
# top: gitmig: allow GM503 no model has had it for two releases
table = "unused_too"
op.execute(f"DROP TABLE {table}")
""", 'op.create_table("unused_too", sa.Column("id", sa.BigInteger(), primary_key=True))'),
    ("guarded", """
op.drop_constraint("orders_user_id_fkey", "orders")
op.create_foreign_key("orders_user_id_fkey", "orders", "users", ["user_id"], ["id"],
                      ondelete="CASCADE", postgresql_not_valid=True)
""", """
op.drop_constraint("orders_user_id_fkey", "orders")
op.create_foreign_key("orders_user_id_fkey", "orders", "users", ["user_id"], ["id"])
"""),
    ("filled", """
op.execute("UPDATE products SET shown = true WHERE shown IS NULL")
""", "pass"),
    ("deleted", """
op.execute("DELETE FROM sessions WHERE id < 0")
op.execute("DELETE FROM orders WHERE id < 0")
""", "pass"),
    ("halfway", """
with op.get_context().autocommit_block():
    op.create_index("ix_place", "orders", ["place"], postgresql_concurrently=True)
""", 'op.drop_index("ix_place")'),
    ("timeout", """
op.execute("SET LOCAL statement_timeout = 0")
""", "pass"),
    ("imports", """
users = sa.table("users", sa.column("state"))
op.execute(users.update().where(users.c.state.is_(None)).values(state="new"))
""", "pass"),
]  # fmt: skip
# names change in the classes, not in the database
TWIN = """\
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Person(Base):
    __tablename__ = "users"
    id = sa.Column(sa.BigInteger, primary_key=True)
    full_name = sa.Column("name", sa.String(50))
    email = sa.Column(sa.String(200), nullable=False)
    state = sa.Column(sa.Text)
    country = sa.Column(sa.String(2), nullable=False, server_default="DE")
    token = sa.Column(sa.Uuid, server_default=sa.text("gen_random_uuid()"))


class Client(Base):
    __tablename__ = "customers"
    id = sa.Column(sa.BigInteger, primary_key=True)


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    user_id = sa.Column(
        sa.BigInteger, sa.ForeignKey("users.id", name="orders_user_id_fkey", ondelete="CASCADE")
    )
    customer_id = sa.Column(sa.BigInteger)
    note = sa.Column(sa.String(100), index=True)
    total = sa.Column(sa.Integer)
    phase = sa.Column(sa.Enum("open", "done", name="phase"))
    total_large = sa.Column(sa.BigInteger)
    client_id = sa.Column(sa.BigInteger, sa.ForeignKey("customers.id", name="fk_client"))
    place = sa.Column(sa.Text)
    __table_args__ = (sa.Index("ix_place", "place"),)


class Product(Base):
    __tablename__ = "products"
    id = sa.Column(sa.BigInteger, primary_key=True)
    title = sa.Column(sa.String(200))
    price = sa.Column(sa.Integer)
    sku = sa.Column(sa.String(50), index=True)
    rating = sa.Column(sa.Integer)
    code = sa.Column(sa.Text)
    shown = sa.Column(sa.Boolean)
    twice = sa.Column(sa.Integer)
    kept = sa.Column(sa.Integer)
    __table_args__ = (
        sa.UniqueConstraint("code", name="uq_code"),
        sa.CheckConstraint("rating > 0", name="ck_rating"),
    )


class Log(Base):
    __tablename__ = "logs"
    id = sa.Column(sa.BigInteger, primary_key=True)


class Session(Base):
    __tablename__ = "sessions"
    id = sa.Column(sa.BigInteger, primary_key=True)
"""


def begin(project: Project, models: str = MODELS) -> None:
    """Let main have the models and the revision that makes their tables."""
    project.write("models.py", models)
    each_alone(project)
    up = textwrap.indent(BASE.strip(), "    ").strip()
    tables = ("orders", "users", "customers", "products", "logs", "sessions")
    down = "; ".join(f'op.drop_table("{name}")' for name in (*tables, "unused_logs", "unused_too"))
    enum = '; op.execute("DROP TYPE phase")'
    project.revision("base00000000", None, up, down + enum, "tables")
    project.commit_all("the base")
    project.git("switch", "-q", "-c", "feature")


def write(project: Project, revisions: Sequence[Revision]) -> dict[str, tuple[str, ...]]:
    """Write a chain of revisions; return ``path:line`` of each thing, and what may be its code."""
    parent, things = "base00000000", {}
    for name, *ways in revisions:
        up, down = (textwrap.indent(way.strip(), "    ").strip() for way in ways)
        path = project.revision(name, parent, re.sub(r"  #!.*", "", up), down, name)
        if "# top: " in up:
            top = up.partition("# top: ")[2].partition("\n")[0]
            text = project.read(path).replace(f"# top: {top}\n    ", "")
            project.write(path, text.replace("from alembic", f"# {top}\nfrom alembic", 1))
        for number, line in enumerate(up.splitlines(), 12):
            if "#!" in line:
                things[f"{path}:{number}"] = tuple(line.partition("#!")[2].split())
        parent = name
    project.git("add", "-A")
    return things


def checked(project: Project, code: int | None, *options: str) -> dict[str, Any]:
    """Check the branch; return the report."""
    told = project.gitmig("check", "--base", "main", "--format", "json", *options, code=code)
    report: dict[str, Any] = json.loads(told.stdout)
    return report


def test_twenty_four_things(pg: Project) -> None:
    """Each of 24 dangerous things is found, at its line (K4)."""
    begin(pg)
    things = write(pg, DANGEROUS)
    assert len(things) == 24
    found: dict[str, set[str]] = {}
    for each in checked(pg, 1, "--ignore", "GM3,SQ")["findings"]:
        found.setdefault(f"{each['path']}:{each['line']}", set()).add(each["code"])
    assert found == {place: set(codes) for place, codes in things.items()}


@pytest.mark.parametrize("options", [(), ("--ignore", "SQ")], ids=["squawk too", "without squawk"])
def test_the_harmless_twin(pg: Project, options: tuple[str, ...]) -> None:
    """The same things, done so that nothing happens, give no finding at all (K4)."""
    # the code that still runs writes an email already
    begin(pg, MODELS.replace("String(200))\n    state", "String(200), nullable=False)\n    state"))
    pg.write("models.py", TWIN)
    write(pg, HARMLESS)
    report = checked(pg, None, *options)
    told = [
        f"{each['path']}:{each['line']} {each['code']} {each['message']}"
        for each in report["findings"]
    ]
    assert told == []
    assert {gate["status"] for gate in report["gates"]} == {"passed"}
