"""How long a driver stays that nobody uses, and for whom it leaves."""

from __future__ import annotations

import os
import shutil
import sys
import time

import pytest
from processes import running, until

from nbkit.app.driver import as_kept
from nbkit.settings import Settings
from nbkit.spark import control, discovery, idle
from nbkit.spark.heap import bytes_of, heap
from nbkit.spark.lease import hold

GB = 1 << 30


@pytest.mark.parametrize(
    ("wanted", "machine", "size"),
    [("", 24, "6144m"), ("", 2, "1024m"), ("", 512, "16384m"), ("3g", 24, "3g"), ("", 0, "1024m")],
)
def test_the_heap_is_a_quarter_of_the_machine(wanted, machine, size):
    """From 1 to 16 GB, unless the project says another size."""
    assert heap(wanted, machine * GB) == size


def test_sizes_are_read_as_the_jvm_spells_them():
    """And what is none counts as nothing."""
    assert [bytes_of(each) for each in ("4g", "512M", "1t", "4", "", "x")] == [
        *(4 * GB, GB // 2, 1024 * GB),
        *(0, 0, 0),
    ]


def test_the_longest_wish_counts():
    """A later run without one takes nothing away; only the first wish is the first."""
    stay = idle.Stay(grace=0, until=0)
    assert not stay.ask(0)
    assert stay.ask(60)
    assert not stay.ask(900)
    assert not stay.ask(0)
    stay.begin()
    assert 890 < stay.left <= 900
    assert stay.by_courtesy


def test_only_a_persons_run_leaves_spark_ready(monkeypatch, tmp_path):
    """At a terminal and not in CI; `--keep` and `--no-keep` decide above that."""
    settings = Settings.model_validate({"root": tmp_path})

    def minutes(keep=None) -> float:
        return as_kept(settings, keep).spark.keep_minutes

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert minutes() == 15
    assert minutes(keep=False) == 0
    monkeypatch.setenv("CI", "true")
    assert minutes() == 0
    assert minutes(keep=True) == 15
    monkeypatch.delenv("CI")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert minutes() == 0
    monkeypatch.setattr(sys, "stderr", None)
    assert minutes() == 0


@pytest.mark.e2e
def test_an_idle_driver_stays_and_leaves_for_another_project(tmp_path):
    """The next run finds it; a driver of another project ends it, a kept or used one not.

    Nobody finds one whose project's `.nbkit` was removed: it ends too, although it is kept.
    """
    first = Settings.model_validate({"root": tmp_path / "first"})
    other = Settings.model_validate({"root": tmp_path / "other"})
    for each in (first, other):
        each.root.mkdir()
    with hold(first, stay=600) as held:
        assert held.ready()["stays_from_now_on"]
        idle.make_room()
        time.sleep(0.2)
        assert not held.lost  # in use
    state = until(lambda: control.status(first)["leases"] == 0 and control.status(first))
    assert 0 < state["ends_in"] <= 600
    with hold(first, stay=600) as held:
        answer = held.ready()
        assert answer["pid"] == state["pid"]
        assert not answer["stays_from_now_on"]
    with hold(other):
        until(lambda: control.status(first)["state"] == "stopped")
        pid = control.start(other)["pid"]
        os.kill(pid, 0)
    shutil.rmtree(other.state_directory)
    until(lambda: not running(pid))


def test_a_driver_removes_no_file_but_its_own(tmp_path):
    """Another one has come, in an `.nbkit` that was made anew: clients go on finding that one."""
    settings = Settings.model_validate({"root": tmp_path})
    discovery.make_state_directory(settings)
    old, new = (discovery.DriverAddress(pid, f"/{pid}", 1.0) for pid in (1, 2))
    discovery.publish(settings, new)
    discovery.withdraw(settings, old)
    assert discovery.read(settings) == new
    discovery.withdraw(settings, new)
    assert discovery.read(settings) is None
