"""What stands in the way of refreshing a view by what has changed, as Databricks names it.

The names are those of `planning_information` in its event log and of the error class
`MATERIALIZED_VIEW_NOT_INCREMENTALIZABLE`
(docs.databricks.com/aws/en/ldp/monitor-event-log-schema,
docs.databricks.com/aws/en/error-messages/materialized-view-not-incrementalizable-error-class).
"""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "",
    "AGGREGATE_NOT_TOP_NODE",
    "AGGREGATE_WITH_DISTINCT",
    "CHANGE_DATA_FEED_NOT_ENABLED",
    "CONFIGURATION_CHANGED",
    "DATA_FILE_MISSING",
    "DATA_HAS_CHANGED",
    "EXPECTATIONS_NOT_SUPPORTED",
    "EXPRESSION_NOT_DETERMINISTIC",
    "EXPRESSION_NOT_INCREMENTALIZABLE",
    "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL",
    "INPUT_NOT_IN_DELTA",
    "MAP_TYPE_NOT_SUPPORTED",
    "OPERATOR_NOT_INCREMENTALIZABLE",
    "PRIOR_REFRESH_MISSING",
    "QUERY_CHANGED",
    "SOURCE_REWRITTEN",
    "SUBQUERY_EXPRESSION_NOT_INCREMENTALIZABLE",
    "TARGET_TABLE_CHANGED",
    "TIME_FUNCTION",
    "TIME_ZONE_CHANGED",
    "TOO_MANY_FILE_ACTIONS",
    "UDF_NOT_DETERMINISTIC",
    "WINDOW_FUNCTION_NOT_TOP_LEVEL",
    "WINDOW_WITHOUT_PARTITION_BY",
]
"""A few that Databricks does not document have names in the same manner."""
