"""The table of messages that are looked at: each finds what it is for in a real one."""

from __future__ import annotations

import pytest

from nbkit.dialect import foreign_errors
from nbkit.dialect.foreign_errors import EVERY


@pytest.mark.parametrize("name", EVERY)
def test_each_finds_its_own_message_and_no_other(name):
    """The examples are what Spark, Delta and Hadoop said."""
    message = EVERY[name]
    assert message.why
    assert message.examples
    for example in message.examples:
        assert message.said(example)
        others = [each.said(example) for other, each in EVERY.items() if other != name]
        assert not any(others)
    assert message.said("[TABLE_OR_VIEW_NOT_FOUND] The table cannot be found.") == ""


def test_what_is_of_interest_is_returned():
    """A catalog's name, in each of the ways to say it."""
    names = {foreign_errors.NO_CATALOG.said(each) for each in foreign_errors.NO_CATALOG.examples}
    assert names == {"nope"}
