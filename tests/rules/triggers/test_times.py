"""Schedules and intervals: each planned time once, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proving import of_examples

from nbkit.graph.triggers import CronSchedule, PeriodicTrigger
from nbkit.rules.triggers import periodic, schedule
from nbkit.rules.triggers.deciding import Facts

MINUTE = 60_000
START = int(datetime(2026, 3, 29, tzinfo=UTC).timestamp() * 1000)


def cron(expression, zone="UTC"):
    return CronSchedule(quartz_cron_expression=expression, timezone_id=zone)


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class Fired:
    """A trigger looked at again and again, and what the ledger would keep of it."""

    def __init__(self, decide, since=START):
        self.decide = decide
        self.since = since
        self.memory = None
        self.fired = []

    def look(self, now):
        decision = self.decide(self.memory, Facts(now, self.since))
        self.memory = decision.memory
        firing = decision.firing
        if firing and not (firing.exact and firing.planned_at in self.fired):
            self.fired.append(firing.planned_at)
        return decision


def hourly():
    return Fired(lambda memory, facts: schedule.decide(cron("0 0 * * * ?"), memory, facts))


def test_it_fires_at_its_time_and_not_before():
    """And says when to look again."""
    job = hourly()
    assert job.look(START + 59 * MINUTE).look_at == START + 60 * MINUTE
    assert job.fired == []
    job.look(START + 60 * MINUTE + 300)
    job.look(START + 61 * MINUTE)
    assert job.fired == [START + 60 * MINUTE]


def test_missed_times_fire_once_late_and_say_so():
    """Nothing ran for three hours and a half."""
    job = hourly()
    decision = job.look(START + 210 * MINUTE)
    assert decision.firing.planned_at == START + 180 * MINUTE
    assert "2026-03-29 01:00:00 UTC to 2026-03-29 03:00:00 UTC were missed" in (
        decision.firing.message
    )
    assert job.look(START + 211 * MINUTE).firing is None
    late = hourly().look(START + 75 * MINUTE).firing
    assert late.message.startswith("It was planned for 2026-03-29 01:00:00 UTC, when nothing ran")


def test_years_of_missed_seconds_take_no_time():
    """The latest is found from its end."""
    each = Fired(lambda memory, facts: schedule.decide(cron("* * * * * ?"), memory, facts))
    decision = each.look(START + 10 * 366 * 24 * 60 * MINUTE + 500)
    assert decision.firing.planned_at == START + 10 * 366 * 24 * 60 * MINUTE


def test_ten_seconds_are_between_two_runs():
    """As on Databricks, however often the expression has it."""
    each = Fired(lambda memory, facts: schedule.decide(cron("* * * * * ?"), memory, facts))
    for second in range(61):
        each.look(START + second * 1000)
    gaps = {after - before for before, after in zip(each.fired, each.fired[1:], strict=False)}
    assert gaps == {10_000}


def test_a_clock_set_back_for_an_hour_repeats_nothing():
    """The same times come again; the one that fires next is the next new one."""
    job = hourly()
    for minute in [*range(0, 130, 5), *range(70, 200, 5)]:
        job.look(START + minute * MINUTE)
    assert job.fired == [START + hour * 60 * MINUTE for hour in (1, 2, 3)]


def test_a_clock_that_was_a_year_ahead_holds_up_nothing():
    """One run too many was begun; the job goes on as soon as the clock is right."""
    job = hourly()
    job.look(START + 10 * MINUTE)
    job.look(START + 365 * 24 * 60 * MINUTE)
    for minute in range(10, 130):
        job.look(START + minute * MINUTE)
    assert [planned - START for planned in job.fired[1:]] == [60 * MINUTE, 120 * MINUTE]


def test_clocks_that_change_are_quartz_affair():
    """02:30 does not exist on that day in Berlin, and comes twice in autumn."""
    spring = Fired(
        lambda memory, facts: schedule.decide(cron("0 30 2 * * ?", "Europe/Berlin"), memory, facts),
        since=at("2026-03-29T00:00:00"),
    )
    spring.look(at("2026-03-29T23:00:00"))
    assert spring.fired == []
    autumn = Fired(spring.decide, since=at("2026-10-24T23:00:00"))
    for minute in range(0, 300, 10):
        autumn.look(at("2026-10-24T23:00:00") + minute * MINUTE)
    assert autumn.fired == [at("2026-10-25T01:30:00")]


def test_a_zone_that_is_gone_is_one_sentence():
    """The machine's list may have changed since the deployment."""
    with pytest.raises(ValueError, match=r"there is no time zone Europe/Berln; nearest: Europe/"):
        schedule.decide(cron("0 0 * * * ?", "Europe/Berln"), None, Facts(START, START))


@of_examples(60)
@given(st.lists(st.integers(-200, 200), max_size=60))
def test_however_the_clock_jumps_no_time_fires_twice_and_none_that_is_seen_is_left_out(steps):
    """Looks at a clock that a person, or a time server, sets as it likes.

    Whenever a look is the first one at or after a planned time, and the look before it was not
    after that time, some firing covers it: that time or a later one of the same gap.
    """
    job, now = hourly(), START
    highest = START
    for step in [1, *steps]:
        before, now = now, max(START, now + step * MINUTE)
        decision = job.look(now)
        hour = 60 * MINUTE
        passed = [each for each in range(START, now + 1, hour) if before < each <= now]
        if passed:
            new = [each for each in passed if each > highest]
            if new:
                assert decision.firing is not None
                assert decision.firing.planned_at == passed[-1]
                highest = passed[-1]
        elif now >= before:
            assert decision.firing is None
    assert len(job.fired) == len(set(job.fired))


def test_an_interval_keeps_its_grid():
    """Whenever it is looked at; a restart does not begin it anew."""
    trigger = PeriodicTrigger(interval=2, unit="HOURS")
    job = Fired(lambda memory, facts: periodic.decide(trigger, memory, facts))
    assert job.look(START + MINUTE).look_at == START + 120 * MINUTE
    job.look(START + 121 * MINUTE)
    decision = job.look(START + 500 * MINUTE)
    assert [planned - START for planned in job.fired] == [120 * MINUTE, 480 * MINUTE]
    assert "they fire once" in decision.firing.message
    job.look(START + 601 * MINUTE)
    assert job.fired[-1] == START + 600 * MINUTE


@pytest.mark.parametrize("interval", [0, -3, 10**30])
def test_an_interval_that_is_none_never_fires(interval):
    """`validate` warns of it."""
    trigger = PeriodicTrigger(interval=interval, unit="WEEKS")
    decision = periodic.decide(trigger, None, Facts(START + 10**9, START))
    assert decision.firing is None
    assert decision.look_at > START
