"""action.yml and ci/gitlab.yml: valid for their hosts, and run as these run them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import BIN, Project, column

from gitmig.scaffold import github_workflow

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text(encoding="utf-8"))
SCHEMAS = {
    ".github/workflows/gitmig.yml": "github-workflows",
    ".gitlab-ci.yml": "gitlab-ci",
    ".circleci/config.yml": "circle-ci",
    "bitbucket-pipelines.yml": "bitbucket-pipelines",
    "azure-pipelines.yml": "azure-pipelines",
}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def is_valid(path: Path, name: str, regexes: str = "default") -> None:
    """Assert that a file is what the schema of its host asks for."""
    command = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{name}", path]
    options = ["--regex-variant", regexes]
    result = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@dataclass
class Runner:
    """Runs the steps of the action that are scripts, as GitHub's runner does."""

    project: Project
    temp: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    base_ref: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(self, step: dict[str, Any], code: int = 0) -> str:
        """Run one step and keep what it says; return what it printed."""
        files = {
            name: self.temp / f"{step['id']}-{name}"
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")
        }
        for file in files.values():
            file.write_text("")
        script = self.temp / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.project.path,
            env={
                **self.project.env,
                **{name: str(file) for name, file in files.items()},
                **{name: self.evaluated(value) for name, value in step["env"].items()},
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_ACTIONS": "true",
                "CI": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == code, result.stdout + result.stderr
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return result.stdout

    def evaluated(self, text: str) -> str:
        """Return a value with its expressions put in."""
        return EXPRESSION.sub(lambda match: self.value(match[1]), text)

    def value(self, expression: str) -> str:
        """Return what an expression is: the first of its parts that is not empty."""
        for part in expression.split(" || "):
            match part.split("."):
                case ["inputs", name]:
                    found = self.inputs.get(name, ACTION["inputs"][name]["default"])
                case ["github", "base_ref"]:
                    found = self.base_ref
                case ["steps", id, "outputs", name]:
                    found = self.outputs[id][name]
                case _:
                    raise AssertionError(f"unknown expression {expression}")
            if found:
                return str(found)
        return ""


def scripts() -> dict[str, dict[str, Any]]:
    """Return the steps of the action that are scripts, by id."""
    return {step["id"]: step for step in ACTION["runs"]["steps"] if "run" in step}


@pytest.fixture
def runner(project: Project, tmp_path: Path) -> Runner:
    """Return a runner whose first step, the installation, is done: gitmig is that of the tests."""
    temp = tmp_path / "runner"
    temp.mkdir()
    done = {"program": str(BIN / "gitmig"), "cache": "", "pycache": ""}
    return Runner(project, temp, outputs={"install": done})


def on_a_branch(project: Project) -> None:
    """Give a branch a revision whose downgrade does not undo it."""
    project.git("switch", "-q", "-c", "feature")
    project.append("models.py", column("email"))
    add = 'op.add_column("users", sa.Column("email", sa.String(200)))'
    project.revision("more00000000", "base00000000", add, "pass", "email")
    project.commit_all("email")


def test_valid() -> None:
    """Both files are what the schemas of their hosts ask for."""
    is_valid(ROOT / "action.yml", "github-actions")
    is_valid(ROOT / "ci/gitlab.yml", "gitlab-ci")


def recipes() -> list[tuple[str, str]]:
    """Return the files of docs/ci.md: their names, which their first lines say, and contents."""
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "content"), [*recipes(), (".github/workflows/gitmig.yml", github_workflow("a b"))]
)
def test_recipes(tmp_path: Path, name: str, content: str) -> None:
    """Each file in docs/ci.md is valid for its host, and so is what `gitmig init` writes."""
    path = tmp_path / "file.yml"
    path.write_text(content, encoding="utf-8")
    # Azure's schema has patterns that ECMAScript's strict reading refuses
    is_valid(path, SCHEMAS[name], "nonunicode" if "azure" in name else "default")


def test_all_hosts_have_a_recipe() -> None:
    """No host is without a recipe."""
    assert {name for name, _ in recipes()} == set(SCHEMAS)


def test_nothing_is_put_into_a_script() -> None:
    """No input gets into a script but by the environment; every output of a step is one."""
    for step in scripts().values():
        assert "${{" not in step["run"], step["id"]
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.check.outputs.{name} }}}}"
        assert f'"{name}=' in scripts()["check"]["run"]


