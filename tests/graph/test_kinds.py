"""To add a task type, write one file; to add a value of `run_if`, one row."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic import Field

from nbkit.graph.fields import Part, Text
from nbkit.graph.kinds import KINDS, SUPPORTED, words
from nbkit.graph.kinds.kind import FileField, Parameters, Program, TaskKind

ADDED = '''
"""`greet_task`: a greeting in a file, said to somebody."""

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Text
from nbkit.graph.findings import Finding
from nbkit.graph.kinds.kind import FileField, Parameters, Program, TaskKind


class GreetTask(Part):
    """Greet."""

    greeting_file: FilledText
    whom: dict[str, Text] = Field(default_factory=dict)


def wrong(greet, loc):
    if "nobody" in greet.whom:
        yield Finding((*loc, "whom", "nobody"), "is nobody to greet")


GREET = TaskKind(
    name="greet_task",
    model=GreetTask,
    label="greeting",
    runs="kernel",
    file=FileField(("greeting_file",), "text"),
    named=Parameters("whom", "greet_params"),
    program=lambda asked: Program(
        "Greeting", (f"print({asked.file.text!r}, {dict(asked.parameters)!r})",)
    ),
    subject=lambda block: f"says {block['greeting_file']}",
    output=lambda returned: {"greet_output": {"said": returned.exit_value}},
    wrong=wrong,
)
'''

BEGINNING = """
import importlib.util, json, sys
from pathlib import Path

name = "nbkit.graph.kinds"
spec = importlib.util.find_spec(name)
spec.submodule_search_locations.append(sys.argv[1])
kinds = importlib.util.module_from_spec(spec)
sys.modules[name] = kinds
spec.loader.exec_module(kinds)
"""


def in_python(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_task_type_is_one_file(tmp_path):
    """Fields, checks, file, parameters, program, words, output: all from there, nothing beside."""
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "greet.py").write_text(ADDED)
    (tmp_path / "hello.txt").write_text("Hello")
    job = {
        "name": "j",
        "parameters": [{"name": "day", "default": "monday"}],
        "tasks": [
            {
                "task_key": "a",
                "greet_task": {"greeting_file": "hello.txt", "whom": {"who": "{{job.name}}"}},
            },
            {
                "task_key": "b",
                "greet_task": {"greeting_file": "helo.txt", "whom": {"nobody": "x"}},
            },
        ],
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    code = """
from nbkit.app.loading import problems
from nbkit.events import AttemptFinished, RunStarted, Unit
from nbkit.graph.load import parse_job
from nbkit.graph.schema import job_schema
from nbkit.report.view import run_view
from nbkit.rules.apply import apply, replay
from nbkit.rules.decide import decide
from nbkit.rules.parameters import OF_TASKS
from nbkit.rules.record import record
from nbkit.tasks.programs import prepared
from nbkit.tasks.registry import task_types
from nbkit.tasks.work import Work

