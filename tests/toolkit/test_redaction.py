"""No secret leaves the kernel, in whatever message it stands."""

from __future__ import annotations

import base64
import html
import json
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.hidden import REDACTED, Flow, Redactor
from nbkit.toolkit import redaction
from nbkit.toolkit.redaction import Border

SECRET = "s3cr'et<&\"/ü"


@pytest.fixture
def redactor() -> Redactor:
    """One that knows a value with everything that gets escaped somewhere."""
    made = Redactor()
    made.hide(SECRET)
    return made


@pytest.fixture
def sent() -> list:
    """What got through the border."""
    return []


@pytest.fixture
def border(redactor, sent) -> Border:
    """A border before a session that only remembers."""
    return Border(lambda *args, **named: sent.append((*args[1:], named)), redactor)


def printed(text, name="stdout"):
    return {"msg_type": "stream", "content": {"name": name, "text": text}}


def texts(sent) -> str:
    return "".join(message["content"]["text"] for message, *_ in sent)


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        repr(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1],
        json.dumps(json.dumps(SECRET))[3:-3],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        html.escape(SECRET),
        quote(SECRET, ""),
        quote(SECRET, "").lower(),
        quote_plus(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_a_value_is_found_however_it_is_escaped(redactor, shown):
    """Python, JSON, HTML and addresses write it differently; each is the value."""
    assert redactor.text(f"before {shown} after") == f"before {REDACTED} after"


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_value_is_found_in_the_base64_of_more(before, after):
    """As a password is in the header of a request, wherever it lies."""
    made = Redactor()
    made.hide(SECRET)
    text = base64.b64encode(before + SECRET.encode() + after).decode()
    clean = made.text(text)
    assert REDACTED in clean
    left = clean.partition("[")[0]
    shown = base64.b64decode(left + "A" * (-len(left) % 4))[: len(left) * 6 // 8]
    assert len(shown) <= len(before)


@given(st.data())
def test_pieces_are_as_good_as_the_whole(data):
    """Wherever a text is cut, what comes out is what would come out of the whole."""
    made = Redactor()
    made.hide(SECRET)
    text = data.draw(st.text("s3cr'et ", max_size=20)) + SECRET + data.draw(st.text(max_size=9))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    flow = Flow(made)
    pieces = [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]
    assert "".join(map(flow.next, pieces)) + flow.last() == made.text(text)


def test_a_value_on_both_sides_of_a_widgets_message(border, sent):
    """Such a message stands beside the text, which is one in the notebook."""
    border(None, printed(SECRET[:5]))
    border(None, "comm_msg", {"data": {}})
    border(None, printed(SECRET[5:]))
    border(None, {"msg_type": "status", "content": {"execution_state": "idle"}})
    assert sent[1][0]["content"]["text"] == REDACTED


def test_a_short_value_is_replaced_as_a_word(redactor):
    """`sa` inside `same` is no secret, and hiding it there would only tell which it is."""
    redactor.hide("sa")
    assert redactor.text("sa=same (sa)") == f"{REDACTED}=same ({REDACTED})"


def test_lines_of_a_key_are_found_one_by_one(redactor):
    """A private key is often shown line by line."""
    redactor.hide("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nQ==\n-----END KEY-----\n")
    assert redactor.text("1: MIIEvQIBADANBgkqhkiG9w0, 2: Q==") == f"1: {REDACTED}, 2: Q=="


def test_the_longest_value_wins(redactor):
    """A secret that begins with another one is hidden whole."""
    redactor.hide("abcd")
    redactor.hide("abcdefgh")
    assert redactor.text("abcdefgh abcd") == f"{REDACTED} {REDACTED}"


def test_displays_errors_and_replies_are_searched_through(border, sent):
    """At any depth of any message; binary parts keep their length."""
    border(None, "display_data", {"data": {"text/html": f"<b>{html.escape(SECRET)}</b>"}})
    border(None, "execute_reply", {"status": "error", "traceback": ["a", f"E: {SECRET}"]}, {"p": 1})
    border(None, {"msg_type": "error", "content": {"ename": "E", "evalue": SECRET}})
    border(None, "comm_msg", {"data": {"state": {"value": [SECRET]}}}, buffers=[SECRET.encode()])
    border(None, "display_data", {"data": {"application/json": {SECRET: 1}}})
    assert SECRET not in str(sent)
    assert str(sent).count(REDACTED) == 5
    assert sent[3][-1]["buffers"] == [b"*" * len(SECRET.encode())]
    assert sent[1][2] == {"p": 1}


def test_what_the_runner_is_told_is_searched_too(monkeypatch, redactor):
    """An exit value and a task value are on record; the message stays one that is understood."""
    monkeypatch.setattr(redaction, "redactor", redactor)
    redactor.hide("exit")
    told = {"kind": "exit", "value": {f"token={SECRET}": [SECRET, 1]}}
    assert redaction.clean_message(told) == {
        "kind": "exit",
        "value": {"token=[REDACTED]": ["[REDACTED]", 1]},
    }


def test_a_secret_that_is_a_word_of_the_protocol_breaks_nothing(border, sent):
    """A kernel whose secret is `idle` still becomes idle."""
    border._redactor.hide("idle")
    border(None, {"msg_type": "status", "content": {"execution_state": "idle"}})
    assert sent[0][0]["content"] == {"execution_state": "idle"}


def test_a_value_printed_in_pieces_is_found(border, sent):
    """What may be the beginning of a value waits for what comes next."""
    for character in f"x{SECRET}y":
        border(None, printed(character), ident=b"1")
    border(None, {"msg_type": "status", "content": {"execution_state": "idle"}})
    assert texts(sent[:-1]) == f"x{REDACTED}y"


def test_text_that_only_looks_like_a_beginning_comes_out_in_order(border, sent):
    """It is let go before anything else is sent, to the stream that it came from."""
    border(None, printed("ends in s3c"))
    border(None, printed("other", "stderr"))
    border(None, {"msg_type": "status", "content": {"execution_state": "idle"}})
    contents = [message["content"] for message, *_ in sent]
    assert contents == [
        {"name": "stdout", "text": "ends in "},
        {"name": "stderr", "text": "other"},
        {"name": "stdout", "text": "s3c"},
        {"execution_state": "idle"},
    ]


def test_without_secrets_messages_pass_as_they_are(sent):
    """Nothing is copied or searched."""
    border = Border(lambda *args, **named: sent.append((*args[1:], named)), Redactor())
    message = printed(SECRET)
    border(None, message, ident=b"1")
    assert sent[0][0] is message
