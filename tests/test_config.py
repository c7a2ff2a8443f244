"""From a tree to settings and environments, against Alembic's own reading of the same files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from gitmig.config import Config, choose, load, revision_paths
from gitmig.errors import ConfigError, NoEnvironment, SeveralEnvironments
from gitmig.model import Environment, RuleSettings, ServerSettings, Settings

INI = "[alembic]\nscript_location = alembic\n"


def loaded(files: Mapping[str, str]) -> Config:
    """Load a tree given as path to text."""
    return load(list(files), files.get)


def only(files: Mapping[str, str]) -> Environment:
    """Load a tree that has one environment."""
    (environment,) = loaded(files).environments
    return environment


def refusal(files: Mapping[str, str]) -> ConfigError:
    """Load a tree that cannot be used."""
    with pytest.raises(ConfigError) as caught:
        loaded(files)
    return caught.value


def service(folder: str) -> dict[str, str]:
    """Give the files of one environment in a folder."""
    return {f"{folder}/alembic.ini": INI, f"{folder}/alembic/env.py": ""}


PROJECT = {"alembic.ini": INI, "alembic/env.py": ""}


def test_an_ordinary_project_needs_no_setting() -> None:
    """A top-level alembic.ini is one environment, called default, with default settings."""
    assert loaded(PROJECT) == Config(
        Settings(),
        (
            Environment(
                name="default",
                directory="",
                script_location="alembic",
                version_locations=("alembic/versions",),
                settings=Settings(),
                ini="alembic.ini",
            ),
        ),
    )


def test_nothing_to_find() -> None:
    """A tree without any configuration has no environment."""
    assert loaded({"setup.py": ""}) == Config(Settings(), ())


# --- settings


EVERYTHING = """
base = "origin/main"
python = ".venv/bin/python"
stage = false
stop-on = []
merge = "linear"
downgrade = "optional"
snapshot-include = ["_version.py"]
database = "postgresql://"
timeout = 60
cache-size = 100
env = {SECRET = "x"}
rules = {select = ["GM7"], ignore = ["GM711"], severity = {GM702 = "off"}}
postgresql = {version = "16", binaries = "/opt/pg", docker = "pg:16", prepare = ["SELECT 1"]}
mysql = {character-set = "latin1", collation = "x", sql-mode = "", lower-case-table-names = 1}
"""


@pytest.mark.parametrize(
    ("file", "head"),
    [("gitmig.toml", ""), ("gitmig.toml", "[tool.gitmig]"), ("pyproject.toml", "[tool.gitmig]")],
)
def test_every_setting_is_read(file: str, head: str) -> None:
    """The settings are read from either file, in gitmig.toml with or without the table's name."""
    assert loaded({file: head + EVERYTHING}).settings == Settings(
        base="origin/main",
        python=".venv/bin/python",
        stage=False,
        stop_on=(),
        merge="linear",
        downgrade="optional",
        snapshot_include=("_version.py",),
        database=("postgresql://",),
        timeout=60,
        cache_size=100,
        env={"SECRET": "x"},
        servers={
            "postgresql": ServerSettings("16", "/opt/pg", "pg:16", ("SELECT 1",)),
            "mysql": ServerSettings(
                character_set="latin1", collation="x", sql_mode="", lower_case_table_names=1
            ),
        },
        rules=RuleSettings(("GM7",), ("GM711",), {"GM702": "off"}),
    )


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("base = 1", "base"),
        ('stage = "yes"', "stage"),
        ('stop-on = ["daubt"]', "stop-on"),
        ('stop-on = "doubt"', "stop-on"),
        ('merge = "rebase"', "merge"),
        ('downgrade = "maybe"', "downgrade"),
        ("timeout = true", "timeout"),
        ("timeout = 0", "timeout"),
        ("env = {DEBUG = 1}", "env"),
        ("rules = []", "rules"),
        ('rules = {ignore = "GM711"}', "rules.ignore"),
        ('rules = {severity = {GM711 = "bad"}}', "rules.severity"),
        ("database = 1", "database"),
        ("cache-size = -1", "cache-size"),
        ("postgresql = {version = 16}", "postgresql.version"),
        ("mysql = 1", "mysql"),
        ("mysql = {lower-case-table-names = 3}", "mysql.lower-case-table-names"),
        ('environments = "api"', "environments"),
        ("environments = {api = 1}", "environments.api"),
        ("environments = {api = {section = 'x'}}", "environments.api.config"),
    ],
)
def test_a_wrong_value_names_file_and_key(line: str, key: str) -> None:
    """A value of the wrong type or choice is refused with the file and the key."""
    message = refusal({"gitmig.toml": line}).message
    assert message.startswith(f"gitmig.toml: {key} ")


