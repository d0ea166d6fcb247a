"""Widgets and tables as a person meets them: in a real JupyterLab, in a real browser."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from jupyterlab import jupyterlab, needs_chromium
from playwright.sync_api import expect

pytestmark = [pytest.mark.e2e, needs_chromium]
expect.set_options(timeout=60_000)  # a page takes its time to load on a busy machine

WIDGETS = """\
dbutils.widgets.dropdown("month", "1", ["1", "2", "3"], "Month")
dbutils.widgets.multiselect("carriers", "AA", ["AA", "UA"])
print("created")"""
READ = "print('month', dbutils.widgets.get('month'), dbutils.widgets.get('carriers'))"
RERUN = "import nbkit; nbkit.widgets(rerun=True)"
TABLE = """\
import pandas as pd
display(pd.DataFrame({
    "n": range(250), "text": ["<b>x</b> $1 and $2"] * 250, "gap": [None, 1] * 125}))"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("project")) as lab:
        yield lab


def test_widgets_and_table(lab):
    """Change an input, read it, run its readers again, sort and page a table, save and reload."""
    lab.write("a.ipynb", WIDGETS, READ, TABLE, RERUN)
    notebook = lab.open("a.ipynb")
    page = notebook.page
    notebook.run_all()
    bar = notebook.cell(0)
    expect(bar.get_by_label("Month")).to_have_value("1")
    bar.get_by_label("Month").select_option("2")
    bar.get_by_label("carriers").select_option(["AA", "UA"])
    # The bar says what the cell prints; the cell itself is as it was run.
    expect(bar.get_by_text("month 2 AA,UA")).to_be_visible()
    assert notebook.output(1).strip() == "month 1 AA"
    assert notebook.run(1).strip() == "month 2 AA,UA"

    table = notebook.cell(2)
    column = table.locator("tbody tr td:first-child")
    expect(table.get_by_role("status")).to_have_text("rows 1 to 10 of 250")
    head = table.get_by_role("button", name="n int64")
    head.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(table.get_by_role("columnheader", name="n int64")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert column.all_inner_texts()[:2] == ["249", "248"]
    table.get_by_role("button", name="next page").press("Enter")
    assert column.first.inner_text() == "239"
    table.get_by_label("rows per page").select_option("100")
    expect(table.get_by_role("status")).to_have_text("rows 1 to 100 of 250")
    table.get_by_label("filter the shown rows").fill("24")
    expect(table.get_by_role("status")).to_have_text("rows 1 to 13 of 13")
    assert "<b>x</b> $1 and $2" in table.inner_text()
    table.get_by_role("button", name="Chart").click()
    for kind in ("bar", "line", "scatter", "histogram"):
        table.get_by_label("chart type").select_option(kind)
        table.get_by_label("x axis").select_option(label="n")
        expect(table.locator("svg[role=img]")).to_have_attribute("aria-label", pattern(kind))
    notebook.screenshot("widgets_and_table")
    found = Axe().run(page, context=".nbkit-view")
    assert found.violations_count == 0, found.generate_report()

    saved = notebook.save()
    outputs = [out for cell in saved.cells for out in cell.outputs if "data" in out]
    assert all(set(out["data"]) == {"text/html", "text/plain"} for out in outputs)
    assert outputs[0]["data"]["text/plain"] == "widgets: Month='2', carriers='AA,UA'"
    assert outputs[1]["data"]["text/html"].count("<tr>") == 101
    assert "first 100 of 250 rows" in outputs[1]["data"]["text/html"]
    assert "widgets" not in saved.metadata

    page.reload()
    notebook.ready()
    expect(notebook.cell(0).get_by_label("Month")).to_have_value("2")
    expect(notebook.cell(2).get_by_role("status")).to_have_text("rows 1 to 10 of 250")


def test_without_its_kernel_a_notebook_reads_as_it_was_saved(lab):
    """A form sets variables; kernel gone, all is plain HTML, and no widget is missed."""
    form = "import nbkit; nbkit.parameters()"
    lab.write(
        "b.ipynb", WIDGETS, TABLE, form, "print(rate * 2)", parameters="rate = 1.5  # per cent"
    )
    notebook = lab.open("b.ipynb")
    notebook.run_all()
    assert "per cent" in notebook.output(3)
    notebook.cell(3).get_by_label("rate").fill("4")
    notebook.cell(3).get_by_label("rate").press("Enter")
    assert notebook.run(4).strip() == "8.0"
    notebook.screenshot("parameters")
    notebook.save()
    notebook.command("kernelmenu:shutdown")
    notebook.page.reload()
    expect(notebook.cell(2).locator("table tbody tr")).to_have_count(100)
    assert "Month: 1 · carriers: AA" in notebook.output(1)
    assert "rate\t4.0\tper cent" in notebook.output(3)
    outputs = [notebook.output(index) for index in (1, 2, 3)]
    assert "Error" not in "".join(outputs)


WAITING = """\
def passing(number, rows):
    import time
    from pathlib import Path
    while not Path({gate!r}).exists():
        time.sleep(0.05)
    return rows
print(sc.range(6, numSlices=3).mapPartitionsWithIndex(passing).count())"""


def test_a_bar_under_the_cell_shows_what_spark_does_until_the_cell_is_over(lab, tmp_path):
    """First that Spark starts, then tasks and stages done of all; the file has none of it."""
    gate = tmp_path / "gate"
    lab.write("c.ipynb", WAITING.format(gate=str(gate)), "spark.sparkContext.stop()")
    notebook = lab.open("c.ipynb")
    bar = notebook.page.locator(".nbkit-spark")
    notebook.begin_all()
    expect(bar).to_have_text("starting Spark …")
    expect(notebook.cell(0).locator(".nbkit-spark")).to_have_text(
        "Spark: 0 of 3 tasks, 0 of 1 stage", timeout=120_000
    )
    found = Axe().run(notebook.page, context=".nbkit-spark")
    assert found.violations_count == 0, found.generate_report()
    notebook.screenshot("spark_bar")
    saved = notebook.save()
    assert not saved.cells[0].outputs
    gate.touch()
    expect(bar).to_have_count(0)
    expect(notebook.cell(0).locator(".jp-Cell-outputArea")).to_contain_text("6")
    assert [out["name"] for out in notebook.save().cells[0].outputs] == ["stdout"]


def pattern(kind):
    return re.compile({"bar": "by n", "line": "by n", "scatter": "against n"}.get(kind, "of n"))
