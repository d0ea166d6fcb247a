"""Spark settings as data: the driver's own, and what of a job's can be honoured per session."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbkit.spark.catalogs import ANY, DEFAULT, catalog_conf
from nbkit.spark.metastore import metastore_conf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nbkit.settings import Settings, SparkSettings

_ELSEWHERE = "is fixed when the driver starts: set it under `[spark.conf]` in nbkit.toml"
_DATABRICKS_ONLY = "means something on Databricks only and is left out"

_ON_DATABRICKS = {
    "spark.databricks.clusterUsageTags.clusterId": "nbkit",
    "spark.databricks.clusterUsageTags.clusterName": "nbkit",
    "spark.databricks.service.client.enabled": "false",  # this is not Databricks Connect
}
"""What notebooks ask Spark for and what every cluster there has."""

STATIC_SQL = frozenset(
    f"spark.sql.{name}"
    for name in (
        "broadcastExchange.maxThreadThreshold",
        "cache.serializer",
        "catalog.spark_catalog.defaultDatabase",
        "catalogImplementation",
        "codegen.cache.maxEntries",
        "codegen.comments",
        "debug",
        "defaultUrlStreamHandlerFactory.enabled",
        "event.truncate.length",
        "extensions",
        "extensions.test.loadFromCp",
        "filesourceTableRelationCacheSize",
        "globalTempDatabase",
        "hive.metastore.barrierPrefixes",
        "hive.metastore.jars",
        "hive.metastore.jars.path",
        "hive.metastore.sharedPrefixes",
        "hive.metastore.version",
        "hive.thriftServer.singleSession",
        "hive.version",
        "legacy.sessionInitWithConfigDefaults",
        "metadataCacheTTLSeconds",
        "queryExecutionListeners",
        "resultQueryStage.maxThreadThreshold",
        "shuffleExchange.maxThreadThreshold",
        "sources.disabledJdbcConnProviderList",
        "sources.schemaStringLengthThreshold",
        "streaming.streamingQueryListeners",
        "streaming.ui.enabled",
        "streaming.ui.enabledCustomMetricList",
        "streaming.ui.retainedProgressUpdates",
        "streaming.ui.retainedQueries",
        "subquery.maxThreadThreshold",
        "ui.retainedExecutions",
        "warehouse.dir",
    )
)
"""SQL settings that Spark refuses to change in a session (a test compares them with Spark)."""


@dataclass(frozen=True, slots=True)
class Split:
    """What a job asks for, divided by whether one session can have it.

    Attributes:
        honoured: to apply to the session (or its environment), by the name it takes there.
        notes: one line for each thing that is not honoured, with the reason.
    """

    honoured: dict[str, str]
    notes: tuple[str, ...]


def is_local(master: str) -> bool:
    """Return whether executors are threads of the driver."""
    return master.startswith("local")


def is_loopback(master: str) -> bool:
    """Return whether master and driver meet on this machine's loopback."""
    host = urlsplit(master).hostname or ""
    return is_local(master) or host in {"localhost", "::1"} or host.startswith("127.")


def cores_of(master: str) -> int:
    """Return how many tasks run at once on a local master."""
    found = re.match(r"local\[(\d+)", master)
    if found:
        return int(found[1])
    return 1 if master == "local" else os.cpu_count() or 1


def driver_conf(settings: Settings, jars: Iterable[Path], scratch: Path) -> dict[str, str]:
    """Return every Spark setting of the driver but those of its pages; `[spark.conf]` wins.

    Args:
        settings: of the project.
        jars: Delta's, which executors elsewhere need too.
        scratch: the driver's private folder, removed with it.
    """
    spark = settings.spark
    conf = {
        "spark.master": spark.master,
        "spark.app.name": f"nbkit {settings.root.name}",
        "spark.submit.deployMode": "client",
        "spark.scheduler.mode": "FAIR",
        "spark.ui.showConsoleProgress": "false",
        "spark.rdd.compress": "true",
        "spark.serializer.objectStreamReset": "100",
        "spark.local.dir": str(scratch / "spark"),
        "spark.sql.adaptive.enabled": "true",
        # Longer methods the JVM never compiles: a wide query would run several times slower.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # A Python function of columns straight from Parquet never ends otherwise (SPARK-58241).
        "spark.sql.execution.arrow.pythonUDF.columnarInput.enabled": "false",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        # Delta 4.4's parser loses the parameters of `spark.sql(…, args=…)` on Spark 4.2 otherwise.
        "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.sources.default": "delta",  # as on Databricks: a table without USING is Delta
        "spark.sql.scripting.cursorEnabled": "true",  # Spark 4.2 has them, and keeps them shut
        "spark.sql.scripting.continueHandlerEnabled": "true",
        "spark.sql.warehouse.dir": _warehouse(settings),
        **_ON_DATABRICKS,
        **catalog_conf(spark.first_catalogs),
        **({ANY: "true"} if spark.catalogs == "any" else {}),
        **session_conf(spark),
        **metastore_conf(settings, scratch),
        **_dbfs(settings),
        **{f"spark.executorEnv.{name}": value for name, value in spark.env.items()},
    }
    if is_local(spark.master):
        conf |= _small(cores_of(spark.master))
    else:
        conf["spark.jars"] = ",".join(f"file://{jar}" for jar in jars)
        conf["spark.executorEnv.PYSPARK_PYTHON"] = worker_python(settings)
    if is_loopback(spark.master):
        conf |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return conf | spark.conf | {"spark.ui.enabled": "false"}  # see `nbkit.spark.ui`


