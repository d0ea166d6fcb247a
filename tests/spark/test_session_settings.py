"""All settings at once are those that PySpark tells one by one."""

from __future__ import annotations

import pytest

from nbkit.spark.session_settings import settings_of

pytestmark = pytest.mark.e2e


def test_all_settings_are_those_of_pyspark(module_spark):
    """Whatever stands in a value: arrows, line ends, text that is no ASCII, nothing."""
    own = {"spark.me.a": "x -> y", "spark.me.b": "1\n2\\n", "spark.me.ü": "ß 🙂", "spark.me.c": ""}
    for name, value in own.items():
        module_spark.conf.set(name, value)
    try:
        found = settings_of(module_spark)
        assert own.items() <= found.items()
        assert found == module_spark.conf.getAll
    finally:
        for name in own:
            module_spark.conf.unset(name)
