"""The pages in a real browser: jobs listed, a run live, failed, repaired, cancelled, paused."""

from __future__ import annotations

import pytest
from jupyterlab import CHROMIUM, FLAGS, needs_chromium

from nbkit import api
from nbkit.settings import Settings

pytestmark = [pytest.mark.e2e, needs_chromium]

PATIENCE = 90_000
CHECK = "from pathlib import Path\nif not Path('fixed').exists():\n    raise ValueError('bad rows')"


@pytest.fixture(scope="module")
def page(served):
    from playwright.sync_api import sync_playwright

    project = served.project
    project.notebook("load", "print('<b>day</b>', day)", parameters="day = '1'")
    project.notebook("check", CHECK)
    job = project.job(
        project.notebook_task("load", "load"),
        project.notebook_task("check", "check", "load"),
        name="trial",
        parameters=[{"name": "day", "default": "1"}],
        schedule={"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC"},
    )
    api.deploy(job, settings=Settings.of(project.root))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), chromium_sandbox=False
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1200})
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(f"{error}\n{error.stack}"))
        page.on("console", lambda said: said.type == "error" and page.errors.append(said.text))
        page.set_default_timeout(PATIENCE)
        page.goto(f"{served.url}/nbkit?token={served.token}")
        yield page
        browser.close()


def violations(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    return [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in found.response["violations"]
    ]


def test_from_the_list_to_a_repaired_run(page, served):
    """Run now, see it fail, repair it, compare; every page is accessible, and raises no error."""
    page.get_by_role("row", name="trial").get_by_text("waiting").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Run now trial").click()
    page.wait_for_url("**/nbkit/runs/*")
    page.locator(".title .badge", has_text="failed").wait_for()
    assert violations(page) == []
    page.locator("a[data-task=check]").click()
    page.locator(".panel", has_text="bad rows").wait_for()

    (served.project.root / "fixed").touch()
    page.get_by_role("button", name="Repair").click()
    page.locator(".title .badge", has_text="succeeded").wait_for()
    page.get_by_label("day").fill("7")
    first = page.url
    page.get_by_role("button", name="► Run", exact=True).click()
    page.wait_for_function("first => location.href !== first", arg=first)
    page.locator(".title .badge", has_text="succeeded").wait_for()
    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("region", name="Runs and tasks").wait_for()
    listed = page.get_by_role("region", name="List of runs")
    page.get_by_label("Runs with").fill("day = 7 succeeded")
    listed.get_by_role("row").nth(1).get_by_text("day = 7").wait_for()
    assert listed.get_by_role("row").count() == 2, "the head, and the run of that day"
    assert violations(page) == []
    page.get_by_label("Compare run").select_option("2")
    page.get_by_label("with run").select_option("1")
    page.get_by_role("button", name="± Compare these").click()
    page.wait_for_url("**/runs/1/diff-2.html")
    page.get_by_role("heading", name="What changed").wait_for()
    assert page.errors == []


def test_a_job_is_paused_and_resumed(page, served):
    """On the list, with what its state is then."""
    page.goto(f"{served.url}/nbkit")
    page.get_by_role("button", name="Pause trial").click()
    page.get_by_text("trial is paused").wait_for()
    page.get_by_text("schedule: paused").wait_for()
    page.get_by_role("button", name="Resume trial").click()
    page.get_by_text("starts by itself again").wait_for()
    page.get_by_role("button", name="Pause trial").wait_for()
    assert page.errors == []


def test_an_output_notebook_is_shown_without_its_scripts(page, served):
    """As a page of its own, which may run nothing."""
    page.goto(f"{served.url}/nbkit")
    page.get_by_role("link", name="trial").click()
    page.locator("a[data-task=load]").click()
    link = page.locator(".panel a[href$='.ipynb']").first
    answer = page.request.get(f"{served.url}{link.get_attribute('href')}")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "&lt;b&gt;day&lt;/b&gt; 7" in answer.text()


def test_nobody_else_is_let_in(served):
    """Without the token a page asks for it, and what pages do is refused."""
    bare = {"Authorization": ""}
    request = served.ask("GET", "/nbkit", headers=bare)
    assert (request.status_code, "/login" in request.headers["location"]) == (302, True)
    refused = served.ask("POST", "/nbkit/act", {"kind": "run", "job_id": 1}, headers=bare)
    assert refused.status_code == 403
