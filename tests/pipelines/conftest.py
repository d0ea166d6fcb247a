"""Pipelines of a test's own, on one real Spark session for the tests of a module."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.pipelines.refresh.progress import DatasetProgress


@pytest.fixture(scope="module")
def spark(module_spark, warm_driver):
    from nbkit.toolkit.session import session

    session._spark, session.root = module_spark, warm_driver.root
    yield module_spark
    session._spark = session.root = None


@dataclass
class Pipeline:
    """A pipeline in a folder of its own."""

    root: Path
    spark: Any
    said: dict[str, DatasetProgress]

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def resolve(self):
        from nbkit.pipelines.declare.spec import read_spec
        from nbkit.pipelines.place import PipelinePlaces
        from nbkit.pipelines.updating import resolve

        with chdir(self.root):
            spec = read_spec(self.root)
            return resolve(spec, self.spark, PipelinePlaces.of(spec, self.root / ".nbkit"))

    def problems(self) -> list[str]:
        return [str(problem) for problem in self.resolve().problems]

    def update(self, **request) -> dict[str, DatasetProgress]:
        from nbkit.pipelines.refresh.plan import Request
        from nbkit.pipelines.updating import update

        graph = self.resolve()
        self.said = dict(update(graph, self.spark, self.place(graph), Request(**request)))
        return self.said

    def place(self, graph):
        from nbkit.pipelines.place import PipelinePlaces

        return PipelinePlaces.of(graph.spec, self.root / ".nbkit")

    def how(self, key: str) -> tuple[str, str | None]:
        return self.said[key].state, self.said[key].how

    def rows(self, table: str, order: str = "1, 2") -> list[tuple]:
        return [
            tuple(row)
            for row in self.spark.sql(f"select * from {table} order by {order}").collect()
        ]


@pytest.fixture
def pipeline(spark, tmp_path, request):
    """A pipeline whose schema has the name of the test."""
    made = Pipeline(tmp_path, spark, {})
    schema = request.node.name.removeprefix("test_")[:40].replace("[", "_").replace("]", "")
    made.write(
        "spark-pipeline.yml",
        f"name: {schema}\nschema: {schema}\nlibraries:\n  - glob: {{include: 'src/**'}}\n",
    )
    made.schema = schema
    spark.sql(f"create schema if not exists {schema}_in")
    return made
