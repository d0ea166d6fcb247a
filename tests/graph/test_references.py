"""References are found as Databricks finds them, and wrong ones are named before the run."""

from __future__ import annotations

import pytest

from nbkit.graph.reference_problems import DEPRECATED, TIME_ARGUMENTS
from nbkit.graph.references import Literal, Reference, parse


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("plain", ["plain"]),
        ("{{job.id}}", [("job", "id")]),
        ("{{ job.run_id }}", [("job", "run_id")]),
        ("job_{{job.run_id}}_x", ["job_", ("job", "run_id"), "_x"]),
        ("{{job.id}}{{task.name}}", [("job", "id"), ("task", "name")]),
        ("{{tasks.`001_-_x`.values.y}}", [("tasks", "001_-_x", "values", "y")]),
        ("{{tasks.my-task.values.y}}", [("tasks", "my-task", "values", "y")]),
        ("{{job.parameters.`a b.c`}}", [("job", "parameters", "a b.c")]),
        ("{{input}}", [("input",)]),
        ('{"a": {{input.x}}}', ['{"a": ', ("input", "x"), "}"]),
        ("{{{input}}}", ["{", ("input",), "}"]),
        ("{{job id}}", ["{{job id}}"]),
        ("{{}}", ["{{}}"]),
        ("{{job.}}", ["{{job.}}"]),
        ("{{1 + 1}} {{job.id}}", ["{{1 + 1}} ", ("job", "id")]),
        ("{{job.id", ["{{job.id"]),
        ("{job.id}", ["{job.id}"]),
        ("{{foo.bar}}", [("foo", "bar")]),
    ],
)
def test_text_is_split_into_pieces(text, pieces):
    """What is malformed is literal; the pieces' texts make the text again."""
    found = parse(text)
    assert "".join(piece.text for piece in found) == text
    assert [piece.text if isinstance(piece, Literal) else piece.path for piece in found] == pieces
    assert all(isinstance(piece, Literal | Reference) for piece in found)


def one(value, **more):
    """Write a job whose last task `b` waits for `a` and has this parameter."""
    tasks = [
        {"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}},
        {
            "task_key": "q",
            "sql_task": {"warehouse_id": "w", "file": {"path": "q.sql"}},
        },
        {
            "task_key": "e",
            "for_each_task": {
                "inputs": "[1]",
                "task": {
                    "task_key": "inner",
                    "notebook_task": {
                        "notebook_path": "i.ipynb",
                        "base_parameters": {"x": "{{input}}", "y": "{{input.a.b}}"},
                    },
                },
            },
        },
        {
            "task_key": "b",
            "depends_on": [{"task_key": "a"}, {"task_key": "q"}],
            "notebook_task": {"notebook_path": "b.ipynb", "base_parameters": {"x": value}},
        },
    ]
    return {"tasks": tasks, "parameters": [{"name": "day", "default": "1"}]} | more


VALID = [
    "{{job.id}}",
    "{{job.name}}",
    "{{job.run_id}}",
    "{{job.repair_count}}",
    "{{job.parameters.day}}",
    "{{job.trigger.type}}",
    "{{job.trigger.file_arrival.location}}",
    "{{task.name}}",
    "{{task.run_id}}",
    "{{task.notebook_path}}",
    "{{task.execution_count}}",
    "{{tasks.a.run_id}}",
    "{{tasks.a.result_state}}",
    "{{tasks.a.values.anything}}",
    "{{tasks.a.error_code}}",
    "{{tasks.q.output.rows}}",
    "{{tasks.q.output.first_row}}",
    "{{tasks.q.output.first_row.n}}",
    "{{workspace.id}}",
    "{{workspace.url}}",
    "{{secrets/scope/key}}",
    *(f"{{{{job.start_time.{argument}}}}}" for argument in TIME_ARGUMENTS),
    *(f"{{{{job.trigger.time.{argument}}}}}" for argument in TIME_ARGUMENTS),
]


@pytest.mark.parametrize("text", VALID)
def test_every_reference_of_the_facts_is_valid(problems_of, text):
    """What Databricks documents has no complaint."""
    assert problems_of(one(text)) == []


@pytest.mark.parametrize(
    ("text", "severity", "message"),
    [
        ("{{job.notebook_url}}", "error", "{{job.notebook_url}} is not valid: job has no notebook"),
        ("{{job.parameter.day}}", "error", "job has no parameter; nearest: parameters"),
        ("{{job.start_time.iso_day}}", "error", "has no iso_day; nearest: iso_date"),
        ("{{job.start_time}}", "error", "is incomplete: one of iso_weekday, is_weekday,"),
        ("{{job.parameters}}", "error", "is incomplete: a name must follow"),
        ("{{tasks.a}}", "error", "is incomplete: one of run_id, result_state, values,"),
        ("{{job.id.x}}", "error", "goes on where job.id already is a value"),
        ("{{task.nme}}", "error", "task has no nme; nearest: name"),
        ("{{workspace.host}}", "error", "workspace has no host; known: id, url"),
        ("{{job.parameters.dya}}", "error", "names no parameter of the job; nearest: day"),
        ("{{tasks.aa.values.x}}", "error", "names no task of the job; nearest: a"),
        ("{{tasks.a.value.x}}", "error", "tasks.a has no value; nearest: values"),
        ("{{tasks.e.values.x}}", "warning", "reads e, but b does not wait for e"),
        ("{{tasks.b.values.x}}", "warning", "reads b, but b does not wait for b"),
        ("{{tasks.inner.values.x}}", "warning", "reads inner, which runs many times inside e"),
        ("{{tasks.a.output.rows}}", "warning", "only SQL tasks have an output, and a is none"),
        ("{{tasks.q.values.n}}", "warning", "only code sets task values, and q has none"),
        *(
            (f"{{{{backfill.{argument}}}}}", "warning", "only has a value in a run of nbkit")
            for argument in TIME_ARGUMENTS
        ),
        ("{{backfill.iso_day}}", "error", "backfill has no iso_day; nearest: iso_date"),
        ("{{input}}", "warning", "only has a value in the inner task of a For each task"),
        ("{{jobs.id}}", "warning", "no reference that Databricks knows and stays as it is; near"),
        ("{{ ref('x') }}", "warning", "{{ ref('x') }} is no reference and stays as it is"),
        *(
            (f"{{{{{name}}}}}", "warning", f"write {{{{{new}}}}}")
            for name, new in DEPRECATED.items()
        ),
    ],
)
def test_a_wrong_reference_is_named(problems_of, text, severity, message):
    """An unknown key of a known namespace is an error; what stays literal is a warning."""
    (problem,) = problems_of(one(f"x {text} y"))
    assert problem[:2] == (severity, "tasks[3].notebook_task.base_parameters.x")
    assert message in problem[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{tasks.e.values.x}}", "the iterations of e hand none on"),
        ("{{tasks.inner.values.x}}", "reads inner, which runs many times inside e"),
    ],
)
def test_values_of_iterations_reach_nobody(problems_of, text, message):
    """Each iteration would set the same key, so no later task can read it."""
    job = one(text)
    job["tasks"][3]["depends_on"] = [{"task_key": "e"}]
    (problem,) = problems_of(job)
    assert problem[0] == "warning"
    assert message in problem[2]


