"""Three-level names: what Spark is told, and the plug-in that is compiled for it."""

from __future__ import annotations

import zipfile

import pytest
from pydantic import ValidationError

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark import java_classes
from nbkit.spark.catalogs import PLUGIN, catalog_conf, session_name
from nbkit.spark.jvm import class_path


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NBKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(java_classes, "_failed", {})
    monkeypatch.setattr("nbkit.spark.jvm.ensure_jars", list)


def test_catalogs_are_prefixes_of_schemas():
    """But for `hive_metastore`, which is the session's own catalog."""
    key = "spark.sql.catalog"
    assert catalog_conf(["main", "dev-2", "hive_metastore"]) == {
        f"{key}.main": PLUGIN,
        f"{key}.main.prefix": "main__",
        f"{key}.dev-2": PLUGIN,
        f"{key}.dev-2.prefix": "dev_2__",
        f"{key}.hive_metastore": PLUGIN,
        f"{key}.hive_metastore.prefix": "",
    }


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("main.silver.orders", "`main__silver`.orders"),
        ("`main`.`my schema`.`my orders`", "`main__my schema`.`my orders`"),
        ("hive_metastore.silver.t", "`silver`.t"),
        ("prod.silver.t", "prod.silver.t"),
        ("silver.t", "silver.t"),
        ("t", "t"),
        ("", ""),
    ],
)
def test_names_in_the_sessions_own_catalog(name, becomes):
    """For what knows two levels only; other names stay as they are."""
    assert session_name(name, catalog_conf(["main", "hive_metastore"])) == becomes


@pytest.mark.parametrize("name", ["spark_catalog", "system", "a.b", "1st", ""])
def test_some_names_no_catalog_can_have(name):
    """Spark's own, and what would need quotes in a setting."""
    with pytest.raises(ValidationError, match="cannot be the name of a catalog"):
        Settings.model_validate({"spark": {"catalogs": [name]}})


@pytest.mark.usefixtures("empty_cache")
def test_the_plug_in_is_compiled_once():
    """By the Janino among Spark's jars; the driver's class path has it."""
    made = java_classes.ensure_jar()
    with zipfile.ZipFile(made) as jar:
        assert f"{PLUGIN.replace('.', '/')}.class" in jar.namelist()
    written = made.stat().st_mtime_ns
    assert class_path().endswith(str(made))
    assert made.stat().st_mtime_ns == written
    assert not java_classes.problem()


@pytest.mark.usefixtures("empty_cache")
def test_a_plug_in_that_does_not_compile_leaves_spark_usable(tmp_path, monkeypatch):
    """The class path goes without; the reason is kept, and nothing half-made."""
    broken = tmp_path / "Broken.java"
    broken.write_text("package nbkit; public class Broken extends Missing {}")
    monkeypatch.setattr(java_classes, "_SOURCES", [broken])
    with pytest.raises(SetupError, match=r"did not compile: .*Missing"):
        java_classes.ensure_jar()
    assert "nbkit-classes" not in class_path()
    assert "Missing" in java_classes.problem()
    assert not java_classes.jar_path().exists()
