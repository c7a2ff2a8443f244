"""Doubtful revisions stop the commit once; what is refused leaves everything as it was."""

from __future__ import annotations

import pytest
from support import MODELS, Project, column

EMAIL = column("email")
REQUIRED = column("email", more=", nullable=False")
NO_NAME = MODELS.replace(column("name", "String(50)"), "")

WAYS = pytest.mark.parametrize("options", [["-a"], ["models.py"], []], ids=["-a", "path", "plain"])


def commit(project: Project, options: list[str], code: int = 0) -> str:
    """Commit the models in one of the ways; return what was said."""
    if not options:
        project.git("add", "models.py")
    result = project.git("commit", "-m", "work", *options, code=code)
    return result.stdout + result.stderr


def written(project: Project) -> str:
    """Return the path of the one revision that was generated."""
    folder = project.path / "migrations/versions"
    (path,) = (each for each in folder.glob("*.py") if each.name != "base00000000.py")
    return str(path.relative_to(project.path))


def id_of(text: str) -> str:
    """Return the id that a generated revision names."""
    return text.partition("Revision ID: ")[2].split()[0]


@WAYS
def test_the_second_commit_accepts(hooked: Project, options: list[str]) -> None:
    """A drop is written and the commit stops; the same commit again takes it as it is (C10)."""
    before = hooked.head()
    hooked.write("models.py", NO_NAME)
    told = commit(hooked, options, code=1)
    path = written(hooked)
    assert hooked.head() == before
    assert "users.name is dropped with all its values" in told
    assert f"look at {path}; committing again accepts it" in told
    expected = f"A  {path}\nM  models.py\n" if not options else f" M models.py\n?? {path}\n"
    assert hooked.status() == expected
    text = hooked.read(path)

    commit(hooked, options)
    assert hooked.files_in() == {"models.py", path}
    assert hooked.read(path) == text
    assert hooked.status() == ""


MOOD = """
    mood = Column(Enum({members}, name="mood"))
"""


def test_doubts_beside_what_is_not_generated(hooked: Project) -> None:
    """What must be added by hand hides no doubt about the rest: an edit accepts both (C10, C12)."""
    before = MODELS.replace("import Column", "import Enum, Column") + MOOD
    hooked.write("models.py", before.format(members='"calm", "wild", "odd"'))
    commit(hooked, ["-a"])
    after = NO_NAME.replace("import Column", "import Enum, Column") + MOOD
    hooked.write("models.py", after.format(members='"calm", "odd"'))
    told = commit(hooked, ["-a"], code=1)
    assert "users.name is dropped with all its values" in told
    assert "not all, was generated for what Alembic does not see: members users.mood" in told
    assert "→ look at migrations/versions/" in told
    assert "add to it by hand" in told


@pytest.mark.parametrize(
    ("models", "words"),
    [
        pytest.param(MODELS + REQUIRED, "users.email is NOT NULL", id="not null"),
        pytest.param(
            MODELS.replace("String(50)", "String(5)"), "values may not fit", id="narrower"
        ),
        pytest.param(
            MODELS.replace("String(50)", "String(50), nullable=False"),
            "users.name becomes NOT NULL",
            id="now required",
        ),
        pytest.param(
            MODELS.replace("String(50)", "String(50), unique=True"), "duplicates", id="unique"
        ),
    ],
)
def test_what_may_fail_on_rows_stops(hooked: Project, models: str, words: str) -> None:
    """What can fail on a table with rows or lose values stops the commit (C10)."""
    if "unique" in models:  # SQLite gives an unnamed constraint no name to drop it by
        models = models.replace("unique=True", "index=True, unique=True")
    hooked.write("models.py", models)
    assert words in commit(hooked, [], code=1)
    assert hooked.status() == f"A  {written(hooked)}\nM  models.py\n"


def test_a_unique_index_over_some_rows(hooked: Project) -> None:
    """A partial unique index, whose condition is a clause, stops for rows like any other (C10)."""
    index = (
        '    __table_args__ = (Index("some", "name", unique=True, sqlite_where=text("id > 5")),)\n'
    )
    imports = MODELS.replace("import Column, ", "import Column, Index, text, ")
    hooked.write("models.py", imports + index)
    assert "unique" in commit(hooked, ["-a"], code=1)
    assert "sqlite_where" in hooked.read(written(hooked))
    commit(hooked, ["-a"])
    assert hooked.status() == ""


@pytest.mark.parametrize(
    "models",
    [
        pytest.param(MODELS + EMAIL, id="nullable"),
        pytest.param(MODELS + column("email", more=", server_default=''"), id="server default"),
        pytest.param(
            MODELS + column("email", more=", nullable=False, server_default=''"), id="filled"
        ),
        pytest.param(MODELS.replace("String(50)", "String(500)"), id="wider"),
        pytest.param(MODELS.replace("String(50)", "String(50), index=True"), id="index"),
        pytest.param(
            MODELS + "\n\nclass Pet(Base):\n    __tablename__ = 'pets'\n"
            "    id = Column(Integer, primary_key=True)\n"
            "    name = Column(String(9), nullable=False)\n",
            id="table",
        ),
    ],
)
def test_what_only_adds_lands(hooked: Project, models: str) -> None:
    """A revision that cannot lose anything goes into the commit at once (C10)."""
    hooked.write("models.py", models)
    commit(hooked, [])
    assert hooked.files_in() == {"models.py", written(hooked)}
    assert hooked.status() == ""


