"""What is proved of queries, over plan trees made by hand: Spark need not be there."""

from __future__ import annotations

import pytest

from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.proofs.expression_images import Column, Made, Place
from nbkit.pipelines.refresh.proofs.images import Key, _output, key_of
from nbkit.pipelines.refresh.proofs.linear import Linear, linear
from nbkit.pipelines.refresh.proofs.query import Query
from nbkit.pipelines.refresh.proofs.sums import Sums, sums_of
from nbkit.pipelines.resolve.plan_tree import tree

LOGICAL = "sql.catalyst.plans.logical."


def node(kind, *children, **fields):
    """A node as `toJSON` writes it: before its children, expressions as lists of their own."""
    first = {"class": f"org.apache.spark.{kind}", "num-children": len(children), **fields}
    return [first, *(each for child in children for each in child)]


def plan(kind, *children, **fields):
    return node(LOGICAL + kind, *children, **fields)


def col(number, kind="long"):
    return node("AttributeReference", name=f"c{number}", exprId={"id": number}, dataType=kind)


def alias(number, child):
    return node("Alias", child, name=f"a{number}", exprId={"id": number})


def count():
    return node("AggregateExpression", node("Count", node("Literal", value=1)))


def leaf(*columns):
    return node("sql.execution.datasources.LogicalRelation", output=[*columns])


T = leaf(col(1), col(2), col(3, "double"))
U = leaf(col(11), col(12))
NAMES = {1: "t", 11: "u"}


def project(child, *made):
    return plan("Project", child, projectList=[*made], child=0)


def grouped(child, by, *made):
    return plan("Aggregate", child, groupingExpressions=by, aggregateExpressions=[*made], child=0)


def joined(kind, condition, left=T, right=U):
    kind = {"object": f"org.apache.spark.sql.catalyst.plans.{kind}$"}
    return plan("Join", left, right, joinType=kind, condition=condition, left=0, right=1)


def equal(one, other, kind="EqualTo"):
    return node(kind, one, other)


def key(of, changed=("t",), count=None):
    root = tree(of)
    kinds = ["double" if each == 3 else "long" for each in _output(root)[:count]]
    columns = tuple((f"x{at}", kind) for at, kind in enumerate(kinds))
    return key_of(Query(root, NAMES, columns), changed)


SHARED = joined("Inner", equal(col(1), col(11)))
BY_SUM = [node("Add", col(1), col(2))]


@pytest.mark.parametrize(
    ("of", "changed", "columns"),
    [
        (project(T, col(2), alias(21, node("Upper", col(1)))), "t", (0, 1)),
        (grouped(T, [col(1)], col(1), alias(21, count())), "t", (0,)),
        (grouped(T, BY_SUM, alias(21, BY_SUM[0]), alias(22, count())), "t", (0,)),
        (plan("Filter", T, condition=node("IsNotNull", col(1))), "t", (0, 1)),
        (plan("Distinct", project(T, col(1))), "t", (0,)),
        (plan("Deduplicate", T, keys=[col(2)]), "t", (1,)),
        (
            plan("Window", T, windowExpressions=[alias(21, count())], partitionSpec=[col(1)]),
            "t",
            (0,),
        ),
        (SHARED, "t", (0, 1, 3)),
        (SHARED, "u", (0, 3, 4)),
        (SHARED, "tu", (0, 3)),
        (joined("Inner", equal(col(1), col(11), "EqualNullSafe")), "tu", (0, 3)),
        (
            joined("Inner", node("And", equal(col(1), col(11)), equal(col(12), col(2)))),
            "tu",
            (0, 1, 3, 4),
        ),
        (joined("LeftOuter", equal(col(1), col(11))), "t", (0, 1)),
        (joined("LeftOuter", equal(col(1), col(11))), "tu", (0,)),
        (joined("RightOuter", equal(col(1), col(11))), "tu", (3,)),
        (joined("LeftSemi", equal(col(1), col(11))), "tu", (0,)),
        (joined("LeftAnti", equal(col(1), col(11))), "u", (0,)),
        (plan("Union", project(T, col(1), col(2)), U), "tu", (0, 1)),
        (plan("Except", project(T, col(2), col(1)), U), "tu", (0, 1)),
        (joined("Inner", [], right=plan("GlobalLimit", U)), "t", (0, 1)),
    ],
)
def test_keys(of, changed, columns):
    """Columns that come unchanged from all that has changed."""
    found = key(of, tuple(changed))
    assert isinstance(found, Key), found
    assert found.columns == columns


