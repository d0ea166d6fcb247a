"""What Spark does for a run, from the process that runs it to those that look."""

from __future__ import annotations

import json

from processes import until

from nbkit.app.work_board import WorkBoard, WorkLook, with_work
from nbkit.events import Unit
from nbkit.spark.work_now import nothing, starting, told

A, FIRST, SECOND = Unit("a"), Unit("each", 0), Unit("each", 1)


def test_others_see_what_is_put_up_until_it_is_over(tmp_path):
    with WorkBoard(tmp_path) as board:
        look = WorkLook(tmp_path)
        assert not look.changed()
        board.put(A, starting())
        board.put(SECOND, told("1 0 1 3 8"))
        assert board.of(A) == starting()
        until(look.changed)
        assert look.works == {A: starting(), SECOND: told("1 0 1 3 8")}
        assert not look.changed()
        board.put(A, nothing())
        board.put(SECOND, None)
        assert board.of(A) is board.of(SECOND) is None
        until(look.changed)
        assert look.works == {}
        board.put(A, starting())
    assert list(tmp_path.iterdir()) == []
    assert board.of(A) is None


def test_of_many_changes_only_some_are_written_and_always_the_last(tmp_path):
    """Hundreds of iterations at once do not keep the disk busy."""
    with WorkBoard(tmp_path) as board:
        look, seen = WorkLook(tmp_path), []
        for done in range(500):
            board.put(Unit("each", done % 50), told(f"1 0 1 {done} 500"))
            seen += [1] * look.changed()
        until(lambda: look.changed() and look.works[Unit("each", 49)]["tasks_done"] == 499)
        assert len(seen) < 50


def test_what_a_killed_process_left_is_forgotten(tmp_path):
    (tmp_path / ".work-now.json").write_text(json.dumps([["a", None, starting()]]))
    look = WorkLook(tmp_path)
    assert look.changed()
    with WorkBoard(tmp_path):
        assert look.changed()
        assert look.works == {}


def test_a_file_cut_off_says_nothing(tmp_path):
    look = WorkLook(tmp_path)
    (tmp_path / ".work-now.json").write_text('[["a", nu')
    assert not look.changed()
    assert look.works == {}


def test_a_folder_that_cannot_be_written_hurts_nobody(tmp_path):
    with WorkBoard(tmp_path / "gone") as board:
        board.put(A, starting())
        board._write()
        assert board.of(A) == starting()


def test_tasks_that_run_have_it_in_their_record():
    """Iterations are added up; of a task that is over meanwhile nothing is said."""

    def task(key, life, **more):
        return {"task_key": key, "state": {"life_cycle_state": life}, **more}

    record = {
        "run_id": 1,
        "tasks": [
            task("a", "RUNNING", progress={"cell": 2, "cells": 3}),
            task("each", "RUNNING"),
            task("over", "TERMINATED"),
            task("quiet", "RUNNING"),
        ],
    }
    works = {
        A: starting(),
        FIRST: told("1 0 1 3 8"),
        SECOND: told("1 1 2 1 2"),
        Unit("over"): starting(),
    }
    found = {each["task_key"]: each for each in with_work(record, works)["tasks"]}
    assert found["a"]["progress"] == {"cell": 2, "cells": 3, "spark": starting()}
    assert found["each"]["progress"] == {"spark": told("2 1 3 4 10")}
    assert "progress" not in found["over"]
    assert "progress" not in found["quiet"]
    assert record["tasks"][0]["progress"] == {"cell": 2, "cells": 3}
