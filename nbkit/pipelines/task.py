"""The update of a pipeline as an attempt of a job, or of `nbkit pipeline run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbkit import serving as attempt
from nbkit.pipelines.declare.spec import read_spec
from nbkit.pipelines.place import PipelinePlaces
from nbkit.pipelines.refresh.plan import Request
from nbkit.pipelines.refresh.progress import DatasetProgress
from nbkit.pipelines.refresh.update import raise_for_failures
from nbkit.pipelines.tell import listeners
from nbkit.pipelines.tell.shown import graph_shown
from nbkit.pipelines.updating import checked, left_code, resolve, update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run_task(
    pipeline: str | Path,
    *,
    full_refresh: bool = False,
    full_refresh_selection: Sequence[str] = (),
    refresh_selection: Sequence[str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Update a pipeline, and tell the run's record of every dataset.

    Args:
        pipeline: what `nbkit.pipelines.declare.spec.read_spec` reads.
        full_refresh: begin every dataset anew.
        full_refresh_selection: begin these anew.
        refresh_selection: refresh these; None for all.
        parameters: above the pipeline's own configuration.

    Raises:
        DefinitionError: the pipeline cannot run; it carries every problem.
        UpdateFailedError: datasets could not be refreshed.
    """
    from dataclasses import replace

    from IPython.display import display

    from nbkit.settings import Settings
    from nbkit.toolkit.session import session

    spark = session.attach()
    assert spark is not None
    spec = read_spec(pipeline)
    spec = replace(spec, configuration={**spec.configuration, **(parameters or {})})
    context = attempt.current()
    settings = Settings.of(Path(context["project"]) if context else None)
    place = PipelinePlaces.of(spec, settings.state_directory)
    graph = checked(resolve(spec, spark, place))
    for problem in graph.problems:
        print(f"{problem.severity}: {problem}")
    chosen = None if refresh_selection is None else tuple(refresh_selection)
    request = Request(chosen, tuple(full_refresh_selection), full_refresh)
    table = listeners.ProgressTable()
    for name, said in left_code(graph, spark, place).items():
        print(f"note: {said}")
        listeners.to_record(DatasetProgress(name, "table", "SKIPPED", said))
    try:
        progress = update(graph, spark, place, request, [listeners.to_record, table])
    finally:  # also of an update that was interrupted
        display(graph_shown(graph, table.progress))
        table.show()
    raise_for_failures(progress)
