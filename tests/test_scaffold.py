"""The texts of gitmig init, on what `alembic init` really writes, and run by Alembic."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from alembic import command
from alembic.config import Config

from gitmig.config import load
from gitmig.model import Settings
from gitmig.scaffold import (
    SETTINGS,
    github_workflow,
    gitignore_with,
    import_lines,
    set_prepend_sys_path,
    set_url,
    wire_env,
)
from gitmig.sources import metadata_candidates, model_modules

BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
USER = """\
from sqlalchemy.orm import Mapped, mapped_column
{base}

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
TOP_LEVEL = {"models.py": BASE + USER.format(base="")}
SRC = {
    "src/app/__init__.py": "",
    "src/app/db.py": BASE,
    "src/app/models/__init__.py": "",
    "src/app/models/user.py": USER.format(base="from app.db import Base\n"),
}
RUN = """
from alembic import command
from alembic.config import Config

config = Config("alembic.ini", toml_file="pyproject.toml")
command.revision(config, "users", autogenerate=True)
command.upgrade(config, "head")
"""


def initialised(directory: Path, template: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project as `alembic init` does; give its env.py."""
    monkeypatch.chdir(directory)
    config = Config("alembic.ini", toml_file="pyproject.toml", stdout=io.StringIO())
    command.init(config, "migrations", template)
    return directory / "migrations" / "env.py"


def wire(root: Path, env: Path, files: Mapping[str, str], roots: list[str], url: str) -> None:
    """Do what gitmig init does with a project's files."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    candidate = metadata_candidates(files)[0]
    imports = import_lines(candidate, model_modules(files, candidate), roots)
    wired = wire_env(env.read_text(), imports, candidate.expression)
    assert wired is not None
    env.write_text(wired)
    ini = root / "alembic.ini"
    ini.write_text(set_prepend_sys_path(set_url(ini.read_text(), url), roots))


@pytest.mark.parametrize(
    ("template", "driver", "files", "roots"),
    [
        ("generic", "sqlite", TOP_LEVEL, [""]),
        ("generic", "sqlite", SRC, ["", "src"]),
        pytest.param("async", "sqlite+aiosqlite", SRC, ["src"]),
        ("pyproject", "sqlite", SRC, ["", "src"]),
        pytest.param("pyproject_async", "sqlite+aiosqlite", TOP_LEVEL, [""]),
    ],
)
def test_a_wired_project_runs(
    template: str,
    driver: str,
    files: Mapping[str, str],
    roots: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After wiring, Alembic autogenerates the models' tables and applies them (D1, E1, E6)."""
    env = initialised(tmp_path, template, monkeypatch)
    wire(tmp_path, env, files, roots, f"{driver}:///a%b.db")

    run = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", RUN],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    with sqlite3.connect(tmp_path / "a%b.db") as database:
        names = {name for (name,) in database.execute("select name from sqlite_master")}
    assert {"users", "alembic_version"} <= names

    paths = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")]
    texts = {
        path: (tmp_path / path).read_text() for path in paths if not path.endswith(("db", "pyc"))
    }
    (environment,) = load(paths, texts.get).environments
    assert environment.version_locations == ("migrations/versions",)


@pytest.mark.parametrize("template", ["generic", "async", "pyproject"])
def test_wiring_changes_only_what_it_must(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a stock env.py one line changes and the imports are added; wiring again does nothing."""
    stock = initialised(tmp_path, template, monkeypatch).read_text()
    wired = wire_env(stock, ["import app.user", "from app.db import Base"], "Base.metadata")
    assert wired is not None
    undone = wired.replace(
        "from alembic import context\n\nimport app.user\nfrom app.db import Base\n",
        "from alembic import context\n",
    ).replace("\ntarget_metadata = Base.metadata\n", "\ntarget_metadata = None\n")
    assert wired != stock
    assert undone == stock
    assert wire_env(wired, ["from app.db import Base"], "Base.metadata") is None


def test_several_databases_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The env.py of the multidb template has a dictionary, which is not guessed at."""
    env = initialised(tmp_path, "multidb", monkeypatch)
    assert wire_env(env.read_text(), ["import a"], "a.metadata") is None


@pytest.mark.parametrize(
    "text",
    [
        "import x\ntarget_metadata = None\ntarget_metadata = None\n",
        "import x\nif x:\n    target_metadata = None\n",
        "target_metadata = None\nimport x\n",
        "import x\n<<<<<<< HEAD\ntarget_metadata = None\n",
        "from alembic import app\ntarget_metadata = None\n",
    ],
)
def test_an_env_that_cannot_be_wired(text: str) -> None:
    """Where it is unclear, broken or would hide a name of env.py, nothing is done."""
    assert wire_env(text, ["import app.models"], "Base.metadata") is None


def test_imports_that_are_no_python() -> None:
    """A module whose path is no name cannot be imported, so nothing is done."""
    assert wire_env("import x\ntarget_metadata = None\n", ["import my-app.m"], "B") is None


def test_odd_lines_stay_as_they_are() -> None:
    """Annotation, comment, wide characters and line ends around the value are kept."""
    text = "import x\r\n\r\ntarget_metadata: 'Ä' = None  # ö\r\nrest = 1\r\n"
    expected = "import x\r\n\r\nimport m\r\n\r\ntarget_metadata: 'Ä' = m.meta  # ö\r\nrest = 1\r\n"
    assert wire_env(text, ["import m"], "m.meta") == expected


def test_import_lines_of_sqlmodel() -> None:
    """SQLModel comes from its own package, every model file is imported (E8)."""
    text = "from sqlmodel import SQLModel\nclass X(SQLModel, table=True): ...\n"
    files = dict.fromkeys(("src/app/hero.py", "src/app/team/__init__.py"), text)
    (candidate,) = metadata_candidates(files)
    assert import_lines(candidate, model_modules(files, candidate), ["src"]) == [
        "import app.hero  # noqa: F401",
        "import app.team  # noqa: F401",
        "from sqlmodel import SQLModel",
    ]


def test_a_real_url_is_not_replaced() -> None:
    """Only the placeholder is replaced; a URL that someone wrote stays (E4)."""
    mine = "[alembic]\nsqlalchemy.url = postgresql://u@h/db\n"
    assert set_url(mine, "sqlite://") == mine


def test_the_url_reads_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with percent signs and backslashes is read by Alembic as it was given (E4)."""
    initialised(tmp_path, "generic", monkeypatch)
    url = r"postgresql://u:p%40\1%%@h/db"
    ini = tmp_path / "alembic.ini"
    before = ini.read_text()
    ini.write_text(set_url(before, url))
    assert Config("alembic.ini").get_main_option("sqlalchemy.url") == url
    assert len(ini.read_text().splitlines()) == len(before.splitlines())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "options",
    [
        "prepend_sys_path = .\npath_separator = os\n",
        "prepend_sys_path = .\n",
        "script_location = x\n",
        "path_separator = space\nprepend_sys_path = . lib\nother = 1\n",
        "path_separator = newline\nprepend_sys_path =\n    .\n    lib\nother = 1\n",
        "path_separator = ;\n",
    ],
)
def test_prepend_sys_path_reads_back(
    options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the separator, Alembic reads the roots that were set, all else stays."""
    monkeypatch.chdir(tmp_path)
    before = f"[other]\nprepend_sys_path = mine\n[alembic]\n{options}\n[loggers]\nkeys = root\n"
    ini = tmp_path / "alembic.ini"
    ini.write_text(set_prepend_sys_path(before, ["", "src"]))
    assert Config("alembic.ini").get_prepend_sys_paths_list() == [".", "src"]

    old, new = ConfigParser(), ConfigParser()
    old.read_string(before)
    new.read(ini)
    changed = {"prepend_sys_path", "path_separator"}
    for section in ("alembic", "loggers"):
        assert set(old.items(section)) - set(new.items(section)) <= {
            ("prepend_sys_path", old.get(section, "prepend_sys_path", fallback=""))
        }
        assert set(new.options(section)) - set(old.options(section)) <= changed
    assert new.get("other", "prepend_sys_path") == "mine"


def test_prepend_sys_path_without_the_section() -> None:
    """A file without an [alembic] section comes back unchanged."""
    assert set_prepend_sys_path("[loggers]\n", ["src"]) == "[loggers]\n"


def test_the_settings_are_read_back() -> None:
    """The new gitmig.toml sets nothing; what it shows as a comment can be uncommented (D1)."""
    assert load(["gitmig.toml"], {"gitmig.toml": SETTINGS}.get).settings == Settings()
    text = SETTINGS.replace("# python =", "python =")
    settings = load(["gitmig.toml"], {"gitmig.toml": text}.get).settings
    assert settings == Settings(python=".venv/bin/python")


def test_the_workflow() -> None:
    """The workflow installs the project and gitmig in the project's folder, then checks (D1)."""
    workflow = yaml.safe_load(github_workflow("my app: 1", "-r requirements.txt", "release/1"))
    job = workflow["jobs"]["check"]
    assert job["defaults"]["run"]["working-directory"] == "my app: 1"
    assert workflow[True]["push"]["branches"] == ["release/1"]  # YAML 1.1 reads "on" as true
    checkout, setup, *runs = job["steps"]
    assert checkout["with"] == {"fetch-depth": 0}
    assert setup["with"] == {"python-version": "3.x"}
    assert [step["run"] for step in runs] == [
        "python -m pip install -r requirements.txt",
        "python -m pip install gitmig",
        'gitmig check --base "$BASE" --format github --output "markdown:$GITHUB_STEP_SUMMARY"',
    ]
    assert runs[-1]["env"] == {"BASE": "${{ github.base_ref }}"}


def test_gitignore() -> None:
    """A line is added once, whether or not the file ends with a line end."""
    assert gitignore_with("", "*.db") == "*.db\n"
    assert gitignore_with("a", "*.db") == "a\n*.db\n"
    assert gitignore_with("a\n", "*.db") == "a\n*.db\n"
    assert gitignore_with("*.db  \na\n", "*.db") is None
    assert gitignore_with("a\r\nb", "*.db") == "a\r\nb\r\n*.db\r\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_are_kept(ending: str) -> None:
    """An env.py is wired whatever ends its lines, and no line of its own is changed."""
    text = "from alembic import context\nname = 1\ntarget_metadata = None\n".replace("\n", ending)
    wired = wire_env(text, ["from models import Base"], "Base.metadata")
    assert wired is not None
    lines = wired.splitlines()
    assert [lines[0], *lines[-2:]] == [
        "from alembic import context", "name = 1", "target_metadata = Base.metadata"
    ]  # fmt: skip
    assert wired.startswith(f"from alembic import context{ending}")
    assert wired.endswith(f"name = 1{ending}target_metadata = Base.metadata{ending}")
