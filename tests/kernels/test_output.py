"""Output notebooks are whole at any moment, and not written all the time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from nbkit.kernels import output
from nbkit.kernels.output import OutputNotebook
from nbkit.whole_file import write_atomically

WRITER = """
import sys, pathlib
from nbkit.whole_file import write_atomically
path = pathlib.Path(sys.argv[1])
number = 0
while True:
    write_atomically(path, (str(number % 10) * 5_000_000).encode())
    number += 1
    if number == 2: print("writing", flush=True)
"""


def test_killed_while_writing(tmp_path):
    """Whenever the writer is killed, the file is one whole version."""
    path = tmp_path / "nb.ipynb"
    for delay in (0.0, 0.003, 0.007, 0.013):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE) as it:
            it.stdout.readline()
            time.sleep(delay)
            it.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert len(data) == 5_000_000
        assert len(set(data)) == 1


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    """An error while writing leaves the old version, and no litter."""
    path = tmp_path / "nb.ipynb"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_mode_follows_the_umask(tmp_path):
    """Others may read the file as they may read any new file."""
    write_atomically(tmp_path / "a", b"")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_throttled(tmp_path, monkeypatch):
    """Saves in quick succession are put off, and the caller is told how long."""
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    notebook, file = new_notebook(), OutputNotebook(tmp_path / "deep" / "nb.ipynb", 5)
    assert file.save(notebook) == 0
    now[0] += 2
    assert file.save(notebook) == 3
    assert file.save(notebook, force=True) == 0
    now[0] += 5
    assert file.save(notebook) == 0


def test_half_a_surrogate_pair(tmp_path):
    """Text that is not Unicode does not keep a notebook from being saved, and is kept."""
    text = new_output("stream", name="stdout", text="\ud83d")
    path = tmp_path / "nb.ipynb"
    OutputNotebook(path, 0).save(new_notebook(cells=[new_code_cell("", outputs=[text])]))
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "\ud83d"