@pytest.mark.parametrize(
    ("of", "changed", "why", "code"),
    [
        (grouped(T, [], alias(21, count())), "t", "one row", "OPERATOR_NOT_INCREMENTALIZABLE"),
        (grouped(T, [col(3, "double")], col(3, "double")), "t", "none of its columns", None),
        (plan("GlobalLimit", T), "t", "a LIMIT", "OPERATOR_NOT_INCREMENTALIZABLE"),
        (plan("NewInSpark", T), "t", "NewInSpark", "OPERATOR_NOT_INCREMENTALIZABLE"),
        (
            plan("Window", T, windowExpressions=[alias(21, count())], partitionSpec=[]),
            "t",
            "window without",
            "WINDOW_WITHOUT_PARTITION_BY",
        ),
        (joined("FullOuter", equal(col(1), col(11))), "t", "FULL JOIN", None),
        (joined("Inner", node("LessThan", col(1), col(11))), "tu", "t and of u", None),
        (joined("Inner", []), "tu", "t and of u", None),
        (joined("LeftOuter", node("Or", equal(col(1), col(11)), count())), "tu", "of t", None),
        (joined("LeftOuter", equal(node("Cast", col(1)), col(11))), "tu", "of t", None),
        (project(T, alias(21, count())), "t", "none of its columns", None),
        (project(T, alias(21, node("Add", col(1), col(3, "double")))), "t", "none", None),
        (project(T, alias(21, node("Literal", value=1))), "t", "none of its columns", None),
        (project(T, alias(21, node("AesEncrypt", col(1)))), "t", "none of its columns", None),
        (
            leaf(col(1), node("AttributeReference", name="_Change_Type", exprId={"id": 9})),
            "t",
            "a column _Change_Type",
            None,
        ),
        (
            plan("Filter", U, condition=node("Exists", plan=T)),
            "t",
            "subquery",
            "SUBQUERY_EXPRESSION_NOT_INCREMENTALIZABLE",
        ),
        (
            plan(
                "Filter",
                U,
                condition=node(
                    "Not",
                    node(
                        "InSubquery",
                        col(11),
                        node("ListQuery", plan=plan("Filter", T, condition=col(1))),
                    ),
                ),
            ),
            "t",
            "subquery",
            None,
        ),
        (
            leaf(
                col(1),
                node("AttributeReference", name="_metadata", exprId={"id": 9}, dataType="string"),
            ),
            "t",
            "_metadata",
            None,
        ),
        (U, "t", "nobody knows", None),
    ],
)
def test_no_key(of, changed, why, code):
    """There is a rule, or there is none."""
    found = key(of, tuple(changed))
    assert isinstance(found, Refusal), found
    assert why in found.why
    assert code is None or found.code == code


def test_columns_that_do_not_fit():
    """An operator may have columns that no rule knows of; one of a folder's name is no key."""
    of = tree(project(T, col(1), col(2)))
    few = (("a", "long"),)
    assert "Project" in key_of(Query(of, NAMES, few), ("t",)).why
    kept = (("a", "string in the name of a folder"), ("b", "long"))
    assert key_of(Query(of, NAMES, kept), ("t",)).columns == (1,)
    by = tree(grouped(T, BY, col(1), COUNT))
    assert "may differ" in sums_of(Query(by, NAMES, kept), ("t",), only_added=True).why


