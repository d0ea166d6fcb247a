"""What the leaves of a plan are: datasets of the pipeline, tables, files, topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbkit.pipelines.resolve.stand_ins import stands_for
from nbkit.pipelines.scala import java_class, option, scala_map, sequence
from nbkit.spark.catalogs import written_name
from nbkit.spark.session_settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

    from nbkit.pipelines.resolve.graph import AnalysedDataset
    from nbkit.pipelines.resolve.plan_tree import Node


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Something that a query reads, by the names that OpenLineage has for it.

    Attributes:
        name: of a table, path of a file, name of a topic.
        namespace: empty for tables of the project; `file`, `s3://bucket`, `kafka://host:9092`.
    """

    name: str
    namespace: str = ""


def stand_in(node: Node) -> Source | None:
    """Return the dataset that a node of a plan stands for; None for any other node."""
    key = stands_for(node)
    return None if key is None else Source(key)


def read_besides(frame: DataFrame) -> tuple[Source, ...]:
    """Return what a query reads that is none of the pipeline's datasets."""
    return tuple(dict.fromkeys(sources_of(frame).values()))


def sources_of(frame: DataFrame) -> dict[int, Source]:
    """Return what the leaves of a query are, by the id of their first column."""
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    found = {}
    for leaf in _leaves(plan):
        source = _source(leaf)
        columns = leaf.output()
        if source is None or not columns.size():
            continue
        if not source.namespace:
            source = Source(written_name(source.name, settings_of(frame.sparkSession)))
        found[int(columns.apply(0).exprId().id())] = source
    return found


def _leaves(plan: Any) -> Iterator[Any]:
    yield from sequence(plan.collectLeaves())
    for inner in sequence(plan.subqueriesAll()):
        yield from _leaves(inner)


def _source(leaf: Any) -> Source | None:
    kind = java_class(leaf)
    if kind == "HiveTableRelation":
        return _table(leaf.tableMeta().identifier())
    if kind == "LogicalRelation":
        table = option(leaf.catalogTable())
        return _relation(leaf.relation()) if table is None else _table(table.identifier())
    if kind == "StreamingRelation":
        return _stream(leaf.dataSource())
    if kind == "StreamingRelationV2":
        options = leaf.extraOptions().asCaseSensitiveMap()
        return _by_options({str(name): str(options[name]) for name in options})
    if kind == "DataSourceV2Relation":
        identifier = option(leaf.identifier())
        return None if identifier is None else Source(_joined(identifier))
    return None


def _stream(made: Any) -> Source | None:
    table = option(made.catalogTable())
    if table is not None:
        return _table(table.identifier())
    paths = [str(path) for path in sequence(made.paths())]
    return _path(paths[0]) if paths else _by_options(scala_map(made.options()))


def _by_options(options: dict[str, str]) -> Source | None:
    return _path(options.get("path", "")) or _topic(options)


def _table(identifier: Any) -> Source:
    parts = (option(identifier.database()), identifier.table())
    return Source(".".join(str(part) for part in parts if part))


def _joined(identifier: Any) -> str:
    return ".".join([*map(str, identifier.namespace()), str(identifier.name())])


def _relation(relation: Any) -> Source | None:
    if java_class(relation) != "HadoopFsRelation":
        return None
    location = relation.location()
    roots = sequence(location.rootPaths())
    return _path(str(roots[0])) if roots else None


def _path(path: str) -> Source | None:
    """Return a folder or file: `file` and its path, or the store and the path in it."""
    if not path:
        return None
    parts = urlsplit(path)
    if parts.scheme in {"", "file"}:
        return Source(parts.path or path, "file")
    return Source(parts.path.lstrip("/") or "/", f"{parts.scheme}://{parts.netloc}")


def _topic(options: dict[str, str]) -> Source | None:
    lower = {name.lower(): value for name, value in options.items()}
    servers, topic = lower.get("kafka.bootstrap.servers"), lower.get("subscribe")
    if not servers or not topic:
        return None
    return Source(topic, f"kafka://{servers.partition(',')[0]}")


def output_of(found: AnalysedDataset) -> Source:
    """Return what a dataset is to others: its table, or what a sink writes to."""
    options = {name: str(value) for name, value in found.dataset.options.items()}
    if found.kind != "sink":
        return Source(found.key)
    named = {name.lower(): value for name, value in options.items()}
    if "tablename" in named:
        return Source(named["tablename"])
    topic = {**options, "subscribe": named.get("topic", "")}
    return _path(named.get("path", "")) or _topic(topic) or Source(found.key)
