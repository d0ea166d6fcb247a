"""What nbkit adds to Spark in Java: compiled once, kept in the user's cache.

These are the catalogs behind three-level names, which forward to the session's own, and an
aggregate that counts for expectations (`plugin/*.java`). Janino, which Spark has among its jars,
compiles them; so neither a JDK nor a built file in this package is needed.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.errors import SetupError
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.jars import spark_home
from nbkit.spark.short_java import short_java

if TYPE_CHECKING:
    from collections.abc import Iterable

_SOURCES = sorted(Path(__file__).with_name("plugin").glob("*.java"))
_FILE = "nbkit-classes.jar"
_JAVA = 11  # as high as Janino goes
_failed: dict[Path, str] = {}


def jar_path() -> Path:
    """Return where the compiled classes are, or will be: a new source is a new place."""
    spark_jars = sorted(jar.name for jar in (spark_home() / "jars").glob("spark-catalyst_*.jar"))
    parts = [*(source.read_text(encoding="utf-8") for source in _SOURCES), *spark_jars]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return cache_directory() / "java" / key / _FILE


def ensure_jar() -> Path:
    """Return the jar of the classes, compiling them the first time (a few seconds).

    Raises:
        SetupError: no Java, or this Spark has other interfaces than they were written for.
    """
    return once(jar_path().parent, _compile) / _FILE


def own_jars() -> list[Path]:
    """Return the jar for the driver's class path; none if it cannot be had: see `problem`."""
    place = jar_path()
    if place in _failed:
        return []
    try:
        return [ensure_jar()]
    except (SetupError, OSError) as error:
        _failed[place] = str(error)
        return []


def problem() -> str:
    """Say why there are no three-level names; empty where there are."""
    return _failed.get(jar_path(), "")


def lacking() -> str:
    """Say in one line what a session of this driver does not have; empty if it has all."""
    why = problem().splitlines()
    if not why:
        return ""
    return (
        "nbkit: three-level names do not work here, since nbkit's Java classes did not compile "
        f"({why[0]}); `nbkit doctor --fix` tries again."
    )


def _compile(folder: Path) -> None:
    from py4j.protocol import Py4JError

    jars = sorted((spark_home() / "jars").glob("*.jar"))
    classes = folder / "classes"
    classes.mkdir()
    with short_java(jars, ["-XX:TieredStopAtLevel=1", "-Xshare:auto"]) as gateway:
        try:
            _run_janino(gateway, jars, classes)
        except Py4JError as error:
            raise SetupError(
                f"nbkit's Java classes did not compile: {_first_cause(error)}",
                "Spark works without them; three-level names do not. Please report this.",
            ) from None
    with zipfile.ZipFile(folder / _FILE, "w") as jar:
        for file in sorted(classes.rglob("*.class")):
            jar.write(file, file.relative_to(classes).as_posix())


def _first_cause(error: Any) -> str:
    """Return what an error in Java began with."""
    java = getattr(error, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    return str(error if java is None else java.toString()).strip().partition("\n")[0]


def _run_janino(gateway: Any, jars: list[Path], classes: Path) -> None:
    def files(paths: Iterable[object]) -> Any:
        given = list(map(str, paths))
        array = gateway.new_array(gateway.jvm.java.io.File, len(given))
        for i, path in enumerate(given):
            array[i] = gateway.jvm.java.io.File(path)
        return array

    compiler = gateway.jvm.org.codehaus.janino.Compiler()
    compiler.setSourceVersion(_JAVA)
    compiler.setTargetVersion(_JAVA)
    compiler.setClassPath(files(jars))
    compiler.setDestinationDirectory(gateway.jvm.java.io.File(str(classes)), False)
    compiler.compile(files(_SOURCES))
