"""What makes a drop and an add a rename for certain, from both sides (C11)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from alembic.operations import ops
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text

from gitmig._worker.failures import Failure
from gitmig._worker.moves import in_order
from gitmig._worker.pairing import Evidence, columns_renamed
from gitmig._worker.tablepairs import tables_renamed

ID = Column("id", Integer, primary_key=True)


def table(name: str, *columns: Column[Any]) -> Table:
    """Return a table with copies of the columns."""
    return Table(name, MetaData(), *(column._copy() for column in columns))


def changed(old: list[Column[Any]], new: list[Column[Any]]) -> Any:
    """Return what Alembic finds between two versions of a table."""
    before, after = table("users", *old), table("users", *new)
    names = {column.name for column in old} & {column.name for column in new}
    made = [ops.AddColumnOp.from_column_and_tablename(None, "users", column)
            for column in after.columns if column.name not in names]  # fmt: skip
    made += [ops.DropColumnOp.from_column_and_tablename(None, "users", column)
             for column in before.columns if column.name not in names]  # fmt: skip
    return ops.UpgradeOps([ops.ModifyTableOps("users", made)])


def renamed(old: list[Column[Any]], new: list[Column[Any]]) -> tuple[dict[str, str], list[str]]:
    """Return the renames between two versions of a table, and the columns there are doubts on."""
    evidence = Evidence()
    found = list(columns_renamed(changed(old, new), evidence))
    return {op.column_name: op.modify_name for op in found}, [each.old for each in evidence.likely]


NAME, SIZE = Column("name", String(50)), Column("size", Integer)


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([ID, NAME], [ID, Column("full_name", String(50))], {"name": "full_name"}),
        ([ID, NAME], [ID, Column("full_name", Text, nullable=False)], {"name": "full_name"}),
        ([ID, Column("adress", Text)], [ID, Column("address", Text)], {"adress": "address"}),
        (
            [ID, Column("first", Text), Column("last", Text)],
            [ID, Column("first_name", Text), Column("last_name", Text)],
            {"first": "first_name", "last": "last_name"},
        ),
        (
            [ID, NAME, SIZE],
            [ID, Column("full_name", Text), SIZE, Column("email", Text)],
            {"name": "full_name"},
        ),
    ],
    ids=["longer name", "and another type", "a slip", "two at once", "beside a new column"],
)
def test_certain(old: list[Column[Any]], new: list[Column[Any]], pairs: dict[str, str]) -> None:
    """One family of types, one place, names alike, and no other partner: a rename."""
    assert renamed(old, new) == (pairs, [])


@pytest.mark.parametrize(
    ("old", "new", "doubtful"),
    [
        ([ID, NAME], [ID, Column("bio", Text)], ["name"]),
        ([ID, NAME, SIZE], [ID, SIZE, Column("full_name", Text)], ["name"]),
        (
            [ID, NAME],
            [ID, Column("first_name", Text), Column("name_two", Text)],
            ["name"],
        ),
        ([ID, NAME], [ID, Column("full_name", Boolean)], []),
        ([ID, NAME], [ID, Column("count", Integer)], []),
    ],
    ids=["other name", "other place", "two partners", "other type, alike", "other type"],
)
def test_not_certain(old: list[Column[Any]], new: list[Column[Any]], doubtful: list[str]) -> None:
    """Anything less is a drop and an add; where the values could be the same, it is said."""
    assert renamed(old, new) == ({}, doubtful)


def test_another_primary_key() -> None:
    """Tables alike in all but their primary key are no rename, not even of one class."""
    keyed = [Column("id", Integer), Column("name", String(50), primary_key=True)]
    assert tables([table("users", ID, NAME)], [table("app_users", *keyed)]) == ({}, ["users"])
    before, after = {"users": facts(id="id")}, {"people": facts(id="id")}
    made = [ops.CreateTableOp.from_table(table("people", *keyed)),
            ops.DropTableOp.from_table(table("users", ID, NAME))]  # fmt: skip
    assert list(tables_renamed(ops.UpgradeOps(made), Evidence(before, after))) == []


def test_a_declared_rename_is_obeyed() -> None:
    """What the model declares is a rename, whatever its name, place and type."""
    bio = Column("bio", Integer, info={"renamed_from": "name"})
    assert renamed([ID, NAME, SIZE], [ID, SIZE, bio]) == ({"name": "bio"}, [])


def test_a_declared_rename_of_nothing() -> None:
    """A declared rename of a column that does not go is refused by name."""
    bio = Column("bio", Text, info={"renamed_from": "nmae"})
    with pytest.raises(Failure, match=r"users\.bio is declared to have been nmae"):
        renamed([ID, NAME], [ID, bio])


def tables(old: list[Table], new: list[Table]) -> tuple[dict[str, str], list[str]]:
    """Return the renames among dropped and created tables, and the doubts."""
    made: list[Any] = [ops.CreateTableOp.from_table(each) for each in new]
    made += [ops.DropTableOp.from_table(each) for each in old]
    evidence = Evidence()
    found = list(tables_renamed(ops.UpgradeOps(made), evidence))
    names = {op.table_name: op.new_table_name for op in found}
    return names, [each.old for each in evidence.likely]


@pytest.mark.parametrize(
    ("old", "new", "pairs", "doubtful"),
    [
        (table("users", ID, NAME), table("app_users", ID, NAME), {"users": "app_users"}, []),
        (
            table("users", ID, NAME),
            table("app_users", ID, Column("full_name", String(50))),
            {"users": "app_users"},
            [],
        ),
        (table("users", ID, NAME), table("people", ID, NAME), {}, ["users"]),
        (table("users", ID, NAME), table("users_log", ID, SIZE), {}, ["users"]),
        (table("users", ID, NAME), table("tags", Column("key", Text), SIZE), {}, []),
    ],
    ids=["alike", "and a column", "other name", "other column", "nothing in common"],
)
def test_tables(old: Table, new: Table, pairs: dict[str, str], doubtful: list[str]) -> None:
    """A table is renamed for certain where names are alike and each column has its partner."""
    assert tables([old], [new]) == (pairs, doubtful)


def test_a_declared_rename_of_a_table() -> None:
    """``info`` of a table declares what it was."""
    people = Table("people", MetaData(), Column("key", Text), info={"renamed_from": "users"})
    assert tables([table("users", ID, NAME)], [people]) == ({"users": "people"}, [])


def facts(class_name: str = "User", /, **attributes: str) -> dict[str, Any]:
    """Return what the models say of a table: its class, and by attribute the column."""
    return {
        "class": class_name,
        "attributes": {column: each for each, column in attributes.items()},
    }


BIO = Column("bio", Text)


@pytest.mark.parametrize(
    ("before", "after", "new", "pairs"),
    [
        (facts(name="name"), facts(name="bio"), BIO, {"name": "bio"}),
        (facts(name="name"), facts(bio="bio"), BIO, {}),
        (facts(name="name"), facts(name="bio"), Column("bio", Integer), {}),
        ({}, facts(name="bio"), BIO, {}),
        (facts(name="name", other="else"), facts(name="else", other="full_name"),
         Column("full_name", Text), {}),
        (facts(name="name"), facts(full_name="full_name"), Column("full_name", Text),
         {"name": "full_name"}),
    ],
    ids=["same", "another", "same, other type", "unknown before", "alike, but of others", "alike"],
)  # fmt: skip
def test_same_attribute(
    before: dict[str, Any], after: dict[str, Any], new: Column[Any], pairs: dict[str, str]
) -> None:
    """Columns of one attribute are one; those of attributes that are both there are not."""
    evidence = Evidence({"users": before}, {"users": after})
    found = columns_renamed(changed([ID, NAME], [ID, new]), evidence)
    assert {op.column_name: op.modify_name for op in found} == pairs


def test_same_attribute_of_a_renamed_table() -> None:
    """The attributes of a table that has another name are those that it had under the old one."""
    evidence = Evidence({"people": facts(name="name")}, {"users": facts(name="bio")})
    evidence.tables["users"] = "people"
    [found] = columns_renamed(changed([ID, NAME], [ID, BIO]), evidence)
    assert (found.column_name, found.modify_name) == ("name", "bio")


@pytest.mark.parametrize(
    ("before", "after", "new", "pairs"),
    [
        ({"users": facts()}, {"people": facts()}, [ID, NAME], {"users": "people"}),
        ({"users": facts()}, {"people": facts()}, [ID, SIZE], {"users": "people"}),
        ({"users": facts()}, {"people": facts()}, [Column("key", Text), SIZE], {}),
        ({"users": facts()}, {"people": facts("Person")}, [ID, NAME], {}),
        ({"users": facts()}, {"people": facts(), "users": facts("Old")}, [ID, NAME], {}),
        ({"users": {}}, {"people": {}}, [ID, NAME], {}),
        (
            {"users": facts(name="name", size="size")},
            {"people": facts(name="bio", size="length")},
            [ID, BIO, Column("length", Integer)],
            {"users": "people"},
        ),
    ],
    ids=["same", "half", "less", "another", "still there", "no class", "by attributes"],
)  # fmt: skip
def test_same_class(
    before: dict[str, Any], after: dict[str, Any], new: list[Column[Any]], pairs: dict[str, str]
) -> None:
    """Tables of one class are one where half of their columns are."""
    old = [ID, NAME, SIZE] if len(new) == 3 else [ID, NAME]
    made = [ops.CreateTableOp.from_table(table("people", *new)),
            ops.DropTableOp.from_table(table("users", *old))]  # fmt: skip
    found = tables_renamed(ops.UpgradeOps(made), Evidence(before, after))
    assert {op.table_name: op.new_table_name for op in found} == pairs


def test_answered() -> None:
    """What a person said is a rename, and nothing else is one because of it."""
    evidence = Evidence(answered={(None, "users", "bio"): "name", (None, "tags", "size"): "name"})
    new = [ID, BIO, Column("names", Text)]
    [found] = columns_renamed(changed([ID, NAME, SIZE], new), evidence)
    assert (found.column_name, found.modify_name) == ("name", "bio")


@pytest.mark.parametrize(("said", "pairs"), [("users", {"users": "tags"}), ("people", {})])
def test_answered_of_a_table(said: str, pairs: dict[str, str]) -> None:
    """A person's word makes a table another one, of whatever columns."""
    made = [ops.CreateTableOp.from_table(table("tags", Column("key", Text))),
            ops.DropTableOp.from_table(table("users", ID, NAME))]  # fmt: skip
    evidence = Evidence(answered={(None, "", "tags"): said})
    found = tables_renamed(ops.UpgradeOps(made), evidence)
    assert {op.table_name: op.new_table_name for op in found} == pairs


