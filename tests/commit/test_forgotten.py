"""A new module of models that env.py never imports is named, instead of "no changes" (C14)."""

from __future__ import annotations

import pytest
from support import Project

PET = """\
from sqlalchemy import Column, Integer, Table

from models import Base


class Pet(Base):
    __tablename__ = "pets"

    id = Column(Integer, primary_key=True)
"""
TABLE = PET.split("class")[0] + 'pets = Table("pets", Base.metadata, Column("id", Integer))\n'
OF_ITS_OWN = PET.replace(
    "from models import Base",
    "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()",
)


@pytest.mark.parametrize("source", [PET, TABLE], ids=["class", "table"])
def test_named(hooked: Project, source: str) -> None:
    """The commit stops, names file, line, table and the place of the import (C14)."""
    hooked.write("pets.py", source)
    hooked.git("add", "pets.py")
    told = hooked.git("commit", "-qm", "pets", code=1).stderr
    line = 1 + source[: source.index("Pet(Base)" if source is PET else "pets = ")].count("\n")
    assert f"pets.py:{line} declares table pets, and env.py does not import that file" in told
    assert "(migrations/env.py), then commit again" in told
    assert hooked.status() == "A  pets.py\n"


def test_imported_goes_in(hooked: Project) -> None:
    """With the import the same commit gets its revision (C14)."""
    hooked.write("pets.py", PET)
    env = hooked.read("migrations/env.py").replace("import Base\n", "import Base\nimport pets\n")
    hooked.write("migrations/env.py", env)
    hooked.git("add", ".")
    hooked.git("commit", "-qm", "pets")
    assert any("create_table_pets" in path for path in hooked.new_revisions())


@pytest.mark.parametrize("path", ["tests/pets.py", "other/pets.py"])
def test_metadata_of_its_own(hooked: Project, path: str) -> None:
    """Models on another base are another program's (C14)."""
    hooked.write(path, OF_ITS_OWN)
    hooked.git("add", ".")
    hooked.git("commit", "-qm", "pets")
    assert "versions" not in hooked.status()


def test_told_once(hooked: Project) -> None:
    """A file that was committed in spite of it may change without being named again (C14)."""
    hooked.write("pets.py", PET)
    hooked.git("add", ".")
    hooked.git("commit", "-qm", "pets", GITMIG_SKIP="1")
    hooked.append("pets.py", "\nNAME = 1\n")
    hooked.git("commit", "-qam", "more")
