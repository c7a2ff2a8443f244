"""Two releases each: what gitmig puts into the commit, against what the authors wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from projects import DSTACK, FIEF, FRACTAL_SERVER, MLFLOW_OIDC_AUTH, OPTUNA, PLACEMENT
from releases import Distribution
from schema import Names, differences
from upgrades import Upgrade

pytestmark = pytest.mark.real


def nothing_more(release: Upgrade) -> None:
    """Look at nothing else."""


def downgrade_that_fails(release: Upgrade) -> None:
    """Check finds the downgrade of an earlier revision that fails, at its line (K1)."""
    told = release.project.gitmig("check", code=1).stdout
    fault = "type object 'IntermediateValueModel' has no attribute 'FloatTypeEnum'"
    place = f"{OPTUNA.versions}/v3.0.0.c.py:190: error "
    assert f"{place}GM201 revision v3.0.0.c fails on downgrade: AttributeError: {fault}" in told


def drift_on_request(release: Upgrade) -> None:
    """Ask for what was left out: it is written in batch mode (C13).

    Plain Alembic's ``revision --autogenerate`` mixes both, and what it writes fails on SQLite.
    """
    assert "users.is_admin" in release.project.gitmig("check", code=1).stdout
    asked = release.project.gitmig("autogenerate", code=1).stderr
    assert "becomes NOT NULL" in asked
    assert "and 27 more like these" in asked
    release.commit()
    release.project.gitmig("check")
    release.alembic(release.project.path, "upgrade", "head")
    release.alembic(release.project.path, "check")


@dataclass(frozen=True)
class Case:
    """Two releases, and what is known of them.

    ``revisions`` is how many the authors wrote; ``doubts`` what the commit stops for once, ``""``
    in ``left_out`` says that nothing is older than the commit; ``without`` is in no generated
    line. ``names`` are names that the models do not have, ``differs`` is the rest of what the
    authors' schema has otherwise: place → gitmig's, theirs.
    """

    distribution: Distribution
    old: str
    new: str
    revisions: int
    doubts: tuple[str, ...] = ()
    left_out: str = ""
    without: str = ""
    names: Names = field(default_factory=dict)
    differs: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    then: Callable[[Upgrade], None] = nothing_more

    def __str__(self) -> str:
        """Return the case's name in a report."""
        return f"{self.distribution.name}-{self.new}"


