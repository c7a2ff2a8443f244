"""The riskiest renames on real servers: rows survive the way up and down (C11)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy
from mysqls import query, served
from servers import ask, url_for
from sqlalchemy.engine import make_url
from support import Project, use_url

HEAD = """\
from sqlalchemy import *
from sqlalchemy.orm import declarative_base

NAMES = {"ix": "ix_%(table_name)s_%(column_0_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
         "ck": "ck_%(table_name)s_%(constraint_name)s", "pk": "pk_%(table_name)s",
         "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"}
Base = declarative_base(metadata=MetaData(naming_convention=NAMES))


"""
USERS = """\
class User(Base):
    __tablename__ = "users"
    __table_args__ = (CheckConstraint("age > 0", name="adult"), Index("by_age", "age"))
    id = Column(Integer, primary_key=True)
    name = Column(String(50), unique=True)
    age = Column(Integer, nullable=False, server_default="7", comment="in years")
    nick = Column(String(50), nullable=False, server_default="x", comment="short")
"""
ORDERS = """\


class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"), nullable=False, index=True)
    user_name = Column(ForeignKey("users.name"))
"""
ROWS = ["INSERT INTO users (name, age) VALUES ('Ada', 36), ('Bob', 7)",
        "INSERT INTO orders (user_id, user_name) VALUES (1, 'Ada'), (2, 'Bob')"]  # fmt: skip
READ = ("SELECT u.{id}, {name}, {age}, {nick}, {user_id}, {user_name} FROM {users} u "
        "JOIN orders o ON u.{name} = o.{user_name} ORDER BY 1")  # fmt: skip


@dataclass
class Kind:
    """What is replaced in the models, and in the query; ``names`` are constraints after it."""

    changes: dict[str, str]
    names: dict[str, str]
    after: tuple[str, ...]


KINDS = {
    "a table that much is named after": Kind(
        {'"users"': '"app_users"', "users.id": "app_users.id", "users.name": "app_users.name"},
        {"users": "app_users"},
        ("uq_app_users_name", "fk_orders_user_id_app_users", "ck_app_users_adult"),
    ),
    "table and columns at once": Kind(
        {'"users"': '"app_users"', "users.id": "app_users.id", "users.name": "app_users.full_name",
         "    name =": "    full_name =", "    age =": "    age_now =", "age > 0": "age_now > 0",
         '"age"': '"age_now"'},
        {"users": "app_users", "name": "full_name", "age": "age_now"},
        ("uq_app_users_full_name", "fk_orders_user_name_app_users", "ck_app_users_adult"),
    ),
    "a column with a foreign key and an index": Kind(
        {"    user_id =": "    the_user_id ="},
        {"user_id": "the_user_id"},
        ("ix_orders_the_user_id", "fk_orders_the_user_id_users"),
    ),
    "the column that a foreign key points to": Kind(
        {"    name =": "    full_name =", "users.name": "users.full_name"},
        {"name": "full_name"},
        ("uq_users_full_name", "fk_orders_user_name_users"),
    ),
    "type and nullability at once": Kind(
        {"nick = Column(String(50), nullable=False": "nick_name = Column(String(80)"},
        {"nick": "nick_name"},
        ("ck_users_adult", "by_age"),
    ),
    "names that move on": Kind(
        {"    age = Column(": "    years = Column(info={'renamed_from': 'age'}, type_=",
         "    nick = Column(": '    age = Column(info={"renamed_from": "nick"}, type_=',
         "age > 0": "years > 0", '"age"': '"years"'},
        {"age": "years", "nick": "age"},
        ("ck_users_adult", "by_age"),
    ),
    "two columns exchange their names": Kind(
        {"    age = Column(": '    nick# = Column(info={"renamed_from": "age"}, type_=',
         "    nick = Column(": '    age = Column(info={"renamed_from": "nick"}, type_=',
         "    nick# =": "    nick =", "age > 0": "nick > 0", '"by_age", "age"': '"by_age", "nick"'},
        {"age": "nick", "nick": "age"},
        ("ck_users_adult", "by_age"),
    ),
}  # fmt: skip

Make = Callable[[], str]


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Give what makes a database on a real server and returns its URL."""
    numbers = itertools.count()

    def named() -> str:
        return f"renames{next(numbers)}"

    if request.param == "postgresql":
        server: str = request.getfixturevalue("server")

        def make() -> str:
            name = named()
            ask(server, f"CREATE DATABASE {name}")
            return url_for(server, "psycopg", name)

        yield make
        return
    with served() as real:
        socket = make_url(real.url).query["unix_socket"]

        def make_there() -> str:
            name = named()
            query(real, f"CREATE DATABASE {name}")
            return f"mysql+pymysql://root@localhost/{name}?unix_socket={socket}"

        yield make_there


