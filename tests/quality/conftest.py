"""One Spark session of a real driver for the tests of a module."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def spark(module_spark):
    return module_spark
