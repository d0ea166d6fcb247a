"""What an endpoint answers, besides a JSON document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bytes:
    """A body as it is.

    Attributes:
        body: what is sent.
        kind: its MIME type.
        status: of HTTP.
        headers: more of them.
    """

    body: bytes = b""
    kind: str = "application/octet-stream"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A file, sent in pieces.

    Attributes:
        path: where it is.
        headers: of the answer.
    """

    path: Path
    headers: Mapping[str, str] = field(default_factory=dict)
