"""Streams into tables and sinks: at once, again after a failure, until they are stopped."""

from __future__ import annotations

import json
import threading

import pytest

from nbkit.pipelines.refresh.plan import Request
from nbkit.pipelines.updating import update

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

AT_ONCE = """
import threading
from pyspark import pipelines as dp

def numbers():
    threading.meeting()  # the test's: waits for the three others
    return spark.readStream.table("{schema}_in.numbers")

dp.create_streaming_table("both", expect_all_or_drop={{"small": "id < 100"}})

@dp.append_flow(target="both")
def one():
    return numbers()

@dp.append_flow(target="both")
def two():
    return numbers().selectExpr("id + 10 AS id")

@dp.expect_or_quarantine("even", "id % 2 = 0")
@dp.table
def third():
    return numbers()

@dp.append_flow(target="third")
def fourth():
    return numbers().selectExpr("id + 10 AS id")
"""
SINKS = """
from pyspark import pipelines as dp
from pyspark.sql.datasource import DataSource, DataSourceStreamWriter, WriterCommitMessage

class Nowhere(DataSource):
    @classmethod
    def name(cls):
        return "nowhere"

    def streamWriter(self, schema, overwrite):
        return Writer()

class Writer(DataSourceStreamWriter):
    def write(self, rows):
        for _ in rows:
            pass
        return WriterCommitMessage()

spark.dataSource.register(Nowhere)

@dp.table
def source():
    return spark.readStream.table("{schema}_in.numbers")

dp.create_sink("folder", "delta", {{"path": "{root}/folder"}})
dp.create_sink("table", "delta", {{"tableName": "{schema}_in.copy"}})
dp.create_sink("own", "nowhere")

@dp.foreach_batch_sink
def function(batch, number):
    batch.write.format("json").mode("append").save("{root}/json")

def into(target):
    @dp.append_flow(target=target, name=f"to_{{target}}")
    def flow():
        return spark.readStream.table("source")

for target in ("folder", "table", "own", "function"):
    into(target)
"""


def numbers(pipeline, *rows):
    table = f"{pipeline.schema}_in.numbers"
    pipeline.spark.sql(f"create table if not exists {table} (id bigint) using delta")
    pipeline.spark.sql(f"insert into {table} values {', '.join(f'({row})' for row in rows)}")


