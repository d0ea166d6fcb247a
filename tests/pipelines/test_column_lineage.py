"""Where columns come from, over plan trees made by hand: Spark need not be there."""

from __future__ import annotations

import pytest

from nbkit.pipelines.resolve.plan_tree import tree
from nbkit.pipelines.resolve.stand_ins import MARK
from nbkit.pipelines.tell.column_lineage import IDENTITY, Lineage, Way, traced
from nbkit.pipelines.tell.lineage_sources import Source

T, U = Source("s.t"), Source("s.u")


def node(kind, *children, **fields):
    """A node as `toJSON` writes it: before its children, expressions as lists of their own."""
    first = {"class": f"org.apache.spark.{kind}", "num-children": len(children), **fields}
    return [first, *(each for child in children for each in child)]


def col(number, name="c"):
    return node("AttributeReference", name=name, exprId={"id": number})


def alias(number, name, child):
    return node("Alias", child, name=name, exprId={"id": number})


def leaf(*columns):
    return node("LocalRelation", output=[*columns])


def lineage(plan, sources=None):
    """The lineage in words: by column, `dataset.column` with the subtypes of its ways."""
    known = {1: T, 11: U} if sources is None else sources
    found = traced(tree(plan), known)

    def told(origins):
        return {
            f"{source.name}.{column}": sorted(
                f"{way.subtype}{'!' if way.masking else ''}" for way in ways
            )
            for (source, column), ways in origins.items()
        }

    return {name: told(origins) for name, origins in found.columns.items()}, told(found.rows)


T_LEAF = leaf(col(1, "id"), col(2, "odd `name`"), col(3, "k"))
U_LEAF = leaf(col(11, "id"), col(12, "x"))


def test_what_is_read_as_it_is():
    """A column by another name is still that column; what is made here comes from nothing."""
    plan = node(
        "Project",
        T_LEAF,
        projectList=[
            col(2, "odd `name`"),
            alias(21, "", node("KnownNotNull", col(1))),
            alias(22, "one", node("Literal", value=1)),
        ],
    )
    found, rows = lineage(plan)
    assert found == {
        "odd `name`": {"s.t.odd `name`": ["IDENTITY"]},
        "": {"s.t.id": ["IDENTITY"]},
        "one": {},
    }
    assert rows == {}


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (node("Add", col(1), col(2)), {"id": ["TRANSFORMATION"], "odd `name`": ["TRANSFORMATION"]}),
        (node("Add", col(1), col(1)), {"id": ["TRANSFORMATION"]}),
        (node("Md5", col(1)), {"id": ["TRANSFORMATION!"]}),
        (node("Add", node("Sha2", col(1)), col(1)), {"id": ["TRANSFORMATION", "TRANSFORMATION!"]}),
        (
            node("If", col(1), col(2), col(3)),
            {"id": ["CONDITIONAL"], "odd `name`": ["TRANSFORMATION"], "k": ["TRANSFORMATION"]},
        ),
        (
            node("CaseWhen", col(1), col(2), col(3)),
            {"id": ["CONDITIONAL"], "odd `name`": ["TRANSFORMATION"], "k": ["TRANSFORMATION"]},
        ),
        (
            node("CaseWhen", col(1), col(2)),
            {"id": ["CONDITIONAL"], "odd `name`": ["TRANSFORMATION"]},
        ),
        (
            node("AggregateExpression", node("Count", col(1)), col(2)),
            {"id": ["AGGREGATION!"], "odd `name`": ["CONDITIONAL"]},
        ),
        (node("AggregateExpression", node("Sum", node("Abs", col(1)))), {"id": ["AGGREGATION"]}),
        (
            node(
                "WindowExpression",
                node("RowNumber"),
                node("WindowSpecDefinition", col(1)),
                windowFunction=0,
                windowSpec=1,
            ),
            {"id": ["WINDOW"]},
        ),
        (
            node("ScalarSubquery", plan=[*node("Project", U_LEAF, projectList=[col(12, "x")])]),
            {"x": ["TRANSFORMATION"]},
        ),
    ],
)
def test_what_is_made_of_columns(made, wanted):
    """What a value is made of, and what only decides about it; what hides a value stays hidden."""
    found, _ = lineage(node("Project", T_LEAF, projectList=[alias(30, "y", made)]))
    assert {name.split(".", 2)[2]: ways for name, ways in found["y"].items()} == wanted


def test_what_decides_which_rows_there_are():
    """Conditions, groups and orders are of the rows, not of a column."""
    filtered = node("Filter", T_LEAF, condition=node("IsNotNull", col(1)))
    grouped = node(
        "Aggregate",
        filtered,
        groupingExpressions=[col(3)],
        aggregateExpressions=[
            col(3, "k"),
            alias(31, "n", node("AggregateExpression", node("Max", col(2)))),
        ],
    )
    order = [node("SortOrder", col(31))]
    found, rows = lineage(node("Sort", grouped, order=order))
    assert found == {
        "k": {"s.t.k": ["IDENTITY"]},
        "n": {"s.t.odd `name`": ["AGGREGATION"]},
    }
    assert rows == {"s.t.id": ["FILTER"], "s.t.k": ["GROUP_BY"], "s.t.odd `name`": ["SORT"]}


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("Inner", ["id", "odd `name`", "k", "id", "x"]),
        ("LeftSemi", ["id", "odd `name`", "k"]),
        ("LeftAnti", ["id", "odd `name`", "k"]),
    ],
)
def test_joins(kind, columns):
    """Both sides' columns, or only those of the first; the condition decides about rows."""
    condition = node("EqualTo", col(1), col(11))
    join = {"object": f"org.apache.spark.sql.catalyst.plans.{kind}$"}
    plan = node("Join", T_LEAF, U_LEAF, joinType=join, condition=condition)
    found = traced(tree(plan), {1: T, 11: U})
    assert list(found.columns) == list(dict.fromkeys(columns))
    assert found.inputs == (T, U)
    assert {(source.name, name) for source, name in found.rows} == {("s.t", "id"), ("s.u", "id")}


