"""The program within this process, which is quicker than a process for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from nbkit.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable


class Answer(NamedTuple):
    """What a command answered."""

    status: int
    out: str
    err: str


@pytest.fixture
def nbkit(project, monkeypatch, capsys) -> Callable[..., Answer]:
    """Say a command line in the project; returns exit status and both streams."""
    monkeypatch.chdir(project.root)

    def say(*arguments: object) -> Answer:
        monkeypatch.setattr("sys.argv", ["nbkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Answer(left.value.code or 0, said.out, said.err)

    return say


@pytest.fixture
def nothing_ran(project, nbkit) -> Callable[[], bool]:
    """Whether the ledger holds no run."""
    return lambda: '"runs": []' in nbkit("runs", "--json").out
