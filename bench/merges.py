"""Take the merge revisions of real projects out and make them again: ``python -m bench.merges``.

For each revision with several parents that a project's authors wrote: a git repository with the
revisions that those parents stand on, and `gitmig merge-heads` in it. Has it the same parents, and
does the proof agree with the authors that the sides may be joined? Needless is one of whose parents
one stands on the others: there was one head before it, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.merges_case import Case, Outcome, download, install, remove
from bench.merges_projects import RELEASES, Release

HEAD = "| project | revisions | merge revisions | needless | same parents | proved | refused | |"


@dataclass(frozen=True)
class Row:
    """One release in the table."""

    release: Release
    revisions: int
    outcomes: Sequence[Outcome]
    ran: bool

    def __str__(self) -> str:
        same = sum(each.same_heads for each in self.outcomes)
        needless = sum(each.needless for each in self.outcomes)
        proved = sum(each.same_parents for each in self.outcomes)
        refused = [each for each in self.outcomes if each.refused]
        count = len(self.outcomes)
        told = (str(proved), str(len(refused))) if self.ran else ("-", "-")
        name = f"{self.release.name} {self.release.version}"
        why = "" if self.ran else self.release.why
        counts = (self.revisions, count, needless, same, *told, why)
        return f"| {name} | {' | '.join(map(str, counts))} |"


def main() -> int:
    """Print the table; return 1 where gitmig would join others than the authors did."""
    parser = argparse.ArgumentParser(prog="merges", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--graph", action="store_true", help="read only, and run nothing")
    parser.add_argument("--keep", type=Path, help="where downloads and environments stay")
    options = parser.parse_args()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="merges-"))
    rows = []
    for release in RELEASES:
        if not options.names or release.name in options.names:
            runs = bool(release.needs) and not options.graph
            rows.append(judge(release, keep.absolute(), run=runs))
    if not options.keep:
        remove(keep)
    print(HEAD, "|---" * (HEAD.count("|") - 1) + "|", *rows, sep="\n")
    outcomes = [each for row in rows for each in row.outcomes]
    return int(any(not each.needless and not each.same_heads for each in outcomes))


def judge(release: Release, keep: Path, *, run: bool) -> Row:
    """Make all merge revisions of a release again; each is told on stderr."""
    wheel = download(release, keep / "wheels")
    root = Path(tempfile.mkdtemp(prefix=f"{release.name}-"))
    try:
        case = Case(release, wheel, root)
        if run:
            case.use(install(release, keep / f"{release.name}-{release.version}"))
        outcomes = []
        for outcome in case.proved() if run else case.read_alone():
            print(line_of(release, outcome), file=sys.stderr, flush=True)
            outcomes.append(outcome)
        return Row(release, len(case.graph.revisions), outcomes, run)
    finally:
        remove(root)


def line_of(release: Release, outcome: Outcome) -> str:
    """Return one merge revision's outcome in a line."""
    merge = outcome.merge
    told = f"{release.name} {merge.id} ({', '.join(merge.parents)}): "
    if not outcome.same_heads:
        return f"{told}the heads are {', '.join(outcome.heads) or 'one: it joins nothing'}"
    if outcome.refused:
        return f"{told}refused: {outcome.refused}"
    if not outcome.joined:
        return f"{told}same parents"
    same = "proved" if outcome.same_parents else f"joined {', '.join(outcome.joined)}"
    return f"{told}{same}, {outcome.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