def test_parameter_defaults_may_refer_to_the_job(problems_of):
    """Defaults know the job, but no task."""
    parameters = [
        {"name": "day", "default": "{{job.start_time.iso_date}}"},
        {"name": "n", "default": "{{tasks.a.values.n}}"},
        {"name": "m", "default": "{{job.nme}}"},
    ]
    found = problems_of(one("x", parameters=parameters))
    assert [problem[:2] for problem in found] == [
        ("warning", "parameters[1].default"),
        ("error", "parameters[2].default"),
    ]


def test_references_are_found_in_every_field_of_a_task_type(problems_of):
    """Operands, inputs, lists of arguments, inner tasks: wherever text stands."""
    bad = "{{job.nme}}"
    tasks = [
        {"task_key": "c", "condition_task": {"op": "EQUAL_TO", "left": bad, "right": bad}},
        {"task_key": "p", "spark_python_task": {"python_file": "p.py", "parameters": ["1", bad]}},
        {"task_key": "r", "run_job_task": {"job_id": 1, "job_parameters": {"a b": bad}}},
        {
            "task_key": "e",
            "for_each_task": {
                "inputs": f"[{bad}]",
                "task": {
                    "task_key": "i",
                    "notebook_task": {"notebook_path": "i", "base_parameters": {"x": bad}},
                },
            },
        },
    ]
    found = problems_of({"tasks": tasks})
    assert {severity for severity, _, _ in found} == {"error"}
    assert [pointer for _, pointer, _ in found] == [
        "tasks[0].condition_task.left",
        "tasks[0].condition_task.right",
        "tasks[1].spark_python_task.parameters[1]",
        'tasks[2].run_job_task.job_parameters["a b"]',
        "tasks[3].for_each_task.inputs",
        "tasks[3].for_each_task.task.notebook_task.base_parameters.x",
    ]


def test_input_has_no_value_in_the_inputs_themselves(problems_of):
    """`{{input}}` exists in the inner task only."""
    inner = {"task_key": "i", "notebook_task": {"notebook_path": "i"}}
    each = {"inputs": "[{{input}}]", "task": inner}
    (problem,) = problems_of({"tasks": [{"task_key": "e", "for_each_task": each}]})
    assert problem[:2] == ("warning", "tasks[0].for_each_task.inputs")


@pytest.mark.parametrize(
    "text",
    [
        "{{ tasks.`001_-_x`.values.y }}",
        "from {{tasks.`001_-_x`.values.y}} to {{ job.parameters.a.b }}!",
        '{"table": "{{tasks.`001_-_x`.values.`a b`.c}}", "n": {{job.parameters.`a.b`}}}',
        "{{tasks.001_-_x.result_state}}/{{ job.start_time.iso_date }}",
    ],
)
def test_references_as_people_write_them(problems_of, task, text):
    """Spaces, back-ticks and dotted names, in longer text, are no reason for a warning."""
    parameters = [
        {"name": "a.b", "default": "run {{ job.run_id }} of {{job.name}}"},
        {"name": "day", "default": "{{job.start_time.iso_date}}"},
    ]
    notebook = {"notebook_path": "b", "base_parameters": {"p": text}}
    last = task("b", "001_-_x", notebook_task=notebook)
    assert problems_of({"parameters": parameters, "tasks": [task("001_-_x"), last]}) == []
