"""The workflow of Alembic's own guide through gitmig, on the project's real database."""

from __future__ import annotations

import re

import pytest
from support import ENV, Project, column, use_url

EMAIL = column("email")
ADD = 'op.add_column("users", sa.Column("email", sa.String(200)))'
DROP = 'op.drop_column("users", "email")'
STEP = r"^{arrow} {id} {subject}  \d+\.\d\d s$"


def words(value: object) -> str | None:
    """Return the id of a parameter: the command line, where it is one."""
    return " ".join(value) if isinstance(value, list) else None


@pytest.fixture
def long(project: Project) -> Project:
    """Return the project with three revisions in a row, the second adding users.email."""
    project.append("models.py", EMAIL)
    project.revision("more00000000", "base00000000", ADD, DROP, "email")
    project.revision("last00000000", "more00000000", subject="last")
    project.commit_all("three revisions")
    return project


def at(project: Project) -> str:
    """Return where the database stands, as Alembic says it."""
    return project.gitmig("current").stdout.strip()


def test_upgrade_shows_each_revision(long: Project) -> None:
    """`gitmig upgrade` goes to the head, names the database and shows each step with its time."""
    result = long.gitmig("upgrade")
    assert "gitmig: database sqlite:///app.db" in result.stderr
    for name, subject in (("base", "users"), ("more", "email"), ("last", "last")):
        expected = STEP.format(arrow="↑", id=f"{name}00000000", subject=subject)
        assert re.search(expected, result.stderr, re.MULTILINE), result.stderr
    assert long.tables()["users"] == ["id", "name", "email"]
    assert at(long) == "last00000000 (head)"


@pytest.mark.parametrize(
    ("command", "target", "expected"),
    [
        ("upgrade", "more00000000", "more00000000"),
        ("upgrade", "more", "more00000000"),
        ("upgrade", "+1", "base00000000"),
        ("upgrade", "base00000000+1", "more00000000"),
        ("upgrade", "heads", "last00000000 (head)"),
        ("downgrade", "-1", "more00000000"),
        ("downgrade", "-2", "base00000000"),
        ("downgrade", "base00000000", "base00000000"),
        ("downgrade", "last00000000-2", "base00000000"),
        ("downgrade", "base", ""),
        ("stamp", "more", "more00000000"),
    ],
)
def test_targets(long: Project, command: str, target: str, expected: str) -> None:
    """Every target that Alembic takes is taken: ids, their beginnings, relative ones, base."""
    if command == "downgrade":
        long.gitmig("upgrade")
    result = long.gitmig(command, target)
    assert at(long) == expected
    if command == "downgrade":
        assert re.search(r"^↓ last00000000 last  \d+\.\d\d s$", result.stderr, re.MULTILINE)


def test_quiet(long: Project) -> None:
    """-q leaves out the steps and the database."""
    result = long.gitmig("upgrade", "-q")
    assert result.stdout == "" and "↑" not in result.stderr and "database" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["history"], "more00000000 -> last00000000 (head), last\n"),
        (["history", "-r", "base00000000:more00000000"], "base00000000 -> more00000000, email\n"),
        (["history", "-v"], "Parent: more00000000\n"),
        (["history", "--indicate-current"], "(current)"),
        (["heads"], "last00000000 (head)\n"),
        (["history", "-rbase:more00000000"], "base00000000 -> more00000000, email\n"),
        (["history", "-vi"], "Parent: more00000000\n"),
        (["heads", "--verbose"], "Rev: last00000000 (head)\n"),
        (["heads", "-v"], "Rev: last00000000 (head)\n"),
        (["show", "more"], "Rev: more00000000\n"),
        (["current", "--verbose"], "Rev: base00000000\n"),
        (["upgrade", "--sql", "base00000000:more00000000"], "ALTER TABLE users ADD COLUMN email"),
        (["downgrade", "more00000000:base", "--sql"], "DROP TABLE users"),
        (["upgrade", "--sql"], "CREATE TABLE users"),
    ],
    ids=words,
)
def test_what_alembic_prints(long: Project, arguments: list[str], told: str) -> None:
    """What Alembic prints comes on stdout, unchanged, and the database is left alone."""
    long.gitmig("upgrade", "base00000000")
    before = (long.path / "app.db").read_bytes()
    result = long.gitmig(*arguments)
    assert told in result.stdout
    assert "↑" not in result.stderr or "--sql" in arguments
    assert (long.path / "app.db").read_bytes() == before


def test_branches(long: Project) -> None:
    """`gitmig branches` shows where the revisions branch, and nothing where they do not."""
    assert long.gitmig("branches").stdout == ""
    long.revision("side00000000", "base00000000")
    assert "-> side00000000 (head)" in long.gitmig("branches").stdout
    assert "Path: " in long.gitmig("branches", "-v").stdout


@pytest.mark.parametrize("message", ["quick", "text", "verbose", "C", "h"])
def test_attached_value(project: Project, message: str) -> None:
    """What is written right behind a short option of Alembic's arrives whole."""
    project.gitmig("revision", f"-m{message}", "--rev-id", "hand", "-q")
    assert project.read(f"migrations/versions/hand_{message.lower()}.py").startswith(
        f'"""{message}\n'
    )


