from __future__ import annotations

import io

import pytest
from rich.console import Console

from nbkit.errors import Failure
from nbkit.events import Noted, Unit
from nbkit.report.consoles import error_console
from nbkit.report.terminal import LiveTree
from nbkit.report.tree import Tree
from nbkit.spark.work_now import starting, told


class Stopped:
    """A clock that shows the time of the last event."""

    def __init__(self, at: int = 0) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


def show(played, *, quiet: bool = False, terminal: bool = False, height: int = 24) -> str:
    written = io.StringIO()
    console = Console(
        file=written,
        force_terminal=terminal,
        force_jupyter=False,
        width=120,
        height=height,
        soft_wrap=not terminal,
        highlight=False,
    )
    time = Stopped()
    with LiveTree(played.graph, quiet=quiet, console=console, time=time) as tree:
        for event, state in played.events:
            time.at = event.at
            tree.on_event(event, state)
    tree.end(played.state, notebooks="runs/12", report="runs/12/report.html")
    return written.getvalue()


def frames(played, height: int) -> list[list[str]]:
    """Return the frame after every event, as plain text."""
    tree = Tree(played.graph)
    found = []
    for event, state in played.events:
        tree.note(event, state)
        found.append([line.plain for line in tree.lines(event.at, height)])
    return found


def notebooks(count: int, **more):
    return [
        {"task_key": f"t{i}", "notebook_task": {"notebook_path": "n"}, **more} for i in range(count)
    ]


def test_without_a_terminal_there_is_a_line_per_start_and_finish(flights):
    """And no escape code, so a log of CI is readable."""
    text = show(flights)
    assert "\x1b" not in text
    for line in (
        "► flights medallion  run 12 started, 10 tasks",
        "► ingest  started: 5 iterations",
        "✗ ingest[3] planes  failed, to be retried: OSError: Connection reset",
        "↻ clean  failed, attempt 2 in 2.4 s: OSError: Connection reset",
        "► clean  started: attempt 2",
        "✓ clean  succeeded in 9.1 s",
        "✓ quality_gate  succeeded in 0 s: true",
        "⊘ quarantine  excluded: 'quality_gate' was true",
        "✗ gold_carriers  failed in 5.2 s: ValueError: 2.5% of the rows",
    ):
        assert line in text, line
    assert text.count(" clean ") == 4
    assert len(text.splitlines()) < 35


def test_the_end_says_what_failed_why_and_where_to_look(flights):
    end = show(flights).split("✗ flights medallion failed in 32 s, run 12: ")[1]
    assert "✗ 1 failed  ⊘ 1 upstream failed  ✓ 7 succeeded  ⊘ 1 excluded" in end
    assert "✗ gold_carriers  ValueError: 2.5% of the rows have no departure time" in end
    assert "cell 7 of runs/12/gold_carriers/1.ipynb" in end
    assert "notebooks  runs/12\n" in end
    assert "report     runs/12/report.html" in end


def test_quiet_shows_failures_and_the_end(flights):
    lines = show(flights, quiet=True, terminal=True).splitlines()
    assert len(lines) == 2
    assert "gold_carriers" in lines[0]
    assert "flights medallion failed" in lines[1]


def test_a_terminal_gets_the_tree_and_is_left_clean(flights):
    """The cursor is shown again, whatever happened."""
    text = show(flights, terminal=True)
    assert text.rstrip().split("\x1b[?25l")[-1].count("\x1b[?25h") == 1
    assert "gold_carriers" in text


def test_the_tree_shows_cells_retries_and_iterations(flights):
    """A line per task; a running For each has its counts, and lines for what runs now."""
    lines = "\n".join(line for frame in frames(flights, 24) for line in frame)
    assert "cell 5/8" in lines
    assert "attempt 2 in 0:0" in lines
    assert "0.975 GREATER_THAN 0.95 → true" in lines
    assert "1 of 5 done, 3 active" in lines
    assert "│  └─ ► [4] weather" in lines
    assert "2 attempts  ValueError: 2.5%" in lines


def test_the_tree_shows_what_spark_does_for_what_runs(flights):
    """On 80 columns, too; a task that is over has nothing of it, whatever is still known."""
    works = {
        Unit("clean"): starting(),
        Unit("transform"): told("1 1 3 1200 2000"),
        Unit("ingest", 4): told("1 0 1 0 8"),
        Unit("gold_carriers"): told(""),
    }
    tree = Tree(flights.graph, works.get)
    found = []
    for event, state in flights.events:
        tree.note(event, state)
        found += [line.plain for line in tree.lines(event.at, 24)]
    running = [line for line in found if "► clean" in line and "cell 5/8" in line]
    assert running
    assert all("cell 5/8  starting Spark …" in line for line in running)
    (moving,) = {line[:80].partition("cell 3/8")[2] for line in found if "cell 3/8  S" in line}
    assert moving.startswith("  Spark: 1,200 of 2,000 tasks")
    assert any("[4] weather" in line and "Spark: 0 of 8 tasks, 0 of 1" in line for line in found)
    assert not any("Spark" in line for line in found[-12:])
    assert any("gold_carriers" in line and "─ cell" in line for line in found)


