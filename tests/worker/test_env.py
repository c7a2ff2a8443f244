"""env.py as projects write it: whatever it does, work or one sentence (E1, E5, E6, E10)."""

from __future__ import annotations

import pytest
from support import ASYNC_ENV, ENV, INI, TEMPLATE, Project, column, use_url

EMAIL = column("email")
PYPROJECT = """\
[project]
name = "app"
version = "1"

[tool.alembic]
script_location = "%(here)s/migrations"
prepend_sys_path = ["."]
"""
PYPROJECT_ENV = ENV.replace(
    'config.get_section(config.config_ini_section, {})', '{"sqlalchemy.url": "sqlite:///app.db"}'
).replace('config.get_main_option("sqlalchemy.url")', '"sqlite:///app.db"')  # fmt: skip
USES_OPTIONS = """
command = config.cmd_opts.cmd[0].__name__
assert "alembic.ini" in str(config.cmd_opts.config)
assert config.cmd_opts.name == config.config_ini_section
assert config.cmd_opts.autogenerate if command == "revision" else command in ("merge", "upgrade")
assert context.get_x_argument() == []
"""


def change(project: Project) -> None:
    """Stage everything, with a new column in the models."""
    project.append("models.py", EMAIL)
    project.git("add", "-A")


def test_async_env(project: Project) -> None:
    """An async env.py on aiosqlite is generated for, checked and upgraded (E1)."""
    use_url(project, "sqlite+aiosqlite:///app.db", ASYNC_ENV)
    change(project)
    project.gitmig("autogenerate")
    project.gitmig("check")
    assert not (project.path / "app.db").exists()
    project.gitmig("upgrade")
    assert project.tables()["users"] == ["id", "name", "email"]


def test_command_options(project: Project) -> None:
    """`config.cmd_opts` is what Alembic's command line would have made of it (E5)."""
    project.write("migrations/env.py", ENV + USES_OPTIONS)
    change(project)
    project.gitmig("autogenerate")
    project.gitmig("check")
    project.gitmig("upgrade")
    project.revision("aaaa00000000", "base00000000")
    project.git("add", "-A")
    project.gitmig("merge-heads")


def test_pyproject_alone(project: Project) -> None:
    """A project configured in pyproject.toml, without alembic.ini, works in all commands (E6)."""
    project.git("rm", "-q", "alembic.ini")
    project.write("pyproject.toml", PYPROJECT)
    project.write("migrations/env.py", PYPROJECT_ENV)
    change(project)
    project.gitmig("autogenerate")
    project.gitmig("check")
    project.gitmig("upgrade")
    assert project.tables()["users"] == ["id", "name", "email"]


HARMLESS = {
    "prints": 'print("hello")\nimport os, sys\nos.system("echo from a child")\n'
    'sys.stdout.write("{}")\nsys.__stdout__.write("more")\n',
    "logs": "import logging\nlogging.basicConfig(level=logging.DEBUG)\n"
    "logging.getLogger().warning('hello')\n",
    "closes stdout": "import sys\nsys.stdout.close()\nsys.stdout = open('/dev/null', 'w')\n",
    "starts a thread": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(600,)).start()\n",
    "starts a child": "import subprocess\nsubprocess.Popen(['sleep', '600'])\n",
    "reads stdin": "import sys\nassert sys.stdin.read() == ''\n",
    "changes directory": "import models, os\nos.chdir('/')\n",
    "exits at the end": "import atexit, os\natexit.register(os._exit, 7)\n",
}


@pytest.mark.parametrize("what", HARMLESS)
def test_env_that_does_much_else(project: Project, what: str) -> None:
    """An env.py that prints, logs, or leaves threads and children behind is no matter (E10)."""
    project.write("migrations/env.py", HARMLESS[what] + ENV)
    change(project)
    result = project.gitmig("autogenerate", "--format", "json")
    assert result.stdout.startswith('{\n  "version": 1') and "hello" not in result.stdout
    assert len(project.status().splitlines()) == 3


CATCHING = """\
            try:
                context.run_migrations()
            except Exception:
                pass"""
