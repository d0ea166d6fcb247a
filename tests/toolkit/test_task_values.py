import pytest

from nbkit import serving as attempt
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.task_values import LIMIT_BYTES

values = dbutils.jobs.taskValues


def test_get_outside_a_job():
    """Outside a job `get` returns debugValue, and insists on one in Databricks' words."""
    assert values.get("load", "rows", debugValue=7) == 7
    with pytest.raises(TypeError) as caught:
        values.get("load", "rows", default=3)
    assert str(caught.value) == (
        "Must pass debugValue when calling get outside of a job context. debugValue cannot be None."
    )


def test_set_outside_a_job_does_nothing(published):
    """Outside a job `set` is a no-op."""
    values.set("rows", 1)
    assert published == []


def test_get_in_a_job(context):
    """In a job `get` returns what the task set; debugValue does not matter."""
    attempt.serve(context)
    assert values.get("load", "rows", default=1, debugValue=2) == 5
    assert values.get("load", "none", default=1, debugValue=2) == 1


def test_missing_value_names_the_nearest(context):
    """A value that is missing without default names the task, the key and the nearest key."""
    attempt.serve(context)
    with pytest.raises(ValueError, match=r"'load' has not set the value 'row'; nearest: rows"):
        values.get("load", "row")
    with pytest.raises(ValueError, match=r"'laod' has set no values.*; nearest: load"):
        values.get("laod", "rows")


def test_set_is_told_and_visible_to_own_get(context, messages):
    """`set` tells the runner; the task's own `get` sees the value as others will."""
    attempt.serve(context)
    values.set("pair", (1, {2: None}))
    (said,) = messages.new()
    assert said == {
        "kind": "task_value",
        "key": "pair",
        "value": [1, {"2": None}],
    }
    assert values.get("me", "pair") == [1, {"2": None}]


def test_false_and_zero_are_values(context):
    """A value that is false in Python is still a value."""
    attempt.serve(context)
    values.set("ok", value=False)
    assert values.get("me", "ok", default=True) is False


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}, b"x"])
def test_only_json(context, value):
    """A value that is not JSON is refused with the key in the message."""
    attempt.serve(context)
    with pytest.raises(TypeError, match="'x' cannot be written as JSON"):
        values.set("x", value)


def test_size_limit(context):
    """48 KiB of JSON is allowed, one byte more is not."""
    attempt.serve(context)
    values.set("x", "a" * (LIMIT_BYTES - 2))
    with pytest.raises(ValueError, match=r"49,153 bytes.*limit is 49,152"):
        values.set("x", "a" * (LIMIT_BYTES - 1))


def test_the_limit_is_of_bytes_in_utf_8(context):
    """Not of escapes: a letter beyond ASCII is two bytes and not six."""
    attempt.serve(context)
    values.set("x", "é" * (LIMIT_BYTES // 2 - 1))
    with pytest.raises(ValueError, match=r"49,154 bytes"):
        values.set("x", "é" * (LIMIT_BYTES // 2))


def test_key_is_a_string(context):
    """The key of a task value is a string."""
    attempt.serve(context)
    with pytest.raises(TypeError, match="key of a task value is a string"):
        values.set(1, 1)
