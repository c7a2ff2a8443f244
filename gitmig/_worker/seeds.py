"""The rows that a project gives itself: ``seed`` in the settings."""

from __future__ import annotations

from .callables import call
from .scripts import run_file
from .shapes import Connection


class Seed:
    """What ``seed`` names: a file of SQL (from the top of ``tree``) or ``module:function``."""

    def __init__(self, setting: str, tree: str) -> None:
        self.setting = setting
        self.tree = tree

    def give(self, connection: Connection) -> None:
        """Insert the rows; raises ``setting_failed``."""
        if self.setting.endswith(".sql"):
            run_file("seed", self.setting, self.tree, connection)
        elif self.setting:
            call("seed", self.setting, self.tree, connection)
