"""The JSON Schema of a job: what editors complete and check while a person writes."""

from __future__ import annotations

from typing import Any

from nbkit.graph.model import Job

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OPEN = {"Part"}
"""Blocks that nobody knows the fields of."""


def job_schema() -> dict[str, Any]:
    """Return the schema of a job's settings as a single document.

    It is stricter than `nbkit validate` about fields that do not exist, which it refuses.
    """
    made = Job.model_json_schema(by_alias=True)
    blocks: dict[str, Any] = made["$defs"]
    for name, block in blocks.items():
        if name not in _OPEN and block.get("type") == "object":
            block["additionalProperties"] = False
    made["properties"]["$schema"] = {"type": "string"}
    return {"$schema": _DIALECT} | made | {"additionalProperties": False}
