"""What was proved, and what waits for a second commit, kept under the git directory.

The memo (shared by linked work trees) answers "nothing to do" without a worker. A pending
revision (one a work tree and environment) is one that gitmig wrote and that is in no commit yet:
a person must look at it, or another hook refused the commit.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gitmig import gate
from gitmig.git import Repository

KEPT = 8  # entries: branches one goes to and fro between


@dataclass(frozen=True)
class Pending:
    """A revision that was written and waits for its commit.

    ``inputs`` is path → blob id of what it was made from, without the revision itself;
    ``packages`` the folder of the packages that made it, ``residue`` what was left out of it,
    ``models`` where what the models say is kept, ``unseen`` what is still to be added by hand,
    ``before`` the blob id of what ``HEAD`` had at its path (empty: nothing), ``instead_of`` the
    files of the amended commit that it took the place of, ``head`` the commit it is to follow,
    ``accepted`` what a person added by hand to it, or to one before it in the same commit.
    """

    environment: str
    path: str
    revision: str
    inputs: Mapping[str, str]
    packages: str
    residue: list[str]
    models: str = ""
    unseen: Sequence[str] = ()
    before: str = ""
    instead_of: Sequence[str] = ()
    head: str = ""
    accepted: Sequence[str] = ()


def remember(
    repository: Repository,
    index: Mapping[str, str],
    inputs: Iterable[str],
    packages: Iterable[str],
    residue: Mapping[str, list[str]],
    models: Mapping[str, str],
) -> None:
    """Keep that nothing is missing for these staged inputs.

    ``packages`` are the folders whose change (an upgraded Alembic) makes the proof void,
    ``residue`` the older differences that were left out and ``models`` where what the models say is
    kept, both by environment. A memo that cannot be written only costs the next commit time.
    """
    known = {path: index[path] for path in inputs if path in index}
    configurations = [path for path in index if PurePosixPath(path).name in gate.CONFIGURATIONS]
    known.update({path: index[path] for path in configurations})
    folders = sorted({str(PurePosixPath(path).parent) for path in known if path.endswith(".py")})
    folders = ["" if folder == "." else folder for folder in folders]
    path = Path(gate.memo_path(str(repository.common_dir)))
    entries = [old for old in gate.load(str(path)) if old["inputs"] != known]
    with contextlib.suppress(OSError):
        entry = {
            "inputs": known,
            "folders": folders,
            "names": gate.names_key(folders, index),
            "residue": dict(residue),
            "models": dict(models),
            "stamp": {path: Path(path).stat().st_mtime_ns for path in packages},
        }
        kept = [entry, *entries][:KEPT]
        write(path, {"version": gate.VERSION, "entries": kept})
        forget_models(repository, {name for each in kept for name in each["models"].values()})


def keep_models(repository: Repository, models: list[Any]) -> str:
    """Keep what the models say, beside the memo that every commit reads; return its name."""
    text = json.dumps(models, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = models_folder(repository) / f"{name}.json"
    with contextlib.suppress(OSError):
        if not path.exists():
            write(path, models)
    return name


def load_models(repository: Repository, name: str) -> list[Any] | None:
    """Return what was kept under a name, None where it is not there."""
    try:
        path = models_folder(repository) / f"{name}.json"
        found: list[Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        return None


def forget_models(repository: Repository, wanted: Collection[str]) -> None:
    """Remove what the models said in states that the memo no longer knows."""
    waiting = {entry.models for entry in pending(repository).values()}
    for path in models_folder(repository).glob("*.json"):
        if path.stem not in wanted and path.stem not in waiting:
            path.unlink()


def models_folder(repository: Repository) -> Path:
    """Return the folder for what the models say."""
    return repository.shared_dir / "models"


def latest(repository: Repository) -> list[gate.Entry]:
    """Return the memo's entries, the newest first."""
    return gate.load(gate.memo_path(str(repository.common_dir)))


def pending(repository: Repository) -> dict[str, Pending]:
    """Return the revisions that wait for a person, by environment."""
    try:
        found = json.loads((repository.own_dir / "pending.json").read_text(encoding="utf-8"))
        return {name: Pending(**entry) for name, entry in found.items()}
    except (OSError, ValueError, TypeError):
        return {}


def set_pending(repository: Repository, environment: str, entry: Pending | None) -> None:
    """Keep, or with None forget, the pending revision of an environment."""
    entries = {name: asdict(each) for name, each in pending(repository).items()}
    entries.pop(environment, None)
    if entry is not None:
        entries[environment] = asdict(entry)
    write(repository.own_dir / "pending.json", entries)


def note_repair(repository: Repository, paths: Iterable[str]) -> None:
    """Leave for the post-commit hook which paths to put back into the index.

    ``git commit <path>`` replaces the index after the hook: what the hook staged is in the commit
    but no longer in the index, and the next commit would delete it.
    """
    target = repository.own_dir / "repair"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(os.fsencode(path) + b"\0" for path in paths))


def write(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as out:
        json.dump(value, out)
    Path(out.name).replace(path)
