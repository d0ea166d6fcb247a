"""Streams through expectations: the rows counted by each batch as it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.quality.checking import Asked, Target, through
from nbkit.quality.history import HISTORY, History
from nbkit.quality.metrics import NotMeasuredError
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
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pyspark.sql import DataFrame

    from nbkit.quality.checking import Check
    from nbkit.quality.expectation import Expectation

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

    Without a quarantine the stream writes to the table itself, and Spark's progress carries
    the counts. With one, each batch is written to both tables, once, also after a crash; not
    over Spark Connect.
    Checks of a whole table do not fit a stream; check its table afterwards.

    Args:
        df: a streaming DataFrame.
        table: where good rows are appended.
        checks: expectations on rows. One with the action `fail` and no threshold stops the
            stream before the batch with the failing row is written; one with a threshold is
            judged by batch where there is a quarantine, and else at the end.
        checkpoint: folder where the stream remembers what it has read.
        quarantine: table for quarantined rows.
        options: of the stream's writer.
        samples: most failing rows to show of each expectation.
        history: table to add the results to; None for none.

    Raises:
        ExpectationFailedError: an expectation with the action `fail` did not hold.
        DefinitionError: the checks are not for a stream, or there is no quarantine table.
    """
    asked = _for_streams(df, table, checks, quarantine)
    record = History(df.sparkSession, history, table)
    past = record.past()
    given = {**(options or {}), "checkpointLocation": checkpoint}
    if asked.quarantines:
        batches = Batches(table, asked, quarantine, checkpoint, samples)
        outcome, consequence = _by_batches(df, batches, given)
    else:
        outcome, consequence = _by_itself(df, table, asked, samples, given)
    record.add(outcome)
    outcome.raise_for_failures(consequence)
    return Checked(outcome, past)


class Batches:
    """Writes each batch of a stream through expectations: give it to `foreachBatch`.

    Attributes:
        outcome: what was measured in all batches so far, or in the one that was not to be written.
        stopped: whether there was such a one.
    """

    def __init__(
        self, table: str, asked: Asked, quarantine: str, application: str, samples: int
    ) -> None:
        self.outcome = nothing(table, asked.expectations)
        self.stopped = False
        self._asked = asked
        self._target = Target(table, quarantine, "append")
        self._application = application
        self._samples = samples

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Write one batch; one that is there already, after a crash, is not written again."""
        once = {"txnAppId": f"nbkit-{self._application}", "txnVersion": str(number)}
        target = replace(self._target, options=once)
        try:
            found = through(batch, self._asked, target, self._samples, {})
        except NotMeasuredError:
            return
        self.stopped = any(result.fatal for result in found.results)
        self.outcome = found if self.stopped else self.outcome.plus(found)
        found.raise_for_failures(_STOPPED)


def nothing(dataset: str, expectations: tuple[Expectation, ...]) -> Outcome:
    """Return the outcome of no rows."""
    counts = [ROWS, KEPT, QUARANTINED, *(failed(place) for place in range(len(expectations)))]
    return outcome_of(dataset, expectations, dict.fromkeys(counts, 0))


def _by_batches(df: DataFrame, batches: Batches, options: Mapping[str, str]) -> tuple[Outcome, str]:
    writer = df.writeStream.options(**options).trigger(availableNow=True)
    try:
        writer.foreachBatch(batches).start().awaitTermination()
    except Exception:
        if not batches.stopped:
            raise
    return batches.outcome, _STOPPED


def _by_itself(
    df: DataFrame, table: str, asked: Asked, samples: int, options: Mapping[str, str]
) -> tuple[Outcome, str]:
    made = split(df, asked.expectations, dataset=table, samples=samples)
    writer: Any = made.good.writeStream.options(**options).trigger(availableNow=True)
    with made.metrics:
        try:
            writer.toTable(table).awaitTermination()
            return made.metrics.read(), _TOO_LATE
        except NotMeasuredError:  # there was nothing new
            return nothing(table, asked.expectations), ""
        except Exception as error:
            broken = aborted_by(error, asked.expectations)
            if broken is None:
                raise
            return _broken(table, broken), _STOPPED


def _broken(table: str, by: Expectation) -> Outcome:
    told = "a row fails it; Spark stopped there and counted no further"
    result = Result(by.name, by.rule, by.action, by.threshold, 0, 1, observed=told)
    return Outcome(table, 0, 0, 0, (result,))


def _for_streams(df: DataFrame, table: str, checks: Iterable[Check], quarantine: str) -> Asked:
    asked = Asked.of(checks)
    problems = [
        Problem(
            check.name, "is about the whole table, which a stream never has; check it afterwards"
        )
        for check in (*asked.aggregates, *asked.looks)
    ]
    if not df.isStreaming:
        problems.append(Problem("df", "is no stream; use `quality.write`"))
    if asked.quarantines and not is_classic(df.sparkSession):
        why = (
            "is not to be had for a stream over Spark Connect, whose server writes the batches and "
            "hands no counts back; drop these rows, or run it where the driver is nbkit's own"
        )
        problems.append(Problem("quarantine", why))
    elif asked.quarantines and not quarantine:
        problems.append(Problem("quarantine", "is not given, but there is something to put there"))
    if problems:
        raise DefinitionError(tuple(problems), f"stream to {table}")
    return asked
