"""Tells OpenLineage about an update, on request: what each dataset was made of, column by column.

An update is a run of the pipeline's job, each refreshed dataset a run of a job below it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit import __version__
from nbkit import serving as attempt
from nbkit.errors import UsageError
from nbkit.pipelines.refresh.progress import end_of
from nbkit.pipelines.tell.column_lineage import Lineage, lineage_of
from nbkit.pipelines.tell.lineage_sources import output_of
from nbkit.settings import Settings
from nbkit.toolkit.redaction import redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset
    from openlineage.client.generated.base import DatasetFacet, JobFacet, RunFacet

    from nbkit.pipelines.refresh.progress import DatasetProgress
    from nbkit.pipelines.resolve.graph import AnalysedDataset, PipelineGraph
    from nbkit.pipelines.tell.column_lineage import Origin, Way
    from nbkit.pipelines.tell.lineage_sources import Source

    Facets = dict[str, Any]

FILE = "nbkit.lineage.file"
"""Setting of a pipeline: append events to this file, whatever the project's settings say."""

_PRODUCER = f"urn:nbkit:{__version__}"
_ENDS = {"COMPLETED": "COMPLETE", "FAILED": "FAIL", "STOPPED": "ABORT"}
_UPDATE_ENDS = {"COMPLETED": "COMPLETE", "FAILED": "FAIL", "CANCELED": "ABORT"}
_HOW = {"recompute": "OVERWRITE", "full": "OVERWRITE"}


def dataset_lineage(found: AnalysedDataset) -> Lineage:
    """Return where a dataset's columns come from, through views, whichever flow brings them."""
    lineage = Lineage()
    for flow in found.flows:
        lineage = lineage.plus(lineage_of(flow.frame))
    return lineage


def client_of(settings: Settings, file: str = "") -> OpenLineageClient:
    """Return what sends events.

    Args:
        settings: of the project.
        file: append events to this one, whatever the project's settings say.

    Raises:
        UsageError: OpenLineage's client is not installed.
    """
    try:
        from openlineage.client import OpenLineageClient
        from openlineage.client.transport.file import FileConfig, FileTransport
    except ImportError:
        raise UsageError(
            "lineage needs OpenLineage's client: pip install 'nbkit[lineage]'"
        ) from None
    if not (file or settings.lineage.file):
        return OpenLineageClient()
    path = settings.root / (file or settings.lineage.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    return OpenLineageClient(transport=FileTransport(FileConfig(str(path), append=True)))


def events_for(graph: PipelineGraph, update: str) -> LineageEvents | None:
    """Return what tells OpenLineage of an update; None where nobody asks for it.

    The project asks for it, or the pipeline's own configuration (`FILE`).

    Raises:
        UsageError: OpenLineage's client is not installed.
    """
    context = attempt.current()
    settings = Settings.of(Path(context["project"]) if context else None)
    wanted = settings.lineage.wanted or graph.spec.configuration.get(FILE)
    return LineageEvents(graph, update, settings) if wanted else None


class LineageEvents:
    """Sends the events of one update; what cannot be sent is said once and stops nothing.

    Args:
        graph: the pipeline.
        update: id of the update.
        settings: of the project.
    """

    def __init__(self, graph: PipelineGraph, update: str, settings: Settings) -> None:
        self._client = client_of(settings, graph.spec.configuration.get(FILE, ""))
        from openlineage.client.event_v2 import Job, Run, set_producer

        self._graph = graph
        self._namespace = settings.lineage.namespace or settings.root.name
        self._job = Job(self._namespace, graph.spec.name, {"jobType": _job_type("JOB")})
        self._update = Run(update, {"processing_engine": _engine()})
        self._runs: dict[str, str] = {}
        self._lineages: dict[str, Lineage] = {}
        self._broken = False
        set_producer(_PRODUCER)
        self._send("START", self._update, self._job)

    def __call__(self, said: DatasetProgress) -> None:
        """Tell what becomes of a dataset."""
        if said.state == "RUNNING":
            self._tell(said, "START")
        elif said.state in _ENDS and said.key in self._runs:
            self._tell(said, _ENDS[said.state])

    def ended(self, progress: Mapping[str, DatasetProgress]) -> None:
        """Tell how the update ended, and wait until everything is sent."""
        self._send(_UPDATE_ENDS[end_of(progress.values())], self._update, self._job)
        self._client.close(timeout=_PATIENCE_SECONDS)

    def _tell(self, said: DatasetProgress, kind: str) -> None:
        from openlineage.client.event_v2 import Job, Run
        from openlineage.client.uuid import generate_new_uuid

        found = self._graph.datasets[said.key]
        run = Run(self._runs.setdefault(said.key, str(generate_new_uuid())), self._about(said))
        type_ = _job_type("FLOW", streaming=any(flow.streaming for flow in found.flows))
        job = Job(self._namespace, f"{self._graph.spec.name}.{said.name}", {"jobType": type_})
        lineage = self._lineages.get(said.key)
        if lineage is None:
            lineage = self._lineages[said.key] = dataset_lineage(found)
        inputs = [self._input(source) for source in lineage.inputs if source.name != said.key]
        self._send(kind, run, job, inputs, [self._output(said, found, lineage)])

    def _about(self, said: DatasetProgress) -> Facets:
        from openlineage.client.facet_v2 import error_message_run, parent_run

        parent = parent_run.ParentRunFacet(
            parent_run.Run(self._update.runId), parent_run.Job(self._namespace, self._job.name)
        )
        facets: Facets = {"parent": parent, "processing_engine": _engine()}
        if said.state == "FAILED":
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                redactor.text(said.message), "PYTHON"
            )
        return facets

    def _input(self, source: Source) -> InputDataset:
        from openlineage.client.event_v2 import InputDataset

        known = self._graph.datasets.get(source.name) if not source.namespace else None
        facets = {} if known is None else _schema(known)
        return InputDataset(*self._called(source), facets=facets)

    def _output(
        self, said: DatasetProgress, found: AnalysedDataset, lineage: Lineage
    ) -> OutputDataset:
        from openlineage.client.event_v2 import OutputDataset
        from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

        facets = {**_schema(found), "columnLineage": self._columns(lineage), **_quality(said)}
        if said.how in _HOW and said.state == "COMPLETED":
            facets["lifecycleStateChange"] = _change(_HOW[said.how])
        counted: Facets = {}
        if said.rows is not None and said.state == "COMPLETED":
            facet = statistics.OutputStatisticsOutputDatasetFacet(rowCount=said.rows)
            counted["outputStatistics"] = facet
        to = output_of(found)
        return OutputDataset(*self._called(to), facets=facets, outputFacets=counted)

    def _called(self, source: Source) -> tuple[str, str]:
        """Return the namespace and the name that others know something by."""
        if source.namespace:
            return source.namespace, source.name
        return self._namespace, self._graph.naming.written(source.name)

    def _columns(self, lineage: Lineage) -> DatasetFacet:
        from openlineage.client.facet_v2 import column_lineage_dataset as facet

        fields = {
            name: facet.Fields(self._origins(origins))
            for name, origins in lineage.columns.items()
            if origins
        }
        return facet.ColumnLineageDatasetFacet(fields, self._origins(lineage.rows))

    def _origins(self, origins: Mapping[Origin, frozenset[Way]]) -> list[Any]:
        from openlineage.client.facet_v2 import column_lineage_dataset as facet

        return [
            facet.InputField(
                *self._called(source),
                column,
                [
                    facet.Transformation(way.type, way.subtype, "", way.masking)
                    for way in sorted(ways)
                ],
            )
            for (source, column), ways in origins.items()
        ]

    def _send(
        self,
        kind: str,
        run: Any,
        job: Job,
        inputs: list[InputDataset] | None = None,
        outputs: list[OutputDataset] | None = None,
    ) -> None:
        from openlineage.client.event_v2 import RunEvent, RunState

        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = RunEvent(
            eventType=RunState(kind),
            eventTime=now,
            run=run,
            job=job,
            inputs=inputs or [],
            outputs=outputs or [],
        )
        try:
            self._client.emit(event)
        except Exception as error:  # noqa: BLE001 - a transport raises what it likes
            if not self._broken:
                print(f"nbkit: lineage cannot be sent: {error}", file=sys.stderr)
            self._broken = True


