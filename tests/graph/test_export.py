"""A job written anew is the same job, to Databricks' own SDK and to nbkit."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import jsonschema
import pytest
from databricks.sdk.service.jobs import JobSettings

from nbkit.errors import DefinitionError
from nbkit.graph.export import as_bundle, as_json, as_settings, as_yaml
from nbkit.graph.load import parse_job
from nbkit.graph.model import Job
from nbkit.graph.schema import job_schema
from nbkit.graph.shape import fields_of, inside, is_part

ROOT = Path(__file__).parents[2]
FITTING = {"outcome": "true", "inputs": "[1]"}


def spelt_out():
    """Return every job of this repository: files, the README, and what tests write literally."""
    found = {}
    for file in sorted((ROOT / "notebooks").rglob("job*.json")):
        found[file.name] = json.loads(file.read_text())
    for number, text in enumerate(
        re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    ):
        found[f"README {number}"] = json.loads(text)
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Dict):
                try:
                    value = ast.literal_eval(node)
                except (ValueError, TypeError):
                    continue
                if "tasks" in value:
                    found[f"{file.name}:{node.lineno}"] = value
    return found


def valid_jobs():
    """Return the valid ones, read."""
    for name, settings in spelt_out().items():
        try:
            yield name, parse_job(json.dumps(settings)).job
        except DefinitionError:
            continue


JOBS = dict(valid_jobs())
SCHEMA = jsonschema.Draft202012Validator(job_schema())


def whole(annotation, name=""):
    """Write a value with every field there is, but for what holds tasks."""
    if name in FITTING:
        return FITTING[name]
    if is_part(annotation):
        fields = fields_of(annotation).items()
        return {field: whole(kind, field) for field, kind in fields if field != "for_each_task"}
    if isinstance(annotation, type):
        return {int: 7, float: 1.5, bool: True}.get(annotation, "text")
    inner = [whole(inside(annotation, 0))] if "list" in str(annotation) else None
    if inner is None and "dict" in str(annotation):
        return {"k": whole(inside(annotation, "k"))}
    return inner if inner is not None else annotation.__args__[0]


def sdk(settings):
    """Return what Databricks' SDK makes of settings."""
    return JobSettings.from_dict(settings).as_dict()


def test_there_are_jobs():
    """The tests below look at something."""
    assert len(JOBS) > 5


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_the_sdk_reads_what_is_exported(job):
    """It reads all of it, and writes the same again."""
    settings = as_settings(job)
    assert sdk(settings) == settings
    again = parse_job(as_json(settings)).job
    assert as_settings(again) == settings


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_a_bundle_has_the_same_job(job):
    """Written as YAML and read again, it is the job that it was."""
    written = as_yaml(as_bundle(job, "my job!", {}))
    again = parse_job(written, source="databricks.yml", job_key="my_job").job
    only_here = ("deployment", "edit_mode", "environment_variables", "format")
    expected = {name: value for name, value in as_settings(job).items() if name not in only_here}
    assert as_settings(again) == expected


@pytest.mark.parametrize("job", JOBS.values(), ids=list(JOBS))
def test_the_schema_takes_what_is_exported(job):
    """Every exported job is right in the eyes of an editor."""
    SCHEMA.validate(as_settings(job))


def lost(given, kept, field=""):
    """Return the fields of which something does not come back."""
    if isinstance(given, dict) and isinstance(kept, dict):
        assert kept.keys() <= given.keys()
        return {name for key in given for name in lost(given[key], kept.get(key), key)}
    if isinstance(given, list) and isinstance(kept, list):
        return {name for pair in zip(given, kept, strict=True) for name in lost(*pair, field)}
    return set() if given == kept or (kept is None and given == "text") else {field}


def test_every_field_reaches_the_sdk():
    """A job with each field of each model; where "text" is lost, the SDK wants one of a few."""
    settings = as_settings(Job.model_validate(whole(Job)))
    newer_than_the_sdk = {"ai_function_task", "job_completion", "serverless_compute"}
    assert lost(settings, sdk(settings)) <= newer_than_the_sdk


