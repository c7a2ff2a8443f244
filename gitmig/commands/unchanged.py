"""Comments, docstrings and formatting: staged changes that cannot change the schema."""

from __future__ import annotations

from gitmig import gate, memo, shape
from gitmig.commands.workspace import Workspace


def same_code(workspace: Workspace, *, whatever_is_old: bool) -> bool:
    """Say whether the staged inputs are those of a memo entry, but for what Python ignores.

    The new blobs are remembered then, so that the next commit does not have to look again.
    ``whatever_is_old``: also where that entry left older differences out.
    """
    entries = memo.latest(workspace.repository)
    for entry in entries:
        if entry["residue"] and not whatever_is_old:
            continue
        if differs_in_words_alone(workspace, entry):
            if gate.declares_tables(entries, str(workspace.repository.root)):
                return False
            memo.remember(
                workspace.repository,
                workspace.index,
                entry["inputs"],
                entry["stamp"],
                entry["residue"],
                entry["models"],
            )
            return True
    return False


def differs_in_words_alone(workspace: Workspace, entry: gate.Entry) -> bool:
    """Say whether every input that changed has the code it had."""
    repository, index = workspace.repository, workspace.index
    if entry["names"] != gate.names_key(entry["folders"], index):
        return False
    if not gate.stamp_holds(entry["stamp"]):
        return False
    for path, blob in entry["inputs"].items():
        now = index.get(path)
        if now == blob:
            continue
        if now is None or not path.endswith(".py") or not repository.has_object(blob):
            return False
        try:
            shapes = {shape.source_shape(repository.read(each)) for each in (blob, now)}
        except SyntaxError:
            return False
        if len(shapes) > 1:
            return False
    return True
