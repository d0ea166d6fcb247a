"""Delta's jars: downloaded once, checked, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from nbkit.errors import SetupError
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.download import download
from nbkit.spark.repository import MIRROR, repository

_PINS = Path(__file__).with_name("jars.txt")
_OFFLINE = (
    f"Connect to the network once, set HTTPS_PROXY, or name a mirror of Maven Central in {MIRROR}; "
    "or bring the jars along: `nbkit doctor --pack DIR` there, `--from DIR` here. Jars are then "
    "kept, and no network is needed."
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One jar, exactly."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the jar in the cache."""
        return f"{self.name}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where it is in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file_name}"


def pins() -> tuple[Pin, ...]:
    """Return the jars that nbkit adds to Spark's own."""
    lines = (line.split() for line in _PINS.read_text(encoding="utf-8").splitlines())
    wanted = [words for words in lines if words and not words[0].startswith("#")]
    return tuple(
        Pin(group, name, version, sha256)
        for coordinate, sha256 in wanted
        for group, name, version in [coordinate.split(":")]
    )


def spark_home() -> Path:
    """Return the folder of the installed pyspark, without importing it."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise SetupError("pyspark is not installed in this Python.", "Run `pip install nbkit`.")
    return Path(found.origin).parent


def jars_directory() -> Path:
    """Return where the pinned jars are, or will be: a new set of pins is a new folder."""
    key = hashlib.sha256(_PINS.read_bytes()).hexdigest()[:12]
    return cache_directory() / "jars" / key


def ensure_jars() -> list[Path]:
    """Return the pinned jars, resolving them into the cache the first time.

    Raises:
        SetupError: no Java, no network and no jars, or a jar that is not the pinned one.
    """
    folder = once(jars_directory(), _resolve)
    return [folder / pin.file_name for pin in pins()]


def damaged(folder: Path) -> list[str]:
    """Return the names of pinned jars that are missing from a folder or not as pinned."""
    return [
        pin.file_name
        for pin in pins()
        if not (jar := folder / pin.file_name).is_file()
        or hashlib.sha256(jar.read_bytes()).hexdigest() != pin.sha256
    ]


def _resolve(folder: Path) -> None:
    """Download the pinned jars; what came through is kept for the next time when one did not."""
    unfinished = jars_directory().with_name(f"{jars_directory().name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    base = repository(spark_home() / "jars")
    try:
        download((f"{base}/{pin.path}", unfinished / pin.file_name) for pin in pins())
    except SetupError as error:
        raise SetupError(f"Delta's jars are not all here. {error}", _OFFLINE) from None
    _take(unfinished, folder)
    shutil.rmtree(unfinished, ignore_errors=True)


def _take(source: Path, folder: Path) -> None:
    """Copy the pinned jars of a folder into the cache.

    Raises:
        SetupError: one is missing or not the pinned one; none is taken, and those are removed.
    """
    if wrong := damaged(source):
        for name in wrong:
            (source / name).unlink(missing_ok=True)
        raise SetupError(
            f"Jars are not the expected ones: {', '.join(wrong)} (missing, or SHA-256 differs).",
            "Something between here and the repository changes files; try another network.",
        )
    for pin in pins():
        shutil.copy2(source / pin.file_name, folder)


def pack(folder: Path) -> None:
    """Copy the jars to a folder, for a machine without a network.

    Raises:
        SetupError: they are not to be had here either.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for jar in ensure_jars():
        shutil.copy2(jar, folder)


def unpack(folder: Path) -> None:
    """Take the jars that `pack` put into a folder.

    Raises:
        SetupError: one is missing there, or is not the pinned one.
    """
    wrong = damaged(folder)
    if wrong:
        raise SetupError(
            f"{folder} has not the jars of this version of nbkit: {', '.join(wrong)}.",
            "Pack them anew, with this version: `nbkit doctor --pack DIR`.",
        )
    once(jars_directory(), lambda target: _take(folder, target))


def forget_jars() -> None:
    """Remove the cached jars, so that the next `ensure_jars` resolves them again."""
    shutil.rmtree(jars_directory(), ignore_errors=True)
