"""Pipelines of random graphs over random histories, killed at random: each table is as it should.

What a table should hold is computed in plain Python; the sources are written, and the tables read,
by deltalake. After every update that has come to its end, each table is compared.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from pprint import pformat
from random import Random

import deltalake
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pipelines.graph_cases import case, until
from pipelines.graph_oracle import COLUMNS, Oracle
from pipelines.graph_source import Source
from proving import rounds

pytestmark = [pytest.mark.slow, pytest.mark.prove, pytest.mark.timeout(3600)]

_TYPES = {"id": pa.int64(), "n": pa.int64(), "s": pa.int64()}
_WAIT_SECONDS = 300


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose driver outlives the updates that are killed."""
    root = tmp_path_factory.mktemp("graphs")
    (root / "nbkit.toml").write_text('[spark]\nmemory = "1g"\ngrace_seconds = 120\n')
    yield root
    nbkit = Path(sys.executable).with_name("nbkit")
    subprocess.run([nbkit, "driver", "stop"], cwd=root, check=False)


def test_graphs(project):
    """Each seed is another pipeline; `NBKIT_SEEDS=3,17` takes those."""
    chosen = os.environ.get("NBKIT_SEEDS", "")
    seeds = [int(each) for each in chosen.split(",") if each]
    if not seeds:
        seeds = [Random().randrange(10**6) for _ in range(rounds(0, 12))] or [22818]
    for seed in seeds:
        check(project, case(seed, rounds(2, 4), rounds(5, 9)))


def check(root, given):
    """Update the pipeline of a case step by step; after each, compare all its tables."""
    number = given["seed"]
    schema, sources = f"g{number}", root / f"in{number}"
    oracle = Oracle({name: [] for name in given["sources"]})
    for name, source in given["sources"].items():
        begin(sources / name, source, given["names"], changes=name == "changes")
    (root / "spark-pipeline.yml").write_text(
        f"name: {schema}\nschema: {schema}\nlibraries: [{{glob: {{include: 'src{number}/**'}}}}]\n"
    )
    for step, each in enumerate(given["steps"]):
        code = Source(sources, given["names"], given["sources"], each["nodes"])
        for file, text in code.files().items():
            place = root / f"src{number}" / file
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)
        full = each["full"] if isinstance(each["full"], str) else ",".join(each["full"] or ())
        for at, news in enumerate(each["news"]):
            for name, rows in news.items():
                land(sources / name, given["sources"][name], given["names"], rows, f"{step}_{at}")
            oracle.land(news)
            kill = each["kills"][at] if at < len(each["kills"]) else None
            updated(root, schema, full, kill, f"seed {number}, step {step}")
        oracle.update(each["nodes"], each["full"])
        compare(root, given, oracle, step)


def updated(root, schema, full, kill, where):
    """Update, and let it die in the middle if that is asked for."""
    script = Path(__file__).with_name("updated.py")
    with (root / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, str(script), str(root), full], stdout=said, stderr=subprocess.STDOUT
        )
        if kill is not None and not ended(process, root, schema, kill):
            if kill["driver"]:
                kill_driver(root)
            process.kill()
            process.wait()
            return
        process.wait()
        said.seek(0)
        text = said.read()
    assert process.returncode == 0, f"{where}: {text}"
    states = json.loads(text.strip().splitlines()[-1])
    wrong = {
        name: told for name, told in states.items() if told[0] not in {"COMPLETED", "EXCLUDED"}
    }
    assert not wrong, f"{where}: {pformat(wrong)}"


def ended(process, root, schema, kill):
    """Wait for the moment at which an update is to die; says whether it has ended before."""
    begun, before = time.monotonic(), files_of(root, schema)
    while process.poll() is None and time.monotonic() - begun < _WAIT_SECONDS:
        if "seconds" in kill and time.monotonic() - begun >= kill["seconds"]:
            return False
        if "files" in kill and files_of(root, schema) - before >= kill["files"]:
            return False
        time.sleep(0.02)
    return True


def files_of(root, schema):
    """Count the files of logs of tables, and of checkpoints."""
    places = [
        root / ".nbkit" / "warehouse" / f"{schema}.db",
        root / ".nbkit" / "pipelines" / schema,
    ]
    return sum(len(files) for place in places for _, _, files in os.walk(place))


