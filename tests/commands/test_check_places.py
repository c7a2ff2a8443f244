"""What is lost and what a downgrade leaves are told at the line that does it (K2, K3)."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from support import Project, use_url

TABLE = (
    "CREATE TABLE {t} (id integer PRIMARY KEY, name varchar(20), n integer, at varchar(30))",
    "CREATE TABLE {t}_child (id integer PRIMARY KEY, own integer, "
    "FOREIGN KEY (own) REFERENCES {t} (id) ON DELETE CASCADE)",
)
HELPERS = '''
import sqlalchemy as sa


def keep(op, table):
    """Add a column."""
    op.add_column(table, sa.Column("kept", sa.Integer()))
    op.add_column(table, sa.Column("other", sa.Integer()))


def clean(op, table):
    """Take rows away."""
    op.execute(f"DELETE FROM {table} WHERE id > 0")
'''
# what goes up and down; a line that ends in `#!` and codes is one at which they are told, and one
# in round brackets is so on servers alone, which look at foreign keys, in square ones on SQLite
Case = tuple[str, str]
CASES: Mapping[str, Case] = {
    "a column that stays": ('op.add_column("{t}", sa.Column("kept", sa.Integer()))  #! GM202', ""),
    "an f-string in a loop": (
        'for name in ["name", "n"]:\n'
        '    op.execute(f"CREATE INDEX ix_{t}_{name} ON {t} ({name})".format(t="{t}"))  #! GM202',
        'op.drop_index("ix_{t}_n", "{t}")',
    ),
    "a helper": (
        'from helpers import keep\nkeep(op, "{t}")  #! GM202',
        'op.drop_column("{t}", "other")',
    ),
    "another type": (
        'op.drop_column("{t}", "n")  #! GM503',
        'op.add_column("{t}", sa.Column("n", sa.Text()))  #! GM202',
    ),
    "in batch mode": (
        'with op.batch_alter_table("{t}") as batch:\n'
        '    batch.add_column(sa.Column("more", sa.Integer()))\n'
        '    batch.drop_column("n")  #! GM503',
        'with op.batch_alter_table("{t}") as batch:\n'
        '    batch.drop_column("more")\n'
        '    batch.add_column(sa.Column("n", sa.Text()))  #! GM202',
    ),
    "some of several": (
        'op.add_column("{t}", sa.Column("a", sa.Integer()))  #! GM202\n'
        'op.add_column("{t}", sa.Column("b", sa.Integer()))\n'
        'op.create_table("{t}_more", sa.Column("id", sa.Integer()))  #! GM202\n'
        'op.create_index("{t}_more_ix", "{t}_more", ["id"])',
        'op.drop_column("{t}", "b")',
    ),
    "nothing goes back": (
        'op.add_column("{t}", sa.Column("a", sa.Integer()))\n'
        'op.add_column("{t}", sa.Column("b", sa.Integer()))',
        "pass  #! GM202",
    ),
    "a view": (
        'op.execute("CREATE VIEW {t}_seen AS SELECT id FROM {t}")  #! GM202\n'
        'op.add_column("{t}", sa.Column("a", sa.Integer()))',
        'op.drop_column("{t}", "a")',
    ),
    "the connection": (
        'bind = op.get_bind()\n'
        'bind.execute(sa.text("DELETE FROM {t} WHERE id > 0"))  #! GM503 (GM502) [GM501]\n'
        'op.add_column("{t}", sa.Column("more", sa.Integer()))',
        'op.drop_column("{t}", "more")',
    ),
    "a session": (
        "from sqlalchemy import orm\n"
        'kind = orm.registry().map_imperatively(type("Kind", (), {}), sa.Table("{t}_child", '
        'sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))).class_\n'
        "session = orm.Session(bind=op.get_bind())\n"
        "for each in session.query(kind):\n"
        "    session.delete(each)\n"
        "session.flush()  #! GM503\n"
        'op.add_column("{t}_child", sa.Column("more", sa.Integer()))',
        'op.drop_column("{t}_child", "more")',
    ),
    "a helper that deletes": (
        'from helpers import clean\nclean(op, "{t}_child")  #! GM503\n'
        'op.execute("UPDATE {t} SET name = name")',
        "",
    ),
    "values": (
        "op.execute(\"UPDATE {t} SET name = 'x'\")  #! GM503\n"
        'op.execute("UPDATE {t} SET n = 3")  #! GM503\n'
        'op.create_index("{t}_ix", "{t}", ["at"])',
        'op.drop_index("{t}_ix", "{t}")',
    ),
    "under its new name": (
        'op.rename_table("{t}", "{t}_new")\n'
        'op.execute("DELETE FROM {t}_new WHERE id > 0")  #! GM503 (GM502) [GM501]',
        'op.rename_table("{t}_new", "{t}")',
    ),
    "on the way down": (
        'op.add_column("{t}_child", sa.Column("more", sa.Integer()))',
        'op.execute("DELETE FROM {t}_child WHERE id > 0")  #! GM503\n'
        'op.drop_column("{t}_child", "more")',
    ),
    "a table": ('op.drop_table("{t}_child")  #! GM503',
                'op.execute("{child}")'),
}  # fmt: skip
POSTGRESQL: Mapping[str, Case] = {
    "rights": (
        'op.execute("GRANT SELECT ON {t} TO PUBLIC")  #! GM202\n'
        'op.execute("COMMENT ON TABLE {t}_child IS \'c\'")',
        'op.execute("COMMENT ON TABLE {t}_child IS NULL")',
    ),
    "a type": (
        'kind = sa.Enum("a", "b", name="{t}_kind")\n'
        "kind.create(op.get_bind())  #! GM202\n"
        'op.add_column("{t}", sa.Column("kind", kind))',
        'op.drop_column("{t}", "kind")',
    ),
    "fewer characters": (
        'op.execute("ALTER TABLE {t} ALTER at TYPE varchar(30) USING left(at, 5)")  #! GM502\n'
        'op.alter_column("{t}", "name", type_=sa.Text())',
        'op.alter_column("{t}", "name", type_=sa.String(20))',
    ),
    "there and back": (
        'op.alter_column("{t}", "at", type_=sa.String(9), postgresql_using="left(at,9)")  #! GM502',
        'op.alter_column("{t}", "at", type_=sa.String(30))',
    ),
    "a function of its own": (
        'op.execute("CREATE FUNCTION {t}_purge() RETURNS void LANGUAGE sql AS '
        "'DELETE FROM {t}_child WHERE id > 1'\")\n"
        'op.execute("SELECT {t}_purge()")  #! GM503\n'
        'op.execute("UPDATE {t} SET name = name")',
        'op.execute("DROP FUNCTION {t}_purge()")',
    ),
}  # fmt: skip


def begin(project: Project, cases: Mapping[str, Case]) -> dict[str, set[str]]:
    """Let a branch have a revision for each case; return the codes to be told, by path and line."""
    project.write("helpers.py", HELPERS)
    made = [f"op.execute({sql.format(t=f't{n}')!r})" for n in range(len(cases)) for sql in TABLE]
    project.revision("base00000000", None, "\n    ".join(made), "pass", "tables")
    project.commit_all("the base")
    project.git("switch", "-q", "-c", "feature")
    server = "sqlite" not in project.read("alembic.ini")
    wanted: dict[str, set[str]] = {}
    parent = "base00000000"
    for number, ways in enumerate(cases.values()):
        name = f"case{number:02}000000"
        table = f"t{number}"
        sent = [way.replace("{t}", table).replace("{child}", TABLE[1].format(t=table))
                for way in ways]  # fmt: skip
        up, down = (textwrap.indent(way or "pass", "    ").strip() for way in sent)
        path = project.revision(name, parent, up, down)
        lines = project.read(path).splitlines()
        for line, text in enumerate(lines, 1):
            told = text.partition("#!")[2].split()
            codes = {each.strip("()[]") for each in told if ("[" if server else "(") not in each}
            if codes and "pass" in text:
                line -= 1
            wanted.update({f"{path}:{line}": codes} if codes else {})
        project.write(path, "\n".join(re.sub(r"  #!.*", "", each) for each in lines) + "\n")
        parent = name
    project.git("add", "-A")
    return wanted


def told(project: Project) -> dict[str, set[str]]:
    """Return the codes of what is told of downgrades and rows, by path and line."""
    result = project.gitmig("check", "--base", "main", "--format", "json", code=1)
    report = json.loads(result.stdout)
    assert "gates" in report, report
    found: dict[str, set[str]] = {}
    for each in report["findings"]:
        assert each["code"] not in ("GM101", "GM201"), each
        if each["code"].startswith(("GM2", "GM5")):
            found.setdefault(f"{each['path']}:{each['line']}", set()).add(each["code"])
    return found


def test_on_sqlite(project: Project) -> None:
    """Findings of downgrade and rows stand at the line that did it, on SQLite."""
    wanted = begin(project, CASES)
    assert told(project) == wanted


def without_base(project: Project) -> None:
    """Assert that GM202 stands where it does with a base."""
    places = {place for place, codes in begin(project, CASES).items() if "GM202" in codes}
    report = json.loads(project.gitmig("check", "--format", "json", code=1).stdout)
    found = {f"{each['path']}:{each['line']}" for each in report["findings"]
             if each["code"] == "GM202" and "base0" not in each["path"]}  # fmt: skip
    assert found == places
    markdown = project.gitmig("check", "--format", "markdown", code=1).stdout
    assert "add t0.kept" not in markdown  # what it did is told of new revisions alone


def test_without_a_base_on_sqlite(project: Project) -> None:
    """Without a base, where every revision is walked, what a downgrade leaves has its line, too."""
    without_base(project)


def test_without_a_base_on_postgresql(pg: Project) -> None:
    """So it has on PostgreSQL."""
    without_base(pg)


def test_on_postgresql(pg: Project) -> None:
    """So they do on PostgreSQL, of what only that has, too."""
    wanted = begin(pg, {**CASES, **POSTGRESQL})
    assert told(pg) == wanted


def test_on_mariadb(project: Project, memory: Path) -> None:
    """So they do on MariaDB."""
    use_url(project, "mysql+pymysql://ada:secret@production.invalid/app")
    project.env["TMPDIR"] = str(memory)
    wanted = begin(project, CASES)
    assert told(project) == wanted
