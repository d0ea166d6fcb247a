"""A job with all that it names, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from nbkit import on_disk
from nbkit.app.child_jobs import wrong_children
from nbkit.app.definition import read
from nbkit.app.located import STREAM, located
from nbkit.app.located import SUFFIXES as BUNDLE_SUFFIXES
from nbkit.bundle_files import included_texts, keys_in, whole_bundle
from nbkit.errors import DefinitionError, Problem
from nbkit.graph.address import Address
from nbkit.graph.choice import Choice
from nbkit.graph.load import target_in
from nbkit.notify.destinations import missing
from nbkit.on_disk import is_file, read_text
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.app.definition import Definition
    from nbkit.errors import Severity
    from nbkit.graph.load import Resource

_OF_BUNDLES = ("resources", "bundle", "targets", "include", "variables", "workspace")


def load(
    job: str | Path,
    *,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    undeclared: Severity = "error",
) -> Definition:
    """Read and check a job, with everything that it names on disk, other jobs among it.

    Args:
        job: a file, `FILE:job_key` for one job of a bundle, a notebook, or the `source` of a
            definition.
        strict: take warnings as errors.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables.
        undeclared: how bad it is that a `${…}` has no value.

    Raises:
        UsageError: there is no such file.
        DefinitionError: the job cannot run; it carries every problem at once.
    """
    found = read(job, strict=strict, target=target, variables=variables, undeclared=undeclared)
    wrong = wrong_children(found, partial(read, undeclared=undeclared))
    if wrong:
        raise DefinitionError((*wrong, *found.parsed.warnings), str(job))
    return found


def problems(
    job: str | Path,
    *,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    """Return everything wrong with a job, or with all jobs of a bundle: errors, and warnings too.

    A `${…}` without a value is a warning: it may have one where the bundle is deployed.

    Raises:
        UsageError: there is no such file.
    """
    parts = _resources(job, "jobs", target, {})
    if not parts and _resources(job, "pipelines", target, {}):
        return ()  # a bundle of pipelines alone
    if len(parts) <= 1:
        return _problems(job, strict=strict, target=target, variables=variables)
    found: dict[Problem, None] = {}
    for key, part in parts.items():
        for each in _problems(part, strict=strict, target=target, variables=variables):
            place = f"resources.jobs.{key}{'.' if each.pointer else ''}{each.pointer}"
            found[
                each if each.pointer.startswith(_OF_BUNDLES) else replace(each, pointer=place)
            ] = None
    return tuple(found)


def _problems(
    job: str | Path,
    *,
    strict: bool,
    target: str | None,
    variables: Mapping[str, str] | None,
) -> tuple[Problem, ...]:
    try:
        loaded = load(job, strict=strict, target=target, variables=variables, undeclared="warning")
    except DefinitionError as error:
        found = error.problems
    else:
        notify = Settings.of(loaded.path.parent).notify
        unheard = (Problem("", line, "warning") for line in missing(loaded.graph.job, notify))
        found = (*loaded.parsed.warnings, *unheard)
    return tuple(problem.strictly for problem in found) if strict else found


def pipelines_of_bundle(
    job: str | Path, *, target: str | None = None, variables: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the addresses of the pipelines of a bundle that is named without a key, by key."""
    return _resources(job, "pipelines", target, variables or {})


def jobs_of_bundle(
    job: str | Path, *, target: str | None = None, variables: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the addresses of the jobs of a bundle that is named without a key, by key."""
    return _resources(job, "jobs", target, variables or {})


def target_of(path: Path, target: str | None) -> str | None:
    """Return the name of the target of a bundle's main file: the given one, or its default.

    Raises:
        DefinitionError: it cannot be read.
    """
    if path.name == STREAM or path.suffix.lower() not in BUNDLE_SUFFIXES or not is_file(path):
        return target
    text = read_text(path)
    choice = Choice(target, files=included_texts(path, text))
    return target_in(text, source=path.name, choice=choice)


def _resources(
    job: str | Path, kind: Resource, target: str | None, variables: Mapping[str, str]
) -> dict[str, str]:
    address = Address.parse(str(job))
    path, key = located(address)
    if key is not None or path.name == STREAM or path.suffix.lower() not in BUNDLE_SUFFIXES:
        return {}
    target = address.target if target is None else target
    try:
        path, key = whole_bundle(path, None, kind)
        keys = keys_in(path, kind, target=target)
    except DefinitionError:
        return {}  # reading it as one job tells what is wrong
    if key is not None:
        return {}
    given = {**address.variables, **variables}
    return {each: str(Address(f"{on_disk.address(path)}:{each}", target, given)) for each in keys}