FAILING = {
    "raises": ('raise RuntimeError("no secret")', "migrations/env.py:1", "RuntimeError: no secret"),
    "exits": ("import sys; sys.exit(3)", "migrations/env.py:1", "ended the process: sys.exit(3)"),
    "ends at once": ("import os; os._exit(5)", "exit code 5", "ended without an answer"),
    "is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "exit code -9",
        "ended without an answer",
    ),
    "is no Python": ("def (", "migrations/env.py:1", "SyntaxError"),
    "lacks a package": ("import not_installed", "migrations/env.py:1", "not_installed"),
    "is interrupted by itself": ("raise KeyboardInterrupt", "env.py", "KeyboardInterrupt"),
}


@pytest.mark.parametrize("what", FAILING)
@pytest.mark.parametrize("command", ["autogenerate", "check", "upgrade"])
def test_env_that_fails(project: Project, what: str, command: str) -> None:
    """An env.py that raises or ends the process is one sentence with the place; exit 2 (E10)."""
    line, *told = FAILING[what]
    project.write("migrations/env.py", f"{line}\n{ENV}")
    change(project)
    before = project.status()
    result = project.gitmig(command, code=2)
    assert all(words in result.stderr for words in told), result.stderr
    assert result.stderr.startswith("gitmig: ") and len(result.stderr.splitlines()) == 2
    assert project.status() == before


WANTING = """\
from pydantic_settings import BaseSettings
class Settings(BaseSettings, env_prefix="APP_"):
    secret: str
    port: int = 80
Settings()
"""


def test_module_that_is_not_on_the_path(project: Project) -> None:
    """A module that is there, and not found, is told with the setting that lets it be found."""
    project.write("alembic.ini", INI.replace("prepend_sys_path = .\n", ""))
    project.git("add", "-A")
    told = project.gitmig("check", code=2).stderr
    assert "models.py is there, and Python does not look there" in told
    assert "`prepend_sys_path = .` in the section [alembic] of alembic.ini" in told


def test_argument_of_the_command_line(project: Project) -> None:
    """What env.py wants of Alembic's -x is told with the setting that gives it, and is given."""
    wants = (
        "from alembic import context\nT = context.get_x_argument(as_dictionary=True)['tenant']\n"
    )
    project.write("migrations/env.py", wants + ENV + "\nassert T == 'a'\n")
    project.git("add", "-A")
    told = project.gitmig("check", code=2).stderr
    assert "migrations/env.py:2: " in told
    assert '→ give it x = ["tenant=VALUE"] in [tool.gitmig]' in told
    project.write("gitmig.toml", 'x = ["tenant=a"]\n')
    project.commit_all("the tenant")
    project.gitmig("check")
    told = project.gitmig("current", code=2).stderr  # a real database is the user's to name
    assert "KeyError: 'tenant'" in told


@pytest.mark.parametrize(
    ("line", "name"),
    [("import os; os.environ['SECRET']", "SECRET"), (WANTING, "APP_SECRET")],
    ids=["os.environ", "pydantic"],
)
def test_required_settings(project: Project, line: str, name: str) -> None:
    """What env.py needs from the environment and has not got is named, with its place (E3)."""
    project.write("migrations/env.py", f"{line}\n{ENV}")
    change(project)
    told = project.gitmig("autogenerate", code=2).stderr
    assert f"→ give it {name} under [tool.gitmig.env], or where it gets them otherwise" in told
    project.write("pyproject.toml", f'[tool.gitmig.env]\n{name} = "x"\n')
    project.git("add", "-A")
    assert "written and staged" in project.gitmig("autogenerate").stdout


def test_env_that_catches_what_a_revision_raises(project: Project) -> None:
    """A revision whose failure env.py keeps to itself is named all the same (E10)."""
    project.write(
        "migrations/env.py", ENV.replace("            context.run_migrations()", CATCHING, 1)
    )
    path = project.revision("aaaa00000000", "base00000000", 'op.drop_table("nowhere")')
    change(project)
    told = project.gitmig("autogenerate", code=2).stderr
    assert path in told and "env.py caught what the revision raised" in told


BEGUN = """\
        connection.exec_driver_sql("SELECT 1")
        context.configure("""


def test_env_that_begins_a_transaction(project: Project) -> None:
    """Where env.py begins a transaction that nobody commits, that is what is told (E10)."""
    configure = "        context.configure("
    project.write("migrations/env.py", ENV.replace(configure, BEGUN, 1))
    change(project)
    for _ in range(2):  # the second knows what the first one found out
        told = project.gitmig("autogenerate", code=2).stderr
        assert "begins a transaction before context.configure(), and nobody commits it" in told
    committed = BEGUN.replace(
        "        context.conf", "        connection.commit()\n        context.conf"
    )
    project.write("migrations/env.py", ENV.replace(configure, committed, 1))
    project.git("add", "-A")
    project.gitmig("autogenerate")