def driver_env(settings: Settings) -> dict[str, str]:
    """Return what the JVM's environment has beside this process's."""
    local = {"SPARK_LOCAL_IP": "127.0.0.1"} if is_loopback(settings.spark.master) else {}
    return local | settings.spark.env | {"PYSPARK_PYTHON": worker_python(settings)}


def worker_python(settings: Settings) -> str:
    """Return the Python that runs UDFs: the project's choice, else the one running now."""
    return settings.spark.env.get("PYSPARK_PYTHON") or sys.executable


def _small(cores: int) -> dict[str, str]:
    """Return settings for one machine: Spark's defaults of 200 and 50 tiny tasks hurt there."""
    return {
        "spark.sql.shuffle.partitions": str(max(2, cores)),
        "spark.databricks.delta.snapshotPartitions": str(max(2, cores)),
    }


def session_conf(spark: SparkSettings) -> dict[str, str]:
    """Return what each session begins with, whatever the driver was started with."""
    if not spark.default_catalog:
        return {}
    named = (each for each in spark.first_catalogs if each.lower() == spark.default_catalog)
    name = next(named, spark.default_catalog)  # Spark tells case apart
    return {**catalog_conf([name]), DEFAULT: name}


def _warehouse(settings: Settings) -> str:
    place = settings.spark.warehouse
    return place if urlsplit(place).scheme else str(settings.root / place)


def _dbfs(settings: Settings) -> dict[str, str]:
    """Make `dbfs:/` the project's folder of files, in whatever way Spark gets at it.

    Hadoop's own mount tables do it for any scheme; Delta needs to hear that one writer at a
    time holds there as it does on a local disk.
    """
    hadoop = {
        "fs.dbfs.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "fs.viewfs.overload.scheme.target.file.impl": "org.apache.hadoop.fs.LocalFileSystem",
        "fs.viewfs.mounttable.default.linkFallback": settings.files_directory.absolute().as_uri(),
    }
    conf = {f"spark.hadoop.{name}": value for name, value in hadoop.items()}
    return conf | {"spark.delta.logStore.dbfs.impl": "io.delta.storage.LocalLogStore"}


def split_conf(spark_conf: Mapping[str, str]) -> Split:
    """Divide a job cluster's `spark_conf` into what one session can have and what it cannot."""
    honoured: dict[str, str] = {}
    notes: list[str] = []
    for name, value in spark_conf.items():
        if name.startswith("spark.hadoop."):
            honoured[name.removeprefix("spark.hadoop.")] = value
        elif name.startswith(("spark.databricks.cluster.", "spark.databricks.passthrough.")):
            notes.append(f"{name} {_DATABRICKS_ONLY}")
        elif name in STATIC_SQL or not name.startswith(("spark.sql.", "spark.databricks.")):
            notes.append(f"{name} {_ELSEWHERE}")
        else:
            honoured[name] = value
    return Split(honoured, tuple(notes))


def split_env(spark_env_vars: Mapping[str, str]) -> Split:
    """Divide a job cluster's `spark_env_vars`: notebooks and their Python workers get the rest."""
    fixed = ("SPARK_", "HADOOP_", "YARN_", "JAVA_HOME", "JDK_", "LD_LIBRARY_PATH", "PYTHONPATH")
    honoured: dict[str, str] = {}
    notes: list[str] = []
    for name, value in spark_env_vars.items():
        if name.startswith(fixed) or name == "PYSPARK_PYTHON":
            notes.append(f"{name} {_ELSEWHERE.replace('spark.conf', 'spark.env')}")
        else:
            honoured[name] = value
    return Split(honoured, tuple(notes))
