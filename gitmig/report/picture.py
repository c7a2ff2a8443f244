"""The revision graph as lines of text: newest on top, one column for each line of descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, takewhile
from operator import eq

from gitmig.graph import Graph
from gitmig.model import Revision

_SHORT = 12  # the length of the ids that Alembic makes


def revision_graph(revisions: Sequence[Revision], marks: Mapping[str, str]) -> list[str]:
    """Draw revisions as lines, each with its short id, its subject and its mark in parentheses.

    ``marks`` is by full id (``{"1a2b3c": "head"}``). Where a parent is not among the revisions,
    the line of descent goes on as ``┆``. Any graph can be drawn, a broken one too.
    """
    graph = Graph(revisions)
    short = _short_ids(graph.by_id)
    lanes = _Lanes()
    for item in reversed(graph.order()):
        mark = marks.get(item.id)
        parts = [short[item.id], _printable(item.subject), f"({_printable(mark)})" if mark else ""]
        lanes.draw(item, "  ".join(part for part in parts if part), graph)
    return lanes.lines


class _Lanes:
    """The columns of a drawing in progress.

    Each lane holds the id that it leads down to, or None where it is free. A parent has a lane for
    each of its children; they are joined just above it.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._lanes: list[str | None] = []
        self._drawn: set[str] = set()
        self._ended = -1  # the column that ended in the line above

    def draw(self, item: Revision, text: str, graph: Graph) -> None:
        column = self._place(item.id)
        self._row({column: "●"}, text)
        self._drawn.add(item.id)
        # in a cycle a parent can be above already: no lane could ever reach it
        known = (name for name in dict.fromkeys(item.parents) if name in graph.by_id)
        below = [name for name in known if name not in self._drawn]
        self._lanes[column] = below[0] if below else None
        self._ended = -1 if below else column
        if any(name not in graph.by_id for name in item.parents):
            self._row({column: "┆"})
        self._fork(column, below[1:])

    def _place(self, name: str) -> int:
        """Find the column of the next node, and bring all lanes that lead to it together."""
        columns = [place for place, lane in enumerate(self._lanes) if lane == name]
        if not columns:
            column = self._free(0)
            if column == self._ended:
                self._row({})  # or the two would look connected
            self._lanes[column] = name
            return column
        first, *others = columns
        for place in others:
            self._lanes[place] = None
        if others:
            self._branch_row(first, others, "┴", "╯")
        return first

    def _fork(self, column: int, parents: Sequence[str]) -> None:
        """Open a lane to the right for each further parent of a merge."""
        opened = []
        for parent in parents:
            opened.append(self._free(column + 1))
            self._lanes[opened[-1]] = parent
        if opened:
            self._branch_row(column, opened, "┬", "╮")

    def _free(self, start: int) -> int:
        for place in range(start, len(self._lanes)):
            if self._lanes[place] is None:
                return place
        self._lanes.append(None)
        return len(self._lanes) - 1

    def _row(self, glyphs: Mapping[int, str], text: str = "") -> None:
        lanes = enumerate(self._lanes)
        cells = [glyphs.get(place, "│" if lane else " ") for place, lane in lanes]
        self.lines.append(f"{' '.join(cells).rstrip()} {text}".rstrip())

    def _branch_row(self, left: int, others: Sequence[int], middle: str, end: str) -> None:
        last = max(others)
        glyphs = dict.fromkeys(others, middle) | {left: "├", last: end}
        row = ""
        for place, lane in enumerate(self._lanes):
            inside = left < place < last
            plain = ("┼" if lane else "─") if inside else ("│" if lane else " ")
            row += glyphs.get(place, plain) + ("─" if left <= place < last else " ")
        self.lines.append(row.rstrip())


def _short_ids(ids: Iterable[str]) -> dict[str, str]:
    """Cut ids to twelve characters, or to as many as tell them from the others."""
    ordered = sorted(ids)
    needed = dict.fromkeys(ordered, _SHORT)
    for one, other in pairwise(ordered):
        shared = len(list(takewhile(bool, map(eq, one, other)))) + 1
        needed[one] = max(needed[one], shared)
        needed[other] = max(needed[other], shared)
    return {name: _printable(name[:length]) for name, length in needed.items()}


def _printable(text: str) -> str:
    """Escape what would move the cursor, colour the terminal or reverse the line."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
