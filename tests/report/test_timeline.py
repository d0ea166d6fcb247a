from __future__ import annotations

from nbkit.events import RunRepaired
from nbkit.report.timeline import LABEL, timeline
from nbkit.report.view import run_view
from nbkit.rules.apply import apply
from nbkit.rules.record import record


def chart(played, state=None):
    return timeline(run_view(record(played.graph, state or played.state)))


def test_attempts_are_bars_and_the_wait_between_them_a_line(flights):
    """The retry of `clean` had to wait; the one of `gold_carriers` started at once."""
    rows = {row.task.key: row for row in chart(flights).rows}
    assert [bar.kind for bar in rows["clean"].bars] == ["attempt", "wait", "attempt"]
    assert [bar.look.word for bar in rows["clean"].bars[::2]] == ["failed", "succeeded"]
    first, wait, second = rows["clean"].bars
    assert first.x + first.width <= wait.x + 0.1
    assert abs(wait.x + wait.width - second.x) < 0.1
    assert len(rows["gold_carriers"].bars) == 3


def test_rows_are_in_the_order_of_their_start_and_leave_out_what_did_not_run(flights):
    found = chart(flights)
    starts = [row.bars[0].x for row in found.rows]
    assert starts == sorted(starts)
    assert starts[0] == LABEL
    assert found.not_run == 2


def test_the_time_before_a_repair_is_left_out(flights):
    """A repair a day later begins where the run ended, and no bar leaves the chart."""
    later = flights.state.finished_at + 86_400_000
    repaired = RunRepaired(at=later, repair_id=7, rerun=("gold_carriers",), parameters={})
    found = chart(flights, apply(flights.graph, flights.state, repaired))
    assert [text for _, text in found.breaks] == ["repair 1"]
    ends = [bar.x + bar.width for row in found.rows for bar in row.bars]
    assert max(ends) <= found.breaks[0][0] + 3


def test_there_are_few_ticks_whatever_the_length(played):
    task = {"task_key": "t", "notebook_task": {"notebook_path": "n"}}
    for milliseconds in (1, 900, 61_000, 10_000_000, 900_000_000):
        found = chart(played([task], {"t": {"milliseconds": milliseconds}}))
        assert 2 <= len(found.ticks) <= 9
