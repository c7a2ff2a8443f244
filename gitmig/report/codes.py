"""What the codes of findings mean, in a few words: docs/json.md has the same table."""

from __future__ import annotations

WORDS = {
    "GM001": "several heads",
    "GM002": "unknown parent",
    "GM003": "cycle",
    "GM004": "one id in two files",
    "GM005": "id longer than the 32 characters of `alembic_version`",
    "GM006": "a file that cannot be read: syntax, conflict markers, computed ids",
    "GM007": "an id that Alembic refuses",
    "GM008": "unknown `depends_on`",
    "GM009": "no revision at all",
    "GM010": "one branch label twice",
    "GM011": "a revision that the base has was edited",
    "GM012": "a revision that the base has is gone",
    "GM013": "a revision that the base has was renamed",
    "GM014": "with the base merged there would be several heads",
    "GM015": "with the base merged two files would have one id",
    "GM016": "merging the base leaves a conflict in a revision file",
    "GM017": "with the base merged something else would be wrong with the graph",
    "GM018": "git is older than 2.38: files were compared by path",
    "GM019": "branches collide",
    "GM020": "the head file does not name the head",
    "GM021": "a revision that the base has got another parent or another `depends_on`",
    "GM022": "a new revision is below one that the base has",
    "GM023": "a new revision branches off below the base's heads",
    "GM101": "a revision fails on the way up",
    "GM102": "a database at the base's heads does not upgrade to the staged ones",
    "GM201": "a revision fails on the way down",
    "GM202": "after a downgrade the schema is not what it was before",
    "GM203": "a revision fails on the way up again, after its downgrade",
    "GM301": "the models ask for what no revision does",
    "GM302": "models and schema differ where Alembic does not look",
    "GM303": "the base has the differences between models and schema, too",
    "GM304": "models and schema differ although no model and no revision changed",
    "GM305": "a table is declared in a file that env.py does not import",
    "GM306": "a table of the models cannot be made by itself",
    "GM401": "production has what the throw-away database has not, or another version",
    "GM501": "a new revision fails where tables have rows",
    "GM502": "rows or values are lost that nothing in the revision takes away",
    "GM503": "what a revision takes away",
    "GM504": "a table for which no row could be made up",
    "GM601": "the base's code still reads what is gone",
    "GM602": "the base's code cannot add rows: a column is required now",
    "GM603": "the base's code may be refused: a column is stricter",
    "GM604": "the base's code may be refused: a check, a unique, a type",
    "GM605": "the base's code cannot read a new enum member",
}


def words_of(code: str) -> str:
    """Return what a code means; for one that is not in the table, that it is a finding."""
    return WORDS.get(code, f"finding {code} of gitmig check")
