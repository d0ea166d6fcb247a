"""The names of pipeline code, and every spelling of their arguments."""

from __future__ import annotations

import importlib
import sys

import pytest

from nbkit import pipelines as dp
from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Replaces, Rule
from nbkit.pipelines.declare.registry import Registry, collecting
from nbkit.pipelines.refresh.continuous import seconds_of


@pytest.fixture
def declared():
    registry = Registry()
    with collecting(registry):
        yield registry.declared


def test_decorators_stack_in_any_order(declared):
    """Expectations above and below the table are the table's, from top to bottom."""

    @dp.expect("a", "x > 0")
    @dp.table
    @dp.expect_or_drop("b", "y > 0")
    @dp.expect_all_or_fail({"c": "z > 0", "d": "w > 0"})
    def orders():
        return "rows"

    assert orders() == "rows"
    (dataset,) = declared().datasets
    assert dataset.rules == (
        Rule("a", "x > 0", "warn"),
        Rule("b", "y > 0", "drop"),
        Rule("c", "z > 0", "fail"),
        Rule("d", "w > 0", "fail"),
    )
    assert dataset.place.file.endswith("test_declare.py")
    assert dataset.place.line == orders.__code__.co_firstlineno + 1


def test_datasets_are_declared_in_loops_and_functions(declared):
    """Each has its own query, and its own name."""

    def make(name):
        @dp.materialized_view(name=name, comment=f"about {name}", cluster_by=["k"])
        def query():
            return name

    for name in ("a", "b"):
        make(name)
    assert [dataset.name for dataset in declared().datasets] == ["a", "b"]
    assert [flow.query() for flow in declared().flows] == ["a", "b"]


def test_older_spellings_and_cloud_keywords_are_taken(declared):
    """What has no meaning here is remembered."""
    dp.create_target_table("a", table_properties={"pipelines.reset.allowed": False})
    dp.create_streaming_live_table("b", cluster_by=["AUTO"], expect_all_or_drop={"k": "x > 0"})

    @dp.create_table(name="c", private=True, row_filter="f", spark_conf={"a": 1})
    def query(): ...

    a, b, c = declared().datasets
    assert a.properties == {"pipelines.reset.allowed": "false"}
    assert (b.cluster_by, b.ignored) == ((), ("cluster_by AUTO",))
    assert b.rules == (Rule("k", "x > 0", "drop"),)
    assert c.ignored == ("private", "row_filter")
    assert declared().flows[0].conf == {"a": "1"}


@pytest.mark.parametrize("scd_type", [2, "2", "SCD_TYPE_2", "scd_type_2"])
def test_auto_cdc_takes_every_spelling_of_its_type(declared, scd_type):
    """A number, its text, or Databricks' constant."""
    dp.apply_changes("t", "s", ["k"], "ts", stored_as_scd_type=scd_type, apply_as_deletes="d")
    (flow,) = declared().flows
    assert flow.changes.scd_type == 2
    assert (flow.name, flow.target, flow.changes.deletes) == ("t", "t", "d")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dp.table(nmae="x"), "table has no keyword nmae; nearest: name"),
        (lambda: dp.table(name="x", partition_cols="a"), "partition_cols of table is a list"),
        (lambda: dp.expect("a", "b")(None), None),
        (lambda: dp.expect("a"), r'write expect\("its name", "its condition in SQL"\)'),
        (lambda: dp.expect_or_drop(condition="x"), "write expect_or_drop"),
        (lambda: dp.expect("a", "x", inv="y"), "expect: inv says again what was said"),
        (lambda: dp.expect("a", invariant="y"), "invariant is no keyword of it"),
        (
            lambda: dp.expect("a", 1),
            "the condition of 'a' is SQL text or a PySpark column, not int",
        ),
        (lambda: dp.expect_all({"a": None}), "condition of 'a' is SQL text or a PySpark column"),
        (lambda: dp.expect_all(["a"]), "expectations of expect_all is a dict, not list"),
        (lambda: dp.table(refresh_policy="strict"), "is auto, incremental, incremental_strict or"),
        (lambda: dp.table(refresh_policy=1), "or full, not 1"),
        (lambda: dp.table(replace_where="a", replace_using=["b"]), "give either replace_where"),
        (lambda: dp.table(replace_using=["b"]), "replace_using with sequence_by"),
        (lambda: dp.table(sequence_by="b"), "replace_using with sequence_by"),
        (lambda: dp.view(replace_where="a"), "view keeps no rows that others could replace"),
        (
            lambda: dp.replace_flow(target="t", replace_using="k", sequence_by="s"),
            "replace_using is a list of at least one column",
        ),
        (
            lambda: dp.append_flow(target="t", replace_where="a", once=True),
            "a flow that replaces rows runs in every update, not once",
        ),
        (lambda: dp.apply_changes("t", dict, ["k"], "ts"), "source of changes is the name of a"),
        (lambda: dp.create_sink("s", 1), "format of create_sink is text, not int"),
        (
            lambda: dp.apply_changes("t", "s", ["k"], "ts", column_list=[], except_column_list=[]),
            "give either column_list or except_column_list",
        ),
        (lambda: dp.apply_changes("t", "s", [], "ts"), "needs at least one key"),
        (lambda: dp.apply_changes("t", "s", ["k"], "ts", stored_as_scd_type=3), "is 1 or 2, not 3"),
        (
            lambda: dp.apply_changes("t", "s", ["k"], "ts", track_history_column_list=["a"]),
            "track_history_… is for SCD type 2 only",
        ),
    ],
)
def test_wrong_arguments_are_named_with_their_place(declared, call, message):
    """At the line of the person's own code."""

    def query(): ...

    if message is None:
        call()  # expectations on nothing are nobody's
        assert declared().datasets == ()
        return
    with pytest.raises(UsageError, match=message) as caught:  # noqa: PT012 - some at once
        found = call()
        found(query)
    assert "test_declare.py" in str(caught.value)


