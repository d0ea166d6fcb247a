"""Check a table, or write one through checks: the two things that notebooks do with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from nbkit.errors import DefinitionError, Problem
from nbkit.quality.expectation import Expectation, checked, repeated
from nbkit.quality.history import HISTORY, History
from nbkit.quality.outcome import Outcome, sampled
from nbkit.quality.report import Checked
from nbkit.quality.sampling import look_for, missed
from nbkit.quality.splitting import SAMPLES, Split, aborted_by, split
from nbkit.quality.table_checks import Aggregate, Look, TableCheck
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.quality.history import Past

Check = Expectation | TableCheck
Mode = Literal["append", "overwrite"]
QUARANTINED_AT = "_quarantined_at"


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
    asked = Asked.of(checks)
    record = History(frame.sparkSession, history, dataset)
    past = record.past()
    outcome = _measured(frame, asked, dataset, samples)
    outcome = asked.ordered(_looked(outcome, asked.looks, frame, past))
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
) -> Checked:
    """Write a DataFrame through checks, in one pass over its source.

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

    Raises:
        ExpectationFailedError: a check with the action `fail` did not hold; both tables are
            as they were.
        DefinitionError: the checks make no sense together, or there is no quarantine table.
    """
    asked = Asked.of(checks)
    asked.require(df, table, quarantine)
    record = History(df.sparkSession, history, table)
    past = record.past()
    target = Target(table, quarantine, mode, tuple(partition_by), dict(options or {}))
    outcome = through(df, asked, target, samples, past)
    record.add(outcome)
    outcome.raise_for_failures("nothing was written")
    return Checked(outcome, past)


def through(
    df: DataFrame, asked: Asked, target: Target, samples: int, past: Mapping[str, Sequence[Past]]
) -> Outcome:
    """Write rows through checks, and record nothing.

    Returns:
        What was measured. Where a check with the action `fail` did not hold, nothing was written.

    Raises:
        NotMeasuredError: Delta had these rows already (`txnAppId`) and did not write them.
    """
    before = asked.gated or not target.tells_counts(df.sparkSession)
    made = split(
        df,
        asked.expectations,
        dataset=target.table,
        aggregates=asked.aggregates,
        samples=samples,
        hold=before or asked.quarantines or bool(asked.looks),
    )
    try:
        outcome = _written(made, asked, target, past, before=before)
        if made.quarantine is not None and not any(each.fatal for each in outcome.results):
            target.aside(made.quarantine)
        seen = made.held.select(*df.columns) if made.held is not None else df
        return asked.ordered(_with_samples(outcome, asked, seen, samples))
    except Exception as error:
        if aborted_by(error, asked.expectations) is None:
            raise
        outcome = _measured(df, asked, target.table, samples)
        if not any(result.fatal for result in outcome.results):
            raise  # rows that change from look to look: Spark's own message is all there is
        return asked.ordered(outcome)
    finally:
        made.release()


@dataclass(frozen=True, slots=True)
class Asked:
    """Checks by how they are measured."""

    names: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    aggregates: tuple[Aggregate, ...]
    looks: tuple[Look, ...]

    @classmethod
    def of(cls, checks: Iterable[Check]) -> Asked:
        """Divide checks.

        Raises:
            DefinitionError: something is no check, or two have one name.
        """
        given = tuple(checks)
        expectations = checked(each for each in given if not isinstance(each, TableCheck))
        names = tuple(each.name for each in given)
        if problems := repeated(names):
            raise DefinitionError(tuple(problems), "checks")
        return cls(
            names,
            expectations,
            tuple(each for each in given if isinstance(each, Aggregate)),
            tuple(each for each in given if isinstance(each, Look)),
        )

    @property
    def quarantines(self) -> bool:
        """Whether rows are to go elsewhere."""
        return any(each.action == "quarantine" for each in self.expectations)

    @property
    def gated(self) -> bool:
        """Whether something has to be known of all rows before any is written."""
        tolerant = any(each.action == "fail" and each.threshold for each in self.expectations)
        return tolerant or any(each.action == "fail" for each in (*self.aggregates, *self.looks))

    def require(self, df: DataFrame, table: str, quarantine: str) -> None:
        """See to it that a write can do what is asked.

        Raises:
            DefinitionError: it cannot.
        """
        if df.isStreaming:
            why = "is a stream; write it with `quality.stream`"
            raise DefinitionError((Problem("df", why),), f"write to {table}")
        if self.quarantines and not quarantine:
            names = [each.name for each in self.expectations if each.action == "quarantine"]
            why = f"is not given, but {', '.join(names)} would put rows there"
            raise DefinitionError((Problem("quarantine", why),), f"write to {table}")

    def ordered(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the results in the order in which the checks were given."""
        results = sorted(outcome.results, key=lambda result: self.names.index(result.name))
        return replace(outcome, results=tuple(results))


