"""The codes of the gates that only read: code, name, severity, gate, documentation."""

from __future__ import annotations

from gitmig.rules.rule import Default

CODES: tuple[tuple[str, str, Default, str, str], ...] = (
    ("GM001", "several-heads", "error", "graph", """
The revisions end in several heads.

Why: `alembic upgrade head` refuses, and a deploy stops there.

Instead: `gitmig merge-heads` joins them after a proof. Heads that are meant to stay apart have
branch labels, or stand on different `lines` of the settings.
"""),
    ("GM002", "unknown-parent", "error", "graph", """
A revision's `down_revision` is in no file.

Why: Alembic cannot load the chain at all.

Instead: bring the file back (`git log --all -- FILE`), or name the parent that is there.
"""),
    ("GM003", "cycle", "error", "graph", """
Revisions come after each other in a circle.

Why: there is no order in which they could run.

Instead: give one of them the parent it had: `git log -p -- FILE`.
"""),
    ("GM004", "id-twice", "error", "graph", """
Two files have the same revision id.

Why: Alembic loads one of them, which is chance, and never runs the other.

Instead: give the one that is not published another id, in the file and in its children.
"""),
    ("GM005", "id-too-long", "warning", "graph", """
A revision id is longer than the 32 characters that `alembic_version` holds.

Why: PostgreSQL and MySQL refuse it after the revision has run; SQLite takes it.

Instead: a shorter id.
"""),
    ("GM006", "unreadable-revision", "error", "graph", """
A revision file cannot be read: its syntax, conflict markers, or ids that are computed.

Why: what is in it is not known, so nothing about the chain is.

Instead: mend the file; write ids out as plain strings.
"""),
    ("GM007", "refused-id", "error", "graph", """
A revision has an id that Alembic refuses.

Why: characters such as `@`, `-` and `+` mean something in Alembic's own words for revisions, and so
do `base`, `head` and `heads`.

Instead: an id of letters, digits and `_`.
"""),
    ("GM008", "unknown-dependency", "error", "graph", """
A revision's `depends_on` is in no file.

Why: Alembic cannot load the chain.

Instead: bring the file back, or take the dependency out.
"""),
    ("GM009", "no-revision", "error", "graph", """
No revision at all was found.

Why: nothing was checked, and that is never green.

Instead: `gitmig autogenerate`, or set `version_locations` to where they are.
"""),
    ("GM010", "label-twice", "error", "graph", """
Two revisions have the same branch label.

Why: Alembic cannot load the chain.

Instead: rename one of them.
"""),
    ("GM011", "published-edited", "error", "published", """
A revision that the base branch has was edited.

Why: databases that have run it will never see the difference; new ones will. From then on there are
two schemas under one id. Formatting and comments may change: the code is compared.

Example: a forgotten index is added to the revision of last month.

Instead: take the edit back (the finding has the command) and write a further revision.
"""),
    ("GM012", "published-gone", "error", "published", """
A revision that the base branch has was deleted.

Why: a database that stands on it can go neither up nor down: "Can't locate revision".

Instead: bring the file back, and write a revision that takes its change back.
"""),
    ("GM013", "published-renamed", "error", "published", """
A revision that the base branch has was moved to another file.

Why: two branches that both touch it will have it twice.

Instead: leave the file where it was.
"""),
    ("GM014", "heads-after-merge", "error", "merge", """
With today's base merged in there would be several heads.

Why: the base has got revisions since this branch left it; the deploy after the merge stops.

Instead: merge the base in, and `gitmig merge-heads`, or `gitmig merge-heads --rebase`.
"""),
    ("GM015", "id-twice-after-merge", "error", "merge", """
With today's base merged in two files would have the same revision id.

Why: git sees no conflict, and Alembic would load one of the two.

Instead: give this branch's revision another id.
"""),
    ("GM016", "conflict-in-merge", "error", "merge", """
Merging today's base leaves a conflict in a revision file.

Why: a revision was changed on both sides.

Instead: merge the base in, and keep the published side.
"""),
    ("GM017", "broken-after-merge", "error", "merge", """
With today's base merged in something else would be wrong with the graph.

Why: each branch is fine by itself, and the two together are not.

Instead: merge the base in and mend what `gitmig check --static` says.
"""),
    ("GM018", "merge-by-path", "note", "merge", """
git is older than 2.38, so the merge was looked at by paths only.

Why: `git merge-tree --write-tree` is not there. What both sides edited is not seen.

Instead: a newer git.
"""),
    ("GM019", "branches-collide", "error", "against", """
Open branches cannot all come in.

Why: two of them would end in two heads, or have one id or one file.

Instead: the one that comes later takes the other one in first.
"""),
    ("GM020", "head-file-untrue", "error", "graph", """
The head file does not name the head.

Why: it is there so that two branches which both add revisions conflict in it; untrue it does not.

Instead: `gitmig merge-heads` writes it anew.
"""),
    ("GM021", "published-reparented", "error", "published", """
A revision that the base branch has got another parent, or another `depends_on`.

Why: databases that have run it ran it after what it came after then.

Instead: take the edit back; the revision that is new comes after what is published.
"""),
    ("GM022", "slipped-in-below", "error", "published", """
A new revision is below one that the base branch has.

Why: databases that have the upper one never run it: `alembic upgrade head` does nothing there, and
`alembic current --check-heads` is content.

Instead: put it after the base's head.
"""),
    ("GM023", "branches-off-below", "error", "published", """
A new revision branches off below the base's heads.

Why: it was written for a schema that no deployed database has any more.

Instead: `gitmig merge-heads --rebase`, or give it the base's head as its parent.
"""),
)  # fmt: skip
