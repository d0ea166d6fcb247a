"""Where messages go: what a job calls destinations, as `[notify]` in nbkit.toml knows them.

Addresses are apprise URLs. Their secrets stay out of the file: `${NAME}` stands for an
environment variable, read when a message is sent.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from nbkit.near import hint
from nbkit.notify.message import addresses_of, destinations_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.graph.model import Job
    from nbkit.notify.message import Message
    from nbkit.settings import NotifySettings

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NO_SECRETS = re.compile(r"^\w+://|[?&]\w+=")
_PIECE = re.compile(r"[^/@:?&,\s]{3,}")

EMAIL = "e-mail"
"""What the mail server is called among the destinations."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One place to send a message to.

    Attributes:
        name: what people call it; never its URL, which may hold secrets.
        url: an apprise URL.
    """

    name: str
    url: str

    def __repr__(self) -> str:
        """Return the destination without its URL."""
        return f"Destination({self.name!r})"

    def without_secrets(self, text: str) -> str:
        """Return text with everything hidden in it that is part of the URL."""
        pieces = _PIECE.findall(_NO_SECRETS.sub(" ", self.url))
        for piece in sorted({*pieces, *map(unquote, pieces)}, key=len, reverse=True):
            text = text.replace(piece, "…")
        return text


class NoDestinationError(Exception):
    """A message cannot be sent at all; says why, for a person."""


def missing(job: Job, settings: NotifySettings) -> tuple[str, ...]:
    """Return a line for everything that the job wants told and that no setting knows."""
    lines = [
        f"nobody is told: [notify.destinations] in nbkit.toml has no {name!r}"
        f"{hint(name, settings.destinations)}"
        for name in destinations_of(job)
        if name not in settings.destinations
    ]
    addresses = addresses_of(job)
    if addresses and not settings.email:
        lines.append(f"no mail goes to {', '.join(addresses)}: [notify] in nbkit.toml has no email")
    return tuple(lines)


def names(message: Message, settings: NotifySettings) -> tuple[str, ...]:
    """Return the destinations of a message, those that `missing` tells of left out."""
    email = (EMAIL,) if message.emails and settings.email else ()
    return (*(name for name in message.webhooks if name in settings.destinations), *email)


def destination(
    name: str,
    message: Message,
    settings: NotifySettings,
    environment: Mapping[str, str] = os.environ,
) -> Destination:
    """Return one destination of a message.

    Raises:
        NoDestinationError: an environment variable is missing.
    """
    if name != EMAIL:
        return Destination(name, _filled(settings.destinations[name], environment))
    url = _filled(settings.email, environment)
    recipients = ",".join(quote(address, safe="@") for address in message.emails)
    return Destination(EMAIL, f"{url}{'&' if '?' in url else '?'}to={recipients}")


def _filled(url: str, environment: Mapping[str, str]) -> str:
    unset = [name for name in _VARIABLE.findall(url) if name not in environment]
    if unset:
        raise NoDestinationError(f"the environment variable {unset[0]} is not set")
    return _VARIABLE.sub(lambda found: environment[found[1]], url)
