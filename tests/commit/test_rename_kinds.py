"""Each kind of rename, in a real commit on SQLite: its rows survive the way up and down (C11)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pytest
from support import Project, column

HEAD = """\
from sqlalchemy import *
from sqlalchemy.orm import declarative_base, declared_attr, registry

NAMES = {"ix": "ix_%(table_name)s_%(column_0_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
         "ck": "ck_%(table_name)s_%(constraint_name)s", "pk": "pk_%(table_name)s",
         "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"}
"""
PLAIN = HEAD + "Base = declarative_base()\n"
NAMED = HEAD + "Base = declarative_base(metadata=MetaData(naming_convention=NAMES))\n"
USER = (
    'class User(Base):\n    __tablename__ = "users"\n    id = Column(Integer, primary_key=True)\n'
)
ORDER = (
    'class Order(Base):\n    __tablename__ = "orders"\n    id = Column(Integer, primary_key=True)\n'
)
FROM = ', info={{"renamed_from": "{}"}})'.format


@dataclass
class Kind:
    """Models before, what is replaced in them, and the rows: how they come and how they are read.

    ``queries`` are for the schema before and after; ``names`` those that the schema has after.
    """

    models: str
    changes: dict[str, str]
    rows: list[str]
    queries: tuple[str, str]
    names: tuple[str, ...] = ()
    generates: bool = True


KINDS = {
    "type and nullability at once": Kind(
        PLAIN + USER + "    name = Column(String(50), nullable=False)\n",
        {"name = Column(String(50), nullable=False)": "full_name = Column(Text)"},
        ["INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob')"],
        ("SELECT id, name FROM users", "SELECT id, full_name FROM users"),
        ("full_name TEXT",),
    ),
    "a class whose table name stays": Kind(
        PLAIN + USER + "    name = Column(String(50))\n",
        {"class User": "class Person"},
        ["INSERT INTO users VALUES (1, 'Ada')"],
        ("SELECT * FROM users", "SELECT * FROM users"),
        generates=False,
    ),
    "names by convention, of a column": Kind(
        NAMED + USER + "    mail = Column(String(50), unique=True)\n"
        "    age = Column(Integer, index=True)\n"
        '    __table_args__ = (CheckConstraint("age > 0", name="age_positive"),)\n',
        {"mail =": "e_mail =", "age =": "age_now =", "age > 0": "age_now > 0"},
        ["INSERT INTO users VALUES (1, 'a@b', 36)"],
        ("SELECT id, mail, age FROM users", "SELECT id, e_mail, age_now FROM users"),
        ("uq_users_e_mail", "ix_users_age_now", "CHECK (age_now > 0)", "ck_users_age_positive"),
    ),
    "names by convention, of a table": Kind(
        NAMED + USER + "    mail = Column(String(50), unique=True)\n"
        "    age = Column(Integer, index=True)\n"
        '    __table_args__ = (CheckConstraint("age > 0", name="age_positive"),)\n'
        + ORDER + '    user_id = Column(ForeignKey("users.id"), nullable=False)\n',
        {'"users"': '"app_users"', '"users.id"': '"app_users.id"'},
        ["INSERT INTO users VALUES (1, 'a@b', 36)", "INSERT INTO orders VALUES (7, 1)"],
        ("SELECT u.id, mail, age, o.id FROM users u JOIN orders o ON user_id = u.id",
         "SELECT u.id, mail, age, o.id FROM app_users u JOIN orders o ON user_id = u.id"),
        ("uq_app_users_mail", "ix_app_users_age", "ck_app_users_age_positive",
         "fk_orders_user_id_app_users"),
    ),
    "a check in a column, named after the table": Kind(
        NAMED + USER + '    age = Column(Integer, CheckConstraint("age > 0", name="adult"))\n',
        {'"users"': '"app_users"'},
        ["INSERT INTO users VALUES (1, 36)"],
        ("SELECT id, age FROM users", "SELECT id, age FROM app_users"),
        ("ck_app_users_adult",),
    ),
    "a foreign key to the column": Kind(
        PLAIN + USER + "    name = Column(String(50), unique=True)\n"
        + ORDER + '    user_name = Column(ForeignKey("users.name"))\n',
        {"    name =": "    full_name =", "users.name": "users.full_name"},
        ["INSERT INTO users VALUES (1, 'Ada')", "INSERT INTO orders VALUES (7, 'Ada')"],
        ("SELECT name, o.id FROM users JOIN orders o ON name = user_name",
         "SELECT full_name, o.id FROM users JOIN orders o ON full_name = user_name"),
        ("(full_name)",),
    ),
    "a check, an index and a computed column that mention it": Kind(
        PLAIN + USER + "    age = Column(Integer)\n"
        "    twice = Column(Integer, Computed('age * 2'))\n"
        '    __table_args__ = (CheckConstraint("age > 0", name="positive"),\n'
        '                      Index("by_age", "age"))\n',
        {"    age =": "    age_now =", "age * 2": "age_now * 2", "age > 0": "age_now > 0",
         '"age"': '"age_now"'},
        ["INSERT INTO users (id, age) VALUES (1, 36)"],
        ("SELECT id, age, twice FROM users", "SELECT id, age_now, twice FROM users"),
        ("age_now > 0", "age_now * 2", "(age_now)"),
    ),
    "single-table inheritance": Kind(
        PLAIN + USER + "    kind = Column(String(10))\n"
        '    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "user"}\n\n\n'
        'class Manager(User):\n    __mapper_args__ = {"polymorphic_identity": "manager"}\n'
        "    staff = Column(Integer)\n",
        {"staff =": "staff_size ="},
        ["INSERT INTO users VALUES (1, 'manager', 5)"],
        ("SELECT id, kind, staff FROM users", "SELECT id, kind, staff_size FROM users"),
    ),
    "a mixin of two tables": Kind(
        PLAIN + "class Stamped:\n    created = Column(DateTime)\n\n\n"
        + (USER + "\n\n" + ORDER).replace("(Base)", "(Stamped, Base)"),
        {"created =": "created_at ="},
        ["INSERT INTO users (id, created) VALUES (1, '2001-01-01 00:00:00.000000')",
         "INSERT INTO orders (id, created) VALUES (1, '2002-01-01 00:00:00.000000')"],
        ("SELECT u.created, o.created FROM users u JOIN orders o",
         "SELECT u.created_at, o.created_at FROM users u JOIN orders o"),
    ),
    "names that move on": Kind(
        NAMED + USER + "    a = Column(Integer, index=True)\n"
        "    b = Column(String(9), index=True)\n",
        {"    a = Column(Integer, index=True)": "    b = Column(Integer, index=True" + FROM("a"),
         "    b = Column(String(9), index=True)":
         "    c = Column(String(20), index=True" + FROM("b")},
        ["INSERT INTO users VALUES (1, 7, 'x'), (2, 8, 'y')"],
        ("SELECT id, a, b FROM users", "SELECT id, b, c FROM users"),
        ("ix_users_b", "ix_users_c", "c VARCHAR(20)"),
    ),
    "two columns exchange their names": Kind(
        NAMED + USER + "    a = Column(Integer, nullable=False)\n    b = Column(String(9))\n"
        '    __table_args__ = (CheckConstraint("a > 0", name="positive"),)\n',
        {"    a = Column(Integer, nullable=False)":
         "    b = Column(Integer, nullable=False" + FROM("a"),
         "    b = Column(String(9))": "    a = Column(String(9)" + FROM("b"),
         '"a > 0"': '"b > 0"'},
        ["INSERT INTO users VALUES (1, 7, 'x'), (2, 8, 'y')"],
        ("SELECT id, a, b FROM users", "SELECT id, b, a FROM users"),
        ("b INTEGER NOT NULL", "b > 0"),
    ),
    "three names in a circle, and those of the table": Kind(
        PLAIN + USER + "".join(f"    {each} = Column(Integer)\n" for each in "abc"),
        {'"users"': '"people"', "    a = Column(Integer)": "    a = Column(Integer" + FROM("c"),
         "    b = Column(Integer)": "    b = Column(Integer" + FROM("a"),
         "    c = Column(Integer)": "    c = Column(Integer" + FROM("b")},
        ["INSERT INTO users VALUES (1, 7, 8, 9)"],
        ("SELECT id, a, b, c FROM users", "SELECT id, b, c, a FROM people"),
    ),
    "tables mapped imperatively": Kind(
        HEAD + "class User: ...\n\n\nclass Base(declarative_base()):\n    __abstract__ = True\n\n\n"
        'users = Table("users", Base.metadata, Column("id", Integer, primary_key=True),\n'
        '              Column("name", String(50)))\n'
        "registry(metadata=Base.metadata).map_imperatively(User, users)\n",
        {'Table("users"': 'Table("people"', '"name", ': '"called", key="name", *(), type_='},
        ["INSERT INTO users VALUES (1, 'Ada')"],
        ("SELECT id, name FROM users", "SELECT id, called FROM people"),
    ),
}  # fmt: skip


def database(project: Project, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in the project's own database; return the rows of the last."""
    with closing(sqlite3.connect(project.path / "app.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return [connection.execute(each).fetchall() for each in statements][-1]


def start(project: Project, kind: Kind) -> list[tuple[object, ...]]:
    """Let the project begin with the models of a kind and its rows; return them as read."""
    project.git("rm", "-q", "migrations/versions/base00000000.py")
    project.write("models.py", PLAIN)
    project.commit_all("nothing")
    project.write("models.py", kind.models)
    project.git("add", "-A")
    project.git("commit", "-qm", "before")
    project.gitmig("upgrade", "-q")
    return database(project, *kind.rows, kind.queries[0])


def change(project: Project, changes: dict[str, str], code: int | None = 0) -> str:
    """Replace texts in the models and commit; return what the hook printed."""
    models = project.read("models.py")
    for old, new in changes.items():
        assert old in models
        models = models.replace(old, new)
    project.write("models.py", models)
    told = project.git("commit", "-qam", "after", code=code)
    return told.stdout + told.stderr


@pytest.mark.parametrize("name", KINDS)
def test_rows_survive(hooked: Project, name: str) -> None:
    """A commit that renames gets a revision that renames: every value survives, both ways."""
    kind = KINDS[name]
    held = start(hooked, kind)
    told = change(hooked, kind.changes)
    assert len(hooked.new_revisions()) == int(kind.generates), told
    assert "not proved" not in told
    hooked.gitmig("upgrade", "-q")
    assert database(hooked, kind.queries[1]) == held
    schema = " ".join(str(row) for row in database(hooked, "SELECT name, sql FROM sqlite_master"))
    assert [each for each in kind.names if each not in schema] == []
    assert database(hooked, "PRAGMA foreign_key_check") == []
    hooked.gitmig("check")
    if kind.generates:
        hooked.gitmig("downgrade", "-q", "-1")
    assert database(hooked, kind.queries[0]) == held
    assert database(hooked, "PRAGMA foreign_key_check") == []


NAME = "    name = Column(String(50))\n"
TWO = '    first = Column("a", Integer)\n    second = Column("b", Integer)\n'
STOPS = {
    "one column becomes two": (
        NAME,
        {NAME: column("first_name") + column("last_name")},
        ["users.name is dropped with all its values; if it is last_name now, say so there"],
    ),
    "two attributes exchange their columns": (
        TWO,
        {'first = Column("a"': 'first = Column("b"', 'second = Column("b"': 'second = Column("a"'},
        ["attribute first of users changed from a to b", "attribute second of users"],
    ),
    "a name that is taken from a column that goes": (
        TWO,
        {'    first = Column("a", Integer)\n': "", '"b", Integer)': '"b", Integer' + FROM("a")},
        ["users.b is declared to have been a, and column b was there: drop or rename that"],
    ),
    "a name that is taken from a column that stays": (
        TWO,
        {'"b", Integer)': '"b", Integer)\n    third = Column("c", Integer' + FROM("b")},
        ["users.c is declared to have been b, and column b stays: say what that one has been"],
    ),
    "a foreign key whose name another one takes": (
        "    boss = Column(Integer, ForeignKey('users.id', name='to_boss'))\n"
        "    aide = Column(Integer, ForeignKey('users.id', name='to_aide'))\n",
        {"name='to_boss'))": "name='to_boss')" + FROM("aide"),
         "name='to_aide'))": "name='to_aide')" + FROM("boss")},
        ["foreign key to_aide of users is named after a column whose name moves on"],
    ),
    "two that are declared to have been one": (
        NAME,
        {NAME: column("one", more=FROM("name")[:-1]) + column("other", more=FROM("name")[:-1])},
        ["users.other is declared to have been name, and so is users.one"],
    ),
    "a table that is declared to have been none": (
        NAME,
        {"\nclass User": '\nclass Tag(Base):\n    __tablename__ = "tags"\n    '
         '__table_args__ = {"info": {"renamed_from": "lables"}}\n'
         "    id = Column(Integer, primary_key=True)\n\n\nclass User"},
        ["table tags is declared to have been lables, and no table lables goes"],
    ),
    "three hundred columns that are alike": (
        "".join(column(f"value_{number}") for number in range(300)),
        {"value_": "measured_value_"},
        ["300 columns of users are dropped with all their values: value_0, value_1, value_2 and",
         "each that has another name now is to say so: measured_value_"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPS)
def test_stops(hooked: Project, name: str) -> None:
    """What may be a rename and is not certain stops the commit, with what to write."""
    columns, changes, told = STOPS[name]
    start(hooked, Kind(PLAIN + USER + columns, {}, [], ("SELECT * FROM users", "")))
    shown = change(hooked, changes, code=1)
    assert [each for each in told if each not in shown] == [], shown


def test_exchanged_by_hand(hooked: Project) -> None:
    """Where the commit has a revision that exchanges the names it is not done again (C11)."""
    rows = ["INSERT INTO users VALUES (1, 7, 8)"]
    start(hooked, Kind(PLAIN + USER + TWO, {}, rows, ("SELECT a, b FROM users", "")))
    models = hooked.read("models.py").replace('"a", Integer)', '"a", Integer' + FROM("b"))
    hooked.write("models.py", models.replace('"b", Integer)', '"b", Integer' + FROM("a")))
    hooked.gitmig("revision", "-q", "-m", "exchange")
    [path] = hooked.git("ls-files", "-o", "-c", "*_exchange.py").stdout.split()
    assert hooked.read(path).count("    pass\n") == 2
    names = (("a", "x"), ("b", "a"), ("x", "b"))
    lines = "".join(f'    op.alter_column("users", "{old}", new_column_name="{new}")\n'
                    for old, new in names)  # fmt: skip
    hooked.write(path, hooked.read(path).replace("    pass\n", lines))
    hooked.git("add", "-A")
    told = hooked.git("commit", "-qm", "after").stderr
    assert "declaration a of users changed from a to b" in told and "not judged" in told
    assert hooked.new_revisions() == [path]
    hooked.gitmig("upgrade", "-q")
    assert database(hooked, "SELECT a, b FROM users") == [(8, 7)]


def test_three_hundred_columns(hooked: Project) -> None:
    """All three hundred columns of a table are renamed for certain, and keep their values."""
    columns = "".join(f'    a{number} = Column("c{number:03}", Integer)\n' for number in range(300))
    start(hooked, Kind(PLAIN + USER + columns, {}, ["INSERT INTO users (id, c299) VALUES (1, 7)"],
                       ("SELECT c299 FROM users", "")))  # fmt: skip
    assert "rename users.c000 to d000" in change(hooked, {'"c': '"d'})
    hooked.gitmig("upgrade", "-q")
    assert database(hooked, "SELECT d299 FROM users") == [(7,)]
