"""The worker's kinds of failure as sentences with a remedy."""

from __future__ import annotations

from gitmig.errors import WorkerFailed
from gitmig.model import Environment

SERVERS = "PostgreSQL, MySQL and MariaDB"


def explain(error: WorkerFailed, environment: Environment, python: str) -> WorkerFailed:
    """Return the error as a person should read it: what, where, and what to type next."""
    data = error.data
    place = where(str(data.get("path", "")), int(data.get("line", 0)))
    message, hint, detail = error.message, error.hint, error.detail
    missing = str(data.get("missing_module", ""))
    if error.kind == "alembic_missing":
        message = f"{python} has no {data['package']}"
        hint = "install it there, or set `python` in [tool.gitmig] to the project's interpreter"
    elif error.kind in ("env_failed", "revision_unreadable"):
        message = f"{place}{error.message}"
        go = f"cd {environment.directory} && " if environment.directory else ""
        hint = f"`{go}{python} -m alembic current` shows the whole of it"
        if missing:
            hint = (
                f"install the package of {missing} into {python}, or set `python` in "
                "[tool.gitmig] to the project's interpreter"
            )
    elif error.kind == "migration_failed":
        way = "upgrade" if data.get("up", True) else "downgrade"
        message = f"{place}revision {data['revision']} fails on {way}: {error.message}"
        hint = hint_for_migration(error.message)
        detail = str(data.get("sql", "")) or detail
    elif error.kind == "no_database":
        message = f"the project asks for {data['dialect']}, and no server for it was given"
        hint = (
            "give a server on which gitmig may make databases of its own: "
            "--database-url URL, or `database` in [tool.gitmig]"
        )
    elif error.kind == "dialect_mismatch":
        hint = "give the URL of a server of the project's own kind with --database-url"
    elif error.kind == "server_failed":
        if data["server"]:
            message = f"the server {data['server']} refused: {error.message}"
        hint = "check the URL and that its user may create databases"
    elif error.kind == "wrong_database":
        hint = "let env.py make its connection with create_engine or engine_from_config"
    elif error.kind == "wrong_source":
        hint = "commit with all changes staged, or install the project as an ordinary .pth editable"
    elif error.kind == "alembic_refused":
        message = f"Alembic says: {error.message.rstrip('.')}"
        hint = hint or "see `gitmig history`"
    elif error.kind == "usage":
        hint = str(data.get("usage", ""))
    return WorkerFailed(error.kind, message, hint, detail, data)


def where(path: str, line: int) -> str:
    """Return ``path:line: `` or nothing."""
    if not path:
        return ""
    return f"{path}:{line}: " if line else f"{path}: "


def hint_for_migration(message: str) -> str:
    """Return what usually helps where a revision fails on an ephemeral database."""
    if "no such table" in message or "does not exist" in message:
        return (
            "the chain of revisions does not start from an empty database: "
            "add a revision at the base that creates what it expects"
        )
    if "No support for ALTER" in message:
        return "SQLite needs batch mode: set render_as_batch=True in env.py"
    return "mend the revision, then try again"
