from __future__ import annotations

from dataclasses import replace

import pytest

from nbkit.events import Unit
from nbkit.rules.references import NoValueError, Scope, resolve, resolve_all

# 1_780_000_000_000 is Thursday, 2026-05-28 20:26:40 UTC


@pytest.fixture(scope="module")
def scope(kit):
    """The second attempt of `clean` is about to start; `load` is over, `bad` failed."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("bad"),
            kit.notebook("clean", "load", max_retries=1, min_retry_interval_millis=60_000),
            kit.notebook("last", "clean"),
        ],
        {
            "load": kit.Ending(values={"n": 3, "names": ["a", "ä"], "x.y": "dotted"}),
            "bad": kit.FAILED,
            "clean": kit.FAILED,
        },
        parameters={"day": "2026-01-01", "a.b": "dotted"},
    )
    run.run(until=1000)
    return Scope(run.graph, run.state, Unit("clean"), 7_000_004)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{{job.id}}", 1),
        ("{{job.name}}", "job"),
        ("{{ job.run_id }}", 7),
        ("job_{{job.run_id}}_{{job.name}}", "job_7_job"),
        ("{{job.repair_count}}", 0),
        ("{{job.parameters.day}}", "2026-01-01"),
        ("{{job.parameters.a.b}}", "dotted"),
        ("{{job.trigger.type}}", "one_time"),
        ("{{job.trigger.time.minute}}", 26),
        ("{{job.trigger.file_arrival.location}}", ""),
        ("{{job.start_time.iso_weekday}}", 4),
        ("{{job.start_time.is_weekday}}", True),
        ("{{job.start_time.iso_date}}", "2026-05-28"),
        ("{{job.start_time.iso_datetime}}", "2026-05-28T20:26:40"),
        ("{{job.start_time.year}}", 2026),
        ("{{job.start_time.month}}", 5),
        ("{{job.start_time.day}}", 28),
        ("{{job.start_time.hour}}", 20),
        ("{{job.start_time.minute}}", 26),
        ("{{job.start_time.second}}", 40),
        ("{{job.start_time.timestamp_ms}}", 1_780_000_000_000),
        ("{{task.name}}", "clean"),
        ("{{task.run_id}}", 7_000_004),
        ("{{task.notebook_path}}", "clean.ipynb"),
        ("{{task.execution_count}}", 2),
        ("{{tasks.load.run_id}}", 7_000_001),
        ("{{tasks.load.result_state}}", "success"),
        ("{{tasks.bad.result_state}}", "failed"),
        ("{{tasks.bad.error_code}}", "RunExecutionError"),
        ("{{tasks.load.error_code}}", ""),
        ("{{tasks.load.execution_count}}", 1),
        ("{{tasks.load.notebook_path}}", "load.ipynb"),
        ("{{tasks.load.values.n}}", 3),
        ("{{tasks.`load`.values.`n`}}", 3),
        ("n={{tasks.load.values.n}}", "n=3"),
        ("{{tasks.load.values.names}}", ["a", "ä"]),
        ("{{tasks.load.values.names}}!", '["a", "ä"]!'),
        ("{{tasks.load.values.x.y}}", "dotted"),
        ("{{workspace.id}}", 0),
        ("{{job_id}}", 1),
        ("{{run_id}}", 7_000_004),
        ("{{start_date}}", "2026-05-28"),
        ("{{task_retry_count}}", 1),
        ("{{nothing.known}}", "{{nothing.known}}"),
        ("{{1 + 1}}", "{{1 + 1}}"),
        ("{{secrets/scope/key}}", "{{secrets/scope/key}}"),
        ("{{}}", "{{}}"),
    ],
)
def test_table(scope, text, value):
    """A lone reference keeps its type, one within text is spelled out, the rest stays."""
    found = resolve(text, scope)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{job.notebook_url}}", "there is nothing called 'job.notebook_url'"),
        ("{{job.parameters.dya}}", "the job has no parameter 'dya'; nearest: day"),
        ("{{job.start_time.millennium}}", "a time has no 'millennium'"),
        ("{{task.colour}}", "there is nothing called 'task.colour'"),
        ("{{task}}", "there is nothing called"),
        ("{{tasks.laod.values.n}}", "the job has no task 'laod'; nearest: load"),
        ("{{tasks.load.values.m}}", "task 'load' has set no value 'm'"),
        ("{{tasks.last.values.m}}", "task 'last' did not run and has set no value 'm'"),
        ("{{tasks.last.result_state}}", "task 'last' is not over"),
        ("{{tasks.load.output.rows}}", "only SQL tasks have an output, and 'load' is none"),
        ("{{tasks.load.colour}}", "there is nothing called"),
        ("{{tasks}}", "there is nothing called"),
        ("{{input}}", "only the task inside a For each has an input"),
        ("{{backfill.iso_date}}", "this run is no backfill"),
        ("{{workspace.colour}}", "there is nothing called"),
    ],
)
def test_without_a_value(scope, text, message):
    """A wrong key of a known namespace, or a value that nobody set, is an error that says so."""
    with pytest.raises(NoValueError) as raised:
        resolve(text, scope)
    assert text in str(raised.value)
    assert message in str(raised.value)


def test_everything_inside_a_block_is_resolved_as_text(scope):
    """Blocks are texts in lists and dicts; other values stay."""
    block = {"a": ["{{tasks.load.values.n}}", 1], "b": {"c": "{{job.start_time.is_weekday}}"}}
    assert resolve_all(block, scope) == {"a": ["3", 1], "b": {"c": "true"}}


def test_a_missing_value_fails_the_attempt_before_it_starts(kit):
    """A value that nobody set fails the task with its reference named; there is no retry."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook(
                "clean", "load", base_parameters={"n": "{{tasks.load.values.n}}"}, max_retries=2
            ),
        ]
    )
    clean = run.run().tasks["clean"]
    assert run.ran == ["load"]
    assert clean.result == "FAILED"
    assert clean.code == "INVALID_RUN_CONFIGURATION"
    assert [attempt.failure.cause for attempt in clean.attempts] == ["invalid_reference"]
    assert clean.message == (
        "{{tasks.load.values.n}} has no value: task 'load' has set no value 'n'."
    )
    assert clean.task_run_id == 7_000_002