def test_an_unknown_key_suggests_the_nearest() -> None:
    """An unknown key is an error that gives the nearest known one."""
    error = refusal({"pyproject.toml": "[tool.gitmig]\nstop_on = []\n"})
    assert error.message == 'pyproject.toml: "stop_on" is not a setting of gitmig.'
    assert error.hint == 'did you mean "stop-on"?'


def test_an_unknown_key_of_an_environment() -> None:
    """An environment's own table is held to the same keys and names its place."""
    text = '[environments.api]\nconfig = "alembic.ini"\nsecton = "x"\n'
    error = refusal({**PROJECT, "gitmig.toml": text})
    assert '"environments.api.secton"' in error.message
    assert error.hint == 'did you mean "section"?'


@pytest.mark.parametrize("word", ["qqq", "environment"])
def test_the_hint_for_an_unknown_key_is_never_empty(word: str) -> None:
    """Where no key is near, all are listed; environments is one of them."""
    assert "environments" in refusal({"gitmig.toml": f"{word} = 1"}).hint


@pytest.mark.parametrize("file", ["gitmig.toml", "pyproject.toml"])
def test_a_toml_error_names_file_and_line(file: str) -> None:
    """A file that is no TOML is refused with its name and the line (H7)."""
    message = refusal({file: "a = 1\nb = = 2\n"}).message
    assert file in message
    assert "line 2" in message


def test_settings_in_both_files() -> None:
    """Settings in both files are refused instead of one winning."""
    files = {"pyproject.toml": "[tool.gitmig]\nstage = true\n", "gitmig.toml": "stage = false"}
    message = refusal(files).message
    assert "pyproject.toml" in message
    assert "gitmig.toml" in message


def test_an_empty_gitmig_toml_does_not_hide_pyproject() -> None:
    """A gitmig.toml of comments only leaves the settings of pyproject.toml in force."""
    files = {"pyproject.toml": "[tool.gitmig]\nstage = false\n", "gitmig.toml": "# none\n"}
    assert loaded(files).settings.stage is False


def test_declared_environments_override_the_settings() -> None:
    """Declared environments are the only ones; each lays its keys over the common ones (C17)."""
    files = {
        **service("api"),
        **service("unused"),
        "multi.ini": "[alembic]\nscript_location = x\n[jobs]\nscript_location = jobs\n",
        "jobs/env.py": "",
        "gitmig.toml": """
timeout = 10
env = {A = "1", B = "1"}
[environments.web]
config = "./api/alembic.ini"
timeout = 20
env = {B = "2"}
[environments.jobs]
config = "multi.ini"
section = "jobs"
""",
    }
    web, jobs = loaded(files).environments
    assert (web.name, web.directory, web.settings.timeout) == ("web", "api", 20)
    assert web.settings.env == {"A": "1", "B": "2"}
    assert (jobs.name, jobs.section, jobs.script_location) == ("jobs", "jobs", "jobs")
    assert jobs.settings.timeout == 10


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            'env = {KEY = "hidden", PORT = 80}',
            "must be a table of strings, and PORT is none: put it",
        ),
        ('database = ["hidden", 3]', "database must be the URL of a server, or a list of them."),
    ],
)
def test_secrets_are_not_told(line: str, words: str) -> None:
    """A wrong value is told, but not what may be secret."""
    told = str(refusal({**PROJECT, "gitmig.toml": line}))
    assert words in told and "hidden" not in told


def test_a_declared_configuration_that_is_not_in_git() -> None:
    """A declared configuration that is not tracked is refused with the way to add it."""
    error = refusal({"gitmig.toml": '[environments.a]\nconfig = "a/alembic.ini"\n'})
    assert error.hint == "git add a/alembic.ini"


def test_a_declared_section_that_is_not_there() -> None:
    """A declared section that the ini file lacks is refused."""
    text = '[environments.a]\nconfig = "alembic.ini"\nsection = "other"\n'
    assert "[other]" in refusal({**PROJECT, "gitmig.toml": text}).message


# --- discovery


def test_several_services() -> None:
    """Each service with its own alembic.ini is an environment named by its folder (C17)."""
    found = loaded({**PROJECT, **service("services/a"), **service("b")}).environments
    assert [item.name for item in found] == ["default", "b", "a"]
    assert [item.directory for item in found] == ["", "b", "services/a"]


