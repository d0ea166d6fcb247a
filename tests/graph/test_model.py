"""Every field of the Jobs API is known, taken as people write it, and kept."""

from __future__ import annotations

import json
from typing import Literal, get_args, get_origin

import pytest

from nbkit.graph.kinds import KINDS
from nbkit.graph.load import parse_job
from nbkit.graph.model import Job, Task
from nbkit.graph.shape import fields_of, inside, is_part
from nbkit.graph.validation import read_job

_FITTING = {"outcome": "true", "inputs": "[1]"}


def whole(annotation, name="", depth=0):
    """Write a value with every field there is."""
    if name in _FITTING:
        return _FITTING[name]
    if is_part(annotation):
        fields = fields_of(annotation).items()
        return {
            field: whole(expected, field, depth + (field == "task"))
            for field, expected in fields
            if field != "for_each_task" or depth == 0
        }
    if get_origin(annotation) is list:
        return [whole(inside(annotation, 0), "", depth)]
    if get_origin(annotation) is dict:
        return {"k": whole(inside(annotation, "k"), "", depth)}
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    return {int: 7, float: 1.5, bool: True}.get(annotation, "text")


def test_every_field_is_accepted_and_kept():
    """A job with each field of each model comes back as it was given, with no complaint."""
    given = whole(Job)
    job, _, found = read_job(given)
    assert found == []
    assert job.model_dump(exclude_unset=True) == given
    assert job.model_dump(exclude_unset=True, mode="json") == given


def test_unknown_fields_are_kept_at_every_depth():
    """What the API does not have stays where it was."""
    given = {
        "tasks": [
            {
                "task_key": "a",
                "new": {"deep": [1, None]},
                "notebook_task": {"notebook_path": "a.ipynb", "colour": "red"},
            }
        ],
        "x_owner": ["me"],
    }
    parsed = parse_job(json.dumps(given))
    assert parsed.job.model_dump(exclude_unset=True) == given
    assert parsed.document == given
    assert [problem.pointer for problem in parsed.warnings] == [
        "x_owner",
        "tasks[0].new",
        "tasks[0].notebook_task.colour",
    ]


def test_null_is_not_given():
    """A field that is null counts as absent, for defaults too."""
    task = {"task_key": "a", "max_retries": None, "notebook_task": {"notebook_path": "a.ipynb"}}
    parsed = parse_job(json.dumps({"name": None, "tasks": [task | {"sql_task": None}]}))
    assert parsed.job.name == "Untitled"
    assert parsed.job.tasks[0].max_retries == 0
    assert parsed.job.tasks[0].kind == "notebook_task"


@pytest.mark.parametrize(
    ("given", "taken"),
    [(True, "true"), (False, "false"), (5, "5"), (1.5, "1.5"), (-0.0, "-0.0"), ("x", "x")],
)
def test_numbers_and_booleans_become_their_json_spelling(given, taken):
    """Where the API wants text, numbers and booleans are taken as JSON spells them."""
    settings = {
        "parameters": [{"name": "p", "default": given}],
        "tasks": [
            {
                "task_key": "a",
                "notebook_task": {"notebook_path": "a.ipynb", "base_parameters": {"v": given}},
            },
            {
                "task_key": "b",
                "condition_task": {"op": "EQUAL_TO", "left": given, "right": given},
            },
        ],
    }
    job = parse_job(json.dumps(settings)).job
    first, second = job.tasks
    assert first.notebook_task.base_parameters == {"v": taken}
    assert (second.condition_task.left, second.condition_task.right) == (taken, taken)
    assert job.parameters[0].default == taken


def test_whole_numbers_may_stand_in_quotes():
    """Numbers in quotes are numbers, as bundles have them."""
    task = {"task_key": "a", "max_retries": "3", "notebook_task": {"notebook_path": "a.ipynb"}}
    assert parse_job(json.dumps({"tasks": [task]})).job.tasks[0].max_retries == 3


def test_an_outcome_may_be_a_boolean():
    """`outcome: true` is "true"."""
    settings = {
        "tasks": [
            {"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": 1, "right": 1}},
            {
                "task_key": "b",
                "depends_on": [{"task_key": "a", "outcome": True}],
                "notebook_task": {"notebook_path": "b.ipynb"},
            },
        ]
    }
    assert parse_job(json.dumps(settings)).graph.parents("b")[0].outcome == "true"


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_knows_its_kind_and_block(kind):
    """`kind` names the task type that is given and `block` is its settings."""
    task = Task.model_validate({"task_key": "a", kind: whole(fields_of(Task)[kind], "", 1)})
    assert task.kind == kind
    assert task.block is getattr(task, kind)


def test_a_task_without_type_has_no_block():
    """There is no block to give; asking is a mistake."""
    task = Task(task_key="a")
    assert task.kind == ""
    with pytest.raises(LookupError, match="a has no task type"):
        _ = task.block


def test_the_schema_can_be_printed():
    """The models have a JSON Schema, with required fields and operators."""
    schema = Job.model_json_schema()
    assert schema["$defs"]["ConditionTask"]["required"] == ["op", "left", "right"]
    assert set(schema["properties"]) == set(fields_of(Job))
