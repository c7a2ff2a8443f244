"""The generated file is the project's own in every way that Alembic lets it be (C15)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import alembic
import pytest
from support import INI, Project, column

EMAIL = column("email")
MONEY = """\
from sqlalchemy import Numeric
from sqlalchemy.types import TypeDecorator


class Money(TypeDecorator):
    impl = Numeric(12, 2)
    cache_ok = True
"""
USES_MONEY = "    balance = Column(mytypes.Money())\n"


def generated(project: Project, *options: str, told: str = "") -> str:
    """Stage everything, generate, and return the path of the one file that was staged."""
    project.git("add", "-A")
    before = set(project.status().splitlines())
    result = project.gitmig("autogenerate", *options)
    assert told in result.stdout + result.stderr
    (line,) = set(project.status().splitlines()) - before
    assert line.startswith("A  ")
    return line[3:]


def configure(project: Project, arguments: str, code: str = "") -> None:
    """Give arguments to context.configure in env.py, and code for them to name."""
    env = project.read("migrations/env.py")
    given = "target_metadata=target_metadata"
    env = env.replace(f"{given})", f"{given}, {arguments})")
    project.write("migrations/env.py", env.replace("\nconfig = ", f"\n{code}\nconfig = ", 1))


def test_file_name_and_timezone(project: Project) -> None:
    """`file_template` with dates, `timezone` and `truncate_slug_length` are obeyed (C15)."""
    project.write(
        "alembic.ini",
        INI + "file_template = %%(year)d-%%(month).2d-%%(day).2d_%%(hour).2d_%%(slug)s\n"
        "timezone = UTC\ntruncate_slug_length = 7\n",
    )
    project.append("models.py", EMAIL)
    path = generated(project)
    assert re.fullmatch(r"migrations/versions/\d{4}-\d\d-\d\d_\d\d_add_.py", path), path
    assert re.search(r"Create Date: \d{4}-.*\+00:00", project.read(path))


def test_version_locations(project: Project) -> None:
    """With several `version_locations` the file goes where its parent is (C15)."""
    locations = "version_locations = %(here)s/migrations/versions %(here)s/more\n"
    project.write("alembic.ini", INI + locations)
    project.revision("more00000000", "base00000000", path="more/second.py")
    project.append("models.py", EMAIL)
    path = generated(project)
    assert path.startswith("more/")
    assert "down_revision = 'more00000000'" in project.read(path)
    project.gitmig("check")


def test_directives_number_the_revisions(project: Project) -> None:
    """`process_revision_directives` may give ids of its own (C15)."""
    configure(
        project,
        "process_revision_directives=number",
        "def number(context, revision, directives):\n"
        "    directives[0].rev_id = '0002'\n    directives[0].message += ' (numbered)'\n",
    )
    project.append("models.py", EMAIL)
    path = generated(project, "-m", "email")
    assert path == "migrations/versions/0002_email_numbered.py"
    assert "revision = '0002'" in project.read(path)
    project.gitmig("check")


def test_directives_empty_the_list(project: Project) -> None:
    """The usual way to skip empty revisions, and one that skips all, break nothing (C15)."""
    code = (
        "def skip(context, revision, directives):\n"
        "    if config.cmd_opts.autogenerate and directives[0].upgrade_ops.is_empty():\n"
        "        directives[:] = []\n"
    )
    configure(project, "process_revision_directives=skip", code)
    project.commit_all()
    assert "nothing to generate" in project.gitmig("autogenerate").stderr
    project.gitmig("check")
    project.append("models.py", EMAIL)
    generated(project)
    project.commit_all()
    all_of_them = project.read("migrations/env.py").replace(
        "directives[0].upgrade_ops", "True or ("
    )
    project.write("migrations/env.py", all_of_them.replace("(.is_empty()", "None"))
    project.append("models.py", column("phone"))
    project.git("add", "-A")
    before = project.status()
    assert "nothing to generate" in project.gitmig("autogenerate").stderr
    assert project.status() == before


def test_include_object(project: Project) -> None:
    """What `include_object` hides from Alembic is no part of a revision (C15)."""
    configure(
        project,
        "include_object=wanted",
        "def wanted(object, name, type_, reflected, compare_to):\n    return name != 'legacy'\n",
    )
    project.append("models.py", EMAIL + column("legacy"))
    text = project.read(generated(project))
    assert "email" in text and "legacy" not in text


def test_render_item(project: Project) -> None:
    """`render_item` says how a type is written, and what to import for it (C15)."""
    project.write("mytypes.py", MONEY)
    configure(
        project,
        "render_item=written",
        "def written(type_, object, autogen_context):\n"
        "    if type_ == 'type' and type(object).__name__ == 'Money':\n"
        "        autogen_context.imports.add('from mytypes import Money')\n"
        "        return 'Money()'\n    return False\n",
    )
    project.write("models.py", "import mytypes\n" + project.read("models.py") + USES_MONEY)
    text = project.read(generated(project))
    assert "from mytypes import Money\n" in text
    assert "sa.Column('balance', Money(), nullable=True)" in text


def test_missing_import_is_added(project: Project) -> None:
    """A type of a module that the template does not import gets its import (C15)."""
    project.write("mytypes.py", MONEY)
    project.write("models.py", "import mytypes\n" + project.read("models.py") + USES_MONEY)
    text = project.read(generated(project))
    assert "import sqlalchemy as sa\nimport mytypes\n" in text
    assert "sa.Column('balance', mytypes.Money(precision=12, scale=2)" in text
    project.gitmig("upgrade")


def test_missing_import_of_a_submodule(project: Project) -> None:
    """The module itself is imported where a type lives in a package's submodule (C15)."""
    project.write("kit/__init__.py", "")
    project.write("kit/types.py", MONEY)
    uses = USES_MONEY.replace("mytypes.", "kit.types.")
    project.write("models.py", "import kit.types\n" + project.read("models.py") + uses)
    text = project.read(generated(project))
    assert "import kit.types\n" in text
    project.git("commit", "-q", "-m", "balance")
    project.write("models.py", project.read("models.py").replace(uses, ""))
    project.gitmig("upgrade")