def test_a_union_has_the_columns_of_all_by_their_places():
    """And the names of the first one."""
    second = node("Project", U_LEAF, projectList=[col(12, "x"), col(11, "id")])
    first = node("Project", T_LEAF, projectList=[col(1, "id"), col(2, "b")])
    found, _ = lineage(node("Union", first, second))
    assert found == {
        "id": {"s.t.id": ["IDENTITY"], "s.u.x": ["IDENTITY"]},
        "b": {"s.t.odd `name`": ["IDENTITY"], "s.u.id": ["IDENTITY"]},
    }


def test_a_query_with_a_name_is_read_where_it_is_used():
    """Each use has its own ids."""
    inner = node("Project", T_LEAF, projectList=[alias(40, "d", node("Add", col(1), col(1)))])
    uses = [node("CTERelationRef", cteId=7, output=[col(number, "d")]) for number in (41, 42)]
    plan = node("WithCTE", node("CTERelationDef", inner, id=7), uses[0], plan=1, cteDefs=[0])
    assert lineage(plan)[0] == {"d": {"s.t.id": ["TRANSFORMATION"]}}
    both = node("Union", *uses)
    plan = node("WithCTE", node("CTERelationDef", inner, id=7), both, plan=1, cteDefs=[0])
    assert lineage(plan)[0] == {"d": {"s.t.id": ["TRANSFORMATION"]}}


def test_operators_that_add_columns():
    """Generators and windows stand beside what is there; ROLLUP's columns are those of each row."""
    plan = node(
        "Generate",
        T_LEAF,
        generator=node("Explode", col(2)),
        generatorOutput=[col(50, "part")],
    )
    assert lineage(plan)[0]["part"] == {"s.t.odd `name`": ["TRANSFORMATION"]}
    assert lineage(plan)[0]["k"] == {"s.t.k": ["IDENTITY"]}

    plan = node(
        "Expand",
        T_LEAF,
        projections=[[col(1), col(3)], [col(2), node("Literal", value=None)]],
        output=[col(60, "a"), col(61, "b")],
    )
    assert lineage(plan)[0] == {
        "a": {"s.t.id": ["IDENTITY"], "s.t.odd `name`": ["IDENTITY"]},
        "b": {"s.t.k": ["IDENTITY"]},
    }


def test_what_nobody_sees_into():
    """Each column may be made of all that goes in; an operator that makes none passes them on."""
    opaque = node("MapInPandas", U_LEAF, output=[col(70, "y")])
    assert lineage(opaque)[0] == {"y": {"s.u.id": ["TRANSFORMATION"], "s.u.x": ["TRANSFORMATION"]}}
    assert lineage(node("GlobalLimit", U_LEAF))[0] == lineage(U_LEAF)[0]


def test_a_dataset_of_the_pipeline():
    """Stands in the plan by its key, and nothing below it is looked at."""
    plan = node("SubqueryAlias", U_LEAF, identifier={"name": f"{MARK}s.orders"})
    assert lineage(plan, {})[0] == {
        "id": {"s.orders.id": ["IDENTITY"]},
        "x": {"s.orders.x": ["IDENTITY"]},
    }
    other = node("SubqueryAlias", U_LEAF, identifier={"name": "u"})
    assert lineage(other, {})[0] == {"id": {}, "x": {}}


def test_a_table_without_columns_is_no_source():
    """Nothing can be read of it."""
    assert traced(tree(leaf()), {1: T}) == Lineage()


WAYS = [
    Way(kind, name, masking)
    for kind, name in (
        ("DIRECT", "IDENTITY"),
        ("DIRECT", "TRANSFORMATION"),
        ("DIRECT", "AGGREGATION"),
        ("INDIRECT", "FILTER"),
    )
    for masking in (False, True)
]


@pytest.mark.parametrize("first", WAYS)
def test_ways_one_after_another(first):
    """What is hidden, or indirect, never becomes plain again, however one groups three steps."""
    assert first.then(IDENTITY) == first
    assert IDENTITY.then(first) == first
    for then in WAYS:
        both = first.then(then)
        assert both.masking == (first.masking or then.masking)
        assert (both.type == "INDIRECT") == ("INDIRECT" in {first.type, then.type})
        for last in WAYS:
            assert first.then(then).then(last) == first.then(then.then(last))


def test_flows_into_one_dataset():
    """All that feeds it is told, whichever flow brings it."""
    one = traced(tree(T_LEAF), {1: T})
    other = traced(tree(node("Project", U_LEAF, projectList=[col(11, "id")])), {11: U})
    both = one.plus(other)
    assert both.inputs == (T, U)
    assert set(both.columns["id"]) == {(T, "id"), (U, "id")}
    assert both.plus(Lineage()) == both
    assert Lineage().plus(both) == both
    listed = node("Filter", T_LEAF, condition=col(1))
    data = traced(tree(listed), {1: T}).as_data()
    assert data["*"] == [
        {
            "dataset": "s.t",
            "column": "id",
            "ways": [{"type": "INDIRECT", "subtype": "FILTER", "masking": False}],
        }
    ]
