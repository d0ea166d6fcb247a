"""Expectations, display and steps over Spark Connect: one server, one session for all.

The server is nbkit's own driver with Spark's Connect plug-in: the same Delta, no other jars.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from processes import until
from proving import of_examples
from quality_oracle import asked, check_a_batch, differing
from quality_oracle import rows as random_rows

from nbkit import quality
from nbkit.errors import DefinitionError
from nbkit.guard.step import step
from nbkit.guard.transient import is_transient
from nbkit.quality.history import History
from nbkit.settings import Settings
from nbkit.spark.lease import attach, hold
from nbkit.spark.work_now import nothing
from nbkit.toolkit.frames import of_raw_spark, of_spark
from nbkit.toolkit.spark_watch import of_session

pytestmark = pytest.mark.e2e

_numbers = itertools.count()

RULES = [
    quality.not_null("x"),
    quality.between("x", 0, 10, action="quarantine"),
    quality.in_set("s", ["a", "b"], action="drop"),
    quality.expect("small", "id < 8", threshold="30%"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    server = Settings.model_validate({"root": root, "spark": {"memory": "1g", "conf": conf}})
    client = Settings.model_validate({"root": root, "spark": {"remote": f"sc://127.0.0.1:{port}"}})
    before = dict(os.environ)
    with hold(server) as held:
        session = attach(client)
        session.server = held
        yield session
        session.stop()
    os.environ.clear()  # PySpark notes there that this process is for Connect only
    os.environ.update(before)


@pytest.fixture(scope="module")
def rows(spark):
    return spark.range(10).selectExpr(
        "id", "if(id = 3, null, cast(id * 3 as double)) as x", "substr('abc', id % 3 + 1, 1) as s"
    )


def failing(checked):
    return {result.name: result.failed for result in checked.results}


def test_write(spark, rows):
    """Rows are counted as they are written, each is in one table or dropped, with a sample."""
    checked = quality.write(rows, "good", RULES, quarantine="aside", history="past")
    assert failing(checked) == {"x_not_null": 1, "x_in_range": 7, "s_in_set": 3, "small": 2}
    found = {row.id: row._failed_expectations for row in spark.table("aside").collect()}
    good = {row.id for row in spark.table("good").collect()}
    assert (good, set(found)) == ({0, 1}, {3, 4, 5, 6, 7, 8, 9})
    assert found[3] == ["x_not_null", "x_in_range"]
    assert checked["small"].ok
    assert {row["id"] for row in checked["small"].sample} == {8, 9}
    again = quality.write(rows, "good", RULES[2:], history=None)  # appended: counted on the way
    assert (failing(again), spark.table("good").count()) == ({"s_in_set": 3, "small": 2}, 9)
    assert spark.table("past").where("name = 'small'").first().failed == 2


def test_split(spark, rows):
    """Counts come back of rows that are appended; where they do not, it is said."""
    made = quality.split(rows, RULES[2:])
    made.good.write.saveAsTable("divided")
    with pytest.raises(quality.NotMeasuredError, match="over Spark Connect by creating"):
        made.metrics.read()
    made = quality.split(rows, RULES[2:])
    made.good.write.mode("append").saveAsTable("divided")
    assert made.metrics.read().kept == 7


def test_fail(spark, rows):
    """An expectation that must hold leaves the table as it was, and says which it was."""
    for rule in (
        quality.not_null("x", action="fail"),
        quality.not_null("x", action="fail", threshold="5%"),
        quality.row_count(11, action="fail"),
    ):
        with pytest.raises(quality.ExpectationFailedError, match=rule.name):
            quality.write(rows, "never", [rule], history=None)
    assert not spark.catalog.tableExists("never")


def test_check_and_suggest(rows):
    """Checks of rows and of the whole, with a history; suggested rules hold."""
    checks = [*RULES, quality.unique("s"), quality.row_count(10, 10), quality.drift("x")]
    checks += [quality.aggregate("mean", "avg(id)", high=5), quality.has_schema("id bigint")]
    for _ in range(2):
        checked = quality.check(rows, checks, dataset="rows", history="past")
    assert [result.name for result in checked.failures] == [
        *("x_not_null", "x_in_range", "s_in_set", "s_unique")
    ]
    assert "bins are made by the first run with 100" in checked["x_drift"].observed
    assert len(checked.past["small"]) == 1
    suggested = quality.suggest(rows)
    assert quality.check(rows, suggested.checks, history=None).ok
    assert 'quality.not_null("id")' in suggested.as_code()


def test_counts_are_those_of_duckdb(spark):
    """Of every rule, on rows of every type, with NULL failing and passing."""
    assert differing(spark) == {}


@pytest.mark.prove
@of_examples(2)
@given(given_rows=random_rows, chosen=asked)
def test_a_batch(spark, given_rows, chosen):
    """Good and quarantined rows are those of DuckDB, and so are all counts."""
    check_a_batch(spark, f"batch_{next(_numbers)}", given_rows, chosen)


def test_a_retry(spark, rows, monkeypatch):
    """A call that broke after its commit is finished by the next; the one after it writes anew."""

    def broken(*_, **__):
        raise OSError

    names = {"table": "retried", "quarantine": "retried_aside", "history": "retried_past"}
    with monkeypatch.context() as patched:
        patched.setattr(History, "_append", broken)
        with pytest.raises(OSError):
            quality.write(rows, checks=RULES[:3], **names)
    for count in (2, 4):
        quality.write(rows, checks=RULES[:3], **names)
        assert spark.table("retried").count() == count
        assert spark.table("retried_aside").count() == count // 2 * 7


def test_stream(spark, rows, tmp_path):
    """A stream's batches are counted; a quarantine says that it cannot be had."""
    rows.write.saveAsTable("arriving")
    stream = spark.readStream.table("arriving")
    counted = quality.stream(
        stream, "arrived", RULES[2:], checkpoint=str(tmp_path / "1"), history=None
    )
    assert failing(counted) == {"s_in_set": 3, "small": 2}
    assert spark.table("arrived").count() == 7
    with pytest.raises(DefinitionError, match="over Spark Connect"):
        quality.stream(stream, "fine", RULES, checkpoint=str(tmp_path / "2"), quarantine="odd")


