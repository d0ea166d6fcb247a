"""`nbkit.job` in a real JupyterLab, as a person clicks it."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
import pytest
from jupyterlab import SCREENSHOTS, jupyterlab, needs_chromium
from nbformat.v4 import new_code_cell, new_notebook
from processes import until

from nbkit.report.notebook_page import write_notebook_page
from nbkit.spark.work_now import told

pytestmark = [pytest.mark.e2e, needs_chromium]

SETTINGS = "[run]\nparallel = 4\ngrace_seconds = 1\n[kernels]\nspare = 1\npreload = []\n"
PATIENCE = 60_000
CHECK = "from pathlib import Path\nif not Path('fixed').exists():\n    raise ValueError('bad rows')"
MEASURED = {
    "name": "has time",
    "rule": "time IS NOT NULL",
    "action": "warn",
    "threshold": 0.05,
    "passed": 99,
    "failed": 1,
    "dropped": 0,
    "ok": True,
}
REPORTED = {
    "kind": "expectations",
    "id": "1",
    "dataset": "flights",
    "rows": 100,
    "at": 1,
    "results": [MEASURED],
}
OUTPUT_AT = """([title, cell]) => {
    const all = [...window.jupyterapp.shell.widgets('main')]
    const open = all.find(each => each.title.label === title)
    return open.content.activeCellIndex === cell && !open.context.sessionContext.session?.kernel
        && open.content.widgets.every((each) => each.editor?.getOption("readOnly") !== false)
}"""
SLOW = f"""\
import time
from nbkit.toolkit.say import say
say({told("1 1 3 6 24")})
time.sleep(180)"""
SERVE = f"from nbkit.toolkit.say import say\nsay({REPORTED})"


def task(key, notebook, *parents, **fields):
    return {
        "task_key": key,
        "depends_on": [{"task_key": parent} for parent in parents],
        "notebook_task": {"notebook_path": f"{notebook}.ipynb"},
        **fields,
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "nbkit.toml").write_text(SETTINGS)
    for name, source in (
        ("one", "print(1)"),
        ("check", CHECK),
        ("serve", SERVE),
        ("slow", SLOW),
    ):
        kernel = {"name": "nbkit", "display_name": "Python (nbkit)", "language": "python"}
        made = new_notebook(cells=[new_code_cell(source)], metadata={"kernelspec": kernel})
        nbformat.write(made, folder / f"{name}.ipynb")
    each = {"inputs": "[1, 2]", "task": task("inner", "one")}
    gate = {"op": "EQUAL_TO", "left": "{{job.parameters.month}}", "right": "2"}
    job = {
        "name": "trial",
        "parameters": [{"name": "month", "default": "1"}],
        "tasks": [
            task("load", "one"),
            {"task_key": "gate", "depends_on": [{"task_key": "load"}], "condition_task": gate},
            {
                "task_key": "each",
                "depends_on": [{"task_key": "gate", "outcome": "true"}],
                "for_each_task": each,
            },
            task("check", "check", "each"),
            task("serve", "serve", "check"),
        ],
    }
    (folder / "job.json").write_text(json.dumps(job))
    slow = {"name": "slow", "tasks": [task("slow", "slow")]}
    (folder / "slow.json").write_text(json.dumps(slow))
    with jupyterlab(folder) as lab:
        yield lab


@pytest.fixture(scope="module")
def trial(lab):
    """A notebook that shows the job; the first test runs it."""
    lab.write("view.ipynb", "import nbkit\nnbkit.job('job.json')", "40 + 2")
    notebook = lab.open("view.ipynb")
    notebook.errors = []
    notebook.page.set_default_timeout(PATIENCE)
    notebook.page.on("pageerror", lambda error: notebook.errors.append(f"{error}\n{error.stack}"))
    notebook.run(0)
    return notebook


def state_of(notebook, key):
    return notebook.page.locator(f'a[data-task="{key}"] text.state')


def run_badge(notebook, word):
    return notebook.page.locator(".title .badge", has_text=word)


def violations(page, context):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=context)
    return [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in found.response["violations"]
    ]


def test_from_click_to_finished_graph(trial):
    """A parameter is typed, Run is clicked, and the graph shows how every task ended."""
    page = trial.page
    page.get_by_label("month").fill("2")
    page.get_by_role("button", name="► Run", exact=True).click()
    run_badge(trial, "failed").wait_for(timeout=PATIENCE)
    assert state_of(trial, "load").text_content().startswith("✓ succeeded")
    assert state_of(trial, "check").text_content().startswith("✗ failed")
    assert state_of(trial, "serve").text_content().startswith("⊘ upstream failed")
    assert "for each · 2 of 2" in page.locator('a[data-task="each"]').text_content()
    assert "if/else · true" in page.locator('a[data-task="gate"]').text_content()
    assert trial.run(1).endswith("42"), "the kernel is free"
    assert page.get_by_label("month").input_value() == "2"
    trial.screenshot("dashboard-failed")


def test_a_task_tells_everything_and_its_notebook_opens_beside(trial):
    page = trial.page
    page.locator('a[data-task="check"]').click()
    panel = page.get_by_label("Task", exact=True)
    panel.get_by_text("ValueError: bad rows").first.wait_for()
    assert panel.get_by_role("link", name="check.ipynb, cell 1, line 3").is_visible()
    assert "month" in panel.inner_text()
    panel.get_by_role("link", name="Output notebook, cell 3").click()
    page.get_by_role("tab", name="check · run 1").wait_for(timeout=PATIENCE)
    page.get_by_role("heading", name="✗ failed: check").first.wait_for()
    page.wait_for_function(OUTPUT_AT, arg=["check · run 1", 2])
    trial.screenshot("dashboard-beside")
    trial.close("check · run 1")
    page.get_by_role("tab", name="view.ipynb").click()


def test_the_timeline_and_the_runs_are_drawn(trial):
    page = trial.page
    page.get_by_role("tab", name="Timeline").click()
    page.get_by_label("Timeline of 4 tasks").wait_for()
    trial.screenshot("dashboard-timeline")
    page.get_by_role("tab", name="Runs", exact=True).click()
    page.locator(".matrix tbody tr").first.wait_for(timeout=PATIENCE)
    assert page.locator(".matrix tbody tr").count() == 5
    page.get_by_label("Tasks with").fill("che")
    assert page.locator(".matrix tbody th").all_inner_texts() == ["check"]
    page.get_by_role("tab", name="Graph").click()


def test_no_rule_of_accessibility_is_broken(trial):
    for tab in ("Graph", "Timeline", "Runs"):
        trial.page.get_by_role("tab", name=tab, exact=True).click()
        trial.page.wait_for_function("() => true")
        assert violations(trial.page, ".nbkit-host") == [], tab
    trial.page.get_by_role("tab", name="Graph").click()


def test_typing_is_not_for_jupyterlab(trial):
    """A letter in a field is text, and no command of the notebook."""
    cells = trial.page.locator(".jp-Notebook .jp-Cell").count()
    field = trial.page.get_by_label("month")
    field.fill("")
    field.press_sequentially("abdd")
    assert field.input_value() == "abdd"
    assert trial.page.locator(".jp-Notebook .jp-Cell").count() == cells
    field.fill("2")


def test_a_failure_and_its_repair(lab, trial):
    """Repair reruns what failed and what hangs on it; the saved notebook shows the end."""
    (lab.folder / "fixed").touch()
    if run_badge(trial, "failed").is_visible():  # not when this test is run once more
        trial.page.get_by_role("button", name="Repair").click()
    run_badge(trial, "succeeded").wait_for(timeout=PATIENCE)
    assert state_of(trial, "serve").text_content().startswith("✓ succeeded")
    ours = [error for error in trial.errors if "blob:" in error or "nbkit" in error]
    assert ours == []  # JupyterLab has errors of its own on a busy machine
    trial.screenshot("dashboard-repaired")


def test_the_saved_notebook_shows_a_picture(trial):
    """Where nothing can run the widget there is a graph with its states, and no error."""

    def saved():
        return trial.save().cells[0].outputs[0].data

    until(lambda: "✓ succeeded, run 1" in saved()["text/html"])  # it follows what is on the page
    data = saved()
    assert data["image/svg+xml"].startswith("<svg xmlns=")
    asked = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(trial.path)]
    html = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    assert "Graph of trial" in html
    assert "Error displaying widget" not in html


def test_a_few_tasks_and_what_changed_since(trial):
    """What is selected is run alone; the comparison opens beside, expectations have charts."""
    page = trial.page
    page.locator('a[data-task="load"]').click()
    page.get_by_role("button", name="► Run selected (1)").click()
    page.locator(".run-facts", has_text="run 2").wait_for(timeout=PATIENCE)
    run_badge(trial, "succeeded").wait_for(timeout=PATIENCE)
    assert "disabled" in state_of(trial, "check").text_content()
    page.get_by_role("button", name="± Compare", exact=True).click()
    page.get_by_role("tab", name="run 1 → run 2").wait_for(timeout=PATIENCE)
    trial.screenshot("dashboard-compare")
    trial.command("application:close")
    page.get_by_role("tab", name="view.ipynb").click()
    page.get_by_role("tab", name="Runs", exact=True).click()
    listed = page.get_by_role("region", name="List of runs")
    listed.get_by_role("button", name="Show run 1").click()
    page.locator(".run-facts", has_text="run 1 ").get_by_text("an earlier run").wait_for()
    page.get_by_role("button", name="Show the latest").click()
    page.locator(".run-facts", has_text="run 2 ").wait_for()
    page.get_by_role("tab", name="Expectations").click()
    chart = page.get_by_role("img", name="flights: has time")
    chart.wait_for(timeout=PATIENCE)
    assert "1.00 % of rows failed in run 1" in chart.get_attribute("aria-label")
    trial.screenshot("dashboard-expectations")
    page.get_by_role("tab", name="Graph").click()


def test_an_output_notebook_as_a_page_breaks_no_rule_of_accessibility(lab):
    """What `nbkit review --task` shows."""
    source = lab.folder / "runs" / "1" / "check" / "0.ipynb"
    shown = source.with_suffix(".html")
    write_notebook_page(source, shown)
    for scheme in ("light", "dark"):
        page = lab.browser.new_page(color_scheme=scheme)
        page.goto(shown.as_uri())
        page.get_by_text("ValueError").first.wait_for()
        assert violations(page, "body") == [], scheme
        page.screenshot(path=SCREENSHOTS / f"notebook-{scheme}.png")
        page.close()


def opened_as_job(page, path):
    """Open a file with "nbkit job"; what is shown of it."""
    opening = "path => window.jupyterapp.commands.execute('docmanager:open', path)"
    page.evaluate(opening, {"path": path, "factory": "nbkit job"})
    return page.locator(".nbkit-job:visible")


def kernels(page):
    """Return the files that have a kernel."""
    return page.evaluate(
        """async () => {
            const sessions = window.jupyterapp.serviceManager.sessions;
            await sessions.refreshRunning();
            return [...sessions.running()].map((session) => session.path);
        }"""
    )


def test_a_job_file_opens_as_its_dashboard(trial):
    """By the file's menu; the kernel that shows it ends with the tab, and is no one else's."""
    page = trial.page
    page.locator('.jp-DirListing-item[data-file-type="nbkit-job"]').click(button="right")
    page.get_by_role("menuitem", name="Open with nbkit job").click()
    shown = page.locator(".nbkit-job:visible")
    shown.locator(".run-facts", has_text="run 2").wait_for(timeout=PATIENCE)
    assert violations(page, ".nbkit-job") == []
    trial.screenshot("document")
    shown.locator('a[data-task="load"]').click()
    shown.get_by_role("link", name="Output notebook").click()
    page.get_by_role("tab", name="load · run 2").wait_for(timeout=PATIENCE)
    trial.close("load · run 2")
    page.get_by_role("tab", name="job.json").click()
    assert "job.json" in kernels(page)
    trial.command("application:close")
    until(lambda: "job.json" not in kernels(page))
    assert "view.ipynb" in kernels(page)


def test_a_file_that_is_no_job_yet_says_why(lab, trial):
    """A list of problems; once saved it is read again. Of a bundle one job is chosen."""
    page = trial.page
    wrong = {"name": "later", "tasks": [task("a", "one", "b"), task("c", "nowhere")]}
    (lab.folder / "later.json").write_text(json.dumps(wrong))
    shown = opened_as_job(page, "later.json")
    problems = shown.get_by_role("listitem")
    problems.first.wait_for(timeout=PATIENCE)
    assert problems.count() == 2
    assert "the job has no task b" in problems.first.inner_text()
    assert violations(page, ".nbkit-job") == []
    trial.screenshot("document-problems")
    page.evaluate(
        """async (text) => {
            const { context } = window.jupyterapp.shell.currentWidget;
            context.model.fromString(text);
            await context.save();
        }""",
        json.dumps({"name": "later", "tasks": [task("a", "one")]}),
    )
    shown.get_by_role("heading", name="later").wait_for(timeout=PATIENCE)
    trial.command("application:close")
    jobs = {"first": {"tasks": [task("a", "one")]}, "second": {"tasks": [task("b", "one")]}}
    bundle = {"bundle": {"name": "two"}, "resources": {"jobs": jobs}}
    (lab.folder / "databricks.yml").write_text(json.dumps(bundle))
    shown = opened_as_job(page, "databricks.yml")
    shown.get_by_role("button", name="second").click()
    shown.locator('a[data-task="b"]').wait_for(timeout=PATIENCE)
    trial.command("application:close")


def test_after_its_kernel_a_notebook_shows_the_picture(lab, trial):
    """Also when it is opened again; and the cell makes it live again."""
    page = trial.page
    page.get_by_role("tab", name="view.ipynb").click()
    trial.command("kernelmenu:shutdown")
    page.get_by_text("This is how it was saved").wait_for(timeout=PATIENCE)
    trial.save()
    page.close()
    again = lab.open("view.ipynb")
    again.page.set_default_timeout(PATIENCE)
    again.page.get_by_text("This is how it was saved").wait_for()
    assert again.page.get_by_role("img", name="Graph of trial").is_visible()
    assert "Error displaying widget" not in again.output(0)
    again.screenshot("dashboard-ended")
    again.run(0)
    again.page.get_by_role("button", name="► Run", exact=True).wait_for()
    again.page.close()


def test_reopening_shows_the_live_run_and_cancel_ends_it(lab):
    """The run goes on while the page is closed; the page that opens next follows it."""
    lab.write("watch.ipynb", "import nbkit\nnbkit.job('slow.json')")
    first = lab.open("watch.ipynb")
    first.page.set_default_timeout(PATIENCE)
    first.run(0)
    first.page.get_by_role("button", name="► Run", exact=True).click()
    run_badge(first, "running").wait_for(timeout=PATIENCE)
    first.save()
    first.page.close()
    again = lab.open("watch.ipynb")
    again.page.set_default_timeout(PATIENCE)
    run_badge(again, "running").wait_for(timeout=PATIENCE)
    again.page.locator('a[data-task="slow"]').click()
    work = again.page.locator(".panel .spark")
    work.get_by_text("Spark: 6 of 24 tasks, 1 of 3 stages").wait_for()
    assert work.locator("progress").get_attribute("value") == "0.25"
    again.screenshot("dashboard-live")
    again.command("application:close")  # only the tab: its kernel goes on, its subshell does not
    again.command("docmanager:open", path="watch.ipynb")
    run_badge(again, "running").wait_for(timeout=PATIENCE)
    again.page.get_by_role("button", name="Cancel").click()
    run_badge(again, "cancelled").wait_for(timeout=PATIENCE)
    assert state_of(again, "slow").text_content().startswith("■ cancelled")
    assert work.count() == 0
