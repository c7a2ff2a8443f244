"""The texts that ``gitmig init`` writes: text in, text out, nothing is read or run."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence

from gitmig.sources import MetadataCandidate, module_name

_PLACEHOLDER = re.compile(
    r"^(sqlalchemy\.url[ \t]*=[ \t]*)driver://user:pass@localhost/dbname[ \t]*$", re.MULTILINE
)
_SECTION = re.compile(r"^\[alembic\][ \t\r]*\n", re.MULTILINE)
_OPTION = r"^{name}[ \t]*[=:][ \t]*(?P<value>.*(?:\n[ \t]+\S.*)*)$"
SETTINGS = """\
# None is needed; docs/settings.md of gitmig lists them all. The one most often set
# is the Python with the project's packages, where gitmig does not find it by itself:
# python = ".venv/bin/python"
"""
_SEPARATORS = {"space": " ", "newline": "\n    ", ";": ";"}  # all others mean ":" on POSIX


def import_lines(
    candidate: MetadataCandidate, modules: Sequence[str], roots: Sequence[str]
) -> list[str]:
    """Give the imports an env.py needs: the metadata, and every file with models on it.

    ``modules`` are paths, as ``sources.model_modules`` gives them, ``roots`` the folders on
    ``sys.path``.
    """
    own = "sqlmodel" if candidate.kind == "sqlmodel" else module_name(candidate.path, roots)
    others = [name for path in modules if (name := module_name(path, roots)) != own]
    needless = "  # noqa: F401"  # linters cannot know that the import registers the tables
    return [
        *(f"import {name}{needless}" for name in others),
        f"from {own} import {candidate.name}",
    ]


def wire_env(env_text: str, imports: list[str], expression: str) -> str | None:
    """Set ``target_metadata`` of an env.py to ``expression``, with ``imports`` after its own.

    Only a single top-level ``target_metadata = None``, as ``alembic init`` writes it, is
    replaced; all else stays as it is. None where there is no such line (already wired, or
    several databases), or where an import would hide a name that env.py imports itself.
    """
    tree, wanted = _parsed(env_text), _parsed("\n".join(imports))
    if tree is None or wanted is None:
        return None
    values = [value for node in tree.body if (value := _empty_metadata(node))]
    if len(values) != 1:
        return None
    value = values[0]
    above = [node for node in tree.body if _is_import(node) and node.lineno < value.lineno]
    if not above or _imported(above) & _imported(wanted.body):
        return None
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", env_text)  # as ast counts them
    row = lines[value.lineno - 1].encode()  # ast counts columns in bytes
    row = row[: value.col_offset] + expression.encode() + row[value.end_col_offset :]
    lines[value.lineno - 1] = row.decode()
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    added = [ending, *(line + ending for line in imports)] if imports else []
    last = above[-1].end_lineno or above[-1].lineno
    wired = "".join([*lines[:last], *added, *lines[last:]])
    return wired if _parsed(wired) else None


def set_url(ini_text: str, url: str) -> str:
    """Put ``url`` where ``alembic init`` left its placeholder; any other URL stays as it is."""
    escaped = url.replace("%", "%%")  # the ini file interpolates
    return _PLACEHOLDER.sub(lambda match: match[1] + escaped, ini_text, count=1)


def set_prepend_sys_path(ini_text: str, roots: Sequence[str]) -> str:
    """Set ``prepend_sys_path`` of the ``[alembic]`` section to ``roots`` (``""``: its folder).

    The roots are joined by the separator that the file names. Where the option is missing it is
    added, with ``path_separator = os`` if that is missing too. Without the section the text comes
    back unchanged.
    """
    section = _SECTION.search(ini_text)
    if section is None:
        return ini_text
    head, body = ini_text[: section.end()], ini_text[section.end() :]
    end = re.search(r"^\[", body, re.MULTILINE)
    body, tail = (body[: end.start()], body[end.start() :]) if end else (body, "")
    named = re.search(_OPTION.format(name="path_separator"), body, re.MULTILINE)
    separator = _SEPARATORS.get(named["value"].strip(), ":") if named else ":"
    line = f"prepend_sys_path = {separator.join(root or '.' for root in roots)}"
    present = re.search(_OPTION.format(name="prepend_sys_path"), body, re.MULTILINE)
    if present:
        return head + body[: present.start()] + line + body[present.end() :] + tail
    added = line + "\n" + ("" if named else "path_separator = os\n")
    return head + added + body + tail


_WORKFLOW = """\
name: gitmig
on:
  pull_request:
  push:
    branches: [{branch}]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    defaults:
      run:
        working-directory: {directory}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0  # what is published is asked of the base branch's history
      - uses: actions/setup-python@v5
        with:
          python-version: {python}
      - run: {install}
      - run: python -m pip install gitmig
      - run: gitmig check --base "$BASE" --format github --output "markdown:$GITHUB_STEP_SUMMARY"
        env:
          BASE: ${{{{ github.base_ref }}}}  # empty but for pull requests: then there is none
"""


def github_workflow(
    directory: str = "", install: str = "-e .", branch: str = "main", python: str = "3.x"
) -> str:
    """Give .github/workflows/gitmig.yml: ``gitmig check`` for pull requests and ``branch``.

    The base branch's name comes by way of the environment: a branch can be called ``$(…)``.

    ``directory`` is the project's folder from the top level, ``install`` what pip is to install
    there (``-e .`` or ``-r requirements.txt``), ``python`` the version for setup-python.
    """
    return _WORKFLOW.format(
        branch=json.dumps(branch),  # JSON strings are YAML strings
        directory=json.dumps(directory or "."),
        python=json.dumps(python),
        install=json.dumps(f"python -m pip install {install}"),
    )


def gitignore_with(text: str, line: str) -> str | None:
    """Add ``line`` to a .gitignore, with its line ends; None where it is there already."""
    if line in (present.strip() for present in text.splitlines()):
        return None
    ending = "\r\n" if "\r\n" in text else "\n"
    return text + ("" if not text or text.endswith("\n") else ending) + line + ending


def _empty_metadata(node: ast.stmt) -> ast.Constant | None:
    """Give the ``None`` of ``target_metadata = None``."""
    if isinstance(node, ast.Assign):
        target = node.targets[0] if len(node.targets) == 1 else None
    else:
        target = node.target if isinstance(node, ast.AnnAssign) else None
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    is_metadata = isinstance(target, ast.Name) and target.id == "target_metadata"
    empty = isinstance(value, ast.Constant) and value.value is None
    return value if is_metadata and empty and isinstance(value, ast.Constant) else None


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _imported(nodes: Sequence[ast.stmt]) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return names


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):  # the latter for null bytes, before Python 3.12
        return None
