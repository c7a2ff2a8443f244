"""What model sources say, without running them."""

from __future__ import annotations

import warnings

import pytest

from gitmig.errors import SourceError
from gitmig.sources import (
    MetadataCandidate,
    metadata_candidates,
    model_modules,
    module_name,
    tables,
)

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A(Base):\n    __tablename__ = 'a'\n", {"a": 1}),
        ("class A(Base):\n    __tablename__: str = 'a'\n", {"a": 1}),
        ("def f():\n    class A(Base):\n        __tablename__ = 'a'\n", {"a": 2}),
        ("class A(Base):\n    __abstract__ = True\n    __tablename__ = 'a'\n", {}),
        ("class A(Base):\n    __tablename__ = NAME\n", {}),
        ("class A(Base):\n    __table__ = Table('a', Base.metadata)\n", {"a": 2}),
        ("t = sa.Table('t', metadata, Column('x', Integer), schema='s')", {"t": 1}),
        ("t = db.Table('t', db.Column('x', db.Integer))", {"t": 1}),
        ("t = Table('t', metadata=m)", {"t": 1}),
        ("t = Table('Name', 'Age', title='of rich')", {}),
        ("t = sa.table('light', sa.column('x'))", {}),
        ("op.create_table('x', sa.Column('y'))", {}),
        ("class HeroTeam(SQLModel, table=True):\n    pass\n", {"heroteam": 1}),
        ("class Hero(SQLModel):\n    pass\n", {}),
        ("class H(SQLModel, table=True):\n    __tablename__ = 'heroes'\n", {"heroes": 1}),
        ("class UserHTTPLog(db.Model):\n    pass\n", {"user_http_log": 1}),
        ("class User(app.db.Model):\n    pass\n", {"user": 1}),
        ("base = SQLAlchemy()\nclass User(base.Model):\n    pass\n", {"user": 2}),
        ("class User(db.Model):\n    __abstract__ = True\n", {}),
        ("class User(models.Model):\n    pass\n", {}),
        ("class Net(keras.Model):\n    pass\n", {}),
        ("a = Table('a', m)\nb = Table('a', m, extend_existing=True)", {"a": 1}),
    ],
)
def test_tables(text: str, expected: dict[str, int]) -> None:
    """Each way to declare a table gives its name and line, look-alikes give none."""
    assert tables(text) == expected


@pytest.mark.parametrize("text", ["x = 1\n<<<<<<< HEAD\n", "x = (", "x = '\0'"])
def test_a_file_that_is_no_python(text: str) -> None:
    """A file that is no Python is refused by name, never with a traceback (H7)."""
    with pytest.raises(SourceError) as caught:
        tables(text, "app/models.py")
    assert caught.value.message.startswith("app/models.py")


def test_a_syntax_error_has_its_line() -> None:
    """A syntax error is given with its line (H7)."""
    with pytest.raises(SourceError, match=r"^models\.py, line 2: "):
        tables("x = 1\n<<<<<<< HEAD\n", "models.py")