def test_texts_become_the_types_that_the_api_wants():
    """Numbers in quotes, numbers for text, unknown fields and empty blocks."""
    job = parse_job(
        json.dumps(
            {
                "$schema": "job.schema.json",
                "max_concurrent_runs": "3",
                "email_notifications": {},
                "queue": {},
                "tags": {"n": 1},
                "colour": "red",
                "permissions": [{"level": "CAN_VIEW", "group_name": "users"}],
                "parameters": [{"name": "p", "default": 5}, {"name": "q", "default": True}],
                "tasks": [
                    {
                        "task_key": "a",
                        "max_retries": "-1",
                        "libraries": [],
                        "notebook_task": {
                            "notebook_path": "a",
                            "base_parameters": {"x": 1.5, "y": ""},
                        },
                    }
                ],
            }
        )
    ).job
    assert as_settings(job) == {
        "max_concurrent_runs": 3,
        "tags": {"n": "1"},
        "parameters": [{"name": "p", "default": "5"}, {"name": "q", "default": "true"}],
        "tasks": [
            {
                "task_key": "a",
                "max_retries": -1,
                "notebook_task": {"notebook_path": "a", "base_parameters": {"x": "1.5", "y": ""}},
            }
        ],
    }


def test_a_bundle_refers_to_its_other_resources():
    """Addresses of this machine become references again, notebooks get their suffix."""
    text = """
    resources:
      pipelines: {p: {}}
      jobs:
        other: {}
        etl:
          permissions: [{level: CAN_VIEW, group_name: users}]
          edit_mode: EDITABLE
          tasks:
          - {task_key: a, run_job_task: {job_id: "${resources.jobs.other.id}"}}
          - {task_key: b, pipeline_task: {pipeline_id: "${resources.pipelines.p.id}"}}
          - {task_key: c, notebook_task: {notebook_path: c}}
          - {task_key: d, run_job_task: {job_id: 5}}
    """
    job = parse_job(text, source="databricks.yml", job_key="etl").job
    made = as_bundle(job, "etl", {"c": "c.ipynb"})["resources"]["jobs"]["etl"]
    assert list(made) == ["tasks", "permissions"]
    assert made["tasks"][0]["run_job_task"] == {"job_id": "${resources.jobs.other.id}"}
    assert made["tasks"][1]["pipeline_task"] == {"pipeline_id": "${resources.pipelines.p.id}"}
    assert made["tasks"][2]["notebook_task"] == {"notebook_path": "c.ipynb"}
    assert made["tasks"][3]["run_job_task"] == {"job_id": 5}


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "12:30",
        "2026-01-01",
        "1e5",
        "0o17",
        "017",
        "5",
        "1.",
        "true",
        "null",
        "~",
        "",
        " a",
        "a: b",
        "#",
        "é",
        "a\nb",
    ],
)
def test_text_stays_text_in_yaml(text):
    """Whatever a version of YAML would take for a number or a date is quoted."""
    job = Job.model_validate({"tags": {"a": text}, "tasks": []})
    written = as_yaml(as_bundle(job, "x", {}) | {"tasks": []})
    assert Job.model_validate(parse_tags(written)).tags == {"a": text}
    plain = written.split("a: ", 1)[1].split("\n")[0]
    if re.fullmatch(r"[\w.:~-]+", text) and text != "é":
        assert plain == f"'{text}'"


def parse_tags(written):
    from nbkit.graph.yaml_text import read_yaml

    return read_yaml(written).value["resources"]["jobs"]["x"]


@pytest.mark.parametrize(
    "settings",
    [
        {"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "a"}, "max_retrys": 1}]},
        {"tasks": [{"notebook_task": {"notebook_path": "a"}}]},
        {"tasks": [], "max_concurrent_runs": "many"},
        {"tasks": [], "naem": "x"},
    ],
)
def test_the_schema_finds_slips(settings):
    """An editor underlines what nbkit would warn of."""
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(settings)


def test_the_schema_is_one():
    """It is right by its own standard."""
    SCHEMA.check_schema(SCHEMA.schema)