def test_expectations_are_called_as_databricks_calls_them(declared):
    """`dlt` has `inv`, the reference has `description` and `constraint`; a column stays one."""

    class Column:
        isNotNull = None  # noqa: N815 - PySpark's

    condition = Column()

    @dp.table
    @dp.expect("a", inv="x > 0")
    @dp.expect_or_drop(name="b", constraint="y")
    @dp.expect_or_fail(description="c", condition=True)
    @dp.expect_all_or_quarantine({"d": condition})
    def orders(): ...

    (dataset,) = declared().datasets
    assert dataset.rules[:3] == (
        Rule("a", "x > 0", "warn"),
        Rule("b", "y", "drop"),
        Rule("c", "true", "fail"),
    )
    assert dataset.rules[3].condition is condition


def test_flows_that_replace_rows(declared):
    """As a decorator of their own, or with their table; a policy in either spelling."""
    dp.create_streaming_table("t")

    @dp.replace_flow(target="t", replace_using=["a", "b c"], sequence_by="at", name="f")
    def one(): ...

    @dp.table(replace_using=["k"], sequence_by="n")
    def two(): ...

    @dp.materialized_view(refresh_policy="INCREMENTAL STRICT")
    def three(): ...

    flows = {flow.name: flow.replaces for flow in declared().flows}
    assert flows == {
        "f": Replaces(using=("a", "b c"), sequence_by="at"),
        "two": Replaces(using=("k",), sequence_by="n"),
        "three": None,
    }
    kinds = {each.name: (each.kind, each.policy) for each in declared().datasets}
    assert kinds == {
        "t": ("streaming_table", "auto"),
        "two": ("streaming_table", "auto"),
        "three": ("materialized_view", "incremental_strict"),
    }


def test_a_cell_that_is_run_again_declares_again():
    """The later declaration takes the place of the earlier one, with its flows."""
    registry = Registry(redefine=True)
    with collecting(registry):
        for comment in ("old", "new"):

            @dp.table(name="a", comment=comment)
            def query(): ...

    assert [dataset.comment for dataset in registry.declared().datasets] == ["new"]
    assert len(registry.declared().flows) == 1


def test_a_cell_that_is_run_again_forgets_what_it_declared():
    """Renamed or taken out of its cell, a dataset is gone, and other cells' stay."""
    registry = Registry(redefine=True)

    def run(cell, *names):
        registry.begin(cell)
        with collecting(registry):
            for name in names:
                dp.table(name=name)(lambda: None)
        return sorted(dataset.name for dataset in registry.declared().datasets)

    assert run("1", "a", "b") == ["a", "b"]
    assert run("2", "c") == ["a", "b", "c"]
    assert run("1", "a", "renamed") == ["a", "c", "renamed"]
    assert {flow.target for flow in registry.declared().flows} == {"a", "c", "renamed"}
    assert run("2", "a") == ["a", "renamed"]  # the later declaration of a name is the one
    assert run("1") == ["a"]
    assert run("", "d") == run("", "d") == ["a", "d"]  # a console tells no cell


def test_dlt_is_found_where_no_package_has_the_name(monkeypatch):
    """A package that is installed stays what it is."""
    from nbkit.toolkit import pipeline_modules

    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.delitem(sys.modules, "dlt", raising=False)
    pipeline_modules.offer()
    assert sys.meta_path[-1].find_spec("dlt", None) is not None
    import dlt

    assert dlt.apply_changes is dp.apply_changes
    monkeypatch.delitem(sys.modules, "dlt")
    import databricks.pipelines

    assert databricks.pipelines.apply_changes is dp.apply_changes
    monkeypatch.delitem(sys.modules, "databricks.pipelines")
    monkeypatch.delitem(sys.modules, "databricks")
    with pytest.raises(ModuleNotFoundError, match=r"databricks\.nothing"):
        importlib.import_module("databricks.nothing")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10 seconds", 10), ("1 minute", 60), ("2 hours", 7200), ("'1 week'", 604_800)],
)
def test_intervals_are_read(text, seconds):
    """As `pipelines.trigger.interval` has them."""
    assert seconds_of(text) == seconds