folder = Path(sys.argv[2])
said = [f"{each.pointer}: {each.message}" for each in problems(folder / "job.json")]
document = json.loads((folder / "job.json").read_text())
del document["tasks"][1]
graph = parse_job(json.dumps(document)).graph
older = {"greet_params": {"too": "you"}}
started = RunStarted(1, 7, 9, "j", {"day": "monday"}, task_parameters=older)
state = replay(graph, [started])
(command,) = decide(graph, state, 1).commands
state = apply(graph, state, command.as_event(2))
program = prepared(Work(command, graph.job, graph.task("a"), state), folder)
state = apply(graph, state, AttemptFinished(3, Unit("a"), 0, "SUCCESS", exit_value="hi"))
found = record(graph, state)
(shown,) = run_view(found).tasks
(task,) = found["tasks"]
print(json.dumps({
    "problems": said,
    "runs": "greet_task" in kinds.SUPPORTED and "greet_task" in task_types(None, None, folder),
    "older": "greet_params" in OF_TASKS,
    "cell": program.notebook.cells[-1].source,
    "name": program.name,
    "schema": "GreetTask" in job_schema()["$defs"],
    "output": task["output"],
    "resolved": task["resolved_values"],
    "shown": [shown.kind, shown.subject, shown.parameters],
}))
"""
    found = json.loads(in_python(BEGINNING + code, tmp_path / "kinds", tmp_path))

    given = {"who": "j", "too": "you", "day": "monday"}
    assert found["problems"] == [
        "tasks[1].greet_task.whom.nobody: is nobody to greet",
        found["problems"][1],
    ]
    assert found["problems"][1].startswith("tasks[1].greet_task.greeting_file: There is no file")
    assert "nearest: hello.txt" in found["problems"][1]
    assert found["runs"]
    assert found["older"]
    assert found["schema"]
    assert found["cell"] == f"print('Hello', {given!r})"
    assert found["name"] == "hello.txt"
    assert found["output"] == {"greet_output": {"said": "hi"}}
    assert found["resolved"] == {"greet_task": {"greeting_file": "hello.txt", "whom": given}}
    assert found["shown"][:2] == ["greeting", "says hello.txt"]


def test_two_types_of_one_name_are_refused(tmp_path):
    """At the first import, whoever imports."""
    (tmp_path / "again.py").write_text(
        "from nbkit.graph.fields import Part\n"
        "from nbkit.graph.kinds.kind import TaskKind\n"
        "AGAIN = TaskKind(name='genie_task', model=Part)\n"
    )
    with pytest.raises(AssertionError, match="there are two task types genie_task"):
        in_python(BEGINNING, tmp_path)


class Settings(Part):
    """Of a task type that lacks something."""

    file: Text
    args: list[Text] = Field(default_factory=list)


def _program(_asked):
    return Program("", ())


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({"name": "greet"}, "a name that ends with _task"),
        ({"runs": "kernel", "label": "x"}, "a program, or a notebook as its file"),
        (
            {
                "runs": "kernel",
                "label": "x",
                "program": _program,
                "file": FileField(("file",), "notebook"),
            },
            "a program, or a notebook as its file",
        ),
        ({"runs": "kernel", "program": _program}, "a label"),
        ({"program": _program}, "`runs`, though it has a program"),
        ({"file": FileField(("path",), "text")}, "the field that its file is in"),
        ({"named": Parameters("parameters")}, "the field that its parameters are in"),
    ],
)
def test_a_type_that_lacks_a_part_is_refused(given, lacks):
    """When its file is imported, which everything does."""
    with pytest.raises(TypeError, match=f"^task type .* lacks {lacks}"):
        TaskKind(**{"name": "greet_task", "model": Settings, **given})


def test_each_type_has_words_of_its_own():
    """For those that run; a type that nobody knows reads as it is spelled."""
    assert len({KINDS[name].label for name in SUPPORTED}) == len(SUPPORTED)
    assert words("condition_task") == "if/else"
    assert words("power_bi_task") == "power bi"
    assert words("brand_new_task") == "brand new"


def test_a_rule_is_one_row():
    """A job may name it, its parents are judged by it, and a person reads what it asks for."""
    code = """
import importlib.util, json, sys

name = "nbkit.graph.run_if_rules"
spec = importlib.util.find_spec(name)
table = "RUN_IF_RULES: dict[str, Rule] = {"
row = "'ONE_LEFT_OUT': Rule('a parent that was left out', lambda found: 'disabled' in found),"
source = spec.loader.get_source(name)
assert table in source
module = importlib.util.module_from_spec(spec)
sys.modules[name] = module
exec(source.replace(table, table + row), vars(module))

from nbkit.errors import DefinitionError
from nbkit.graph.load import parse_job
from nbkit.rules.run_if import Parent, judge

task = {"task_key": "a", "notebook_task": {"notebook_path": "a"}, "run_if": "ONE_LEFT_OUT"}
job = parse_job(json.dumps({"name": "j", "tasks": [task]})).graph.job
assert job.tasks[0].run_if == "ONE_LEFT_OUT"
assert judge("ONE_LEFT_OUT", [Parent("x", "disabled", "is disabled")]).runs
found = judge("ONE_LEFT_OUT", [Parent("x", "failed", "failed")])
assert found.reason == "'x' failed; run_if ONE_LEFT_OUT asks for a parent that was left out."
try:
    parse_job(json.dumps({"name": "j", "tasks": [{**task, "run_if": "ONE_LEFT"}]}))
except DefinitionError as error:
    print(error)
"""
    assert "nearest: ONE_LEFT_OUT" in in_python(code)


@pytest.mark.parametrize(
    ("name", "block", "given"),
    [
        ("sql_task", {"parameters": {"day": "1"}}, {"day": "1"}),
        ("spark_python_task", {"parameters": ["a", "b"]}, ["a", "b"]),
        ("python_wheel_task", {"named_parameters": {"x": "1"}, "parameters": []}, {"x": "1"}),
        ("python_wheel_task", {"parameters": ["a"]}, ["a"]),
        ("condition_task", {"left": "1"}, {}),
    ],
)
def test_what_a_task_gives_itself(name, block, given):
    """By name or in order, as its type has it."""
    assert KINDS[name].given(block) == given
