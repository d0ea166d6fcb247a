"""Events to JSON and back.

The JSON is ASCII, so any database takes it and text that is no valid Unicode (a traceback may
hold some) survives. Events of an older nbkit read with today's defaults for fields they lack.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from nbkit import __version__
from nbkit.errors import SetupError
from nbkit.events import Event

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def encode(event: Event) -> str:
    """Return the event as one line of JSON."""
    return json.dumps(asdict(event), separators=(",", ":"))


def storable(name: str) -> str:
    """Return a name as every database takes it: PostgreSQL has no NUL in text."""
    return name.replace("\0", "\\0")


def decode(body: str) -> Event:
    """Return the event that `encode` wrote.

    Raises:
        SetupError: this nbkit does not know such an event, or the text is damaged.
    """
    try:
        fields: Any = json.loads(body)
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        kind = fields.get("kind") if isinstance(fields, dict) else None
        if any(found["type"] == "union_tag_invalid" for found in error.errors()):
            message = f"The ledger holds an event of kind {kind!r}, unknown to nbkit {__version__}."
            raise SetupError(message, "A newer nbkit wrote it: upgrade this one.") from None
        found = error.errors()[0]
        place = ".".join(map(str, found["loc"]))
        message = f"The ledger holds an unreadable {kind!r} event: {place}: {found['msg']}"
    except ValueError as error:
        message = f"The ledger holds an event that is not JSON: {error}"
    raise SetupError(message, "The ledger was damaged: restore it from a backup.")
