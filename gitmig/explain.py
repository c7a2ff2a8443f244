"""The worker's kinds of failure as sentences with a remedy."""

from __future__ import annotations

import builtins
import re
import shlex
from dataclasses import dataclass

from gitmig.errors import GitmigError, WorkerFailed
from gitmig.model import Environment
from gitmig.outcomes import Failure

INTERPRETER = "set `python` in [tool.gitmig] to the project's interpreter"
PRE_COMMITS = "/py_env-"  # in the path of every Python environment that pre-commit makes

ENDLESS = ("out_of_time", "died")  # a revision never came to its end
# kinds whose message says it all; what to do about them does not depend on the case
HINTS = {
    "rename_unknown": "say in `renamed_from` what it was called before, or take that away",
    "alembic_missing": f"install it there, or {INTERPRETER}",
    "prepare_failed": "mend that statement, see the documentation of `prepare`",
    "setting_failed": "see docs/settings.md",
    "server_failed": "check the URL and that its user may create databases",
    "wrong_database": "let env.py make its connection with create_engine or engine_from_config; "
    "a revision has it from op.get_bind()",
    "wrong_source": "commit with all changes staged, or install the project as a .pth editable",
}

OF_A_CYCLE = "`gitmig check --static` names the revisions and their files"

# what a database in production has before its first revision -> the statement that makes it
BEFOREHAND = (
    (re.compile(r'schema "([^"]+)" does not exist'), 'CREATE SCHEMA "{}"'),
    (re.compile(r'role "([^"]+)" does not exist'), 'CREATE ROLE "{}"'),
    (re.compile(r'type "(citext|hstore|ltree|vector)" does not exist'), 'CREATE EXTENSION "{}"'),
    (re.compile(r"function uuid_(generate)_\w+\(.*\) does not exist"),
     'CREATE EXTENSION "uuid-ossp"'),
    (re.compile(r'operator class "(gin|gist)_trgm_ops" does not exist'),
     'CREATE EXTENSION "pg_trgm"'),
)  # fmt: skip
EXTENSION_MISSING = re.compile(r'extension "[^"]+" is not available')
LEFT_BY_BATCH = re.compile(r"_alembic_tmp_(\w+)")
NOT_COMPILED = re.compile(r"\b(?:Syntax|Indentation|Tab)Error: ")
ALREADY = re.compile(r'(?:role|tablespace) "[^"]+" already exists')


@dataclass(frozen=True)
class Case:
    """One failure and where it happened; ``python`` is the interpreter it happened in."""

    error: WorkerFailed
    environment: Environment
    python: str

    def text(self, key: str) -> str:
        """Return what the worker said under a key, empty where it did not."""
        return str(self.error.data.get(key, ""))

    @property
    def missing_settings(self) -> list[str]:
        """Return the names of the settings that the project's code did not get."""
        return [str(each) for each in self.error.data.get("missing_settings", ())]

    @property
    def place(self) -> str:
        """Return ``path:line: `` or nothing."""
        return where(self.text("path"), int(self.error.data.get("line", 0)))


def explain(error: WorkerFailed, environment: Environment, python: str) -> WorkerFailed:
    """Return the error as a person should read it: what, where, and what to type next."""
    case = Case(error, environment, python)
    detail = (case.text("sql") if error.kind == "migration_failed" else "") or error.detail
    return WorkerFailed(error.kind, message_of(case), hint_of(case), detail, error.data)


def at_the_base(error: WorkerFailed, commit: str) -> WorkerFailed:
    """Return the error of a project that was run as it is in the base, at ``commit``.

    It has no place, unless in a revision: its line is not one of the files that are here.
    """
    message = f"at the base ({commit[:12]}): {error.message}"
    path, data = str(error.data.get("path", "")), dict(error.data)
    if not path or data.get("revision"):
        return WorkerFailed(error.kind, message, error.hint, error.detail, data)
    hint = error.hint
    if not (data.get("missing_module") or data.get("missing_settings")):
        file = shlex.quote(f"{commit[:12]}:{path}")
        hint = f"`git show {file}` shows the file; mend it there first, or give another --base"
    data = {key: each for key, each in data.items() if key not in ("path", "line")}
    return WorkerFailed(error.kind, message, hint, error.detail, data)


