"""Where a pipeline keeps what it has to remember."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbkit.errors import UsageError
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbkit.pipelines.declare.spec import Spec

_UNSAFE = re.compile(r"[^\w.-]+")
_KNOWN = "datasets.json"


@dataclass(frozen=True, slots=True)
class PipelinePlaces:
    """The places of one pipeline.

    Attributes:
        folder: of this machine, for the event log and what the pipeline knows about itself.
        storage: path or URI for checkpoints and the schemas of files, wherever Hadoop reaches.
    """

    folder: Path
    storage: str

    @classmethod
    def of(cls, spec: Spec, state_directory: Path) -> PipelinePlaces:
        """Return the place of a pipeline: its `storage`, or a folder of the project.

        Args:
            spec: the pipeline.
            state_directory: of the project.
        """
        name = _UNSAFE.sub("_", spec.name)
        own = state_directory / "pipelines" / name
        if not spec.storage:
            return cls(own, str(own))
        storage = f"{spec.storage.rstrip('/')}/{name}"
        parts = urlsplit(storage)
        return cls(Path(parts.path) if parts.scheme in {"", "file"} else own, storage)

    @contextmanager
    def claimed(self, name: str) -> Iterator[None]:
        """Keep other updates of the same pipeline away.

        Raises:
            UsageError: one is under way.
        """
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "update.lock", blocking=False)
        try:
            lock.acquire()
        except Timeout:
            raise UsageError(f"pipeline {name} is being updated by another process") from None
        try:
            yield
        finally:
            lock.release()

    def known(self) -> tuple[str, ...]:
        """Return the datasets of the last update."""
        file = self.folder / _KNOWN
        return tuple(json.loads(file.read_text("utf-8"))) if file.is_file() else ()

    def remember(self, keys: Sequence[str]) -> None:
        """Note the datasets of this update."""
        write_atomically(self.folder / _KNOWN, json.dumps(sorted(keys)).encode())
