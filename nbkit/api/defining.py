"""Jobs as they are defined: what is wrong with them, what they would do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from nbkit.api.given import texts
from nbkit.clock import SystemClock
from nbkit.errors import DefinitionError
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nbkit.errors import Problem
    from nbkit.rules.explain import ExplainedStep


def validate(
    job: str | Path,
    *,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> tuple[Problem, ...]:
    """Return everything wrong with a job, or with all that a bundle has; nothing is run.

    Of a bundle that is named without a key all jobs are checked, and its pipelines as far as
    that needs no Spark.
    """
    from nbkit.app.loading import pipelines_of_bundle, problems

    given = texts(variables)
    found = problems(job, strict=strict, target=target, variables=given)
    if pipelines := pipelines_of_bundle(job, target=target, variables=given):
        found += _wrong_pipelines(pipelines)
    return found


def _wrong_pipelines(pipelines: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is wrong with the settings of a bundle's pipelines, addresses by key."""
    from nbkit.pipelines.declare.spec import read_spec

    found: list[Problem] = []
    for key, address in pipelines.items():
        try:
            read_spec(address)
        except DefinitionError as error:
            top = f"resources.pipelines.{key}"
            found += (
                each
                if each.pointer.startswith("resources")
                else replace(each, pointer=f"{top}.{each.pointer}".rstrip("."))
                for each in error.problems
            )
    return tuple(found)


def explain(
    job: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] | None = None,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
    settings: Settings | None = None,
) -> list[ExplainedStep]:
    """Return what a run would do, in order, with what values; nothing is run.

    Raises:
        NbkitError: the job or a parameter is invalid.
    """
    from nbkit.app import running
    from nbkit.app.loading import load
    from nbkit.rules.explain import explain as explained

    definition = load(job, target=target, variables=texts(variables))
    start = running.start_of_run(
        definition,
        settings or Settings.of(definition.path.parent),
        SystemClock().now(),
        parameters=texts(parameters),
        only=only,
    )
    return explained(definition.graph, start)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a job's settings."""
    from nbkit.graph.schema import job_schema

    return job_schema()


def export(
    job: str | Path,
    form: Literal["yaml", "json"] = "yaml",
    *,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> str:
    """Return a job as Databricks takes it, with its variables replaced.

    Args:
        job: a file, or `FILE:job_key` for one job of a bundle.
        form: `yaml` for a bundle with this job, `json` for settings as the Jobs API has them.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables.

    Raises:
        NbkitError: the job is invalid.
    """
    from nbkit.app.export import exported

    return exported(job, form, target=target, variables=texts(variables))