@pytest.mark.parametrize("depth", [250, 5000])
def test_a_deep_plan(depth):
    """Columns added in a loop: whatever is too deep to be proved is computed in full."""
    of = T
    for _ in range(depth):
        of = [{**project(T, col(1), col(2))[0]}, *of]
    query = Query(tree(of), NAMES, (("a", "long"), ("b", "long")))
    for found in (key_of(query, ("t",)), linear(query, ("t",))):
        assert isinstance(found, Refusal) == (depth > 1000)
    assert isinstance(sums_of(query, ("t",), only_added=True), Refusal)


def test_images():
    """Where the values of a key are found in rows of what has changed."""
    made = alias(21, node("Upper", col(11)))
    of = project(SHARED, alias(22, node("Lower", col(1))), col(1))
    found = key(of, ("u",))
    assert found.images == (
        ("u", (Made(Place(0, "projectList", (0,)), ((1, Column("c11")),)), Column("c11"))),
    )
    right = project(U, made)
    found = key(joined("Inner", equal(col(1), col(21)), right=right), ("t", "u"))
    assert found.images == (
        ("t", (Column("c1"), Column("c1"))),
        ("u", (Made(Place(2, "projectList", (0,)), ((11, Column("c11")),)),) * 2),
    )
    cast = node("Cast", col(11))
    found = key(joined("Inner", equal(col(1), cast)), ("t", "u"))
    assert found.columns == (0,)
    assert found.images[1] == (
        "u",
        (Made(Place(0, "condition", (0, 1)), ((11, Column("c11")),)),),
    )


def test_a_table_that_is_read_twice():
    """Each side of a self-join has its own images, and both have to have one."""
    again = leaf(col(31), col(32))
    names = {**NAMES, 31: "t"}
    of = tree(joined("Inner", equal(col(1), col(32)), right=again))
    columns = tuple((f"x{at}", "long") for at in range(5))
    found = key_of(Query(of, names, columns), ("t",))
    assert found == Key(
        (0, 4), (("t", (Column("c1"), Column("c1"))), ("t", (Column("c32"), Column("c32"))))
    )


def test_common_table_expressions():
    """Each time that one is read counts by itself."""
    definition = plan("CTERelationDef", grouped(T, [col(1)], col(1), alias(41, count())), id=7)

    def read(*ids):
        return plan("CTERelationRef", cteId=7, output=[col(each) for each in ids])

    of = plan(
        "WithCTE",
        definition,
        joined("Inner", equal(col(51), col(62)), left=read(51, 52), right=read(61, 62)),
        plan=1,
        cteDefs=[0],
    )
    assert key(of, count=4).why.startswith("none of its columns")
    of[-1] = of[-1]
    of = plan(
        "WithCTE",
        definition,
        joined("Inner", equal(col(51), col(61)), left=read(51, 52), right=read(61, 62)),
        plan=1,
        cteDefs=[0],
    )
    found = key(of, count=4)
    assert found.columns == (0, 2)
    assert [name for name, _ in found.images] == ["t", "t"]


def test_a_common_table_expression_is_no_table():
    """A reference has the columns of what it stands for, ids too: that is filtered all the same."""
    definition = plan("CTERelationDef", where(project(T, col(1), alias(2, col(1))), col(1)), id=7)
    read = plan("CTERelationRef", cteId=7, output=[col(1), col(2)])
    of = plan("WithCTE", definition, project(read, col(1), col(2)), plan=1, cteDefs=[0])
    assert new_rows(of, ("t",)) == Linear({4: "t"})
    found = key_of(Query(tree(of), NAMES, (("a", "long"), ("b", "long"))), ("t",))
    assert found.images == (("t", (Column("c1"), Column("c1"))),)


def outer(number):
    return node("OuterReference", e=col(number))


