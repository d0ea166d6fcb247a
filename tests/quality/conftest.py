"""One Spark session of a real driver for the tests of a module, in a project of its own."""

from __future__ import annotations

import os

import pytest

from nbkit.settings import Settings


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    from nbkit.spark.lease import attach, hold

    root = tmp_path_factory.mktemp("project")
    settings = Settings.model_validate({"root": root, "spark": {"memory": "1g"}})
    before = os.environ.copy()
    with hold(settings):
        session = attach(settings)
        yield session
        session.stop()
    os.environ.clear()
    os.environ.update(before)
