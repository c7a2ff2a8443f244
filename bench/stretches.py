"""Where a history had several heads: ``python -m bench.stretches REPO FOLDER``.

Walks the commits (first parents) that touched a folder of revisions. Each stretch of several heads,
or of another broken graph, is told with the commit that opened it and the one that closed it, what
`gitmig check --static` says of the commit that opened it, and how its authors made one head of
them. Nothing is run, but with a recipe (see ``bench.regenerate_recipe``): then `gitmig merge-heads`
is, at that commit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.merges_case import remove
from bench.project import BIN, environment, run
from bench.regenerate_recipe import read
from bench.stretches_join import joined
from gitmig import graph_problems, revisions
from gitmig.errors import SourceError
from gitmig.graph import Graph
from gitmig.model import Revision

INI = "[alembic]\nscript_location = {script}\nversion_locations = {versions}\n"


@dataclass(frozen=True)
class State:
    """The revisions of a commit: path → text, and the graph they are."""

    commit: str
    texts: dict[str, str]
    graph: Graph

    @property
    def wrong(self) -> list[str]:
        """The codes of what is wrong with the graph."""
        findings = graph_problems.problems(self.graph.revisions)
        return sorted(each.code for each in findings if each.severity == "error")

    @property
    def several(self) -> tuple[tuple[str, ...], ...]:
        """The ids of heads that ought to be one."""
        groups = [tuple(sorted(head.id for head in group)) for group in self.graph.head_groups]
        return tuple(sorted(group for group in groups if len(group) > 1))


def main() -> int:
    """Print each stretch; return 1 where gitmig says another thing than the graph."""
    parser = argparse.ArgumentParser(prog="stretches")
    parser.add_argument("repository", type=Path, metavar="REPO", help="a clone, bare or not")
    parser.add_argument("folder", help="the folder of revisions in it")
    parser.add_argument("--recipe", type=Path, help="what the project needs, to join the heads")
    parser.add_argument("--python", type=Path, help="the project's interpreter")
    options = parser.parse_args()
    wrong = False
    for opened, closed in stretches(options.repository, options.folder):
        found = checked(opened, options.folder)
        wrong |= sorted(code for code, _ in found) != opened.wrong
        heads = "; ".join(" and ".join(group) for group in opened.several)
        print(f"{opened.commit[:12]} {heads}")
        print(*(f"  check --static: {code} {message}" for code, message in found), sep="\n")
        if options.recipe and opened.several:
            path = opened.graph.by_id[opened.several[0][0]].path
            how = read(options.recipe), options.python.absolute()
            print(f"  merge-heads: {joined(options.repository, *how, opened.commit, path)}")
        print(f"  {way_out(opened, closed) if closed else 'still open'}")
    return int(wrong)


def stretches(repository: Path, folder: str) -> Iterator[tuple[State, State | None]]:
    """Yield the state that opened each stretch, and the one that closed it, the oldest first."""
    opened: State | None = None
    for state in states(repository, folder):
        if state.wrong and opened is None:
            opened = state
        elif not state.wrong and opened is not None:
            yield opened, state
            opened = None
    if opened is not None:
        yield opened, None


def states(repository: Path, folder: str) -> Iterator[State]:
    """Yield the revisions of each commit that touched the folder; unreadable ones are left out."""
    texts: dict[str, str] = {}
    parsed: dict[tuple[str, str], Revision | None] = {}
    log = ("log", "--first-parent", "--reverse", "--format=%H", "--", folder)
    for commit in run(repository, "git", *log).split():
        listed = run(repository, "git", "ls-tree", "-r", "-z", commit, "--", folder)
        files = dict(line.split("\t")[::-1] for line in listed.split("\0") if line)
        blobs = {path: entry.split()[2] for path, entry in files.items() if path.endswith(".py")}
        for blob in set(blobs.values()) - texts.keys():
            texts[blob] = run(repository, "git", "cat-file", "blob", blob)
        try:
            found = [revision_at(path, texts[blob], parsed) for path, blob in blobs.items()]
        except SourceError:
            continue
        kept = {path: texts[blob] for path, blob in blobs.items()}
        yield State(commit, kept, Graph([each for each in found if each is not None]))


def revision_at(
    path: str, text: str, parsed: dict[tuple[str, str], Revision | None]
) -> Revision | None:
    """Return the revision in a file, read once."""
    key = (path, text)
    if key not in parsed:
        parsed[key] = revisions.parse(text, path)
    return parsed[key]


def checked(state: State, folder: str) -> Sequence[tuple[str, str]]:
    """Have `gitmig check --static` look at a state; return what it says is wrong."""
    root = Path(tempfile.mkdtemp(prefix="stretch-"))
    try:
        script = str(Path(folder).parent)
        files = {"alembic.ini": INI.format(script=script, versions=folder), f"{script}/env.py": ""}
        for path, text in {**state.texts, **files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        run(root, "git", "init", "-q", "-b", "main")
        run(root, "git", "add", "-A")
        command = [str(BIN / "gitmig"), "check", "--static", "--format", "json"]
        told = subprocess.run(
            command, cwd=root, env=environment(), capture_output=True, text=True, check=False
        ).stdout
        findings = json.loads(told)["findings"]
        return [(each["code"], each["message"]) for each in findings if each["severity"] == "error"]
    finally:
        remove(root)


def way_out(opened: State, closed: State) -> str:
    """Say how the authors closed a stretch, and whether gitmig would have joined the same heads."""
    heads = set(opened.several[0]) if opened.several else set()
    new = [each for each in closed.graph.revisions if each.id not in opened.graph.by_id]
    joining = [each for each in new if heads and heads <= set(each.parents)]
    if joining:
        return f"closed by {closed.commit[:12]}: {joining[0].id} joins the same heads"
    merging = [each for each in new if len(each.parents) > 1]
    if merging:
        parents = ", ".join(merging[0].parents)
        return f"closed by {closed.commit[:12]}: {merging[0].id} joins {parents}"
    moved = [
        each.id
        for each in closed.graph.revisions
        if each.id in opened.graph.by_id and each.parents != opened.graph.by_id[each.id].parents
    ]
    if moved:
        return f"closed by {closed.commit[:12]}: {', '.join(moved)} got another parent"
    gone = opened.graph.by_id.keys() - closed.graph.by_id.keys()
    return f"closed by {closed.commit[:12]}: {', '.join(sorted(gone)) or 'nothing'} is gone"


if __name__ == "__main__":
    sys.exit(main())