def where(child, condition):
    return plan("Filter", child, condition=condition)


def exists(inner):
    return node("Exists", plan=project(inner, alias(91, node("Literal", value=1))))


MATCHED = where(U, equal(outer(1), col(11)))
LISTED = node("InSubquery", col(2), node("ListQuery", plan=project(U, col(12))))


@pytest.mark.parametrize(
    ("of", "changed", "columns"),
    [
        (where(T, exists(MATCHED)), "tu", (0,)),
        (where(T, node("Not", exists(MATCHED))), "u", (0,)),
        (where(T, node("And", LISTED, node("IsNotNull", col(1)))), "tu", (1,)),
        (where(T, node("Not", LISTED)), "t", (0, 1)),
        (where(T, node("Not", LISTED)), "u", None),
        (where(T, node("Or", LISTED, col(1))), "u", None),
        (where(T, exists(U)), "u", None),
        (where(T, exists(where(U, node("LessThan", outer(1), col(11))))), "u", None),
        (where(T, exists(where(U, equal(outer(1), node("Abs", col(11)))))), "u", None),
        (where(T, exists(grouped(MATCHED, [], count()))), "u", None),
        (project(T, alias(92, node("ScalarSubquery", plan=U))), "u", None),
        (project(T, alias(92, node("ScalarSubquery", plan=U)), col(1)), "t", (1,)),
    ],
)
def test_subqueries(of, changed, columns):
    """EXISTS and IN are joins; one over what has not changed is as if it were not there."""
    found = key(of, tuple(changed))
    assert (found.columns if isinstance(found, Key) else None) == columns


def new_rows(of, changed):
    return linear(Query(tree(of), NAMES), changed)


@pytest.mark.parametrize(
    ("of", "changed", "leaves", "left_out"),
    [
        (project(plan("Filter", T, condition=col(1)), col(1)), "t", {2: "t"}, []),
        (plan("Union", T, U), "t", {1: "t"}, [2]),
        (plan("Union", T, U), "tu", {1: "t", 2: "u"}, []),
        (SHARED, "t", {1: "t"}, []),
        (SHARED, "u", {2: "u"}, []),
        (joined("LeftOuter", [], right=grouped(U, [], count())), "t", {1: "t"}, []),
        (joined("LeftAnti", []), "t", {1: "t"}, []),
        (joined("RightOuter", []), "u", {2: "u"}, []),
    ],
)
def test_rows_made_one_by_one(of, changed, leaves, left_out):
    """What is read anew, and what is left out."""
    assert new_rows(of, tuple(changed)) == Linear(leaves, left_out)


@pytest.mark.parametrize(
    ("of", "changed", "why"),
    [
        (SHARED, "tu", "joins what has changed with what has changed"),
        (joined("LeftOuter", []), "u", "hang on there being none"),
        (joined("LeftAnti", []), "u", "hang on there being none"),
        (joined("FullOuter", []), "t", "hang on there being none"),
        (grouped(T, [col(1)], col(1)), "t", "groups rows"),
        (plan("Distinct", T), "t", "each row once"),
        (plan("Window", T), "t", "windows"),
        (plan("LocalLimit", T), "t", "a LIMIT"),
        (plan("Except", T, U), "t", "operator Except"),
        (project(T, alias(5, node("ScalarSubquery", plan=U))), "tu", "subquery"),
    ],
)
def test_rows_that_hang_on_others(of, changed, why):
    """New rows change old ones."""
    found = new_rows(of, tuple(changed))
    assert isinstance(found, Refusal), found
    assert why in found.why


def aggregate(number, function, *of, given=(), distinct=False):
    """An aggregate of some column, perhaps of some rows only."""
    called = node("AggregateExpression", node(function, *of), *given, isDistinct=distinct)
    return alias(number, called)


ONE = node("Literal", value="1")
BY = [col(1)]
COUNT = aggregate(21, "Count", ONE)
SUM = aggregate(22, "Sum", col(2))
COUNT_OF = aggregate(23, "Count", col(2))


