"""Options of Databricks' readers that Spark would pass over without a word."""

from __future__ import annotations

import pytest

from nbkit.dialect.reader_options import checked
from nbkit.errors import UsageError
from nbkit.pipelines.files.loader_options import evolution, split


class Reader:
    def option(self, key, value):
        return key, value

    def options(self, **options):
        return options

    def load(self, path=None, **options):
        return path, options


def test_what_spark_would_ignore_is_refused():
    """Under any spelling and wherever it is given; a reader of Auto Loader has more of them."""
    reader = Reader()

    def call(name, *args, batch=True, **named):
        return checked(getattr(Reader, name), batch=batch)(reader, *args, **named)

    for method, args, named in (
        ("option", ("skipRows", 2), {}),
        ("option", (), {"key": "SKIPROWS", "value": "1"}),
        ("options", (), {"header": True, "badRecordsPath": "/bad"}),
        ("load", ("/in",), {"skiprows": 1}),
    ):
        for batch in (True, False):
            with pytest.raises(UsageError, match="Spark would ignore it: "):
                call(method, *args, batch=batch, **named)
    for name in ("rescuedDataColumn", "fileNamePattern"):
        with pytest.raises(UsageError, match="Spark would ignore it: "):
            call("option", name, "x")
        assert call("option", name, "x", batch=False) == (name, "x")
    assert call("option", "skipRows", 0) == ("skipRows", 0)
    assert call("options", sep=";") == {"sep": ";"}
    assert call("load", "/in") == ("/in", {})
    with pytest.raises(TypeError):
        call("option", "sep", ";", "more")


def test_auto_loader_takes_what_it_has():
    """Names of options go in any case; what it has not, it says."""
    own, others = split({"cloudFiles.format": "csv", "fileNamePattern": "*.csv", "header": True})
    assert (own, others) == ({"format": "csv"}, {"pathGlobFilter": "*.csv", "header": "true"})
    with pytest.raises(UsageError, match="skipRows is an option of Databricks' own readers"):
        split({"skipRows": "1"})
    others = {"RescuedDataColumn": "_r"}
    assert evolution("json", {}, others, inferred=False) == ("none", "_r")
    assert not others
