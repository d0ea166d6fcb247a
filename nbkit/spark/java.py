"""Which Java runs Spark: found without starting it, where its folder says what it is."""

from __future__ import annotations

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
ADVICE = (
    f"Install Java {OLDEST} or newer (such as `apt install openjdk-{OLDEST}-jre-headless`, "
    f"`brew install openjdk@{OLDEST}` or `conda install openjdk={OLDEST}`), "
    "or point JAVA_HOME at one."
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that can run Spark.

    Attributes:
        path: the `java` program.
        version: as it names itself, such as `17.0.15`.
    """

    path: Path
    version: str


def find_java() -> Java:
    """Return the Java that JAVA_HOME, PATH or the Python environment offers, in that order.

    Raises:
        SetupError: there is none, it does not answer, or it is older than Spark needs.
    """
    program = next((path for path in _candidates() if os.access(path, os.X_OK)), None)
    if program is None:
        raise SetupError("Spark needs Java, and none was found.", ADVICE)
    version = _version_on_disk(program) or _version_said(program)
    if _major(version) < OLDEST:
        raise SetupError(
            f"Spark needs Java {OLDEST} or newer; {program} is Java {version or '(unknown)'}.",
            ADVICE,
        )
    return Java(program, version)


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
        return  # a person who names one wants that one, or to hear that it is missing
    if found := shutil.which("java"):
        yield Path(found).resolve()
    yield Path(sys.prefix) / "lib" / "jvm" / "bin" / "java"  # conda's openjdk


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
