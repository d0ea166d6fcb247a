"""One owner at a time, on any machine; who was thought dead writes nothing when it comes back."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing

import pytest

from nbkit.errors import RunNotFoundError, TakenOverError, UsageError
from nbkit.events import Noted, RunFinished
from nbkit.ledger import lease, owner
from nbkit.ledger.store import Ledger


@pytest.fixture
def node(url, tmp_path):
    """Open the ledger as another node would, whose processes this one cannot ask about."""
    with ExitStack() as stack:

        def make(name, seconds=30.0):
            home = tmp_path / name
            return stack.enter_context(closing(Ledger(url, home=home, lease_seconds=seconds)))

        yield make


def begun(ledger):
    return ledger.begin("job", 7, '{"name": "job"}', "job.json")


def messages(ledger, run_id):
    return [event.message for event in ledger.read(run_id)]


def test_who_begins_a_run_drives_it_until_it_lets_go(node):
    """There is no moment in between in which it looks lost."""
    one, two = node("one"), node("two")
    run_id = begun(one)

    assert two.is_live(run_id)
    assert two.live_runs() == {run_id}
    with pytest.raises(UsageError, match=f"Run {run_id} is being driven by another process: "):
        two.claim(run_id)
    with pytest.raises(UsageError, match="is not driven by this process"):
        two.append(run_id, Noted(1, "no"))

    one.release(run_id)

    assert not two.is_live(run_id)
    two.claim(run_id)
    two.append(run_id, Noted(1, "yes"))
    assert messages(one, run_id) == ["yes"]


def test_a_run_is_handed_over_by_its_fence(node):
    """Whoever was given the number takes the run from its living owner, once."""
    one, two, three = node("one"), node("two"), node("three")
    run_id = begun(one)

    two.claim(run_id, fence=1)

    with pytest.raises(UsageError, match="another process"):
        three.claim(run_id, fence=1)
    with pytest.raises(TakenOverError, match="taken over by"):
        one.append(run_id, Noted(1, "no"))
    with pytest.raises(UsageError, match="not driven"):
        one.append(run_id, Noted(1, "no"))


def test_a_former_owner_learns_of_it_when_it_looks_whether_to_end(node):
    """It may have nothing to record for a long time."""
    one, two = node("one"), node("two")
    run_id = begun(one)
    two.claim(run_id, fence=1)

    with pytest.raises(TakenOverError):
        one.cancel_requested(run_id)


def test_of_many_who_claim_a_run_one_gets_it(node):
    """At the same moment."""
    run_id = begun(node("dead"))
    node("dead").release(run_id)
    first = node("first")
    first.claim(run_id, fence=1)
    first.release(run_id)
    nodes, barrier, got = [node(str(each)) for each in range(8)], threading.Barrier(8), []

    def take(ledger):
        barrier.wait()
        try:
            ledger.claim(run_id)
        except UsageError:
            return
        got.append(ledger)

    threads = [threading.Thread(target=take, args=[ledger]) for ledger in nodes]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    (winner,) = got
    winner.append(run_id, Noted(1, "mine"))
    assert messages(first, run_id) == ["mine"]


def test_a_run_that_does_not_exist_cannot_be_claimed(node):
    """Nor one of a number that no database takes."""
    ledger = node("one")
    for run_id in (1, 2**63):
        with pytest.raises(RunNotFoundError, match=f"no run {run_id}"):
            ledger.claim(run_id)


def test_a_run_is_over_when_its_end_is_recorded_and_it_is_let_go(node, url):
    """A run that broke off is not; one that is taken up again is not either."""
    one = node("one")
    ended, broken = begun(one), begun(one)
    one.append(ended, RunFinished(1, "SUCCESS", "SUCCESS"))
    one.append(ended, Noted(2, "a message after the end"))
    one.close()

    two = node("two")
    found = {each: two._state(each) for each in (ended, broken)}

    assert found == {ended: "over", broken: "idle"}


HOLD = """
import sys, time
from pathlib import Path
from nbkit.ledger.store import Ledger
ledger = Ledger(sys.argv[1], home=Path(sys.argv[2]), lease_seconds=float(sys.argv[3]))
print(ledger.begin("job", 7, '{"name": "job"}', "job.json"), flush=True)
time.sleep(60)
"""


@pytest.fixture
def other_process(url, tmp_path):
    """A process that drives a run; killed in the end."""
    with ExitStack() as stack:

        def start(seconds=30.0):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", HOLD, url, tmp_path / "other", str(seconds)],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process, int(process.stdout.readline())

        yield start


def test_a_killed_process_is_known_at_once_on_its_machine(node, other_process):
    """Whatever the folder of its runs is."""
    process, run_id = other_process()
    ledger = node("one")
    before = ledger.is_live(run_id)
    process.kill()
    process.wait()

    assert before
    assert not ledger.is_live(run_id)
    ledger.claim(run_id)


def test_containers_of_one_machine_are_told_apart_by_what_they_see(postgresql, tmp_path):
    """They may have one host name, and one path for folders that are not the same."""
    url = postgresql.database()
    with (
        closing(Ledger(url, home=tmp_path / "runs", lease_seconds=1)) as one,
        closing(Ledger(url, home=tmp_path / "other")) as two,
    ):
        run_id = begun(one)
        (tmp_path / "runs").rename(tmp_path / "seen by one alone")

        assert two.is_live(run_id)
        with pytest.raises(UsageError, match="another process"):
            two.claim(run_id)
        one.append(run_id, Noted(1, "goes on"))
        one._heart.stop()
        time.sleep(1.1)
        assert not two.is_live(run_id)
        two.claim(run_id)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_folder_that_has_another_path_here_is_the_same_folder(request, tmp_path, kind):
    """Two containers with one volume: the living is not taken for dead, nor the dead for living."""
    volume, here = tmp_path / "volume", tmp_path / "here"
    volume.mkdir()
    server = kind == "postgresql" and request.getfixturevalue("postgresql")
    url = server.database() if server else f"sqlite:///{volume}/ledger.db"
    command = [sys.executable, "-c", HOLD, url, volume, "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        run_id = int(process.stdout.readline())
        volume.rename(here)
        url = url.replace(str(volume), str(here))
        with closing(Ledger(url, home=here)) as ledger:
            living = ledger.is_live(run_id)
            with pytest.raises(UsageError, match="another process"):
                ledger.claim(run_id)
            process.kill()
            process.wait()
            assert living
            assert not ledger.is_live(run_id)
            ledger.claim(run_id)


def elsewhere(monkeypatch):
    """Take this for another machine than the one on which leases were made until now."""
    monkeypatch.setattr(lease, "machine", lambda: "elsewhere")
    monkeypatch.setattr(owner, "machine", lambda: "elsewhere")


def test_a_killed_process_is_known_on_another_machine_when_its_lease_ends(
    postgresql, tmp_path, monkeypatch
):
    """Not before; and while it lives it prolongs its lease."""
    url = postgresql.database()
    command = [sys.executable, "-c", HOLD, url, tmp_path / "other", "1.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        run_id = int(process.stdout.readline())
        elsewhere(monkeypatch)
        with closing(Ledger(url, home=tmp_path / "one")) as ledger:
            time.sleep(2)
            longer_than_a_lease = ledger.is_live(run_id)
            process.kill()
            process.wait()
            just_after = ledger.is_live(run_id)
            with pytest.raises(UsageError, match="another process"):
                ledger.claim(run_id)
            time.sleep(1.6)
            assert longer_than_a_lease
            assert just_after
            assert not ledger.is_live(run_id)
            ledger.claim(run_id)


def test_the_clock_of_a_machine_decides_nothing(postgresql, tmp_path, monkeypatch):
    """It may be wrong by an hour, on any side: leases end by the clock of the database."""
    url = postgresql.database()
    with (
        closing(Ledger(url, home=tmp_path / "one")) as one,
        closing(Ledger(url, home=tmp_path / "two")) as two,
    ):
        true = one.clock.now()
        for wrong in (-3_600_000, 3_600_000):
            with monkeypatch.context() as patch:
                patch.setattr(time, "time_ns", lambda at=true + wrong: at * 1_000_000)
                run_id = begun(one)
                elsewhere(patch)
                assert two.is_live(run_id)
                assert abs(two.clock.now() - true) < 60_000
                (listed,) = two.runs(limit=1)
                assert abs(listed.created_at - true) < 60_000


def test_an_append_whose_answer_was_lost_is_recorded_once(node, monkeypatch):
    """The connection broke after the commit: what is tried again is there already."""
    ledger = node("one")
    run_id = begun(ledger)
    events = [Noted(1, "a"), Noted(1, "a")]
    write, tries = ledger._write, []

    def and_lose_the_answer(*arguments):
        write(*arguments)
        tries.append(arguments)
        if len(tries) == 1:
            from nbkit.ledger.patience import LedgerAwayError

            raise LedgerAwayError("the connection is lost")

    monkeypatch.setattr(ledger, "_write", and_lose_the_answer)
    ledger.append_many(run_id, events)
    ledger.append(run_id, Noted(2, "b"))

    assert messages(ledger, run_id) == ["a", "a", "b"]
    assert len(tries) == 3


def test_a_hanging_process_keeps_the_folder_that_it_writes_in(postgresql, tmp_path):
    """Its lease has ended, but two would write the same files: it is to be ended first."""
    url = postgresql.database()
    with (
        closing(Ledger(url, home=tmp_path, lease_seconds=1)) as hanging,
        closing(Ledger(url, home=tmp_path)) as same,
        closing(Ledger(url, home=tmp_path / "other")) as other,
    ):
        hanging._heart.stop()
        run_id = begun(hanging)
        time.sleep(1.1)

        assert not same.is_live(run_id)
        with pytest.raises(UsageError, match=r"does not answer.*End it first"):
            same.claim(run_id)
        other.claim(run_id)
