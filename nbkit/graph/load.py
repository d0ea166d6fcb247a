"""From the text of a file to a checked run graph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbkit.errors import DefinitionError, Problem
from nbkit.graph.bundle import MARKS, Bundle, assemble, included, is_bundle
from nbkit.graph.checks import check
from nbkit.graph.choice import AS_IT_IS
from nbkit.graph.definitions import choose
from nbkit.graph.findings import Finding, as_problems, new_beside
from nbkit.graph.ignored import ignored
from nbkit.graph.interpolation import heard, interpolated, is_whole, misnamed, once
from nbkit.graph.json_text import read_json
from nbkit.graph.limits import check_limits
from nbkit.graph.run_graph import RunGraph
from nbkit.graph.syntax import Document, SyntaxProblem
from nbkit.graph.validation import read_job
from nbkit.graph.yaml_text import read_yaml
from nbkit.near import hint
from nbkit.readable import readable_throughout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.graph.choice import Choice
    from nbkit.graph.findings import Loc
    from nbkit.graph.model import Job


Resource = Literal["jobs", "pipelines"]
"""What a bundle has under `resources`, as far as it can run here."""

_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A job that can run.

    Attributes:
        job: its settings.
        graph: its tasks in order.
        warnings: what Databricks would let pass, but is worth a look.
        document: the settings as they were given, whole, with references of bundles replaced.
        job_key: the job's key in its bundle; None for a file that is one job.
    """

    job: Job
    graph: RunGraph
    warnings: tuple[Problem, ...]
    document: dict[str, Any]
    job_key: str | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """A job as far as it could be understood.

    Attributes:
        job: its settings, with stand-ins for what is faulty; None if nothing could be made of it.
        graph: its tasks in order; None as well then.
        problems: everything found, warnings included.
        document: the settings as they were given, whole, with references of bundles replaced.
        job_key: the job's key in its bundle; None for a file that is one job.
        variables: those that a person or the environment gave, as far as they count.
    """

    job: Job | None
    graph: RunGraph | None
    problems: tuple[Problem, ...]
    document: dict[str, Any]
    job_key: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def parse_job(
    text: str,
    *,
    source: str = "job.json",
    job_key: str | None = None,
    strict: bool = False,
    choice: Choice = AS_IT_IS,
) -> Parsed:
    """Read and check a job.

    Args:
        text: the file's text.
        source: the file's name; `.yml` and `.yaml` are YAML, everything else JSON.
        job_key: which job of a bundle; needed if it has several.
        strict: take warnings as errors.
        choice: of a bundle's target and variables, and what surrounds it.

    Raises:
        DefinitionError: the job cannot run; it carries every problem, warnings included.
    """
    found = inspect_job(text, source=source, job_key=job_key, strict=strict, choice=choice)
    wrong = any(problem.severity == "error" for problem in found.problems)
    if not found.job or not found.graph or wrong:
        raise DefinitionError(found.problems, source)
    return Parsed(found.job, found.graph, found.problems, found.document, found.job_key)


def inspect_job(
    text: str,
    *,
    source: str = "job.json",
    job_key: str | None = None,
    strict: bool = False,
    choice: Choice = AS_IT_IS,
) -> Inspected:
    """Read and check a job, for those who have more to check before they give up on it.

    Args:
        text: as for `parse_job`, like the others.
        source: the file's name.
        job_key: which job of a bundle.
        strict: take warnings as errors.
        choice: of a bundle's target and variables.

    Raises:
        DefinitionError: no job can be made out at all.
    """
    try:
        return _inspected(text, source, job_key, choice, strict=strict)
    except RecursionError:
        raise DefinitionError((Problem("", "the job is nested too deeply"),), source) from None


def _inspected(
    text: str, source: str, job_key: str | None, choice: Choice, *, strict: bool
) -> Inspected:
    bundle, repeated = _assembled(_read(text, source), choice)
    wrong = [*bundle.problems, *misnamed(bundle.document, choice, text)]
    chosen = choose(bundle.document, job_key, bundle.elsewhere)
    blocked = [finding for finding in wrong if finding.severity == "error"]
    if blocked:
        raise DefinitionError(as_problems(blocked), source)
    if isinstance(chosen, Finding):
        raise DefinitionError(as_problems([chosen]), source)
    given, unresolved = interpolated(chosen.settings, bundle.document, source, choice)
    job, settings, found = read_job(given)
    found = [*wrong, *once(unresolved), *new_beside(found, unresolved)]
    found += _within(repeated, chosen.loc)
    graph = RunGraph(job) if job else None
    if job and graph:
        found += ignored(job)
        known = [f for f in found if f.severity == "error"] + unresolved
        found += new_beside(check(graph, settings), known)
        found += new_beside(check_limits(job, bundled=is_bundle(bundle.document)), known)
    problems = as_problems(found)
    if strict:
        problems = tuple(problem.strictly for problem in problems)
    key = str(chosen.loc[-1]) if is_bundle(bundle.document) else None
    variables = {**heard(bundle.document, choice), **choice.variables}
    return Inspected(job, graph, problems, given, key, variables)


