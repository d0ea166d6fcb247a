"""The table of what became of expectations, and the message to the run's record.

Columns of the table `nbkit_quality`, one row per expectation and check:

`at` when; `id` the write, or the attempt (by hand, the call) with the dataset and its checks;
`dataset`, `name`, `rule`, `action`, `threshold`; `rows` looked at; `passed`, `failed`, `dropped` of
them (a check of a whole table has 1 and 0); `ok`; `observed` in words; `details` for later runs and
`sample` of failing rows, both JSON; `job`, `run_id`, `task`, `attempt`, NULL when no job ran it.

What was appended is there once for each write. Of all else, within one attempt, the same checks on
the same dataset replace what they had said before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit import foreign_errors
from nbkit import serving as attempt
from nbkit.dialect.sql_text import literal
from nbkit.errors import DefinitionError, Problem
from nbkit.toolkit.say import say

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from nbkit.quality.outcome import Outcome

HISTORY = "nbkit_quality"
"""The table, in the current schema, unless another name is given."""

SCHEMA = (
    "at timestamp, id string, dataset string, name string, rule string, action string, "
    "threshold double, rows bigint, passed bigint, failed bigint, dropped bigint, ok boolean, "
    "observed string, details string, sample string, "
    "job string, run_id bigint, task string, attempt int"
)
_COLUMNS = [part.split()[0] for part in SCHEMA.split(", ")]
_LAST_RUNS = 20
_written: set[tuple[str, str]] = set()
"""Tables and ids that this kernel has rows of: an attempt's later word replaces its earlier."""


@dataclass(frozen=True, slots=True)
class Past:
    """What became of one expectation in an earlier run.

    Attributes:
        at: when, in milliseconds since the epoch.
        failed, rows: failing ones of how many.
        ok: whether it held.
        observed: in words, for a check of a whole table.
        details: what later runs compare with.
    """

    at: int
    failed: int
    rows: int
    ok: bool
    observed: str
    details: str


class History:
    """The history of one dataset."""

    def __init__(self, spark: SparkSession, table: str | None, dataset: str) -> None:
        self._spark = spark
        self._table = table
        self._dataset = dataset

    def past(self) -> dict[str, list[Past]]:
        """Return the last runs of each expectation, the newest first.

        Raises:
            DefinitionError: the table is there, and is no history.
        """
        if self._table is None or not self._spark.catalog.tableExists(self._table):
            return {}
        there = {field.name.lower() for field in self._spark.table(self._table).schema}
        missing = [name for name in _COLUMNS if name not in there]
        if missing:
            why = f"{self._table} is no table of results: it has no {', '.join(missing)}"
            raise DefinitionError((Problem("history", why),), f"checks of {self._dataset}")
        numbered = "row_number() over (partition by name order by at desc) as place"
        rows = (
            self._spark.table(self._table)
            .where(f"dataset = {literal(self._dataset)}")
            .selectExpr(
                *("name", "unix_millis(at) as at", "failed", "passed + failed as rows", "ok"),
                *("observed", "details", numbered),
            )
            .where(f"place <= {_LAST_RUNS}")
            .orderBy("name", "place")
            .collect()
        )
        past: dict[str, list[Past]] = {}
        for name, at, failed, looked_at, ok, observed, details, _ in rows:
            past.setdefault(name, []).append(Past(at, failed, looked_at, ok, observed, details))
        return past

    def add(self, outcome: Outcome, write: str = "") -> None:
        """Put what was measured on the run's record and into the table.

        Args:
            outcome: what was measured.
            write: name of the write that it is of; what is there of that name stays as it is.
        """
        self.tell(outcome)
        self.keep(outcome, write)

    def tell(self, outcome: Outcome) -> None:
        """Put what was measured on the run's record."""
        say(
            {
                "kind": "expectations",
                "id": _what(outcome),
                "dataset": outcome.dataset,
                "rows": outcome.rows,
                "at": round(time.time() * 1000),
                "results": [result.as_wire() for result in outcome.results],
            }
        )

    def keep(self, outcome: Outcome, write: str = "") -> None:
        """Put what was measured into the table; for the arguments, see `add`."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt
        from tenacity.wait import wait_random_exponential

        if self._table is None or not outcome.results:
            return
        key = write or _id(outcome)
        rows = self._spark.createDataFrame(_rows(outcome, key, time.time()), SCHEMA)
        for again in Retrying(
            retry=retry_if_exception(_is_conflict),
            stop=stop_after_attempt(8),
            wait=wait_random_exponential(0.1, max=2),
            reraise=True,
        ):
            with again:
                self._append(rows, key, once=bool(write))

    def _append(self, rows: DataFrame, key: str, *, once: bool) -> None:
        table = self._table
        assert table is not None
        if once:
            writer = rows.write.mode("append").option("txnAppId", key).option("txnVersion", 1)
            writer.saveAsTable(table)
            return
        if (table, key) in _written:
            self._spark.sql(f"delete from {table} where id = {literal(key)}")  # noqa: S608 - the author's own table
        rows.write.mode("append").saveAsTable(table)
        _written.add((table, key))


def _rows(outcome: Outcome, key: str, now: float) -> list[tuple[Any, ...]]:
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    return [
        (
            *(at, key, outcome.dataset, result.name, result.rule, result.action),
            *(float(result.threshold), outcome.rows, result.passed, result.failed),
            *(result.dropped, result.ok, result.observed, result.details),
            *(json.dumps(result.sample, ensure_ascii=False, default=str), *_who()),
        )
        for result in outcome.results
    ]


def _who() -> tuple[str, int, str, int] | tuple[None, None, None, None]:
    context = attempt.current()
    if context is None:
        return (None, None, None, None)
    return (context["job_name"], context["run_id"], context["task_key"], context["attempt"])


def _id(outcome: Outcome) -> str:
    context = attempt.current()
    if context is None:
        return str(uuid.uuid4())
    parts = (context["run_id"], context["task_run_id"], context["attempt"], _what(outcome))
    return "/".join(map(str, parts))


def _what(outcome: Outcome) -> str:
    """Name the dataset with its checks: measured again they are the same, others are not."""
    names = "\n".join(result.name for result in outcome.results)
    return f"{outcome.dataset}/{hashlib.sha256(names.encode()).hexdigest()[:8]}"


def _is_conflict(error: BaseException) -> bool:
    """Say whether another one was writing, or making, the table at the same time."""
    condition = getattr(error, "getCondition", str)() or ""
    if condition.endswith("ALREADY_EXISTS"):
        return True
    text = str(error)
    return bool(foreign_errors.CONFLICT.said(text) or foreign_errors.TABLE_EXISTS.said(text))