def kill_driver(root):
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        pid = json.loads((root / ".nbkit" / "driver.json").read_text())["pid"]
        driver = psutil.Process(pid)
        for each in [*driver.children(recursive=True), driver]:
            with suppress(psutil.NoSuchProcess):
                os.kill(each.pid, signal.SIGKILL)


def begin(folder, source, names, *, changes):
    """Make a source without rows."""
    folder.mkdir(parents=True)
    if source["kind"] == "delta":
        deltalake.write_deltalake(str(folder), arrow([], names, changes=changes))


def land(folder, source, names, rows, part):
    """Write what is new in a source; the rows of `edited` take the place of the old ones."""
    changes = folder.name == "changes"
    if source["kind"] == "delta":
        mode = "overwrite" if folder.name == "edited" else "append"
        deltalake.write_deltalake(str(folder), arrow(rows, names, changes=changes), mode=mode)
        return
    late = any("late" in row for row in rows)
    columns = [*COLUMNS, *(("s", "op") if changes else ()), *(("late",) if late else ())]
    file = folder / f"{part}.{source['format']}"
    written = [{names[c]: row.get(c) for c in columns} | unfit(row, names) for row in rows]
    if source["format"] == "parquet":
        fields = [(names[c], _TYPES.get(c, pa.string())) for c in columns]
        pq.write_table(pa.Table.from_pylist(written, pa.schema(fields)), file)
    elif source["format"] == "json":
        file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in written))
    else:
        lines = [[names[c] for c in columns], *(row.values() for row in written)]
        file.write_text("\n".join(",".join(map(cell, line)) for line in lines))


def cell(value):
    """Return a value as CSV has it; NULL is nothing, and a text stands in quotes."""
    if value is None:
        return ""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def unfit(row, names):
    return {names["n"]: row["unfit"]} if "unfit" in row else {}


def arrow(rows, names, *, changes):
    columns = [*COLUMNS, *(("s", "op") if changes else ())]
    schema = pa.schema([(names[c], _TYPES.get(c, pa.string())) for c in columns])
    return pa.Table.from_pylist([{names[c]: row[c] for c in columns} for row in rows], schema)


def compare(root, given, oracle, step):
    """Hold each table, and what was put aside beside it, against what it should be."""
    warehouse = root / ".nbkit" / "warehouse" / f"g{given['seed']}.db"
    nodes = {each["name"]: each for each in given["steps"][step]["nodes"]}
    tables, beside = oracle.tables(), oracle.quarantines()
    for name, node in nodes.items():
        if node["kind"] == "view" or name not in tables:
            continue
        columns = [*COLUMNS, *(("start", "end") if node.get("scd") == 2 else ())]
        columns += ["late", "unfit"] if node.get("raw") else []
        wanted = [tuple(row.get(c) for c in columns) for row in tables[name]]
        found = stored(warehouse / name, given["names"], columns)
        told = f"{name}, step {step} of {pformat(until(given, step, name), width=150)}"
        assert ordered(found) == ordered(wanted), told
        columns = [*columns, "failed"]
        aside = [tuple(row.get(c) for c in columns) for row in beside[name]]
        if aside or (warehouse / f"{name}_quarantine").exists():
            put = stored(warehouse / f"{name}_quarantine", given["names"], columns)
            assert ordered(put) == ordered(aside), f"quarantine of {told}"


def stored(path, names, columns):
    """Return the rows of a table in the oracle's terms, read without Spark."""
    table = deltalake.DeltaTable(str(path)).to_pyarrow_table()
    own = {"start": "__START_AT", "end": "__END_AT", "failed": "_failed_expectations", **names}
    found = []
    for row in table.to_pylist():
        rescued = json.loads(row.get("_rescued_data") or "{}")
        row["unfit"] = rescued.get(names["n"])
        told = [row.get(own.get(c, c)) for c in columns]
        found.append(tuple(sorted(v) if isinstance(v, list) else v for v in told))
    return found


def ordered(rows):
    return sorted(tuple(map(repr, row)) for row in rows)
