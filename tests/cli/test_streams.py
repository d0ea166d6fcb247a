"""Commands do their work whatever their standard streams are."""

from __future__ import annotations

import io
import json

import pytest

from nbkit.cli.main import main

NAME = "größer ✓ 日本"


@pytest.fixture
def job(project):
    """A job with a name of other letters, which needs no kernel."""
    made = project.job(project.condition("check", "ä", "EQUAL_TO", "ä"), name="job")
    made.write_text(made.read_text().replace('"name": "job"', f'"name": "{NAME}"'), "utf-8")
    return made


@pytest.fixture
def on_terminal(job, project, monkeypatch):
    """Say a command line on a terminal of some encoding; return its status and its output."""
    monkeypatch.chdir(project.root)

    def say(encoding: str, *arguments: object) -> tuple[int, str]:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
        monkeypatch.setattr("sys.stdout", streams[0])
        monkeypatch.setattr("sys.stderr", streams[1])
        monkeypatch.setattr("sys.argv", ["nbkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out = streams[0].buffer.getvalue().decode(encoding)
        return left.value.code, out

    return say


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "koi8-r", "utf-8"])
def test_what_a_terminal_does_not_know_is_replaced(encoding, on_terminal):
    """By what looks alike, else by an escape; nothing ends for it."""
    assert on_terminal(encoding, "run", "job.json") == (0, "")

    for line in ("validate job.json", "explain job.json", "runs", "show 1"):
        status, out = on_terminal(encoding, *line.split())
        assert status == 0
        assert out
    sign = "✓" if encoding == "utf-8" else "+"
    assert on_terminal(encoding, "validate", "job.json")[1].startswith(f"{sign} job.json is valid")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_document_has_every_character_in_every_encoding(encoding, on_terminal):
    """Who parses it gets the name as it is."""
    status, out = on_terminal(encoding, "run", "job.json", "--json")

    assert status == 0
    assert json.loads(out)["run_name"] == NAME


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2> /dev/full"])
def test_a_run_is_made_whole_without_streams(closed, job, project):
    """Daemons close them; what nbkit opens must not get their numbers."""
    del job
    said = project.shell(f"nbkit run job.json {closed}; echo status $?")

    assert said.out == "status 0\n"
    assert project.results() == {"check": "SUCCESS"}


def test_a_run_goes_on_when_whoever_watched_it_has_gone(job, project):
    """Its end is on record, whoever reads what it says."""
    del job
    project.shell("nbkit run job.json 2>&1 >/dev/null | true")

    assert project.results() == {"check": "SUCCESS"}


def test_output_that_nobody_reads_is_no_error_of_ours(project):
    """`nbkit runs | head` says nothing more."""
    said = project.shell("nbkit schema | head -1")

    assert said.err == ""
    assert said.out.startswith("{")


def test_output_that_cannot_be_kept_is(project):
    """Whoever redirects it to a full disk is told."""
    said = project.shell("nbkit schema > /dev/full")

    assert said.status != 0
    assert said.err == "nbkit: standard output: No space left on device\n"
