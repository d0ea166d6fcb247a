"""What changes and snapshots add up to, held against plain Python over random histories.

Nothing is written here: a preview computes what an update would. `test_cdc_oracle` writes it.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import Phase, given
from pipelines.cdc_cases import TYPES, feeds, snapshot_series
from pipelines.cdc_oracle import KEYS, Struct, snapshots, type_1, type_2
from proving import of_examples

from nbkit.pipelines.declare.declarations import Changes, Flow, Place
from nbkit.pipelines.refresh.cdc_preview import preview

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(3600)]

_PHASES = [Phase.explicit, Phase.generate]  # an example takes a second: no hundreds to shrink it
_numbers = itertools.count()


@of_examples(12, phases=_PHASES)
@given(feeds())
def test_changes_add_up(spark, case):
    """In any order, again, late, with NULLs, deletions, truncations, structs, maps, two flows."""
    changes = case.changes()
    wanted = (
        type_1(changes, case.columns)
        if case.scd == 1
        else type_2(changes, case.columns, case.history())
    )
    flows = [flow_of(spark, case, at) for at in range(len(case.flows))]
    assert sort(computed(spark, flows, case)) == sort(wanted)


@of_examples(5, phases=_PHASES)
@given(snapshot_series())
def test_snapshots_add_up(spark, case):
    """Keys with NULLs, maps, rows that go and come again, versions of every type."""
    wanted = snapshots(case.versions(), case.columns, case.history() if case.scd == 2 else None)
    every = [
        (version, frame(spark, rows, (*KEYS, *case.columns))) for version, rows in case.versions()
    ]

    def following(last):
        found = [(rows, version) for version, rows in every if last is None or version > last]
        return found[0] if found else None

    changes = Changes(following, KEYS, scd_type=case.scd, snapshots=True, **tracked(case))
    flow = Flow("f", "t", Place("test"), changes=changes)
    assert sort(computed(spark, [flow], case)) == sort(wanted)


def flow_of(spark, case, at):
    """Return a flow as the case declares it, over a view of its changes."""
    flow = case.flows[at]
    late = ["late"] if "late" in case.columns else []
    columns = (*KEYS, "seq", "lo", "op", *flow["columns"], *late)
    rows = [change for batch in case.batches for change in batch[at]]
    view = f"changes_{next(_numbers)}"
    frame(spark, rows, columns).createOrReplaceTempView(view)
    kind, names = flow["nulls"]
    changes = Changes(
        view,
        KEYS,
        "struct(seq, lo)" if case.struct else "seq",
        case.scd,
        deletes="op = 'D'",
        truncates="op = 'T'" if case.truncates else None,
        except_columns=("seq", "lo", "op"),
        ignore_nulls=kind != "none",
        null_columns=names if kind == "only" else None,
        except_null_columns=names if kind == "except" else None,
        **tracked(case),
    )
    return Flow(f"f{at}", "t", Place("test"), changes=changes)


def tracked(case):
    kind, names = case.tracked
    if case.scd == 1 or kind == "all":
        return {}
    return {"history" if kind == "only" else "except_history": names}


def frame(spark, rows, columns):
    ddl = ", ".join(f"`{name}` {TYPES[name][1]}" for name in columns)
    made = [tuple(row.get(name) for name in columns) for row in rows]
    return spark.createDataFrame(made, ddl)


def computed(spark, flows, case):
    names = [*KEYS, *case.columns, *(["__START_AT", "__END_AT"] if case.scd == 2 else [])]
    found = preview(spark, flows).select(*names).collect()
    return [tuple(plain(value) for value in row) for row in found]


def plain(value):
    """Return what PySpark gives as the oracle has it."""
    if hasattr(value, "asDict"):
        made = Struct({name: plain(each) for name, each in value.asDict().items()})
        return tuple(made.values()) if "lo" in made else made
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, "normalize"):
        return value.normalize()
    return value


def sort(rows):
    return sorted((tuple(plain(value) for value in row) for row in rows), key=repr)
