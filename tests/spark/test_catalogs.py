"""Three-level names: what Spark is told, and the plug-in that is compiled for it."""

from __future__ import annotations

import re
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from nbkit.errors import SetupError
from nbkit.settings import Settings, can_be_catalog
from nbkit.spark import java_classes
from nbkit.spark.catalogs import (
    ANY,
    PLUGIN,
    catalog_conf,
    filled,
    in_written_names,
    known_by,
    may_be_made,
    new,
    prefix,
    prefixes,
    session_name,
)
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
        f"{key}.main.prefix": "nbkit_main__",
        f"{key}.dev-2": PLUGIN,
        f"{key}.dev-2.prefix": "nbkit_dev_zz2dz2__",
        f"{key}.hive_metastore": PLUGIN,
        f"{key}.hive_metastore.prefix": "",
    }


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("main.silver.orders", "`nbkit_main__silver`.orders"),
        ("`main`.`my schema`.`my orders`", "`nbkit_main__my schema`.`my orders`"),
        ("hive_metastore.silver.t", "`silver`.t"),
        ("workspace.silver.t", "`silver`.t"),
        ("prod.silver.t", "prod.silver.t"),
        ("silver.t", "silver.t"),
        ("t", "t"),
        ("", ""),
    ],
)
def test_names_in_the_sessions_own_catalog(name, becomes):
    """For what knows two levels only; other names stay as they are."""
    assert session_name(name, catalog_conf(["main", "hive_metastore", "workspace"])) == becomes


@pytest.mark.parametrize("name", ["spark_catalog", "system", "a.b", "1st", ""])
def test_some_names_no_catalog_can_have(name):
    """Spark's own, and what would need quotes in a setting."""
    with pytest.raises(ValidationError, match="cannot be the name of a catalog"):
        Settings.model_validate({"spark": {"catalogs": [name]}})


def test_catalogs_are_a_list_or_any():
    """Whatever else it is, the message says which."""
    assert Settings.model_validate({"spark": {"catalogs": ["dev"]}}).spark.first_catalogs == ["dev"]
    assert Settings.model_validate({}).spark.catalogs == "any"
    for wrong in ("main", 3, {"a": 1}, [["a"]]):
        with pytest.raises(ValidationError, match=r'list of names, or "any"|valid string'):
            Settings.model_validate({"spark": {"catalogs": wrong}})


FREE = {**catalog_conf(["main", "hive_metastore", "dev-2"]), ANY: "true"}


@pytest.mark.parametrize("name", ["main", "MAIN", "lab", "Lab", "my-cat", "Dev-2"])
def test_a_catalog_is_there_if_the_session_has_it_or_something_is_in_it(name):
    """Under whatever case, and then it is the same one."""
    conf = {
        **FREE,
        **known_by(name, FREE, lambda: ["default", "nbkit_lab__s", "nbkit_my_zz2dzcat__s"]),
    }
    assert session_name(f"`{name}`.s.t", conf) == session_name(f"`{name.lower()}`.s.t", conf)
    assert name.lower() in prefixes(conf)
    assert len(prefixes(conf)) in {3, 4}


@pytest.mark.parametrize(
    "name", ["nope", "la", "samples", "system", "global_temp", "we ird", "a.b", "1st", ""]
)
def test_a_catalog_in_which_nothing_is_is_not_there(name):
    """Nor one that has a name of Spark's or of Databricks'."""
    schemas = ["default", "nbkit_lab__s", "nbkit_samples__s", "nbkit_system__s", "nbkit_lax__s"]
    assert known_by(name, FREE, lambda: schemas) is None


def test_where_catalogs_are_restricted_nothing_else_is_there():
    """Also if something is in it."""
    listed = catalog_conf(["main"])
    assert known_by("lab", listed, lambda: ["nbkit_lab__s"]) is None
    assert known_by("Main", listed, list) is not None


def test_a_new_catalog_is_in_lower_case():
    """The other spelling is the same one."""
    made = new("Fe")
    assert prefixes(made) == {"fe": "nbkit_fe__"}
    assert session_name("Fe.s.t", made) == "`nbkit_fe__s`.t"
    assert filled(
        ["default", "nbkit_fe__s", "nbkit_fe__r", "nbkit_lab__default", "nbkit_samples__x"]
    ) == {
        "fe": "nbkit_fe__",
        "lab": "nbkit_lab__",
    }


_NAMES = st.one_of(
    st.from_regex(r"[a-z_][_z2d5f-]{0,7}", fullmatch=True),
    st.from_regex(r"[A-Za-z_][\w-]{0,7}", fullmatch=True),
).filter(can_be_catalog)
_SCHEMAS = st.from_regex(r"[a-z_][a-z_]{0,4}", fullmatch=True)


@given(_NAMES, _SCHEMAS, _NAMES, _SCHEMAS)
@example("my-cat", "s", "my_cat", "s")
@example("a", "b__s", "a__b", "s")
@example("a", "_s", "a_", "s")
@example("a-b", "s", "a_zz2dzb", "s")
def test_no_two_catalogs_share_a_schema(one, its, other, others):
    """Whatever they are called: a name is read back from what its schemas are called inside."""
    inner = [prefix(one) + its, prefix(other) + others]
    assert (inner[0] == inner[1]) == ((one.lower(), its) == (other.lower(), others))
    assert all(re.fullmatch("[a-z0-9_]+", each) for each in inner)  # a schema's name in Spark
    if may_be_made(one):
        assert filled(inner[:1]) == {one.lower(): prefix(one)}


@pytest.mark.parametrize(
    "schema", ["a_zz2dz", "a_zz2dzz", "a_zz110000z__s", "a_zz61z__s", "hive_metastore__s", "", "_a"]
)
def test_what_no_catalog_is_called_inside_is_none(schema):
    """Also where somebody's own schema has nbkit's word before it."""
    assert filled([schema, f"nbkit_{schema}"]) == {}


@given(_NAMES, _SCHEMAS)
def test_a_schema_of_two_levels_is_no_catalogs(catalog, schema):
    """`main__silver` is its author's, whatever `main.silver` holds."""
    assert filled([f"{catalog.lower()}__{schema}"]) == {}
    assert prefix(catalog) + schema != f"{catalog.lower()}__{schema}"


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("The schema `spark_catalog`.`nbkit_fe__s` cannot", "The schema `fe`.`s` cannot"),
        ("table spark_catalog.nbkit_fe__job_metadata.t is", "table fe.job_metadata.t is"),
        ("`spark_catalog`.`nbkit_dev_zz2dz2__s`.`t`", "`dev-2`.`s`.`t`"),
        ("`spark_catalog`.`nbkit_nobodys__s`.`t`", "`spark_catalog`.`nbkit_nobodys__s`.`t`"),
        (
            "column `nbkit_fe__s` of /w/spark_catalog.nbkit_fe__s",
            "column `nbkit_fe__s` of /w/spark_catalog.nbkit_fe__s",
        ),
    ],
)
def test_messages_have_the_names_that_authors_write(message, written):
    """And all else as it is."""
    assert in_written_names(message, {"fe": "nbkit_fe__", "dev-2": "nbkit_dev_zz2dz2__"}) == written


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
