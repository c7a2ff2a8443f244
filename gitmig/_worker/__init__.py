"""The worker: gitmig's half that runs in the project's own interpreter.

It needs Python 3.9, the standard library and the project's Alembic (1.7 or later) and
SQLAlchemy, and imports nothing of gitmig outside this folder. It is started as
``python -c BOOTSTRAP folder descriptor`` and loaded under the private name ``_gitmig_worker``, so
that it shadows no module of the project.

Protocol. One JSON object comes in on the descriptor, one goes out on the stdout the process was
started with; whatever the project prints goes to stderr instead. One request a process. Every
request::

    {"operation": "generate" | "merge" | "check" | "preview" | "alembic" | "describe" | "init" |
                  "residue" | "deploy" | "trace" | "fold" | "meeting" | "schema",
     "tree": "/abs/snapshot",      the files the operation works on
     "root": "/abs/repository",    the user's work tree (equal to "tree" when used in place)
     "directory": "services/a",    where Alembic is run, relative to the tree
     "ini": "alembic.ini", "toml": "", "section": "alembic",   relative to the directory
     "run": "/abs/run directory",  for ephemeral databases; made and removed by the caller
     "registry": "/abs/folder",    notes of databases on a given server, while they exist
     "prepare": {"mysql": [...]},  statements to run in each new database, by its kind
     "cache": "/abs/folder",       replayed SQLite databases, and notes; empty for none
     "pycache": "/abs/folder",     where compiled project modules go, never beside the sources
     "env": {},                    what the settings add to the environment
     "x": [],                      and to Alembic's command line, as with -x; not where attached
     "line": 7,                    socket for remarks and questions, JSON lines; -1 for none
     "log": 8,                     file for what is under way, JSON lines; -1 for none
     "attached": false,            works on a real database, for a user at a terminal
     ...}                          what the operation asks for besides, see its module

The answer is ``{"result": ...}`` or ``{"error": {"kind": ..., "message": ..., ...}}``; ``kind``
is one of ``failures.KINDS``.
"""
