"""Keeps the values of secrets out of everything that leaves the kernel.

All of it (text that is printed, displays, errors, replies, what widgets and the runner are told)
passes one border: the `send` of the kernel's session; what the runner is told passes
`clean_message`, and what the kernel's process prints past Jupyter `nbkit.toolkit.past_jupyter`.
As on Databricks a value is replaced by `[REDACTED]` where it stands literally; here also escaped
as Python, JSON, HTML or an address would, and in Base64. What was done to it on purpose
(reversed, encrypted, printed in parts between other outputs) is not recognised. Spark's own log,
`.nbkit/driver.log`, is written by the driver, which is told the values too
(`nbkit.toolkit.session`).
"""

from __future__ import annotations

import functools
import threading
import typing

from nbkit.hidden import Redactor
from nbkit.readable import is_readable, readable_throughout
from nbkit.toolkit import past_jupyter

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PROTOCOL = ("comm_id", "ename", "execution_state", "name", "status", "target_name")
"""Fields whose words are Jupyter's; a secret that is one of these words must not break it."""

_BETWEEN = frozenset(
    {"clear_output", "display_data", "error", "execute_result", "status", "execute_input"}
)
"""Messages that what was printed before must not come after; others stand beside the text."""

_WORDS = ("action", "kind", "state", "type")
"""Fields whose words are ours, in what the runner is told."""

redactor = Redactor()
"""The one of this kernel."""


class Border:
    """Stands before a Jupyter session's `send`: what goes through has no secret in it.

    The end of a printed text that may be the beginning of a secret waits for the text after
    it, until anything else is sent.
    """

    def __init__(self, send: Callable[..., typing.Any], known: Redactor) -> None:
        self._send = send
        self._redactor = known
        self._lock = threading.RLock()
        self._held: dict[str, tuple[typing.Any, dict[str, typing.Any], dict[str, typing.Any]]] = {}

    def __call__(
        self,
        stream: typing.Any,
        msg_or_type: typing.Any,
        content: dict[str, typing.Any] | None = None,
        *args: typing.Any,
        **named: typing.Any,
    ) -> typing.Any:
        """Send a message; the arguments are those of `jupyter_client.session.Session.send`."""
        if isinstance(msg_or_type, dict):
            msg_or_type = _readable(msg_or_type)
        content = _readable(content)
        with self._lock:
            if not self._redactor.knows_any:
                return self._send(stream, msg_or_type, content, *args, **named)
            if isinstance(msg_or_type, dict):
                if msg_or_type.get("msg_type") == "stream":
                    return self._print(stream, msg_or_type, named)
                msg_or_type = {
                    **msg_or_type,
                    "content": self._clean(msg_or_type["content"]),
                    "metadata": self._redactor.anything(msg_or_type.get("metadata", {})),
                }
            kind = msg_or_type["msg_type"] if isinstance(msg_or_type, dict) else msg_or_type
            if kind in _BETWEEN:
                self._release()
            content = self._clean(content) if content else content
            if named.get("metadata"):
                named["metadata"] = self._redactor.anything(named["metadata"])
            if named.get("buffers"):
                named["buffers"] = [self._redactor.binary(part) for part in named["buffers"]]
            return self._send(stream, msg_or_type, content, *args, **named)

    def _clean(self, content: dict[str, typing.Any]) -> dict[str, typing.Any]:
        """Return a message's content without secrets; the protocol's own words stay."""
        clean: dict[str, typing.Any] = self._redactor.anything(content)
        clean |= {field: content[field] for field in _PROTOCOL if field in content}
        if isinstance(content.get("data"), dict):
            clean["data"] = {
                kind: self._redactor.anything(value, names=kind.endswith("json"))
                for kind, value in content["data"].items()
            }
        return clean

    def _print(
        self, stream: typing.Any, message: dict[str, typing.Any], named: dict[str, typing.Any]
    ) -> typing.Any:
        name, text = message["content"]["name"], message["content"]["text"]
        if name in self._held:
            text = self._held.pop(name)[1]["content"]["text"] + text
        text = self._redactor.text(text)
        waiting = self._redactor.unfinished(text)
        sent, rest = (text[:-waiting], text[-waiting:]) if waiting else (text, "")
        if rest:
            held = {**message, "content": {"name": name, "text": rest}}
            self._held[name] = stream, held, named
        if not sent:
            return message
        message = {**message, "content": {"name": name, "text": sent}}
        return self._send(stream, message, **named)

    def _release(self) -> None:
        while self._held:
            stream, message, named = self._held.pop(next(iter(self._held)))
            self._send(stream, message, **named)


def _readable(value: typing.Any) -> typing.Any:
    """Return data that is Unicode: jupyter_client sends no other, and loses the message."""
    try:
        return value if is_readable(value) else readable_throughout(value)
    except RecursionError:  # a circle, which JSON does not have either: sending it says so
        return value


def clean_message(message: Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """Return what the runner is told without secrets, and still a message that it understands."""
    clean: dict[str, typing.Any] = {}
    for field, value in message.items():
        if field in _WORDS or (field in {"id", "parent"} and value.isdigit()):
            clean[field] = value
        elif field == "results":
            clean[field] = [clean_message(result) for result in value]
        else:
            clean[field] = redactor.anything(value, names=True)
    made: dict[str, typing.Any] = readable_throughout(clean)
    return made


def guard(session: typing.Any) -> None:
    """Let everything that a kernel's session sends pass the border; once is enough."""
    if not isinstance(session.send, Border):
        session.send = Border(session.send, redactor)
        redactor.before_first = functools.partial(past_jupyter.clean, redactor)
