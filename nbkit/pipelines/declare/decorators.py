"""The names that pipeline code uses: `dp.table`, `dp.expect_or_drop`, `dlt.read` and the rest.

Decorators return the function that they are put on, so they stack in any order. They take the
keywords that Databricks and Spark document, older spellings included. What has a meaning on
Databricks only is kept in `Dataset.ignored`, and named once when the pipeline is analysed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.declarations import Dataset, Flow, Replaces, Rule
from nbkit.pipelines.declare.registry import active, caller
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Action, Kind

    Query = Callable[[], DataFrame]
    Decorator = Callable[[Query], Query]

_ON_DATABRICKS_ONLY = (
    "cluster_by_auto",
    "private",
    "refresh_policy",
    "row_filter",
    "spark_version",
    "temporary",
)


def table(query: Query | None = None, **keywords: Any) -> Any:
    """Declare a table: streaming if its query is, else a materialized view.

    Args:
        query: the function below the decorator, when that is written without parentheses.
        keywords: `name`, `comment`, `spark_conf`, `table_properties`, `partition_cols`,
            `cluster_by`, `schema`, `path`, `format`, and what only Databricks knows.

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
    expect_all: Mapping[str, str] | None = None,
    expect_all_or_drop: Mapping[str, str] | None = None,
    expect_all_or_fail: Mapping[str, str] | None = None,
    **keywords: Any,
) -> None:
    """Declare a streaming table that flows write to; see `table` for the other arguments.

    Raises:
        UsageError: a keyword does not exist, or a value has the wrong type.
    """
    rules = [
        *_rules(expect_all or {}, "warn"),
        *_rules(expect_all_or_drop or {}, "drop"),
        *_rules(expect_all_or_fail or {}, "fail"),
    ]
    what = "create_streaming_table"
    fields = _dataset_fields(what, keywords)
    fields.pop("conf")
    dataset = Dataset(
        _text(what, "name", name), "streaming_table", caller(), rules=tuple(rules), **fields
    )
    active().add_dataset(dataset)


create_target_table = create_streaming_live_table = create_streaming_table


