"""How Databricks puts two pieces of a bundle together."""

from __future__ import annotations

from typing import Any

_NAMED_BY = {"tasks": "task_key", "job_clusters": "job_cluster_key", "parameters": "name"}


def merged(lower: Any, upper: Any, field: str = "") -> Any:
    """Return `lower` with `upper` above it.

    Objects merge field by field, lists follow one another, and of anything else the upper
    counts. Tasks, job clusters and parameters of the same name merge into one.
    """
    if upper is None:
        return lower
    if isinstance(lower, dict) and isinstance(upper, dict):
        both = {name: merged(lower.get(name), value, name) for name, value in upper.items()}
        return lower | both
    if isinstance(lower, list) and isinstance(upper, list):
        return _lists(lower, upper, _NAMED_BY.get(field))
    return upper


def _lists(lower: list[Any], upper: list[Any], named_by: str | None) -> list[Any]:
    if named_by is None:
        return lower + upper
    result = list(lower)
    places = {
        element[named_by]: place
        for place, element in enumerate(lower)
        if isinstance(element, dict) and isinstance(element.get(named_by), str)
    }
    for element in upper:
        name = element.get(named_by) if isinstance(element, dict) else None
        place = places.get(name) if isinstance(name, str) else None
        if place is None:
            result.append(element)
        else:
            result[place] = merged(result[place], element)
    return result