def completed(pipeline):
    return {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()


def test_flows_at_once(pipeline, monkeypatch):
    """Streaming tables, and the flows of one, run at once; none takes the rows of another."""
    numbers(pipeline, 1, 2)
    monkeypatch.setattr(threading, "meeting", lambda: None, raising=False)
    pipeline.write("src/a.py", AT_ONCE.format(schema=pipeline.schema))
    graph = pipeline.resolve()
    everybody = threading.Barrier(4, timeout=300)
    monkeypatch.setattr(threading, "meeting", everybody.wait)
    pipeline.said = update(graph, pipeline.spark, pipeline.place(graph), Request())
    assert completed(pipeline)
    assert pipeline.rows("flows_at_once.both", "1") == [(1,), (2,), (11,), (12,)]
    assert pipeline.rows("flows_at_once.third", "1") == [(2,), (12,)]
    assert pipeline.rows("flows_at_once.third_quarantine", "1") == [(1, ["even"]), (11, ["even"])]
    counted = pipeline.said["flows_at_once.third"]
    assert (counted.rows, counted.dropped) == (2, 2)
    assert [(each.passed, each.failed) for each in counted.outcomes[0].results] == [(2, 2)]


def test_sinks(pipeline):
    """Formats, tables and functions; what a sink streams from may begin anew."""
    numbers(pipeline, 1, 2)
    code = SINKS.format(schema=pipeline.schema, root=pipeline.root)
    more = """
dp.create_sink("broker", "kafka", {"topic": "t"})
dp.create_sink("lost", "delta", {"pth": "/tmp"})

@dp.append_flow(target="own")
def whole():
    return spark.table("source")
"""
    pipeline.write("src/a.py", code + more)
    found = "\n".join(pipeline.problems())
    assert "sink broker: Spark has no format kafka here: its jar is not on" in found
    assert "sink lost needs either path or tableName in options; nearest: path" in found
    assert "flow whole is not a stream: a sink takes nothing else" in found
    pipeline.write("src/a.py", code)

    def there(name):
        return sorted(row.id for row in pipeline.spark.sql(f"select id from {name}").collect())

    places = (f"delta.`{pipeline.root}/folder`", "sinks_in.copy", f"json.`{pipeline.root}/json`")
    pipeline.update()
    assert completed(pipeline)
    assert [there(place) for place in places] == [[1, 2]] * 3
    numbers(pipeline, 3)
    pipeline.update(full_refresh=("source",))
    pipeline.update()
    assert completed(pipeline)
    assert pipeline.said["sinks.table"].message.endswith("sinks.source, which has begun anew")
    assert [there(place) for place in places] == [[1, 1, 2, 2, 3]] * 3
    pipeline.write("src/a.py", code.replace("batch.write", "print(oops)\n    batch.write"))
    numbers(pipeline, 4)
    pipeline.update()
    assert "NameError: name 'oops' is not defined" in pipeline.said["sinks.function"].message


IDLE = """
from pyspark import pipelines as dp

dp.create_streaming_table("both")

@dp.append_flow(target="both")
def table():
    return spark.readStream.table("{schema}_in.numbers")

@dp.append_flow(target="both")
def files():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.load("{root}/land ing").selectExpr("cast(id as bigint) as id")

@dp.append_flow(target="both", once=True)
def backfill():
    return spark.range(100, 101)

@dp.temporary_view
def seen():
    return spark.readStream.table("both")

@dp.table
def below():
    plain = spark.readStream.schema("id bigint").json("{root}/land ing")
    return spark.readStream.table("seen").unionByName(plain)

dp.create_streaming_table("latest")
dp.create_auto_cdc_flow("latest", "seen", keys=["id"], sequence_by="id")

@dp.table
def clock():
    return spark.readStream.format("rate").option("rowsPerSecond", 1).load()
"""


def test_nothing_new(pipeline):
    """A stream is started if there is something new, or if that is not known for certain."""
    landing = pipeline.root / "land ing"
    landing.mkdir()

    def land(number):
        (landing / f"{number} %.json").write_text(json.dumps({"id": number}))

    def how():
        pipeline.update()
        assert [each.message for each in pipeline.said.values() if each.state != "COMPLETED"] == []
        return {each.key.partition(".")[2]: each.how for each in pipeline.said.values()}

    def ids(table):
        return [row[0] for row in pipeline.rows(f"nothing_new.{table}", "1")]

    idle = {"both": "unchanged", "below": "unchanged", "latest": "unchanged"}
    all_new = dict.fromkeys((*idle, "clock"), "incremental")
    numbers(pipeline, 1)
    land(10)
    code = IDLE.format(schema=pipeline.schema, root=pipeline.root)
    pipeline.write("src/a.py", code)
    every_second = "spark.sql.streaming.fileSource.log.compactInterval"
    pipeline.spark.conf.set(every_second, "2")
    try:
        assert how() == dict.fromkeys(all_new, "full")
        assert how() == {**idle, "clock": "incremental"}
        message = pipeline.said["nothing_new.both"].message
        assert message == "left as it is: what it streams from has nothing new"
        for number in (11, 12):  # more files than stand in one part of Spark's own list
            land(number)
            assert how() == all_new
    finally:
        pipeline.spark.conf.unset(every_second)
    assert how() == {**idle, "clock": "incremental"}
    assert ids("both") == ids("latest") == [1, 10, 11, 12, 100]
    assert ids("below") == [1, *(10, 10, 11, 11, 12, 12), 100]

    # A batch that was begun, and not finished, is repeated.
    checkpoint = next(pipeline.root.glob(".nbkit/**/checkpoints/*below/*/*/commits"))
    newest = max(checkpoint.glob("[0-9]*"), key=lambda file: int(file.name))
    for file in (newest, newest.with_name(f".{newest.name}.crc")):
        file.unlink()
    assert how() == {**idle, "below": "incremental", "clock": "incremental"}
    assert len(ids("below")) == 8

    # So is what reads a table that was made anew, under the same name.
    pipeline.spark.sql(f"drop table {pipeline.schema}_in.numbers")
    numbers(pipeline, 1)
    pipeline.update()
    assert pipeline.said["nothing_new.both"].state == "FAILED"  # Delta's own answer


def test_retries(pipeline, monkeypatch):
    """What may pass is tried again, a mistake is not; dependents are skipped, others finished."""
    tries = []

    def lost():
        tries.append(1)
        if len(tries) in {2, 3}:  # the first is the analysis
            raise ConnectionError("no answer")

    monkeypatch.setattr(threading, "lost", lost, raising=False)
    pipeline.write(
        "src/a.py",
        """import threading
from pyspark import pipelines as dp

@dp.materialized_view
def passing():
    threading.lost()
    return spark.range(2)

@dp.materialized_view
def below():
    return spark.table("passing")

@dp.materialized_view
def wrong():
    return spark.sql("SELECT cast(concat('a', id) AS int) AS x FROM range(3)")

@dp.materialized_view
def after():
    return spark.table("wrong")
""",
    )
    heard = []
    graph = pipeline.resolve()
    said = update(graph, pipeline.spark, pipeline.place(graph), Request(), [heard.append])
    states = [
        each.state for each in heard if each.key == "retries.passing" and each.planned is None
    ]
    assert states == ["QUEUED", "RUNNING", "RETRYING", "RETRYING", "COMPLETED"]
    assert said["retries.below"].state == "COMPLETED"
    states = [each.state for each in heard if each.key == "retries.wrong" and not each.planned]
    assert states == ["QUEUED", "RUNNING", "FAILED"]
    assert said["retries.after"].message == "retries.wrong, which it reads, was not refreshed"


def test_stopped(pipeline):
    """An interrupt ends what runs, at any moment, and the next update goes on from there."""
    numbers(pipeline, *range(40))
    landing = pipeline.root / "landing"
    landing.mkdir()
    for number in range(6):
        (landing / f"{number}.json").write_text(json.dumps({"id": number}))
    source = f"""
from pyspark import pipelines as dp

@dp.table
def files():
    return (
        spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        .option("cloudFiles.maxFilesPerTrigger", 1).load("{landing}")
    )

@dp.materialized_view
def slow():
    rows = spark.range(10 ** 9, numPartitions=10 ** 5)
    return rows.selectExpr("sum(hash(id, id + 1)) AS x")
"""
    pipeline.write("src/a.py", source)
    graph = pipeline.resolve()

    def interrupt(said):
        if said.state == "RUNNING":
            raise KeyboardInterrupt

    heard = {}
    with pytest.raises(KeyboardInterrupt):
        update(
            graph,
            pipeline.spark,
            pipeline.place(graph),
            Request(),
            [lambda said: heard.update({said.key: said}), interrupt],
        )
    assert {each.state for each in heard.values()} <= {"STOPPED", "QUEUED", "RUNNING"}
    pipeline.write("src/a.py", source.partition("@dp.materialized_view")[0])
    pipeline.update()
    assert completed(pipeline)
    ids = sorted(int(row.id) for row in pipeline.spark.table("stopped.files").collect())
    assert ids == list(range(6))


def test_continuous(pipeline):
    """Rounds go on until somebody stops them, and are one update."""
    numbers(pipeline, 1)
    pipeline.write(
        "databricks.yml",
        """
bundle: {name: b}
resources: {pipelines: {on: {
  name: continuous, schema: continuous, continuous: true,
  configuration: {pipelines.trigger.interval: 1 second},
  libraries: [{glob: {include: src/**}}]}}}
""",
    )
    pipeline.write(
        "src/a.py",
        """import dlt

@dlt.table
def rows():
    return spark.readStream.table("continuous_in.numbers")

@dlt.table
def counted():
    return spark.table("rows").selectExpr("count(*) AS n")

@dlt.table
def outside():
    return spark.table("continuous_in.numbers").selectExpr("max(id) AS most")
""",
    )
    from nbkit.pipelines.declare.spec import read_spec
    from nbkit.pipelines.place import PipelinePlaces
    from nbkit.pipelines.tell.event_log import newest
    from nbkit.pipelines.updating import resolve

    spec = read_spec(pipeline.root / "databricks.yml")
    heard = []

    def watch(said):
        heard.append((said.key, said.state))
        views = [key for key, state in heard if key != "continuous.rows" and state == "COMPLETED"]
        if said.state == "COMPLETED" and views.count(said.key) == 1 and len(views) == 2:
            numbers(pipeline, 2)  # when both views have come once
        if len(views) == 4:
            raise KeyboardInterrupt

    place = PipelinePlaces.of(spec, pipeline.root / ".nbkit")
    with pytest.raises(KeyboardInterrupt):
        update(resolve(spec, pipeline.spark), pipeline.spark, place, Request(), [watch])
    assert pipeline.rows("continuous.counted", "1") == [(2,)]
    assert pipeline.rows("continuous.outside", "1") == [(2,)]
    kinds = [event["event_type"] for event in newest(place.folder, 100, lambda: pipeline.spark)]
    assert kinds.count("create_update") == 1
    assert ("continuous.rows", "STOPPED") in heard
