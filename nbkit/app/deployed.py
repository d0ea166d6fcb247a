"""From a deployed job in the ledger to a definition that can run, and back to its file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit import on_disk
from nbkit.app.definition import of_settings, read
from nbkit.app.located import in_project
from nbkit.graph.address import Address
from nbkit.ledger.deployed import DEPLOYED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbkit.app.definition import Definition
    from nbkit.ledger.deployed import DeployedJob, DeployedJobs

_SOURCE = re.compile(f"{DEPLOYED}([0-9]+)")
_MADE_BY_CLIENT = "job.json"
"""The file that a job of the API is thought to be in, at the top of the project."""


def definition_of(job: DeployedJob, here: Path) -> Definition:
    """Return a deployed job, ready to run: its settings as deployed, its files as they are now.

    Args:
        job: from the ledger.
        here: the folder of the project on this machine.

    Raises:
        DefinitionError: it cannot run.
    """
    path, key, address = _origin(job, here)
    called = f"job {job.name} ({job.job_id})"
    made = of_settings(job.settings, path, called)
    if address is None:
        return replace(made, deployed=job.job_id)
    return replace(
        made,
        job_key=key,
        target=address.target,
        variables=dict(address.variables),
        deployed=job.job_id,
    )


def file_of(job: DeployedJob, here: Path) -> Path | None:
    """Return the file that a job was deployed from, there or not; None if the API made it."""
    return _origin(job, here)[0] if job.source else None


def deployed_as(source: str) -> int | None:
    """Return the number in the source of a deployed job's run; None for other sources."""
    found = _SOURCE.fullmatch(source)
    return int(found[1]) if found else None


def reading(jobs: DeployedJobs, here: Path) -> Callable[[str], Definition]:
    """Return what reads a job by its source, be it a file's or a deployed job's."""

    def read_either(source: str) -> Definition:
        number = deployed_as(source)
        return read(source) if number is None else definition_of(jobs.get(number), here)

    return read_either


def of_run(source: str, graph: str, jobs: DeployedJobs, here: Path) -> Definition | None:
    """Return the deployed job of a run, as it is deployed now; None for a run of a file.

    Args:
        source: of the run.
        graph: the job that the run was begun with, for what is not deployed any more.
        jobs: of the ledger.
        here: the folder of the project on this machine.

    Raises:
        DefinitionError: it cannot run.
    """
    number = deployed_as(source)
    if number is None:
        return None
    job = jobs.find(number)
    if job is not None:
        return definition_of(job, here)
    made = of_settings(json.loads(graph), here / _MADE_BY_CLIENT, f"job {number}")
    return replace(made, deployed=number)


def _origin(job: DeployedJob, here: Path) -> tuple[Path, str | None, Address | None]:
    if not job.source:
        return here / _MADE_BY_CLIENT, None, None
    address = Address.parse(in_project(job.source, job.root, here))
    name, key = address.split(lambda name: on_disk.is_there(on_disk.place(name)))
    return on_disk.place(name), key, address
