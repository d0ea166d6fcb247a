"""What starts a job by itself, paused and resumed: in its settings, as the Jobs API has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PauseStatus = Literal["PAUSED", "UNPAUSED"]

_ALONE = ("schedule", "trigger", "continuous")
_PAUSED = "PAUSED"


def starts_by_itself(settings: Mapping[str, Any]) -> bool:
    """Tell whether a job has anything that starts it, paused or not."""
    return any(True for _ in _starts(settings))


def is_paused(settings: Mapping[str, Any]) -> bool:
    """Tell whether a job has what starts it, and all of that is paused."""
    found = list(_starts(settings))
    return bool(found) and all(start.get("pause_status") == _PAUSED for start in found)


def with_pause_status(settings: Mapping[str, Any], status: PauseStatus) -> dict[str, Any]:
    """Return the settings with everything that starts the job paused, or all of it resumed."""
    made = dict(settings)
    for name in _ALONE:
        if isinstance(made.get(name), dict):
            made[name] = made[name] | {"pause_status": status}
    if isinstance(made.get("triggers"), list):
        made["triggers"] = [
            each | {"pause_status": status} if isinstance(each, dict) else each
            for each in made["triggers"]
        ]
    return made


def _starts(settings: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    several = settings.get("triggers")
    alone = (settings.get(name) for name in _ALONE)
    for each in (*alone, *(several if isinstance(several, list) else ())):
        if isinstance(each, dict):
            yield each
