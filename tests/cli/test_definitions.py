"""Definitions from the command line: a bundle's target, variables and files."""

from __future__ import annotations

import json

import pytest

BUNDLE = """
bundle: {name: shop}
include: [resources/*.yml]
variables:
  expected: {default: "no"}
  found: {default: "${bundle.target}"}
targets:
  dev: {default: true}
  prod: {variables: {expected: prod}}
"""
JOB = """
resources:
  jobs:
    check:
      tasks:
      - task_key: same
        condition_task: {op: EQUAL_TO, left: "${var.expected}", right: "${var.found}"}
      - task_key: must
        depends_on: [{task_key: same, outcome: "true"}]
        condition_task: {op: GREATER_THAN, left: "${var.limit}", right: "1"}
"""
DECLARED = JOB.replace("${var.limit}", "{{job.repair_count}}")


@pytest.fixture
def bundle(project):
    """Write a bundle with its job in an included file; returns what names the job."""

    def write(job=DECLARED, main=BUNDLE):
        (project.root / "resources").mkdir(exist_ok=True)
        (project.root / "databricks.yml").write_text(main)
        (project.root / "resources" / "check.yml").write_text(job)
        return "databricks.yml:check"

    return write


def operands(record):
    """Return what the first condition compared."""
    block = record["tasks"][0]["condition_task"]
    return block["left"], block["right"]


@pytest.mark.parametrize(
    ("options", "environment", "compared"),
    [
        ([], {}, ("no", "dev")),
        (["--target", "prod", "--var", "found=x"], {}, ("prod", "x")),
        (["-t", "prod", "--var", "expected=1", "--var", "found=a=b"], {}, ("1", "a=b")),
        (["--target", "prod"], {"BUNDLE_VAR_expected": "e"}, ("e", "prod")),
        (["--var", "expected=v"], {"BUNDLE_VAR_expected": "e", "BUNDLE_VAR_z": ""}, ("v", "dev")),
    ],
)
def test_a_target_and_variables_are_chosen(bundle, nbkit, options, environment, compared):
    """--target and --var choose; BUNDLE_VAR_… comes after."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        answer = nbkit("run", bundle(), *options, "--json", "--quiet")
    assert operands(json.loads(answer.out)) == compared


def test_a_repair_makes_the_same_choice(bundle, nbkit, monkeypatch):
    """The run's source has target and variables, also those that came from the environment."""
    monkeypatch.setenv("BUNDLE_VAR_found", "it's prod")
    job = bundle(JOB.replace("${var.limit}", "text"))
    options = ["--target", "prod", "--var", "expected=it's prod"]
    assert nbkit("run", job, *options, "--quiet").status == 1
    monkeypatch.delenv("BUNDLE_VAR_found")
    bundle(JOB.replace("${var.limit}", "2"))
    answer = nbkit("repair", 1, "--quiet", "--json")
    assert answer.status == 0
    assert operands(json.loads(answer.out)) == ("it's prod", "it's prod")
    (listed,) = json.loads(nbkit("runs", "--json").out)["runs"]
    assert listed["source"].endswith("--var 'expected=it'\"'\"'s prod'")


def test_what_is_undeclared_warns_and_does_not_run(bundle, nbkit, nothing_ran):
    """A warning for validate, an error for run and explain."""
    job = bundle(JOB)
    message = "${var.limit} is declared nowhere here"
    answer = nbkit("validate", job, "--json")
    assert answer.status == 0
    (problem,) = json.loads(answer.out)["problems"]
    assert (problem["severity"], message in problem["message"]) == ("warning", True)
    for command in ("run", "explain"):
        answer = nbkit(command, job)
        assert (answer.status, message in answer.err) == (2, True)
    assert nbkit("validate", job, "--strict").status == 2
    assert nothing_ran()
    fragment = "resources/check.yml"
    declared = ["--var", "limit=2", "--var", "expected=a", "--var", "found=a"]
    assert nbkit("run", fragment, *declared, "--quiet").status == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "pord"], "there is no target pord; nearest: prod"),
        (["--var", "expcted=1"], "there is no variable expcted here; nearest: expected"),
        (["--var", "expected"], "--var expected: a variable is given as NAME=VALUE"),
        (["--var", "a=1", "--var", "a=2"], "--var a=2: a is given twice"),
    ],
)
def test_a_wrong_choice_runs_nothing(bundle, nbkit, nothing_ran, options, message):
    """Status 2, with the nearest name."""
    for command in ("run", "validate", "explain"):
        status, out, err = nbkit(command, bundle(), *options)
        assert (status, message in out + err) == (2, True)
    assert nothing_ran()


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ("[missing.yml]", "there is no file missing.yml beside the bundle"),
        ("['/etc/*.yml', resources/*.yml]", ""),
        ("['', resources/*.yml, databricks.yml, resources/check.yml]", "there is no file  beside"),
        ("[resources/none/*.yml, resources/**/*.yml]", ""),
    ],
)
def test_included_files_must_be_there(bundle, nbkit, include, message):
    """A file that is named must exist; a pattern may match nothing."""
    job = bundle(main=BUNDLE.replace("[resources/*.yml]", include))
    status, out, err = nbkit("validate", job)
    assert message in out + err
    assert status == (2 if message else 0)


def test_included_files_must_be_text(bundle, project, nbkit):
    """The message names the file."""
    job = bundle()
    (project.root / "resources" / "bytes.yml").write_bytes(b"a: \xff")
    status, out, err = nbkit("validate", job)
    assert (status, "it is not UTF-8 text" in out + err) == (2, True)


def test_facts_of_the_surroundings(bundle, project, nbkit):
    """The bundle's folder and the person are those of this machine."""
    facts = "${workspace.file_path}|${bundle.git.branch}|${workspace.current_user.short_name}"
    main = BUNDLE.replace("${bundle.target}", facts)
    answer = nbkit("run", bundle(main=main), "--json", "--quiet")
    folder, branch, person = operands(json.loads(answer.out))[1].split("|")
    assert (folder, branch, bool(person)) == (str(project.root.resolve()), "", True)
