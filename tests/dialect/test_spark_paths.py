"""Which arguments of PySpark's readers and writers are paths."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from nbkit.dialect.spark_paths import any_path, identifier_path, option_path, options_paths


class Reader:
    @any_path
    def csv(self, path, schema=None, comment=None, **options):
        return path, schema, comment, options

    @any_path
    def parquet(self, *paths, **options):
        return paths, options

    @option_path
    def option(self, key, value):
        return key, value

    @options_paths
    def options(self, **options):
        return options

    @identifier_path
    def convert(self, identifier, schema=None):
        return identifier, schema


@pytest.fixture
def reader(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbkit.toml").write_text("")
    return Reader()


def test_arguments_that_are_paths(reader):
    """Given by place or by name, one or several, as text or as a path of Python's."""
    assert reader.csv("/dbfs/x", comment="//") == ("dbfs:/x", None, "//", {})
    assert reader.csv(path=PurePosixPath("/dbfs/x"), schema="/dbfs/no")[:2] == (
        "dbfs:/x",
        "/dbfs/no",
    )
    assert reader.csv(["/dbfs/a", "b"], nullValue="/N", badRecordsPath="/dbfs/b") == (
        ["dbfs:/a", "b"],
        None,
        None,
        {"nullValue": "/N", "badRecordsPath": "dbfs:/b"},
    )
    assert reader.parquet("/dbfs/a", "/dbfs/b")[0] == ("dbfs:/a", "dbfs:/b")


def test_options_and_identifiers(reader):
    """An option's name says whether its value is a path."""
    assert reader.option("path", "/dbfs/x") == ("path", "dbfs:/x")
    assert reader.option("sep", "//") == ("sep", "//")
    assert reader.options(checkpointLocation="/dbfs/c", quote="/q") == {
        "checkpointLocation": "dbfs:/c",
        "quote": "/q",
    }
    assert reader.convert("parquet.`/dbfs/x`", "path STRING") == (
        "parquet.`dbfs:/x`",
        "path STRING",
    )


def test_wrong_calls_are_the_methods_to_tell(reader):
    """In its own words."""
    with pytest.raises(TypeError, match="csv"):
        reader.csv("/dbfs/x", None, None, "too many")
