"""Gate ``merge``: what the revisions would be with today's base merged, by reading alone.

A branch may have one head and have been green yesterday; what counts is what the merge gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from gitmig import branches, config, graph_problems, history
from gitmig.commands import joining
from gitmig.commands.workspace import Place, Workspace, places, reader
from gitmig.errors import ConfigError, GitFailed
from gitmig.graph import Graph
from gitmig.model import Environment, Finding, Revision

NAMED = 4  # heads whose authors are looked up


@dataclass(frozen=True)
class Result:
    """The merge of what is staged with a branch: ``name`` of that, its commit and its files.

    ``environments`` are those of the merged settings; the revisions are read already.
    """

    name: str
    commit: str
    theirs: Mapping[str, str]
    merged: branches.Merged
    environments: Sequence[Environment]


def with_branch(workspace: Workspace, ref: str, base: str) -> Result | None:
    """Return what a merge with a branch would give, None where it is merged already.

    ``base`` is where ``HEAD`` left it. What git makes for it is not kept. Raises GitFailed.
    """
    repository = workspace.repository
    name = branches.newest(repository, ref)
    commit = repository.resolve(name)
    if commit == base:
        return None
    with repository.apart():
        ours = branches.staged_commit(repository, workspace.index)
        try:
            merged = branches.merge(repository, ours, commit)
        except GitFailed as error:
            raise GitFailed(f"{name} cannot be merged here: {error.message}", error.hint) from error
        theirs = repository.tree(commit)
        environments = environments_of(workspace, merged.files)
        for environment in environments:
            workspace.read_revisions(to_read(environment, merged, theirs))
        return Result(name, commit, theirs, merged, environments)


def environments_of(workspace: Workspace, files: Mapping[str, str]) -> Sequence[Environment]:
    """Return the environments of a merged tree, those that are staged where it has none."""
    try:
        loaded = config.load(files.keys(), reader(workspace.repository, dict(files)))
    except ConfigError:  # in conflict itself
        return workspace.config.environments
    names = {environment.name for environment in loaded.environments}
    kept = [each for each in workspace.config.environments if each.name not in names]
    return (*loaded.environments, *kept)


def to_read(
    environment: Environment, merged: branches.Merged, theirs: Mapping[str, str]
) -> list[Place]:
    """Return all files whose revisions are asked for."""
    joined, torn = split(environment, merged)
    return [*joined, *torn, *places(environment, theirs)]


def split(environment: Environment, merged: branches.Merged) -> tuple[list[Place], list[Place]]:
    """Return the revision files that a merge joins, and both sides of those in conflict."""
    joined = [
        place for place in places(environment, merged.files) if place[0] not in merged.conflicts
    ]
    torn = config.revision_paths(environment, merged.conflicts)
    return joined, [(path, blob) for path in torn for blob in dict.fromkeys(merged.conflicts[path])]


def findings(
    workspace: Workspace,
    environment: Environment,
    found: Sequence[Revision],
    known: Sequence[Finding],
    result: Result,
    base: str = "",
) -> list[Finding]:
    """Return what is wrong with the merged revisions of an environment, and not with the staged.

    ``found`` are the staged revisions, ``known`` what is wrong with them, ``base`` the branch as a
    person named it.
    """
    named = (each for each in result.environments if each.name == environment.name)
    there = next(named, environment)
    joined, torn = split(there, result.merged)
    revisions, unread = workspace.read_revisions(joined)
    sides = [each for each in workspace.read_revisions(torn)[0] if each not in revisions]
    distinct = {(each.path, each.id): each for each in (*revisions, *sides)}.values()
    theirs, _ = workspace.read_revisions(places(there, result.theirs))
    teller = Teller(workspace, environment, base, result, ids(found), ids(theirs))
    told = {(each.code, each.message) for each in known}
    problems = [
        each
        for each in (*unread, *graph_problems.problems(distinct))
        if each.severity == "error" and (each.code, each.message) not in told
    ]
    return [
        *inexact(result),
        *map(teller.conflict, dict.fromkeys(path for path, _ in torn)),
        *(teller.problem(each, Graph(distinct)) for each in problems),
    ]


def ids(revisions: Iterable[Revision]) -> set[str]:
    """Return the ids of revisions."""
    return {each.id for each in revisions}


def inexact(result: Result) -> list[Finding]:
    """Return the remark that git could not be asked."""
    if result.merged.exact:
        return []
    message = f"this git cannot merge {result.name} by itself: files were compared by path"
    return [Finding("GM018", "note", message, "git 2.38 and later can, and follow renames")]


@dataclass(frozen=True)
class Teller:
    """Words for what a merge does; ``ours`` and ``theirs`` are the ids of both sides."""

    workspace: Workspace
    environment: Environment
    base: str
    result: Result
    ours: Collection[str]
    theirs: Collection[str]

    @property
    def type_it(self) -> str:
        """The command that merges."""
        return f"type `git merge {quote(self.result.name)}`"

    @property
    def join(self) -> str:
        """The command that makes one head of several."""
        return joining.command(self.environment, self.base)

    @property
    def place(self) -> str:
        """The branch to merge, and where it is."""
        return f"{self.result.name} ({self.result.commit[:12]})"

    def conflict(self, path: str) -> Finding:
        """Return the finding for a revision file that git cannot merge."""
        message = f"with {self.place} merged there is a conflict in {path}"
        hint = f"{self.type_it}, resolve it, `git add {quote(path)}`, then `{self.join}`"
        return Finding("GM016", "error", message, hint, path, 1)

    def problem(self, finding: Finding, merged: Graph) -> Finding:
        """Return the finding for what is wrong with the merged revisions."""
        if finding.code == "GM001":
            groups = (group for group in merged.head_groups if finding.revision in ids(group))
            return self.heads(next(groups))
        if finding.code == "GM004":
            files = [each for each in merged.revisions if each.id == finding.revision]
            return self.twice(files)
        message = f"with {self.place} merged: {finding.message}"
        hint = f"{self.type_it} to see it. {finding.hint}"
        return replace(finding, code="GM017", message=message, hint=hint)

    def heads(self, heads: Sequence[Revision]) -> Finding:
        """Return the finding for heads that ought to be one."""
        message = f"with {self.place} merged there would be {len(heads)} heads: "
        message += "; ".join(map(self.told, heads[:NAMED]))
        message += f"; and {len(heads) - NAMED} more" if len(heads) > NAMED else ""
        base = [head.id for head in heads if head.id in self.theirs]
        build = f"build on {', '.join(base)}: " if base else ""
        own = [head for head in heads if head.id not in self.theirs]
        way = joining.bring_in(
            self.workspace.repository, self.environment, self.result.name, self.base
        )
        hint = f"{build}{way}"
        return self.finding("GM014", (own or heads)[0], message, hint)

    def twice(self, files: Sequence[Revision]) -> Finding:
        """Return the finding for an id that several files have."""
        message = f"with {self.place} merged {len(files)} files would have one id: "
        message += "; ".join(map(self.told, files[:NAMED]))
        own = [each for each in files if self.workspace.index.get(each.path)]
        rid = "delete one of them if they do the same, else give it a new id"
        hint = f"{self.type_it}, {rid}, then `{self.join}`"
        return self.finding("GM015", (own or files)[0], message, hint)

    def finding(self, code: str, revision: Revision, message: str, hint: str) -> Finding:
        """Return an error about a revision."""
        place = revision.path, revision.line, revision.id
        return Finding(code, "error", message, hint, *place)

    def told(self, revision: Revision) -> str:
        """Return id, subject, file and author of a revision, and which side it comes from."""
        path = revision.path
        theirs = path in self.result.theirs
        commit = self.result.commit if theirs else "HEAD"
        by = history.author_of(self.workspace.repository, path, commit)
        side = self.result.name if theirs else "this branch"
        if theirs and path in self.workspace.index:
            side = "both"
        told = [revision.subject, path, f"by {by}" if by else "not committed", f"of {side}"]
        return f"{revision.id} ({', '.join(filter(None, told))})"