CASES = (
    Case(
        OPTUNA,
        "2.10.1",
        "3.0.0",
        revisions=4,
        doubts=(
            "trial_intermediate_values.intermediate_value_type is NOT NULL",
            "trial_values.value_type is NOT NULL",
        ),
        left_out="2 differences are older",
        without="trial_heartbeats",  # a table that no revision ever made
    ),
    Case(
        OPTUNA,
        "3.1.1",
        "3.2.0",
        revisions=1,
        left_out="2 differences are older",
        without="trial_heartbeats",
        names={"trials.trials_study_id_key": "ix_trials_study_id"},
        then=downgrade_that_fails,
    ),
    Case(
        MLFLOW_OIDC_AUTH,
        "1.2.0",
        "2.0.0",
        revisions=2,
        names={
            "experiment_group_permissions.fk_group_id": None,
            "registered_model_group_permissions.fk_group_id": None,
            "user_groups.fk_group_id": None,
            "user_groups.fk_user_id": None,
        },
    ),
    Case(
        MLFLOW_OIDC_AUTH,
        "5.7.0",
        "6.0.0",
        revisions=1,
        left_out="16 differences are older",
        without="alter_column",
        names={
            "scorer_group_permissions.fk_scorer_group_perm_group_id": None,
            "scorer_group_regex_permissions.fk_scorer_group_regex_perm_group_id": None,
            "scorer_permissions.fk_scorer_perm_user_id": None,
            "scorer_regex_permissions.fk_scorer_regex_perm_user_id": None,
        },
        # Mapped[str] in the models, without nullable=False in the revision: the drift of 7.0.0
        differs={
            f"scorer_{table}.columns.permission": (
                ("VARCHAR(255)", False, None),
                ("VARCHAR(255)", True, None),
            )
            for table in (
                *("group_permissions", "group_regex_permissions"),
                *("permissions", "regex_permissions"),
            )
        },
    ),
    Case(
        MLFLOW_OIDC_AUTH,
        "6.7.1",
        "7.0.0",
        revisions=2,
        left_out="32 differences are older",
        without="alter_column",
        names={
            "workspace_group_permissions.fk_workspace_group_perm_group_id": None,
            "workspace_group_regex_permissions.fk_workspace_group_regex_perm_group_id": None,
            "workspace_permissions.fk_workspace_perm_user_id": None,
            "workspace_regex_permissions.fk_workspace_regex_perm_user_id": None,
            "workspace_group_permissions.pk_workspace_group_permissions": None,
            "workspace_permissions.pk_workspace_permissions": None,
            "workspace_group_regex_permissions.uq_workspace_regex_group": (
                "unique_workspace_group_regex"
            ),
            "workspace_regex_permissions.uq_workspace_regex_user": "unique_workspace_user_regex",
        },
        then=drift_on_request,
    ),
    Case(
        FIEF,
        "0.24.9",
        "0.25.0",
        revisions=1,
        left_out="one difference is older",
        # has no name in the models, and batch mode needs one
        names={"fief_tenants.fief_tenants_email_domain_fkey": "fk_fief_tenants_email_domain_id"},
    ),
    Case(
        FIEF,
        "0.25.3",
        "0.26.0",
        revisions=3,
        doubts=(
            "fief_users.email_lower is NOT NULL",
            "fief_users.is_superuser is dropped with all its values",
            "fief_users.is_verified is dropped with all its values",
        ),
        left_out="one difference is older",
    ),
    Case(
        FRACTAL_SERVER,
        "1.4.0",
        "2.0.0",
        revisions=7,
        doubts=(
            "applyworkflow.project_dump is NOT NULL",
            "applyworkflow.workflow_dump becomes NOT NULL",
            "dataset.timestamp_created is NOT NULL",
            "project.timestamp_created is NOT NULL",
            "workflow.timestamp_created is NOT NULL",
            "and 2 more like these",
        ),
        # the models have sqlalchemy.false(), which is 0 on SQLite; the authors wrote the text
        differs={
            "task.columns.is_v2_compatible": (("BOOLEAN", False, "0"), ("BOOLEAN", False, "false"))
        },
    ),
    Case(FRACTAL_SERVER, "2.3.0", "2.4.0", revisions=1),
    Case(
        FRACTAL_SERVER,
        "2.4.0",
        "2.5.0",
        revisions=1,
        doubts=(
            "task.is_v2_compatible is dropped with all its values",
            "workflowtaskv2.task_id becomes NOT NULL",
            "workflowtaskv2.task_legacy_id is dropped with all its values",
            "workflowtaskv2.is_legacy_task is dropped with all its values",
        ),
    ),
    Case(
        DSTACK,
        "0.18.1",
        "0.18.2",
        revisions=3,
        doubts=("gateways.status is NOT NULL", "gateways.last_processed_at is NOT NULL"),
    ),
    Case(
        PLACEMENT,
        "5.0.0",
        "7.0.0",
        revisions=1,
        names={"consumers.consumers_consumer_type_id_fkey": "fk_consumers_consumer_type_id"},
    ),
    Case(PLACEMENT, "9.0.0", "13.0.0", revisions=1),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_release(case: Case, upgrade: Callable[[Distribution, str, str], Upgrade]) -> None:
    """The commit gets one revision for all of the release's; the schemas are equal (C10, C13, E14).

    Doubts stop the first commit, and the second one accepts the revision. What is older than the
    commit is left out, and the database in use is not touched.
    """
    release = upgrade(case.distribution, case.old, case.new)
    assert len(release.withheld) == case.revisions
    in_use = release.database_in_use()

    told = release.commit(code=1 if case.doubts else 0).stderr
    assert [doubt for doubt in case.doubts if doubt not in told] == []
    assert f"{case.left_out} than this commit" in told if case.left_out else "older" not in told
    if case.doubts:
        release.commit()

    assert not case.without or case.without not in release.generated()
    assert release.project.status() == ""
    assert release.database(release.project.path).read_bytes() == in_use
    schemas = release.by_gitmig(), release.by_the_release(case.names)
    assert differences(*schemas) == case.differs
    case.then(release)