def failure_of(error: GitmigError) -> Failure:
    """Return an error as data, with the place that it knows."""
    data = error.data if isinstance(error, WorkerFailed) else vars(error)
    path, line = str(data.get("path", "")), int(data.get("line", 0))
    revision, kind = str(data.get("revision", "")), getattr(error, "kind", "")
    code = "GM103" if revision and kind in ENDLESS else ""
    return Failure(error.message, error.hint, error.detail, path, line, revision, code)


def message_of(case: Case) -> str:
    """Return what is wrong, and where."""
    message, kind = case.error.message, case.error.kind
    if kind == "alembic_missing":
        return f"{case.python} has no {case.text('package')}"
    if kind in ("env_failed", "revision_unreadable"):
        return f"{case.place}{message}"
    if kind == "migration_failed":
        way = "upgrade" if case.error.data.get("up", True) else "downgrade"
        return f"{case.place}revision {case.text('revision')} fails on {way}: {message}"
    if kind == "prepare_failed":
        return f"`prepare` in [tool.gitmig.{case.text('settings')}] fails: {message}"
    if kind == "setting_failed":
        return f"`{case.text('setting')}` in [tool.gitmig]: {message}"
    if kind == "server_failed" and case.text("server"):
        return f"the server {case.text('server')} refused: {message}"
    if kind == "alembic_refused":
        return f"Alembic says: {message.rstrip('.')}"
    return message


def hint_of(case: Case) -> str:
    """Return what to do about it."""
    kind, missing = case.error.kind, case.text("missing_module")
    if kind == "migration_failed":
        return hint_for_migration(case.error.message, bool(case.error.data.get("replayed")))
    if kind == "no_database":
        return case.text("hint")
    if kind == "usage":
        return case.text("usage")
    if kind == "alembic_refused":
        return hint_for_alembic(case)
    if kind in ("env_failed", "revision_unreadable"):
        if missing and PRE_COMMITS in case.python:
            return f"no Python of the project's was found, only pre-commit's: {INTERPRETER}"
        if missing:
            return f"install the package of {missing} into {case.python}, or {INTERPRETER}"
        if case.missing_settings:
            names = ", ".join(case.missing_settings)
            return f"give it {names} under [tool.gitmig.env], or where it gets them otherwise"
        if case.text("missing_argument"):
            return f'give it x = ["{case.text("missing_argument")}=VALUE"] in [tool.gitmig]'
        if "Cycle is detected" in case.error.message:
            return OF_A_CYCLE
        if case.error.data.get("claimed"):
            return "give one of them another __tablename__, or take it away"
        if NOT_COMPILED.search(case.error.message) and case.place:
            return f"mend it, then `git add {shlex.quote(case.text('path'))}`"
        dialect = case.error.message.partition("sqlalchemy.dialects:")[2]
        if dialect:
            return f"install the package that brings SQLAlchemy's {dialect} into {case.python}"
        folder = case.environment.directory
        go = f"cd {shlex.quote(folder)} && " if folder else ""
        return f"`{go}{case.python} -m alembic current` shows the whole of it"
    return HINTS.get(kind, case.error.hint)


def hint_for_alembic(case: Case) -> str:
    """Return what to do where Alembic itself said no."""
    message = case.error.message
    if "MetaData" in message:
        env = f"{case.environment.script_location}/env.py"
        return f"set target_metadata in {env} to the metadata of your models"
    if "locate revision" in message or "No such revision" in message:
        return "`gitmig history` lists the revisions"
    if "Cycle is detected" in message:
        return OF_A_CYCLE
    if message.startswith("Multiple head"):
        return "`heads` in the place of the revision takes all of them, LABEL@head one"
    if "not up to date" in message:
        return "`gitmig upgrade` first; `gitmig autogenerate` needs no database at all"
    return ""


def where(path: str, line: int) -> str:
    """Return ``path:line: `` or nothing."""
    if not path:
        return ""
    return f"{path}:{line}: " if line else f"{path}: "


