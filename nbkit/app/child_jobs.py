"""The other jobs that a job runs: found, checked, and never in a circle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.app.files import tasks
from nbkit.bundle_files import keys_in
from nbkit.errors import DefinitionError, NbkitError, Problem, UsageError
from nbkit.graph.address import Address
from nbkit.graph.kinds.run_job import RUN_JOB
from nbkit.near import hint
from nbkit.on_disk import is_file, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbkit.app.definition import Definition

    Read = Callable[[str], Definition]

_SUFFIXES = {".json", ".yml", ".yaml"}


def child_of(
    parent: Definition, named: int | str, read: Read, known: Mapping[int, str] | None = None
) -> Definition:
    """Return the job that a Run Job task of `parent` names.

    Args:
        parent: the job with the task.
        named: `job_id`: a file, `FILE:key` or a key of the same bundle, a name, or a number.
        read: reads a definition.
        known: jobs that ran before: number → source.

    Raises:
        NbkitError: there is no such job, or it cannot run.
    """
    address = Address.parse(str(named))
    path = parent.path.parent / address.job
    file = Path(str(path).rpartition(":")[0]) if not is_file(path) else path
    if is_file(file):
        return read(str(Address(str(path), address.target, address.variables)))
    if str(named) in _keys(parent.path, parent.target):
        return read(str(Address(f"{parent.path}:{named}", parent.target, parent.variables)))
    number = int(named) if str(named).isdecimal() else None
    if number is not None and number in (known or {}):
        return read((known or {})[number])
    neighbours = dict(_neighbours(parent, read))
    for child, name in neighbours.items():
        if name == named or (number is not None and read(child).job_id(_root(parent)) == number):
            return read(child)
    names = [*_keys(parent.path, parent.target), *neighbours.values()]
    where = f"beside {parent.path.name}"
    raise UsageError(f"there is no job {named} {where}{hint(str(named), sorted(set(names)))}")


def wrong_children(top: Definition, read: Read) -> list[Problem]:
    """Return what is wrong with the jobs that a job runs, and with those that they run.

    Of numbers nothing is said: the ledger may know them when the job runs.
    """
    found: list[Problem] = []
    sound: set[str] = set()

    def visit(job: Definition, way: tuple[Definition, ...], pointer: str) -> None:
        for place, named in _calls(job):
            here = pointer or place
            try:
                child = child_of(job, named, read)
            except NbkitError as error:
                if not str(named).isdecimal():
                    found.append(Problem(here, _in_short(error, job, top)))
                continue
            if child.source in [each.source for each in way]:
                found.append(Problem(here, circle((*way, child))))
            elif child.source not in sound:
                visit(child, (*way, child), here)
                sound.add(child.source)

    visit(top, (top,), "")
    return found


def circle(way: tuple[Definition, ...]) -> str:
    """Return the message for jobs that run each other; the last of them is one of the others."""
    start = next(place for place, each in enumerate(way) if each.source == way[-1].source)
    names = " → ".join(_short(each) for each in way[start:])
    return f"jobs run each other in a circle: {names}"


def _calls(job: Definition) -> Iterator[tuple[str, int | str]]:
    for pointer, task in tasks(job.graph.job):
        call = RUN_JOB.of(task)
        if call is not None and "{{" not in str(call.job_id) and "${" not in str(call.job_id):
            yield f"{pointer}.{RUN_JOB.name}.job_id", call.job_id


def _in_short(error: NbkitError, job: Definition, top: Definition) -> str:
    text = str(error)
    if isinstance(error, DefinitionError):
        text = f"{error.source} cannot run: " + "; ".join(map(str, error.problems))
    return text if job is top else f"in job {_short(job)}: {text}"


def _short(job: Definition) -> str:
    return f"{job.path.name}:{job.job_key}" if job.job_key else job.path.name


def _keys(path: Path, target: str | None = None) -> tuple[str, ...]:
    """Return the keys of a bundle's jobs; none of what cannot be read."""
    try:
        return keys_in(path, target=target)
    except NbkitError:
        return ()


def _neighbours(parent: Definition, read: Read) -> Iterator[tuple[str, str]]:
    """Yield the sound jobs of the same folder: source and name."""
    for file in names_in(parent.path.parent):
        if file.suffix not in _SUFFIXES or not is_file(file):
            continue
        for key in _keys(file) or (None,):
            try:
                job = read(f"{file}:{key}" if key else str(file))
            except NbkitError:
                continue
            yield job.source, job.graph.job.name


def _root(parent: Definition) -> Path:
    from nbkit.settings import find_root

    return find_root(parent.path.parent)
