"""An address is what names a definition, and reads as what was typed."""

from __future__ import annotations

import pytest

from nbkit.graph.address import Address


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("job.json"), "job.json"),
        (Address("my jobs/job.json"), "my jobs/job.json"),
        (Address("databricks.yml:etl"), "databricks.yml:etl"),
        (Address("databricks.yml:etl", "dev"), "databricks.yml:etl --target dev"),
        (Address("my b.yml:etl", None, {"x": "1"}), "'my b.yml:etl' --var x=1"),
        (
            Address("b.yml", "a b", {"x": "a=b", "y": "it's --var", "z": ""}),
            """b.yml --target 'a b' --var x=a=b --var 'y=it'"'"'s --var' --var z=""",
        ),
    ],
)
def test_an_address_is_read_as_it_is_written(address, text):
    """Text and address are the same in both directions."""
    assert str(address) == text
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text", ["it's --var x", "a --target b c", "x --var y=1 --other z", "odd --target name.json 'a"]
)
def test_other_text_is_a_job(text):
    """What no address was written as is a name with odd characters in it."""
    assert Address.parse(text) == Address(text)


@pytest.mark.parametrize(
    ("job", "there", "expected"),
    [
        ("a.yml:b", {"a.yml"}, ("a.yml", "b")),
        ("a.yml:b", {"a.yml", "a.yml:b"}, ("a.yml:b", None)),
        ("a.yml", {"a.yml"}, ("a.yml", None)),
        ("a.yml", set(), ("a.yml", None)),
        ("dir:x/a.yml:b", {"dir:x/a.yml"}, ("dir:x/a.yml", "b")),
    ],
)
def test_a_key_stands_behind_the_last_colon(job, there, expected):
    """Unless there is a file of the whole name."""
    assert Address(job).split(there.__contains__) == expected