def test_post_write_hooks(project: Project) -> None:
    """Scripts and formatters named in the configuration run on the file (C15)."""
    script = project.write("mark.sh", '#!/bin/sh\necho "# marked" >> "$1"\n')
    script.chmod(0o755)
    project.write("ruff.toml", '[format]\nquote-style = "double"\n')
    project.write(
        "alembic.ini",
        INI + "[post_write_hooks]\nhooks = mark, ruff\n"
        "mark.type = exec\nmark.executable = %(here)s/mark.sh\n"
        "mark.options = REVISION_SCRIPT_FILENAME\n"
        "ruff.type = exec\nruff.executable = ruff\n"
        "ruff.options = format REVISION_SCRIPT_FILENAME\n",
    )
    project.append("models.py", EMAIL)
    text = project.read(generated(project))
    assert "# marked\n" in text
    assert 'sa.Column("email", ' in text


def test_post_write_hook_that_is_missing(project: Project) -> None:
    """A formatter that is not installed is only a note: the revision is written (C15)."""
    project.write(
        "alembic.ini",
        INI + "[post_write_hooks]\nhooks = style\nstyle.type = exec\n"
        "style.executable = no-such-formatter\nstyle.options = REVISION_SCRIPT_FILENAME\n",
    )
    project.append("models.py", EMAIL)
    generated(project, told="post-write hook not run: FileNotFoundError")


def test_template_of_the_installed_alembic(project: Project) -> None:
    """Today's typed template gives a file that is read, proved and built upon (C15)."""
    source = Path(alembic.__file__).parent / "templates/generic/script.py.mako"
    shutil.copy(source, project.path / "migrations/script.py.mako")
    project.append("models.py", EMAIL)
    text = project.read(generated(project))
    assert "revision: str = " in text and "down_revision: " in text
    project.git("commit", "-qm", "email")
    project.append("models.py", column("phone"))
    generated(project)
    project.gitmig("check")


def test_two_machines(project: Project, tmp_path: Path) -> None:
    """Two people who commit the same change get the same file, but for id and date (C15)."""
    project.git("clone", "-q", str(project.path), str(tmp_path / "clone"))
    texts, names = [], set()
    for each in (project, Project(tmp_path / "clone", project.env)):
        each.append("models.py", EMAIL + column("phone", more=", index=True"))
        path = generated(each)
        revision = re.search(r"(\w{12})_", path)
        assert revision
        text = each.read(path).replace(revision[1], "ID")
        texts.append(re.sub(r"Create Date: .*", "", text))
        names.add(path.replace(revision[1], "ID"))
    assert names == {"migrations/versions/ID_add_users_email_add_users_phone_add_ix_.py"}
    # the hash of the body differs with the id
    one, other = (re.sub(r"\b[0-9a-f]{16,}\b", "HASH", text) for text in texts)
    assert one == other


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        (EMAIL, (), "add users.email"),
        (EMAIL + column("phone", more=", index=True"), (),
         "add users.email, add users.phone, add ix_users_phone"),
        ("".join(column(name) for name in "abcdef"), (),
         "add users.a, add users.b, add users.c and 3 more"),
        ('\n\nclass Post(Base):\n    __tablename__ = "posts"\n'
         "    id = Column(Integer, primary_key=True)\n    slug = Column(String, index=True)\n",
         (), "create table posts"),
        (EMAIL, ("-m", 'it\'s "quoted", % and %s'), 'it\'s "quoted", % and %s'),
    ],
    ids=["a column", "an index", "many", "a table", "given"],
)  # fmt: skip
def test_message(project: Project, models: str, options: tuple[str, ...], message: str) -> None:
    """The message says what happens, unless one is given (C15)."""
    project.append("models.py", models)
    path = generated(project, *options, told=message)
    namespace: dict[str, object] = {}
    exec(compile(project.read(path), path, "exec"), namespace)  # noqa: S102  # the file itself
    assert str(namespace["__doc__"]).splitlines()[0] == message


def test_any_message_is_only_text(project: Project) -> None:
    """A message with quotes, backslashes and newlines makes a file that is Python (R4)."""
    project.append("models.py", column("email"))
    project.git("add", "-A")
    hostile = 'say """hi""" \\N{x} $(id) %s\nnext "'
    project.gitmig("autogenerate", "-m", hostile)
    (path,) = project.git("diff", "--cached", "--name-only", "--", "migrations").stdout.split()
    compile(project.read(path), path, "exec")
    project.gitmig("check")
