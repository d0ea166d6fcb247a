"""Jobs in JupyterLab as a person works with them: the side bar, a notebook's toolbar, new files."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from jupyterlab import jupyterlab, needs_chromium
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = [pytest.mark.e2e, needs_chromium]

SETTINGS = "[run]\nparallel = 4\ngrace_seconds = 1\n[kernels]\nspare = 1\npreload = []\n"
PATIENCE = 90_000
LOAD = "import time\nprint('<b>day</b>', day)\ntime.sleep(3)"
CHECK = "from pathlib import Path\nif not Path('fixed').exists():\n    raise ValueError('bad rows')"
OFTEN = {"quartz_cron_expression": "0/20 * * * * ?", "timezone_id": "UTC"}


def written(folder, name, *cells, parameters=None):
    made = new_notebook(cells=[new_code_cell(source) for source in cells])
    if parameters is not None:
        made.cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made.metadata["kernelspec"] = {
        "name": "nbkit",
        "display_name": "Python (nbkit)",
        "language": "python",
    }
    nbformat.write(made, folder / name)


def task(key, *parents):
    return {
        "task_key": key,
        "depends_on": [{"task_key": parent} for parent in parents],
        "notebook_task": {"notebook_path": f"{key}.ipynb"},
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "nbkit.toml").write_text(SETTINGS)
    written(folder, "load.ipynb", LOAD, parameters="day = '1'")
    written(folder, "check.ipynb", CHECK)
    job = {
        "name": "trial",
        "parameters": [{"name": "day", "default": "1"}],
        "schedule": OFTEN,
        "tasks": [task("load"), task("check", "load")],
    }
    (folder / "job.json").write_text(json.dumps(job))
    (folder / "later").mkdir()
    (folder / "later" / "job.json").write_text('{"kind": "of something else"}')
    with jupyterlab(folder) as lab:
        yield lab


@pytest.fixture(scope="module")
def shown(lab):
    """JupyterLab with a notebook open, and the side bar shown."""
    notebook = lab.open("load.ipynb")
    page = notebook.page
    page.set_default_timeout(PATIENCE)
    notebook.save()  # what a kernel adds to a notebook that is opened is a change
    away = page.get_by_text("Server Connection Error")  # JupyterLab's own dialog
    page.add_locator_handler(away, lambda: page.keyboard.press("Escape"))
    notebook.errors = []
    page.on("pageerror", lambda error: notebook.errors.append(f"{error}\n{error.stack}"))
    notebook.command("nbkit:show-jobs")
    page.get_by_role("region", name="Jobs", exact=True).wait_for()
    return notebook


def violations(page, context):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=context)
    return [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in found.response["violations"]
    ]


def in_bar(shown, section):
    return shown.page.locator(".nbkit-side").get_by_role("region", name=section, exact=True)


def tab(shown, name):
    return shown.page.get_by_role("tab", name=name, exact=True)


def visible_job(shown):
    return shown.page.locator(".nbkit-job:visible")


def test_a_planned_run_starts_by_itself_is_seen_live_fails_and_is_repaired(lab, shown):
    """Also while the service is started again, and without a reload of the page."""
    page = shown.page
    files = in_bar(shown, "Job files")
    files.get_by_role("button", name="Open trial").wait_for()
    assert violations(page, ".nbkit-side") == []
    shown.screenshot("side-bar")
    files.get_by_role("button", name="Deploy trial").click()
    deployed = in_bar(shown, "Deployed")
    deployed.get_by_text(re.compile(r"next \d{4}-")).wait_for()

    in_bar(shown, "Running").get_by_role("button", name="Open trial · run 1").click()
    job = visible_job(shown)
    job.locator("a[data-task=load] text.state", has_text="running").wait_for()
    shown.screenshot("side-bar-running")
    deployed.get_by_role("button", name="Pause trial").click()
    page.get_by_text("trial is paused").wait_for()
    lab.restart()
    job.locator(".title .badge", has_text="failed").wait_for()
    deployed.get_by_text("paused", exact=True).wait_for()
    deployed.get_by_text(": paused; ").wait_for()
    shown.screenshot("side-bar-failed")

    job.locator("a[data-task=check]").click()
    job.get_by_label("Task", exact=True).get_by_text("bad rows").first.wait_for()
    assert violations(page, ".nbkit-job") == []
    job.get_by_role("link", name="check.ipynb, cell 1, line 3").click()
    tab(shown, "check.ipynb").wait_for()
    shown.close("check.ipynb")
    tab(shown, "run 1 of trial").click()
    (lab.folder / "fixed").touch()
    job.get_by_role("button", name="Repair").click()
    job.locator(".title .badge", has_text="succeeded").wait_for()
    shown.screenshot("side-bar-repaired")


def dialog(shown):
    return shown.page.locator(".jp-Dialog")


def test_a_notebook_is_run_as_a_job_and_its_output_is_only_looked_at(lab, shown):
    """Unsaved changes are asked about; the output opens beside, named, without a kernel."""
    page = shown.page
    tab(shown, "load.ipynb").click()
    page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel
            .setSource("print('changed', day)")"""
    )
    page.get_by_role("button", name="Run as a job").click()
    dialog(shown).get_by_text("1 notebook has unsaved changes: save and run?").wait_for()
    shown.screenshot("unsaved")
    dialog(shown).get_by_role("button", name="Save and run").click()
    dialog(shown).get_by_label("day", exact=True).fill("7")
    assert violations(page, ".jp-Dialog-content") == []
    shown.screenshot("run-as-a-job")
    dialog(shown).get_by_role("button", name="Run", exact=True).click()
    job = visible_job(shown)
    job.locator(".title .badge", has_text="succeeded").wait_for()
    job.get_by_text("day = 7").first.wait_for()
    assert "changed" in (lab.folder / "load.ipynb").read_text()
    first = page.locator(".lm-TabBar-tab.jp-mod-current").inner_text().strip()
    job.get_by_role("button", name="Run again with these").click()
    page.wait_for_function(
        """first => window.jupyterapp.shell.currentWidget.title.label !== first
            && window.jupyterapp.shell.currentWidget.title.label.endsWith(" of load")""",
        arg=first,
    )
    job = visible_job(shown)
    job.locator(".title .badge", has_text="succeeded").wait_for()
    job.get_by_text("day = 7").first.wait_for()
    job.locator("a[data-task]").click()
    job.get_by_role("link", name="Output notebook").click()
    output = page.get_by_role("tab", name=re.compile(r"^load · run \d+$"))
    output.wait_for()
    page.get_by_text("changed 7").wait_for()
    shown.screenshot("output")
    named = output.inner_text().strip()
    page.wait_for_function(OUTPUT, arg=named)
    run = named.rpartition(" ")[2]
    assert (lab.folder / "runs" / run / "load" / "0.ipynb").is_file()  # and is called so still
    shown.close(named)


