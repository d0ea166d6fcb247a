"""Requests: values of the right type, or one clear message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nbkit.service.endpoints  # noqa: F401 - they sign up
from nbkit.service.below import below
from nbkit.service.refusals import Refusal
from nbkit.service.request import ApiRequest, json_of
from nbkit.service.routes import find

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def refusal_of(call, *given):
    """The refusal that a call raises; None if it does not."""
    try:
        call(*given)
    except Refusal as refusal:
        return refusal
    return None


@given(JSON)
def test_whatever_comes_is_a_value_or_a_refusal(value):
    """Never another error."""
    request = ApiRequest("2.2", {"x": value})
    for read in (request.text, request.number, request.flag, request.texts, request.mapping):
        refusal = refusal_of(read, "x")
        assert refusal is None or (refusal.status == 400 and "x" in refusal.message)


@given(st.binary())
def test_a_body_is_an_object_or_a_refusal(body):
    """Whatever bytes it has."""
    refusal = refusal_of(json_of, body)
    assert refusal is None or refusal.code == "MALFORMED_REQUEST"


def test_what_is_missing_or_misspelt_is_named():
    """With the nearest name that there is."""
    request = ApiRequest("2.2", {"jobid": 1})
    with pytest.raises(Refusal, match="Missing required field: job_id"):
        request.number("job_id")
    with pytest.raises(Refusal, match="Unknown field jobid; nearest: job_id"):
        request.refuse_unknown({"job_id"})


def test_requests_find_their_endpoints():
    """By method, version and path; parts of a path are values."""
    found, values = find("PUT", "2.0", "fs/files/Volumes/a/b/c/d e")
    assert (found.raw, values) == (True, {"path": "Volumes/a/b/c/d e"})
    assert find("GET", "2.1", "jobs/runs/get")[1] == {}
    for method, version, path in (
        ("GET", "2.2", "jobs/run-now"),
        ("GET", "1.2", "jobs/list"),
        ("GET", "2.0", "unity-catalog/catalogs"),
    ):
        with pytest.raises(Refusal, match=f"does not answer {method} /api/{version}/{path}"):
            find(method, version, path)


PARTS = st.lists(st.sampled_from(["..", ".", "a", "", "link", "b\0", "x" * 300]), max_size=5)


@given(PARTS)
def test_no_path_leads_out(tmp_path_factory, parts):
    """Not by dots, not by a link."""
    folder = tmp_path_factory.mktemp("f")
    (folder / "link").symlink_to("/etc")
    try:
        found = below(folder, "/".join(["", *parts]))
    except Refusal:
        return
    assert found.resolve().is_relative_to(folder.resolve())
