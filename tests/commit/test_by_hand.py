"""A revision written by hand, staged in the commit that changes the models or does not (C8)."""

from __future__ import annotations

import pytest
from support import Project

COLUMN = "\n    size = Column(Integer)\n"
TAGS = """

class Tag(Base):
    __tablename__ = "tags"
    id = Column(Integer, primary_key=True)
"""
CREATE = 'op.create_table("tags", sa.Column("id", sa.Integer(), primary_key=True))'
MADE = {
    "table tags": (CREATE, 'op.drop_table("tags")'),
    "column users.extra": (
        'op.add_column("users", sa.Column("extra", sa.Integer()))',
        'op.drop_column("users", "extra")',
    ),
    "index ix_extra of users": (
        'op.create_index("ix_extra", "users", ["name"])',
        'op.drop_index("ix_extra")',
    ),
    "index uq_extra of users": (
        'op.create_index("uq_extra", "users", ["name"], unique=True)',
        'op.drop_index("uq_extra")',
    ),
}


@pytest.mark.parametrize("what", MADE)
@pytest.mark.parametrize("more", ["", COLUMN])
def test_no_drop_of_what_it_made(hooked: Project, what: str, more: str) -> None:
    """What a staged revision makes and no model knows stays, is told, and is old noise then."""
    path = hooked.revision("hand00000000", "base00000000", *MADE[what])
    hooked.append("models.py", more)
    hooked.git("add", "-A")
    told = hooked.git("commit", "-qm", "by hand").stderr
    assert f"{path} makes {what}, which no model has: it stays" in told
    assert "older than this commit" not in told
    generated = [each for each in hooked.new_revisions() if each != path]
    assert len(generated) == bool(more)
    assert "".join(hooked.read(each).partition("def downgrade")[0] for each in generated).count(
        "drop_"
    ) == 0  # fmt: skip
    hooked.append("models.py", "\n    later = Column(Integer)\n")
    told = hooked.git("commit", "-qam", "later").stderr
    assert "one difference is older than this commit" in told
    assert "drop" not in hooked.read(hooked.new_revisions()[0]).partition("def downgrade")[0]


def test_it_covers_the_models(hooked: Project) -> None:
    """Where it does what the models ask for nothing is generated, and that is said."""
    path = hooked.revision("hand00000000", "base00000000", CREATE, 'op.drop_table("tags")')
    hooked.append("models.py", TAGS)
    hooked.git("add", "-A")
    told = hooked.git("commit", "-qm", "by hand").stderr
    assert told == f"gitmig: {path} does what the models ask for: nothing is generated\n"
    assert hooked.new_revisions() == [path]


def test_a_drop_of_the_models(hooked: Project) -> None:
    """What a model had and has no more is dropped all the same, beside a revision by hand."""
    path = hooked.revision("hand00000000", "base00000000", CREATE, 'op.drop_table("tags")')
    models = hooked.read("models.py")
    hooked.write("models.py", models.replace("    name = Column(String(50))\n", "") + TAGS)
    hooked.git("add", "-A")
    told = hooked.git("commit", "-qm", "by hand", code=1).stderr
    assert "users.name is dropped with all its values" in told and path not in told