def _assembled(main: Document, choice: Choice) -> tuple[Bundle, tuple[Finding, ...]]:
    """Return a bundle in one piece, with repeated names; a single job passes as it is."""
    if not is_bundle(main.value):
        alone = "the file is a single job; it has no targets"
        wrong = [Finding((), alone)] if choice.target is not None else []
        return Bundle(main.value, problems=tuple(wrong)), main.repeated
    files = {name: _read_included(text, name) for name, text in choice.files.items()}
    documents = {name: document.value for name, document in files.items()}
    bundle = assemble(main.value, documents, choice.target)
    repeated = (finding for document in files.values() for finding in document.repeated)
    return bundle, (*main.repeated, *repeated)


def bundled_pipeline(
    text: str, *, source: str, key: str | None = None, choice: Choice = AS_IT_IS
) -> tuple[dict[str, Any], str]:
    """Return the settings of a pipeline of a bundle, references replaced, and its key.

    Args:
        text: the bundle's main file.
        source: the file's name.
        key: which pipeline; needed if it has several.
        choice: of the bundle's target and variables, and what surrounds it.

    Raises:
        DefinitionError: there is no such pipeline, or a reference in it has no value.
    """
    bundle, _ = _assembled(_read(text, source), choice)
    pipelines = _resources(bundle.document, "pipelines")
    wrong = [*bundle.problems, *misnamed(bundle.document, choice, text)]
    if key is None and len(pipelines) == 1:
        key = next(iter(pipelines))
    settings: Any = None
    if key is None or key not in pipelines:
        names = ", ".join(pipelines)
        several = f"has several pipelines: name one as {source}:KEY ({names})"
        message = several if key is None and pipelines else f"there is no pipeline {key or ''}"
        near = "" if key is None else hint(key, pipelines)
        wrong.append(Finding(("resources", "pipelines"), f"{message.strip()}{near}"))
    else:
        settings, missing = interpolated(pipelines[key], bundle.document, source, choice)
        wrong += once(missing)
    if not isinstance(settings, dict) or any(each.severity == "error" for each in wrong):
        raise DefinitionError(as_problems(wrong), source)
    return settings, str(key)


def includes(text: str, *, source: str) -> tuple[str, ...]:
    """Return the patterns of the files that a bundle wants read with it.

    Raises:
        DefinitionError: the text is neither JSON nor YAML.
    """
    return included(_read(text, source).value) if "include" in text else ()


def is_fragment(text: str, *, source: str) -> bool:
    """Say whether a text is part of a bundle whose main file is another one.

    Raises:
        DefinitionError: the text is neither JSON nor YAML.
    """
    if not any(mark in text for mark in MARKS):
        return False
    document = _read(text, source).value
    return is_bundle(document) and not is_whole(document)


def resource_keys(
    text: str, resource: Resource, *, source: str, choice: Choice = AS_IT_IS
) -> tuple[str, ...]:
    """Return the keys of a bundle's jobs, or of its pipelines; none for what is no bundle.

    Raises:
        DefinitionError: the text is neither JSON nor YAML.
    """
    document = _assembled(_read(text, source), choice)[0].document
    return tuple(_resources(document, resource)) if is_bundle(document) else ()


def target_in(text: str, *, source: str, choice: Choice = AS_IT_IS) -> str | None:
    """Return the name of a bundle's target, the chosen one or its default; None if it has none.

    Raises:
        DefinitionError: the text is neither JSON nor YAML.
    """
    return _assembled(_read(text, source), choice)[0].target


def _resources(document: Any, resource: Resource) -> dict[str, Any]:
    resources = document.get("resources")
    found = resources.get(resource) if isinstance(resources, dict) else None
    return found if isinstance(found, dict) else {}


def _read(text: str, source: str) -> Document:
    read = read_yaml if source.lower().endswith((".yml", ".yaml")) else read_json
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Document(None)
    try:
        document = read(text)
    except SyntaxProblem as problem:
        raise DefinitionError((Problem("", str(problem)),), source) from None
    if _ESCAPE.search(text):  # of half a character, which nothing here could keep
        return document._replace(value=readable_throughout(document.value))
    return document


def _read_included(text: str, name: str) -> Document:
    """Read a file that a bundle includes; what is wrong with it is said to be in that one."""
    try:
        return _read(text, name)
    except DefinitionError as error:
        found = (Problem(each.pointer, f"in {name}: {each.message}") for each in error.problems)
        raise DefinitionError(tuple(found), name) from None


def _within(found: tuple[Finding, ...], start: Loc) -> list[Finding]:
    """Keep what is on the way to the job, and say what is inside from the job's own top."""
    on_the_way = [finding for finding in found if finding.loc == start[: len(finding.loc)]]
    inside = [
        finding._replace(loc=finding.loc[len(start) :])
        for finding in found
        if finding.loc[: len(start)] == start and len(finding.loc) > len(start)
    ]
    return on_the_way + inside
