"""A request as its endpoint sees it: named values of the right types, or a clear refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.near import hint
from nbkit.service.refusals import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_LARGEST = 2**63 - 1
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What a client asks for.

    Attributes:
        version: of the API, such as `2.2`.
        values: of the query or the body, by name.
        body: as it came, where it is no JSON.
        uploads: files of a form, by name.
        url: of this server as the client knows it, without a slash at the end.
        user: who asks.
        headers: of the request.
    """

    version: str
    values: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""
    uploads: Mapping[str, bytes] = field(default_factory=dict)
    url: str = ""
    user: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Refuse names that the endpoint does not know.

        Raises:
            Refusal: it names the first, and the nearest that there is.
        """
        for name in self.values:
            if name not in known:
                near = hint(name, sorted(known)) if known else ""
                raise invalid(f"Unknown field {name}{near}.")

    def has(self, name: str) -> bool:
        """Say whether a value is given."""
        return self.values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it has to be given."""
        value = self._given(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise invalid(f"{name} must be a text.")
        return str(value)

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number; without a default it has to be given."""
        value = self._given(name, default)
        try:
            number = int(value) if isinstance(value, str | int) else None
        except ValueError:
            number = None
        if number is None or isinstance(value, bool) or abs(number) > _LARGEST:
            raise invalid(f"{name} must be a whole number, not {_shown(value)}.")
        return number

    def flag(self, name: str) -> bool:
        """Return true or false; false if it is not given."""
        value = self._given(name, default=False)
        if value in (True, "true", "True", 1, "1"):
            return True
        if value in (False, "false", "False", 0, "0", ""):
            return False
        raise invalid(f"{name} must be true or false, not {_shown(value)}.")

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; empty if it is not given."""
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid(f"{name} must be a list of texts.")
        return list(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object; empty if it is not given."""
        value = self.values.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(f"{name} must be an object.")
        return dict(value)

    def _given(self, name: str, default: Any) -> Any:
        value = self.values.get(name)
        if value is None:
            value = default
        if value is None:
            raise invalid(f"Missing required field: {name}.")
        return value


def json_of(body: bytes) -> dict[str, Any]:
    """Return what a body of JSON holds; an empty one is an empty object.

    Raises:
        Refusal: it is no JSON, or no object.
    """
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except RecursionError:
        raise Refusal("MALFORMED_REQUEST", "The body is nested too deeply.") from None
    except ValueError as error:
        raise Refusal("MALFORMED_REQUEST", f"The body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refusal("MALFORMED_REQUEST", "The body must be a JSON object.")
    return found


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
