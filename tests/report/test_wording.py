from __future__ import annotations

import pytest

from nbkit.report import wording


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (0, "0 s"),
        (420, "0.42 s"),
        (7_340, "7.3 s"),
        (42_000, "42 s"),
        (59_600, "1 min 00 s"),
        (185_000, "3 min 05 s"),
        (8_040_000, "2 h 14 min"),
        (97_200_000, "1 d 03 h"),
    ],
)
def test_durations_get_coarser_as_they_grow(milliseconds: int | None, text: str):
    assert wording.duration(milliseconds) == text


@pytest.mark.parametrize(
    ("at", "text"), [(7_999, "0:07"), (751_000, "12:31"), (3_723_000, "1:02:03")]
)
def test_a_stopwatch_counts_whole_seconds(at: int, text: str):
    assert wording.clock(at) == text


def test_an_errors_name_is_said_once():
    assert wording.named("ValueError", "bad") == "ValueError: bad"
    assert wording.named("ValueError", "ValueError: bad") == "ValueError: bad"
    assert wording.named("", "bad") == "bad"


def test_terminal_codes_are_taken_out():
    """Messages come from people's code: colours, titles and carriage returns must not act."""
    assert wording.plain("\x1b[31mred\x1b[0m\x1b]0;title\x07\r\n\tx") == "red\n\tx"
    assert wording.one_line("a\x1b[2J\n  b") == "a b"
