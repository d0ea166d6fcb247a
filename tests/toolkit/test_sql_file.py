"""`{{name}}` in a SQL task's statements: values, never SQL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.dialect.tokens import tokens
from nbkit.toolkit.sql_file import bound

VALUES = {"day": "2024-03-31", "who": 'O\'Brien \\ "x" `y` ${z} {{day}}', "a.b": "1"}


@pytest.mark.parametrize(
    ("written", "spark"),
    [
        ("SELECT {{day}}, {{ day }} AS d", "SELECT :day, :day AS d"),
        ("SELECT * FROM IDENTIFIER({{a.b}})", "SELECT * FROM IDENTIFIER(:`a.b`)"),
        ("SELECT '{{day}}!' -- {{day}}", "SELECT '2024-03-31!' -- {{day}}"),
        ("SELECT 1 /* {{none}} */", "SELECT 1 /* {{none}} */"),
        ("SELECT r'\\{{day}}'", "SELECT '\\\\2024-03-31'"),
    ],
)
def test_where_it_stands_decides(written, spark):
    """Outside of texts it is a parameter, in a text it is characters, in a comment nothing."""
    assert bound(written, VALUES.__getitem__) == spark


@pytest.mark.parametrize("quoted", ["'a{{who}}b'", '"a{{who}}b"', "r'a{{who}}b'", "`a{{who}}b`"])
def test_a_value_never_ends_its_text(quoted):
    """Whatever quotes it has; and what it says is no template."""
    made = tokens(bound(f"SELECT {quoted}, 1", VALUES.__getitem__))
    assert [token.text for token in made[2:]] == [",", "1"]
    assert made[1].value == f"a{VALUES['who']}b"
    assert "${" not in made[1].text or quoted[0] == "`"


@given(value=st.text(max_size=12), quote=st.sampled_from(["'", '"', "`"]))
def test_any_value_is_its_text(value, quote):
    """Read back by the lexer it is what it was."""
    made = tokens(bound(f"SELECT {quote}{{{{v}}}}{quote};", lambda _: value))
    assert len(made) == 3
    assert made[1].value == value


def test_one_that_is_not_given_is_an_error():
    """It is never sent to Spark as it is."""
    with pytest.raises(KeyError):
        bound("SELECT {{nope}}", VALUES.__getitem__)