def rows(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in a database; return the rows of the last."""
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        last = [connection.execute(sqlalchemy.text(each)) for each in statements][-1]
        return [tuple(row) for row in last] if last.returns_rows else []


def names(url: str) -> set[str]:
    """Return the names of all constraints and indexes in a database."""
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        look = sqlalchemy.inspect(connection)
        found = set()
        for table in look.get_table_names():
            for each in (look.get_indexes, look.get_unique_constraints, look.get_foreign_keys,
                         look.get_check_constraints):  # fmt: skip
                found |= {str(one["name"]) for one in each(table)}
            found.add(str(look.get_pk_constraint(table)["name"]))
        return found


def comments(url: str) -> list[str]:
    """Return the comments on the columns of the users, whatever they are called by now."""
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        look = sqlalchemy.inspect(connection)
        return sorted(str(column["comment"]) for table in look.get_table_names()
                      for column in look.get_columns(table) if column.get("comment"))  # fmt: skip


def begin(project: Project, url: str, models: str, tmp: Path) -> None:
    """Let the project begin with these models in that database."""
    project.env["TMPDIR"] = str(tmp)
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    project.write("models.py", HEAD)
    use_url(project, url)
    project.write("models.py", HEAD + models)
    project.git("add", "-A")
    project.git("commit", "-qm", "before")
    project.gitmig("upgrade", "-q")


@pytest.mark.parametrize("name", KINDS)
def test_rows_survive(hooked: Project, database: Make, pg_place: Path, name: str) -> None:
    """A commit that renames on a server keeps every row, and no name of before is left."""
    kind, url = KINDS[name], database()
    begin(hooked, url, USERS + ORDERS, pg_place)
    old = {each: each for each in ("id", "name", "age", "nick", "user_id", "user_name", "users")}
    held = rows(url, *ROWS, READ.format(**old))
    assert len(held) == 2
    models = hooked.read("models.py")
    for one, other in kind.changes.items():
        assert one in models
        models = models.replace(one, other)
    hooked.write("models.py", models)
    before = names(url)
    told = hooked.git("commit", "-qam", "after").stderr
    assert "not proved" not in told
    hooked.gitmig("upgrade", "-q")
    assert rows(url, READ.format(**{**old, **kind.names})) == held
    assert set(kind.after) <= names(url) and comments(url) == ["in years", "short"]
    if "app_users" in models and url.startswith("postgresql"):
        assert {each for each in names(url) if "_users" in each.replace("app_users", "")} == set()
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(url, READ.format(**old)) == held and names(url) == before
    assert comments(url) == ["in years", "short"]


def test_long_names_and_a_check_in_a_column(
    hooked: Project, database: Make, pg_place: Path
) -> None:
    """Names that a convention makes too long are those that the database cut; none is made anew."""
    url, long = database(), "a_column_whose_name_is_as_long_as_a_database_lets_it_be_ok"
    check = 'Column(Integer, CheckConstraint("age < 200", name="mortal"), nu'
    models = USERS.replace("Column(Integer, nu", check)
    more = f"    {long} = Column(Integer, index=True, unique=True)\n"
    begin(hooked, url, models + more, pg_place)
    before = names(url)
    hooked.write("models.py", hooked.read("models.py").replace('"users"', '"app_users"'))
    hooked.git("commit", "-qam", "after")
    [path] = hooked.new_revisions()
    text = hooked.read(path)
    assert "_index(" not in text and "unique" not in text and "ck_app_users_mortal" in text
    hooked.gitmig("upgrade", "-q")
    assert not any(each.startswith(("ix_users", "uq_users", "ck_users")) for each in names(url))
    hooked.gitmig("downgrade", "-q", "-1")
    assert names(url) == before
    assert "✗" not in hooked.gitmig("check").stdout


@pytest.mark.parametrize(("old", "new"), [("user", "app_users"), ("users", "Order")])
def test_names_in_quotes(
    hooked: Project, database: Make, pg_place: Path, old: str, new: str
) -> None:
    """Indexes are renamed along where the table's name before, or after, stands in quotes."""
    url = database()
    models = USERS.replace('"users"', f'"{old}"').replace("unique=True", "index=True")
    begin(hooked, url, models, pg_place)
    before = names(url)
    hooked.write("models.py", hooked.read("models.py").replace(f'"{old}"', f'"{new}"'))
    hooked.git("commit", "-qam", "after")
    text = hooked.read(hooked.new_revisions()[0])
    assert "_index(" not in text and f"ix_{old}_name" in text
    hooked.gitmig("upgrade", "-q")
    assert f"ix_{new}_name" in names(url)
    hooked.gitmig("downgrade", "-q", "-1")
    assert names(url) == before
    assert "✗" not in hooked.gitmig("check").stdout


def test_a_table_of_a_schema(hooked: Project, server: str, pg_place: Path) -> None:
    """A table and a column of another schema of PostgreSQL are renamed there."""
    ask(server, "CREATE DATABASE schemas")
    url = url_for(server, "psycopg", "schemas")
    rows(url, "CREATE SCHEMA app")
    hooked.write("gitmig.toml", '[postgresql]\nprepare = ["CREATE SCHEMA app"]\n')
    env = hooked.read("migrations/env.py")
    option = "target_metadata=target_metadata, include_schemas=True)"
    hooked.write("migrations/env.py", env.replace("target_metadata=target_metadata)", option))
    models = USERS.replace('name="adult"),', 'name="adult"), {"schema": "app"})#')
    begin(hooked, url, models, pg_place)
    held = rows(url, ROWS[0].replace("users", "app.users"), "SELECT id, name FROM app.users")
    models = hooked.read("models.py").replace('"users"', '"app_users"')
    hooked.write("models.py", models.replace("    name =", "    full_name ="))
    hooked.git("commit", "-qam", "after")
    hooked.gitmig("upgrade", "-q")
    assert rows(url, "SELECT id, full_name FROM app.app_users") == held
    hooked.gitmig("downgrade", "-q", "-1")
    assert rows(url, "SELECT id, name FROM app.users") == held
