"""What an operation asks for, as plain values: the docstring of ``gitmig.ran.RanOperation``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.operations import ops

from .operations import columns_of
from .shapes import Dialect, Op, Result


def of(op: Op, dialect: Dialect) -> Result:
    """Return the facts of an operation; none for a kind that has none."""
    gather = next((GATHER[each] for each in type(op).__mro__ if each in GATHER), None)
    return gather(op, dialect) if gather else {}


def type_text(found: Any, dialect: Dialect) -> str:
    """Return a type in the database's words."""
    try:
        return str(found.compile(dialect=dialect))
    except Exception:  # a type of another database, or one that is not complete
        return repr(found)


def sql_text(found: Any, dialect: Dialect) -> str:
    """Return an expression as SQL."""
    if isinstance(found, str):
        return found
    try:
        return str(found.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except Exception:
        return str(found)


def default_text(default: Any, dialect: Dialect) -> str:
    """Return what a server default is."""
    return sql_text(getattr(default, "arg", default), dialect)


def truths(**said: Any) -> Result:
    """Return what is true of what is said."""
    return {name: True for name, value in said.items() if value}


def kept(**said: Any) -> Result:
    """Return what is said and not None."""
    return {name: value for name, value in said.items() if value is not None}


def option(op: Op, name: str) -> Any:
    """Return an option for a dialect: ``postgresql_concurrently``."""
    return next((value for key, value in op.kw.items() if key.endswith(f"_{name}")), None)


def _add_column(op: Op, dialect: Dialect) -> Result:
    column = op.column
    identity, default = getattr(column, "identity", None), column.server_default
    found = {
        "type": type_text(column.type, dialect),
        "nullable": bool(column.nullable),
        "default": None,
        **truths(identity=identity, primary_key=column.primary_key, unique=column.unique),
    }
    if column.computed is not None:
        found["computed"] = sql_text(column.computed.sqltext, dialect)
    elif default is not None and identity is None:
        found["default"] = default_text(default, dialect)
    for key in column.foreign_keys:
        found["references"] = key.target_fullname.rpartition(".")[0]
    return found


def _alter_column(op: Op, dialect: Dialect) -> Result:
    found = kept(
        type=type_text(op.modify_type, dialect) if op.modify_type is not None else None,
        old_type=type_text(op.existing_type, dialect) if op.existing_type is not None else None,
        nullable=op.modify_nullable,
        renamed_to=op.modify_name,
        using=option(op, "using"),
    )
    default = op.modify_server_default
    if default is not False:
        found["default"] = None if default is None else default_text(default, dialect)
    if op.modify_comment is not False:
        found["comment"] = op.modify_comment
    return found


def _create_index(op: Op, dialect: Dialect) -> Result:
    where = option(op, "where")
    return {
        "name": str(op.index_name or ""),
        "columns": [sql_text(column, dialect) for column in columns_of(op)],
        "unique": bool(op.unique),
        "concurrently": bool(option(op, "concurrently")),
        **truths(if_not_exists=getattr(op, "if_not_exists", None)),
        **kept(condition=sql_text(where, dialect) if where is not None else None),
    }


def _drop_index(op: Op, dialect: Dialect) -> Result:
    return {
        "name": str(op.index_name),
        "concurrently": bool(option(op, "concurrently")),
        **truths(if_exists=getattr(op, "if_exists", None)),
    }


def _foreign_key(op: Op, dialect: Dialect) -> Result:
    schema = op.kw.get("referent_schema")
    return {
        "name": str(op.constraint_name or ""),
        "columns": list(op.local_cols),
        "references": f"{schema}.{op.referent_table}" if schema else str(op.referent_table),
        "not_valid": bool(option(op, "not_valid")),
    }


def _check(op: Op, dialect: Dialect) -> Result:
    return {
        "name": str(op.constraint_name or ""),
        "condition": sql_text(op.condition, dialect),
        "not_valid": bool(option(op, "not_valid")),
    }


def _columns(op: Op, dialect: Dialect) -> Result:
    return {"name": str(op.constraint_name or ""), "columns": [str(each) for each in op.columns]}


def _drop_constraint(op: Op, dialect: Dialect) -> Result:
    return {"name": str(op.constraint_name or ""), **kept(constraint_type=op.constraint_type)}


def _rename_table(op: Op, dialect: Dialect) -> Result:
    return {"renamed_to": str(op.new_table_name)}


def _create_table(op: Op, dialect: Dialect) -> Result:
    return {"columns": [each.name for each in op.columns if hasattr(each, "type")]}


def _insert(op: Op, dialect: Dialect) -> Result:
    return {"rows": len(op.rows)}


GATHER: dict[type, Callable[[Op, Dialect], Result]] = {
    ops.AddColumnOp: _add_column,
    ops.AlterColumnOp: _alter_column,
    ops.BulkInsertOp: _insert,
    ops.CreateCheckConstraintOp: _check,
    ops.CreateForeignKeyOp: _foreign_key,
    ops.CreateIndexOp: _create_index,
    ops.CreatePrimaryKeyOp: _columns,
    ops.CreateTableOp: _create_table,
    ops.CreateUniqueConstraintOp: _columns,
    ops.DropConstraintOp: _drop_constraint,
    ops.DropIndexOp: _drop_index,
    ops.RenameTableOp: _rename_table,
}