@WAYS
def test_another_model_change_before_the_second_commit(hooked: Project, options: list[str]) -> None:
    """Changing the model after the stop generates the revision anew under its id (C10)."""
    hooked.write("models.py", MODELS + REQUIRED)
    commit(hooked, options, code=1)
    first = hooked.read(written(hooked))
    hooked.write("models.py", MODELS + column("phone"))
    commit(hooked, options)
    text = hooked.read(written(hooked))
    assert id_of(text) == id_of(first)
    assert "phone" in text and "email" not in text
    assert hooked.files_in() == {"models.py", written(hooked)}
    assert hooked.status() == ""


@WAYS
def test_taking_the_change_back_after_the_stop(hooked: Project, options: list[str]) -> None:
    """Taking the model change back after the stop removes the revision (C10)."""
    hooked.write("models.py", NO_NAME)
    commit(hooked, options, code=1)
    hooked.write("models.py", MODELS)
    hooked.write("README", "words\n")
    hooked.write("other.py", "A = 1\n")
    hooked.git("add", "models.py", "README", "other.py")
    hooked.git("commit", "-m", "words")
    assert hooked.files_in() == {"README", "other.py"}
    assert hooked.status() == ""


def test_an_edited_revision_is_taken_as_it_is(hooked: Project) -> None:
    """What was edited and staged after the stop is committed as it was edited (C10)."""
    hooked.write("models.py", NO_NAME)
    commit(hooked, [], code=1)
    path = written(hooked)
    edited = hooked.read(path).replace("def upgrade():\n", "def upgrade():\n    # looked at\n")
    hooked.write(path, edited)
    hooked.git("add", path)
    commit(hooked, [])
    assert hooked.git("show", f"HEAD:{path}").stdout == edited
    assert hooked.status() == ""


@pytest.mark.parametrize("models", [NO_NAME, NO_NAME + EMAIL], ids=["same", "changed"])
def test_an_edited_revision_that_is_not_staged(hooked: Project, models: str) -> None:
    """An edited revision that ``-a`` would leave out stops the commit and is kept (C10)."""
    hooked.write("models.py", NO_NAME)
    commit(hooked, ["-a"], code=1)
    path = written(hooked)
    edited = hooked.read(path).replace("def upgrade():\n", "def upgrade():\n    # looking\n")
    hooked.write(path, edited)
    hooked.write("models.py", models)
    told = commit(hooked, ["-a"], code=1)
    assert f"{path} was edited and is not staged" in told
    assert f"git add {path}" in told
    assert hooked.read(path) == edited


def test_amending_with_a_doubtful_change_by_path(hooked: Project) -> None:
    """A stopped ``git commit --amend <path>`` goes through the second time (C8, C10)."""
    hooked.write("models.py", MODELS + EMAIL)
    commit(hooked, [])
    old = hooked.read(written(hooked))
    hooked.write("models.py", MODELS + EMAIL + column("age", "Integer", ", nullable=False"))
    amend = ["--amend", "models.py"]
    assert "users.age is NOT NULL" in commit(hooked, amend, code=1)
    commit(hooked, amend)
    path = written(hooked)
    assert hooked.files_in() == {"models.py", path}
    assert id_of(hooked.read(path)) == id_of(old)
    assert hooked.status() == ""


def test_a_class_that_still_stands_keeps_its_table(hooked: Project) -> None:
    """A table is not dropped because env.py lost the import of its module (C10)."""
    pets = (
        "from models import Base\nfrom sqlalchemy import Column, Integer\n\n\n"
        "class Pet(Base):\n    __tablename__ = 'pets'\n\n"
        "    id = Column(Integer, primary_key=True)\n"
    )
    env = hooked.read("migrations/env.py")
    hooked.write("pets.py", pets)
    hooked.write(
        "migrations/env.py", env.replace("from models", "import pets  # noqa\nfrom models")
    )
    hooked.git("add", "-A")
    hooked.git("commit", "-qm", "pets")
    assert len(hooked.new_revisions()) == 1
    before = hooked.head()

    hooked.write("migrations/env.py", env)
    told = hooked.git("commit", "-am", "tidy", code=1).stderr
    assert "table pets would be dropped, but pets.py:5 still declares it" in told
    assert "migrations/env.py" in told
    assert hooked.head() == before
    assert hooked.status() == " M migrations/env.py\n"

    hooked.git("rm", "-q", "pets.py")
    told = hooked.git("commit", "-am", "no pets", code=1).stderr
    assert "table pets is dropped with all its rows" in told
