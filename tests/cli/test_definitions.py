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


def test_a_fragment_by_itself_hears_what_it_mentions(bundle, project, nbkit, monkeypatch):
    """Its variables are declared elsewhere; a repair hears the same, also from the environment."""
    bundle(JOB)
    (project.root / "databricks.yml").unlink()
    monkeypatch.setenv("BUNDLE_VAR_limit", "text")
    declared = ["--var", "expected=a", "--var", "found=a"]
    assert nbkit("run", "resources/check.yml", *declared, "--quiet").status == 1
    monkeypatch.delenv("BUNDLE_VAR_limit")
    assert nbkit("repair", 1, "--quiet").status == 1


def test_a_repair_hears_no_more_of_the_environment_than_the_run(bundle, nbkit, monkeypatch):
    """A variable that a whole bundle mentions and does not declare was passed over."""
    monkeypatch.setenv("BUNDLE_VAR_nowhere", "x")
    job = bundle(JOB.replace("${var.limit}", "text") + "      # such as ${var.nowhere}\n")
    assert nbkit("run", job, "--var", "expected=dev", "--quiet").status == 1
    bundle(JOB.replace("${var.limit}", "2") + "      # such as ${var.nowhere}\n")
    answer = nbkit("repair", 1, "--quiet")
    assert answer.status == 0, answer.err


@pytest.mark.parametrize("named", ["resources/check.yml", "resources/check.yml:check"])
def test_a_fragment_is_read_with_the_bundle_that_includes_it(bundle, nbkit, named):
    """The run is one of the bundle's job, with its variables and targets."""
    bundle()
    answer = nbkit("run", named, "--target", "prod", "--json", "--quiet")
    assert operands(json.loads(answer.out)) == ("prod", "prod")
    (listed,) = json.loads(nbkit("runs", "--json").out)["runs"]
    assert "databricks.yml:check --target prod" in listed["source"]


def test_a_fragment_that_the_bundle_does_not_include_stands_alone(bundle, nbkit):
    """So its variables are unknown."""
    bundle(main=BUNDLE.replace("[resources/*.yml]", "[]"))
    answer = nbkit("run", "resources/check.yml")
    assert (answer.status, "${var.expected} is declared nowhere" in answer.err) == (2, True)


@pytest.mark.parametrize("main", ["include: [", "include: [nowhere.yml]"])
def test_a_faulty_main_file_is_named(bundle, nbkit, main):
    """Its problems are not those of the fragment."""
    bundle(main=main)
    answer = nbkit("run", "resources/check.yml")
    assert (answer.status, "/databricks.yml: " in answer.err) == (2, True)


def test_the_overrides_file_of_a_target(bundle, project, nbkit):
    """It is where the Databricks CLI keeps variables that are not for Git."""
    folder = project.root / ".databricks" / "bundle" / "prod"
    folder.mkdir(parents=True)
    (folder / "variable-overrides.json").write_text('{"expected": "of file"}')
    for target, compared in (("dev", ("no", "dev")), ("prod", ("of file", "prod"))):
        answer = nbkit("run", bundle(), "--target", target, "--json", "--quiet")
        assert operands(json.loads(answer.out)) == compared


def test_a_job_in_one_file_runs_a_job_in_another_of_the_bundle(bundle, project, nbkit):
    """By its key, whichever file of the bundle is named."""
    bundle()
    task = "tasks: [{task_key: call, run_job_task: {job_id: check}}]"
    caller = f"resources: {{jobs: {{caller: {{{task}}}}}}}"
    (project.root / "resources" / "caller.yml").write_text(caller)
    for named in ("databricks.yml:caller", "resources/caller.yml"):
        answer = nbkit("run", named, "--target", "prod", "--var", "expected=x", "--quiet")
        assert answer.status == 0, answer.err


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


def test_a_bundle_names_notebooks_with_their_suffix(bundle, project, nbkit):
    """Deploying needs it; here, as in jobs of the API, it may be left out."""
    project.notebook("a", "1")
    task = "tasks: [{task_key: a, notebook_task: {notebook_path: ../a}}]"
    job = bundle(f"resources: {{jobs: {{check: {{{task}}}}}}}")
    answer = nbkit("validate", job, "--json")
    (problem,) = json.loads(answer.out)["problems"]
    assert (problem["severity"], answer.status) == ("warning", 0)
    assert problem["message"] == "bundles name notebooks with their suffix: a.ipynb"
    assert "suffix" not in nbkit("validate", project.job(project.notebook_task("a", "a"))).err
