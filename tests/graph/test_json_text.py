"""Faults of JSON are named in plain words, with line and column."""

from __future__ import annotations

import pytest

from nbkit.graph.json_text import read_json
from nbkit.graph.syntax import SyntaxProblem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{\n  "a": 1,\n    // note\n  "b": 2}',
            "comments are not allowed in JSON (line 3, column 5)",
        ),
        ('{"a": 1 /* x */, "b": 2}', "comments are not allowed in JSON (line 1, column 9)"),
        ('# top\n{"a": 1}', "comments are not allowed in JSON (line 1, column 1)"),
        ('{"a": // x\n 1}', "comments are not allowed in JSON (line 1, column 7)"),
        ('{"a": 1} // end', "comments are not allowed in JSON (line 1, column 10)"),
        ('{"a": 1, // x\n}', "comments are not allowed in JSON (line 1, column 10)"),
        ('{\n  "a": 1,\n}', "trailing commas are not allowed in JSON (line 2, column 9)"),
        ('{"a": [1, 2, ]}', "trailing commas are not allowed in JSON (line 1, column 12)"),
        ('{"a": [1,\n\n]}', "trailing commas are not allowed in JSON (line 1, column 9)"),
        ("{'a': 1}", "JSON strings stand in double quotes, not single ones (line 1, column 2)"),
        ("{\"a\": 'x'}", "JSON strings stand in double quotes, not single ones (line 1, column 7)"),
        ('{"a": 1 "b": 2}', "a comma or a closing bracket is missing (line 1, column 9)"),
        ('{"a" 1}', "a colon is missing after the name (line 1, column 6)"),
        ('{"a": }', "a value is missing or misspelt (line 1, column 7)"),
        ('{"a": True}', "a value is missing or misspelt (line 1, column 7)"),
        ('{"a": 1}}', "there is more text after the end of the document (line 1, column 9)"),
        ('{"a": "x', "a string is not closed (line 1, column 7)"),
        ('{"a": "x\ny"}', "line breaks and tabs in strings are written \\n and \\t"),
        ('{"a": NaN}', "not JSON: NaN is no JSON number"),
        ("[" * 100_000, "the JSON is nested too deeply"),
    ],
)
def test_a_fault_is_named_with_its_place(text, message):
    """What is wrong comes first, then where."""
    with pytest.raises(SyntaxProblem) as caught:
        read_json(text)
    assert str(caught.value).startswith(message)


def test_slashes_in_strings_are_no_comments():
    """Only what stands outside of strings is a comment."""
    assert read_json('{"a": "http://x", "b": "# y, ]"}').value == {"a": "http://x", "b": "# y, ]"}


def test_repeated_names_are_found_where_they_are():
    """The last one counts, as JSON readers do, and there is a warning with the place."""
    document = read_json('{"a": 1, "b": [{"c": 1, "d": 0, "c": 2}], "a": 3}')
    assert document.value == {"a": 3, "b": [{"c": 2, "d": 0}]}
    assert [finding.loc for finding in document.repeated] == [("a",), ("b", 0, "c")]
    assert {finding.severity for finding in document.repeated} == {"warning"}
