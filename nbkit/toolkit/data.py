"""`dbutils.data`: a look at what is in a table."""

from __future__ import annotations

import typing

from nbkit.toolkit.display import display
from nbkit.toolkit.utility import Utility


class DataUtility(Utility):
    """Understand data, as `dbutils.data`."""

    _name = "dbutils.data"

    def summarize(self, df: typing.Any, precise: bool = False) -> None:
        """Show counts, means, extremes and quartiles of a Spark or pandas DataFrame's columns.

        Args:
            df: the data.
            precise: there for Databricks' sake; quartiles of a Spark DataFrame are approximate.
        """
        del precise
        if hasattr(df, "summary"):
            display(df.summary())
        else:
            display(df.describe(include="all").reset_index(names="summary"))
