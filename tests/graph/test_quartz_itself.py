"""Our reading of cron expressions against Quartz itself, the oldest and the newest that matter."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import py4j.java_gateway as py4j
import pytest
from py4j import protocol

from nbkit.graph.quartz import Quartz
from nbkit.spark import jars
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.download import download
from nbkit.spark.java import find_java
from nbkit.spark.repository import repository

pytestmark = pytest.mark.e2e

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("America/Santiago", "Asia/Beirut", "Pacific/Apia"),
)
CHANGES = {
    "Europe/Berlin": ((2026, 3, 29), (2026, 10, 25)),
    "America/New_York": ((2026, 3, 8), (2026, 11, 1)),
    "Australia/Lord_Howe": ((2026, 4, 5), (2026, 10, 4)),
    "America/Santiago": ((2026, 4, 5), (2026, 9, 6)),
    "Asia/Beirut": ((2026, 3, 29), (2026, 10, 25)),
}
"""The days on which clocks change."""


def jar(version: str) -> str:
    """Quartz from a Maven repository, kept in the cache."""
    name = f"quartz-{version}.jar"

    def fetch(folder) -> None:
        base = repository(jars.spark_home() / "jars")
        url = f"{base}/org/quartz-scheduler/quartz/{version}/{name}"
        download([(url, folder / name)])

    return str(once(cache_directory() / "tests" / f"quartz-{version}", fetch) / name)


@pytest.fixture(scope="module", params=["2.3.0", "2.5.2"])
def quartz(request):
    """Quartz: what it says is the next time in epoch milliseconds, None, or "refused"."""
    spark_jars = jars.spark_home() / "jars"
    port, secret, process = py4j.launch_gateway(
        jarpath=str(next(spark_jars.glob("py4j-*.jar"))),
        classpath=os.pathsep.join([jar(request.param), f"{spark_jars}/*"]),
        java_path=str(find_java().path),
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    gateway = py4j.JavaGateway(
        gateway_parameters=py4j.GatewayParameters(port=port, auth_token=secret)
    )

    def after(text: str, moment: datetime, zone: str):
        try:
            expression = gateway.jvm.org.quartz.CronExpression(text)
        except protocol.Py4JJavaError:
            return "refused"
        expression.setTimeZone(gateway.jvm.java.util.TimeZone.getTimeZone(zone))
        found = expression.getTimeAfter(gateway.jvm.java.util.Date(milliseconds(moment)))
        return None if found is None else found.getTime()

    with (
        pytest.MonkeyPatch.context() as patch
    ):  # PySpark, in this process, asks its own JVM of errors
        patch.setattr(py4j, "get_return_value", protocol.get_return_value)
        yield after
    gateway.shutdown()
    process.stdin.close()
    process.wait()


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def ours(text: str, moment: datetime, zone: str):
    try:
        expression = Quartz.parse(text)
    except ValueError:
        return "refused"
    found = expression.after(moment, ZoneInfo(zone))
    return None if found is None else milliseconds(found)


def some(rng: random.Random, least: int, most: int, names: tuple[str, ...] = ()) -> str:
    """A random field: values, names, lists, ranges (also over the end), steps, stars."""

    def value() -> str:
        return rng.choice(names) if names and rng.random() < 0.4 else str(rng.randint(least, most))

    def one() -> str:
        return rng.choice(
            [
                value,
                lambda: f"{value()}-{value()}",
                lambda: f"{value()}/{rng.randint(1, max(1, most - 1))}",
                lambda: f"*/{rng.randint(1, most)}",
                lambda: f"{value()}-{value()}/{rng.randint(1, 5)}",
            ]
        )()

    kind = rng.random()
    if kind < 0.25:
        return "*"
    if kind < 0.6:
        return value()
    return ",".join(one() for _ in range(rng.choice([1, 1, 2, 3])))


def expression(rng: random.Random) -> str:
    days = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    seconds = rng.choice(["0", "0", "30", some(rng, 0, 59)])
    minutes = some(rng, 0, 59)
    hours = rng.choice([some(rng, 0, 23), "*", "1", "2", "0", "1-3"])
    month = rng.choice(["*", "*", some(rng, 1, 12, months)])
    if rng.random() < 0.5:
        day = rng.choice(
            [
                *("*", "L", "LW", f"L-{rng.randint(0, 25)}", f"{rng.randint(1, 31)}W"),
                *(f"L-{rng.randint(1, 20)}W", some(rng, 1, 31), some(rng, 1, 31)),
            ]
        )
        week = "?"
    else:
        day = "?"
        week = rng.choice(
            [
                *("*", "L", f"{rng.choice(days)}L", f"{rng.randint(1, 7)}L"),
                *(f"{rng.randint(1, 7)}#{rng.randint(1, 5)}", f"{rng.choice(days)}#2"),
                *(some(rng, 1, 7, days), "MON-FRI", "FRI-MON"),
            ]
        )
    year = rng.choice(["", "", "", " *", " 2027", " 2026-2030", " 2026/2"])
    return f"{seconds} {minutes} {hours} {day} {month} {week}{year}"


def moments(rng: random.Random, zone: str) -> datetime:
    """A time: anywhere, or where clocks change."""
    if zone in CHANGES and rng.random() < 0.6:
        day = datetime(*rng.choice(CHANGES[zone]), tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return day + timedelta(seconds=rng.randint(-6 * 3600, 8 * 3600))
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randint(0, 700 * 86400))


def test_the_same_times_as_quartz(quartz, request):
    """Thousands of random expressions, zones and times, each followed for a few firings.

    Of nearest weekdays (`15W`, `LW`) the newest keeps the time of day where it began to look; the
    one that Databricks' documentation names does not.
    """
    differing = []
    newest = request.node.callspec.params["quartz"] != "2.3.0"
    rng = random.Random(os.environ.get("NBKIT_SEED", "quartz"))
    for _ in range(int(os.environ.get("NBKIT_EXPRESSIONS", "1500"))):
        text, zone = expression(rng), rng.choice(ZONES)
        moment = moments(rng, zone)
        if newest and "W" in text.split()[3]:
            continue
        for _ in range(3):
            wanted, found = quartz(text, moment, zone), ours(text, moment, zone)
            if wanted != found:
                differing.append((text, zone, moment.isoformat(), wanted, found))
                break
            if not isinstance(found, int):
                break
            moment = datetime.fromtimestamp(found / 1000, UTC)
    assert differing == []


@pytest.mark.parametrize(
    "text",
    [
        *("0 0 5 * *", "0 0 5 * * *", "0 0 5 1 * 1", "0 0 5 ? * ?", "60 * * * * ?", "0 0 24 * * ?"),
        *("0 0 0 0 * ?", "0 0 0 32 * ?", "0 0 0 ? * 8", "0 0 0 ? * 0", "0 0 0 L-31 * ?"),
        *("0 0 0 ? * 6#6", "0 0 0 ? * 6#0", "0 0 0 ? * MON#1,TUE#2"),
        *("a 0 0 * * ?", "0 0 0 * 13 ?", "0/60 * * * * ?", "? 0 0 * * ?"),
    ],
)
def test_what_quartz_refuses(quartz, text):
    """Is refused."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert (ours(text, moment, "UTC"), quartz(text, moment, "UTC")) == ("refused", "refused")
