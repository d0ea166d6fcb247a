"""Which failures of flows another try may cure."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException, StreamingQueryException

from nbkit.errors import UsageError
from nbkit.pipelines.refresh.failures import could_pass


@pytest.mark.parametrize(
    "error",
    [
        StreamingQueryException("io.delta.exceptions.ConcurrentAppendException: files were added"),
        StreamingQueryException("org.apache.spark.shuffle.FetchFailedException: gone"),
        StreamingQueryException("Caused by: java.io.IOException: No space left on device"),
        ConnectionResetError("by peer"),
    ],
)
def test_what_may_pass(error):
    """Conflicts, connections, and machines that failed."""
    assert could_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        StreamingQueryException("java.io.FileNotFoundException: a.json"),
        StreamingQueryException("[DIVIDE_BY_ZERO] Division by zero"),
        AnalysisException("[TABLE_OR_VIEW_NOT_FOUND] t"),
        UsageError("there is no dataset a"),
        OSError("TimeoutException in somebody's own words"),
    ],
)
def test_what_stays(error):
    """Mistakes in the code or in the data."""
    assert not could_pass(error)
