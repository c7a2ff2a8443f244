"""The codes of the gates that run revisions, and of waivers: as those in ``readcodes``."""

from __future__ import annotations

from gitmig.rules.rule import Default

CODES: tuple[tuple[str, str, Default, str, str], ...] = (
    ("GM101", "upgrade-fails", "error", "upgrade", """
A revision fails on the way up, from an empty database.

Why: it would fail on deploy; or, where only new databases fail, for every new developer and test.

Instead: mend the revision at the line that is named.
"""),
    ("GM102", "deploy-fails", "error", "deploy", """
A database that was built with the base's own files does not upgrade to this branch.

Why: that is what a deployed database is. From empty it may well work.

Instead: mend the first new revision; published ones must stay as they were.
"""),
    ("GM103", "never-ends", "error", "upgrade", """
A revision never came to its end: it took longer than `timeout`, or its process was ended.

Why: a deploy would hang, or break off in the middle. Nothing behind it could be checked, so the
check could not run (exit code 2), whatever else it found.

Example: `os._exit(1)`, a process killed for want of memory, a lock or a network that is waited for.

Instead: mend the revision at the line that is named; raise `timeout` where it only needs longer.
"""),
    ("GM104", "needs-superuser", "warning", "deploy", """
A statement of a new revision is refused to a role that owns the database and is no superuser.

Why: where the deploy's user is none, as with most hosted databases, the revision fails there. It is
tried for real, on PostgreSQL, as a member of every role that may make roles and databases. What a
host allows beyond PostgreSQL (some extensions) it cannot know.

Only with a base, on a server of gitmig's own: what is published has run as the deploy's user
already, so that a project's first `CREATE EXTENSION` would be told for ever, and without a base
nothing says what is new. On a server given by URL no role is made.

Example:

    op.execute("CREATE EXTENSION dblink")

Instead: leave it to what sets up the server, and tell gitmig with `prepare`; or allow it with the
reason why the deploy's user may.
"""),
    ("GM105", "deployed-schema-differs", "error", "deploy", """
A database built with the base's own files upgrades to another schema than one that begins empty.

Why: a published revision does something else by now, for it reads models, a helper or a file that
this branch changed: `create_all`, an imported enum, a `.sql` file. New databases, and all tests,
have what deployed ones never get. Where a revision gives another schema each time (a default with
today's date), that is left out.

Example:

    def upgrade():
        Base.metadata.create_all(op.get_bind())

Instead: a further revision that brings what is missing, whichever way a database came
(`ADD COLUMN IF NOT EXISTS`, or a look at `sa.inspect(op.get_bind())`). Published revisions say
themselves what they do.
"""),
    ("GM201", "downgrade-fails", "error", "downgrade", """
A revision fails on the way down.

Why: when the deploy has to be taken back is no time to find out.

Instead: mend `downgrade()` in the file.
"""),
    ("GM202", "downgrade-differs", "error", "downgrade", """
After the downgrade the schema is not what it was before the upgrade.

Why: the older code gets a table it does not know, and the next upgrade may fail on what is left
over. Types, defaults, indexes, checks, enum types, comments and more are compared.

Example: `downgrade()` brings a column back with another type, or is `pass`.

Instead: mend `downgrade()`; or say in a waiver why it cannot be undone.
"""),
    ("GM203", "second-upgrade-fails", "error", "downgrade", """
A revision fails on the way up again, after its downgrade.

Why: the downgrade left something over, an enum type for example.

Instead: mend `downgrade()` in the file.
"""),
    ("GM204", "forbidden-downgrade", "error", "downgrade", """
A revision has a downgrade although the settings forbid them.

Why: `downgrade = "forbidden"` says that nobody runs them, so nobody proves them.

Instead: an empty `downgrade()`, or `downgrade = "optional"`.
"""),
    ("GM205", "one-way-without-reason", "error", "downgrade", """
A revision says that it is one-way, and not why.

Why: whoever has to take the deploy back must know what there is to lose.

Instead: write the reason behind the mark.
"""),
    ("GM206", "files-written", "warning", "upgrade", """
A revision writes, moves or removes a file, of the project or by a line of its own elsewhere.

Why: it runs wherever the project is deployed, and there the file is written again, or may not be.

Instead: let it change the database alone.
"""),
    ("GM207", "left-running", "warning", "upgrade", """
A revision leaves a thread or a process running.

Why: what it does after the revision is in none of its transactions, fails unseen, and may be cut
off when the deploy's command ends.

Example: `threading.Thread(target=fill).start()`, `subprocess.Popen(["./fill"])`

Instead: wait for its end (`join()`, `wait()`) in the revision.
"""),
    ("GM208", "downgrade-not-proved", "error", "downgrade", """
Revisions were not taken down, so that nothing is known of their downgrades.

Why: each is taken down by itself. Below one that fails or leaves something the way begins anew, in
a database that was taken up to there; where that happens very often (ten times) it ends.

Instead: mend the downgrades that are told, and check again.
"""),
    ("GM301", "drift", "error", "drift", """
The models ask for what no revision does.

Why: the code that is deployed with these revisions finds another schema than it was written for.

Instead: `gitmig autogenerate`, look at the revision, and commit it.
"""),
    ("GM302", "unseen-drift", "error", "drift", """
Models and schema differ where Alembic does not look.

Why: enum members, CHECK texts, defaults, types, computed columns, identities, sequences and indexes
are compared by making the models' tables beside the revisions' and reading both back. Code that
relies on them fails on what the revisions made. Where the database merely has more, it is a
warning.

Instead: the operations that would mend it are told; put them into a revision.
"""),
    ("GM303", "older-drift", "warning", "drift", """
Models and schema differ, and they do at the base, too.

Why: it is older than this branch, so it does not fail it; it will surprise somebody.

Instead: a branch of its own that mends it.
"""),
    ("GM304", "appeared-drift", "note", "drift", """
Models and schema differ, though no model and no revision changed since the base.

Why: a newer Alembic, SQLAlchemy or database sees what the older one did not.

Instead: a branch of its own that mends it.
"""),
    ("GM305", "unimported-models", "error", "drift", """
A table is declared in a file that env.py does not import.

Why: Alembic does not know the table, so it generates nothing for it, or drops it.

Instead: import the file where the other models are imported.
"""),
    ("GM306", "unmade-table", "note", "drift", """
A table of the models cannot be made by itself, so only Alembic compared it.

Why: it needs what only the revisions make, a type or a function for example.

Instead: nothing need be done; what Alembic does not compare is not proved for this table.
"""),
    ("GM307", "no-models", "note", "drift", """
env.py gives no models (`target_metadata` is None), so there is nothing to compare the schema with.

Why: drift is the difference between models and schema. The gate is skipped, and does not fail the
check.

Instead: nothing, where revisions are written by hand; otherwise set `target_metadata` in env.py.
"""),
    ("GM501", "fails-on-rows", "error", "rows", """
A new revision fails where tables have rows, on the way up or down.

Why: an empty database takes NOT NULL without a default, UNIQUE over duplicates, a narrower type;
production does not. SQLite also takes a foreign key whose rows point to nothing, as long as keys
are not enforced (its default): that is looked at after each step.

Instead: fill, clean or widen first, in steps that rows survive.
"""),
    ("GM502", "rows-lost", "error", "rows", """
Rows or values are lost that nothing in the revision takes away.

Why: a copy that forgets a column, a type that cuts off, a cascade that nobody meant. A DO block or
a function that leaves no row of a table and has no WHERE counts, too (on the way down as a
warning): the statement that sends it does not say so. DELETE and TRUNCATE are GM741 and GM742.

Instead: keep the values, or say in the revision what becomes of them.
"""),
    ("GM503", "rows-taken-away", "note", "rows", """
What a revision takes away: columns, tables, rows, values.

Why: no downgrade brings them back. Rows that a WHERE chooses are listed, too, in a DO block as in
the open, where made-up rows are among them; it is a note, and fails no check.

Instead: nothing, where that is meant.
"""),
    ("GM504", "rows-missing", "warning", "rows", """
For a table no row could be made up.

Why: what its rows would have shown is not proved. It is an error at the line of a new revision on
which such rows have a say: NOT NULL, another type, UNIQUE, a CHECK or a foreign key of it, an
UPDATE, rows that are read or copied, a block that names it. Elsewhere it is a warning.

Instead: give it rows with `seed` in `[tool.gitmig]`.
"""),
    ("GM401", "unlike-production", "note", "any", """
Production has what the throw-away database has not, or another version.

Why: what was proved here may go otherwise there.

Instead: `version`, `binaries` and `prepare` in the settings.
"""),
    ("GM601", "old-code-reads-what-is-gone", "error", "rolling", """
The base's code still reads a table or a column that is gone or renamed.

Why: during the deploy, and after it has to be taken back, that code runs on the new schema, and
each of its queries on the table fails.

Instead: release code that does not use it first, take it away in a later release.
"""),
    ("GM602", "old-code-cannot-add-rows", "error", "rolling", """
The base's code cannot add rows: it does not write a column that is NOT NULL without a default.

Why: every INSERT of the code that still runs is refused.

Instead: give the column a server default, and take that away in a later release.
"""),
    ("GM603", "old-code-may-be-refused", "error", "rolling", """
The base's code may be refused: by NOT NULL, a server default that is gone, a computed column.

Why: it may leave NULL there, or write what is computed now, so an INSERT or UPDATE of the code that
still runs fails, for some rows or all.

NOT NULL alone is a warning: the base's model had to be nullable, as its column was, so that it does
not say whether its code ever leaves NULL there.

Instead: release code that keeps to it first.
"""),
    ("GM604", "old-code-may-break-rules", "warning", "rolling", """
The base's code may be refused: a new CHECK or UNIQUE, a narrower type, an enum member that is gone.

Why: it does not know of it, and may write what is refused from then on. Of an enum member that
takes the place of another on one line, as in a rename, it is told here, too, that the base's code
cannot read it. A new foreign key is not told: code whose rows point to nothing is seldom, and what
is wrong in rows that are there fails in the gate `rows`, or at once where it is deployed.

Instead: release code that keeps to it first.
"""),
    ("GM605", "old-code-cannot-read-member", "warning", "rolling", """
The base's code cannot read an enum member that is new.

Why: SQLAlchemy raises LookupError for a value that its enum does not have. One that takes the place
of another is told with that (GM604).

Instead: release code that knows the member first, and write it in a later release.
"""),
    ("GM606", "old-code-unknown", "note", "rolling", """
The base's code was not held against the new schema, for its models are not known.

Why: env.py gives none, here or at the base. What the revisions drop and rename is told by the rules
GM721 to GM724 then, whoever reads it. The gate is skipped, and does not fail the check.

Instead: nothing, where there are no models.
"""),
    ("GM791", "waiver-without-reason", "error", "rules", """
A waiver gives no reason, so it does not count.

Why: in a year nobody knows whether it may go.

Example: `# gitmig: allow table-rewritten`

Instead: `# gitmig: allow table-rewritten settings has twelve rows`
"""),
    ("GM792", "waiver-unused", "warning", "rules", """
A waiver allows what is not found there.

Why: it would hide the next one.

Example: the index is built CONCURRENTLY by now, and the comment above it still allows GM711.

Instead: take the comment away.
"""),
    ("GM793", "waiver-unknown", "error", "rules", """
A waiver names no code, an unknown one, or one that cannot be allowed.

Why: it allows nothing, though somebody believes it does.

Example: `# gitmig: allow index-not-concurently the table is small`

Instead: `gitmig rules` lists the codes and names.
"""),
)  # fmt: skip
