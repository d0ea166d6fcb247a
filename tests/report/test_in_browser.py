"""The pages in a real browser, from disk: they work, keep up and break no rule of accessibility."""

from __future__ import annotations

import json

import pytest
from jupyterlab import CHROMIUM, FLAGS, SCREENSHOTS, needs_chromium

from nbkit.report.diff import diff_runs, write_diff
from nbkit.report.documents import run_document, task_documents
from nbkit.report.front_end import script, style
from nbkit.report.index import write_index
from nbkit.report.page import write_report
from nbkit.report.rows import row_of
from nbkit.report.view import run_view
from nbkit.rules.record import record
from nbkit.ui.picture import graph_svg

pytestmark = [pytest.mark.e2e, needs_chromium]

TASKS, RUNS = 500, 100


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), chromium_sandbox=False
        )
        yield found
        found.close()


@pytest.fixture
def look_at(browser):
    """Open a page from disk; it may ask nothing of any server, and raise nothing."""
    pages = []

    def open_page(path, scheme="light"):
        page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(120_000)
        pages.append(page)
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console", lambda said: page.errors.append(said.text) if said.type == "error" else 0
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in pages:
        assert page.errors == []
        assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
        page.close()


def violations(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.fixture
def report(flights, tmp_path):
    path = tmp_path / "runs" / "12" / "report.html"
    write_report(flights.graph, flights.state, path, root=tmp_path)
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_breaks_no_rule_of_accessibility(report, look_at, scheme):
    page = look_at(report, scheme)
    page.screenshot(path=SCREENSHOTS / f"report-{scheme}.png", full_page=True)
    assert violations(page) == []


def test_the_report_is_live(report, look_at):
    """A box leads to its task, the graph zooms by keys, the timeline has waits and a path."""
    page = look_at(report)
    page.locator('a[data-task="clean"]').press("Enter")
    assert page.locator("#task-1").get_attribute("open") is not None
    graph = page.locator(".graph svg")
    page.locator(".graph").press("0")
    whole = graph.get_attribute("viewBox")
    page.locator(".graph").press("+")
    assert graph.get_attribute("viewBox") != whole
    page.locator(".graph").press("0")
    assert graph.get_attribute("viewBox") == whole
    assert page.locator(".timeline .wait").count() >= 1
    assert "◆ clean" in page.locator(".timeline").text_content()


def test_the_report_reads_well_without_a_script(report, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("svg").count() == 2
    assert page.get_by_text("ValueError: 2.5% of the rows").count() >= 1
    context.close()


def test_a_comparison_breaks_no_rule_of_accessibility(flights, look_at, tmp_path):
    before = record(flights.graph, flights.state)
    after = json.loads(json.dumps(before))
    after["job_parameters"][0]["value"] = "2014"
    after["tasks"] = after["tasks"][1:]
    write_diff(diff_runs(before, after, tmp_path), tmp_path / "diff.html", tmp_path)
    assert violations(look_at(tmp_path / "diff.html")) == []


def test_the_index_draws_a_hundred_runs_of_five_hundred_tasks(flights, look_at, tmp_path):
    """Every cell is right, the filter narrows them, and expectations have their charts."""
    document = record(flights.graph, flights.state)
    row = row_of(document)
    looks = [look for _, look, _ in row["tasks"]]
    row["tasks"] = [[f"task_{at}", looks[at % len(looks)], 1000 + at] for at in range(TASKS)]
    rows = [
        {
            **row,
            "id": run,
            "expectations": [["flights", "has time", 90, run % 7, run % 7 < 5, 0.05]],
        }
        for run in range(RUNS, 0, -1)
    ]
    write_index([document], tmp_path / "index.html", rows, runs_folder=tmp_path)
    page = look_at(tmp_path / "index.html")
    lines = page.locator(".matrix tbody tr")
    page.wait_for_function(
        "n => document.querySelectorAll('.matrix tbody tr').length === n", arg=TASKS
    )
    glyphs = [looks[at % len(looks)][0] for at in (0, 7, 499)]
    for at, glyph in zip((0, 7, 499), glyphs, strict=True):
        cells = lines.nth(at).locator("td")
        assert cells.count() == RUNS
        assert set(cells.all_inner_texts()) == {glyph}
    page.get_by_label("Tasks with").fill("task_49")
    assert lines.count() == 11
    page.get_by_role("status").filter(has_text="11 of 500 tasks, 100 runs").wait_for()
    page.screenshot(path=SCREENSHOTS / "index.png", full_page=True)
    assert page.locator(".chart").count() == 1
    assert page.get_by_role("img").first.get_attribute("aria-label").startswith("flights: has time")
    assert violations(page) == []


WIDGET = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>widget</title></head>
<body><main><h1>Widget</h1><div id="here"></div></main><script type="module">%s
const heard = [];
const state = %s;
const style = %s;
window.sent = [];
window.model = {
  get: (name) => (name === "dashboard" ? state : style),
  send: (action) => window.sent.push(action),
  on: (_, listener) => heard.push(listener),
  off: () => {},
  tell: (change) => heard.forEach((listener) => listener(change)),
};
render({ model: window.model, el: document.getElementById("here") });
</script></body></html>"""


def test_a_thousand_events_do_not_freeze_the_page(played, look_at, tmp_path):
    """However many changes arrive between two frames, they are drawn once: the last one."""
    tasks = [
        {
            "task_key": f"t{at}",
            "depends_on": [{"task_key": f"t{at - 25}"}] if at >= 25 else [],
            "notebook_task": {"notebook_path": "n"},
        }
        for at in range(TASKS)
    ]
    run = run_view(record((found := played(tasks, {})).graph, found.state))
    documents = task_documents(run)
    state = {
        "job": {"name": "big", "parameters": [["month", "1"]], "folder": "", "report": ""},
        "graph": graph_svg(run),
        "run": run_document(run),
        "tasks": documents,
        "status": {"live": True, "starting": False, "alone": False, "message": ""},
    }
    front = script("widget").replace("export default { render };", "")
    page_path = tmp_path / "widget.html"
    data = [json.dumps(each).replace("<", "\\u003c") for each in (state, style())]
    page_path.write_text(WIDGET % (front, *data))
    page = look_at(page_path)
    assert page.locator("a[data-task]").count() == TASKS
    drawn = page.evaluate(
        """async () => {
            const text = document.querySelector(".nbkit-host").shadowRoot
                .querySelector('a[data-task="t7"] text.kind');
            let drawn = 0;
            new MutationObserver((changes) => { drawn += changes.length })
                .observe(text, { childList: true, characterData: true, subtree: true });
            const task = window.model.get("dashboard").tasks.t7;
            for (let cell = 1; cell <= 1000; cell += 1) {
                const t7 = { ...task, line: `cell ${cell}` };
                window.model.tell({ kind: "change", tasks: { t7 } });
            }
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return [drawn, text.textContent];
        }"""
    )
    assert drawn[1] == "cell 1000"
    assert drawn[0] <= 4
    page.get_by_label("month").fill("2")
    page.get_by_role("button", name="■ Cancel").click()
    assert page.evaluate("window.sent") == [{"kind": "cancel"}]
    assert violations(page) == []
