"""Messages reach real servers; dead ones cost the run nothing but a note."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler

from nbkit.events import RunFinished, RunStarted
from nbkit.graph.model import Job
from nbkit.graph.run_graph import RunGraph
from nbkit.notify.deliver import Notifier
from nbkit.rules.apply import apply
from nbkit.rules.state import RunState
from nbkit.settings import NotifySettings
from nbkit.testing import FakeClock

EVENTS = [RunStarted(0, 1, 2, "etl"), RunFinished(1, "FAILED", "RUN_EXECUTION_ERROR", "Task a …")]


class Mailbox(MailHandler):
    def __init__(self):
        super().__init__()
        self.mails = []

    def handle_message(self, message):
        self.mails.append(message)


@pytest.fixture
def mail():
    box = Mailbox()
    with silence() as box.port:  # the controller takes no port 0
        pass
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def web():
    """An HTTP receiver: `.posts` has what came in; `.status` is its answer."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            server.posts.append(json.loads(self.rfile.read(length)))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.posts, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def silence():
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def tell(settings, *, send=None, **job):
    """Let the events of a failed run be told; returns what was noted."""
    graph = RunGraph(Job.model_validate({"name": "etl", **job}))
    notes = []
    state = RunState.fresh(graph)
    with Notifier(graph, settings, FakeClock(5), notes.append, send) as notifier:
        for event in EVENTS:
            state = apply(graph, state, event)
            notifier.on_event(event, state)
    return notes


HOOKS = {"webhook_notifications": {"on_start": [{"id": "ops"}], "on_failure": [{"id": "ops"}]}}


def test_mail_arrives(mail):
    """A real SMTP server gets one mail for all addresses, with subject and text."""
    settings = NotifySettings(
        email=f"mailto://127.0.0.1:{mail.port}?from=nbkit@example.com&mode=insecure"
    )
    notes = tell(settings, email_notifications={"on_failure": ["a@x.org", "b@y.org"]})
    assert notes == []
    assert {found["X-RcptTo"] for found in mail.mails} == {"a@x.org", "b@y.org"}
    assert mail.mails[0]["Subject"] == "Job etl failed (run 1)"
    assert mail.mails[0]["From"] == "nbkit@example.com"


def test_a_webhook_is_called(web, monkeypatch):
    """A real HTTP server gets every message, in order; its address is in the environment."""
    monkeypatch.setenv("HOOK", f"json://127.0.0.1:{web.server_port}/x")
    assert tell(NotifySettings(destinations={"ops": "${HOOK}"}), **HOOKS) == []
    assert [(post["title"], post["type"]) for post in web.posts] == [
        ("Job etl started (run 1)", "info"),
        ("Job etl failed (run 1)", "failure"),
    ]


def test_a_refusal_is_noted_without_secrets(web, caplog, capfd):
    """The note names the destination and what it answered, never its URL."""
    web.status = 500
    url = f"json://user:hunter2@127.0.0.1:{web.server_port}/s3cret"
    notes = tell(NotifySettings(destinations={"ops": url}), **HOOKS)
    assert [note.message.partition(":")[0] for note in notes] == [
        "the on_start message to ops was not delivered",
        "the on_failure message to ops was not delivered",
    ]
    assert "500" in notes[0].message
    said = "".join(note.message for note in notes) + caplog.text + "".join(capfd.readouterr())
    assert "hunter2" not in said
    assert "s3cret" not in said


@pytest.mark.parametrize("url", ["nonsense://x", "json://127.0.0.1:1/x", "${NO_SUCH_VARIABLE}"])
def test_a_dead_destination_is_noted(url):
    """No such service, nobody there, a secret that is not set: the run goes on."""
    notes = tell(NotifySettings(destinations={"ops": url}), **HOOKS)
    assert len(notes) == 2
    assert all("ops was not delivered: " in note.message for note in notes)


def test_a_destination_that_crashes_is_noted():
    """Whatever a service's code does, only the kind of its error is told."""

    def crash(to, told):
        raise ValueError(to.url)

    notes = tell(NotifySettings(destinations={"ops": "json://s3cret"}), send=crash, **HOOKS)
    assert [note.message.rpartition(": ")[2] for note in notes] == ["ValueError"] * 2


def test_a_destination_that_hangs_delays_nothing():
    """Telling returns at once; after the run's end nbkit stays for its patience and no longer."""
    with silence() as port:
        settings = NotifySettings(
            destinations={"ops": f"json://127.0.0.1:{port}/x?rto=60"}, patience_seconds=0.2
        )
        (note,) = tell(settings, **HOOKS)
    assert "ops was not delivered: no answer within 0.2 s" in note.message


def test_a_slow_destination_keeps_no_other_waiting():
    """Each destination has a way of its own."""
    sent, never = [], threading.Event()

    def send(to, told):
        if to.name == "slow":
            never.wait()
        sent.append(to.name)
        return ""

    settings = NotifySettings(destinations={"slow": "", "ops": ""}, patience_seconds=0.5)
    hooks = {"on_failure": [{"id": "slow"}, {"id": "ops"}]}
    (note,) = tell(settings, send=send, webhook_notifications=hooks)
    assert sent == ["ops"]
    assert "to slow was not delivered" in note.message
    never.set()
