"""What a batch refuses is told in its own words, whatever Spark makes of it."""

from __future__ import annotations

import pytest

from nbkit.errors import UsageError
from nbkit.pipelines.refresh.batches import each_batch


class Stream:
    """A stream of two batches, which hands on errors as Spark does: as one of its own."""

    def __init__(self):
        self.writeStream = self
        self.asked = {}

    def foreachBatch(self, write):  # noqa: N802 - as PySpark has it
        self.write = write
        return self

    def option(self, name, value):
        self.asked[name] = value
        return self

    def trigger(self, **given):
        self.asked |= given
        return self

    def start(self):
        return self

    def await_end(self):
        for number, batch in enumerate("ab"):
            try:
                self.write(batch, number)
            except Exception as error:
                raise RuntimeError(f"the stream failed: {error}") from error


def test_each_batch_is_handed_over_once():
    """With its number; what there is now is all that is read."""
    stream, seen = Stream(), []
    each_batch(stream, lambda *batch: seen.append(batch), "checkpoints/a", Stream.await_end)
    assert seen == [("a", 0), ("b", 1)]
    assert stream.asked == {"checkpointLocation": "checkpoints/a", "availableNow": True}


@pytest.mark.parametrize(
    ("error", "told"),
    [(UsageError("no such column"), UsageError), (ValueError("no such column"), RuntimeError)],
)
def test_what_is_refused_keeps_its_words(error, told):
    """Anything else is the stream's own error."""

    def write(batch, number):
        raise error

    with pytest.raises(told, match="no such column"):
        each_batch(Stream(), write, "checkpoints/a", Stream.await_end)
