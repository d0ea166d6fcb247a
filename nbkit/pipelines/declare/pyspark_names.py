"""nbkit's names where pipeline code looks for them: `pyspark.pipelines` and `dlt`.

Spark's own decorators know fewer keywords and no expectations, and return nothing, so that they
cannot stand below others. The module `pyspark.pipelines` therefore gets nbkit's functions; what
was taken from it before still works, through Spark's own seam for registries.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbkit import pipelines
from nbkit.dialect import door
from nbkit.pipelines import DECLARING
from nbkit.pipelines.declare.declarations import Changes, Dataset, Flow, Place
from nbkit.replaced import NEW, Replacement, put
from nbkit.toolkit import pipeline_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbkit.pipelines.declare.registry import Registry

NAMES: dict[str, Callable[..., Any]] = {name: getattr(pipelines, name) for name in DECLARING}
"""What `from pyspark import pipelines as dp` and `import dlt` offer."""


_SPARKS = {
    "append_flow": "target, name, spark_conf",
    "create_auto_cdc_flow": "target, source, keys, sequence_by, …",
    "create_sink": "name, format, options",
    "create_streaming_table": "name, comment, …",
    "materialized_view": "query_function, name, comment, spark_conf, …",
    "table": "query_function, name, comment, spark_conf, …",
    "temporary_view": "query_function, name, comment, spark_conf",
}
"""What Spark has of these; the others are added."""


def _instead(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda _: function


REPLACED = tuple(
    Replacement(
        "pyspark.pipelines",
        {name: _SPARKS.get(name, NEW)},
        "Spark's own decorators know fewer keywords and no expectations, and return nothing",
        "pyspark 4.2",
        _instead(function),
    )
    for name, function in NAMES.items()
)


def extend_spark() -> None:
    """Give `pyspark.pipelines` nbkit's functions; doing it again changes nothing."""
    put(REPLACED)


@contextmanager
def as_pipeline_code(registry: Registry) -> Iterator[None]:
    """Let every way to declare lead to `registry`, Spark's own functions included."""
    from pyspark.pipelines.graph_element_registry import graph_element_registration_context

    extend_spark()
    pipeline_modules.offer()
    door.understand()
    with graph_element_registration_context(_spark_registry(registry)):
        yield


def _spark_registry(registry: Registry) -> Any:
    """Return Spark's view of a registry: what its own decorators declare, in nbkit's words."""
    from pyspark.pipelines import output
    from pyspark.pipelines.graph_element_registry import GraphElementRegistry

    kinds: dict[type, Any] = {
        output.MaterializedView: "materialized_view",
        output.StreamingTable: "table",
        output.TemporaryView: "temporary_view",
        output.Sink: "sink",
    }

    class SparkRegistry(GraphElementRegistry):  # type: ignore[misc]
        def register_output(self, output: Any) -> None:
            registry.add_dataset(
                Dataset(
                    output.name,
                    kinds[type(output)],
                    _place(output),
                    comment=output.comment or "",
                    properties=getattr(output, "table_properties", {}),
                    partition_by=tuple(getattr(output, "partition_cols", None) or ()),
                    cluster_by=tuple(getattr(output, "cluster_by", None) or ()),
                    schema=getattr(output, "schema", None),
                    source_format=getattr(output, "format", None) or "",
                    options=getattr(output, "options", {}),
                )
            )

        def register_flow(self, flow: Any) -> None:
            registry.add_flow(
                Flow(flow.name, flow.target, _place(flow), flow.func, flow.spark_conf)
            )

        def register_auto_cdc_flow(self, flow: Any) -> None:
            changes = Changes(
                flow.source,
                tuple(flow.keys),
                flow.sequence_by,
                deletes=flow.apply_as_deletes,
                columns=tuple(flow.column_list) if flow.column_list else None,
                except_columns=(
                    tuple(flow.except_column_list) if flow.except_column_list else None
                ),
            )
            name = flow.name or flow.target
            registry.add_flow(Flow(name, flow.target, _place(flow), changes=changes))

        def register_sql(self, sql_text: str, file_path: Path) -> None:
            raise NotImplementedError(f"{file_path}: SQL goes to nbkit's own reader: {sql_text}")

    return SparkRegistry()


def _place(element: Any) -> Place:
    location = element.source_code_location
    return Place(location.filename, location.line_number or 0)