def test_a_rival() -> None:
    """Two new columns that are nearly as much alike are no rename: one may have become two."""
    new = [ID, Column("lastname", Text), Column("firstname", Text)]
    assert renamed([ID, Column("fullname", Text)], new) == ({}, ["fullname"])


def test_two_declared_to_have_been_one() -> None:
    """One column cannot have become two."""
    new = [Column(name, Text, info={"renamed_from": "name"}) for name in ("one", "two")]
    with pytest.raises(Failure, match=r"users\.two is declared .*, and so is users\.one"):
        renamed([ID, NAME], [ID, *new])


@pytest.mark.parametrize(
    ("before", "refused"), [({"users": {}}, True), ({"tags": {}}, False), ({}, False)]
)
def test_a_declared_rename_of_no_table(before: dict[str, Any], refused: bool) -> None:
    """A new table that is declared to have been none is refused; an old declaration may stay."""
    tags = Table("tags", MetaData(), Column("key", Text), info={"renamed_from": "lables"})
    up = ops.UpgradeOps([ops.CreateTableOp.from_table(tags)])
    if refused:
        with pytest.raises(Failure, match="no table lables goes"):
            list(tables_renamed(up, Evidence(before)))
    else:
        assert list(tables_renamed(up, Evidence(before))) == []


