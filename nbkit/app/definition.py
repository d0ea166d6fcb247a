"""From a job's name on the command line to a definition that can run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbkit import on_disk
from nbkit.app.files import look_up
from nbkit.app.libraries import not_installed
from nbkit.app.located import STREAM, located, streamed
from nbkit.app.notebook_job import is_notebook, job_around
from nbkit.bundle_files import choose, whole_bundle
from nbkit.errors import DefinitionError
from nbkit.graph.address import Address
from nbkit.graph.load import Parsed, inspect_job
from nbkit.ledger.deployed import DEPLOYED
from nbkit.on_disk import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.errors import Severity
    from nbkit.graph.load import Inspected
    from nbkit.graph.run_graph import RunGraph


_JSON, _YAML = f"{STREAM}.json", f"{STREAM}.yml"


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
        deployed: the id that it is deployed under; None for what a file says now.
    """

    path: Path
    job_key: str | None
    parsed: Parsed
    notebooks: tuple[Path, ...]
    scripts: tuple[Path, ...] = ()
    target: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    deployed: int | None = None

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
        """What `load` would find it by again, or the ledger, if it is deployed."""
        if self.deployed is not None:
            return f"{DEPLOYED}{self.deployed}"
        file = on_disk.address(self.path)
        job = f"{file}:{self.job_key}" if self.job_key else file
        return str(Address(job, self.target, self.variables))

    @property
    def streamed(self) -> bool:
        """Whether it came through a pipe, so that only the record of a run has it again."""
        return self.path.name == STREAM

    def job_id(self, root: Path) -> int:
        """Return the job's id: the same as long as its file stays where it is in the project."""
        if self.deployed is not None:
            return self.deployed
        place = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        key = self.graph.job.name if self.streamed else self.job_key or ""
        name = f"{place.as_posix()}:{key}"
        if self.target is not None:  # every target deploys a job of its own
            name = f"{name}:{self.target}"
        digest = hashlib.sha256(name.encode(errors="surrogateescape")).digest()
        return int.from_bytes(digest[:6]) + 1


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
    path, job_key = located(address)
    if path.name != STREAM and is_notebook(path):
        return of_notebook(path, strict=strict)
    try:
        if path.name == STREAM:
            text = streamed(address)
            source = _JSON if text.lstrip("\ufeff \t\r\n")[:1] == "{" else _YAML
        else:
            path, job_key = whole_bundle(path, job_key)
            text, source = read_text(path), path.name
        choice = choose(path, text, target=target, variables=given, undeclared=undeclared)
        found = inspect_job(text, source=source, job_key=job_key, strict=strict, choice=choice)
    except DefinitionError as error:
        raise DefinitionError(error.problems, on_disk.shown(str(job))) from None
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


def of_record(graph: str, source: str) -> Definition | None:
    """Return a job that only the record of a run has: what came through a pipe; else None.

    Args:
        graph: the job as JSON text, as the ledger keeps it.
        source: where it came from, as `Definition.source` says.

    Raises:
        DefinitionError: it cannot run any more.
    """
    name, key = Address.parse(source).split(lambda name: on_disk.is_there(on_disk.place(name)))
    path = on_disk.place(name)
    if path.name != STREAM:
        return None
    found = inspect_job(graph, source=_JSON)
    return replace(_checked(found, path, source, strict=False), job_key=key)


def of_settings(settings: Mapping[str, Any], path: Path, source: str) -> Definition:
    """Return the job that settings describe, as the Jobs API has them.

    Args:
        settings: of the job.
        path: a file, there or not, beside which its paths lead.
        source: what to call it in messages.

    Raises:
        DefinitionError: it cannot run; it carries every problem at once.
    """
    found = inspect_job(json.dumps(dict(settings)), source=_JSON)
    return _checked(found, path, source, strict=False)


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