@pytest.mark.parametrize(
    ("text", "value"),
    [("{{input}}", '{"city": {"name": "Oslo"}}'), ("{{input.city.name}}!", "Oslo!")],
)
def test_input_of_an_iteration(kit, text, value):
    """Inside a For each, `input` is the element, and its keys follow after dots."""
    one = kit.notebook("one", base_parameters={"x": text})
    run = kit.Simulation([kit.for_each("each", inputs='[{"city": {"name": "Oslo"}}]', task=one)])
    iteration = run.run().tasks["each"].iterations[0]
    assert iteration.last.parameters == {"x": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{input.town}}", "the input has no key 'town'"),
        ("{{input.city.x}}", 'the input {"city": 1} is no object'),
    ],
)
def test_input_without_the_key(kit, text, message):
    """An iteration whose input lacks the key fails and says so."""
    one = kit.notebook("one", base_parameters={"x": text})
    run = kit.Simulation([kit.for_each("each", inputs='[{"city": 1}]', task=one)])
    assert message in run.run().tasks["each"].iterations[0].message


def test_values_of_iterations_are_not_the_tasks_values(kit):
    """Each iteration could set the same key, so a For each task hands none on."""
    one = kit.notebook("one")
    run = kit.Simulation(
        [
            kit.for_each("each", inputs="[1, 2]", task=one),
            kit.notebook("after", "each", base_parameters={"n": "{{tasks.each.values.n}}"}),
        ],
        {"each": kit.Ending(values={"n": 3})},
    )
    state = run.run()
    assert [found.values["n"] for found in state.tasks["each"].iterations] == [3, 3]
    assert state.task_values() == {}
    assert "task 'each' has set no value 'n'" in state.tasks["after"].message


TRIGGERED = {
    "time": 86_400_000 + 90_500,
    "file_arrival.location": "s3://in/",
    "table_update.updated_tables": ["main.silver.orders"],
    "table_update.main.silver.orders.version": 7,
    "table_update.main.silver.orders.commit_timestamp": 1_000,
    "backfill": 2 * 86_400_000,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{job.trigger.time.iso_datetime}}", "1970-01-02T00:01:00"),
        ("{{job.trigger.file_arrival.location}}", "s3://in/"),
        ("{{job.trigger.table_update.updated_tables}}", ["main.silver.orders"]),
        ("{{job.trigger.table_update.main.silver.orders.version}}", 7),
        (
            "{{job.trigger.table_update.main.silver.orders.commit_timestamp.iso_datetime}}",
            "1970-01-01T00:00:01",
        ),
        ("{{job.trigger.table_update.main.silver.other.version}}", ""),
        ("{{backfill.iso_date}}", "1970-01-03"),
    ],
)
def test_what_a_trigger_tells(scope, text, value):
    """The planned time, not the start; a schedule's is a whole minute, as on Databricks."""
    state = replace(scope.state, trigger="periodic", trigger_info=TRIGGERED)
    assert resolve(text, replace(scope, state=state)) == value
