"""Check a table, or write one through checks: the two things that notebooks do with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.quality.binding import explained
from nbkit.quality.by_measure import ByMeasure
from nbkit.quality.history import HISTORY, History
from nbkit.quality.metrics import NotMeasuredError
from nbkit.quality.naming import UnknownColumnError, quoted
from nbkit.quality.once import anew, writing
from nbkit.quality.outcome import Outcome, sampled
from nbkit.quality.report import Checked
from nbkit.quality.same_rows import committed, same
from nbkit.quality.sampling import look_for, missed
from nbkit.quality.splitting import SAMPLES, Split, aborted_by, split
from nbkit.quality.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from nbkit.quality.by_measure import Check
    from nbkit.quality.history import Past
    from nbkit.quality.once import Writing
    from nbkit.quality.table_checks import QueryCheck, TableVerdict
    from nbkit.quality.target import Mode

_AGAIN = "these rows were written by an earlier try, and are not written again"
_OTHERS = (
    "an earlier try has written other rows here, which stay; these are written too. If a retry "
    "is to write once whatever its rows are, give the write a name: once=…"
)


def check(
    df: DataFrame | str,
    checks: Iterable[Check],
    *,
    dataset: str = "",
    samples: int = SAMPLES,
    history: str | None = HISTORY,
) -> Checked:
    """Measure a table or DataFrame; nothing is dropped, written or raised.

    All expectations on rows and all aggregates cost one pass over the columns they name;
    another is made for failing rows, if there are any and `samples` asks for them.

    Args:
        df: what to look at, or the name of a table.
        checks: expectations on its rows, and checks of the whole.
        dataset: what records call it; the table's name if there is one.
        samples: most failing rows to show of each expectation; 0 keeps data out of records.
        history: table to add the results to; None for none.

    Raises:
        DefinitionError: the checks make no sense together.
    """
    frame, dataset = _frame(df, dataset)
    measures = ByMeasure.of(checks).on(frame, dataset)
    record = History(frame.sparkSession, history, dataset)
    past = record.past()
    outcome = _measured(frame, measures, dataset, samples)
    outcome = measures.ordered(_looked(outcome, measures.queries, frame, past))
    record.add(outcome)
    return Checked(outcome, past)


def write(
    df: DataFrame,
    table: str,
    checks: Iterable[Check] = (),
    *,
    quarantine: str = "",
    mode: Mode = "append",
    partition_by: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
    samples: int = SAMPLES,
    history: str | None = HISTORY,
    once: str = "",
) -> Checked:
    """Write a DataFrame through checks, in one pass over its source.

    Good rows, quarantined rows and history are one write: either all of it is there, or a retry
    brings what is missing and doubles nothing, also after a kill. A retry is known by what is
    written (the plan and the versions of what it reads) and, in a job, by its task and run; a
    call that came to its end is repeated as any other append, unless a retry of its task repeats
    it. Where a plan does not tell its rows (they come from people's own Python code, JDBC or
    Spark Connect), a retry looks at the rows that the earlier try has committed: if they are
    others, both stay, and it says so; a name given as `once` tells what the rows do not.

    Rows are counted while they are written. Where something has to be known before, or rows go
    to two tables (a quarantine, a check of a query of its own, a `fail` that depends on the
    whole: a threshold, a check of the table), there are two looks at them. Rows of a Delta
    table, taken row by row, are read twice at one version; all others are kept (in memory, else
    on the driver's disk) in between. Over Spark Connect they always are, also where a table is
    created or replaced: Delta hands no counts back then. Checks of the whole table look at the
    rows to be written, not at what is in the table already.

    Args:
        df: rows, of a batch.
        table: where good rows go.
        checks: expectations on rows, and checks of the whole.
        quarantine: table for quarantined rows, with the names of all rules each of them fails.
        mode: `append` or `overwrite`, for both tables.
        partition_by: columns that the table is partitioned by.
        options: of Delta's writer, such as `{"mergeSchema": "true"}`, for both tables.
        samples: most failing rows to show of each expectation; 0 keeps data out of records.
        history: table to add the results to; None for none.
        once: a name for what is appended, such as its day: rows of that name are written to the
            table once, whoever tries, and however often.

    Raises:
        ExpectationFailedError: a check with the action `fail` did not hold; both tables are
            as they were.
        DefinitionError: the checks make no sense together or cannot be computed on these rows,
            there is no quarantine table, the partitions of one table would be replaced and all
            of the other, or the types of a table that is there would change values (7.5 in an
            INT); nothing was written.
    """
    measures = ByMeasure.of(checks)
    measures.require(df, table, quarantine, mode, once)
    measures = measures.on(df, table)
    record = History(df.sparkSession, history, table)
    past = record.past()
    target = Target(table, quarantine, mode, tuple(partition_by), dict(options or {}))
    target.require(df.sparkSession)
    what = (table, quarantine, measures.fingerprint)
    with writing(df, once, *what) if mode == "append" else anew() as by:
        outcome = through(df, measures, target, samples=samples, past=past, by=by)
        if by.again:
            print(f"{table}: {_AGAIN}")
        outcome = replace(outcome, aside=quarantine)
        record.add(outcome, by.key if mode == "append" else "")
        by.done = True
    outcome.raise_for_failures("nothing was written")
    return Checked(outcome, past)


def through(
    df: DataFrame,
    measures: ByMeasure,
    target: Target,
    *,
    samples: int,
    past: Mapping[str, Sequence[Past]],
    by: Writing,
) -> Outcome:
    """Write rows through checks, and record nothing.

    Whatever can go wrong goes wrong before the good rows are committed, which comes last; what
    comes after (their counts, some samples) is got in another way if it must.

    Args:
        df: rows of a batch.
        measures: the checks, for these rows.
        target: where they go.
        samples: most failing rows to show of each expectation.
        past: earlier runs, of the checks with queries of their own.
        by: the name of the write.

    Returns:
        What was measured. Where a check with the action `fail` did not hold, nothing was written.
    """
    if target.has(df.sparkSession, by):
        by.again = True
        return _counted_again(df, measures, target.table, samples, past)
    before = measures.gated or not target.tells_counts(df.sparkSession)
    made = split(
        df,
        measures.expectations,
        dataset=target.table,
        aggregates=measures.aggregates,
        samples=samples,
        hold=before or measures.quarantines or bool(measures.queries),
    )
    by.untouched = True
    try:
        if by.earlier and _are_there(made.rows, target.table, by):
            return _counted_again(df, measures, target.table, samples, past)
        outcome = _written(made, measures, target, past, by, before=before)
        outcome = outcome or _counted_again(df, measures, target.table, 0, past)
        columns = map(quoted, df.columns)
        seen = df if made.held is None else made.held.selectExpr(*columns)
        return measures.ordered(_with_samples(outcome, measures, seen, samples))
    except Exception as error:
        if aborted_by(error, measures.expectations) is None:
            raise
        outcome = _measured(df, measures, target.table, samples)
        if not any(result.fatal for result in outcome.results):
            raise  # rows that change from look to look: Spark's own message is all there is
        return measures.ordered(outcome)
    finally:
        made.release()


def _are_there(rows: DataFrame, table: str, by: Writing) -> bool:
    """Say whether an earlier try has committed these rows; if it has committed others, tell."""
    found = committed(rows.sparkSession, table, by.earlier)
    for application, files in found.items():
        if same(rows, table, files):
            by.application, by.again = application, True
            return True
    if found:
        print(f"{table}: {_OTHERS}")
    return False


def _written(
    made: Split,
    measures: ByMeasure,
    target: Target,
    past: Mapping[str, Sequence[Past]],
    by: Writing,
    *,
    before: bool,
) -> Outcome | None:
    """Write, unless something fatal is found before; returns None where nobody could count."""
    outcome = Outcome(target.table, 0, 0, 0, ())
    if before:
        run(made.good)
        outcome = made.metrics.read()
    for query in measures.queries:
        if any(result.fatal for result in outcome.results):
            return outcome
        outcome = _looked(outcome, [query], made.rows, past)
    if any(result.fatal for result in outcome.results):
        return outcome
    target.put(made.good, made.quarantine, by)
    if before:
        return outcome
    try:
        counted = made.metrics.read()
    except NotMeasuredError:
        return None
    return replace(counted, results=(*counted.results, *outcome.results))


def _measured(df: DataFrame, measures: ByMeasure, dataset: str, samples: int) -> Outcome:
    """Measure without removing, writing or stopping anything."""
    harmless = replace(
        measures, expectations=tuple(replace(each, action="warn") for each in measures.expectations)
    )
    outcome = _counted(harmless, df, dataset)[0]
    action = {each.name: each.action for each in measures.expectations}
    results = tuple(
        replace(result, action=action.get(result.name, result.action)) for result in outcome.results
    )
    return _with_samples(replace(outcome, results=results), measures, df, samples)


def _counted_again(
    df: DataFrame,
    measures: ByMeasure,
    dataset: str,
    samples: int,
    past: Mapping[str, Sequence[Past]],
) -> Outcome:
    """Measure what has been written, without writing it."""
    outcome, rows = _counted(measures, df, dataset)
    outcome = _with_samples(outcome, measures, df, samples)
    return measures.ordered(_looked(outcome, measures.queries, rows, past))


def _counted(measures: ByMeasure, df: DataFrame, dataset: str) -> tuple[Outcome, DataFrame]:
    given, figures = measures.expectations, measures.aggregates
    made = split(df, given, dataset=dataset, aggregates=figures, samples=0, abort=False, hold=False)
    try:
        run(made.good.selectExpr("1 as looked_at"))
        return made.metrics.read(), made.rows
    finally:
        made.release()


def _with_samples(outcome: Outcome, measures: ByMeasure, df: DataFrame, samples: int) -> Outcome:
    from pyspark.errors import PySparkException

    wanted = {*missed(outcome)}
    rare = [each for each in measures.expectations if each.name in wanted]
    if not rare or not samples:
        return outcome
    try:
        return sampled(outcome, look_for(df, rare, samples))
    except PySparkException:  # the rows are counted, and may be written: no reason to say otherwise
        return outcome


def _looked(
    outcome: Outcome,
    queries: Iterable[QueryCheck],
    df: DataFrame,
    past: Mapping[str, Sequence[Past]],
) -> Outcome:
    found = tuple(
        each.result(
            _look(each, df, outcome.dataset, [run.details for run in past.get(each.name, ())])
        )
        for each in queries
    )
    return replace(outcome, results=(*outcome.results, *found))


def _look(each: QueryCheck, df: DataFrame, dataset: str, past: Sequence[str]) -> TableVerdict:
    from pyspark.errors import AnalysisException

    try:
        return each.query(df, past)
    except UnknownColumnError as error:
        raise DefinitionError((Problem(each.name, str(error)),), f"checks of {dataset}") from None
    except AnalysisException as error:
        raise explained(df, dataset, each.name, error) from error


def run(df: DataFrame) -> None:
    """Let all rows flow, to nowhere."""
    df.write.format("noop").mode("overwrite").save()


def _frame(df: DataFrame | str, dataset: str) -> tuple[DataFrame, str]:
    if not isinstance(df, str):
        if df.isStreaming:
            why = "is a stream, which cannot be measured as a whole; `split` it"
            raise DefinitionError((Problem("df", why),), "check")
        return df, dataset or "DataFrame"
    from nbkit.toolkit.session import session

    spark = session.attach()
    assert spark is not None
    return spark.table(df), dataset or df
