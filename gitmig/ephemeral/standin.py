"""Stand-ins for two extensions that ready-made PostgreSQL builds lack: uuid-ossp and pgcrypto.

PostgreSQL 18 and later looks for extensions in further folders (``extension_control_path``). What
is laid out there makes ``CREATE EXTENSION`` work and gives the functions that defaults mostly name,
on top of ``gen_random_uuid()``, which every server has. They are always announced.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gitmig.ephemeral.programs import Programs

FIRST = 18  # the major version with extension_control_path
CONTROL = "comment = 'stand-in by gitmig'\ndefault_version = '1.1'\nrelocatable = true\n"
RANDOM = "CREATE FUNCTION {name} RETURNS uuid LANGUAGE sql AS 'SELECT pg_catalog.gen_random_uuid()'"
FIXED = "CREATE FUNCTION {name}() RETURNS uuid LANGUAGE sql IMMUTABLE AS $$SELECT '{value}'::uuid$$"
HASHED = (
    "CREATE FUNCTION {name}(namespace uuid, name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS "
    "$$SELECT pg_catalog.md5($1::text || $2)::uuid$$"
)
SPACES = {
    "uuid_nil": "00000000-0000-0000-0000-000000000000",
    "uuid_ns_dns": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "uuid_ns_url": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
    "uuid_ns_oid": "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
    "uuid_ns_x500": "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
}  # RFC 4122, appendix C
GENERATORS = ("uuid_generate_v1()", "uuid_generate_v1mc()", "uuid_generate_v4()")
SCRIPTS = {
    "uuid-ossp": [
        *(RANDOM.format(name=name) for name in GENERATORS),
        *(HASHED.format(name=name) for name in ("uuid_generate_v3", "uuid_generate_v5")),
        *(FIXED.format(name=name, value=value) for name, value in SPACES.items()),
    ],
    "pgcrypto": [],
}
WHAT_LACKS = {
    "uuid-ossp": "its uuids are random or of another hash",
    "pgcrypto": "it has gen_random_uuid() and nothing else",
}


def can_stand_in(programs: Programs, missing: Sequence[str]) -> bool:
    """Say whether everything that an installation lacks has a stand-in that it would take."""
    if not missing or not set(missing) <= set(SCRIPTS):
        return False
    told = subprocess.run([programs.server, "-V"], capture_output=True, text=True, check=False)
    version = re.search(r"(\d+)", told.stdout)
    return version is not None and int(version[1]) >= FIRST


def lay_out(folder: Path) -> Path:
    """Write the stand-ins below a folder; return what ``extension_control_path`` shall name."""
    share = folder / "share"
    (share / "extension").mkdir(parents=True, exist_ok=True)
    for name, statements in SCRIPTS.items():
        (share / "extension" / f"{name}.control").write_text(CONTROL)
        script = "".join(f"{statement};\n" for statement in statements)
        (share / "extension" / f"{name}--1.1.sql").write_text(script)
    return share


def announce(missing: Sequence[str]) -> tuple[str, ...]:
    """Return what to say of the stand-ins that are used."""
    return tuple(f"a stand-in is used for the extension {name}: {WHAT_LACKS[name]}"
                 for name in missing)  # fmt: skip
