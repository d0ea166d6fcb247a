"""What PySpark takes for which kind of UDF."""

from __future__ import annotations

import pandas as pd  # noqa: TC002 - PySpark reads the hint
from pyspark.sql.pandas import typehints
from pyspark.util import PythonEvalType

from nbkit.dialect import udf_hints


class Names:
    def first(self) -> str:
        return "Ada"


def total(values: pd.Series) -> int:
    return values.sum()


def test_a_method_without_arguments_is_no_aggregate():
    """It is a plain UDF; the hints of others still count."""
    infer = udf_hints.of_functions(typehints.infer_eval_type_for_udf)
    assert infer(Names().first) is None
    kind = infer(total)
    assert kind == PythonEvalType.SQL_GROUPED_AGG_PANDAS_UDF
