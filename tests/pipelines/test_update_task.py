"""What an update is as the task of a run: the same from Python, from clients, from the shell."""

from __future__ import annotations

import pytest

from nbkit.api.pipelines import update_task
from nbkit.errors import UsageError


def test_it_says_what_was_asked_for_and_no_more():
    """Fields as the Jobs API spells them; what says nothing is left out."""
    assert update_task("etl") == {"task_key": "update", "pipeline_task": {"pipeline_id": "etl"}}
    asked = {"refresh": ["a"], "full_refresh": ["b"], "parameters": {"day": "1"}}
    assert update_task("etl", **asked, reset_checkpoint_selection=[])["pipeline_task"] == {
        "pipeline_id": "etl",
        "refresh_selection": ["a"],
        "full_refresh_selection": ["b"],
        "parameters": {"day": "1"},
    }
    everything = update_task("etl", full_refresh_all=True)["pipeline_task"]
    assert everything == {"pipeline_id": "etl", "full_refresh": True}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"full_refresh_all": True, "refresh": ["a"]}, "leaves nothing to choose"),
        ({"full_refresh_all": True, "full_refresh": ["a"]}, "leaves nothing to choose"),
        ({"refresh": []}, "names no dataset"),
        ({"refresh": "a"}, r"list of names: \['a'\]"),
    ],
)
def test_what_excludes_each_other_is_refused(asked, said):
    """Before anything is on record."""
    with pytest.raises(UsageError, match=said):
        update_task("etl", **asked)