TWICE = alias(26, node("Multiply", COUNT[1:], node("Literal", value="2")))
LOOKED_UP = alias(27, node("ScalarSubquery", plan=T))


def sums(of, *kinds, changed="t", only_added=False):
    columns = tuple((f"x{at}", kind) for at, kind in enumerate(kinds))
    return sums_of(Query(tree(of), NAMES, columns), tuple(changed), only_added=only_added)


@pytest.mark.parametrize(
    ("of", "only_added", "figures", "counted", "rows"),
    [
        (grouped(T, BY, col(1), COUNT), False, "key count", (), 1),
        (
            grouped(T, BY, COUNT, col(1), SUM, COUNT_OF),
            False,
            "count key sum count",
            ((2, 3),),
            0,
        ),
        (grouped(T, BY, col(1), SUM), True, "key sum", (), None),
        (grouped(T, BY, col(1), aggregate(21, "Max", col(2))), True, "key max", (), None),
        (grouped(T, [], SUM, COUNT_OF), False, "sum count", ((0, 1),), None),
        (
            project(grouped(T, BY, col(1), COUNT), alias(31, col(21)), col(1)),
            False,
            "count key",
            (),
            0,
        ),
        (grouped(SHARED, BY, col(1), COUNT), False, "key count", (), 1),
    ],
)
def test_sums(of, only_added, figures, counted, rows):
    """What each column is, and what tells that a group, or a sum, has nothing left."""
    found = sums(of, *(["long"] * len(figures.split())), only_added=only_added)
    assert isinstance(found, Sums), found
    assert " ".join(found.figures) == figures
    assert (found.counted, found.rows) == (counted, rows)


@pytest.mark.parametrize(
    ("of", "kinds", "only_added", "why"),
    [
        (project(T, col(1)), ["long"], True, "no grouping"),
        (plan("Filter", grouped(T, BY, col(1), COUNT)), ["long"] * 2, True, "no grouping"),
        (grouped(T, BY, COUNT), ["long"], True, "not all that it groups by"),
        (grouped(T, BY, col(1), SUM), ["long"] * 2, False, "no count(*)"),
        (grouped(T, BY, col(1), COUNT, SUM), ["long"] * 3, False, "without a count of the same"),
        (grouped(T, BY, col(1), SUM), ["long", "double"], True, "the order of its rows"),
        (grouped(T, BY, col(1), SUM), ["long", "decimal(38,2)"], True, "too great"),
        (grouped(T, BY, col(1), COUNT, aggregate(24, "Max", col(2))), ["long"] * 3, False, "gone"),
        (grouped(T, BY, col(1), aggregate(24, "Average", col(2))), ["long"] * 2, True, "no sum"),
        (
            grouped(T, BY, col(1), aggregate(24, "Count", col(2), distinct=True)),
            ["long"] * 2,
            True,
            "different values",
        ),
        (
            grouped(T, [col(3, "double")], col(3, "double"), COUNT),
            ["double", "long"],
            False,
            "may differ",
        ),
        (grouped(grouped(T, BY, col(1)), [], COUNT), ["long"], True, "groups rows"),
        (grouped(T, BY, col(1), COUNT, TWICE), ["long"] * 3, True, "computes x2 with"),
        (grouped(T, BY, col(1), COUNT, LOOKED_UP), ["long"] * 3, True, "subquery"),
        (
            grouped(T, BY, col(1), COUNT, aggregate(25, "Count", col(2), given=[col(1)]), SUM),
            ["long"] * 4,
            False,
            "without a count of the same",
        ),
    ],
)
def test_figures_that_are_no_sums(of, kinds, only_added, why):
    """Any other figure needs the rows that were there before."""
    found = sums(of, *kinds, only_added=only_added)
    assert isinstance(found, Refusal), found
    assert why in found.why
