"""AUTO CDC held against plain Python over random histories, with crashes; read with deltalake."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from decimal import Decimal
from pprint import pformat

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import Phase, assume, given
from hypothesis import strategies as st
from pipelines.cdc_cases import Feed, Replacing, ddl, feeds, snapshot_series, write
from pipelines.cdc_cases import replacing as replacing_cases
from pipelines.cdc_oracle import KEYS, Struct, snapshots, type_1, type_2
from proving import of_examples, only_when_proving

from nbkit.pipelines.refresh import cdc, cdc_snapshots
from nbkit.pipelines.refresh.flow_kinds import replaced_using

pytestmark = [pytest.mark.slow, pytest.mark.prove, pytest.mark.timeout(3600)]

_AT_ONCE = 4
"""Tables of one pipeline: they are fed side by side, which takes a third of the time."""

SOURCE = """
import json
from pathlib import Path

from pyspark import pipelines as dp
from pyspark.sql import functions as F
from pipelines.cdc_cases import VERSIONS

ROOT = Path({root!r})


def feed(name, case):
    for at, flow in enumerate(case["flows"]):
        def changes(at=at, flow=flow):
            folder = ROOT / "in" / name / str(at)
            reader = spark.readStream.schema(flow["ddl"])
            return reader.option("maxFilesPerTrigger", case["files"]).parquet(str(folder))

        dp.temporary_view(name=f"{{name}}_{{at}}")(changes)
        kind, names = flow["nulls"]
        nulls = {{}}
        if kind == "all":
            nulls["ignore_null_updates"] = True
        elif kind == "only":
            nulls["ignore_null_updates_column_list"] = names
        elif kind == "except":
            nulls["ignore_null_updates_except_column_list"] = names
        dp.create_auto_cdc_flow(
            name,
            f"{{name}}_{{at}}",
            ["k1", F.col("k2")],
            F.struct("seq", "lo") if case["struct"] else "seq",
            apply_as_deletes=F.expr("op = 'D'"),
            apply_as_truncates="op = 'T'" if case["truncates"] else None,
            stored_as_scd_type=case["scd"],
            name=f"{{name}}_flow_{{at}}",
            **case["tracked"],
            **nulls,
            **({{"except_column_list": ["seq", "lo", "op"]}} if at == 0 else
               {{"column_list": ["k1", "k2", *flow["columns"]]}}),
        )


def follow(name, case):
    def following(last):
        for at in range(case["there"]):
            version = VERSIONS[case["kind"]](at)
            assert last is None or type(last) is type(version)
            if last is None or version > last:
                file = ROOT / "in" / name / f"{{at}}.parquet"
                return spark.read.schema(case["ddl"][at]).parquet(str(file)), version
        return None

    dp.create_auto_cdc_from_snapshot_flow(
        name, following, ["k1", "k2"], case["scd"], **case["tracked"]
    )


def replacing(name, case):
    reader = spark.readStream if case["using"] else spark.read

    def rows():
        part = "*" if case["using"] else f"{{case['update']}}_*"
        found = reader.schema(case["ddl"]).option("pathGlobFilter", part)
        if case["using"]:
            found = found.option("maxFilesPerTrigger", 1)
        return found.parquet(str(ROOT / "in" / name))

    if not case["using"]:
        dp.table(name=name, replace_where=F.col("n") >= F.col("k2"))(rows)
        return
    dp.create_streaming_table(name)
    dp.append_flow(
        target=name, name=f"{{name}}_flow", replace_using=["k1", "k2"], sequence_by="seq"
    )(rows)


for name, case in json.loads((ROOT / "cases.json").read_text()).items():
    if "using" in case:
        replacing(name, case)
        continue
    dp.create_streaming_table(name)
    (follow if "kind" in case else feed)(name, case)
"""


class CrashError(Exception):
    """What happens instead of the process's end."""


_numbers = itertools.count()


