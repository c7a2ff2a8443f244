"""What a statement or an operation does to a database, one thing at a time, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

# The kinds, and what the fields hold besides the table:
#   create table, drop table      flags: if, cascade, as
#   rename table                  to: the new name
#   add column                    name, to: the type; flags: not null, default, generated, if,
#                                 references, unique
#   drop column                   name; flags: if, cascade
#   rename column                 name, to: the new name
#   change type                   name, to: the type
#   set not null, drop not null   name
#   set default, drop default     name
#   create index                  name; flags: unique, concurrently, only, if
#   drop index                    name; flags: concurrently, if, cascade
#   add constraint                name, to: what it is (foreign key, check, unique, primary key,
#                                 exclude); flags: not valid, using index; condition: of a check
#   drop constraint               name, to: what it is, where that is said; flags: if, cascade
#   validate constraint           name
#   insert, update, delete        flags: where, select; to: the columns of an update that gives
#                                 each a constant
#   truncate                      flags: cascade
#   refresh, cluster, vacuum full, reindex
#   create, drop                  to: the kind of object, name; flags: if, cascade, replace
#   rename value, add value       name: the enum type, to: the value
#   set, reset                    name: the setting, to: the value; flags: local
#   disable trigger, enable trigger  name
#   server                        to: the words that reach beyond the database
#   revoke                        to: the rights
#   commit, rollback


@dataclass(frozen=True)
class Change:
    """One thing that is done; the kinds and their fields are listed above.

    A flag ``if`` is IF EXISTS or IF NOT EXISTS: it can be done twice.
    """

    kind: str
    table: str = ""
    name: str = ""
    to: str = ""
    flags: frozenset[str] = frozenset()
    condition: str = ""

    def has(self, flag: str) -> bool:
        """Say whether a flag is set."""
        return flag in self.flags


def same(one: str, other: str) -> bool:
    """Say whether two names of tables mean the same one; a schema counts where both have it."""
    ones, others = one.lower().split("."), other.lower().split(".")
    length = min(len(ones), len(others))
    return ones[-length:] == others[-length:]
