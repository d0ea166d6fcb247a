import ast

import pytest

from nbkit.toolkit.mention import mentions_spark

OFFERED = frozenset({"spark", "sc", "sql"})


@pytest.mark.parametrize(
    "source",
    [
        "spark.range(1)",
        "df = sql('select 1')",
        "sc.parallelize([1])",
        "import pyspark.sql.functions as F",
        "from pyspark.sql import functions as F",
        "from delta import DeltaTable",
        "DeltaTable.forName(spark, 't')",
        "spark = SparkSession.builder.getOrCreate()",
        "def count():\n    return spark.range(1).count()",
        "await load(spark)",
    ],
)
def test_code_that_needs_spark_mentions_it(source):
    """A cell that names a session, or imports what works on one, mentions Spark."""
    assert mentions_spark(ast.parse(source), OFFERED)


@pytest.mark.parametrize(
    "source",
    [
        "1 + 1",
        "# spark.range(1)",
        "print('spark')",
        "import pandas as pd",
        "from .delta import x",
        "sql = 'select 1'; rows = pd.read_sql(sql, connection)",
        "for spark in plugs: fire(spark)",
        "plug.spark()",
    ],
)
def test_other_code_does_not(source):
    """Comments, strings, attributes and the author's own names are no mention of Spark."""
    assert not mentions_spark(ast.parse(source), OFFERED)


def test_a_name_the_author_took_is_no_mention():
    """Where `sql` is the author's own variable, reading it does not start Spark."""
    assert not mentions_spark(ast.parse("pd.read_sql(sql, connection)"), frozenset({"spark"}))