@dataclass(frozen=True, slots=True)
class Target:
    """Where good and quarantined rows go, and how.

    Attributes:
        table, quarantine: names of tables.
        mode: of both.
        partition_by: columns of the table.
        options: of Delta's writer, for both.
    """

    table: str
    quarantine: str
    mode: Mode
    partition_by: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def tells_counts(self, spark: SparkSession) -> bool:
        """Whether writing good rows hands their counts back.

        Not over Spark Connect (4.2, Delta 4.4) where a table is created or replaced: that is a
        query within a query, and the counts are of the outer one.
        """
        if is_classic(spark):
            return True
        return self.mode == "append" and spark.catalog.tableExists(self.table)

    def save(self, df: DataFrame) -> None:
        """Write good rows."""
        writer = df.write.mode(self.mode).options(**self.options)
        if self.partition_by:
            writer = writer.partitionBy(*self.partition_by)
        writer.saveAsTable(self.table)

    def aside(self, df: DataFrame) -> None:
        """Write quarantined rows, whatever columns the table had before."""
        from pyspark.sql import functions

        evolve = "overwriteSchema" if self.mode == "overwrite" else "mergeSchema"
        rows = df.withColumn(QUARANTINED_AT, functions.current_timestamp())
        writer = rows.write.mode(self.mode).options(**{**self.options, evolve: "true"})
        writer.saveAsTable(self.quarantine)


def _written(
    made: Split, asked: Asked, target: Target, past: Mapping[str, Sequence[Past]], *, before: bool
) -> Outcome:
    """Write good rows, unless they are counted `before` and something fatal is found."""
    if not before:
        target.save(made.good)
        return _looked(made.metrics.read(), asked.looks, made.good, past)
    run(made.good)
    outcome = made.metrics.read()
    for look in asked.looks:
        if any(result.fatal for result in outcome.results):
            return outcome
        outcome = _looked(outcome, [look], made.good, past)
    if not any(result.fatal for result in outcome.results):
        target.save(made.good)
    return outcome


def _measured(df: DataFrame, asked: Asked, dataset: str, samples: int) -> Outcome:
    """Measure without removing, writing or stopping anything."""
    harmless = [replace(each, action="warn") for each in asked.expectations]
    made = split(df, harmless, dataset=dataset, aggregates=asked.aggregates, samples=0, abort=False)
    try:
        run(made.good.selectExpr("1 as looked_at"))
        outcome = made.metrics.read()
    finally:
        made.release()
    action = {each.name: each.action for each in asked.expectations}
    results = tuple(
        replace(result, action=action.get(result.name, result.action)) for result in outcome.results
    )
    return _with_samples(replace(outcome, results=results), asked, df, samples)


def _with_samples(outcome: Outcome, asked: Asked, df: DataFrame, samples: int) -> Outcome:
    wanted = {*missed(outcome)}
    rare = [each for each in asked.expectations if each.name in wanted]
    return sampled(outcome, look_for(df, rare, samples)) if rare and samples else outcome


def _looked(
    outcome: Outcome, looks: Iterable[Look], df: DataFrame, past: Mapping[str, Sequence[Past]]
) -> Outcome:
    found = tuple(
        each.result(each.look(df, [run.details for run in past.get(each.name, ())]))
        for each in looks
    )
    return replace(outcome, results=(*outcome.results, *found))


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
