"""`spark.sql` with arguments in a pipeline's queries: the datasets are found all the same."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

QUERIES = """
from pyspark import pipelines as dp

@dp.materialized_view
def base(): return spark.range(5)

@dp.materialized_view
def formatted():
    few = spark.range(2)
    return spark.sql("SELECT base.id FROM base JOIN {few} f ON f.id = base.id", few=few)

@dp.materialized_view
def both():
    text = "SELECT id FROM {b} WHERE id > :least AND id IN (SELECT id FROM base) -- {{no}}"
    return spark.sql(text, {"least": 2}, b=spark.table("base"))

@dp.materialized_view
def identified(): return spark.sql("SELECT * FROM IDENTIFIER(:t)", args={"t": "base"})

@dp.materialized_view
def joined():
    text = "SELECT a.id FROM IDENTIFIER(:s || '.base') a JOIN IDENTIFIER('base') b USING (id)"
    return spark.sql(text, args={"s": "{schema}", "unused": 1})

@dp.materialized_view
def placed():
    text = "SELECT id, ? AS one FROM IDENTIFIER(?) WHERE id < ?"
    return spark.sql(text, args=["a", "base", 2])

@dp.materialized_view
def sampled():
    text = "SELECT base.id FROM base TABLESAMPLE (100 PERCENT) REPEATABLE (1) WHERE base.id > 3"
    return spark.sql(f"{text} UNION ALL SELECT b.id FROM base TABLESAMPLE (2 ROWS) AS b")

@dp.materialized_view
def whole(): return spark.sql("SELECT id FROM base WHERE id > 3 UNION ALL TABLE base")

@dp.materialized_view
def immediate(): return spark.sql("EXECUTE IMMEDIATE 'SELECT id FROM ' || 'base'")
"""


def test_every_way_to_give_arguments(pipeline):
    """DataFrames, values by name and by place, names of tables, and where those may stand."""
    pipeline.write("src/p.py", QUERIES.replace("{schema}", pipeline.schema))
    pipeline.update()
    schema = pipeline.schema
    five = [(n,) for n in range(5)]
    assert pipeline.rows(f"{schema}.formatted", "1") == [(0,), (1,)]
    assert pipeline.rows(f"{schema}.both", "1") == [(3,), (4,)]
    assert pipeline.rows(f"{schema}.identified", "1") == five
    assert pipeline.rows(f"{schema}.joined", "1") == five
    assert pipeline.rows(f"{schema}.placed", "1") == [(0, "a"), (1, "a")]
    assert pipeline.rows(f"{schema}.immediate", "1") == five
    assert [row for row in pipeline.rows(f"{schema}.sampled", "1") if row == (4,)] == [(4,)]
    assert len(pipeline.rows(f"{schema}.sampled", "1")) == 3
    assert pipeline.rows(f"{schema}.whole", "1") == [*five, (4,)]
