"""From a job's name on the command line to a definition that can run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.app.files import look_up
from nbkit.app.libraries import not_installed
from nbkit.app.notebook_job import is_notebook, job_around
from nbkit.bundle_files import choose, read_text, whole_bundle
from nbkit.errors import DefinitionError, UsageError
from nbkit.graph.address import Address
from nbkit.graph.load import Parsed, inspect_job
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.errors import Severity
    from nbkit.graph.load import Inspected
    from nbkit.graph.run_graph import RunGraph

_SUFFIXES = (".json", ".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Definition:
    """A job read from its file, free of errors.

    Attributes:
        path: the file, absolute.
        job_key: which job of a bundle; None for a file that is one job.
        parsed: the job, its graph, its settings as given, and warnings.
        notebooks: every notebook that the job names, found.
        scripts: every other file of code that it names, found.
        target: of a bundle, if one was named.
        variables: values of its variables, as far as they are not its own.
    """

    path: Path
    job_key: str | None
    parsed: Parsed
    notebooks: tuple[Path, ...]
    scripts: tuple[Path, ...] = ()
    target: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def graph(self) -> RunGraph:
        """The job's graph."""
        return self.parsed.graph

    @property
    def code(self) -> tuple[Path, ...]:
        """Every file whose code runs."""
        return (*self.notebooks, *self.scripts)

    @property
    def is_notebook(self) -> bool:
        """Whether the job was made around this one notebook."""
        return self.path in self.notebooks

    @property
    def source(self) -> str:
        """What `load` would find it by again."""
        job = f"{self.path}:{self.job_key}" if self.job_key else str(self.path)
        return str(Address(job, self.target, self.variables))

    def job_id(self, root: Path) -> int:
        """Return the job's id: the same as long as its file stays where it is in the project."""
        place = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        name = f"{place.as_posix()}:{self.job_key or ''}"
        if self.target is not None:  # every target deploys a job of its own
            name = f"{name}:{self.target}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) + 1


def read(
    job: str | Path,
    *,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    undeclared: Severity = "error",
) -> Definition:
    """Read and check a job like `load`, but not the jobs that it runs.

    Raises:
        UsageError: there is no such file.
        DefinitionError: the job cannot run; it carries every problem at once.
    """
    address = Address.parse(str(job))
    target = address.target if target is None else target
    given = {**address.variables, **(variables or {})}
    path, job_key = _located(address)
    if is_notebook(path):
        return of_notebook(path, strict=strict)
    try:
        path, job_key = whole_bundle(path, job_key)
        text = read_text(path)
        choice = choose(path, text, target=target, variables=given, undeclared=undeclared)
        found = inspect_job(text, source=path.name, job_key=job_key, strict=strict, choice=choice)
    except DefinitionError as error:
        raise DefinitionError(error.problems, str(job)) from None
    definition = _checked(found, path, str(job), strict=strict)
    return replace(
        definition,
        job_key=found.job_key or job_key,
        target=target,
        variables=found.variables,
    )


def of_notebook(path: Path, job: str = "", *, strict: bool = False) -> Definition:
    """Return a job of one task that runs a notebook.

    Args:
        path: the notebook.
        job: from `job_around`; by default one that says nothing else.
        strict: take warnings as errors.

    Raises:
        DefinitionError: it cannot run.
    """
    text = job or job_around(path)
    found = inspect_job(text, source=f"{path.name}.json", strict=strict)
    return _checked(found, path, str(path), strict=strict)


def _checked(found: Inspected, path: Path, source: str, *, strict: bool) -> Definition:
    """Return a job whose files are there and which has nothing wrong with it."""
    files = look_up(found, path.parent)
    wrong = [*found.problems, *files.problems]
    if found.job:
        severity: Severity = "error" if strict else "warning"
        wrong += not_installed(found.job, path.parent, severity)
    if not found.job or not found.graph or any(each.severity == "error" for each in wrong):
        raise DefinitionError(tuple(wrong), source)
    parsed = Parsed(found.job, found.graph, tuple(wrong), found.document)
    return Definition(path, None, parsed, tuple(files.notebooks), tuple(files.scripts))


def _located(address: Address) -> tuple[Path, str | None]:
    name, job_key = address.split(lambda name: Path(name).is_file())
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the job file in it{_nearest(path / 'job')}")
    if not path.is_file():
        raise UsageError(f"there is no job file {path}{_nearest(path)}")
    return path.resolve(), job_key


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f": the folder {path.parent} does not exist"
    names = sorted(file.name for file in path.parent.iterdir() if file.suffix in _SUFFIXES)
    return hint(path.name, names)
