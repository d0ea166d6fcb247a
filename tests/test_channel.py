"""Lines of JSON over a socket, whole at the other end however they come."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.channel import Channel, private_folder

LINES = st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), max_size=5)


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    yield Channel(ours), theirs
    theirs.close()


@given(LINES)
def test_what_is_sent_arrives(lines):
    """In order, then the end of file."""
    ours, theirs = map(Channel, socket.socketpair())
    for line in lines:
        ours.send(line)
    ours.finish()
    assert list(theirs) == lines
    assert theirs.receive() is None
    ours.close()
    theirs.close()


def test_a_line_in_pieces(ends):
    """Nothing is taken before it is whole, and nothing behind it is lost."""
    channel, other = ends
    other.sendall(b'{"a"')
    assert channel.arrived() == []
    other.sendall(b': 1}\n[5]\n{"b": 2}\n{"c": 3}\n{"d')
    assert channel.receive() == {"a": 1}
    assert channel.held() == [{"b": 2}, {"c": 3}]
    assert not channel.ended
    other.close()
    assert channel.arrived() is None
    assert channel.ended


def test_many_threads_send_whole_lines(ends):
    """A long line is not cut by another's."""
    channel, other = ends
    long = {"text": "x" * 300_000}
    threads = [threading.Thread(target=channel.send, args=[long]) for _ in range(6)]
    for thread in threads:
        thread.start()
    there = Channel(other)
    assert [there.receive() for _ in threads] == [long] * 6


def test_nobody_listens(tmp_path):
    """That is an error of the system's."""
    with pytest.raises(OSError, match="No such file"):
        Channel.to(str(tmp_path / "none"))


def test_a_private_folder(monkeypatch, tmp_path):
    """Nobody else enters it, and a socket fits in, though the temporary folder's name is long."""
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    folder = private_folder()
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(os.fsencode(folder)) < 80
    finally:
        folder.rmdir()
