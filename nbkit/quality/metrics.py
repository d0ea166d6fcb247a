"""Counts that Spark collects while rows are written, and how they are got hold of.

`Observation` alone is not enough: when a statement creates or replaces a Delta table, Spark
completes the observation with nothing at the end of an outer query, before the inner one that
writes has been seen (Spark 4.2, Delta 4.4). A listener sees every query, the inner one too.
"""

from __future__ import annotations

import json
import threading
import uuid
from typing import TYPE_CHECKING, Any, Protocol, Self

from nbkit.errors import NbkitError
from nbkit.quality.outcome import Outcome, outcome_of, total
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from nbkit.quality.expectation import Expectation

PATIENCE_SECONDS = 60.0
_LOOK_MILLISECONDS = 1_000


class NotMeasuredError(NbkitError):
    """No query over the observed rows has come to its end, so there are no counts."""


class _Source(Protocol):
    def observe(self, df: DataFrame, counts: Sequence[Column]) -> DataFrame: ...
    def batches(self) -> Sequence[Mapping[str, int]]: ...
    def settle(self, seconds: float) -> None: ...
    def close(self) -> None: ...


class Metrics:
    """The counts of one split; they are there when its good rows have been written."""

    def __init__(self, dataset: str, expectations: Sequence[Expectation], source: _Source) -> None:
        self._dataset = dataset
        self._expectations = tuple(expectations)
        self._source = source

    @classmethod
    def of(cls, df: DataFrame, dataset: str, expectations: Sequence[Expectation]) -> Metrics:
        """Return counts to be collected with a DataFrame."""
        spark = df.sparkSession
        name = f"nbkit-{uuid.uuid4()}"
        if df.isStreaming:
            source: _Source = _OfStream(spark, name)
        else:
            source = _OfQueries(spark, name) if is_classic(spark) else _OfConnect()
        return cls(dataset, expectations, source)

    def observe(self, df: DataFrame, counts: Sequence[Column]) -> DataFrame:
        """Return the DataFrame with the counting built in."""
        return self._source.observe(df, counts)

    def read(self, *, seconds: float = PATIENCE_SECONDS) -> Outcome:
        """Return what was counted by the last write, or by all batches of the stream so far.

        Spark tells what it counted a moment after the write: this waits for it.

        Args:
            seconds: how long to wait at most.

        Raises:
            NotMeasuredError: nothing was written, or Spark did not say in time.
        """
        self._source.settle(seconds)
        batches = self._source.batches()
        if not batches:
            name = self._dataset or "the DataFrame"
            raise NotMeasuredError(f"{name} has not been written, so nothing was counted")
        return outcome_of(self._dataset, self._expectations, total(batches))

    def close(self) -> None:
        """Stop listening; what was counted can still be read."""
        self._source.close()

    def __enter__(self) -> Self:
        """Return itself; the end of the block stops the listening."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self.close()


class _OfQueries:
    """The queries of a classic session."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        from pyspark.java_gateway import ensure_callback_server_started

        self._name = name
        self._spark = spark
        self._last: Mapping[str, int] | None = None
        self._seen = threading.Event()
        self._listening = True
        ensure_callback_server_started(spark.sparkContext._gateway)  # noqa: SLF001 - PySpark's own way to be called back
        self._manager = spark._jsparkSession.listenerManager()  # noqa: SLF001
        self._manager.register(self)

    def observe(self, df: DataFrame, counts: Sequence[Column]) -> DataFrame:
        return df.observe(self._name, *counts)

    def onSuccess(self, _what: str, query: Any, _nanoseconds: int) -> None:  # noqa: N802 - Spark's name
        metrics = query.observedMetrics()
        if metrics.contains(self._name):
            self._last = json.loads(metrics.apply(self._name).json())
            self._seen.set()

    def onFailure(self, _what: str, _query: Any, _error: Any) -> None:  # noqa: N802 - Spark's name
        """Do nothing: the counts of a query that failed mean nothing."""

    def batches(self) -> Sequence[Mapping[str, int]]:
        return [] if self._last is None else [self._last]

    def settle(self, seconds: float) -> None:
        if not self._seen.is_set():
            drain(self._spark, seconds)
        self.close()

    def close(self) -> None:
        if self._listening:
            self._listening = False
            self._manager.unregister(self)

    class Java:
        implements = ("org.apache.spark.sql.util.QueryExecutionListener",)


class _OfStream:
    """The batches of a streaming query, each counted once."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        from pyspark.sql.streaming.listener import StreamingQueryListener

        found: dict[tuple[str, int], Mapping[str, int]] = {}

        class Listener(StreamingQueryListener):  # type: ignore[misc]
            def onQueryStarted(self, event: Any) -> None:  # noqa: N802 - Spark's name
                pass

            def onQueryProgress(self, event: Any) -> None:  # noqa: N802
                progress = event.progress
                row = progress.observedMetrics.get(name)
                if row is not None:
                    found.setdefault((str(progress.runId), progress.batchId), row.asDict())

            def onQueryIdle(self, event: Any) -> None:  # noqa: N802
                pass

            def onQueryTerminated(self, event: Any) -> None:  # noqa: N802
                pass

        self._name = name
        self._spark = spark
        self._found = found
        self._listener: Any = Listener()
        spark.streams.addListener(self._listener)

    def observe(self, df: DataFrame, counts: Sequence[Column]) -> DataFrame:
        return df.observe(self._name, *counts)

    def batches(self) -> Sequence[Mapping[str, int]]:
        return list(self._found.values())

    def settle(self, seconds: float) -> None:
        if is_classic(self._spark):
            drain(self._spark, seconds)

    def close(self) -> None:
        if self._listener is not None:
            self._spark.streams.removeListener(self._listener)
            self._listener = None


class _OfConnect:
    """A query over Spark Connect, which hands the counts back with its answer."""

    def __init__(self) -> None:
        from pyspark.sql import Observation

        self._observation = Observation()

    def observe(self, df: DataFrame, counts: Sequence[Column]) -> DataFrame:
        return df.observe(self._observation, *counts)

    def batches(self) -> Sequence[Mapping[str, int]]:
        found = self._observation.get
        return [found] if found else []

    def settle(self, seconds: float) -> None:
        """Do nothing: the counts have come with the answer."""

    def close(self) -> None:
        """Do nothing: nobody listens."""


def drain(spark: SparkSession, seconds: float) -> None:
    """Wait until Spark has told its listeners of everything that happened until now."""
    from py4j.protocol import Py4JJavaError

    bus = spark.sparkContext._jsc.sc().listenerBus()  # noqa: SLF001 - PySpark has no other way
    for _ in range(max(1, round(seconds * 1000 / _LOOK_MILLISECONDS))):
        try:
            bus.waitUntilEmpty(_LOOK_MILLISECONDS)
        except Py4JJavaError as error:
            if "TimeoutException" not in str(error.java_exception):
                raise
        else:
            return
