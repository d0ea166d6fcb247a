"""`tasks.x.output`: the rows of a SQL task, for the tasks after it."""

from __future__ import annotations

import pytest

from nbkit.events import RunStarted, Unit
from nbkit.rules.explain import explain
from nbkit.rules.record import record
from nbkit.rules.references import NoValueError, Scope, resolve

ROWS = [{"day": "monday", "n": 1, "a.b": None}, {"day": "friday", "n": 2, "a.b": True}]


def sql(key, *parents, **more):
    query = {"query": {"query_id": "1", "query_text": "select 1"}, "warehouse_id": "w"}
    depends_on = [{"task_key": parent} for parent in parents]
    return {"task_key": key, "depends_on": depends_on, "sql_task": query, **more}


def told(rows, *, more=False):
    columns = list(rows[0]) if rows else []
    return {"kind": "sql_rows", "id": "last", "columns": columns, "rows": rows, "more": more}


@pytest.fixture(scope="module")
def scope(kit):
    """`days` gave rows, `none` gave an empty result, `ddl` none at all, `many` too many."""
    script = {
        "days": kit.Ending(reports=(told(ROWS),)),
        "none": kit.Ending(reports=(told([]),)),
        "many": kit.Ending(reports=(told(ROWS, more=True),)),
        "bad": kit.FAILED,
    }
    tasks = [*map(sql, ("days", "none", "ddl", "many", "bad")), sql("late", "bad")]
    run = kit.Simulation([*tasks, kit.notebook("load"), kit.notebook("last", "days")], script)
    run.run()
    return Scope(run.graph, run.state, Unit("last"), 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{tasks.days.output.rows}}", ROWS),
        ("{{tasks.none.output.rows}}", []),
        ("{{tasks.days.output.first_row}}", ROWS[0]),
        ("{{tasks.days.output.first_row.n}}", 1),
        ("{{tasks.days.output.first_row.day}}", "monday"),
        ("{{tasks.days.output.first_row.a.b}}", None),
        ("{{tasks.days.output.first_row.`a.b`}}", None),
        ("{{tasks.many.output.first_row.n}}", 1),
        ("n={{tasks.days.output.first_row.n}}", "n=1"),
    ],
)
def test_table(scope, text, value):
    """Rows are a list of objects by column, and values keep their types."""
    assert resolve(text, scope) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{tasks.days.output.first_row.m}}", "the output of task 'days' has no column 'm'"),
        ("{{tasks.none.output.first_row}}", "task 'none' gave no rows"),
        ("{{tasks.ddl.output.rows}}", "task 'ddl' gave no rows"),
        ("{{tasks.late.output.rows}}", "task 'late' did not run"),
        ("{{tasks.many.output.rows}}", "gave more rows than the limit, 1,000 rows and 48 KiB"),
        ("{{tasks.load.output.rows}}", "only SQL tasks have an output, and 'load' is none"),
        ("{{tasks.days.output.colour}}", "there is nothing called"),
        ("{{tasks.days.output}}", "there is nothing called"),
    ],
)
def test_without_a_value(scope, text, message):
    """Rows beyond the limits are not left out in silence."""
    with pytest.raises(NoValueError, match=message.replace("{", "\\{")):
        resolve(text, scope)


def test_a_for_each_over_rows(kit):
    """Each row is an input, and its columns are the input's keys."""
    one = kit.notebook("one", base_parameters={"x": "{{input.day}}-{{input.n}}"})
    each = kit.for_each("each", "days", inputs="{{tasks.days.output.rows}}", task=one)
    run = kit.Simulation([sql("days"), each], {"days": kit.Ending(reports=(told(ROWS),))})
    found = run.run().tasks["each"].iterations
    assert [each.last.parameters["x"] for each in found] == ["monday-1", "friday-2"]


def test_a_retry_does_not_keep_the_rows_of_the_attempt_before(kit):
    """The output is that of the last attempt."""
    endings = [kit.Ending("FAILED", reports=(told(ROWS),)), kit.Ending(reports=(told([]),))]
    run = kit.Simulation([sql("days", max_retries=1)], {"days": endings})
    run.run()
    assert resolve("{{tasks.days.output.rows}}", Scope(run.graph, run.state)) == []


def test_the_record(kit):
    """The rows are the attempt's output, beside what the API says of a SQL task."""
    run = kit.Simulation([sql("days")], {"days": kit.Ending(reports=(told(ROWS, more=True),))})
    run.run()
    (task,) = record(run.graph, run.state)["tasks"]
    assert task["output"]["sql_output"] == {
        "query_output": {"warehouse_id": "w"},
        "columns": ["day", "n", "a.b"],
        "rows": ROWS,
        "truncated": True,
    }
    assert "sql_rows" not in task["attempts"][0]


def test_explaining_what_is_not_known_yet(kit):
    """A For each over rows is shown once, with the names of its columns."""
    one = kit.notebook("one", base_parameters={"x": "{{input.day}}"})
    tasks = [
        sql("days"),
        kit.for_each("each", "days", inputs="{{tasks.days.output.rows}}", task=one),
        kit.condition("gate", "days", left="{{tasks.days.output.first_row.n}}", op="LESS_THAN"),
        kit.notebook("all", "days", base_parameters={"x": "{{tasks.days.output.first_row}}"}),
    ]
    event = RunStarted(kit.START, 7, 1, "job", parallel=1)
    steps = {step.unit: step for step in explain(kit.graph_of(tasks), event)}
    assert steps[Unit("each", 0)].parameters == {"x": "«input.day»"}
    assert steps[Unit("each")].inputs is None
    assert steps[Unit("gate")].outcome is None
    assert not steps[Unit("gate")].note
    assert "«tasks.days.output.first_row.n»" in steps[Unit("all")].parameters["x"]
