"""Expectations that cannot be: as columns, and on columns that are not there any more."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

WRONG = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

yes = F.udf(lambda value: True, "boolean")


@dp.materialized_view
@dp.expect("in Python", yes("b"))
def one():
    return spark.range(1).withColumnRenamed("id", "b")


@dp.materialized_view
@dp.expect("old name", F.col("id") > 0)
def two():
    return spark.range(1).withColumnRenamed("id", "b").select(F.col("b").alias("c")).where("c > 1")


@dp.materialized_view
@dp.expect("old name", "upper(`an id`) > 0")
def three():
    return spark.sql("SELECT id AS `an id`, 1 AS one FROM range(1)").toDF("new name", "one")


@dp.materialized_view
@dp.expect("no condition", F.col("id") + 1)
def four():
    return spark.range(1)


@dp.materialized_view
@dp.expect("nothing", F.col("nothing") > 1)
def five():
    return spark.range(1)
"""


def test_what_is_refused(pipeline):
    """In one sentence each, before anything is made."""
    pipeline.write("src/a.py", WRONG)
    said = pipeline.problems()
    for message in (
        "expectation 'in Python' cannot be written in SQL",
        "expectation 'old name' asks for id, which its query calls c: write it so",
        "expectation 'old name' asks for an id, which its query calls new name: write it so",
        "expectation 'no condition' is no condition: it is bigint",
        "expectation 'nothing': [UNRESOLVED_COLUMN",
    ):
        assert any(message in each for each in said), (message, said)