@pytest.mark.parametrize(("old", "new"), [("measured_value", "value"), ("left", "right")])
def test_three_hundred_columns(old: str, new: str) -> None:
    """Every column of a wide table that has another name is settled in a few CPU seconds."""
    columns = [[ID, *(Column(f"{name}_{number}", Text) for number in range(300))]
               for name in (old, new)]  # fmt: skip
    started = time.process_time()
    pairs, doubtful = renamed(*columns)
    assert time.process_time() - started < 20 and (pairs, len(doubtful)) == ({}, 300)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start_date", "end_date"), ("min_price", "max_price"), ("is_active", "is_inactive"),
        ("created_at", "updated_at"), ("latitude", "longitude"), ("size_kb", "size_mb"),
        ("password", "password_hash"), ("price", "price_cents"), ("name", "last_name"),
    ],
)  # fmt: skip
def test_another_thing(old: str, new: str) -> None:
    """Names that share a word and mean another thing, or its opposite, are asked about (C11)."""
    found, likely = renamed([ID, Column(old, Text)], [ID, Column(new, Text)])
    assert (found, likely) == ({}, [old])


@pytest.mark.parametrize(
    ("old", "new"),
    [("userid", "user_id"), ("colour", "color"), ("recieved_at", "received_at")],
)
def test_the_same_thing(old: str, new: str) -> None:
    """Underscores and a slip in one word make no other thing (C11)."""
    assert renamed([ID, Column(old, Text)], [ID, Column(new, Text)]) == ({old: new}, [])


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("app.Hero", "app.SuperHero", {"hero": "superhero"}),
        ("app.Hero", "other.SuperHero", {}),
        ("app.Hero", "app.OldHero", {}),
        ("app.Hero", "app.Villain", {}),
    ],
    ids=["words more", "another module", "another one", "another name"],
)
def test_class_names(old: str, new: str, pairs: dict[str, str]) -> None:
    """A table that is written in one word has its words from the name of its class."""
    made = [ops.CreateTableOp.from_table(table("superhero", ID, NAME)),
            ops.DropTableOp.from_table(table("hero", ID, NAME))]  # fmt: skip
    evidence = Evidence({"hero": facts(old)}, {"superhero": facts(new)})
    found = tables_renamed(ops.UpgradeOps(made), evidence)
    assert {op.table_name: op.new_table_name for op in found} == pairs


