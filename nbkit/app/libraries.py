"""Whether what a job wants installed is installed: nbkit looks, and never installs."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from nbkit.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit.errors import Severity
    from nbkit.graph.model import Job

_COMMENT = re.compile(r"(^|\s)#.*")
_ELSEWHERE = re.compile(r"/(Workspace|Volumes|dbfs)\b|[a-z][\w+.]+:|\$\{|\{\{")


def not_installed(job: Job, directory: Path, severity: Severity) -> Iterator[Problem]:
    """Yield a problem for each package that a job wants and this Python does not have.

    Args:
        job: whose libraries and environments to look at.
        directory: folder of the job's file.
        severity: of the problems.
    """
    told: set[str] = set()
    for pointer, wanted in _wanted(job):
        for message in _missing(wanted.strip(), directory):
            if message not in told:
                told.add(message)
                yield Problem(pointer, message, severity)


def _wanted(job: Job) -> Iterator[tuple[str, str]]:
    """Yield places with a requirement, a wheel or `-r FILE` each."""
    for number, environment in enumerate(job.environments):
        dependencies = (environment.spec and environment.spec.dependencies) or []
        for place, wanted in enumerate(dependencies):
            yield f"environments[{number}].spec.dependencies[{place}]", wanted
    for number, outer in enumerate(job.tasks):
        pointer = f"tasks[{number}]{f'.{outer.kind}.task' if outer.inner is not outer else ''}"
        for place, library in enumerate(outer.inner.libraries):
            at = f"{pointer}.libraries[{place}]"
            if library.pypi:
                yield f"{at}.pypi.package", library.pypi.package
            if library.whl:
                yield f"{at}.whl", library.whl
            if library.requirements:
                yield f"{at}.requirements", f"-r {library.requirements}"


def _missing(wanted: str, directory: Path) -> Iterator[str]:
    if wanted.startswith(("-r ", "--requirement ")):
        yield from _missing_of_file(wanted.split(maxsplit=1)[1], directory)
    elif wanted.endswith(".whl"):
        yield from _missing_wheel(wanted.rpartition("/")[2])
    elif not wanted.startswith(("-", "/", ".")) and not _ELSEWHERE.match(wanted):
        yield from _missing_requirement(wanted)


def _missing_of_file(name: str, directory: Path) -> Iterator[str]:
    if _ELSEWHERE.match(name):
        return
    try:
        lines = (directory / name).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        yield f"the file {name} cannot be read"
        return
    for line in lines:
        wanted = _COMMENT.sub("", line).strip()
        if wanted and not wanted.startswith("-"):
            yield from _missing(wanted, directory)


def _missing_wheel(name: str) -> Iterator[str]:
    distribution = name.partition("-")[0]
    if "*" in distribution:  # what it holds is not known before it is built
        return
    try:
        wanted = str(parse_wheel_filename(name)[1])
    except InvalidWheelFilename:  # such as `shop-*.whl`
        wanted = ""
    installed = _installed(distribution)
    if installed is None:
        yield f"{distribution} is not installed here"
    elif wanted not in ("", installed):
        yield f"{distribution} {installed} is installed here, not {wanted}"


def _missing_requirement(text: str) -> Iterator[str]:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        yield f"{text} names no package"
        return
    if requirement.marker is not None and not requirement.marker.evaluate():
        return
    installed = _installed(requirement.name)
    if installed is None:
        yield f"{requirement.name} is not installed here"
    elif not requirement.specifier.contains(installed, prereleases=True):
        yield f"{requirement.name} {installed} is installed here, not {requirement.specifier}"


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except (PackageNotFoundError, ValueError):
        return None
