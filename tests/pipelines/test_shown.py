"""What a person sees of an update, without running one."""

from __future__ import annotations

import time

from nbkit.pipelines.in_notebook import CellsPipeline
from nbkit.pipelines.refresh.progress import DatasetProgress
from nbkit.pipelines.tell.shown import progress_shown


def test_what_was_counted_stays():
    """A dataset that is left as it is keeps its count; one that was not asked for, all it had."""
    pipeline = CellsPipeline()
    done = DatasetProgress("s.a", "materialized_view", "COMPLETED", rows=7, dropped=1)
    pipeline._remember({"s.a": done, "s.b": done})
    again = DatasetProgress("s.a", "materialized_view", "COMPLETED", "left", how="unchanged")
    other = DatasetProgress("s.b", "materialized_view", "EXCLUDED")
    pipeline._remember({"s.a": again, "s.b": other})
    assert (pipeline._progress["s.a"].rows, pipeline._progress["s.a"].message) == (7, "left")
    assert pipeline._progress["s.b"] is done


def test_seconds_pass():
    """What is being computed says for how long; what waits, or was skipped, says nothing."""
    begun = int(time.time() * 1000) - 90_000
    running = DatasetProgress("s.a", "streaming_table", "RUNNING", started_at=begun)
    waiting = DatasetProgress("s.b", "streaming_table", "QUEUED")
    html = progress_shown([running, waiting])._repr_html_()
    assert html.count(" …</td>") == 1
