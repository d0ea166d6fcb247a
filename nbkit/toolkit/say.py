"""Tell the runner what happens in the kernel, as display messages that it takes out again."""

from __future__ import annotations

import typing

from nbkit import serving as attempt
from nbkit import wire

if typing.TYPE_CHECKING:
    from collections.abc import Mapping


def say(message: wire.Message) -> None:
    """Send `message` to the runner; silent where no job runs the notebook."""
    if attempt.current() is None:
        return
    from IPython.display import publish_display_data

    publish_display_data({wire.MIME: message, "text/plain": _text(message)})


def _text(message: Mapping[str, typing.Any]) -> str:
    details = ", ".join(f"{name}={value!r}" for name, value in message.items() if name != "kind")
    return f"nbkit: {message['kind']} {details}"
