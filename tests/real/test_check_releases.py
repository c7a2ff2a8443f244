"""Two releases each as base and branch, with the authors' own revisions: what `check` finds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from projects import DSTACK, FRACTAL_SERVER, OPTUNA
from releases import Distribution, Downloads
from support import Project
from upgrades import install_editable

pytestmark = pytest.mark.real

WRITES = "the base's code cannot add rows: {} is NOT NULL without a server default, and it does " \
    "not write it"  # fmt: skip
READS = "the base's code still reads what is gone: {}"


@dataclass(frozen=True)
class Case:
    """Two releases, and by code what models and the old code meet: place → what is said."""

    distribution: Distribution
    old: str
    new: str
    found: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the case's name in a report."""
        return f"{self.distribution.name}-{self.new}"


CASES = (
    Case(
        OPTUNA,
        "3.1.1",
        "3.2.0",
        {
            "GM301": {
                "": "the models ask for what no revision does: add ix_trials_study_id",
                "v3.2.0.a:19": "the models ask for what no revision does: drop trials_study_id_key",
            },
            "GM303": {
                "": "2 differences between models and schema are older than this branch: create "
                "table trial_heartbeats; alter trial_values.trial_id (NOT NULL)"
            },
        },
    ),
    Case(
        FRACTAL_SERVER,
        "2.4.0",
        "2.5.0",
        {
            "GM601": {
                "d9a140db5d42:62": READS.format("workflowtaskv2.is_legacy_task"),
                "d9a140db5d42:63": READS.format("workflowtaskv2.task_legacy_id"),
                "d9a140db5d42:66": READS.format("task.is_v2_compatible"),
            },
            "GM603": {
                "d9a140db5d42:23": "the base's code may be refused: workflowtaskv2.task_id is NOT "
                "NULL now, and it may leave it NULL"
            },
        },
    ),
    Case(
        DSTACK,
        "0.18.1",
        "0.18.2",
        {
            "GM602": {
                "c154eece89da:45": WRITES.format("gateway_computes.active"),
                "c154eece89da:48": WRITES.format("gateways.status"),
                "c154eece89da:49": WRITES.format("gateways.last_processed_at"),
            }
        },
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case: Case, downloads: Downloads, empty: Project) -> None:
    """Drift that is the release's own, and what the old release's code would meet (K1, C13)."""
    distribution = case.distribution
    install_editable(empty.path, downloads.packages(distribution))
    empty.env.update(distribution.variables, HOME=str(empty.path.parent))
    empty.write(".gitignore", "/.venv/\n__pycache__/\n*.db\n")
    for version in (case.old, case.new):
        downloads.unpack(distribution, version, empty.path)
        empty.commit_all(version)
    options = ("--base", "HEAD~", "--format", "json")
    told = json.loads(empty.gitmig("check", *options, code=1).stdout)
    found: dict[str, list[str]] = {}
    for each in told["findings"]:
        if each["code"].startswith(("GM3", "GM6")):
            place = f"{each['revision']}:{each['line']}" if each["line"] else ""
            found.setdefault(each["code"], []).append(f"{place} {each['message']}".strip())
    wanted = {code: [f"{place.strip()} {said}".strip() for place, said in places.items()]
              for code, places in case.found.items()}  # fmt: skip
    assert {code: sorted(texts) for code, texts in found.items()} == {
        code: sorted(texts) for code, texts in wanted.items()
    }
