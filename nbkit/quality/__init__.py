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
from nbkit.quality.drifting import *  # noqa: F403 - what is ready-made is a list of its own
from nbkit.quality.expectation import Expectation
from nbkit.quality.history import HISTORY, History
from nbkit.quality.metrics import Metrics, NotMeasuredError
from nbkit.quality.on_figures import *  # noqa: F403
from nbkit.quality.on_rows import *  # noqa: F403
from nbkit.quality.on_tables import *  # noqa: F403
from nbkit.quality.outcome import ExpectationFailedError, Outcome, Result
from nbkit.quality.ready_made import READY_MADE
from nbkit.quality.report import Checked
from nbkit.quality.rules import read_rules, table_rules
from nbkit.quality.splitting import Split, aborted_by, split
from nbkit.quality.streaming import stream
from nbkit.quality.suggesting import Suggestions, suggest

__all__ = [  # noqa: PLE0604 - names, all of them
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
    "check",
    "read_rules",
    "split",
    "stream",
    "suggest",
    "table_rules",
    "write",
    *READY_MADE,
]
