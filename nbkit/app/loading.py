"""A job with all that it names, and everything that is wrong with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nbkit.app.child_jobs import wrong_children
from nbkit.app.definition import read
from nbkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.app.definition import Definition
    from nbkit.errors import Problem, Severity


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
    """Return everything wrong with a job: errors, and warnings as well.

    A `${…}` without a value is a warning: it may have one where the bundle is deployed.

    Raises:
        UsageError: there is no such file.
    """
    try:
        found = load(
            job, strict=strict, target=target, variables=variables, undeclared="warning"
        ).parsed.warnings
    except DefinitionError as error:
        found = error.problems
    return tuple(problem.strictly for problem in found) if strict else found
