"""Three-level names: `main.silver.orders` by a catalog plug-in of our own, compiled once.

The plug-in (`plugin/*.java`) forwards to the session's catalog, where the schema is called
`main__silver`. Janino, which Spark has among its jars, compiles it into the user's cache; so
neither a JDK nor a built file in this package is needed.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.errors import SetupError
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.jars import spark_home
from nbkit.spark.java import find_java

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLUGIN = "nbkit.ProjectCatalog"
"""The Java class behind every catalog."""

LEGACY = "hive_metastore"
"""Databricks' name for the catalog of two-level names: here the session's own."""

_SOURCES = sorted(Path(__file__).with_name("plugin").glob("*.java"))
_FILE = "nbkit-catalogs.jar"
_JAVA = 11  # as high as Janino goes
_failed: dict[Path, str] = {}


def prefix(catalog: str) -> str:
    """Return what the schemas of a catalog begin with where they really are."""
    return "" if catalog == LEGACY else re.sub(r"\W", "_", catalog) + "__"


def catalog_conf(catalogs: Iterable[str]) -> dict[str, str]:
    """Return the Spark settings by which a session knows catalogs."""
    conf: dict[str, str] = {}
    for name in catalogs:
        key = f"spark.sql.catalog.{name}"
        conf |= {key: PLUGIN, f"{key}.prefix": prefix(name)}
    return conf


def session_name(name: str, conf: Mapping[str, str | None]) -> str:
    """Return a table's name in the session's own catalog, for what knows only two levels.

    Args:
        name: as the author wrote it, such as `main.silver.orders`; others come back as they are.
        conf: settings of the session.
    """
    parts = re.findall(r"`(?:[^`]|``)+`|[^.`]+", name)
    catalog = parts[0].strip("` ") if parts else ""
    if len(parts) != 3 or conf.get(f"spark.sql.catalog.{catalog}") != PLUGIN:  # noqa: PLR2004
        return name
    schema = conf.get(f"spark.sql.catalog.{catalog}.prefix") or ""
    return f"`{schema}{parts[1].strip('` ')}`.{parts[2]}"


def plugin_path() -> Path:
    """Return where the compiled plug-in is, or will be: a new source is a new place."""
    spark_jars = sorted(jar.name for jar in (spark_home() / "jars").glob("spark-catalyst_*.jar"))
    parts = [*(source.read_text(encoding="utf-8") for source in _SOURCES), *spark_jars]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return cache_directory() / "catalogs" / key / _FILE


def ensure_plugin() -> Path:
    """Return the compiled plug-in, compiling it the first time (a few seconds).

    Raises:
        SetupError: no Java, or this Spark has other interfaces than the plug-in was written for.
    """
    return once(plugin_path().parent, _compile) / _FILE


def plugin_jars() -> list[Path]:
    """Return the plug-in for the driver's class path; none if it cannot be had: see `problem`."""
    place = plugin_path()
    if place in _failed:
        return []
    try:
        return [ensure_plugin()]
    except (SetupError, OSError) as error:
        _failed[place] = str(error)
        return []


def problem() -> str:
    """Say why there are no three-level names; empty where there are."""
    return _failed.get(plugin_path(), "")


def _compile(folder: Path) -> None:
    import py4j.java_gateway as py4j
    from py4j.protocol import Py4JError

    jars = sorted((spark_home() / "jars").glob("*.jar"))
    port, secret, process = py4j.launch_gateway(
        jarpath=str(next(jar for jar in jars if jar.name.startswith("py4j"))),
        classpath=os.pathsep.join(map(str, jars)),
        java_path=str(find_java().path),
        javaopts=["-XX:TieredStopAtLevel=1", "-Xshare:auto"],
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    gateway = py4j.JavaGateway(
        gateway_parameters=py4j.GatewayParameters(port=port, auth_token=secret)
    )
    classes = folder / "classes"
    classes.mkdir()
    try:
        _run_janino(gateway, jars, classes)
    except Py4JError as error:
        causes = [line for line in str(error).splitlines() if "ception: " in line]
        raise SetupError(
            f"The catalog plug-in for three-level names did not compile: {' '.join(causes[-1:])}",
            "Spark works without it; such names do not. Please report this.",
        ) from None
    finally:
        gateway.shutdown()
        process.stdin.close()
        process.wait()
    with zipfile.ZipFile(folder / _FILE, "w") as jar:
        for file in sorted(classes.rglob("*.class")):
            jar.write(file, file.relative_to(classes).as_posix())


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
