"""Runs in a process of their own: they go on when whoever began them is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.graph.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbkit.settings import Settings

_LOOK_EVERY_SECONDS = 0.05
_PROGRAM = "from nbkit.cli.main import main; main()"
_KERNELS_OWN = ("JPY_", "IPYKERNEL_", "PYSPARK_GATEWAY", "NBKIT_LEASE")
"""Variables of the kernel that this is called from; a run makes its own."""


@dataclass(slots=True)
class Launched:
    """A process at work on a run, and what it says."""

    process: subprocess.Popen[bytes]
    said: IO[bytes]

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def complaint(self) -> str:
        """Return why it ended without a run; empty if it did not."""
        if self.process.poll() not in (2, 3):
            return ""
        self.said.seek(0)
        return self.said.read().decode(errors="replace").strip().removeprefix("nbkit: ")


def launch_run(
    job: Path | str,
    settings: Settings,
    *,
    parameters: Mapping[str, str],
    only: Sequence[str] | None = None,
    token: str = "",
    skip_unsupported: bool = False,
) -> Launched:
    """Begin a run of a job.

    Args:
        job: its file, or its address with target and variables.
        settings: of its project.
        parameters: job parameters.
        only: task keys to run.
        token: the run's idempotency token, by which it is found in the ledger.
        skip_unsupported: leave out what cannot run here.
    """
    address = Address.parse(str(job))
    chosen = [f"--target={address.target}"] if address.target is not None else []
    chosen += [f"--var={name}={value}" for name, value in address.variables.items()]
    given = [f"--parameter={name}={value}" for name, value in parameters.items()]
    some = ["--only", ",".join(only)] if only else []
    some += [f"--idempotency-token={token}"] if token else []
    some += ["--skip-unsupported"] if skip_unsupported else []
    return _launch(settings, "run", address.job, *chosen, *given, *some, "--quiet", "--keep")


def begun_run(launched: Launched, find: Callable[[], int | None]) -> int:
    """Wait until a run that was launched is on record, and return its id.

    Args:
        launched: the process.
        find: looks for the run.

    Raises:
        UsageError: the process ended, and there is none; the message is what it said.
    """
    while True:
        over = launched.over  # asked before the look: it may begin the run and end in between
        run_id = find()
        if run_id is not None:
            return run_id
        if over:
            raise UsageError(launched.complaint() or "the process of the run ended without one")
        time.sleep(_LOOK_EVERY_SECONDS)


def launch_repair(
    run_id: int,
    settings: Settings,
    *,
    parameters: Mapping[str, str],
    tasks: Sequence[str] | None = None,
    dependents: bool = False,
) -> Launched:
    """Take up a run again: these tasks or all that failed, and with what depends on them."""
    given = [f"--parameter={name}={value}" for name, value in parameters.items()]
    given += ["--tasks", ",".join(tasks)] if tasks else []
    given += ["--rerun-dependents"] if dependents else []
    return _launch(settings, "repair", str(run_id), *given, "--quiet", "--keep")


def launch_planned(run_id: int, fence: int, settings: Settings) -> Launched:
    """Drive a planned run that a node took."""
    return _launch(settings, "work", "--run", str(run_id), "--fence", str(fence))


def launch_waiting(run_id: int, settings: Settings) -> Launched:
    """Drive a planned run that nobody took."""
    return _launch(settings, "work", "--run", str(run_id))


def _launch(settings: Settings, *arguments: str) -> Launched:
    said = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this call, with the process
    env = {name: value for name, value in os.environ.items() if not name.startswith(_KERNELS_OWN)}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=settings.root,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        start_new_session=True,  # no interrupt of the kernel reaches it, nor its end
    )
    return Launched(process, said)
