"""Destinations come from settings, their secrets from the environment."""

from __future__ import annotations

import pytest

from nbkit.graph.model import Job
from nbkit.notify.destinations import NoDestinationError, destination, missing, names
from nbkit.notify.message import Message
from nbkit.settings import NotifySettings

SETTINGS = NotifySettings(
    email="mailtos://me:${PASSWORD}@smtp.example.com?from=me@example.com",
    destinations={"ops": "json://${TOKEN}@example.com/path"},
)
ENVIRONMENT = {"PASSWORD": "hunter2secret", "TOKEN": "t0ken"}


def told(*webhooks, emails=()):
    return Message("on_start", "title", "body", emails, webhooks)


def test_a_message_goes_where_settings_know_a_way():
    """Ids that no setting knows are left out; mail needs a server."""
    both = told("ops", "other", emails=("a@x.org",))
    assert names(both, SETTINGS) == ("ops", "e-mail")
    assert names(both, NotifySettings()) == ()


def test_secrets_come_from_the_environment():
    """`${NAME}` is replaced when a message is sent."""
    url = destination("ops", told("ops"), SETTINGS, ENVIRONMENT).url
    assert url == "json://t0ken@example.com/path"


def test_a_missing_variable_is_named():
    """The person learns what to set, before anything is sent."""
    with pytest.raises(NoDestinationError, match="TOKEN is not set"):
        destination("ops", told("ops"), SETTINGS, {})


def test_recipients_are_added_to_the_mail_server():
    """One mail goes to all addresses of the occasion."""
    url = destination("e-mail", told(emails=("a@x.org", "b+c@y.org")), SETTINGS, ENVIRONMENT).url
    assert url.endswith("?from=me@example.com&to=a@x.org,b%2Bc@y.org")


def test_urls_are_never_shown():
    """Neither in a representation nor in what a service complains of."""
    to = destination("e-mail", told(emails=("a@x.org",)), SETTINGS, ENVIRONMENT)
    assert "hunter2secret" not in repr(to)
    assert to.without_secrets("login me with hunter2secret at smtp.example.com from here") == (
        "login me with … at … from here"
    )
    assert "PASSWORD" not in repr(SETTINGS)


def test_what_cannot_be_told_is_said_once():
    """One line for each unknown destination, with the nearest known one; one for all mail."""
    job = Job.model_validate(
        {
            "tasks": [
                {
                    "task_key": "a",
                    "webhook_notifications": {"on_start": [{"id": "opps"}, {"id": "ops"}]},
                }
            ],
            "email_notifications": {"on_failure": ["a@x.org"], "on_start": ["a@x.org"]},
        }
    )
    (line,) = missing(job, SETTINGS)
    assert "'opps'" in line
    assert "ops" in line.split("opps")[1]
    assert len(missing(job, NotifySettings())) == 3
    assert missing(Job(), NotifySettings()) == ()
