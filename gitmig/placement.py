"""Write revision files into the work tree and stage them: complete, or as if nothing happened."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from gitmig import git_index
from gitmig.errors import GitmigError
from gitmig.git import Repository
from gitmig.outcomes import WrittenRevision


@dataclass(frozen=True)
class Undo:
    """What must be put back: the files made, the files removed with their content."""

    created: list[Path]
    removed: dict[Path, bytes]


def place(
    repository: Repository,
    written: Sequence[WrittenRevision],
    *,
    stage: bool,
    instead_of: Sequence[str] = (),
    unstage: bool = True,
    index: dict[str, str],
) -> None:
    """Create the files (never over one that exists) and stage exactly them.

    ``instead_of`` are the paths of earlier, untouched revisions that go, ``unstage``: from the
    index, too; ``index`` is the staged tree before. On any error, interruption included, the work
    tree and the index are as before.
    """
    with undone_on_error(repository, instead_of, index) as undo:
        for path in instead_of:
            remove(repository, path, undo, staged=unstage and path in index)
        own = repository.own_dir
        own.mkdir(parents=True, exist_ok=True)
        for revision in written:
            create(repository.root / revision.path, revision.content, undo, own)
        if stage and written:
            refuse_ignored(repository, written)
            git_index.add(repository, [revision.path for revision in written])


def create(path: Path, content: str, undo: Undo, beside: Path) -> None:
    """Write a new file, whole or not at all; raises GitmigError where one is there already.

    ``beside`` is a folder, outside of what git looks at, in which it is prepared.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=beside) as whole:
            whole.write(content.encode())
            whole.flush()
            Path(whole.name).chmod(0o666 & ~umask())
            appear(Path(whole.name), path)
            undo.created.append(path)
    except FileExistsError as error:
        raise GitmigError(
            f"{path} exists and is not staged; it was left as it is",
            f"stage it with `git add {quote(str(path))}`, or move it away, then try again",
        ) from error
    except OSError as error:
        raise GitmigError(
            f"{path} cannot be written: {error.strerror}", "see its folder's rights and free space"
        ) from error


def appear(whole: Path, path: Path) -> None:
    """Give a finished file its name, never over another one."""
    try:
        path.hardlink_to(whole)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        with open(path, "xb") as file:
            file.write(whole.read_bytes())


def umask() -> int:
    """Return the rights that new files go without."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def remove(repository: Repository, path: str, undo: Undo, *, staged: bool) -> None:
    """Take an earlier revision of gitmig's away, keeping what it held."""
    target = repository.root / path
    if target.exists():
        undo.removed[target] = target.read_bytes()
        target.unlink()
    if staged:
        git_index.remove(repository, [path])


def refuse_ignored(repository: Repository, written: Sequence[WrittenRevision]) -> None:
    """Raise GitmigError where git ignores the new file: the commit would go without it."""
    for revision in written:
        if repository.is_ignored(revision.path):
            raise GitmigError(
                f"git ignores {revision.path}, so the revision could not be committed",
                f"see `git check-ignore -v {quote(revision.path)}` and mend the pattern",
            )


@contextlib.contextmanager
def undone_on_error(
    repository: Repository, instead_of: Sequence[str], index: dict[str, str]
) -> Iterator[Undo]:
    """Give the record of what is done, and undo it if the block does not end well."""
    undo = Undo([], {})
    try:
        yield undo
    except BaseException:
        for path in undo.created:
            path.unlink(missing_ok=True)
        for path, content in undo.removed.items():
            path.write_bytes(content)
        made = [str(path.relative_to(repository.root)) for path in undo.created]
        with contextlib.suppress(GitmigError):
            restore_index(repository, made, instead_of, index)
        raise


def restore_index(
    repository: Repository, made: Sequence[str], instead_of: Sequence[str], index: dict[str, str]
) -> None:
    """Put the index entries back that were there before."""
    new = [path for path in made if path not in index]
    if new:
        git_index.remove(repository, new)
    for path in instead_of:
        if path in index:
            repository.run("update-index", "--add", "--cacheinfo", "100644", index[path], path)