def test_install(project: Project, tmp_path: Path) -> None:
    """The action installs gitmig beside the project's packages, from itself, and it runs."""
    runner = Runner(project, tmp_path)
    environment = {name: value for name, value in project.env.items() if name != "PYTHONPATH"}
    project.env = environment
    runner.run(scripts()["install"])
    outputs = runner.outputs["install"]
    told = project.run(outputs["program"], "--version").stdout
    assert told.startswith("gitmig, version") and str(tmp_path) in outputs["program"]
    assert outputs["cache"] == str(project.path.resolve() / ".git/gitmig/cache")
    assert outputs["pycache"] == str(project.path.resolve() / ".git/gitmig/pycache")
    project.run(outputs["program"], "check", GITMIG_PYTHON=sys.executable)
    project.run(outputs["program"], "check", "--base", "main", GITMIG_PYTHON=sys.executable)
    project.env["GITMIG_PYTHON"] = sys.executable
    assert "✓ default: upgrade passed" in runner.run(scripts()["check"])
    assert runner.summary.startswith("### ✅ gitmig check passed")
    assert project.status() == ""


def checked_out(project: Project, folder: Path, ref: str, *depth: str) -> Project:
    """Return a repository as actions/checkout makes it: one ref, detached, and with no depth all.

    github.com/actions/checkout, ``src/git-source-provider.ts``.
    """
    job = Project(folder, project.env)
    project.git("init", "-q", str(folder))
    job.git("remote", "add", "origin", f"file://{project.path}")
    name = ref.replace("refs/", "refs/remotes/").replace("/heads/", "/origin/")
    wanted = f"+{job.git('ls-remote', 'origin', ref).stdout.split()[0]}:{name}"
    every = [] if depth else ["+refs/heads/*:refs/remotes/origin/*"]
    job.git("fetch", "-q", "--no-tags", "--prune", *depth, "origin", *every, wanted)
    job.git("checkout", "-q", "--force", "--detach", name)
    return job


def pull_request(project: Project) -> None:
    """Open a pull request of a branch with a finding, as GitHub does: its merge has a ref."""
    on_a_branch(project)
    project.git("switch", "-q", "--detach", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Merge feature into main", "feature")
    project.git("update-ref", "refs/pull/7/merge", "HEAD")
    project.git("switch", "-q", "main")


def test_a_pull_request(runner: Runner, tmp_path: Path) -> None:
    """GitHub's checkout of a pull request, detached and with no `main` of its own, is judged."""
    pull_request(runner.project)
    runner.project = checked_out(runner.project, tmp_path / "work", "refs/pull/7/merge")
    runner.base_ref = "main"
    assert "title=gitmig GM202::" in runner.run(scripts()["check"], code=1)
    gates = json.loads(Path(runner.outputs["check"]["json"]).read_text())["gates"]
    assert {"published", "deploy", "rules"} < {gate["name"] for gate in gates}
    assert runner.project.status() == ""


def test_a_shallow_checkout(runner: Runner, tmp_path: Path) -> None:
    """With the depth of 1 that checkout has by default a pull request is refused with the line to
    add, in the log and in the summary; a push, which has no base, is checked (K6).
    """  # noqa: D205
    pull_request(runner.project)
    whole = runner.project
    runner.project = checked_out(whole, tmp_path / "work", "refs/pull/7/merge", "--depth=1")
    runner.base_ref = "main"
    printed = runner.run(scripts()["check"], code=2)
    assert "::error" in printed and "fetch-depth: 0" in printed
    assert "fetch-depth: 0" in runner.summary and runner.outputs["check"]["code"] == "2"
    runner.project = checked_out(whole, tmp_path / "push", "refs/heads/main", "--depth=1")
    runner.base_ref = ""
    assert "✓ default: upgrade passed" in runner.run(scripts()["check"])


def test_findings(runner: Runner) -> None:
    """A pull request with findings: annotations, the summary, the files, exit code 1."""
    on_a_branch(runner.project)
    runner.base_ref = "main"
    printed = runner.run(scripts()["check"], code=1)
    assert (
        "::error file=migrations/versions/more00000000.py,line=12,title=gitmig GM202::" in printed
    )
    outputs = runner.outputs["check"]
    assert outputs["code"] == "1"
    assert runner.summary == Path(outputs["markdown"]).read_text(encoding="utf-8")
    assert runner.summary.startswith("### ❌ gitmig check: 1 error")
    gates = json.loads(Path(outputs["json"]).read_text())["gates"]
    assert {"published", "deploy"} < {gate["name"] for gate in gates}
    assert json.loads(Path(outputs["sarif"]).read_text())["runs"]
    assert runner.project.status() == ""


def test_a_push(runner: Runner) -> None:
    """Without a pull request there is no base; without a summary none is written."""
    runner.inputs = {"summary": "false"}
    assert "✓ default: upgrade passed" in runner.run(scripts()["check"])
    gates = json.loads(Path(runner.outputs["check"]["json"]).read_text())["gates"]
    assert [gate["name"] for gate in gates] == ["graph", "upgrade", "downgrade", "drift"]
    assert runner.summary == ""


@pytest.mark.parametrize("name", ["base", "directory", "environment", "arguments"])
def test_inputs_are_no_code(runner: Runner, name: str) -> None:
    """What is in an input is never run, whatever it is quoted with; the summary has the error."""
    hurt = "\"; touch hurt; $(touch hurt) `touch hurt` '' #"
    runner.inputs = {name: hurt if name != "arguments" else "--env '$(touch hurt)'"}
    runner.run(scripts()["check"], code=2)
    assert not (runner.project.path / "hurt").exists()
    assert runner.outputs["check"]["code"] == "2"
    if name != "directory":  # which click refuses before anything
        assert "❌ gitmig could not check this" in runner.summary


def test_arguments(runner: Runner) -> None:
    """Further arguments are split as a shell would; quotes that do not close are told."""
    runner.inputs = {"arguments": "--static --shard '2/2' --env \"default\""}
    runner.run(scripts()["check"])
    assert "nothing to do in this shard" in runner.summary
    runner.inputs = {"arguments": "--env 'default"}
    told = runner.project
    result = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", scripts()["check"]["run"]],
        cwd=told.path, capture_output=True, text=True, check=False,
        env={**told.env, "RUNNER_TEMP": str(runner.temp), "ARGUMENTS": "--env 'default",
             "BASE": "", "ENVIRONMENT": "", "DIRECTORY": ".", "PROGRAM": "false"},
    )  # fmt: skip
    assert result.returncode == 1 and "the input `arguments`: No closing quotation" in result.stderr


