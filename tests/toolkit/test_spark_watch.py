"""What Spark does is told while a cell runs, and taken back when it ends."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from processes import until

from nbkit.spark.work_now import nothing, starting, told
from nbkit.toolkit import spark_bar
from nbkit.toolkit.spark_watch import SparkWatch

BUSY = told("1 0 1 3 8")


class Said:
    """A watch, and what it told."""

    def __init__(self):
        self.told, self.starting, self.looks = [], False, 0
        self.watch = SparkWatch(self.told.append, lambda: self.starting, (0, 0.001))
        self.now = nothing()

    def look(self):
        self.looks += 1
        if isinstance(self.now, Exception):
            raise self.now
        return self.now


@pytest.fixture
def said():
    made = Said()
    yield made
    made.watch.cell_ended()


def test_a_cell_that_waits_for_spark_says_so_and_then_how_far_it_is(said):
    said.starting = True
    said.watch.cell_began("cell")
    said.watch.wake()
    until(lambda: said.told == [starting()])
    said.now = BUSY
    said.watch.look_at(said.look)
    said.starting = False
    until(lambda: said.told == [starting(), BUSY])
    said.now = nothing()
    until(lambda: said.told == [starting(), BUSY, nothing()])


def test_the_end_of_a_cell_takes_back_what_was_told_and_ends_the_looking(said):
    said.now = BUSY
    said.watch.look_at(said.look)
    said.watch.cell_began("one")
    said.watch.wake()
    until(lambda: said.told == [BUSY])
    said.watch.cell_ended()
    assert said.told == [BUSY, nothing()]
    looks = said.looks
    said.watch.cell_ended()
    said.watch.cell_began("two")
    until(lambda: said.told == [BUSY, nothing(), BUSY])
    assert said.looks > looks


def test_without_a_cell_and_without_spark_nobody_looks(said):
    before = threading.active_count()
    said.watch.cell_began("cell")
    said.watch.cell_ended()
    assert threading.active_count() == before, "a notebook without Spark has no thread for it"
    said.watch.look_at(said.look)
    said.watch.wake()
    said.watch.wake()
    assert threading.active_count() == before + 1
    assert said.looks == 0


@pytest.mark.parametrize("error", [RuntimeError("the driver is gone"), TypeError("JavaPackage")])
def test_a_spark_that_cannot_say_is_nothing_to_tell(said, error):
    """And it may be able to again."""
    said.now = error
    said.watch.look_at(said.look)
    said.watch.cell_began("cell")
    said.watch.wake()
    until(lambda: said.looks > 2)
    assert said.told == []
    said.now = BUSY
    until(lambda: said.told == [BUSY])


def test_who_cannot_hear_hurts_no_cell():
    def tell(_):
        raise OSError("the disk is full")

    watch = SparkWatch(tell, lambda: True, (0, 0.001))
    watch.cell_began("cell")
    watch.wake()
    until(lambda: watch._told == starting())
    watch.cell_ended()


def test_a_page_is_told_of_an_output_that_nowhere_is():
    """With the request of the cell, and an id that no output has: no notebook keeps it."""
    sent, listening = [], {}
    kernel = SimpleNamespace(
        get_parent=lambda channel: {"header": {"msg_id": "cell 1"}},
        iopub_socket="iopub",
        session=SimpleNamespace(send=lambda *args, **named: sent.append((args, named))),
    )
    shell = SimpleNamespace(kernel=kernel, events=SimpleNamespace(register=listening.__setitem__))
    tell = spark_bar.teller(shell)
    listening["pre_run_cell"](SimpleNamespace(store_history=True))
    tell(BUSY)
    ((socket, kind, content), named) = sent[0]
    assert (socket, kind) == ("iopub", "update_display_data")
    assert named["parent"]["header"]["msg_id"] == "cell 1"
    assert content["transient"] == {"display_id": spark_bar.MIME}
    told_page = {"text": "Spark: 3 of 8 tasks, 0 of 1 stage", "share": 0.375}
    assert content["data"] == {spark_bar.MIME: told_page}


def test_a_shell_without_pages_has_none_to_tell():
    assert spark_bar.teller(SimpleNamespace()) is None
