from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from nbkit.errors import Failure
from nbkit.events import RunRepaired
from nbkit.report.front_end import hash_of
from nbkit.report.index import write_index
from nbkit.report.page import ITERATIONS_SHOWN, render_report, write_report
from nbkit.report.rows import kept_row
from nbkit.rules.apply import apply
from nbkit.rules.record import record

EVIL = "<script>alert('&\"')</script>"


class Page(HTMLParser):
    """A page as tags and texts; fails on tags that do not match."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self._shapes = 0
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in {"style", "script"}:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def render(played, **changes) -> Page:
    document = {**record(played.graph, played.state), **changes}
    return Page(render_report(document, folder=Path("/p/runs/12"), root=Path("/p")))


def test_the_page_needs_nothing_but_itself(flights):
    """It opens from disk: no address, and a policy that allows no script but the page's own."""
    html = render_report(
        record(flights.graph, flights.state), folder=Path("/p/runs/12"), root=Path("/p")
    )
    (own,) = re.findall(r'<script type="module">(.*?)</script>', html, re.DOTALL)
    assert f"script-src 'sha256-{hash_of(own)}'" in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
    assert "default-src 'none'" in html


def test_everything_about_a_run_is_there(flights):
    """State, parameters, reasons, values, exit value, traceback, attempts, iterations."""
    text = render(flights).text
    for part in (
        "flights medallion",
        "✗ failed",
        "481516",
        "ValueError: 2.5% of the rows have no departure time",
        "----> 3 raise ValueError",
        "OSError: Connection reset",
        "327346",
        "no_dep_time",
        "2013-01-01",
        "Did not run: 'gold_carriers' failed",
        "airports",
        "5 in all",
        "0.975 GREATER_THAN 0.95",
        "9.1 s · 2 attempts",
    ):
        assert part in text, part


def test_failures_come_first(flights):
    """First what failed, then what did not run because of it, then the rest as in the job."""
    html = render(flights)
    listed = html.text.split("Tasks\n", 1)[1]
    places = [listed.index(key) for key in ("gold_carriers", "serve", "ingest", "clean", "tell")]
    assert places == sorted(places)
    opened = [tag for tag in html.all("details") if "open" in tag]
    assert [tag["class"] for tag in opened] == ["task"]


def test_notebooks_are_linked_relative_to_the_page(flights):
    """So the folder can be moved or sent as a whole; odd characters are quoted."""
    links = {tag["href"] for tag in render(flights).all("a")}
    assert "gold_carriers/1.ipynb" in links
    assert "ingest/3/1.ipynb" in links
    document = record(flights.graph, flights.state)
    document["tasks"][0]["iterations"][0]["output_notebook"] = "runs/12/a b/java:x#1.ipynb"
    html = render_report(document, folder=Path("/p/runs/12"), root=Path("/p"))
    assert 'href="a%20b/java%3Ax%231.ipynb"' in html


def test_every_link_inside_the_page_leads_somewhere(flights):
    page = render(flights)
    ids = {tag["id"] for _, tag in page.tags if "id" in tag}
    inside = {tag["href"][1:] for tag in page.all("a") if tag["href"].startswith("#")}
    assert inside <= ids


def test_whatever_people_name_or_raise_is_only_shown(played):
    """Names, paths, parameters, values, results, errors and tracebacks are escaped."""
    failure = Failure(cause="cell_error", message=EVIL, error="E", traceback=EVIL, cell=0)
    task = {
        "task_key": "t" + EVIL,
        "description": EVIL,
        "notebook_task": {"notebook_path": EVIL, "base_parameters": {EVIL: EVIL}},
    }
    acts = {"t" + EVIL: {"failure": failure, "exit_value": EVIL, "values": {EVIL: {EVIL: EVIL}}}}
    run = played([task], acts, name=EVIL)
    page = render(run, job_parameters=[{"name": EVIL, "value": EVIL}])
    assert [tag["type"] for tag in page.all("script")] == ["application/json", "module"]
    assert page.text.count(EVIL) > 8


def test_half_a_surrogate_pair_does_not_stop_the_report(played, tmp_path):
    """JSON and notebooks can hold one; UTF-8 cannot."""
    run = played(
        [{"task_key": "t", "notebook_task": {"notebook_path": "n"}}],
        {"t": {"values": {"half": "\ud83d"}}},
    )
    write_report(run.graph, run.state, tmp_path / "report.html", root=tmp_path)
    assert "half" in (tmp_path / "report.html").read_text("utf-8")


def test_states_are_told_by_glyph_and_word_not_by_colour(flights):
    """Every box and badge says its state in words; the picture has a text for readers."""
    page = render(flights)
    svgs = page.all("svg")
    assert len(svgs) == 2
    assert all(svg["aria-label"] and svg["role"] for svg in svgs)
    labels = [tag["aria-label"] for tag in page.all("a") if "aria-label" in tag]
    assert any(
        re.search(r"serve, notebook, ⊘ upstream failed, after .*\(true\)", text) for text in labels
    )
    assert all("scope" in tag for tag in page.all("th"))


def test_nodes_are_recognisable_by_shape(flights):
    """An If/else is a hexagon and a For each a pile; the edge says its outcome."""
    page = render(flights)
    assert len(page.all("polygon")) == 1
    boxes = [tag for tag in page.all("rect") if tag["class"] == "box"]
    assert len(boxes) == len(flights.graph.keys) - 1 + 2
    assert len([tag for tag in page.all("path") if tag.get("class") == "edge idle"]) == 1


