"""How each state looks to people: one glyph, one word and one tone, the same everywhere.

The glyph and the word carry the meaning; the tone (a colour) only repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "warn", "active", "quiet"]


@dataclass(frozen=True, slots=True)
class StateLook:
    """What a state looks like.

    Attributes:
        glyph: one character, one column wide in any terminal.
        word: the state in a person's words.
        tone: which colour repeats it; CSS and rich each have one per tone.
        rank: where it comes in a list that shows failures first.
    """

    glyph: str
    word: str
    tone: Tone
    rank: int


UNKNOWN = StateLook("?", "unknown", "quiet", 9)

LOOKS = {
    "FAILED": StateLook("✗", "failed", "bad", 0),
    "TIMEDOUT": StateLook("✗", "timed out", "bad", 0),
    "UPSTREAM_FAILED": StateLook("⊘", "upstream failed", "warn", 1),
    "SKIPPED": StateLook("⊘", "skipped", "warn", 1),
    "CANCELED": StateLook("■", "cancelled", "warn", 2),
    "STOPPED": StateLook("■", "stopped", "warn", 2),
    "UPSTREAM_CANCELED": StateLook("⊘", "upstream cancelled", "warn", 2),
    "MAXIMUM_CONCURRENT_RUNS_REACHED": StateLook("⊘", "too many runs at once", "warn", 2),
    "RUNNING": StateLook("►", "running", "active", 3),
    "TERMINATING": StateLook("►", "stopping", "active", 3),
    "WAITING_FOR_RETRY": StateLook("↻", "waiting for retry", "active", 3),
    "RETRYING": StateLook("↻", "trying again", "active", 3),
    "PENDING": StateLook("○", "starting", "active", 4),
    "QUEUED": StateLook("○", "queued", "quiet", 4),
    "BLOCKED": StateLook("○", "waiting", "quiet", 5),
    "SUCCESS_WITH_FAILURES": StateLook("!", "succeeded with failures", "warn", 6),
    "SUCCESS": StateLook("✓", "succeeded", "good", 7),
    "COMPLETED": StateLook("✓", "refreshed", "good", 7),
    "EXCLUDED": StateLook("⊘", "excluded", "quiet", 8),
    "DISABLED": StateLook("–", "disabled", "quiet", 8),  # noqa: RUF001 - a dash is what it shows
}
"""By result state, else by life-cycle state, as the Jobs API spells both; and by the state of a
dataset of a pipeline, as `nbkit.wire.DatasetRefreshed` has it."""

STYLES: dict[Tone, str] = {
    "good": "green",
    "bad": "bold red",
    "warn": "yellow",
    "active": "cyan",
    "quiet": "dim",
}
"""The colour of each tone in a terminal."""

FAILURES = frozenset({"FAILED", "TIMEDOUT"})
"""Result states with an error of the task's own."""


def look(result: str | None, life: str = "") -> StateLook:
    """Return how a task, attempt or run looks: by its result if it has one, else by its life."""
    return LOOKS.get(result or life, UNKNOWN)
