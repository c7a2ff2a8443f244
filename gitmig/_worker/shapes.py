"""Names for what passes between the modules of the worker.

What Alembic and SQLAlchemy hand over is ``Any``: their types are not the same in all the versions
that are supported, and the oldest have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Optional

Request = dict[str, Any]
"""The JSON object that came in: see the docstring of the package."""

Result = dict[str, Any]
"""What goes back, or a part of it: each module's docstring says which keys."""

Described = dict[str, Any]
"""One operation: kind, schema, table, column, words, doubt."""

Fingerprint = dict[str, Any]
"""What ``fingerprint.take`` gives, good for ``schemadiff.differences`` alone."""

Connection = Any
Context = Any  # alembic.runtime.migration.MigrationContext
Dialect = Any
Op = Any  # alembic.operations.ops.MigrateOperation
Step = Any  # alembic.runtime.migration.RevisionStep

StepsFor = Callable[[Any, Context], Iterable[Step]]
"""What env.py runs: from the heads of a database and its context, the steps to take."""

AroundStep = Callable[[Step, Context], Optional[bool]]