def test_a_repair_has_its_line_and_its_place_in_the_timeline(flights):
    """The time between the run's end and its repair does not stretch the axis."""
    later = flights.state.finished_at + 86_400_000
    repaired = RunRepaired(at=later, repair_id=7, rerun=("gold_carriers", "serve"), parameters={})
    state = apply(flights.graph, flights.state, repaired)
    html = render_report(record(flights.graph, state), folder=Path("/p/runs/12"), root=Path("/p"))
    page = Page(html)
    assert "Repair 1" in page.text
    assert "repair 1" in page.text
    assert "20 h" not in page.text


def test_a_repaired_run_took_as_long_as_it_worked(flights):
    """The hour before the repair does not count."""
    document = record(flights.graph, flights.state)
    first = document["repair_history"][0]
    later = {**first, "start_time": first["end_time"] + 3_600_000}
    later["end_time"] = later["start_time"] + 8_000
    page = render(flights, repair_history=[first, later], end_time=later["end_time"])
    assert "Duration, repairs included" in page.text
    assert "40 s" in page.text


def test_a_run_that_did_not_begin_can_be_shown(played):
    """Every field may be missing."""
    run = played([{"task_key": "t", "notebook_task": {"notebook_path": "n"}}], {})
    fresh = replace(run.state, started_at=None, finished_at=None)
    assert (
        "t"
        in Page(render_report(record(run.graph, fresh), folder=Path("/p"), root=Path("/p"))).text
    )
    bare = render_report({"run_id": 1, "tasks": [{"task_key": "x"}]}, folder=Path(), root=Path())
    assert "unknown" in Page(bare).text


def test_of_thousands_of_iterations_the_failed_ones_are_listed(played):
    """The page stays small; what is left out is said."""
    inner = {"task_key": "one", "notebook_task": {"notebook_path": "n"}}
    block = {"inputs": str(list(range(300))), "concurrency": 100, "task": inner}
    run = played([{"task_key": "each", "for_each_task": block}], {})
    document = record(run.graph, run.state)
    document["tasks"][0]["iterations"][299]["state"]["result_state"] = "FAILED"
    page = Page(render_report(document, folder=Path("/p"), root=Path("/p")))
    assert f"{300 - ITERATIONS_SHOWN} more are not listed" in page.text
    assert "299" in page.text


def test_the_report_is_replaced_in_one_step(flights, tmp_path):
    """A reader sees the old page or the new one, and no other file stays behind."""
    path = tmp_path / "runs" / "12" / "report.html"
    write_report(flights.graph, flights.state, path, root=tmp_path)
    before = path.stat().st_ino
    write_report(flights.graph, flights.state, path, root=tmp_path)
    assert path.stat().st_ino != before
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_the_index_lists_runs_and_links_the_reports_that_exist(flights, tmp_path):
    document = record(flights.graph, flights.state)
    write_report(flights.graph, flights.state, tmp_path / "12" / "report.html", root=tmp_path)
    summary = {"run_id": 11, "run_name": EVIL, "state": {"life_cycle_state": "RUNNING"}}
    write_index([document, summary], tmp_path / "index.html", runs_folder=tmp_path)
    page = Page((tmp_path / "index.html").read_text())
    assert [tag["href"] for tag in page.all("a")] == ["12/report.html"]
    assert "► running" in page.text
    assert EVIL in page.text


def test_the_index_draws_runs_by_tasks(flights, tmp_path):
    """Rows are grouped by job; a row is made once and kept beside the run."""
    document = record(flights.graph, flights.state)
    (tmp_path / "12").mkdir()
    asked = []

    def read():
        asked.append(12)
        return document

    rows = [kept_row(document, tmp_path / "12", read) for _ in range(2)]
    assert asked == [12]
    assert rows[0] == rows[1]
    write_index([document], tmp_path / "index.html", rows[:1], runs_folder=tmp_path)
    html = (tmp_path / "index.html").read_text()
    (data,) = re.findall(r'id="nbkit-data">(.*?)</script>', html)
    (job,) = json.loads(data)["jobs"]
    assert job["tasks"] == [task["task_key"] for task in document["tasks"]]
    assert "flights medallion: runs and tasks" in Page(html).text


def test_what_a_notebook_told_is_shown(flights):
    """Steps, expectations, datasets and runs that it began, from the last attempt."""
    document = json.loads(json.dumps(record(flights.graph, flights.state)))
    told = document["tasks"][1]["attempts"][-1]
    told["steps"] = [
        {"id": "1", "parent": "", "name": "count rows", "state": "recorded", "tries": 2,
         "started_at": 1000, "ended_at": 3500, "error": "no host", "transient": True}
    ]  # fmt: skip
    told["expectations"] = [
        {"id": "e", "dataset": "silver.flights", "rows": 1234, "at": 1, "results": [
            {"name": "has time", "rule": "dep_time IS NOT NULL", "action": "drop",
             "threshold": 0.0, "passed": 1200, "failed": 34, "dropped": 34, "ok": False}]}
    ]  # fmt: skip
    told["datasets"] = [
        {"id": "gold.delays", "type": "materialized_view", "state": "COMPLETED",
         "message": "full refresh", "rows": 20, "dropped": None, "started_at": 0, "ended_at": 0}
    ]  # fmt: skip
    told["child_runs"] = [{"id": "c", "run_id": 77, "notebook": "lib/child"}]
    text = render(flights, tasks=document["tasks"]).text
    for part in (
        "count rows",
        "! recorded",
        "2.5 s",
        "1,234",
        "✗ not held: 34 failed, 1,200 passed, 34 dropped",
        "gold.delays",
        "materialized view",
        "run 77 of lib/child",
    ):
        assert part in text, part


def test_an_index_without_runs_says_how_to_get_one(tmp_path):
    write_index([], tmp_path / "index.html", runs_folder=tmp_path)
    assert "nbkit run JOB" in (tmp_path / "index.html").read_text()
