"""A pipeline whose cells have datasets that are broken: what is seen of it."""

from __future__ import annotations

import pytest

from nbkit import pipelines as dp
from nbkit.errors import DefinitionError, UsageError
from nbkit.pipelines.declare.registry import Registry, collecting
from nbkit.pipelines.in_notebook import CellsPipeline
from nbkit.pipelines.resolve.analysis import analyse

pytestmark = pytest.mark.e2e


@pytest.fixture
def pipeline(spark, monkeypatch):
    """One dataset that is right; one that is wrong, and one that reads it; two in a circle."""
    registry = Registry(redefine=True)
    with collecting(registry):
        dp.materialized_view(name="orders")(lambda: spark.range(3))
        dp.materialized_view(name="wrong")(lambda: spark.table("orders").select("missing"))
        dp.materialized_view(name="below")(lambda: spark.table("wrong"))
        dp.materialized_view(name="left")(lambda: spark.table("right"))
        dp.materialized_view(name="right")(lambda: spark.table("left"))
    cells = CellsPipeline()
    cells.configure("shop", schema="shop")
    resolved = analyse(registry.declared(), cells._spec, spark)
    monkeypatch.setattr(cells, "_resolved", lambda: (resolved, spark))
    monkeypatch.setattr(cells, "_recall", lambda *_: None)
    return cells


def test_preview(pipeline):
    """A typo is told as such, whatever else is broken; what is right is shown."""
    assert sorted(row.id for row in pipeline.preview("orders").collect()) == [0, 1, 2]
    with pytest.raises(UsageError, match=r"no dataset order; nearest: orders") as told:
        pipeline.preview("order")
    assert "missing" not in str(told.value)
    with pytest.raises(UsageError, match=r"no dataset wrnog; nearest: wrong"):
        pipeline.preview("wrnog")
    with pytest.raises(DefinitionError, match="missing"):
        pipeline.preview("below")


def test_graph(pipeline):
    """What is broken is drawn, in red and with its reason, beside what is right."""
    shown = pipeline.graph()
    html = shown._repr_html_()
    for name in ("orders", "wrong", "below", "left", "right"):
        assert f">{name}</text>" in html or f">shop.{name}</text>" in html, name
    assert html.count("stroke:var(--jp-error-color1") == 4
    assert "below (broken: it reads shop.wrong, which is broken)" in repr(shown)
    assert "waits for itself" in repr(shown)
