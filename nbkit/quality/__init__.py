"""Expectations over tables: named rules, what is done about rows that break them, and a record.

```python
from nbkit import quality

checks = [
    quality.not_null("dep_delay"),
    quality.expect("positive", "distance > 0", action="drop"),
    quality.unique("id", action="fail"),
]
quality.write(df, "silver.flights", checks, mode="overwrite").report()
```

Read `expectation` first, then `splitting`: how one pass divides and counts the rows.
"""

from __future__ import annotations

from nbkit.quality.checking import check, write
from nbkit.quality.distribution import drift
from nbkit.quality.expectation import Expectation
from nbkit.quality.history import HISTORY, History
from nbkit.quality.looks import has_schema, reconcile, same_rows, unique
from nbkit.quality.metrics import Metrics, NotMeasuredError
from nbkit.quality.outcome import ExpectationFailedError, Outcome, Result
from nbkit.quality.ready_made import (
    aggregate,
    between,
    expect,
    foreign_key,
    freshness,
    in_set,
    matches,
    not_null,
    row_count,
)
from nbkit.quality.report import Checked
from nbkit.quality.rules import read_rules, table_rules
from nbkit.quality.splitting import Split, aborted_by, split
from nbkit.quality.streaming import stream
from nbkit.quality.suggesting import Suggestions, suggest

__all__ = [
    "HISTORY",
    "Checked",
    "Expectation",
    "ExpectationFailedError",
    "History",
    "Metrics",
    "NotMeasuredError",
    "Outcome",
    "Result",
    "Split",
    "Suggestions",
    "aborted_by",
    "aggregate",
    "between",
    "check",
    "drift",
    "expect",
    "foreign_key",
    "freshness",
    "has_schema",
    "in_set",
    "matches",
    "not_null",
    "read_rules",
    "reconcile",
    "row_count",
    "same_rows",
    "split",
    "stream",
    "suggest",
    "table_rules",
    "unique",
    "write",
]
