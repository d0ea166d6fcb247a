"""Files from a Maven repository: visible, resumed when the connection broke, and checked."""

from __future__ import annotations

import os
import ssl
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbkit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import httpx
    from rich.progress import TaskID

_TRIES = 5
_PIECE = 1 << 16
_PARTIAL = 206
_UNSATISFIABLE = 416
_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def download(wanted: Iterable[tuple[str, Path]]) -> None:
    """Download files, with a progress bar where a person watches.

    What arrived of a file before the connection broke is beside its place, as `….part`, and is
    not asked for again. Proxies are those of HTTPS_PROXY and its kin, certificates those that
    PIP_CERT, REQUESTS_CA_BUNDLE or SSL_CERT_FILE name, passwords those of `~/.netrc`.

    Args:
        wanted: pairs of an address and the file that it becomes.

    Raises:
        SetupError: a file is not to be had; what is whole stays.
    """
    import httpx

    with (
        httpx.Client(verify=_trust(), follow_redirects=True, timeout=30) as client,
        _shown() as show,
    ):
        for url, target in wanted:
            if not target.exists():
                _fetched(client, url, target, show(target.name))


def _trust() -> ssl.SSLContext:
    named = next((os.environ[name] for name in _CERTIFICATES if os.environ.get(name)), None)
    try:
        return ssl.create_default_context(cafile=named)
    except OSError as error:
        raise SetupError(f"The certificates in {named} cannot be read: {error}") from None


def _fetched(
    client: httpx.Client, url: str, target: Path, told: Callable[[int, int | None], None]
) -> None:
    import httpx
    import tenacity

    part = target.with_name(f"{target.name}.part")
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(httpx.TransportError),
        stop=tenacity.stop_after_attempt(_TRIES),
        wait=tenacity.wait_exponential(0.2, max=5),
        reraise=True,
    )
    try:
        again(_more, client, url, part, told)
    except httpx.HTTPStatusError as error:
        status = f"{error.response.status_code} {error.response.reason_phrase}"
        raise SetupError(
            f"{target.name} could not be downloaded: {url} answers {status}."
        ) from None
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        raise SetupError(f"{target.name} could not be downloaded from {url}: {said}.") from None
    part.rename(target)


def _more(
    client: httpx.Client, url: str, part: Path, told: Callable[[int, int | None], None]
) -> None:
    """Download what is missing of a file."""
    there = part.stat().st_size if part.exists() else 0
    asked = {"Range": f"bytes={there}-", "Accept-Encoding": "identity"} if there else {}
    with client.stream("GET", url, headers=asked) as answer:
        if there and answer.status_code == _UNSATISFIABLE:
            return  # nothing is missing; its checksum says whether it is the right file
        answer.raise_for_status()
        resumed = answer.status_code == _PARTIAL
        rest = answer.headers.get("Content-Length")
        done = there if resumed else 0
        size = done + int(rest) if rest else None
        with part.open("ab" if resumed else "wb") as file:
            for piece in answer.iter_bytes(_PIECE):
                file.write(piece)
                done += len(piece)
                told(done, size)


@contextmanager
def _shown() -> Iterator[Callable[[str], Callable[[int, int | None], None]]]:
    """Yield what begins a bar for a file, and returns what says how far it is."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    off = sys.stderr is None or not console.is_terminal
    with progress.Progress(*columns, console=console, disable=off) as bars:

        def begin(name: str) -> Callable[[int, int | None], None]:
            bar: TaskID = bars.add_task(name, total=None)
            return lambda done, size: bars.update(bar, completed=done, total=size)

        yield begin
