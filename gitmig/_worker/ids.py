"""The id of a generated revision, made from what the revision is: so it is the same everywhere.

Not at random: who commits the same change again (after ``git reset``, on another branch, on another
machine) gets the id that a database may have already, and it is right there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from itertools import count
from typing import Any

from alembic.autogenerate.render import _render_python_into_templatevars

from .compare import Comparison
from .project import Project

LENGTH = 12  # as long as Alembic's own


def identify(project: Project, found: Comparison, taken: Collection[str]) -> None:
    """Give the revision the id that is made from it, unless the project's hook gave it another."""
    if len(found.scripts) != 1 or found.scripts[0].rev_id != found.random_id:
        return
    [script] = found.scripts
    code: dict[str, Any] = {}
    _render_python_into_templatevars(found.autogen, script, code)
    parents = [str(each.revision) for each in project.script.get_revisions(script.head) if each]
    texts = [*(f"{name}\n{code[name]}" for name in sorted(code)), str(script.depends_on or "")]
    script.rev_id = derived(parents, texts, taken)


def derived(parents: Iterable[str], texts: Iterable[str], taken: Collection[str] = ()) -> str:
    """Return the id of the revision with these parents, in any order, and these texts of code.

    Where it is one of ``taken`` another one is made from the same, until it is none.
    """
    whole = "\0".join([*sorted(parents), "", *texts])
    each = (digest(f"{whole}\0{number or ''}") for number in count())
    return next(found for found in each if found not in taken)


def digest(text: str) -> str:
    """Return the beginning of a text's hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
