"""The one wrapper of `SparkSession.sql`: what a statement goes through on its way to Spark.

Each step sees the statement as the step before left it, and hands it on, changed as little as can
be, or answers it. One that needs nothing reaches Spark byte for byte.
"""

from __future__ import annotations

import functools
import typing
from dataclasses import dataclass, replace

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame, SparkSession

    GoOn = Callable[["SqlCall"], DataFrame]
    Step = Callable[["SqlCall", GoOn], DataFrame]

STEPS = {
    "files": "files that `read_files` names are read as Auto Loader does, outside of pipelines",
    "immediate": "the text of EXECUTE IMMEDIATE is a statement that the next steps must see",
    "datasets": "names of a pipeline's datasets become what the update reads for them",
    "copy_into": "COPY INTO is answered here; Spark has no such statement",
    "unity_catalog": "what only Unity Catalog knows is done here, or skipped with one line",
    "described": "what DESCRIBE or SHOW tells stands for a table in parentheses",
    "clones": "a shallow clone is written down, and VACUUM keeps what it reads",
    "delta": "what Delta here refuses is done in another way that means the same",
    "row_changes": "DELETE and UPDATE with subqueries are done by a MERGE where Delta refuses them",
    "refused": "what Spark refuses is asked again in Spark's words, if they say the same",
    "catalogs": "a catalog that Spark lacks is found, or made for what the statement makes in it",
    "paths": "Databricks' paths become the places that they are here",
}
"""The steps in the order in which a statement goes through them, and what each is for."""

_filled: dict[str, Step] = {}


@dataclass(frozen=True, slots=True)
class SqlCall:
    """A call of `spark.sql`.

    Attributes:
        spark: the session that it is for.
        text: one statement, or a script; what `{name}` stood for is in it already.
        args: values for `:name`, or for each `?`; as PySpark takes them.
        views: names of DataFrames that came with the call.
    """

    spark: SparkSession
    text: str
    args: typing.Any = None
    views: frozenset[str] = frozenset()

    def saying(self, text: str) -> SqlCall:
        """Return the same call with another text."""
        return replace(self, text=text)


def fill(name: str, step: Step) -> None:
    """Let a step of the list do something: each room knows its own."""
    assert name in STEPS, name
    _filled[name] = step


def _before(step: Step, go_on: GoOn) -> GoOn:
    return lambda call: step(call, go_on)


def _ask_spark(run: Callable[..., DataFrame], call: SqlCall) -> DataFrame:
    return run(call.spark, call.text, call.args)


def through_the_steps(run: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    """Return PySpark's `SparkSession.sql` with the steps before it."""

    @functools.wraps(run)
    def sql(
        self: SparkSession,
        sqlQuery: str,  # noqa: N803 - PySpark's
        args: typing.Any = None,
        **kwargs: typing.Any,
    ) -> DataFrame:
        from pyspark.sql.sql_formatter import SQLStringFormatter

        go_on: GoOn = functools.partial(_ask_spark, run)
        for name in reversed(STEPS):
            if name in _filled:
                go_on = _before(_filled[name], go_on)
        if not kwargs:
            return go_on(SqlCall(self, sqlQuery, args))
        formatter = SQLStringFormatter(self)  # as PySpark does, which would do it too late
        try:
            text = formatter.format(sqlQuery, **kwargs)
            views = frozenset(name for _, name in formatter._temp_views)  # noqa: SLF001 - PySpark says it nowhere else
            return go_on(SqlCall(self, text, args, views))
        finally:
            formatter.clear()

    return sql
