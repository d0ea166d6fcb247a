"""The JVM's class-data archive: classes that Spark and Delta load, parsed and verified once.

Built by a warm-up driver that does what notebooks do, kept in the user's cache, and used by
every driver after. It only ever saves time: without it, or with one that does not fit, the JVM
loads its classes the ordinary way.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.conf import driver_conf
from nbkit.spark.jars import ensure_jars, spark_home
from nbkit.spark.java import find_java
from nbkit.spark.jvm import MODULE_OPTIONS, class_path, start_jvm
from nbkit.spark.sessions import LeasedSession, open_root
from nbkit.spark.warm_up import run, statements

_DUMP_SECONDS = 300
_FILE = "spark.jsa"


def archive_path() -> Path:
    """Return where the archive for this Java and these jars is, or will be."""
    java = find_java()
    spark_jars = sorted(jar.name for jar in (spark_home() / "jars").glob("*.jar"))
    parts = [str(java.path), java.version, class_path(), *spark_jars, *MODULE_OPTIONS]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return cache_directory() / "class-data" / key / _FILE


def archive_options() -> list[str]:
    """Return the JVM options that use the archive; none while it is not built."""
    archive = archive_path()
    if not archive.exists():
        return []
    return [
        "-Xshare:auto",
        f"-XX:SharedArchiveFile={archive}",
        "-Xlog:cds=off",
        "-Xlog:class+path=off",
    ]


def ensure_class_data() -> Path:
    """Return the archive, building it the first time (which takes half a minute or so).

    Raises:
        SetupError: Spark does not run here, so there is nothing to archive.
    """
    return once(archive_path().parent, _build) / _FILE


def forget_class_data() -> None:
    """Remove all archives, so that the next `ensure_class_data` builds one."""
    shutil.rmtree(cache_directory() / "class-data", ignore_errors=True)


def _build(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="nbkit-spark-") as place:
        scratch = Path(place)
        settings = Settings.model_validate({"root": scratch})
        settings.spark.master = "local[2]"
        options = [f"-XX:ArchiveClassesAtExit={folder / _FILE}"]
        jvm = start_jvm(settings, scratch, options=options, output=subprocess.DEVNULL)
        try:
            conf = driver_conf(settings, ensure_jars(), scratch)
            leased = LeasedSession.open(jvm, open_root(jvm, conf), 0, {})
            for statement in statements(scratch):
                run(leased.session, statement)
            leased.close()
        finally:
            jvm.end(patience=_DUMP_SECONDS)
    if not (folder / _FILE).exists():
        raise SetupError("This Java did not write a class-data archive.", "Drivers start without.")
