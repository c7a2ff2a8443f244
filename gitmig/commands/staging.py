"""Into which index the revision goes, and whether it would stay there."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from gitmig import git_index, hookfiles, memo
from gitmig.commands.workspace import Workspace
from gitmig.invocation import Invocation
from gitmig.model import Environment, Options
from gitmig.outcomes import GenerateReport


class Staging:
    """The index of the commit under way, for one environment's revisions."""

    def __init__(
        self,
        workspace: Workspace,
        environment: Environment,
        options: Options,
        invocation: Invocation,
    ) -> None:
        self.workspace = workspace
        self.environment = environment
        self.options = options
        self.invocation = invocation

    def is_wanted(self) -> bool:
        """Say whether what is written is to be staged."""
        return self.options.stage and self.environment.settings.stage

    def may_add_again(self) -> bool:
        """Say whether a revision that is not staged may be, and would stay so."""
        return self.is_wanted() and not (self.invocation.only_looking or self.is_lost_by_git())

    def missing(self, path: str) -> GenerateReport:
        """Return the report of a commit that would go without a revision that is there."""
        return GenerateReport(
            self.environment.name,
            stopped=f"{path} is not staged for this commit",
            hint=f"git add {quote(path)}, then commit again (by its path too, if by path)",
        )

    def add_again(self, path: str, instead_of: Sequence[str]) -> None:
        """Stage a revision that a refused commit left in the work tree alone."""
        repository = self.workspace.repository
        git_index.add(repository, [path])
        back = [each for each in instead_of if each in self.workspace.index]
        if back:
            git_index.remove(repository, back)
        self.note_repair([path, *instead_of])

    def note_repair(self, paths: list[str]) -> None:
        """Leave a note for the post-commit hook where git would drop what was staged."""
        if self.invocation.only_paths and not self.is_lost_by_git():
            memo.note_repair(self.workspace.repository, paths)

    def is_lost_by_git(self) -> bool:
        """Say whether git would drop what is staged now, with no post-commit hook to mend it."""
        if not self.invocation.only_paths:
            return False
        repository = self.workspace.repository
        configuration = self.workspace.read(".pre-commit-config.yaml") or ""
        return not hookfiles.repairs(repository.hooks_dir, configuration)