def test_own_options_among_alembics(long: Project) -> None:
    """Options of gitmig are found in any place and way of writing, and after `--` none is."""
    folder = str(long.path)
    long.gitmig("stamp", f"-C{folder}", "--env=default", "--purge", "more", "-q", cwd="..")
    assert at(long) == "more00000000"
    assert "Usage: gitmig upgrade" in long.gitmig("upgrade", "--tag", "x", "--help").stdout
    assert "'-q'" in long.gitmig("show", "--", "-q", code=2).stderr


def test_no_target_but_a_value(long: Project) -> None:
    """`upgrade` goes to the head also where an option's value could pass for a target."""
    for options in (["--dry-run"], []):
        result = long.gitmig("upgrade", "--tag", "base00000000", *options)
        assert "last00000000" in result.stdout + result.stderr
    assert at(long) == "last00000000 (head)"
    assert "required: revision" in long.gitmig("downgrade", "--dry-run", code=2).stderr


def test_environment_variables(project: Project) -> None:
    """A variable of the user's that begins with GIT_ reaches env.py; what git tells hooks not."""
    project.append("migrations/env.py", 'import os\nprint(os.environ["GIT_SHA"], os.environ)\n')
    told = project.gitmig("current", GIT_SHA="abc", GIT_PREFIX="here/").stderr
    assert "abc environ(" in told and "GIT_PREFIX" not in told


def test_revision_by_hand(project: Project) -> None:
    """`gitmig revision` writes a file, says where and what to do, and stages nothing."""
    result = project.gitmig("revision", "-m", "by hand", "--rev-id", "hand00000000")
    path = "migrations/versions/hand00000000_by_hand.py"
    assert f"gitmig: {path} written; look at it, then `git add {path}`" in result.stdout
    assert project.status() == f"?? {path}\n"
    assert "down_revision = 'base00000000'" in project.read(path)


def test_revision_from_the_database(project: Project) -> None:
    """`gitmig revision --autogenerate` compares with the real database, as Alembic does."""
    project.gitmig("upgrade")
    project.append("models.py", EMAIL)
    project.gitmig("revision", "--autogenerate", "-m", "email")
    (line,) = [line for line in project.status().splitlines() if line.startswith("?? ")]
    assert "op.add_column('users'" in project.read(line[3:])


def test_revision_on_another_head(long: Project) -> None:
    """`--head` and `--splice` say what a revision stands on."""
    long.gitmig("revision", "-m", "side", "--head", "base00000000", "--splice", "--rev-id", "side")
    assert "down_revision = 'base00000000'" in long.read("migrations/versions/side_side.py")


def test_x_argument(project: Project) -> None:
    """`-x key=value` reaches env.py, before or after the target."""
    env = 'DATABASE = context.get_x_argument(as_dictionary=True)["db"]\n'
    changed = ENV.replace("\ntarget_metadata =", f"\n{env}\ntarget_metadata =").replace(
        "config.get_section(config.config_ini_section, {})",
        '{"sqlalchemy.url": "sqlite:///" + DATABASE}',
    )
    project.write("migrations/env.py", changed)
    project.gitmig("upgrade", "-x", "db=one.db", "head")
    project.gitmig("upgrade", "head", "-x", "db=two.db")
    assert "users" in project.tables("one.db") and "users" in project.tables("two.db")
    assert not (project.path / "app.db").exists()
    project.gitmig("upgrade", "--dry-run", "-x", "db=three.db")
    assert not (project.path / "three.db").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["upgrade", "nowhere"], "Can't locate revision identified by 'nowhere'"),
        (["downgrade", "-7"], "Relative revision -7 didn't produce 7 migrations"),
        (["downgrade"], "the following arguments are required: revision"),
        (["upgrade", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["history", "-r", "nonsense"], "History range requires [start]:[end]"),
        (["show", "nowhere"], "Can't locate revision identified by 'nowhere'"),
        (["revision", "--autogenerate", "-m", "x"], "Target database is not up to date"),
    ],
    ids=words,
)
def test_alembic_refuses(long: Project, arguments: list[str], told: str) -> None:
    """Alembic's own sentence is the error, with exit 2 and nothing changed."""
    long.gitmig("upgrade", "base00000000")
    result = long.gitmig(*arguments, code=2)
    assert told in result.stderr and result.stderr.startswith("gitmig: ")
    assert len([line for line in result.stderr.splitlines() if line.startswith("gitmig: ")]) <= 2
    assert at(long) == "base00000000"
    assert long.status() == ""


def test_two_heads(long: Project) -> None:
    """Two heads are Alembic's own refusal, and --dry-run's too."""
    long.revision("side00000000", "base00000000")
    for option in ([], ["--dry-run"]):
        result = long.gitmig("upgrade", *option, code=2)
        assert "Multiple head revisions are present" in result.stderr
        assert "`heads` in the place of the revision takes all of them" in result.stderr
        assert "Traceback" not in result.stderr


