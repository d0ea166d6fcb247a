"""Declarative pipelines on Delta, with expectations.

Pipeline code finds its names here, in `pyspark.pipelines` and in `dlt`: all three are the same.
Read `whole` first: sources → `analysis` → `plan` → `update`.
"""

from __future__ import annotations

import importlib
from typing import Any

DECLARING = {
    "append_flow": "declare",
    "apply_changes": "declare_changes",
    "apply_changes_from_snapshot": "declare_changes",
    "create_auto_cdc_flow": "declare_changes",
    "create_auto_cdc_from_snapshot_flow": "declare_changes",
    "create_sink": "declare",
    "create_streaming_live_table": "declare",
    "create_streaming_table": "declare",
    "create_table": "declare",
    "create_target_table": "declare",
    "create_view": "declare",
    "expect": "declare",
    "expect_all": "declare",
    "expect_all_or_drop": "declare",
    "expect_all_or_fail": "declare",
    "expect_all_or_quarantine": "declare",
    "expect_or_drop": "declare",
    "expect_or_fail": "declare",
    "expect_or_quarantine": "declare",
    "foreach_batch_sink": "declare",
    "materialized_view": "declare",
    "read": "declare",
    "readStream": "declare",
    "read_stream": "declare",
    "table": "declare",
    "temporary_view": "declare",
    "view": "declare",
}
"""What pipeline code uses, and the modules it lives in."""

_OTHERS = {"pipeline": "in_notebook", "run_task": "task"}


def __getattr__(name: str) -> Any:
    module = DECLARING.get(name) or _OTHERS.get(name)
    if module is None:
        raise AttributeError(f"module 'nbkit.pipelines' has no attribute {name!r}")
    return getattr(importlib.import_module(f"nbkit.pipelines.{module}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *DECLARING, *_OTHERS])
