"""Counts that Spark collects while rows are written, and how they are got hold of.

`Observation` alone is not enough: when a statement creates or replaces a Delta table, Spark
completes the observation with nothing at the end of an outer query, before the inner one that
writes has been seen (Spark 4.2, Delta 4.4). A listener sees every query, the inner one too.
"""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from nbkit.errors import NbkitError
from nbkit.quality.counting import by_name
from nbkit.quality.outcome import Outcome, aggregated, outcome_of, sampled, total
from nbkit.quality.sampling import SAMPLE, by_rule
from nbkit.quality.values import typed
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from nbkit.quality.expectation import Expectation
    from nbkit.quality.table_checks import Aggregate

PATIENCE_SECONDS = 60.0
_LOOK_MILLISECONDS = 1_000
_TIMEOUT = "java.util.concurrent.TimeoutException"
_NOT_WRITTEN = "has not been written, so nothing was counted"


class NotMeasuredError(NbkitError):
    """No query over the observed rows has come to its end, so there are no counts."""


class _Source(Protocol):
    silence: str
    """What it means that nothing was counted."""

    def observe(self, df: DataFrame, metrics: Sequence[Column]) -> DataFrame: ...
    def batches(self) -> Sequence[Mapping[str, Any]]: ...
    def settle(self, seconds: float) -> None: ...
    def close(self) -> None: ...


class Metrics:
    """The counts of one split; they are there when its good rows have been written."""

    def __init__(
        self,
        dataset: str,
        expectations: Sequence[Expectation],
        aggregates: Sequence[Aggregate],
        samples: int,
        source: _Source,
    ) -> None:
        self._dataset = dataset
        self._expectations = tuple(expectations)
        self._aggregates = tuple(aggregates)
        self._samples = samples
        self._source = source
        self._at_close: list[Callable[[], object]] = []

    @classmethod
    def of(
        cls,
        df: DataFrame,
        dataset: str,
        expectations: Sequence[Expectation],
        aggregates: Sequence[Aggregate] = (),
        samples: int = 0,
    ) -> Metrics:
        """Return counts to be collected with a DataFrame."""
        spark = df.sparkSession
        name = f"nbkit-{uuid.uuid4()}"
        if df.isStreaming:
            source: _Source = _OfStream(spark, name)
        else:
            source = _OfQueries(spark, name) if is_classic(spark) else _OfConnect()
        return cls(dataset, expectations, aggregates, samples, source)

    def observe(self, df: DataFrame, metrics: Sequence[Column]) -> DataFrame:
        """Return the DataFrame with these metrics built in; may be called more than once."""
        return self._source.observe(df, metrics) if metrics else df

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
            raise NotMeasuredError(f"{name} {self._source.silence}")
        made = outcome_of(self._dataset, self._expectations, total(map(by_name, batches)))
        names = [each.name for each in self._expectations]
        made = sampled(made, by_rule((each.get(SAMPLE) for each in batches), names, self._samples))
        whole = tuple(
            check.result(check.judge(typed(batches[-1].get(aggregated(place)))))
            for place, check in enumerate(self._aggregates)
        )
        return replace(made, results=(*made.results, *whole))

    def at_close(self, let_go: Callable[[], object]) -> None:
        """Have something let go when nobody listens any more."""
        self._at_close.append(let_go)

    def close(self) -> None:
        """Stop listening, and let go of rows that were held; counts can still be read."""
        self._source.close()
        while self._at_close:
            self._at_close.pop()()

    def __enter__(self) -> Self:
        """Return itself; the end of the block stops the listening."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, and let go of rows that were held."""
        self.close()


class _OfQueries:
    """The queries of a classic session."""

    silence = _NOT_WRITTEN

    def __init__(self, spark: SparkSession, name: str) -> None:
        from pyspark.java_gateway import ensure_callback_server_started

        self._name = name
        self._spark = spark
        self._wanted: list[str] = []
        self._found: dict[str, Any] = {}
        self._seen = threading.Event()
        self._listening = True
        ensure_callback_server_started(spark.sparkContext._gateway)  # noqa: SLF001 - PySpark's own way to be called back
        self._manager = spark._jsparkSession.listenerManager()  # noqa: SLF001
        self._manager.register(self)

    def observe(self, df: DataFrame, metrics: Sequence[Column]) -> DataFrame:
        self._wanted.append(f"{self._name}-{len(self._wanted)}")
        return df.observe(self._wanted[-1], *metrics)

    def onSuccess(self, _what: str, query: Any, _nanoseconds: int) -> None:  # noqa: N802 - Spark's name
        metrics = query.observedMetrics()
        if all(metrics.contains(name) for name in self._wanted):
            for name in self._wanted:
                self._found |= json.loads(metrics.apply(name).json())
            self._seen.set()

    def onFailure(self, _what: str, _query: Any, _error: Any) -> None:  # noqa: N802 - Spark's name
        """Do nothing: the counts of a query that failed mean nothing."""

    def batches(self) -> Sequence[Mapping[str, Any]]:
        return [self._found] if self._found else []

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

    silence = _NOT_WRITTEN

    def __init__(self, spark: SparkSession, name: str) -> None:
        from pyspark.sql.streaming.listener import StreamingQueryListener

        found: dict[tuple[str, int], Mapping[str, Any]] = {}

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
        if is_classic(spark):
            self._listener._jlistenerobj = _for_java(spark, self._listener)  # noqa: SLF001
        spark.streams.addListener(self._listener)

    def observe(self, df: DataFrame, metrics: Sequence[Column]) -> DataFrame:
        return df.observe(self._name, *metrics)

    def batches(self) -> Sequence[Mapping[str, Any]]:
        return list(self._found.values())

    def settle(self, seconds: float) -> None:
        if is_classic(self._spark):
            drain(self._spark, seconds)

    def close(self) -> None:
        if self._listener is not None:
            self._spark.streams.removeListener(self._listener)
            self._listener = None


def _for_java(spark: SparkSession, listener: Any) -> Any:
    """Return a listener as Java calls it, without a mistake that PySpark 4.2 makes on the way.

    It takes the tags of a query's jobs, which nbkit's sessions have, for Java objects, and logs
    an error for each query that starts.
    """
    from pyspark.sql.streaming.listener import JStreamingQueryListener

    class Careful(JStreamingQueryListener):  # type: ignore[misc]
        def onQueryStarted(self, jevent: Any) -> None:  # noqa: N802 - Spark's name
            """Pass nothing on: who counts does not need it."""

    java = spark._jvm.org.apache.spark.sql.streaming  # noqa: SLF001 - PySpark has no other way
    return java.PythonStreamingQueryListenerWrapper(Careful(listener))


class _OfConnect:
    """A query over Spark Connect, which hands the counts back with its answer.

    Where a Delta table is created or replaced, none come back: count first, by a query that
    writes nothing.
    """

    silence = (
        f"{_NOT_WRITTEN}; or it was written over Spark Connect by creating or replacing a Delta "
        "table, of which no counts come back: append to one, or use `quality.write`"
    )

    def __init__(self) -> None:
        self._observations: list[Any] = []

    def observe(self, df: DataFrame, metrics: Sequence[Column]) -> DataFrame:
        from pyspark.sql import Observation

        self._observations.append(Observation())
        return df.observe(self._observations[-1], *metrics)

    def batches(self) -> Sequence[Mapping[str, Any]]:
        found: dict[str, Any] = {}
        for each in self._observations:
            found |= each.get
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
            if error.java_exception.getClass().getName() != _TIMEOUT:
                raise
        else:
            return