_PATIENCE_SECONDS = 10.0


def _schema(found: AnalysedDataset) -> Facets:
    from openlineage.client.facet_v2 import documentation_dataset, schema_dataset

    fields = [] if found.columns is None else [_field(each) for each in found.columns]
    facets: Facets = {"schema": schema_dataset.SchemaDatasetFacet(fields)}
    if found.dataset.comment:
        facets["documentation"] = documentation_dataset.DocumentationDatasetFacet(
            redactor.text(found.dataset.comment)
        )
    return facets


def _field(column: Any) -> Any:
    from openlineage.client.facet_v2 import schema_dataset

    inner = [_field(each) for each in getattr(column.dataType, "fields", ())]
    return schema_dataset.SchemaDatasetFacetFields(
        column.name,
        column.dataType.typeName() if inner else column.dataType.simpleString(),
        column.metadata.get("comment"),
        fields=inner,
    )


def _quality(said: DatasetProgress) -> Facets:
    """Return what expectations found, on the dataset and on the views that it reads."""
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as facet

    assertions = [
        facet.Assertion(
            assertion="custom_sql",
            success=result.failed == 0,
            severity="error" if result.action == "fail" else "warn",
            name=result.name
            if outcome.dataset == said.name
            else f"{outcome.dataset}.{result.name}",
            content=redactor.text(result.rule),
            contentType="sql",
            expected="0",
            actual=str(result.failed),
            params={"action": result.action, "passed": result.passed, "failed": result.failed},
        )
        for outcome in said.outcomes
        for result in outcome.results
    ]
    if not assertions:
        return {}
    return {"dataQualityAssertions": facet.DataQualityAssertionsDatasetFacet(assertions)}


def _change(kind: str) -> DatasetFacet:
    from openlineage.client.facet_v2 import lifecycle_state_change_dataset as facet

    return facet.LifecycleStateChangeDatasetFacet(facet.LifecycleStateChange(kind))


def _job_type(kind: str, *, streaming: bool = False) -> JobFacet:
    from openlineage.client.facet_v2 import job_type_job

    return job_type_job.JobTypeJobFacet("STREAMING" if streaming else "BATCH", "NBKIT", kind)


def _engine() -> RunFacet:
    import pyspark
    from openlineage.client.facet_v2 import processing_engine_run

    return processing_engine_run.ProcessingEngineRunFacet(pyspark.__version__, "Spark")