def test_names_are_unique() -> None:
    """Folders of one name are told apart by their paths, the top level is a dot."""
    folders = ("x/db", "y/db", "default")
    files = {**PROJECT}
    for folder in folders:
        files |= service(folder)
    names = [item.name for item in loaded(files).environments]
    assert sorted(names) == [".", "default", "x/db", "y/db"]


@pytest.mark.parametrize("folder", ["venv/lib/site-packages/x", "web/node_modules/x", ".venv"])
def test_vendored_folders_are_passed_over(folder: str) -> None:
    """A configuration in a vendored folder is none of the project's."""
    assert only({**PROJECT, **service(folder)}).directory == ""


def test_an_ini_without_the_section_is_none() -> None:
    """An alembic.ini that has no [alembic] section is not an environment."""
    assert loaded({"alembic.ini": "[logging]\n# [alembic]\n"}).environments == ()


def test_pyproject_only() -> None:
    """[tool.alembic] alone is an environment (E6)."""
    text = """
[tool.alembic]
script_location = "%(here)s/db"
version_locations = ["%(here)s/db/one", "two"]
recursive_version_locations = true
"""
    found = only({"sub/pyproject.toml": text, "sub/db/env.py": ""})
    assert (found.directory, found.ini, found.toml) == ("sub", "", "sub/pyproject.toml")
    assert found.version_locations == ("sub/db/one", "sub/two")
    assert found.recursive


def test_ini_and_pyproject_in_one_folder() -> None:
    """Both files of one folder are one environment; the ini file wins option by option (E6)."""
    found = only(
        {
            "alembic.ini": "[alembic]\nrecursive_version_locations = false\n",
            "pyproject.toml": '[tool.alembic]\nscript_location = "db"\n'
            "recursive_version_locations = true\n",
            "db/env.py": "",
        }
    )
    assert (found.ini, found.toml) == ("alembic.ini", "pyproject.toml")
    assert (found.script_location, found.recursive) == ("db", False)


def test_an_unrelated_pyproject_need_not_be_valid() -> None:
    """A template that is called pyproject.toml in a sub-folder does not stop gitmig."""
    assert only({**PROJECT, "template/pyproject.toml": "{{ name }}"}).name == "default"


def test_a_broken_ini_names_its_line() -> None:
    """Conflict markers in alembic.ini are refused with file and line (H7)."""
    error = refusal({**PROJECT, "alembic.ini": "<<<<<<< HEAD\n" + INI})
    assert "alembic.ini" in error.message
    assert "line: 1" in error.message


# --- where the scripts are


@pytest.mark.parametrize(
    ("location", "env_file"),
    [
        ("db", "app/db/env.py"),
        ("./db/", "app/db/env.py"),
        ("../db", "db/env.py"),
        ("%(here)s/db", "app/db/env.py"),
        ("%(here)s/../db", "db/env.py"),
        ("%(base)s/db", "app/x/db/env.py"),
        ("pkg:db", "app/pkg/db/env.py"),
        ("pkg.sub:db", "app/src/pkg/sub/db/env.py"),
        ("pkg:db", "app/lib/pkg/db/env.py"),
        ("pkg:db:x", "app/pkg/db/x/env.py"),
    ],
)
def test_spellings_of_script_location(location: str, env_file: str) -> None:
    """A path, %(here)s, another option and package:folder all lead to the folder of env.py."""
    ini = f"[alembic]\nbase = x\nscript_location = {location}\nprepend_sys_path = . lib\n"
    found = only({"app/alembic.ini": ini, env_file: ""})
    assert f"{found.script_location}/env.py" == env_file
    assert found.directory == "app"


@pytest.mark.parametrize("location", ["app/db", "app:db"])
def test_alembic_run_from_above_its_configuration(location: str) -> None:
    """With `alembic -c app/alembic.ini`, relative paths count from the folder above."""
    ini = f"[alembic]\nscript_location = {location}\nversion_locations = app/v1 app/v2\n"
    found = only({"app/alembic.ini": ini, "app/db/env.py": ""})
    assert (found.directory, found.script_location) == ("", "app/db")
    assert found.version_locations == ("app/v1", "app/v2")