def test_revisions_that_need_what_env_makes(project: Project) -> None:
    """Revisions are loaded within env.py, as by Alembic, where they cannot be before (E2, E11)."""
    project.write(
        "shop/__init__.py", 'import app\n\nif not app.ready:\n    raise Exception("no app")\n'
    )
    project.write("shop/size.py", "LONG = 200\n")
    project.write("app.py", "ready = False\n")
    project.write("migrations/env.py", "import app\n\napp.ready = True\n" + ENV)
    for name in ("aaaa00000000", "bbbb00000000"):
        project.append(project.revision(name, "base00000000"), "\n\nfrom shop.size import LONG\n")
    project.git("add", "-A")
    project.gitmig("merge-heads")
    project.append("models.py", EMAIL)
    project.git("add", "-A")
    project.gitmig("autogenerate")
    project.gitmig("check")


def test_env_that_fails_in_the_models(project: Project) -> None:
    """What is told is the place in the project, not one in a package (E10)."""
    project.append("models.py", "    broken = Column(Integer(), nonsense=1)\n")
    project.git("add", "-A")
    result = project.gitmig("autogenerate", code=2)
    assert "models.py:12: " in result.stderr and "nonsense" in result.stderr


def test_missing_package_says_where_to_install_it(project: Project) -> None:
    """The interpreter that lacks a package is named, and what to do (E10)."""
    project.write("models.py", "import not_installed\n" + project.read("models.py"))
    project.git("add", "-A")
    result = project.gitmig("check", code=2)
    assert "install the package of not_installed into " in result.stderr
    assert "`python` in [tool.gitmig]" in result.stderr


def test_env_that_takes_too_long(project: Project) -> None:
    """An env.py that never comes back is ended after `timeout`, with what to set (E10)."""
    project.write("gitmig.toml", "timeout = 2\n")
    project.write("migrations/env.py", "import time\ntime.sleep(600)\n" + ENV)
    change(project)
    result = project.gitmig("autogenerate", code=2)
    assert "did not finish within 2 seconds" in result.stderr and "`timeout`" in result.stderr


def test_env_that_migrates_nothing(project: Project) -> None:
    """An env.py that never runs the migrations is not taken for one with nothing to do (E10)."""
    project.write("migrations/env.py", "import models\n")
    change(project)
    result = project.gitmig("autogenerate", code=2)
    assert "env.py ended without running any migrations" in result.stderr


def test_offline_env(project: Project) -> None:
    """An env.py that only knows offline mode is refused, not obeyed (E10)."""
    project.write(
        "migrations/env.py",
        "from alembic import context\nfrom models import Base\n"
        'context.configure(url="sqlite:///app.db", target_metadata=Base.metadata, as_sql=True)\n'
        "with context.begin_transaction():\n    context.run_migrations()\n",
    )
    change(project)
    result = project.gitmig("autogenerate", code=2)
    assert "offline mode" in result.stderr
    assert not (project.path / "app.db").exists()


def test_what_the_project_printed(project: Project) -> None:
    """With -v an error shows the end of what the project printed (E10)."""
    project.write("migrations/env.py", 'print("a clue")\nraise RuntimeError("no")\n')
    project.write("migrations/script.py.mako", TEMPLATE)
    change(project)
    assert "a clue" not in project.gitmig("autogenerate", code=2).stderr
    assert "  | a clue" in project.gitmig("autogenerate", "-v", code=2).stderr


AHEAD = """\
from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def log_ahead(connection, record):
    connection.execute("PRAGMA journal_mode=WAL")


"""


def test_log_ahead(project: Project) -> None:
    """SQLite may log ahead, as env.py wants, with a second connection beside the first (E10)."""
    project.write("migrations/env.py", AHEAD + ENV)
    project.revision(
        "aaaa00000000", "base00000000",
        "bind = op.get_bind(); bind.execute(sa.text('CREATE TABLE notes (id INTEGER)'))\n"
        "    bind.execute(sa.text('INSERT INTO notes VALUES (1)'))\n"
        "    sa.create_engine(bind.engine.url).connect().close()",
        "op.drop_table('notes')",
    )  # fmt: skip
    project.git("add", "-A")
    assert "✓ upgrade" in project.gitmig("check", code=None).stdout
