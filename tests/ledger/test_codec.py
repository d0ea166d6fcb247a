"""Events survive the ledger unchanged, every kind of them."""

from __future__ import annotations

import dataclasses
import json
import typing

import hypothesis
import pytest
from hypothesis import strategies as st

from nbkit import events
from nbkit.errors import Failure, SetupError
from nbkit.ledger.codec import decode, encode

KINDS: tuple[type, ...] = typing.get_args(events.Event)
TEXT = st.text(st.characters(codec=None))  # lone surrogates too, as tracebacks may hold them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
SCALARS = {typing.Any: JSON, str: TEXT}


def anything(of: typing.Any) -> st.SearchStrategy:
    """Return values of a field's type, at any depth."""
    origin, parts = typing.get_origin(of), typing.get_args(of)
    if of in SCALARS:
        return SCALARS[of]
    if origin is dict:
        return st.dictionaries(anything(parts[0]), anything(parts[1]), max_size=3)
    if origin is tuple:
        some = st.lists(anything(parts[0]), max_size=3).map(tuple)
        return some if parts[-1] is ... else st.tuples(*map(anything, parts))
    if parts and origin is not typing.Literal:
        return st.one_of([anything(part) for part in parts])
    if dataclasses.is_dataclass(of):
        return st.builds(of, **fields_of(of))
    return st.from_type(of)


def fields_of(kind: type) -> dict[str, st.SearchStrategy]:
    hints = typing.get_type_hints(kind)
    return {field.name: anything(hints[field.name]) for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", KINDS)
@hypothesis.given(data=st.data())
@hypothesis.settings(max_examples=40, deadline=None)
def test_every_event_reads_back_as_it_was_written(kind, data):
    """Decoding an encoded event gives an equal event of the same class."""
    event = data.draw(anything(kind))

    again = decode(encode(event))

    assert type(again) is kind
    assert again == event


def test_every_event_class_is_part_of_the_union():
    """A class with a `kind` that the union forgets would be written but never read."""
    declared = {
        found
        for found in vars(events).values()
        if dataclasses.is_dataclass(found) and "kind" in typing.get_type_hints(found)
    }

    assert declared == set(KINDS)


def test_kinds_are_unique():
    """Two classes of one kind could not be told apart."""
    kinds = [typing.get_args(typing.get_type_hints(kind)["kind"])[0] for kind in KINDS]

    assert len(set(kinds)) == len(kinds)


def test_units_and_failures_keep_their_classes():
    """A unit stays a named tuple, and a failure stays a failure with its fields."""
    failure = Failure("cell_error", "boom", error="ValueError", traceback="…", cell=3, source="x")
    event = events.AttemptFinished(1, events.Unit("each", 4), 0, "FAILED", failure=failure)

    again = decode(encode(event))

    assert isinstance(again, events.AttemptFinished)
    assert isinstance(again.unit, events.Unit)
    assert again.unit.iteration == 4
    assert again.failure == failure


def test_written_events_are_ascii_on_one_line():
    """Databases of any encoding keep them."""
    body = encode(events.Noted(1, "line\nbreak, ünïcode \ud800 and \0"))

    assert body.isascii()
    assert "\n" not in body


def test_fields_an_older_nbkit_did_not_write_get_their_defaults():
    """Old ledgers stay readable."""
    assert decode('{"kind": "noted", "at": 1, "message": "m"}') == events.Noted(1, "m")


def test_events_of_a_newer_nbkit_are_refused_with_their_kind():
    """The message names the kind, and the advice is to upgrade."""
    with pytest.raises(SetupError, match=r"'teleported'(.|\n)*upgrade"):
        decode('{"kind": "teleported", "at": 1}')


@pytest.mark.parametrize(
    "body", ["{", "[]", "7", "{}", json.dumps({"kind": "noted", "at": "soon", "message": "m"})]
)
def test_damaged_events_are_one_clear_error(body):
    """Whatever stands in the table, a person never sees a traceback."""
    with pytest.raises(SetupError, match="ledger"):
        decode(body)
