"""YAML is read as bundles have it; faults have line and column."""

from __future__ import annotations

import pytest

from nbkit.graph.syntax import SyntaxProblem
from nbkit.graph.yaml_text import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31 10:00:00", "2024-01-31 10:00:00"),
        ("12:30", "12:30"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1_000", 1000),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("15.4.x-scala2.12", "15.4.x-scala2.12"),
        ("'5'", "5"),
        ("", None),
    ],
)
def test_scalars_are_those_of_bundles(text, value):
    """Dates, times and yes/no are text; only what YAML 1.2 says is a number or a boolean."""
    read = read_yaml(f"a: {text}").value["a"]
    assert read == value
    assert type(read) is type(value)


def test_names_are_always_text():
    """`on:` and `1:` name a field, whatever YAML 1.1 would make of them."""
    assert read_yaml("on: 1\n1: 2\ntrue: 3\n2024-01-01: 4").value == {
        "on": 1,
        "1": 2,
        "true": 3,
        "2024-01-01": 4,
    }


def test_anchors_and_merges_unfold():
    """`<<:` takes over what is not given, and is no repeated name."""
    document = read_yaml("base: &b {x: 1, y: 2}\nmore: &m {<<: *b, y: 3}\nlast: {<<: *m, z: 4}\n")
    assert document.value["last"] == {"x": 1, "y": 3, "z": 4}
    assert document.repeated == ()


def test_repeated_names_are_found_where_they_are():
    """PyYAML would say nothing."""
    document = read_yaml("a: 1\nb:\n- c: 1\n  c: 2\na: 3\n")
    assert document.value == {"a": 3, "b": [{"c": 2}]}
    assert [finding.loc for finding in document.repeated] == [("b", 0, "c"), ("a",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\n", "(line 3, column 1)"),
        ("a:\n\tb: 1\n", "tabs are not allowed as indentation in YAML (line 2, column 1)"),
        ("a: *x\n", "(line 1, column 4)"),
        ("a: !secret x\n", "(line 1, column 4)"),
        ("a: 1\n---\nb: 2\n", "(line 2, column 1)"),
        ("a: &a [*a]\n", "an alias of the YAML contains itself"),
        ("a: \x00\n", "not YAML"),
        ("[" * 100_000, "the YAML"),
    ],
)
def test_a_fault_is_named_with_its_place(text, message):
    """What is wrong comes with line and column, counted from 1."""
    with pytest.raises(SyntaxProblem) as caught:
        read_yaml(text)
    assert message in str(caught.value)


def test_aliases_that_explode_are_refused():
    """A few lines cannot fill the memory."""
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(SyntaxProblem, match="unfold to too much"):
        read_yaml("\n".join(lines))
