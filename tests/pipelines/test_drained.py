"""Whether a checkpoint says that all was read: in doubt, it was not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proving import of_examples

from nbkit.pipelines.files.file_columns import digest
from nbkit.pipelines.refresh import drained


@dataclass
class Folder:
    """A folder of state in memory: texts by their paths."""

    texts: dict[str, str] = field(default_factory=dict)
    at: str = ""

    def __truediv__(self, name):
        return Folder(self.texts, f"{self.at}{name}/")

    def read(self):
        return self.texts.get(self.at.rstrip("/"))

    def names(self):
        inside = [name.removeprefix(self.at) for name in self.texts if name.startswith(self.at)]
        return list(dict.fromkeys(name.partition("/")[0] for name in inside))


def checkpoint(begun=3, finished=3, form="v1", offsets=('{"a": 1}', '{"b": 2}')):
    made = {f"offsets/{at}": "v1\n{}\n{}" for at in range(begun)}
    made[f"offsets/{begun}"] = "\n".join((form, '{"about": 1}', *offsets))
    return Folder(made | {f"commits/{at}": "v1\n{}" for at in range(finished + 1)})


def test_the_last_batch_that_was_finished_says_up_to_where():
    """Each source in its order; `10` comes after `9`."""
    assert drained._offsets(checkpoint()) == [{"a": 1}, {"b": 2}]
    assert drained._offsets(checkpoint(10, 10)) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "made",
    [
        Folder(),
        checkpoint(3, 2),
        checkpoint(form="v9"),
        checkpoint(offsets=('{"a": 1}', "-")),
        Folder({"offsets/0": "", "commits/0": "v1\n{}"}),
    ],
    ids=["nothing", "a batch is open", "another form", "a source without one", "an empty file"],
)
def test_in_doubt_nothing_is_known(made):
    """Then the stream is started, and Spark itself sees."""
    assert drained._offsets(made) == []


def test_a_stream_of_a_table_has_read_up_when_it_stands_behind_the_last_version():
    """Not while it still reads the table as it was, nor for another table of the same name."""
    offset = {
        "sourceVersion": 3,
        "reservoirId": "a:b",
        "reservoirVersion": 8,
        "index": -1,
        "isStartingVersion": False,
    }
    assert drained._delta_read_up("a:b:7", offset)
    for version in ("a:b:8", "a:b:6", "x:7", None):
        assert not drained._delta_read_up(version, offset)
    for change in ({"isStartingVersion": True}, {"index": 4}, {"reservoirId": "x"}):
        assert not drained._delta_read_up("a:b:7", offset | change)
    assert not drained._delta_read_up("a:b:7", {"reservoirId": "a:b", "reservoirVersion": 8})


@given(st.lists(st.lists(st.integers(0, 40), max_size=4), min_size=1, max_size=12), st.integers(2))
@of_examples(200)
def test_files_that_were_read_are_those_of_all_batches(batches, every):
    """Spark puts all that came before into every n-th of its files, and may drop the others."""
    every = every % 5 + 2
    texts, before = {}, []
    for at, files in enumerate(batches):
        before += files
        compact = (at + 1) % every == 0
        told = before if compact else files
        lines = [json.dumps({"path": f"file:/in/{file}", "timestamp": 1}) for file in told]
        texts[f"{at}.compact" if compact else f"{at}"] = "\n".join(["v1", *lines])
    last = {"logOffset": len(batches) - 1}
    wanted = {digest(f"file:/in/{file}") for file in before}
    assert drained._files_read(Folder(texts), last) == wanted
    assert drained._files_read(Folder(texts), {"logOffset": len(batches)}) == frozenset()
    whole = max((at for at in range(len(batches)) if (at + 1) % every == 0), default=0)
    kept = {name: text for name, text in texts.items() if int(name.split(".")[0]) >= whole}
    assert drained._files_read(Folder(kept), last) == wanted
    missing = next((f"{at}" for at in range(whole + 1, len(batches)) if f"{at}" in kept), None)
    if missing:
        del kept[missing]
        assert drained._files_read(Folder(kept), last) == frozenset()
