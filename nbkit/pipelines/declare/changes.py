"""AUTO CDC as pipeline code declares it, with every spelling that it has had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.declarations import Changes, Flow
from nbkit.pipelines.declare.registry import active, caller

if TYPE_CHECKING:
    from collections.abc import Sequence

_OF_DATABRICKS = ("system_sequence_by", "columns_to_update")
"""Keywords of tables with two times, and of changes that name their columns."""

_TYPES: dict[Any, Literal[1, 2]] = {
    1: 1,
    2: 2,
    "1": 1,
    "2": 2,
    "SCD_TYPE_1": 1,
    "SCD_TYPE_2": 2,
}


def create_auto_cdc_flow(  # noqa: PLR0917 - Databricks' own order
    target: str,
    source: Any,
    keys: Sequence[Any],
    sequence_by: Any,
    where: Any = None,
    ignore_null_updates: bool = False,
    apply_as_deletes: Any = None,
    apply_as_truncates: Any = None,
    column_list: Sequence[Any] | None = None,
    except_column_list: Sequence[Any] | None = None,
    stored_as_scd_type: Any = 1,
    track_history_column_list: Sequence[Any] | None = None,
    track_history_except_column_list: Sequence[Any] | None = None,
    flow_name: str | None = None,
    name: str | None = None,
    once: bool = False,
    ignore_null_updates_column_list: Sequence[Any] | None = None,
    ignore_null_updates_except_column_list: Sequence[Any] | None = None,
    **newer: Any,
) -> None:
    """Declare that the changes in `source` are applied to the streaming table `target`.

    See `nbkit.pipelines.declare.declarations.Changes` for what the arguments mean.

    Raises:
        UsageError: arguments that exclude each other, or a type of SCD that does not exist.
    """
    if where is not None:
        raise UsageError(f"{caller()}: `where` is gone; filter in a view, and name that as source")
    for keyword, value in newer.items():
        if keyword not in _OF_DATABRICKS:
            near = hint(keyword, [*create_auto_cdc_flow.__annotations__, *_OF_DATABRICKS])
            raise UsageError(f"{caller()}: create_auto_cdc_flow has no keyword {keyword}{near}")
        if value is not None:
            raise UsageError(f"{caller()}: nbkit's AUTO CDC does not know {keyword}")
    if not isinstance(source, str):
        said = "the name of a stream: put a query into a view, and name that"
        raise UsageError(f"{caller()}: the source of changes is {said}")
    nulls = ignore_null_updates_column_list, ignore_null_updates_except_column_list
    scd_type = _scd_type(stored_as_scd_type)
    changes = Changes(
        source,
        _list("keys", keys) or (),
        sequence_by,
        scd_type,
        apply_as_deletes,
        apply_as_truncates,
        _list("column_list", column_list),
        _list("except_column_list", except_column_list),
        _list("track_history_column_list", track_history_column_list),
        _list("track_history_except_column_list", track_history_except_column_list),
        bool(ignore_null_updates) or any(each is not None for each in nulls),
        _list("ignore_null_updates_column_list", nulls[0]),
        _list("ignore_null_updates_except_column_list", nulls[1]),
    )
    _add(changes, target, name or flow_name, once=once)


apply_changes = create_auto_cdc_flow


def create_auto_cdc_from_snapshot_flow(  # noqa: PLR0917 - Databricks' own order
    target: str,
    source: Any = None,
    keys: Sequence[Any] | None = None,
    stored_as_scd_type: Any = 1,
    track_history_column_list: Sequence[Any] | None = None,
    track_history_except_column_list: Sequence[Any] | None = None,
    name: str | None = None,
    once: bool = False,
    *,
    snapshot_and_version: Any = None,
) -> None:
    """Declare that `target` follows snapshots: what a snapshot lacks was deleted.

    Args:
        target: a streaming table.
        source: the name of a table, or a function that gets the last version it has returned (None
            at first) and returns the next (DataFrame, version), or None if there is none.
        keys: columns that identify a row.
        stored_as_scd_type: 1 or 2.
        track_history_column_list: for type 2, whose change begins a new version.
        track_history_except_column_list: the others, instead.
        name: of the flow.
        once: run it in the first update only.
        snapshot_and_version: `source` as `dlt` first called it, where that is a function.

    Raises:
        UsageError: arguments that exclude each other, or a type of SCD that does not exist.
    """
    _one_of("source", source, "snapshot_and_version", snapshot_and_version)
    source = snapshot_and_version if source is None else source
    if not isinstance(source, str) and not callable(source):
        said = "the name of a table, or a function of the last version"
        raise UsageError(f"{caller()}: the source of snapshots is {said}")
    scd_type = _scd_type(stored_as_scd_type)
    changes = Changes(
        source,
        _list("keys", keys) or (),
        scd_type=scd_type,
        history=_list("track_history_column_list", track_history_column_list),
        except_history=_list("track_history_except_column_list", track_history_except_column_list),
        snapshots=True,
    )
    _add(changes, target, name, once=once)


apply_changes_from_snapshot = create_auto_cdc_from_snapshot_flow


def _add(changes: Changes, target: str, name: str | None, *, once: bool) -> None:
    try:
        check(changes, target)
    except UsageError as error:
        raise UsageError(f"{caller()}: {error}") from None
    flow = Flow(name or target, target, caller(), once=once, changes=changes)
    active().add_flow(flow)


def _scd_type(given: Any) -> Literal[1, 2]:
    spelled = given.upper() if isinstance(given, str) else given
    found = _TYPES.get(1 if spelled is None else spelled)
    if found is None:
        raise UsageError(f"{caller()}: stored_as_scd_type is 1 or 2, not {given!r}")
    return found


def check(changes: Changes, target: str) -> None:
    """Check that what is said about changes fits together, whichever way it was said.

    Raises:
        UsageError: something is missing, excludes something else, or would mean nothing.
    """
    if not changes.keys:
        raise UsageError(f"AUTO CDC into {target} needs at least one key")
    if not changes.snapshots and changes.sequence_by is None:
        raise UsageError(f"AUTO CDC into {target} needs sequence_by: what orders its changes")
    for name, value, other_value in (
        ("column_list", changes.columns, changes.except_columns),
        ("track_history_column_list", changes.history, changes.except_history),
        ("ignore_null_updates_column_list", changes.null_columns, changes.except_null_columns),
    ):
        if value is not None and other_value is not None:
            other = name.replace("_column_list", "_except_column_list")
            other = "except_column_list" if name == "column_list" else other
            raise UsageError(f"give either {name} or {other}, not both")
    if changes.scd_type == 1 and (changes.history or changes.except_history):
        raise UsageError("track_history_… is for SCD type 2 only")
    if changes.scd_type != 1 and changes.truncates is not None:
        raise UsageError("apply_as_truncates is for SCD type 1 only")


def _one_of(name: str, value: Any, other: str, other_value: Any) -> None:
    if value is not None and other_value is not None:
        raise UsageError(f"{caller()}: give either {name} or {other}, not both")


def _list(name: str, given: Sequence[Any] | None) -> tuple[Any, ...] | None:
    if isinstance(given, str):
        raise UsageError(f"{caller()}: {name} is a list")
    return None if given is None else tuple(given)