ON_ROWS = (
    (re.compile(r"division by (zero|0)", re.I),
     "rows may hold 0: leave them out (WHERE), or take NULLIF(…, 0)"),
    (re.compile(r"incorrect string value|no equivalent in encoding", re.I),
     "texts may have letters that the new character set lacks: keep one of Unicode"),
    (re.compile(r"not.null|null value|cannot be null|doesn.t have a default", re.I),
     "add it nullable, fill it with UPDATE, then set NOT NULL; or give it a server_default"),
    (re.compile(r"unique|duplicate", re.I),
     "rows of production may hold a value twice: make them differ first (UPDATE, DELETE)"),
    (re.compile(r"foreign key", re.I),
     "rows may point to nothing: mend them first (UPDATE, DELETE)"),
    (re.compile(r"check constraint|violated|constraint .* failed for", re.I),
     "rows may break it: make them fit first (UPDATE)"),
    (re.compile(r"invalid input value for enum|data truncated for column", re.I),
     "rows may hold a value that goes: give them another first (UPDATE)"),
    (re.compile(r"incorrect \w+ value|invalid input syntax", re.I),
     "rows may hold what is no such value: leave those out (WHERE), or mend them first (UPDATE)"),
    (re.compile(r"too long|out of range|truncated|overflow", re.I),
     "values of production may need the old type: shorten them first (UPDATE), or keep it"),
)  # fmt: skip
# MySQL and MariaDB say the same of a NULL as of a value that an ENUM lacks
NULL_OF_MYSQL = re.compile(r"data truncated for column", re.I)
SETS_NOT_NULL = re.compile(r"^(?!.*\bENUM\b).*\bNOT NULL\b", re.I | re.S)
OTHER_ROWS = "give rows like those of production with `seed` in [tool.gitmig]"


def hint_for_rows(message: str, sql: str) -> str:
    """Return what usually helps where a revision only fails on rows, in a statement or without."""
    if isinstance(getattr(builtins, message.partition(":")[0], None), type):
        return (
            f"let it stand rows as gitmig makes them, or {OTHER_ROWS}"  # Python's, of no database
        )
    if NULL_OF_MYSQL.search(message) and SETS_NOT_NULL.search(sql):
        message = "null value"
    for words, hint in ON_ROWS:
        if words.search(message):
            return f"{hint}; where production has no such rows, {OTHER_ROWS}"
    return f"let it stand rows as gitmig makes them, or {OTHER_ROWS}"


def hint_for_beforehand(message: str) -> str:
    """Return what to do about what no revision makes; empty where that is not why it failed."""
    for words, statement in BEFOREHAND:
        found = words.search(message)
        if found:
            return (
                f"create it in a revision; or, where production has it beforehand, write "
                f"prepare = ['{statement.format(found[1])}'] in [tool.gitmig.postgresql]"
            )
    return ""


def hint_for_migration(message: str, replayed: bool) -> str:
    """Return what usually helps where a revision fails.

    ``replayed``: it did so on the way up from an empty database, and is not what is being written.
    """
    beforehand = hint_for_beforehand(message)
    if beforehand:
        return beforehand
    if ALREADY.search(message):
        return "create it only where it is missing, or drop what an earlier run left on that server"
    if EXTENSION_MISSING.search(message):
        return "install it on that server, or give one that has it with --database-url"
    left = LEFT_BY_BATCH.search(message)
    if left:
        return (
            f"batch mode leaves {left[0]} behind where it fails: once the cause is mended, drop it "
            f"if {left[1]} is there (rename it to {left[1]} if not: it has the rows), and try again"
        )
    if "unsafe use of new value" in message:
        return "add it in `with op.get_context().autocommit_block():`, then use it after the block"
    if "ends Alembic's transaction" in message or "no transaction is active" in message:
        return (
            "leave commit and rollback to Alembic; what must be in none of its transactions goes "
            "into `with op.get_context().autocommit_block():`"
        )
    if "not authorized" in message or "authorization denied" in message:
        return (
            "a throw-away database attaches and writes no other file: gitmig did not make that one"
        )
    if message.startswith("SystemExit"):
        return (
            "raise an error that says why it stops: sys.exit() would end whatever runs the revision"
        )
    if replayed and re.search("no such table|does not exist|doesn.t exist|NoSuchTable", message):
        return (
            "the chain of revisions does not start from an empty database: "
            "add a revision at the base that creates what it expects, or set `baseline` (a schema "
            "file) and `baseline-revision`"
        )
    if "No support for ALTER" in message:
        return "SQLite needs batch mode: set render_as_batch=True in env.py"
    return "mend the revision, then try again"
