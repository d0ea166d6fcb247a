"""The Python API of pipelines on a real session: resolved, previewed, updated, asked about."""

from __future__ import annotations

import json
import os

import pytest

from nbkit.api import pipelines
from nbkit.errors import UsageError

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SOURCE = """
CREATE MATERIALIZED VIEW a AS SELECT id, upper(k) AS `größe` FROM {schema}_in.t;
CREATE TEMPORARY VIEW few AS SELECT * FROM LIVE.a WHERE id < 3;
CREATE MATERIALIZED VIEW b AS SELECT count(*) AS n FROM few;
"""


def test_a_pipeline_in_python(pipeline, warm_driver, tmp_path):
    """Everything that can be asked, in the order in which a person asks it."""
    schema = pipeline.schema
    pipeline.write("src/a.sql", SOURCE.format(schema=schema))
    pipeline.spark.sql(
        f"create table {schema}_in.t using delta as select id, 'k' AS k from range(5)"
    )
    graph = pipelines.graph(pipeline.root, lineage=True, settings=warm_driver)
    assert graph.valid
    assert [(each.name, each.type, each.reads) for each in graph.datasets] == [
        (f"{schema}.a", "materialized_view", ()),
        ("few", "temporary_view", (f"{schema}.a",)),
        (f"{schema}.b", "materialized_view", (f"{schema}.few",)),
    ]
    assert graph.datasets[0].schema == "struct<id:bigint,größe:string>"
    (origin,) = graph.datasets[0].lineage["größe"]
    assert (origin["dataset"], origin["column"]) == (f"{schema}_in.t", "k")
    assert json.loads(json.dumps(graph.datasets[0].as_data()))["defined_at"].endswith("a.sql:2")
    assert "svg" in graph._repr_html_()
    assert pipelines.validate(pipeline.root, settings=warm_driver) == ()

    assert pipelines.preview(pipeline.root, "b", settings=warm_driver).collect() == [(3,)]
    assert pipelines.preview(pipeline.root, "a", 2, settings=warm_driver).count() == 2
    with pytest.raises(UsageError, match="there is no dataset bb; nearest: b"):
        pipelines.preview(pipeline.root, "bb", settings=warm_driver)
    assert not pipeline.spark.catalog.tableExists(f"{schema}.a"), "nothing is written"

    before, file = dict(os.environ), tmp_path / "lineage.jsonl"
    update = pipelines.run(pipeline.root, lineage=file, show="nothing", settings=warm_driver)
    assert update.succeeded, update.tasks["update"]["attempts"][-1].get("failure")
    assert {name: each["rows"] for name, each in update.datasets.items()} == {
        f"{schema}.a": 5,
        f"{schema}.b": 1,
    }
    assert dict(os.environ) == before
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["eventType"] for each in told if each["job"]["name"] == schema] == [
        "START",
        "COMPLETE",
    ]
    events = pipelines.events(pipeline.root, settings=warm_driver)
    assert events[-1]["message"].endswith("is COMPLETED.")

    pipeline.write("src/a.sql", "CREATE MATERIALIZED VIEW a AS SELECT nope FROM LIVE.a2;")
    (problem,) = pipelines.validate(pipeline.root, settings=warm_driver)
    assert "a2" in problem.message
    update = pipelines.run(pipeline.root, show="nothing", settings=warm_driver)
    assert (update.succeeded, update.invalid) == (False, True)
    assert pipeline.spark.table(f"{schema}.a").count() == 5
