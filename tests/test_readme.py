"""What the README shows is what happens; what it names is checked with the documentation."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short() -> None:
    """A newcomer reads it to its end; what is longer is in the documentation."""
    assert len(README.splitlines()) <= 100


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_its_commands_run_in_the_order_in_which_they_stand(project) -> None:
    """In a fresh copy of the notebooks, where nothing has run before."""
    shutil.copytree(ROOT / "notebooks", project.root / "notebooks")
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split(" #")[0].strip() for text in blocks for line in text.splitlines()]
    calls = [line for line in lines if line.startswith("nbkit ")]
    assert any("pipeline validate" in call for call in calls)
    assert project.nbkit("driver", "start").status == 0
    try:
        for call in calls:
            done = project.shell(call, BROWSER="true")
            assert done.status == 0, f"{call}\n{done.err}"
    finally:
        project.nbkit("driver", "stop")
