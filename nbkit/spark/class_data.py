"""The JVM's archive: what it need not do again that it did the last time.

Java 25 and newer keep loaded and linked classes, and which methods were hot, in an AOT cache
(JEP 483, 514, 515), so that the compiler begins at once; older ones keep parsed classes in a
class-data archive. Built by a training driver that does what notebooks do, kept in the user's
cache, and used by every driver after. It only ever saves time: without it, or with one that does
not fit, the JVM starts the ordinary way.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.conf import driver_conf
from nbkit.spark.jars import ensure_jars, spark_home
from nbkit.spark.java import find_java
from nbkit.spark.jvm import MODULE_OPTIONS, class_path, start_jvm
from nbkit.spark.sessions import LeasedSession, open_root
from nbkit.spark.warm_up import run, statements

if TYPE_CHECKING:
    from nbkit.spark.java import Java

_DUMP_SECONDS = 300
_WITH_AOT = 25
_UNUSED_SECONDS = 30 * 24 * 3600


def archive_path(java: Java) -> Path:
    """Return where the archive for a Java and these jars is, or will be."""
    spark_jars = sorted(jar.name for jar in (spark_home() / "jars").glob("*.jar"))
    parts = [str(java.path), java.version, class_path(), *spark_jars, *MODULE_OPTIONS]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    name = "spark.aot" if java.major >= _WITH_AOT else "spark.jsa"
    return cache_directory() / "class-data" / key / name


def archive_options(java: Java) -> list[str]:
    """Return the JVM options that use the archive; none while it is not built."""
    archive = archive_path(java)
    if not archive.exists():
        return []
    with suppress(OSError):  # a cache that others own
        os.utime(archive.parent)
    if java.major >= _WITH_AOT:
        return [
            f"-XX:AOTCache={archive}",
            "-XX:AOTMode=auto",
            *("-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"),
            *("-Xlog:aot=off", "-Xlog:cds=off"),
        ]
    return [
        "-Xshare:auto",
        f"-XX:SharedArchiveFile={archive}",
        "-Xlog:cds=off",
        "-Xlog:class+path=off",
    ]


def ensure_class_data(java: Java) -> Path:
    """Return the archive, building it the first time (which takes a minute or so).

    Raises:
        SetupError: Spark does not run here, so there is nothing to archive.
    """
    archive = archive_path(java)
    if not archive.exists():
        once(archive.parent, lambda folder: _build(folder / archive.name, java))
        _forget_unused(archive.parent.parent)
    return archive


def build_in_background(settings: Settings) -> bool:
    """Begin to build the archive, at a low priority, unless it is there; True if it was begun."""
    if archive_path(find_java(settings.spark.java)).exists():
        return False
    command = [sys.executable, "-P", "-m", "nbkit.spark.class_data", settings.spark.java]
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=os.sep,
        start_new_session=True,
    )
    return True


def _forget_unused(folder: Path) -> None:
    """Remove the archives, of 260 MB each, of Javas and jars that no driver started with lately."""
    for each in folder.iterdir():
        with suppress(OSError):
            if each.is_dir() and time.time() - each.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(each)


def _build(archive: Path, java: Java) -> None:
    option = "AOTCacheOutput" if java.major >= _WITH_AOT else "ArchiveClassesAtExit"
    with tempfile.TemporaryDirectory(prefix="nbkit-spark-") as place:
        scratch = Path(place)
        settings = Settings.model_validate({"root": scratch})
        settings.spark.master = "local[2]"
        settings.spark.java = str(java.path)
        options = [f"-XX:{option}={archive}"]
        jvm = start_jvm(settings, scratch, options=options, output=subprocess.DEVNULL)
        try:
            conf = driver_conf(settings, ensure_jars(), scratch)
            leased = LeasedSession.open(jvm, open_root(jvm, conf), 0, {})
            for statement in statements(scratch):
                run(leased.session, statement)
            leased.close()
        finally:
            jvm.end(patience=_DUMP_SECONDS)
    if not archive.exists():
        raise SetupError(
            f"{java.path} (Java {java.version}) did not write an archive.", "Drivers start without."
        )


def main() -> None:
    """Build the archive for the Java that is named, in the time that others leave."""
    if hasattr(os, "nice"):
        os.nice(15)
    ensure_class_data(find_java(sys.argv[1]))


if __name__ == "__main__":
    main()
