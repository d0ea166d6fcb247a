"""What the driver is started with, and what a job's cluster settings become."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from nbkit.settings import Settings
from nbkit.spark.conf import (
    STATIC_SQL,
    cores_of,
    driver_conf,
    driver_env,
    is_loopback,
    session_conf,
    split_conf,
    split_env,
)


def settings(**spark) -> Settings:
    return Settings.model_validate({"root": Path("/project"), "spark": spark})


def conf_of(**spark) -> dict[str, str]:
    return driver_conf(settings(**spark), [Path("/cache/delta.jar")], Path("/scratch"))


def test_a_local_driver_suits_small_data_and_stays_on_the_loopback():
    """Partitions follow the cores, at least two; nothing listens to the network."""
    conf = conf_of(master="local[4]")
    assert conf["spark.sql.shuffle.partitions"] == "4"
    assert conf["spark.databricks.delta.snapshotPartitions"] == "4"
    assert conf["spark.driver.bindAddress"] == "127.0.0.1"
    assert conf["spark.scheduler.mode"] == "FAIR"
    assert "spark.jars" not in conf
    assert conf_of(master="local")["spark.sql.shuffle.partitions"] == "2"


def test_a_cluster_gets_the_jars_and_keeps_its_own_partitions():
    """Executors elsewhere need Delta; partition counts are for small machines only."""
    conf = conf_of(master="spark://10.0.0.1:7077")
    assert conf["spark.jars"] == "file:///cache/delta.jar"
    assert "spark.sql.shuffle.partitions" not in conf
    assert "spark.driver.host" not in conf
    assert conf_of(master="spark://127.0.0.1:7077")["spark.driver.host"] == "127.0.0.1"


def test_sessions_begin_in_the_default_catalog():
    """As the list of catalogs spells it, and known whatever the driver was started with."""
    assert "spark.sql.defaultCatalog" not in conf_of()
    listed = settings(catalogs=["Dev", "main"], default_catalog="dev").spark
    assert session_conf(listed)["spark.sql.defaultCatalog"] == "Dev"
    conf = conf_of(default_catalog="Lab")
    assert conf["spark.sql.defaultCatalog"] == "lab"
    assert conf["spark.sql.catalog.lab.prefix"] == "nbkit_lab__"
    with pytest.raises(ValidationError, match="default_catalog lab is none of its catalogs"):
        settings(catalogs=["main"], default_catalog="lab")
    with pytest.raises(ValidationError, match=r"'a\.b' cannot be the name of a catalog"):
        settings(default_catalog="a.b")


def test_the_project_has_the_last_word():
    """What `[spark.conf]` says replaces nbkit's own settings."""
    conf = conf_of(conf={"spark.sql.shuffle.partitions": "200", "spark.rdd.compress": "false"})
    assert (conf["spark.sql.shuffle.partitions"], conf["spark.rdd.compress"]) == ("200", "false")


def test_the_warehouse_and_metastore_are_the_projects_unless_said_otherwise():
    """Relative folders belong to the project; URLs are taken as they are."""
    url = "spark.hadoop.javax.jdo.option.ConnectionURL"
    assert conf_of()["spark.sql.warehouse.dir"] == "/project/.nbkit/warehouse"
    assert "databaseName=/project/.nbkit/metastore;" in conf_of()[url]
    elsewhere = conf_of(warehouse="s3a://lake/x", metastore="jdbc:postgresql://host/db")
    assert elsewhere["spark.sql.warehouse.dir"] == "s3a://lake/x"
    assert elsewhere[url] == "jdbc:postgresql://host/db"


def test_python_workers_run_the_projects_python():
    """By default that is the one running now."""
    assert driver_env(settings(env={"PYSPARK_PYTHON": "/py"}))["PYSPARK_PYTHON"] == "/py"
    assert Path(driver_env(settings())["PYSPARK_PYTHON"]).exists()


@pytest.mark.parametrize(
    ("master", "loopback"),
    [
        ("local[*]", True),
        ("spark://localhost:7077", True),
        ("spark://127.0.0.1:7077", True),
        ("spark://spark.example.org:7077", False),
        ("yarn", False),
        ("k8s://https://127.0.0.1:6443", False),
    ],
)
def test_only_a_master_on_this_machine_is_on_the_loopback(master, loopback):
    """Elsewhere, executors have to find the driver by a real address."""
    assert is_loopback(master) is loopback


def test_cores_are_those_of_the_master():
    """`local[N]` says how many; `local` means one."""
    assert (cores_of("local[3]"), cores_of("local[3, 2]"), cores_of("local")) == (3, 3, 1)
    assert cores_of("local[*]") >= 1


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("spark.sql.shuffle.partitions", "spark.sql.shuffle.partitions"),
        ("spark.databricks.delta.optimizeWrite.enabled",) * 2,
        ("spark.hadoop.fs.s3a.endpoint", "fs.s3a.endpoint"),
        ("spark.executor.memory", None),
        ("spark.master", None),
        ("spark.databricks.cluster.profile", None),
        ("spark.sql.extensions", None),
    ],
)
def test_a_session_honours_sql_delta_and_hadoop_settings(name, becomes):
    """The rest is fixed when the driver starts; each such setting is named, with the reason."""
    split = split_conf({name: "v"})
    assert split.honoured == ({becomes: "v"} if becomes else {})
    assert [note.split()[0] for note in split.notes] == ([] if becomes else [name])


def test_secrets_stay_references_until_the_kernel_resolves_them():
    """`{{secrets/…}}` is passed on as it is, so that no value is ever on record."""
    wanted = {"spark.hadoop.fs.s3a.secret.key": "{{secrets/scope/key}}"}
    assert split_conf(wanted).honoured == {"fs.s3a.secret.key": "{{secrets/scope/key}}"}
    assert split_env({"TOKEN": "{{secrets/a/b}}"}).honoured == {"TOKEN": "{{secrets/a/b}}"}


def test_variables_reach_notebooks_unless_the_driver_has_read_them_already():
    """What Java and Spark read at their start is named instead."""
    split = split_env({"STAGE": "test", "JAVA_HOME": "/java", "PYSPARK_PYTHON": "/py"})
    assert split.honoured == {"STAGE": "test"}
    assert [note.split()[0] for note in split.notes] == ["JAVA_HOME", "PYSPARK_PYTHON"]


@pytest.mark.e2e
def test_static_settings_are_those_that_spark_refuses(client):
    """Spark itself agrees, name by name, on what a session cannot change."""
    said = client(f"""
        module = getattr(spark._jvm, "org.apache.spark.sql.internal.SQLConf$")
        conf = getattr(module, "MODULE$")
        print([name for name in {sorted(STATIC_SQL)!r} if not conf.isStaticConfigKey(name)])
        entries = conf.getConfigEntries().iterator()
        known = []
        while entries.hasNext():
            known.append(entries.next().key())
        static = [name for name in known if conf.isStaticConfigKey(name)]
        ours = set({sorted(STATIC_SQL)!r})
        print([name for name in static if name not in ours and name.startswith("spark.sql.")])
    """).result()
    assert said.splitlines() == ["[]", "[]"]


def test_dbfs_is_the_projects_folder_of_files():
    """`dbfs:/` is known to Hadoop itself, so that SQL, Delta and streams find it too."""
    made = conf_of()
    folder = "spark.hadoop.fs.viewfs.mounttable.default.linkFallback"
    assert made[folder] == "file:///project/.nbkit/files"
    elsewhere = Settings.model_validate({"root": Path("/project"), "files": {"directory": "/lake"}})
    assert driver_conf(elsewhere, [], Path("/scratch"))[folder] == "file:///lake"
