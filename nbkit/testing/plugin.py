"""The pytest plugin: the fixture `notebook`.

pytest imports this in every project where nbkit is installed, so that it imports nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.testing.runner import NotebookRunner, Workshops


@pytest.fixture(scope="session")
def _nbkit_workshops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshops]:
    from nbkit.testing.runner import Workshops

    with Workshops(tmp_path_factory.mktemp("nbkit")) as workshops:
        yield workshops


@pytest.fixture
def notebook(
    request: pytest.FixtureRequest, _nbkit_workshops: Workshops
) -> Iterator[NotebookRunner]:
    """Run notebooks in real kernels, without a job: see `nbkit.testing.NotebookRunner`.

    Each test has tables, DBFS and secrets of its own; the Spark driver is the session's, and is
    started for notebooks that mention Spark.
    """
    from nbkit.testing.runner import NotebookRunner, folders_of

    folders = folders_of(request.path, request.config.rootpath)
    with NotebookRunner(_nbkit_workshops, folders).test() as runner:
        yield runner
