"""Declarative pipelines on Delta, with expectations.

Pipeline code finds its names here, in `pyspark.pipelines` and in `dlt`: all three are the same.
Read `whole` first: `declare` → `files` → `resolve` → `refresh` → `tell`.
"""

from __future__ import annotations

import importlib
from typing import Any

DECLARING = {
    "append_flow": "declare.flows",
    "apply_changes": "declare.changes",
    "apply_changes_from_snapshot": "declare.changes",
    "create_auto_cdc_flow": "declare.changes",
    "create_auto_cdc_from_snapshot_flow": "declare.changes",
    "create_sink": "declare.decorators",
    "create_streaming_live_table": "declare.decorators",
    "create_streaming_table": "declare.decorators",
    "create_table": "declare.decorators",
    "create_target_table": "declare.decorators",
    "create_view": "declare.decorators",
    "expect": "declare.expectations",
    "expect_all": "declare.expectations",
    "expect_all_or_drop": "declare.expectations",
    "expect_all_or_fail": "declare.expectations",
    "expect_all_or_quarantine": "declare.expectations",
    "expect_or_drop": "declare.expectations",
    "expect_or_fail": "declare.expectations",
    "expect_or_quarantine": "declare.expectations",
    "foreach_batch_sink": "declare.decorators",
    "materialized_view": "declare.decorators",
    "read": "declare.decorators",
    "readStream": "declare.decorators",
    "read_stream": "declare.decorators",
    "replace_flow": "declare.flows",
    "table": "declare.decorators",
    "temporary_view": "declare.decorators",
    "view": "declare.decorators",
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
