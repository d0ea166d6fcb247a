"""What an exception says of itself, even where its own text fails or is no Unicode."""

from __future__ import annotations

import typing

from nbkit.readable import readable


def text_of_error(error: object) -> str:
    """Return the text of an exception; if it cannot give one, a sentence that says so."""
    try:
        return readable(str(error))
    except BaseException as failed:
        if isinstance(failed, KeyboardInterrupt):
            raise
        return f"<its text cannot be shown: {name_of(failed)} in {name_of(error)}.__str__>"


def name_of(error: object) -> str:
    """Return the name of an exception's class."""
    return readable(str(type(error).__name__))


def stand_in(error: BaseException) -> BaseException:
    """Return an exception of the same name whose text can be had."""
    made: typing.Any = type(name_of(error), (Exception,), {"__module__": type(error).__module__})
    stand: BaseException = made(text_of_error(error))
    return stand


def has_text(error: BaseException) -> bool:
    """Say whether an exception's text can be had and stored as it is."""
    try:
        text = str(error)
    except BaseException as failed:
        if isinstance(failed, KeyboardInterrupt):
            raise
        return False
    return readable(text) == text