@only_when_proving
@of_examples(1, phases=[Phase.explicit, Phase.generate])  # a failure is one small table
@given(
    st.lists(feeds(), min_size=_AT_ONCE, max_size=_AT_ONCE),
    st.lists(snapshot_series(), min_size=_AT_ONCE // 2, max_size=_AT_ONCE // 2),
    st.tuples(replacing_cases(using=True), replacing_cases(using=False)),
)
def test_histories(pipeline, monkeypatch, feeds, series, others):
    """After every update, and after a full refresh, each table is what the oracle says."""
    every = [*feeds, *series, *others]
    assume(len({repr(case) for case in every}) == len(every))  # the first ones are all empty
    number = next(_numbers)
    cases = {f"h{number}_{at}": case for at, case in enumerate(every)}
    check(pipeline, monkeypatch, cases)


def check(pipeline, monkeypatch, cases):
    pipeline.write("src/a.py", SOURCE.format(root=str(pipeline.root)))
    for update in range(3):
        told = {name: land(pipeline.root, name, case, update) for name, case in cases.items()}
        (pipeline.root / "cases.json").write_text(json.dumps(told))
        crashes = {name: case.crashes[update] for name, case in cases.items()}
        if any(crashes.values()):
            with monkeypatch.context() as patched:
                crash(patched, pipeline.schema, crashes)
                said = pipeline.update()
            failed = [each.message for each in said.values() if each.state == "FAILED"]
            assert all(message.endswith("CrashError: crashed") for message in failed), failed
        said = pipeline.update()
        assert {each.message for each in said.values() if each.state != "COMPLETED"} == set()
        compare(pipeline, cases, update)
    pipeline.update(full_refresh_all=True)
    compare(pipeline, {n: c for n, c in cases.items() if getattr(c, "using", True)}, 2)


def land(root, name, case, update):
    """Write what is new, and return what the pipeline's source has to know."""
    if isinstance(case, Replacing):
        columns = (*KEYS, *case.columns)
        for part in range(2):
            rows = case.updates[update][part::2]
            write(root / "in" / name / f"{update}_{part}.parquet", rows, columns)
        return {"using": case.using, "update": update, "ddl": ddl(columns)}
    kind, names = case.tracked
    tracked = (
        {}
        if kind == "all"
        else {f"track_history_{'' if kind == 'only' else 'except_'}column_list": names}
    )
    if case.scd == 1:
        tracked = {}
    folder = root / "in" / name
    if not isinstance(case, Feed):
        ddls, at = [], 0
        for number, found in enumerate(case.updates[: update + 1]):
            columns = (
                *KEYS,
                "n",
                "text",
                "tags",
                "at",
                *(["late"] if number >= case.late_from else []),
            )
            for rows in found:
                write(folder / f"{at}.parquet", rows, columns)
                ddls.append(ddl(columns))
                at += 1
        return {"kind": case.kind, "scd": case.scd, "tracked": tracked, "there": at, "ddl": ddls}
    flows = []
    for at, flow in enumerate(case.flows):
        late = ["late"] if update >= case.late_from else []
        columns = (*KEYS, "seq", "lo", "op", *flow["columns"], *late)
        rows = case.batches[update][at]
        for part in range(2):  # more than one batch of the stream
            write(folder / str(at) / f"{update}_{part}.parquet", rows[part::2], columns)
        flows.append({**flow, "columns": [*flow["columns"], *late], "ddl": ddl(columns)})
    return {
        "scd": case.scd,
        "flows": flows,
        "tracked": tracked,
        "struct": case.struct,
        "truncates": case.truncates,
        "files": 1 + update,
    }


def crash(patched, schema, crashes):
    """End each table's refresh once, where its case says so."""
    names = {f"{schema}.{name}": where for name, where in crashes.items()}

    def ending(owner, method, point, key_of, *, before=False):
        real = getattr(owner, method)

        def method_of(self, *given, **named):
            due = names.get(key_of(self)) == point
            if due and before:
                del names[key_of(self)]
                raise CrashError("crashed")
            done = real(self, *given, **named)
            if due:
                del names[key_of(self)]
                raise CrashError("crashed")
            return done

        patched.setattr(owner, method, method_of)

    def key(self):
        return self._found.key

    ending(cdc.ChangesInto, "_merged", "log", key, before=True)
    ending(cdc.ChangesInto, "_merged", "merge", key)
    ending(replaced_using.Using, "_merged", "merge", key)
    ending(cdc_snapshots.Snapshots, "_merge", "file", key, before=True)
    ending(cdc_snapshots.Snapshots, "_merge", "merge", key)


def compare(pipeline, cases, update):
    for name, whole in cases.items():
        case = until(whole, update)
        if isinstance(case, Replacing):
            wanted = [tuple(row[name] for name in (*KEYS, *case.columns)) for row in case.rows()]
            found = stored(pipeline, name, case)
            assert sort(found) == sort(wanted), f"update {update}: {pformat(case, width=100)}"
            continue
        if isinstance(case, Feed):
            changes = case.changes()
            wanted = (
                type_1(changes, case.columns)
                if case.scd == 1
                else type_2(changes, case.columns, case.history())
            )
        else:
            tracked = case.history() if case.scd == 2 else None
            wanted = snapshots(case.versions(), case.columns, tracked)
        found = stored(pipeline, name, case)
        assert sort(found) == sort(wanted), f"update {update}: {pformat(part(case, found, wanted))}"


def part(case, found, wanted):
    """Return a case with the one key alone whose rows are wrong: what a test can begin with."""
    key = next((row[:2] for row in [*found, *wanted] if found.count(row) != wanted.count(row)), ())

    def own(rows):
        return tuple(row for row in rows if (row["k1"], row["k2"]) == key or row.get("op") == "T")

    if isinstance(case, Feed):
        batches = tuple(tuple(own(rows) for rows in batch) for batch in case.batches)
        return replace(case, batches=batches)
    return replace(case, updates=tuple(tuple(map(own, each)) for each in case.updates))


def until(case, update):
    if isinstance(case, Feed):
        return replace(case, batches=case.batches[: update + 1])
    return replace(case, updates=case.updates[: update + 1])


def stored(pipeline, name, case):
    """Return a table's rows as the oracle has them, read without Spark."""
    where = pipeline.spark.sql(f"DESCRIBE DETAIL {pipeline.schema}.{name}").first().location
    table = DeltaTable(where.removeprefix("file:")).to_pyarrow_table()
    names = [
        *KEYS,
        *case.columns,
        *(["__START_AT", "__END_AT"] if getattr(case, "scd", 1) == 2 else []),
    ]
    columns = [
        [plain(value, table.schema.field(name).type) for value in table[name].to_pylist()]
        for name in names
    ]
    return [tuple(row) for row in zip(*columns, strict=True)]


def plain(value, kind):
    if value is None:
        return None
    if pa.types.is_map(kind):
        return dict(value)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [plain(each, kind.value_type) for each in value]
    if pa.types.is_struct(kind):
        made = Struct({field.name: plain(value[field.name], field.type) for field in kind})
        return tuple(made.values()) if "lo" in made else made
    if pa.types.is_timestamp(kind):
        return value.replace(tzinfo=None)
    return value


def sort(rows):
    numbers = [
        tuple(each.normalize() if isinstance(each, Decimal) else each for each in row)
        for row in rows
    ]
    return sorted(numbers, key=repr)
