"""What people and the run's record are told: no Spark."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from nbkit import serving as attempt
from nbkit.quality import history
from nbkit.quality.expectation import Expectation
from nbkit.quality.history import History, Past
from nbkit.quality.outcome import outcome_of, sampled
from nbkit.quality.report import Checked

RULES = [
    Expectation("<b>bold</b>", "x > '<'", "drop"),
    Expectation("few", "y > 0", threshold=0.5),
]
COUNTS = {"rows": 10, "kept": 7, "quarantined": 1, "failed_0": 3, "failed_1": 5}
OUTCOME = sampled(outcome_of("silver", RULES, COUNTS), {"few": [{"y": "</pre>"}]})


class Tags(HTMLParser):
    """Opens and closes what it should, and counts."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.seen = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page():
    runs = [Past(2, 1, 10, False, "", ""), Past(1, 0, 0, True, "", "")]
    return Checked(OUTCOME, {"few": runs})._repr_html_()


def test_a_report_is_whole_and_runs_nothing():
    """Everything is closed, drawn without a script, and people's text stays text."""
    html = page()
    tags = Tags(html.replace("<br>", "<br/>"))
    assert not tags.open
    assert not {"script", "b>bold", "style"} & {*tags.seen}
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "&lt;/pre&gt;" in html
    assert "silver: 10 rows, 1 quarantined, 2 dropped, 1 of 2 expectations held" in html


def test_a_report_draws_the_past_and_now():
    """The oldest run first; its own measure is the last bar."""
    html = page()
    assert "failed in 1 of 3 runs" in html
    assert html.index("<title>0.00%</title>") < html.index("<title>10.00%</title>")
    assert html.index("<title>10.00%</title>") < html.index("<title>50.00%</title>")


@pytest.fixture
def said(monkeypatch):
    messages = []
    monkeypatch.setattr(history, "say", messages.append)
    return messages


def test_the_record_is_told(said):
    """Measured again in one attempt, the same checks are the same word; others are not."""
    for outcome in (OUTCOME, OUTCOME, outcome_of("silver", RULES[:1], COUNTS)):
        History(None, None, "silver").add(outcome)
    first, second, other = said
    assert first["id"] == second["id"] != other["id"]
    assert (first["kind"], first["dataset"], first["rows"]) == ("expectations", "silver", 10)
    assert first["results"][1] == {
        "name": "few",
        "rule": "y > 0",
        "action": "warn",
        "threshold": 0.5,
        "passed": 5,
        "failed": 5,
        "dropped": 0,
        "ok": True,
        "sample": [{"y": "</pre>"}],
    }


def test_rows_of_the_history_know_their_attempt(monkeypatch):
    context = {"run_id": 2, "task_run_id": 3, "attempt": 1, "job_name": "job", "task_key": "me"}
    assert history._id(OUTCOME) != history._id(OUTCOME), "by hand, every call is its own"
    monkeypatch.setattr(attempt, "_current", context)
    assert history._id(OUTCOME).startswith("2/3/1/silver/")
    assert history._who() == ("job", 2, "me", 1)
    assert len(history._rows(OUTCOME, "id", 0.0)[0]) == history.SCHEMA.count(",") + 1