def test_cycle(long: Project) -> None:
    """Revisions in a circle are Alembic's refusal, with the command that names the files (H7)."""
    for name, parent in (("one000000000", "other0000000"), ("other0000000", "one000000000")):
        long.revision(name, parent)
    for command in ("heads", "history", "upgrade"):
        result = long.gitmig(command, code=2)
        assert "Cycle is detected" in result.stderr
        assert "`gitmig check --static` names the revisions" in result.stderr


def test_failing_revision(long: Project) -> None:
    """A revision that fails is named with its line; what ran before it holds."""
    path = long.revision("bad000000000", "last00000000", 'op.drop_table("absent")')
    result = long.gitmig("upgrade", code=2)
    assert f"{path}:12: revision bad000000000 fails on upgrade" in result.stderr
    assert "no such table: absent" in result.stderr
    assert "empty database" not in result.stderr
    long.git("add", "-A")
    assert "empty database" not in long.gitmig("check", code=1).stdout, "it is the newest"
    long.revision("next00000000", "bad000000000")
    long.git("add", "-A")
    assert "does not start from an empty database" in long.gitmig("check", code=1).stdout
    assert "DROP TABLE absent" in long.gitmig("upgrade", "-v", code=2).stderr


@pytest.mark.parametrize("there", [True, False], ids=["database there", "no database"])
def test_dry_run(long: Project, there: bool) -> None:
    """--dry-run says in words and in SQL what would run, and touches nothing."""
    database = long.path / "app.db"
    if there:
        long.gitmig("upgrade", "base00000000")
    before = database.read_bytes() if there else b""
    result = long.gitmig("upgrade", "--dry-run")
    assert ("upgrade base00000000 users" in result.stdout) is not there
    assert "upgrade more00000000 email\n  migrations/versions/more00000000.py" in result.stdout
    assert "  • add users.email" in result.stdout
    assert "ALTER TABLE users ADD COLUMN email VARCHAR(200);" in result.stdout
    assert "alembic_version" not in result.stdout
    assert (database.read_bytes() if there else b"") == before
    assert database.exists() is there


def test_dry_run_of_a_file_uri(long: Project) -> None:
    """A SQLite database that is named by a URI is found: only what it lacks is shown."""
    use_url(long, "sqlite:///file:app.db?uri=true")
    long.gitmig("upgrade", "more")
    result = long.gitmig("upgrade", "--dry-run")
    assert "upgrade last00000000" in result.stdout and "more00000000" not in result.stdout
    (long.path / "app.db").unlink()
    assert "upgrade base00000000" in long.gitmig("upgrade", "--dry-run").stdout
    assert not (long.path / "app.db").exists()


def test_dry_run_down(long: Project) -> None:
    """`downgrade --dry-run` takes the same targets; one step down is what it shows alone."""
    long.gitmig("upgrade")
    before = (long.path / "app.db").read_bytes()
    result = long.gitmig("downgrade", "more00000000-1", "--dry-run")
    assert "downgrade more00000000 email" in result.stdout and "drop users.email" in result.stdout
    assert "downgrade base00000000" not in result.stdout
    result = long.gitmig("downgrade", "--dry-run", "-1")
    assert "downgrade last00000000" in result.stdout and "more00000000" not in result.stdout
    assert (long.path / "app.db").read_bytes() == before


def test_dry_run_of_nothing(project: Project) -> None:
    """Where the database is there already, --dry-run says so."""
    project.gitmig("upgrade")
    assert "nothing would run" in project.gitmig("upgrade", "--dry-run").stdout


def test_from_a_folder_inside(long: Project) -> None:
    """From a folder of the project, or with -C, the same database is meant."""
    long.gitmig("upgrade", "base00000000", cwd="migrations/versions")
    long.gitmig("-h")
    long.gitmig("upgrade", "-C", str(long.path), cwd="..")
    assert at(long) == "last00000000 (head)"
    assert not list(long.path.glob("migrations/**/*.db"))


def test_configuration_below_the_top(project: Project) -> None:
    """An environment in a folder is run from that folder, wherever one stands."""
    (project.path / "svc").mkdir()
    project.git("mv", "models.py", "migrations", "alembic.ini", "svc")
    project.gitmig("upgrade")
    assert (project.path / "svc/app.db").exists()
    result = project.gitmig("revision", "-m", "more", cwd="svc/migrations")
    assert "gitmig: svc/migrations/versions/" in result.stdout


def test_dry_run_of_renames(project: Project) -> None:
    """A rename is told as one, and no operation has empty brackets."""
    project.revision(
        "more00000000",
        "base00000000",
        'op.alter_column("users", "name", new_column_name="full_name")\n'
        '    op.alter_column("users", "id", existing_type=sa.Integer(), autoincrement=True)\n'
        '    op.rename_table("users", "people")\n'
        '    op.bulk_insert(sa.table("people", sa.column("id")), [{"id": 1}])',
    )
    told = project.gitmig("upgrade", "--dry-run").stdout
    for words in (
        "rename users.name to full_name",
        "alter users.id",
        "rename table users to people",
        "insert 1 row into people",
    ):
        assert f"  • {words}\n" in told