def test_reading_warns_of_nothing() -> None:
    """An invalid escape in the project's file is not gitmig's to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tables("x = '\\d'") == {}


@pytest.mark.parametrize(
    ("path", "roots", "expected"),
    [
        ("src/app/models.py", ("src", ""), "app.models"),
        ("src/app/models.py", ("", "src"), "app.models"),
        ("src/app/models.py", ("",), "src.app.models"),
        ("models.py", ("src", ""), "models"),
        ("app/__init__.py", ("",), "app"),
        ("source/app.py", ("src", ""), "source.app"),
    ],
)
def test_module_name(path: str, roots: tuple[str, ...], expected: str) -> None:
    """The import name counts from the longest root around the file."""
    assert module_name(path, roots) == expected


@pytest.mark.parametrize(
    ("text", "kind", "expression", "line"),
    [
        (BASE, "declarative", "Base.metadata", 2),
        ("class Base(AsyncAttrs, orm.DeclarativeBase): ...", "declarative", "Base.metadata", 1),
        ("Base = declarative_base()", "declarative", "Base.metadata", 1),
        ("Base: Any = orm.declarative_base(metadata=m)", "declarative", "Base.metadata", 1),
        ("class Base(declarative_base()): ...", "declarative", "Base.metadata", 1),
        ("@as_declarative()\nclass Base: ...", "declarative", "Base.metadata", 2),
        ("Base = registry.generate_base()", "declarative", "Base.metadata", 1),
        ("meta = sa.MetaData(schema='s')", "metadata", "meta", 1),
        ("db = SQLAlchemy()", "flask", "db.metadata", 1),
        ("from sqlmodel import Field, SQLModel", "sqlmodel", "SQLModel.metadata", 1),
    ],
)
def test_kinds_of_metadata(text: str, kind: str, expression: str, line: int) -> None:
    """Each way to make a metadata is found, with what target_metadata is to be."""
    (found,) = metadata_candidates({"app/db.py": text})
    assert (found.kind, found.expression, found.line) == (kind, expression, line)
    assert found.name == expression.removesuffix(".metadata")


def test_no_metadata() -> None:
    """Files without any, or that are no Python, give no candidate."""
    assert metadata_candidates({"a.py": "x = 1", "b.py": "{{ template }}"}) == []


def test_the_one_with_models_is_first() -> None:
    """The candidate that has models comes before one that has none, tests come last."""
    files = {
        "app/a.py": "Base = declarative_base()\n",
        "app/db.py": "metadata = MetaData()\nclass Model(DeclarativeBase): ...\n",
        "app/models/user.py": "from app.db import Model\nclass User(Model):\n    pass\n",
        "tests/models.py": BASE + "class A(Base): ...\nclass B(Base): ...\n",
        "alembic/versions/1.py": "Base = declarative_base()\n",
    }
    found = metadata_candidates(files)
    assert [(item.path, item.name) for item in found] == [
        ("app/db.py", "Model"),
        ("app/a.py", "Base"),
        ("app/db.py", "metadata"),
        ("tests/models.py", "Base"),
        ("alembic/versions/1.py", "Base"),
    ]


def candidate(files: dict[str, str]) -> MetadataCandidate:
    """Give the likeliest candidate."""
    return metadata_candidates(files)[0]


def test_models_on_a_declarative_base() -> None:
    """Subclasses through mixins and other files count; schemas and tests of like name do not."""
    files = {
        "app/db.py": BASE,
        "app/mixins.py": "class Timed(Base):\n    __abstract__ = True\n",
        "app/models/user.py": "from app import mixins\nclass User(mixins.Timed): ...\n",
        "app/models/link.py": "link = Table('link', db.Base.metadata)\n",
        "app/schemas.py": "class User(BaseModel): ...\nclass UserOut(User): ...\n",
        "app/auth.py": "from library.auth import User\nclass Admin(User): ...\n",
        "app/crud.py": "class Crud(CrudBase[User]): ...\n",
        "tests/test_user.py": "class Odd(Base): ...\n",
    }
    assert model_modules(files, candidate(files)) == [
        "app/mixins.py",
        "app/models/link.py",
        "app/models/user.py",
    ]


@pytest.mark.parametrize(
    "base",
    [
        "metadata = MetaData()\nclass Base(DeclarativeBase):\n    metadata = metadata\n",
        "metadata = MetaData()\nBase = declarative_base(metadata=metadata)\n",
    ],
)
def test_tables_on_the_metadata_a_base_was_given(base: str) -> None:
    """Tables on the metadata object that the base was given are on the base too."""
    files = {
        "app/db.py": base,
        "app/user.py": "class User(Base): ...\n",
        "app/link.py": "link = Table('link', metadata)\n",
        "app/other.py": "link = Table('link', Other.metadata)\n",
    }
    found = candidate(files)
    assert found.expression == "Base.metadata"
    assert model_modules(files, found) == ["app/link.py", "app/user.py"]


def test_tables_on_a_plain_metadata() -> None:
    """Core tables are found on their metadata, also through its module."""
    files = {
        "db.py": "metadata = MetaData()\n",
        "a.py": "a = sa.Table('a', metadata)\n",
        "b.py": "b = sa.Table('b', db.metadata)\n",
    }
    assert model_modules(files, candidate(files)) == ["a.py", "b.py"]


def test_models_of_flask_sqlalchemy() -> None:
    """Models on db.Model and tables of db.Table are found (E2)."""
    files = {
        "app/__init__.py": "class Base(DeclarativeBase): ...\ndb = SQLAlchemy(model_class=Base)\n",
        "app/user.py": "class User(db.Model): ...\n",
        "app/admin.py": "class Admin(User): ...\n",
        "app/tags.py": "tags = db.Table('tags', db.Column('id'))\n",
    }
    found = candidate(files)
    assert found.expression == "db.metadata"
    assert model_modules(files, found) == ["app/admin.py", "app/tags.py", "app/user.py"]


def test_models_of_sqlmodel() -> None:
    """Every file with a table=True class counts; the plain SQLModel schemas do not (E8)."""
    files = {
        "app/api.py": "from sqlmodel import SQLModel\nclass Out(SQLModel): ...\n",
        "app/hero.py": "from sqlmodel import SQLModel\nclass Hero(SQLModel, table=True): ...\n",
        "app/team.py": "from sqlmodel import SQLModel\nclass Team(Named, table=True): ...\n",
    }
    (found,) = metadata_candidates(files)
    assert found.path == "app/hero.py"
    assert model_modules(files, found) == ["app/hero.py", "app/team.py"]


def test_two_bases_of_one_name() -> None:
    """In a repository of several services each model belongs to the nearest Base (C17)."""
    files = {
        "a/db.py": BASE,
        "a/models/user.py": "class User(Base): ...\n",
        "b/db.py": BASE,
        "b/models/item.py": "class Item(Base): ...\n",
    }
    modules = {item.path: model_modules(files, item) for item in metadata_candidates(files)}
    assert modules == {"a/db.py": ["a/models/user.py"], "b/db.py": ["b/models/item.py"]}