def test_gitlab(project: Project, tmp_path: Path) -> None:
    """GitLab's job checks a merge request against its target, from a detached clone."""
    on_a_branch(project)
    clone = tmp_path / "clone"
    project.git("clone", "-q", str(project.path), str(clone))
    job = Project(clone, project.env)
    job.git("checkout", "-q", "--detach", "origin/feature")
    assert GITLAB["gitmig"]["variables"]["GIT_DEPTH"] == "0"
    (script,) = GITLAB["gitmig"]["script"]
    variables = {"CI_PROJECT_DIR": str(clone), **GITLAB["gitmig"]["variables"]}
    request = {**variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    assert "✗ downgrade failed" in job.run("sh", "-c", script, code=1, **request).stdout
    issues = json.loads(job.read(GITLAB["gitmig"]["artifacts"]["reports"]["codequality"]))
    assert [each["check_name"] for each in issues] == ["GM202"]
    assert 'name="deploy"' in job.read(GITLAB["gitmig"]["artifacts"]["reports"]["junit"])
    for path in GITLAB["gitmig"]["artifacts"]["paths"]:
        assert job.read(path)
    job.git("checkout", "-q", "--detach", "origin/main")
    assert "deploy" not in job.run("sh", "-c", script, **variables).stdout


def test_gitlab_shallow(project: Project, tmp_path: Path) -> None:
    """A runner that keeps its depth of one makes the job fail, with the line to add (K6)."""
    on_a_branch(project)
    clone = tmp_path / "clone"
    project.git("clone", "-q", "--depth=1", "-b", "feature", f"file://{project.path}", str(clone))
    job = Project(clone, project.env)
    (script,) = GITLAB["gitmig"]["script"]
    request = {"CI_PROJECT_DIR": str(clone), "GITMIG_DIRECTORY": ".",
               "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}  # fmt: skip
    told = job.run("sh", "-c", script, code=2, **request)
    assert "shallow" in told.stderr and "GIT_DEPTH" in told.stderr
    issues = json.loads(job.read(GITLAB["gitmig"]["artifacts"]["reports"]["codequality"]))
    assert [each["severity"] for each in issues] == ["blocker"]
