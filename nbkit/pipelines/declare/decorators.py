"""The names that pipeline code uses for datasets: `dp.table`, `dlt.read` and the rest.

Decorators return the function that they are put on, so they stack in any order. They take the
keywords that Databricks and Spark document, older spellings included. What has a meaning on
Databricks only is kept in `Dataset.ignored`, and named once when the pipeline is analysed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.arguments import columns, mapping, name_of, text
from nbkit.pipelines.declare.declarations import POLICIES, Dataset, Flow
from nbkit.pipelines.declare.expectations import rules_of
from nbkit.pipelines.declare.flows import replaces_of
from nbkit.pipelines.declare.registry import active, caller
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Condition, Kind, Policy

    Query = Callable[[], DataFrame]

_ON_DATABRICKS_ONLY = (
    "cluster_by_auto",
    "private",
    "row_filter",
    "spark_version",
    "temporary",
)


def table(query: Query | None = None, **keywords: Any) -> Any:
    """Declare a table: streaming if its query is, else a materialized view.

    Args:
        query: the function below the decorator, when that is written without parentheses.
        keywords: `name`, `comment`, `spark_conf`, `table_properties`, `partition_cols`,
            `cluster_by`, `schema`, `path`, `format`, `refresh_policy` (`auto`, `incremental`,
            `incremental_strict`, `full`), `replace_where`, or `replace_using` with `sequence_by`
            (see `append_flow`), and what only Databricks knows.

    Raises:
        UsageError: a keyword does not exist, or a value has the wrong type.
    """
    return _decorator("table", "table", query, keywords)


def materialized_view(query: Query | None = None, **keywords: Any) -> Any:
    """Declare a materialized view; see `table` for the arguments."""
    return _decorator("materialized_view", "materialized_view", query, keywords)


def temporary_view(query: Query | None = None, **keywords: Any) -> Any:
    """Declare a view that lives in the pipeline only; see `table` for the arguments."""
    return _decorator("temporary_view", "temporary_view", query, keywords)


create_table = table
view = create_view = temporary_view


def create_streaming_table(
    name: str,
    *,
    expect_all: Mapping[str, Condition] | None = None,
    expect_all_or_drop: Mapping[str, Condition] | None = None,
    expect_all_or_fail: Mapping[str, Condition] | None = None,
    **keywords: Any,
) -> None:
    """Declare a streaming table that flows write to; see `table` for the other arguments.

    Raises:
        UsageError: a keyword does not exist, or a value has the wrong type.
    """
    what = "create_streaming_table"
    rules = [
        *rules_of(what, expect_all or {}, "warn"),
        *rules_of(what, expect_all_or_drop or {}, "drop"),
        *rules_of(what, expect_all_or_fail or {}, "fail"),
    ]
    fields = _dataset_fields(what, keywords)
    fields.pop("conf")
    dataset = Dataset(
        text(what, "name", name), "streaming_table", caller(), rules=tuple(rules), **fields
    )
    active().add_dataset(dataset)


create_target_table = create_streaming_live_table = create_streaming_table


def create_sink(name: str, format: str, options: Mapping[str, str] | None = None) -> None:  # noqa: A002 - Spark's name
    """Declare a place outside of the pipeline that append flows write to."""
    what = "create_sink"
    active().add_dataset(
        Dataset(
            text(what, "name", name),
            "sink",
            caller(),
            source_format=text(what, "format", format),
            options=mapping(what, "options", options),
        )
    )


def foreach_batch_sink(
    function: Callable[[DataFrame, int], object] | str | None = None, *, name: str | None = None
) -> Any:
    """Declare a function as a place that append flows write to: it gets each batch, and its number.

    A batch whose update was killed comes again, with the same number.

    Args:
        function: the function below the decorator, when that is written without parentheses.
        name: of the sink; by default the function's.

    Raises:
        UsageError: the name is no text, or what stands below is no function.
    """
    what, place = "foreach_batch_sink", caller()
    if isinstance(function, str):
        function, name = None, function
    if name is not None:
        text(what, "name", name)

    def declare(handler: Callable[[DataFrame, int], object]) -> Any:
        called = name or name_of(what, handler)
        made = Dataset(called, "sink", place, handler=apart.of_batch(handler))
        active().add_dataset(made)
        return handler

    return declare if function is None else declare(function)


def read(name: str) -> DataFrame:
    """Read a dataset of the pipeline, or any table, whole."""
    return _spark().read.table(name)


def read_stream(name: str) -> DataFrame:
    """Read a dataset of the pipeline, or any table, as a stream."""
    return _spark().readStream.table(name)


readStream = read_stream  # noqa: N816 - Databricks' older name


def _spark() -> Any:
    from nbkit.toolkit.session import session

    return session.attach()


def _decorator(what: str, kind: Kind, query: Any, keywords: dict[str, Any]) -> Any:
    place = caller()
    if isinstance(query, str):  # @dp.table("name"), as some people write it
        keywords, query = {"name": query, **keywords}, None
    if keywords.get("name") is not None:
        text(what, "name", keywords["name"])

    def declare(function: Query) -> Query:
        given = dict(keywords)
        name = given.pop("name", None) or name_of(what, function)
        replaces = replaces_of(*(given.pop(each, None) for each in _REPLACING))
        fields = _dataset_fields(what, given)
        conf = fields.pop("conf")
        if replaces is not None and kind == "temporary_view":
            raise UsageError(f"{place}: {what} keeps no rows that others could replace")
        own = kind if replaces is None else "streaming_table"  # which rows stay in
        active().add_dataset(Dataset(name, own, place, **fields), function)
        active().add_flow(Flow(name, name, place, function, conf, replaces=replaces))
        return function

    return declare if query is None else declare(query)


def _dataset_fields(what: str, keywords: dict[str, Any]) -> dict[str, Any]:
    """Read the keywords that datasets share."""
    given = {name: value for name, value in keywords.items() if value is not None}
    cluster_by = given.pop("cluster_by", ())
    automatic = list(cluster_by) == ["AUTO"]
    fields = {
        "comment": text(what, "comment", given.pop("comment", "")),
        "properties": mapping(what, "table_properties", given.pop("table_properties", None)),
        "partition_by": columns(what, "partition_cols", given.pop("partition_cols", ())),
        "cluster_by": () if automatic else columns(what, "cluster_by", cluster_by),
        "schema": given.pop("schema", None),
        "path": text(what, "path", given.pop("path", "")),
        "source_format": text(what, "format", given.pop("format", "")),
        "conf": mapping(what, "spark_conf", given.pop("spark_conf", None)),
        "policy": _policy(what, given.pop("refresh_policy", "auto")),
    }
    ignored = [name for name in given if name in _ON_DATABRICKS_ONLY]
    if automatic:
        ignored.append("cluster_by AUTO")
    for name in given:
        if name not in ignored:
            known = [each for each in (*_KEYWORDS, *_ON_DATABRICKS_ONLY) if each != name]
            raise UsageError(f"{caller()}: {what} has no keyword {name}{hint(name, known)}")
    return {**fields, "ignored": tuple(ignored)}


_REPLACING = ("replace_where", "replace_using", "sequence_by")
_KEYWORDS = (
    "name",
    "comment",
    "spark_conf",
    "table_properties",
    "partition_cols",
    "cluster_by",
    "schema",
    "path",
    "format",
    "refresh_policy",
    *_REPLACING,
)


def _policy(what: str, given: Any) -> Policy:
    """Read a refresh policy, as Databricks' reference or its SQL spells it."""
    spelled = str(given).strip().lower().replace(" ", "_")
    found = next((each for each in POLICIES if each == spelled), None)
    if found is None or not isinstance(given, str):
        known = ", ".join(POLICIES[:-1])
        raise UsageError(
            f"{caller()}: refresh_policy of {what} is {known} or {POLICIES[-1]}, not {given!r}"
        )
    return found
