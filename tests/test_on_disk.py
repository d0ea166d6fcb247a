"""Whatever is at a path, and whatever keeps one from looking, is an answer or one line."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from nbkit import on_disk
from nbkit.errors import NbkitError
from nbkit.readable import readable


@pytest.fixture
def odd(tmp_path):
    """Paths that are no files, by the cause that the message gives."""
    (tmp_path / "file").write_text("text")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "sock"))
    listener.close()
    return {
        "Not a directory": tmp_path / "file" / "below",
        "File name too long": tmp_path / ("x" * 300),
        "Too many levels of symbolic links": tmp_path / "loop",
        "it is a folder, not a file": tmp_path,
        "it is a stream, not a file": tmp_path / "pipe",
        "it is a socket, not a file": tmp_path / "sock",
        "no file can have this name: embedded null byte": tmp_path / "nul\0name",
    }


def test_a_file_is_found_and_nothing_is_none(tmp_path):
    """A link leads to what it names; one that leads nowhere is nothing."""
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")

    assert on_disk.file_at(tmp_path / "link") == (tmp_path / "file").resolve()
    assert on_disk.file_at(tmp_path / "dangling") is None
    assert on_disk.file_at(tmp_path / "nothing") is None


def test_what_is_no_file_is_told_on_one_line(odd):
    """It names place and cause, however long or odd the name is."""
    for why, path in odd.items():
        with pytest.raises(on_disk.PathError) as refused:
            on_disk.file_at(path)
        said = str(refused.value)
        assert said.endswith(why)
        assert said.isprintable()
        assert len(said) < 400


def test_guesses_are_not_disturbed(odd):
    """Whoever only guesses at a name takes all of that for no."""
    for path in odd.values():
        assert not on_disk.is_file(path)
        assert on_disk.names_in(path / "below") == []


def test_reading_says_why_not(odd, tmp_path):
    """Also what is a file, and no text."""
    (tmp_path / "binary").write_bytes(b"\x7fELF\xff")
    odd.pop("it is a stream, not a file")  # opening it waits for a writer

    for path in (*odd.values(), tmp_path / "binary", tmp_path / "nothing"):
        with pytest.raises(NbkitError) as refused:
            on_disk.read_text(path)
        assert len(str(refused.value).splitlines()) <= 2


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("café ✓", "café ✓"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("half \ud83d", r"half \ud83d"),
        ("both \ud83d \udce9", r"both \ud83d \udce9"),
    ],
)
def test_text_that_is_no_unicode_stands_there_visibly(text, seen):
    """So nobody loses it, and nothing that writes it fails."""
    assert readable(text) == seen
    assert readable(text).encode()


@pytest.mark.parametrize("name", ["plain", "with space", os.fsdecode(b"caf\xe9 %41?#")])
def test_an_address_leads_back_to_its_path(name, tmp_path):
    """It is Unicode, so that a database can keep it."""
    path = tmp_path / name

    assert on_disk.address(path).encode()
    assert on_disk.place(on_disk.address(path)) == path


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of Linux")
def test_what_has_no_end_is_not_read_for_ever(tmp_path):
    """Under whatever name."""
    (tmp_path / "job.json").symlink_to("/dev/zero")
    with pytest.raises(NbkitError, match=r"job\.json is larger than 64 MiB"):
        on_disk.read_text(tmp_path / "job.json")
