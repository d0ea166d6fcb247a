"""How a view was planned to be refreshed, in the shape of Databricks' `planning_information`.

The fields are those of docs.databricks.com/aws/en/ldp/monitor-event-log-schema; `message` and
`remedy` of an issue are nbkit's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.pipelines.refresh.plan import Offer
from nbkit.pipelines.refresh.strategies import ways

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.pipelines.refresh.plan import Facts, Refresh, Refusal
    from nbkit.pipelines.refresh.planning_codes import Code

_NOT_DETERMINISTIC = "PLAN_NOT_DETERMINISTIC", "plan_not_deterministic_sub_type"
_NOT_INCREMENTAL = "PLAN_NOT_INCREMENTALIZABLE", "plan_not_incrementalizable_sub_type"

_ISSUES: dict[Code, tuple[str, ...]] = {
    "AGGREGATE_NOT_TOP_NODE": (*_NOT_INCREMENTAL, "AGGREGATE_NOT_TOP_NODE"),
    "AGGREGATE_WITH_DISTINCT": (*_NOT_INCREMENTAL, "AGGREGATE_WITH_DISTINCT"),
    "CHANGE_DATA_FEED_NOT_ENABLED": ("CDF_UNAVAILABLE",),
    "EXPRESSION_NOT_DETERMINISTIC": (*_NOT_DETERMINISTIC, "NON_DETERMINISTIC_EXPRESSION"),
    "EXPRESSION_NOT_INCREMENTALIZABLE": (
        *_NOT_INCREMENTAL,
        "AGGREGATE_WITH_UNSUPPORTED_EXPRESSION",
    ),
    "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL": (
        "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL",
        "cost_model_rejection_subtype",
        "CHANGESET_SIZE_THRESHOLD_EXCEEDED",
    ),
    "OPERATOR_NOT_INCREMENTALIZABLE": (*_NOT_INCREMENTAL, "OPERATOR_NOT_SUPPORTED"),
    "PRIOR_REFRESH_MISSING": ("CHANGE_SET_MISSING",),
    "QUERY_CHANGED": ("QUERY_FINGERPRINT_CHANGED",),
    "SOURCE_REWRITTEN": ("DATA_HAS_CHANGED",),
    "SUBQUERY_EXPRESSION_NOT_INCREMENTALIZABLE": (*_NOT_INCREMENTAL, "SUBQUERY_EXPRESSION"),
    "TARGET_TABLE_CHANGED": ("DATA_HAS_CHANGED",),
    "TIME_FUNCTION": (*_NOT_DETERMINISTIC, "TIME_FUNCTION"),
    "UDF_NOT_DETERMINISTIC": (*_NOT_DETERMINISTIC, "USER_DEFINED_FUNCTION"),
    "WINDOW_FUNCTION_NOT_TOP_LEVEL": (*_NOT_INCREMENTAL, "WINDOW_FUNCTION_NOT_TOP_LEVEL"),
    "WINDOW_WITHOUT_PARTITION_BY": (*_NOT_INCREMENTAL, "WINDOW_FUNCTION_WITHOUT_PARTITION_BY"),
}
"""What the event log calls the codes of the error class; all others are called the same there."""

_CHANGES = {
    "none": "TABLE_CHANGE_TYPE_APPEND_ONLY",
    "appended": "TABLE_CHANGE_TYPE_APPEND_ONLY",
    "changed": "TABLE_CHANGE_TYPE_GENERAL_CHANGE",
}


def planning_information(
    decision: Refresh, facts: Facts, named: Callable[[str], str] = str
) -> dict[str, Any]:
    """Return what was considered for a view, and chosen.

    Args:
        decision: how it is refreshed, with what every way has said.
        facts: that it was decided by.
        named: returns the name that people have for one of its inputs.
    """
    return {
        "technique_information": [
            {
                "maintenance_type": f"MAINTENANCE_TYPE_{way.technique}",
                "is_chosen": name == decision.how,
                "is_applicable": isinstance(said, Offer),
                **_cost_or_issues(said),
            }
            for name, way in ways().items()
            if way.technique and (said := decision.said.get(name)) is not None
        ],
        "source_table_information": [
            _source(facts, name, version, named) for name, version in facts.inputs.items()
        ],
        "target_table_information": _sized({}, facts.size),
    }


def technique_of(decision: Refresh) -> str:
    """Return what Databricks calls the way that was chosen; empty for none of a view."""
    way = ways().get(decision.how)
    return way.technique if way is not None else ""


def _cost_or_issues(said: Offer | Refusal) -> dict[str, Any]:
    if isinstance(said, Offer):
        return {"cost": said.cost, "incrementalization_issues": []}
    return {"incrementalization_issues": [issue(said)] if said.code else []}


def issue(refusal: Refusal) -> dict[str, Any]:
    """Return what stands in the way of refreshing a view by what has changed."""
    kind, *more = _ISSUES.get(refusal.code, (refusal.code,))
    told: dict[str, Any] = {"issue_type": kind, "prevent_incrementalization": True}
    if more:
        field, sub_type = more
        told[field] = sub_type
    told["message"] = refusal.why
    return {**told, "remedy": refusal.remedy} if refusal.remedy else told


def _source(facts: Facts, name: str, version: str, named: Callable[[str], str]) -> dict[str, Any]:
    change = facts.changes.get(name)
    same = facts.last_inputs.get(name) == version
    told: dict[str, Any] = {
        "table_name": named(name),
        "table_id": version.rpartition(":")[0] or None,
        "table_change_type": _CHANGES["none"]
        if same
        else _CHANGES.get(change.kind if change else "", "TABLE_CHANGE_TYPE_UNKNOWN"),
        "change_size": 0 if same else change.bytes if change else None,
    }
    return _sized(told, change.size if change else None)


def _sized(told: Mapping[str, Any], size: int | None) -> dict[str, Any]:
    return dict(told) if size is None else {**told, "full_size": size}