def create_sink(name: str, format: str, options: Mapping[str, str] | None = None) -> None:  # noqa: A002 - Spark's name
    """Declare a place outside of the pipeline that append flows write to."""
    what = "create_sink"
    active().add_dataset(
        Dataset(
            _text(what, "name", name),
            "sink",
            caller(),
            source_format=_text(what, "format", format),
            options=_mapping(what, "options", options),
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
        _text(what, "name", name)

    def declare(handler: Callable[[DataFrame, int], object]) -> Any:
        called = name or _name_of(what, handler)
        made = Dataset(called, "sink", place, handler=apart.of_batch(handler))
        active().add_dataset(made)
        return handler

    return declare if function is None else declare(function)


def append_flow(
    query: Query | None = None,
    *,
    target: str,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    once: bool = False,
    replace_where: Any = None,
    replace_using: Sequence[Any] | None = None,
    sequence_by: Any = None,
) -> Any:
    """Declare a query whose rows are appended to a streaming table or a sink.

    With `replace_where` the rows that meet that condition are computed anew in every update; with
    `replace_using` rows replace those with the same values in these columns, if `sequence_by`
    says that they are newer.

    Raises:
        UsageError: arguments that exclude each other.
    """
    del comment
    if (replace_using is None) != (sequence_by is None) or (
        replace_where is not None and replace_using
    ):
        said = "give either replace_where, or replace_using with sequence_by"
        raise UsageError(f"{caller()}: {said}")
    replaces = None
    if replace_where is not None or replace_using:
        replaces = Replaces(replace_where, tuple(replace_using or ()), sequence_by)
    place, what = caller(), "append_flow"
    wanted, conf = _text(what, "target", target), _mapping(what, "spark_conf", spark_conf)

    def declare(function: Query) -> Query:
        flow = Flow(
            name or _name_of(what, function),
            wanted,
            place,
            function,
            conf,
            once=once,
            replaces=replaces,
        )
        active().add_flow(flow)
        return function

    return declare if query is None else declare(query)


def expect(name: str, condition: str) -> Decorator:
    """Expect that rows meet a condition in SQL; those that do not are counted, and kept."""
    return _expecting({name: condition}, "warn")


def expect_or_drop(name: str, condition: str) -> Decorator:
    """Expect that rows meet a condition; those that do not are dropped."""
    return _expecting({name: condition}, "drop")


def expect_or_fail(name: str, condition: str) -> Decorator:
    """Expect that rows meet a condition; the first that does not fails the flow."""
    return _expecting({name: condition}, "fail")


def expect_or_quarantine(name: str, condition: str) -> Decorator:
    """Expect that rows meet a condition; those that do not go to `<dataset>_quarantine`.

    An addition of nbkit's; it is not available on Databricks.
    """
    return _expecting({name: condition}, "quarantine")


def expect_all(expectations: Mapping[str, str]) -> Decorator:
    """Expect several conditions, by their names; failing rows are counted, and kept."""
    return _expecting(expectations, "warn")


def expect_all_or_drop(expectations: Mapping[str, str]) -> Decorator:
    """Expect several conditions, by their names; rows that fail any of them are dropped."""
    return _expecting(expectations, "drop")


def expect_all_or_fail(expectations: Mapping[str, str]) -> Decorator:
    """Expect several conditions, by their names; the first failing row fails the flow."""
    return _expecting(expectations, "fail")


def expect_all_or_quarantine(expectations: Mapping[str, str]) -> Decorator:
    """Expect several conditions; rows that fail any go to `<dataset>_quarantine`."""
    return _expecting(expectations, "quarantine")


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
        _text(what, "name", keywords["name"])

    def declare(function: Query) -> Query:
        given = dict(keywords)
        name = given.pop("name", None) or _name_of(what, function)
        where = given.pop("replace_where", None)
        replaces = None if where is None else Replaces(where)
        fields = _dataset_fields(what, given)
        conf = fields.pop("conf")
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
        "comment": _text(what, "comment", given.pop("comment", "")),
        "properties": _mapping(what, "table_properties", given.pop("table_properties", None)),
        "partition_by": _columns(what, "partition_cols", given.pop("partition_cols", ())),
        "cluster_by": () if automatic else _columns(what, "cluster_by", cluster_by),
        "schema": given.pop("schema", None),
        "path": _text(what, "path", given.pop("path", "")),
        "source_format": _text(what, "format", given.pop("format", "")),
        "conf": _mapping(what, "spark_conf", given.pop("spark_conf", None)),
    }
    ignored = [name for name in given if name in _ON_DATABRICKS_ONLY]
    if automatic:
        ignored.append("cluster_by AUTO")
    for name in given:
        if name not in ignored:
            known = [*_KEYWORDS, *_ON_DATABRICKS_ONLY]
            raise UsageError(f"{caller()}: {what} has no keyword {name}{hint(name, known)}")
    return {**fields, "ignored": tuple(ignored)}


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
    "replace_where",
)


def _expecting(expectations: Mapping[str, str], action: Action) -> Decorator:
    rules = _rules(expectations, action)

    def declare(function: Query) -> Query:
        active().add_rules(function, rules)
        return function

    return declare


def _rules(expectations: Mapping[str, str], action: Action) -> list[Rule]:
    found = _mapping("expect", "expectations", expectations)
    return [Rule(name, condition, action) for name, condition in found.items()]


def _name_of(what: str, function: Any) -> str:
    if not callable(function):
        shown = type(function).__name__
        raise UsageError(f"{caller()}: @{what} stands above a function, not above {shown}")
    return str(getattr(function, "__name__", what))


def _text(what: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{caller()}: {name} of {what} is text, not {type(value).__name__}")
    return value


def _columns(what: str, name: str, value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{caller()}: {name} of {what} is a list of column names")
    return tuple(value)


def _mapping(what: str, name: str, value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not hasattr(value, "items"):
        raise UsageError(f"{caller()}: {name} of {what} is a dict, not {type(value).__name__}")
    return {str(key): spelled(inner) for key, inner in value.items()}


def spelled(value: Any) -> str:
    """Return a value as Spark spells options and properties."""
    return str(value).lower() if isinstance(value, bool) else str(value)
