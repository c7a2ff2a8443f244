"""Functions of the project that the settings name, as ``module:function``."""

from __future__ import annotations

import importlib
from typing import Any

from .failures import Failure, one_line, place
from .shapes import Connection


def call(setting: str, name: str, tree: str, connection: Connection) -> None:
    """Call what a setting names with a connection; raises ``setting_failed``."""
    function = find(setting, name)
    try:
        function(connection)
    except BaseException as error:
        path, line = place(error, (tree,))
        raise Failure("setting_failed", f"{name} fails: {one_line(error)}", setting=setting,
                      path=path, line=line) from error  # fmt: skip


def find(setting: str, name: str) -> Any:
    """Return the function that a setting names; raises ``setting_failed``."""
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, attribute, None)
    except ImportError as error:
        raise Failure("setting_failed", f"{module_name} cannot be imported: {one_line(error)}",
                      setting=setting) from error  # fmt: skip
    if not callable(found):
        raise Failure(
            "setting_failed", f"{module_name} has no function {attribute}", setting=setting
        )
    return found