@pytest.mark.parametrize("height", [5, 10, 24])
def test_no_frame_is_higher_than_the_screen(played, height):
    """Of 200 tasks it shows failures, what runs and what ended last, and counts the others."""
    boom = Failure(cause="cell_error", message="boom")
    run = played(notebooks(200), {"t7": {"failure": boom}})
    found = frames(run, height)
    assert max(len(frame) for frame in found) <= max(height, 6)
    assert "more tasks, in all" in found[-5][-1]
    assert any("t7 " in line for line in found[-5])
    assert [line for line in found[-1] if "boom" in line]


def test_a_frame_of_a_for_each_with_thousands_of_iterations_stays_small(played):
    inner = {"task_key": "one", "notebook_task": {"notebook_path": "n"}}
    block = {"inputs": str(list(range(1000))), "concurrency": 50, "task": inner}
    run = played([{"task_key": "each", "for_each_task": block}], {"each": {"cells": 1}})
    assert max(len(frame) for frame in frames(run, 24)) <= 8
    assert len(show(run).splitlines()) == 6


def test_notes_are_lines_of_their_own(played):
    run = played(notebooks(1), {})
    note = Noted(at=1, message="spark.executor.memory is ignored", task_key="t0")
    run.events.insert(1, (note, run.events[0][1]))
    assert "! t0  spark.executor.memory is ignored" in show(run)


def test_messages_cannot_write_to_the_terminal(played):
    """Escape codes and markup in an error are shown as text or not at all."""
    evil = Failure(cause="cell_error", message="\x1b[2J[bold]gone[/bold]\r", error="E")
    text = show(played(notebooks(1), {"t0": {"failure": evil}}))
    assert "\x1b" not in text
    assert "[bold]gone[/bold]" in text


def test_forced_colours_do_not_reach_a_pipe(monkeypatch):
    """CI systems set FORCE_COLOR; a pipe still gets plain lines."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not error_console().is_terminal


def dataset(after: int, name: str, state: str, message: str = "", rows: int | None = None):
    """Return what a pipeline tells of a dataset, so many milliseconds after its start."""
    return after, {
        "kind": "dataset",
        "id": name,
        "type": "materialized_view",
        "state": state,
        "message": message,
        "rows": rows,
        "dropped": 1234 if rows else None,
        "started_at": state != "SKIPPED",
        "ended_at": state in {"COMPLETED", "FAILED"},
    }


@pytest.fixture
def pipeline(played):
    """Two datasets, one of which fails, and one that reads it."""
    told = (
        dataset(0, "silver.flights_enriched", "RUNNING"),
        dataset(0, "silver.broken", "RUNNING"),
        dataset(2000, "silver.broken", "FAILED", "DIVIDE_BY_ZERO"),
        dataset(2000, "gold.after", "SKIPPED", "silver.broken, which it reads, was not refreshed"),
        dataset(3000, "silver.flights_enriched", "COMPLETED", "recomputed: it is new", 336_776),
    )
    job = [{"task_key": "update", "pipeline_task": {"pipeline_id": "p"}}]
    return played(job, {"update": {"milliseconds": 4000, "cells": 0, "told": told}})


def test_datasets_of_a_pipeline_have_lines(pipeline):
    """What becomes of each, as soon as it is known; of a quiet run only what failed."""
    text = show(pipeline)
    for line in (
        "✗ silver.broken  failed in 2.0 s: DIVIDE_BY_ZERO",
        "⊘ gold.after  skipped: silver.broken, which it reads, was not refreshed",
        "✓ silver.flights_enriched  refreshed in 3.0 s: 336,776 rows, 1,234 dropped: recomputed",
    ):
        assert line in text, line
    assert "silver.broken" in show(pipeline, quiet=True)
    assert "gold.after" not in show(pipeline, quiet=True)


def test_the_tree_shows_the_datasets_at_work(pipeline):
    """Below the pipeline's task, while it runs: failures first."""
    found = frames(pipeline, 24)
    both = next(frame for frame in found if any("✗ silver.broken" in line for line in frame))
    places = [line for line in both if "silver." in line]
    assert places[0].startswith("   ├─ ✗ silver.broken ")
    assert places[1].startswith("   └─ ► silver.flights_enriched  running")
    assert not any("silver." in line for line in found[-1])
