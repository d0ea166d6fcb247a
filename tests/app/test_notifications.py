"""A run tells whom its job names, and is none the worse for a destination that is dead."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from nbkit import api
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings

GATE = {"task_key": "gate", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
JOB = {
    "name": "etl",
    "tasks": [GATE],
    "webhook_notifications": {
        "on_start": [{"id": "dead"}, {"id": "unknown"}],
        "on_success": [{"id": "ops"}],
    },
}


@pytest.fixture
def posts():
    found = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            found.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever).start()
    found.append(server.server_port)
    yield found
    server.shutdown()
    server.server_close()


def test_a_run_tells(tmp_path, posts):
    """The end is told, the dead destination and the unknown one are on record, the run is well."""
    port = posts.pop()
    (tmp_path / "nbkit.toml").write_text(
        "[notify.destinations]\n"
        f'ops = "json://127.0.0.1:{port}/x"\n'
        'dead = "json://127.0.0.1:1/s3cret"\n'
    )
    (tmp_path / "job.json").write_text(json.dumps(JOB))
    settings = Settings.of(tmp_path)

    run = api.run(tmp_path / "job.json", show="nothing", settings=settings)

    assert run.succeeded
    assert [post["title"] for post in posts] == ["Job etl succeeded (run 1)"]
    ledger = Ledger(settings.ledger_url)
    notes = [event.message for event in ledger.read(1) if event.kind == "noted"]
    ledger.close()
    assert any("'unknown'" in note for note in notes)
    assert any("the on_start message to dead was not delivered" in note for note in notes)
    assert "s3cret" not in "".join(notes)


def test_what_fails_after_the_end_is_shown(tmp_path, posts, capsys):
    """The view waits for it, and the run's summary is the last that is said."""
    port = posts.pop()
    (tmp_path / "nbkit.toml").write_text(
        "[notify]\npatience_seconds = 0.2\n"
        f'[notify.destinations]\nops = "json://127.0.0.1:{port}/x"\nodd = "odd://x"\n'
    )
    job = {**JOB, "webhook_notifications": {"on_success": [{"id": "ops"}, {"id": "odd"}]}}
    (tmp_path / "job.json").write_text(json.dumps(job))

    assert api.run(tmp_path / "job.json", show="quiet", settings=Settings.of(tmp_path)).succeeded

    said = capsys.readouterr().err
    note = said.index("the on_success message to odd was not delivered")
    assert note < said.index("succeeded in")
