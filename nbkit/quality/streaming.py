"""Streams through expectations: the rows counted by each batch as it is written."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.quality.by_measure import ByMeasure
from nbkit.quality.checking import through
from nbkit.quality.history import HISTORY, History
from nbkit.quality.metrics import NotMeasuredError
from nbkit.quality.once import Writing
from nbkit.quality.outcome import (
    KEPT,
    QUARANTINED,
    ROWS,
    Outcome,
    Result,
    failed,
    outcome_of,
)
from nbkit.quality.report import Checked
from nbkit.quality.splitting import SAMPLES, aborted_by, split
from nbkit.quality.target import Target
from nbkit.quality.unchanged import unchanged
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pyspark.sql import DataFrame

    from nbkit.quality.by_measure import Check
    from nbkit.quality.expectation import Expectation

_PATIENCE_SECONDS = 60.0
_STOPPED = "its batch was not written, batches before it were"
_TOO_LATE = "its rows are written: their share was known only at the end of the stream"


def stream(
    df: DataFrame,
    table: str,
    checks: Iterable[Check],
    *,
    checkpoint: str,
    quarantine: str = "",
    options: Mapping[str, str] | None = None,
    samples: int = SAMPLES,
    history: str | None = HISTORY,
) -> Checked:
    """Append what a stream has to offer now, through expectations, and wait for the end.

    Each batch is written to table, quarantine and history once, also after a crash. Over Spark
    Connect there is no quarantine: there the stream writes to the table itself, and Spark's
    progress carries the counts.
    Checks of a whole table do not fit a stream; check its table afterwards.

    Args:
        df: a streaming DataFrame.
        table: where good rows are appended.
        checks: expectations on rows. One with the action `fail` and no threshold stops the
            stream before the batch with the failing row is written; one with a threshold is
            judged by batch, and over Spark Connect at the end.
        checkpoint: folder where the stream remembers what it has read.
        quarantine: table for quarantined rows.
        options: of the stream's writer, and of Delta's, such as `{"mergeSchema": "true"}`.
        samples: most failing rows to show of each expectation.
        history: table to add the results to; None for none.

    Raises:
        ExpectationFailedError: an expectation with the action `fail` did not hold.
        DefinitionError: the checks are not for a stream, or there is no quarantine table.
    """
    measures = _for_streams(df, table, checks, quarantine).on(df, table)
    record = History(df.sparkSession, history, table)
    past = record.past()
    given = {**(options or {}), "checkpointLocation": checkpoint}
    if is_classic(df.sparkSession):
        target = Target(table, quarantine, "append", options=dict(options or {}))
        batches = Batches(target, measures, record, samples)
        outcome, consequence = _by_batches(df, batches, given)
        record.tell(outcome)
    else:
        outcome, consequence = _by_itself(df, table, measures, samples, given)
        record.add(outcome)
    outcome.raise_for_failures(consequence)
    return Checked(outcome, past)


class Batches:
    """Writes each batch of a stream through expectations: give it to `foreachBatch`.

    Args:
        target: where rows go.
        measures: expectations on them.
        record: takes what was measured of each batch.
        samples: most failing rows to show of each expectation.

    Attributes:
        outcome: what was measured in all batches so far, or in the one that was not to be written.
        stopped: whether there was such a one.
    """

    def __init__(self, target: Target, measures: ByMeasure, record: History, samples: int) -> None:
        self.outcome = nothing(target.table, measures.expectations)
        self.stopped = False
        self._target = target
        self._measures = measures
        self._record = record
        self._samples = samples
        self._stream: Future[str] = Future()

    def belong_to(self, stream: str) -> None:
        """Say which stream it is: the name that Spark gave it when it made the checkpoint.

        Not the folder's: when that is removed, the stream begins anew with the same numbers.
        """
        self._stream.set_result(stream)

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Write one batch; one that is there already, after a crash, is not written again."""
        by = Writing(
            f"nbkit-{self._stream.result(_PATIENCE_SECONDS)}",
            number,
            retried=True,
            gone_after="nothing",
        )
        found = through(
            *(batch, self._measures, self._target), samples=self._samples, past={}, by=by
        )
        self.stopped = any(result.fatal for result in found.results)
        self._record.keep(found, "" if self.stopped else by.key)
        self.outcome = found if self.stopped else self.outcome.plus(found)
        self.outcome = replace(self.outcome, aside=self._target.quarantine)
        found.raise_for_failures(_STOPPED)


def nothing(dataset: str, expectations: tuple[Expectation, ...]) -> Outcome:
    """Return the outcome of no rows."""
    counts = [ROWS, KEPT, QUARANTINED, *(failed(place) for place in range(len(expectations)))]
    return outcome_of(dataset, expectations, dict.fromkeys(counts, 0))


def _by_batches(df: DataFrame, batches: Batches, options: Mapping[str, str]) -> tuple[Outcome, str]:
    writer = df.writeStream.options(**options).trigger(availableNow=True)
    try:
        query = writer.foreachBatch(batches).start()
        batches.belong_to(query.id)
        query.awaitTermination()
    except Exception:
        if not batches.stopped:
            raise
    return batches.outcome, _STOPPED


def _by_itself(
    df: DataFrame, table: str, measures: ByMeasure, samples: int, options: Mapping[str, str]
) -> tuple[Outcome, str]:
    made = split(df, measures.expectations, dataset=table, samples=samples)
    good = unchanged(made.good, table, options)
    writer: Any = good.writeStream.options(**options).trigger(availableNow=True)
    with made.metrics:
        try:
            writer.toTable(table).awaitTermination()
            return made.metrics.read(), _TOO_LATE
        except NotMeasuredError:  # there was nothing new
            return nothing(table, measures.expectations), ""
        except Exception as error:
            broken = aborted_by(error, measures.expectations)
            if broken is None:
                raise
            return _broken(table, broken), _STOPPED


def _broken(table: str, by: Expectation) -> Outcome:
    told = "a row fails it; Spark stopped there and counted no further"
    result = Result(by.name, by.rule, by.action, by.threshold, 0, 1, observed=told)
    return Outcome(table, 0, 0, 0, (result,))


def _for_streams(df: DataFrame, table: str, checks: Iterable[Check], quarantine: str) -> ByMeasure:
    measures = ByMeasure.of(checks)
    problems = [
        Problem(
            check.name, "is about the whole table, which a stream never has; check it afterwards"
        )
        for check in (*measures.aggregates, *measures.queries)
    ]
    if not df.isStreaming:
        problems.append(Problem("df", "is no stream; use `quality.write`"))
    if measures.quarantines and not is_classic(df.sparkSession):
        why = (
            "is not to be had for a stream over Spark Connect, whose server writes the batches and "
            "hands no counts back; drop these rows, or run it where the driver is nbkit's own"
        )
        problems.append(Problem("quarantine", why))
    elif measures.quarantines and not quarantine:
        problems.append(Problem("quarantine", "is not given, but there is something to put there"))
    if problems:
        raise DefinitionError(tuple(problems), f"stream to {table}")
    return measures
