"""Updates that were killed: whatever the point, no row is lost, and none is there twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SOURCE = """
from pyspark import pipelines as dp

def events():
    return (
        spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", "true").load("{landing}")
    )

@dp.table
def plain():
    return events()

@dp.table
@dp.expect_or_quarantine("even", "id % {divisor} = 0")
def split():
    return events()

@dp.temporary_view
def changes():
    return events()

dp.create_streaming_table("people")
dp.create_auto_cdc_flow(
    "people", "changes", ["name"], "id", except_column_list=["_rescued_data"]
)
"""


POINTS = {
    "nowhere": 2,
    "emptied": 2,
    "before_good": 2,
    "after_good": 2,
    "after_both": 3,
    "after_merge": 3,
    "after_commit": 3,
}
"""Where each update dies, and whose multiples its expectation lets pass."""


def test_killed(tmp_path):
    """Between the writes of a batch, with an edited rule after it; after a merge; before a record.

    The rows that were good when the table took them are good; no other batch knows that rule.
    """
    landing, rows = tmp_path / "landing", 0
    landing.mkdir()
    (tmp_path / "spark-pipeline.yml").write_text(
        "name: killed\nschema: killed\nlibraries: [{glob: {include: a.py}}]\n"
    )
    (tmp_path / "nbkit.toml").write_text('[spark]\nmemory = "1g"\ngrace_seconds = 120\n')

    def updated(point):
        command = [sys.executable, str(Path(__file__).with_name("killed.py")), str(tmp_path), point]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    try:
        for point, divisor in POINTS.items():
            source = SOURCE.format(landing=landing, divisor=divisor)
            (tmp_path / "a.py").write_text(source)
            lines = [{"id": rows + at, "name": f"n{at}"} for at in range(4)]
            (landing / f"{rows}.json").write_text("\n".join(map(json.dumps, lines)))
            rows += 4
            done = updated(point)
            expected = 0 if point == "nowhere" else -signal.SIGKILL
            assert done.returncode == expected, f"{point}: {done.stderr}"
        forget_last_batch(tmp_path / ".nbkit/pipelines/killed/checkpoints/killed.plain")
        (tmp_path / "a.py").write_text(source.replace("@dp.expect_or_quarantine", "# "))
        done = updated("nowhere")
        assert done.returncode == 0, done.stderr
        found = json.loads(updated("read").stdout)
    finally:
        nbkit = Path(sys.executable).with_name("nbkit")
        subprocess.run([nbkit, "driver", "stop"], cwd=tmp_path, check=False)
    plain, split, quarantine, people = (
        sorted(json.loads(row)["id"] for row in table) for table in found
    )
    assert plain == list(range(rows))
    assert sorted([*split, *quarantine]) == list(range(rows))
    first = 12  # rows that were there when the table was filled anew, and its quarantine not yet
    assert [row for row in quarantine if row < first] == list(range(1, first, 2))
    later = [row for row in quarantine if row >= first]
    assert later
    assert all(row % 3 for row in later)
    assert people == list(range(rows - 4, rows))


def forget_last_batch(checkpoint):
    """Make it as it is when the process dies right after the write: the batch is not recorded."""
    for commits in checkpoint.glob("*/plain/commits"):
        planned = {file.name for file in (commits.parent / "offsets").glob("[0-9]*")}
        newest = max(planned, key=int)
        for file in (commits / newest, commits / f".{newest}.crc"):
            file.unlink(missing_ok=True)
