"""From the text of a file to a checked run graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError, Problem
from nbkit.graph.checks import check
from nbkit.graph.definitions import bundled_jobs, choose
from nbkit.graph.findings import Finding, as_problems, new_beside
from nbkit.graph.json_text import read_json
from nbkit.graph.run_graph import RunGraph
from nbkit.graph.syntax import Document, SyntaxProblem
from nbkit.graph.validation import read_job
from nbkit.graph.yaml_text import read_yaml

if TYPE_CHECKING:
    from nbkit.graph.findings import Loc
    from nbkit.graph.model import Job


@dataclass(frozen=True, slots=True)
class Parsed:
    """A job that can run.

    Attributes:
        job: its settings.
        graph: its tasks in order.
        warnings: what Databricks would let pass, but is worth a look.
        document: the settings as they were given, whole.
    """

    job: Job
    graph: RunGraph
    warnings: tuple[Problem, ...]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inspected:
    """A job as far as it could be understood.

    Attributes:
        job: its settings, with stand-ins for what is faulty; None if nothing could be made of it.
        graph: its tasks in order; None as well then.
        problems: everything found, warnings included.
        document: the settings as they were given, whole.
    """

    job: Job | None
    graph: RunGraph | None
    problems: tuple[Problem, ...]
    document: dict[str, Any]


def parse_job(
    text: str, *, source: str = "job.json", job_key: str | None = None, strict: bool = False
) -> Parsed:
    """Read and check a job.

    Args:
        text: the file's text.
        source: the file's name; `.yml` and `.yaml` are YAML, everything else JSON.
        job_key: which job of a bundle; needed if it has several.
        strict: take warnings as errors.

    Raises:
        DefinitionError: the job cannot run; it carries every problem, warnings included.
    """
    found = inspect_job(text, source=source, job_key=job_key, strict=strict)
    wrong = any(problem.severity == "error" for problem in found.problems)
    if not found.job or not found.graph or wrong:
        raise DefinitionError(found.problems, source)
    return Parsed(found.job, found.graph, found.problems, found.document)


def inspect_job(
    text: str, *, source: str = "job.json", job_key: str | None = None, strict: bool = False
) -> Inspected:
    """Read and check a job, for those who have more to check before they give up on it.

    Args:
        text: as for `parse_job`, like the others.
        source: the file's name.
        job_key: which job of a bundle.
        strict: take warnings as errors.

    Raises:
        DefinitionError: no job can be made out at all.
    """
    try:
        return _inspected(_read(text, source), source, job_key, strict=strict)
    except RecursionError:
        raise DefinitionError((Problem("", "the job is nested too deeply"),), source) from None


def _inspected(document: Document, source: str, job_key: str | None, *, strict: bool) -> Inspected:
    chosen = choose(document.value, job_key)
    if isinstance(chosen, Finding):
        raise DefinitionError(as_problems([chosen]), source)
    job, settings, found = read_job(chosen.settings)
    found += _within(document.repeated, chosen.loc)
    graph = RunGraph(job) if job else None
    if job and graph:
        found += new_beside(check(graph, settings), [f for f in found if f.severity == "error"])
    problems = as_problems(found)
    if strict:
        problems = tuple(replace(problem, severity="error") for problem in problems)
    return Inspected(job, graph, problems, chosen.settings)


def job_keys(text: str, *, source: str) -> tuple[str, ...]:
    """Return the keys of a bundle's jobs; none for a file that is one job by itself.

    Raises:
        DefinitionError: the text is neither JSON nor YAML.
    """
    return tuple(bundled_jobs(_read(text, source).value) or ())


def _read(text: str, source: str) -> Document:
    read = read_yaml if source.lower().endswith((".yml", ".yaml")) else read_json
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Document(None)
    try:
        return read(text)
    except SyntaxProblem as problem:
        raise DefinitionError((Problem("", str(problem)),), source) from None


def _within(found: tuple[Finding, ...], start: Loc) -> list[Finding]:
    """Keep what is on the way to the job, and say what is inside from the job's own top."""
    on_the_way = [finding for finding in found if finding.loc == start[: len(finding.loc)]]
    inside = [
        finding._replace(loc=finding.loc[len(start) :])
        for finding in found
        if finding.loc[: len(start)] == start and len(finding.loc) > len(start)
    ]
    return on_the_way + inside