def test_display(spark, rows):
    """A table is read in one query, cut where it is asked to be, and a stream as far as it is."""
    table = of_spark(rows.selectExpr("*", "timestamp'2013-01-01' as t", "repeat('y', 5000)"), 4)
    assert (len(table.rows), table.more) == (4, True)
    assert table.caption() == "first 4 rows; the table has more"
    assert table.columns[:2] == (("id", "bigint"), ("x", "double"))
    assert "y" * 1000 + "…" in table.as_html()
    assert not of_raw_spark(rows, 10).more
    rows.write.mode("overwrite").saveAsTable("shown")
    assert len(of_spark(spark.readStream.table("shown"), 20).rows) == 10


def test_steps(spark):
    """Bad SQL is permanent; a conflict of Delta's writers, or a lost connection, is not."""
    tried = []

    @step("bad", retries=2, wait=0)
    def bad():
        tried.append("bad")
        spark.table("nowhere").collect()

    @step("conflict", retries=2, wait=0)
    def conflict():
        tried.append("conflict")
        if len(tried) == 2:
            spark.sql("select raise_error('[DELTA_CONCURRENT_APPEND] again')").collect()

    with pytest.raises(Exception, match="nowhere"):
        bad()
    conflict()
    assert tried == ["bad", "conflict", "conflict"]


@pytest.mark.filterwarnings("ignore:.RETRIES_EXCEEDED")
def test_what_spark_does_now_is_known_until_it_is_done(spark, tmp_path):
    """The server tells of it by itself while its client waits."""
    gate = tmp_path / "gate"

    def passing(batches):
        while not gate.exists():
            time.sleep(0.05)
        yield from batches

    look = of_session(spark)
    assert look() == nothing()
    with ThreadPoolExecutor(1) as hands:
        waits = spark.range(0, 8, 1, 2).mapInPandas(passing, "id long")
        counted = hands.submit(waits.count)
        try:
            until(lambda: look()["tasks"] == 2)
            assert look()["jobs"] == 1
        finally:
            gate.touch()
        assert counted.result() == 8
    assert look() == nothing()


def test_a_server_that_is_gone(spark):
    """What the client says then is transient. The last test: nothing answers afterwards."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    spark.client.set_retry_policies([DefaultPolicy(max_retries=1)])
    spark.server.close()
    with pytest.raises(Exception, match=r".") as raised:
        until(lambda: spark.range(3).collect() is None, seconds=60)
    assert is_transient(raised.value)
