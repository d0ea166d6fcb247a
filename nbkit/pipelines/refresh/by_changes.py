"""What has to hold before any way goes by what has changed, and what such a way costs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nbkit.pipelines.refresh.plan import Refusal

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.planning_codes import Code
    from nbkit.pipelines.refresh.proofs.query import Query

_UNKNOWN_SECONDS = 60.0


def why_not(facts: Facts) -> Refusal | None:
    """Return why a view cannot be refreshed by what has changed, whatever its query is."""
    if facts.kind != "materialized_view":
        return Refusal("it is no materialized view")
    return _of_itself(facts) or _of_its_inputs(facts) or _of_expectations(facts)


def proved_over(facts: Facts) -> Query | Refusal:
    """Return the query that is to be proved to fit, or why that is of no use."""
    refusal = why_not(facts) or too_little(facts)
    if refusal is None and facts.query is None:
        refusal = Refusal("nobody has looked at its query")
    return refusal or cast("Query", facts.query)


_LITTLE_BYTES = 32 * 1024 * 1024
_LONG_SECONDS = 60.0


def too_little(facts: Facts) -> Refusal | None:
    """Return that a view is computed in full in no time, unless its author says otherwise."""
    little = facts.read is not None and facts.read <= _LITTLE_BYTES
    if facts.policy != "auto" or not little or (facts.full_seconds or 0.0) > _LONG_SECONDS:
        return None
    why = "all that it reads is small, and computed in no time"
    return Refusal(why, "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL")


def _of_itself(facts: Facts) -> Refusal | None:
    reasons: list[tuple[object, str, Code]] = [
        (not facts.exists, "it does not exist yet", "PRIOR_REFRESH_MISSING"),
        (facts.full, "a full refresh was asked for", ""),
        (not facts.last_definition, "its last refresh left no record", "PRIOR_REFRESH_MISSING"),
        (facts.unknown, "".join(facts.unknown[:1]), _code_of("".join(facts.unknown[:1]))),
        (
            facts.definition != facts.last_definition,
            "its definition has changed",
            "QUERY_CHANGED",
        ),
        (facts.touched, "somebody else has changed its table", "TARGET_TABLE_CHANGED"),
        (facts.apart, "its quarantine is not of its last refresh", "TARGET_TABLE_CHANGED"),
    ]
    return next((Refusal(why, code) for holds, why, code in reasons if holds), None)


def _of_its_inputs(facts: Facts) -> Refusal | None:
    for place, version in facts.inputs.items():
        name = shown(place)
        if place not in facts.last_inputs:
            return Refusal(f"it did not read {name} at its last refresh", "QUERY_CHANGED")
        if facts.last_inputs[place] != version and place not in facts.changes:
            return Refusal(f"nobody knows what became of {name}", "SOURCE_REWRITTEN")
    if not facts.changed:
        return Refusal("nothing that it reads has changed")
    for place, change in facts.changed.items():
        name = shown(place)
        if change.kind == "unknown":
            return rewritten(place)
        if change.kind == "changed" and not change.feed:
            why = f"{name} was changed otherwise than by adding rows, and has no change feed"
            remedy = f"set delta.enableChangeDataFeed = true for {name}"
            return Refusal(why, "CHANGE_DATA_FEED_NOT_ENABLED", remedy)
    return None


def rewritten(place: str) -> Refusal:
    """Return that nobody can tell what became of an input's rows."""
    return Refusal(
        f"{shown(place)} was made anew, has other columns, or has no log of it any more",
        "SOURCE_REWRITTEN",
        f"let {shown(place)} be changed instead of being replaced",
    )


def _of_expectations(facts: Facts) -> Refusal | None:
    code: Code = "EXPECTATIONS_NOT_SUPPORTED"
    if facts.counted_views:
        view = facts.counted_views[0]
        return Refusal(f"it reads the view {view}, whose expectations count all of its rows", code)
    if facts.rules_look_around:
        return Refusal("one of its expectations looks at more than one row", code)
    if "quarantine" in facts.rules:
        return Refusal("it has a quarantine, which is replaced together with it", code)
    return None


def _code_of(unknown: str) -> Code:
    """Return Databricks' name for what makes a query give other rows each time."""
    if unknown.startswith("it reads "):
        return "INPUT_NOT_IN_DELTA"
    if unknown == "it calls Python functions":
        return "UDF_NOT_DETERMINISTIC"
    if unknown.startswith(("it calls current", "it calls now", "it calls local")):
        return "TIME_FUNCTION"
    return "EXPRESSION_NOT_DETERMINISTIC"


def shown(name: str) -> str:
    """Return what people call an input: its name, or the last part of the folder that it is in."""
    return name.rstrip("/").rpartition("/")[2]


def touched(facts: Facts) -> int:
    """Return how many bytes one reads to know which rows have changed."""
    return sum(each.touched for each in facts.changed.values())


def share(facts: Facts) -> float:
    """Return how much of what has changed is new, 0 to 1; 1 where nobody knows."""
    sizes = [each.size for each in facts.changed.values()]
    whole = sum(size or 0 for size in sizes)
    return min(1.0, touched(facts) / whole) if whole and None not in sizes else 1.0


def seconds(facts: Facts, way: str, floor: float, of_full: float) -> float:
    """Return about how long a way takes.

    Args:
        facts: of the view.
        way: its name; what it took the last time is known better than anything else.
        floor: seconds that it takes for the smallest change.
        of_full: share of what replacing all rows takes.
    """
    full = _UNKNOWN_SECONDS if facts.full_seconds is None else facts.full_seconds
    if way not in facts.others:
        return floor + full * of_full
    took, bytes_then = facts.others[way]
    more = touched(facts) / bytes_then if bytes_then else 1.0
    return min(took, floor) + max(took - floor, 0.0) * max(more, 0.25)
