"""The HTML index of runs: newest first, each with a link to its report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from nbkit.report.page import NAME, as_bytes, environment, live
from nbkit.report.rows import matrix_of
from nbkit.report.view import run_view
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.report.rows import Row
    from nbkit.report.view import Record

_RUNS_SHOWN = 100


def write_index(
    records: Iterable[Record], path: Path, rows: Iterable[Row] = (), *, runs_folder: Path
) -> None:
    """Write the index of runs to `path`, such as `runs/index.html`.

    Args:
        records: the runs, newest first; `tasks` may be left out of them.
        path: where to write.
        rows: the runs to show task by task, newest first; those of one job together.
        runs_folder: where reports are looked for, at `<run_id>/report.html`.
    """
    runs = [run_view(record) for record in records]
    way = os.path.relpath(runs_folder, path.parent)
    links = {
        run.run_id: quote(Path(way, str(run.run_id), NAME).as_posix())
        for run in runs
        if os.path.isfile(runs_folder / str(run.run_id) / NAME)  # noqa: PTH113 - thousands of runs
    }
    jobs: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        found = {**row, "report": links.get(row["id"], "")}
        jobs.setdefault((row["job_id"], row["name"]), []).append(found)
    matrices = [matrix_of(found[:_RUNS_SHOWN]) for found in jobs.values()]
    html = environment().get_template("index.html.j2").render(
        runs=runs,
        links=links,
        jobs=[name for _, name in jobs],
        **(live({"jobs": matrices}) if jobs else {}),
    )  # fmt: skip
    write_atomically(path, as_bytes(html))