def test_flask_migrate() -> None:
    """Flask-Migrate's ini has no script_location; env.py is beside it, run from above (E2)."""
    found = only({"web/migrations/alembic.ini": "[alembic]\n", "web/migrations/env.py": ""})
    assert (found.directory, found.script_location) == ("web", "web/migrations")


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/srv/db", "/srv/db is not in the repository"),
        ("../db", "../db is not in the repository"),
        ("%(here)s/../db", "../db is not in the repository"),
        ("elsewhere", "no env.py is in git at script_location elsewhere"),
        ("pkg:db", "no env.py is in git at script_location pkg:db"),
        ("%(unknown)s/db", "script_location cannot be read"),
    ],
)
def test_a_script_location_that_cannot_be_used(location: str, words: str) -> None:
    """What is outside the repository, not in git or not readable is refused in one sentence."""
    message = refusal({"alembic.ini": f"[alembic]\nscript_location = {location}\n"}).message
    assert message.startswith("alembic.ini")
    assert words in message


def test_no_script_location_at_all() -> None:
    """A configuration without script_location and without env.py is refused."""
    assert "has no script_location" in refusal({"alembic.ini": "[alembic]\n"}).message


def test_version_location_outside() -> None:
    """A version location outside the repository is refused."""
    error = refusal({**PROJECT, "alembic.ini": INI + "version_locations = alembic/v /srv/v\n"})
    assert "version_locations: /srv/v" in error.message


def test_unknown_separator() -> None:
    """A path separator that Alembic does not know is refused with those it knows."""
    lines = "version_locations = a\npath_separator = comma\n"
    error = refusal({**PROJECT, "alembic.ini": INI + lines})
    assert '"comma"' in error.message
    assert "newline" in error.hint


SEPARATED = [
    "version_locations = one two, three",
    "version_locations = one:two\npath_separator = os",
    "version_locations = one; two ;three\npath_separator = ;",
    "version_locations = one two\nversion_path_separator = space",
    "version_locations =\n    one\n    two\npath_separator = newline",
    "version_locations = %(here)s/one:%(here)s/one/../two\npath_separator = :",
    "version_locations = one:two\npath_separator = :\nversion_path_separator = space",
    "version_locations = ",
    "recursive_version_locations = true",
    "recursive_version_locations = True",
    "sqlalchemy.url = postgresql://u:p%%40@h/%%db\n",
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("lines", SEPARATED)
def test_read_as_alembic_reads_it(
    lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version locations, and the files in them, are those that Alembic itself finds."""
    root = tmp_path / "project"
    revision = "revision = '{}'\ndown_revision = None\n"
    files = {"alembic.ini": f"{INI}{lines}\n", "alembic/env.py": ""}
    for folder in ("alembic/versions", "alembic/versions/old", "one", "two", "three"):
        for name in ("1_a.py", ".#2.py", "__init__.py", "__init__2.py", "3.txt", ".4.py"):
            files[f"{folder}/{name}"] = revision.format(f"{folder}{name}".replace("/", ""))
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)

    script = ScriptDirectory.from_config(AlembicConfig("alembic.ini"))
    theirs = [os.path.relpath(item.path, root) for item in script.walk_revisions()]
    assert revision_paths(only(files), files) == sorted(theirs)
    assert theirs


# --- choosing


def test_choose_from_none() -> None:
    """Without any environment the way out is gitmig init."""
    with pytest.raises(NoEnvironment) as caught:
        choose(Config(Settings(), ()), None, "")
    assert caught.value.hint.startswith("gitmig init; or `git add` ")


def test_choose_the_only_one_from_anywhere() -> None:
    """A single environment is chosen from any folder."""
    assert choose(loaded(service("db")), None, "docs").directory == "db"


def test_choose_by_name() -> None:
    """A name decides wherever the user is; an unknown one suggests the nearest."""
    config = loaded({**service("billing"), **service("shop")})
    assert choose(config, "shop", "billing").directory == "shop"
    with pytest.raises(ConfigError) as caught:
        choose(config, "biling", "")
    assert caught.value.hint == 'did you mean "billing"?'


def test_choose_by_folder() -> None:
    """The nearest environment around the user's folder is chosen, a like-named folder is not."""
    config = loaded({**service("a"), **service("a/inner"), **service("b")})
    assert choose(config, None, "a/alembic/versions").directory == "a"
    assert choose(config, None, "a/inner").directory == "a/inner"
    with pytest.raises(SeveralEnvironments) as caught:
        choose(config, None, "a2")
    assert caught.value.message == "There are 3 Alembic environments: a, inner, b."
    assert caught.value.hint == "name one of them, such as `--env a`"


def test_two_sections_of_one_file_must_be_named() -> None:
    """Environments that share a folder are never chosen by it."""
    text = "".join(f'[environments.{name}]\nconfig = "alembic.ini"\n' for name in "ab")
    with pytest.raises(SeveralEnvironments):
        choose(loaded({**PROJECT, "gitmig.toml": text}), None, "")