OUTPUT = """title => {
    const all = [...window.jupyterapp.shell.widgets('main')]
    const open = all.find(each => each.title.label === title)
    return !open.context.sessionContext.session?.kernel && !open.context.model.dirty
        && open.content.widgets.every((each) => each.editor?.getOption("readOnly") !== false)
}"""


def test_a_notebook_is_scheduled_from_its_toolbar(shown):
    """What would happen next is told, or what is wrong; it can be changed and taken back."""
    page = shown.page
    tab(shown, "load.ipynb").click()
    page.get_by_role("button", name="Schedule …").click()
    asked = dialog(shown)
    asked.locator("li").nth(4).wait_for()
    assert violations(page, ".jp-Dialog-content") == []
    asked.get_by_label("Quartz expression").fill("0 0 25 * * ?")
    asked.locator(".nbkit-bad").wait_for()
    shown.screenshot("schedule-wrong")
    asked.get_by_label("How often").select_option("every hour")
    asked.locator("li").nth(4).wait_for()
    asked.get_by_label("day", exact=True).fill("8")
    shown.screenshot("schedule")
    asked.get_by_role("button", name="Schedule", exact=True).click()
    deployed = in_bar(shown, "Deployed")
    deployed.get_by_role("button", name="Open load").wait_for()
    page.get_by_role("button", name="Schedule …").click()
    assert asked.get_by_label("Quartz expression").input_value() == "0 0 * * * ?"
    assert asked.get_by_label("day", exact=True).input_value() == "8"
    asked.get_by_role("button", name="Unschedule").click()
    deployed.get_by_role("button", name="Open load").wait_for(state="detached")


def test_a_double_click_opens_jobs_and_only_jobs_as_such(lab, shown):
    """New ones come from the launcher; dark is as accessible as light; nothing went wrong."""
    page = shown.page
    shown.command("docmanager:open", path="job.json")
    visible_job(shown).last.get_by_role("heading", name="trial").wait_for()
    shown.command("docmanager:open", path="later/job.json")
    page.locator(".jp-FileEditor:visible").wait_for()
    page.wait_for_function(
        """() => [...window.jupyterapp.shell.widgets('main')]
            .filter(each => each.context?.path === 'later/job.json')
            .every(each => each.content.hasClass('jp-FileEditor'))"""
    )
    shown.command("nbkit:new-job", cwd="later")
    assert (lab.folder / "later" / "2-job.json").is_file()
    visible_job(shown).last.get_by_role("heading", name="later").wait_for()
    shown.command("apputils:change-theme", theme="JupyterLab Dark")
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    assert violations(page, ".nbkit-side") == []
    shown.command("nbkit:show-tables")
    page.get_by_text("No Delta table is in the warehouse yet.").wait_for()
    assert violations(page, ".nbkit-side") == []
    shown.screenshot("dark")
    ours = [error for error in shown.errors if "blob:" in error or "nbkit" in error]
    assert ours == []  # JupyterLab has errors of its own while its server is away
