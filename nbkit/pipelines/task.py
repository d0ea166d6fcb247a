"""The update of a pipeline as an attempt of a job, or of `nbkit pipeline run`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.pipelines import telling
from nbkit.pipelines.place import Place
from nbkit.pipelines.plan import Request
from nbkit.pipelines.shown import graph_shown
from nbkit.pipelines.spec import read_spec
from nbkit.pipelines.update import raise_for_failures
from nbkit.pipelines.whole import checked, left_over, resolve, update
from nbkit.toolkit import attempt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INTERVAL = "pipelines.trigger.interval"
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


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
        pipeline: what `nbkit.pipelines.spec.read_spec` reads.
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
    place = Place.of(spec, settings.state_directory)
    graph = checked(resolve(spec, spark))
    for problem in graph.problems:
        print(f"{problem.severity}: {problem}")
    chosen = None if refresh_selection is None else tuple(refresh_selection)
    request = Request(chosen, tuple(full_refresh_selection), full_refresh)
    while True:
        table = telling.Table()
        before = place.known()
        progress = update(graph, spark, place, request, [telling.to_record, table])
        display(graph_shown(graph, progress))
        table.show()
        gone = left_over(spark, set(before) - set(progress), spec.name)
        for key in gone:
            print(f"note: {key} is in the code no more; its table is still there")
        raise_for_failures(progress)
        if not spec.continuous:
            return
        request = Request(chosen)  # what was to begin anew has
        time.sleep(seconds_of(spec.configuration.get(_INTERVAL, "5 seconds")))


def seconds_of(interval: str) -> float:
    """Return an interval such as `10 seconds` or `1 minute` in seconds.

    Raises:
        DefinitionError: it is none.
    """
    number, _, unit = interval.strip().strip("'\"").partition(" ")
    factor = _UNITS.get(unit.strip().lower().removesuffix("s"))
    if factor is None or not number.replace(".", "", 1).isdigit():
        problem = Problem(_INTERVAL, f"{interval!r} is no interval; write 10 seconds or 1 minute")
        raise DefinitionError((problem,), "configuration")
    return float(number) * factor
