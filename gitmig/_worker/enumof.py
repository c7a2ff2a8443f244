"""The enum beneath a type: in an array, behind a type of the project's own, or as a variant."""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy
from sqlalchemy.dialects import postgresql

from .shapes import Dialect


def enum_of(type_: Any, dialect: Dialect) -> Any:
    """Return the ``Enum`` that a database of this kind gets for a type, None where it gets none."""
    type_ = getattr(type_, "_variant_mapping", {}).get(dialect.name, type_)
    if isinstance(type_, sqlalchemy.types.TypeDecorator):
        with contextlib.suppress(Exception):  # types of the project may raise whatever they like
            return enum_of(type_.load_dialect_impl(dialect), dialect)
    if isinstance(type_, sqlalchemy.ARRAY):
        return enum_of(type_.item_type, dialect)
    return type_ if isinstance(type_, sqlalchemy.Enum) else None


def native_enum(type_: Any, dialect: Dialect) -> Any:
    """Return the enum beneath a type that is one of its own in the database, None for no such."""
    found = enum_of(type_, dialect)
    return found if found is not None and found.native_enum and found.name else None


def with_enum(type_: Any, enum: Any, dialect: Dialect) -> Any:
    """Return a type with another enum beneath."""
    type_ = getattr(type_, "_variant_mapping", {}).get(dialect.name, type_)
    if isinstance(type_, sqlalchemy.types.TypeDecorator):
        return with_enum(type_.load_dialect_impl(dialect), enum, dialect)
    if isinstance(type_, sqlalchemy.ARRAY):
        return postgresql.ARRAY(enum, dimensions=type_.dimensions)
    return enum
