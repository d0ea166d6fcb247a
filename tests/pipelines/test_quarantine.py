"""Quarantines that come, go and are in the way; and writes that would change a value."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

HEAD = "from nbkit import pipelines as dp\n"
RULE = '@dp.expect_or_quarantine("positive", "v > 0")\n'
NAMED = '@dp.table(name="{name}")\n'
STREAM = """def {name}():
    return spark.readStream.schema("id int, v int").json("{landing}"){more}
"""


def land(pipeline, *rows):
    landing = pipeline.root / "landing"
    landing.mkdir(exist_ok=True)
    number = len(list(landing.iterdir()))
    (landing / f"{number}.json").write_text("\n".join(map(json.dumps, rows)))


def source(pipeline, rule="", more="", name="t"):
    landing = pipeline.root / "landing"
    text = NAMED.format(name=name) + STREAM.format(name=name, landing=landing, more=more)
    pipeline.write("src/a.py", HEAD + rule + text)


def states(pipeline):
    return {each.message for each in pipeline.said.values() if each.state != "COMPLETED"}


def both(pipeline):
    schema = pipeline.schema
    rows = pipeline.rows(f"{schema}.t", "1")
    return rows, pipeline.rows(f"{schema}.t_quarantine", "1")


def test_comes_and_goes(pipeline):
    """Added later it takes what is new; a full refresh divides all; without it, all is good."""
    land(pipeline, {"id": 1, "v": 5}, {"id": 2, "v": -5})
    source(pipeline)
    pipeline.update()
    source(pipeline, RULE)
    land(pipeline, {"id": 3, "v": 5}, {"id": 4, "v": -5})
    pipeline.update()
    reason = ["positive"]
    assert both(pipeline) == ([(1, 5), (2, -5), (3, 5)], [(4, -5, reason)])
    pipeline.update(full_refresh_all=True)
    divided = ([(1, 5), (3, 5)], [(2, -5, reason), (4, -5, reason)])
    assert both(pipeline) == divided
    pipeline.update()
    assert both(pipeline) == divided
    source(pipeline)
    land(pipeline, {"id": 5, "v": -1})
    pipeline.update()
    assert both(pipeline) == ([(1, 5), (3, 5), (5, -1)], divided[1])
    pipeline.update(full_refresh_all=True)
    assert both(pipeline) == ([(1, 5), (2, -5), (3, 5), (4, -5), (5, -1)], [])
    assert states(pipeline) == set()


def test_in_the_way(pipeline):
    """A table of that name that is something else is refused, and nothing was touched."""
    land(pipeline, {"id": 1, "v": 5})
    source(pipeline)
    pipeline.update()
    beside = "in_the_way.t_quarantine"
    pipeline.spark.sql(f"create table {beside} (mine int) using delta")
    source(pipeline, RULE)
    for request in ({}, {"full_refresh_all": True}):
        pipeline.update(**request)
        assert states(pipeline) == {
            f"table {beside} was made by somebody else: drop it, or give the dataset another name"
        }
        assert pipeline.rows("in_the_way.t", "1") == [(1, 5)]
    more = NAMED.format(name="t_quarantine") + STREAM.format(
        name="other", landing=pipeline.root / "landing", more=""
    )
    pipeline.write("src/b.py", HEAD + more)
    assert "t_quarantine, where it puts rows that fail, is a dataset too" in pipeline.problems()[0]
    (pipeline.root / "src/b.py").unlink()
    pipeline.spark.sql(f"drop table {beside}")
    land(pipeline, {"id": 2, "v": -5})
    pipeline.update()
    assert states(pipeline) == set()
    pipeline.write("src/a.py", HEAD + more.replace("def other", "def t_quarantine"))
    pipeline.update(full_refresh_all=True)
    (said,) = states(pipeline)
    assert said.startswith(f"table {beside} is the quarantine of in_the_way.t: drop it")


def test_odd_names(pipeline):
    """Names with spaces, dots and back-ticks, and columns that must not be null."""
    properties = '{"delta.columnMapping.mode": "name"}'
    pipeline.write(
        "src/a.py",
        f"""{HEAD}
def rows():
    return spark.sql(\"\"\"SELECT 1 AS id, 'x' AS `Order No`, named_struct('a.b', 1) AS `s.t`
        UNION ALL SELECT NULL, 'y', NULL\"\"\")

@dp.expect_or_quarantine("an id", "id IS NOT NULL")
@dp.table(table_properties={properties})
def whole():
    return rows()

@dp.expect_or_quarantine("an id", "id IS NOT NULL")
@dp.table(table_properties={properties}, schema='''id INT NOT NULL, `Order No` STRING,
    `s.t` STRUCT<`a.b`: INT>''')
def streamed():
    shape = "id INT, `Order No` STRING, `s.t` STRUCT<`a.b`: INT>"
    return spark.readStream.schema(shape).json("{pipeline.root}/landing")
""",
    )
    land(
        pipeline,
        {"id": 1, "Order No": "x", "s.t": {"a.b": 1}},
        {"Order No": "y"},
    )
    for _ in range(2):
        pipeline.update()
        assert states(pipeline) == set()
        for name in ("whole", "streamed"):
            assert pipeline.rows(f"odd_names.{name}", "1") == [(1, "x", (1,))]
            assert pipeline.rows(f"odd_names.{name}_quarantine", "2") == [
                (None, "y", None, ["an id"])
            ]


def test_no_value_is_changed(pipeline):
    """What a type would round is refused before a write; a number too large ends it."""
    land(pipeline, {"id": 1, "v": 6})
    source(pipeline)
    pipeline.update()
    land(pipeline, {"id": 2, "v": 6})
    source(pipeline, more='.selectExpr("id", "v * 1.25D AS v")')
    pipeline.update()
    (said,) = states(pipeline)
    assert said.startswith("column v would turn double into int, as its table has it: cast it")
    source(pipeline, more='.selectExpr("id", "v * 9000000000L AS v")')
    pipeline.update()
    (said,) = states(pipeline)
    assert "column v has the value 54000000000: bigint, and no int" in said
    assert pipeline.rows("no_value_is_changed.t") == [(1, 6)]
    source(pipeline, more='.selectExpr("cast(id AS BIGINT) AS id", "v * 2L AS v", "7.5D AS w")')
    pipeline.update()
    assert states(pipeline) == set()
    assert pipeline.rows("no_value_is_changed.t") == [(1, 6, None), (2, 12, 7.5)]
    pipeline.update(full_refresh_all=True)
    assert pipeline.rows("no_value_is_changed.t") == [(1, 12, 7.5), (2, 12, 7.5)]
    pipeline.write(
        "src/a.py",
        f"""{HEAD}
@dp.materialized_view(schema="s STRUCT<b: INT, a: BIGINT>, n INT")
def shaped():
    return spark.sql("SELECT named_struct('a', 1, 'b', 2) AS s, count(*) AS n FROM range(3)")

@dp.materialized_view(schema="n INT")
def cut():
    return spark.sql("SELECT 7.5D AS n")
""",
    )
    (said,) = pipeline.problems()
    assert "column n would turn double into int, as its schema has it: cast it in" in said
    text = (pipeline.root / "src/a.py").read_text()
    pipeline.write("src/a.py", text.replace("7.5D", "7"))
    pipeline.update()
    assert pipeline.rows("no_value_is_changed.shaped") == [((2, 1), 3)]