def test_names_that_move_on() -> None:
    """Where a column takes the name of another that takes a third, the way is told."""
    after = {"users": {"columns": {each: {} for each in ("id", "name", "size", "bio")}}}
    bio = Column("bio", Text, info={"renamed_from": "name"})
    with pytest.raises(Failure, match="column name stays: say what that one has been, or"):
        list(columns_renamed(changed([ID, NAME, SIZE], [ID, NAME, bio]), Evidence({}, after)))


@pytest.mark.parametrize(
    ("moves", "there", "steps"),
    [
        ({"b": "a", "c": "b"}, "ab", ["b>c", "a>b"]),
        ({"a": "b", "b": "a"}, "ab", ["b>b_before", "a>b", "b_before>a"]),
        ({"a": "b", "b": "c", "c": "a"}, "abc", ["b>b_before", "c>b", "a>c", "b_before>a"]),
        ({"b": "a", "c": "b"}, "bc", []),
    ],
    ids=["on", "exchanged", "in a circle", "done already"],
)
def test_the_order_of_moves(moves: dict[str, str], there: str, steps: list[str]) -> None:
    """Columns that take each other's names are renamed when the next name is free (C11)."""
    assert [f"{old}>{new}" for _, old, new in in_order(moves, there)] == steps


def test_circles_that_may_be_done() -> None:
    """What a revision of one's own may have exchanged already is not exchanged again (C11)."""
    moves = {"a": "b", "b": "a", "d": "c", "e": "d"}
    assert list(in_order(moves, "abcd", circles=False)) == [("d", "d", "e"), ("c", "c", "d")]
