"""Auto Loader loses nothing: each value of each file is in its column, or in the rescued data.

What stands in the files is known to this test as Python values, with the numbers as they are
written; Spark's readers, and nbkit's, have no part in saying so.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from proving import of_examples
from pyarrow import orc
from pyspark.sql import Row

from nbkit.pipelines.files import auto_loader
from nbkit.pipelines.files.hadoop_folder import HadoopFolder

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(3600)]

NAMES = ["a", "A", "b.c", "d e", "ü", "x`y", "n", "n2", "_file", "0", "'q", "a\\b"]
NUMBERS = [
    *("0", "-0", "1", "7", "1.5", "1.10", "100.00", "1e3", "-2.5E-7", "0.1", "1.0"),
    *("9007199254740993", "9223372036854775807", "9223372036854775808", "1e400", "1e-400"),
    *("0.30000000000000004", "3.14159265358979323846", "123456789012345678901234567890.5"),
]
TEXTS = ["x", "", "1", "1.10", "true", "null", "2024-01-01", "é\u2028", 'a"b\\c', "{", " y "]


class Number(str):
    """A number as it is written."""

    __slots__ = ()


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(TEXTS),
    st.sampled_from(NUMBERS).map(Number),
    st.integers().map(Number),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Number(repr(value))),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.sampled_from(NAMES), TREES, max_size=4)
JSON_FILES = st.lists(RECORDS | st.sampled_from(["{", '{"a": 1} x', "[1]", "\\"]), max_size=3)


def updates_of(files):
    return st.lists(st.lists(files, min_size=1, max_size=2), min_size=2, max_size=3)


def written(value) -> str:
    """A value as JSON, numbers as they are."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        inside = (f"{json.dumps(name)}: {written(each)}" for name, each in value.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def parsed(text: str):
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def leaves(value, path=()):
    """Yield each value that is something, with where it is."""
    if isinstance(value, Row):
        value = value.asDict()
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, (list, tuple)):
        for place, each in enumerate(value):
            yield from leaves(each, (*path, place))
    elif value is not None:
        yield path, value


def same(wanted, found) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found == wanted or str(found) == json.dumps(wanted)
    if isinstance(found, str):
        return str(wanted) == str(found)
    if isinstance(wanted, Number) or isinstance(found, (int, float, Decimal)):
        exact = Decimal(str(wanted).strip())
        return exact in {
            Decimal(repr(found)) if isinstance(found, float) else found,
            Decimal(found),
        }
    return str(found).startswith(str(wanted))  # days, and moments


def check(record: dict, row: Row) -> None:
    """See that a row has each value of its record once, and no other."""
    wanted = dict(leaves(record))
    columns = row.asDict()
    rescued = parsed(columns.pop("_rescued_data") or "{}")
    rescued.pop("_file_path", None)
    found = {}
    for path, value in itertools.chain(leaves(columns), leaves(rescued)):
        inner = [(path, value)]
        if path not in wanted and isinstance(value, str):  # a text column takes anything as it is
            inner = [((*path, *more), each) for more, each in leaves(parsed(value))]
        for place, each in inner:
            assert place not in found, f"{place} twice: {found[place]!r}, {each!r}"
            found[place] = each
    assert found.keys() == wanted.keys(), (record, row)
    for path, value in wanted.items():
        assert same(value, found[path]), f"{path} of {record}: {found[path]!r} in {row}"


def read(spark, folder: Path, form: str, **options: str) -> list[Row]:
    given = {"cloudFiles.format": form, **options}
    state = HadoopFolder(spark, str(folder.parent / "state"))
    rows = auto_loader.resolved(
        spark, str(folder), given, None, stream=False, state=state, keep=True
    )
    return rows.collect()


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """New folders, one for each example."""
    base = tmp_path_factory.mktemp("landing")

    def made() -> Path:
        folder = Path(tempfile.mkdtemp(dir=base)) / "in"
        folder.mkdir()
        return folder

    return made


@of_examples(5)
@given(
    updates=updates_of(JSON_FILES),
    typed=st.booleans(),
    whole=st.booleans(),
    mode=st.sampled_from(["addNewColumns", "rescue"]),
)
@example(
    updates=[[[{"n": Number("1"), "a": {"n": Number("1")}}]], [[{"n": Number("1.5"), "a": "x"}]]],
    typed=True,
    whole=False,
    mode="addNewColumns",
)
@example(
    updates=[[[{"a": [{"n": True}]}]], [[{"a": [{"n": "x", "ü": []}, {"n": False}], "A": "1"}]]],
    typed=True,
    whole=True,
    mode="rescue",
)
def test_json(spark, landing, updates, typed, whole, mode):  # noqa: PLR0917
    """Lines and whole documents, typed or as texts; broken ones stand there as they were."""
    folder, numbers = landing(), itertools.count()
    records, broken = {}, []
    for number, files in enumerate(updates):
        for place, lines in enumerate(files):
            texts = []
            for line in lines:
                if isinstance(line, dict):
                    record = {"id": f"r{next(numbers)}", **line}
                    records[record["id"]] = record
                    texts.append(written(record))
                elif not whole:
                    broken.append(line)
                    texts.append(line)
            text = "[" + ",\n".join(texts) + "]" if whole else "\n".join(texts)
            (folder / f"{number}-{place} %.json").write_text(text)
        options = {"multiLine": str(whole), "cloudFiles.inferColumnTypes": str(typed)}
        rows = read(spark, folder, "json", **options, **{"cloudFiles.schemaEvolutionMode": mode})
        there = []
        for row in rows:
            said = parsed(row["_rescued_data"] or "{}")
            if "_corrupt_record" in said:
                there.append(said["_corrupt_record"])
                continue
            key = row["id"] if "id" in row.__fields__ else said["id"]
            check(records[key], row)
        assert len(rows) == len(records) + len(broken)
        assert sorted(there) == sorted(broken)


CELLS = st.sampled_from([*TEXTS, *NUMBERS]).filter(lambda text: "\u2028" not in text)
CSV_FILES = st.tuples(
    st.lists(st.sampled_from(NAMES), unique_by=str.lower, max_size=4),
    st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=3),
)


@of_examples(5)
@given(updates=updates_of(CSV_FILES), typed=st.booleans(), whole=st.booleans())
@example(
    updates=[
        [(["a", "n"], [["1", "2"]]), (["n", "a", "ü"], [["3", "x", "y"]])],
        [(["A", "n"], [["5", "1.5"]])],
    ],
    typed=True,
    whole=False,
)
def test_csv(spark, landing, updates, typed, whole):
    """Columns by the names in the header of each file, in whatever order, and lines too long."""
    folder, numbers = landing(), itertools.count()
    records = {}
    for number, files in enumerate(updates):
        for place, (names, lines) in enumerate(files):
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            at = place % (len(names) + 1)
            writer.writerow([*names[:at], "id", *names[at:]])
            for line in lines:
                values = line[: len(names)]
                key = f"r{next(numbers)}"
                records[key] = {
                    name: value for name, value in zip(names, values, strict=False) if value
                } | {"id": key}
                writer.writerow([*values[:at], key, *values[at:]])
            (folder / f"{number}-{place} %.csv").write_text(text.getvalue())
        options = {"escape": '"', "multiLine": str(whole)}
        rows = read(spark, folder, "csv", **options, **{"cloudFiles.inferColumnTypes": str(typed)})
        assert sorted(row["id"] for row in rows) == sorted(records)
        for row in rows:
            check_texts(records[row["id"]], row)


def check_texts(record: dict, row: Row) -> None:
    columns = row.asDict()
    rescued = json.loads(columns.pop("_rescued_data") or "{}")
    rescued.pop("_file_path", None)
    found = {name: value for name, value in columns.items() if value is not None}
    assert not found.keys() & rescued.keys(), row
    found |= rescued
    assert found.keys() == record.keys(), (record, row)
    for name, text in record.items():
        value = found[name]
        if isinstance(value, bool):
            assert str(value).lower() == text.strip().lower(), (record, row)
        elif isinstance(value, (int, float, Decimal)):
            assert same(Number(text), value), (record, row)
        else:
            assert str(value).startswith(text), (record, row)


MOMENTS = [datetime(2026, 1, 1, 1, 2, 3, part) for part in (0, 4, 120_000)]  # noqa: DTZ001 - as files have them
KINDS = {
    "a": pa.int64(),
    "b.c": pa.string(),
    "d e": pa.struct([("n", pa.int32()), ("ü", pa.string())]),
    "ü": pa.list_(pa.struct([("n", pa.float64()), ("n2", pa.bool_())])),
    "n": pa.decimal128(10, 2),
    "m": pa.map_(pa.string(), pa.struct([("n", pa.int32()), ("ü", pa.string())])),
    "at": pa.timestamp("us"),
}
VALUES = {
    "a": st.integers(-(2**63), 2**63 - 1),
    "b.c": st.sampled_from(TEXTS),
    "d e": st.fixed_dictionaries({"n": st.integers(-9, 9), "ü": st.sampled_from(TEXTS)}),
    "ü": st.lists(
        st.fixed_dictionaries({"n": st.sampled_from([0.1, 1.5, -2e300]), "n2": st.booleans()}),
        max_size=2,
    ),
    "n": st.decimals(-99999999, 99999999, places=2, allow_nan=False),
    "m": st.dictionaries(
        st.sampled_from(NAMES),
        st.fixed_dictionaries({"n": st.integers(-9, 9), "ü": st.sampled_from(TEXTS)}),
        max_size=2,
    ),
    "at": st.sampled_from(MOMENTS),
}
PARTS = {"d e": ["n", "ü"], "ü": ["n", "n2"], "m": ["n", "ü"]}


@st.composite
def typed_files(draw):
    """Columns, of those with parts some; and rows of them."""
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), unique=True, max_size=4))
    fields, chosen = [("id", pa.string())], {}
    for name in names:
        kind = KINDS[name]
        if name in PARTS:
            parts = draw(st.lists(st.sampled_from(PARTS[name]), unique=True, min_size=1))
            is_struct, is_map = pa.types.is_struct(kind), pa.types.is_map(kind)
            inner = kind if is_struct else kind.item_type if is_map else kind.value_type
            made = pa.struct([inner.field(part) for part in parts])
            kind = made if is_struct else pa.map_(kind.key_type, made) if is_map else pa.list_(made)
            chosen[name] = parts
        fields.append((name, kind))
    rows = draw(
        st.lists(
            st.fixed_dictionaries({name: st.none() | VALUES[name] for name in names}), max_size=3
        )
    )
    return pa.schema(fields), [_cut(row, chosen) for row in rows]


def _cut(row, chosen):
    """A row with those parts of its values that its file has."""

    def cut(name, value):
        if name not in chosen or value is None:
            return value
        if isinstance(value, list):
            return [{part: each[part] for part in chosen[name]} for each in value]
        if name == "m":
            return {at: {part: it[part] for part in chosen[name]} for at, it in value.items()}
        return {part: value[part] for part in chosen[name]}

    return {name: cut(name, value) for name, value in row.items()}


@of_examples(4)
@given(
    updates=updates_of(typed_files()),
    form=st.sampled_from(["parquet", "orc"]),
    mode=st.sampled_from(["addNewColumns", "rescue"]),
)
@example(
    updates=[
        [(pa.schema([("id", pa.string()), ("n", pa.int64())]), [{"n": 1}])] * 2,
        [(pa.schema([("id", pa.string()), ("at", KINDS["at"])]), [{"at": MOMENTS[1]}])],
    ],
    form="parquet",
    mode="rescue",
)
@example(
    updates=[
        [(pa.schema([("id", pa.string()), (name, pa.string())]), [{name: "x"}]) for name in "abc"],
        [(pa.schema([("id", pa.string()), ("d", pa.string())]), [{"d": "y"}])],
    ],
    form="orc",
    mode="addNewColumns",
)
def test_parquet_and_orc(spark, landing, updates, form, mode):
    """Columns, and fields in them, that come and go."""
    folder, numbers = landing(), itertools.count()
    write = {"parquet": pq.write_table, "orc": orc.write_table}[form]
    records = {}
    for number, files in enumerate(updates):
        for place, (fields, rows) in enumerate(files):
            # to ORC, a time is a moment by the clock of whoever reads it
            schema = pa.schema([each for each in fields if form != "orc" or each.name != "at"])
            kept = [{name: row[name] for name in schema.names if name in row} for row in rows]
            keyed = [{"id": f"r{next(numbers)}", **row} for row in kept]
            records |= {row["id"]: row for row in keyed}
            made = [
                {**row, "m": [*row["m"].items()]} if row.get("m") is not None else row
                for row in keyed
            ]
            write(pa.Table.from_pylist(made, schema), folder / f"{number}-{place}.{form}")
        found = read(spark, folder, form, **{"cloudFiles.schemaEvolutionMode": mode})
        assert sorted(row["id"] for row in found) == sorted(records)
        for row in found:
            check_typed(records[row["id"]], row)


def test_types_of_an_author(spark, landing):
    """What a file's value is not, ends the query, or is rescued: also where Spark would cut it."""
    folder = landing()
    nested = pa.struct([("x", pa.int64()), ("more", pa.string())])
    fields = [("n", pa.float64()), ("b", pa.binary()), ("m", pa.map_(pa.string(), nested))]
    row = {"n": 1.5, "b": b"\xff", "m": [("k", {"x": 2**63 - 1, "more": "y"})]}
    orc.write_table(pa.Table.from_pylist([row], pa.schema(fields)), folder / "a.orc")

    def rows(schema, **options):
        given = {"cloudFiles.format": "orc", **options}
        return auto_loader.resolved(spark, str(folder), given, schema, stream=False).collect()

    assert rows("n double, m map<string, struct<x: bigint>>") == [(1.5, {"k": (2**63 - 1,)})]
    for schema in ("n int", "b string", "m map<string, struct<x: double>>"):
        with pytest.raises(Exception, match="a value is none of its column's type, in file:"):
            rows(schema)
    [(n, m, said)] = rows("n int, m map<string, struct<x: int>>", rescuedDataColumn="_r")
    assert (n, m) == (None, {"k": (None,)})
    left = {"n": 1.5, "m": {"k": {"x": 2**63 - 1, "more": "y"}}, "b": "/w=="}
    assert {name: value for name, value in json.loads(said).items() if name[0] != "_"} == left
    (folder / "a.orc").rename(folder.parent / "a.orc")
    (folder / "b.json").write_text('{"a": 1.10}')
    given = {"cloudFiles.format": "json", "singleVariantColumn": "v"}
    found = auto_loader.resolved(spark, str(folder), given, None, stream=False)
    assert found.selectExpr("to_json(v)").collect() == [('{"a":1.1}',)]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("DOUBLE", "9007199254740993"),
        ("FLOAT", "16777217"),
        ("DECIMAL(8,2)", "2.505"),
        ("TIMESTAMP", '"2024-01-01T00:00:00.1234567Z"'),
        ("DATE", '"2024-01-02T10:00:00"'),
        ("INT", "1.5"),
        ("ARRAY<STRUCT<b: DECIMAL(5,2)>>", '[{"b": 1.255}]'),
    ],
)
def test_json_with_no_place_for_what_does_not_fit(spark, landing, kind, written):
    """Ends the query, also where Spark's own reader would round it, or cut it off."""
    folder = landing()
    (folder / "a.json").write_text(f'{{"x": {written}}}\n')
    given = {"cloudFiles.format": "json"}

    def rows(**options):
        schema = f"x {kind}"
        return auto_loader.resolved(
            spark, str(folder), given | options, schema, stream=False
        ).collect()

    with pytest.raises(Exception, match=r"column .* has the value .*name a rescuedDataColumn"):
        rows()
    [row] = rows(rescuedDataColumn="_r")
    left = {name: value for name, value in parsed(row["_r"]).items() if name != "_file_path"}
    assert left == {"x": parsed(written)}


def test_names_of_folders(spark, landing):
    """Are values as others: texts as they are written, and rescued where they are no others."""
    for form in ("json", "csv", "parquet"):
        folder = landing()

        def write(place, number, form=form, folder=folder):
            file = folder / place / f"1.{form}"
            file.parent.mkdir(parents=True)
            if form == "parquet":
                pq.write_table(pa.table({"id": pa.array([number], pa.int64())}), file)
            else:
                file.write_text(f'{{"id": {number}}}' if form == "json" else f"id\n{number}\n")

        def found(*columns, form=form, folder=folder, schema=None, **options):
            given = {"cloudFiles.format": form, "cloudFiles.inferColumnTypes": "true", **options}
            given |= {"header": "true"} if form == "csv" else {}
            state = HadoopFolder(spark, str(folder.parent / "state"))
            rows = auto_loader.resolved(
                spark, str(folder), given, schema, stream=False, state=state, keep=True
            )
            return sorted(tuple(row[name] for name in columns) for row in rows.collect())

        write("day=007/k=1.10", 1)
        write("day=8/k=__HIVE_DEFAULT_PARTITION__", 2)
        assert found("id", "day", "k") == [(1, 7, 1.1), (2, 8, None)]
        hinted = {"cloudFiles.schemaHints": "day STRING, k STRING"}
        assert found("id", "day", "k", **hinted) == [(1, "007", "1.10"), (2, "8", None)]
        asked = "id BIGINT, k DECIMAL(9,1)"
        assert found("id", "k", "day", schema=asked) == [(1, Decimal("1.1"), 7), (2, None, 8)]
        write("day=x y/k=1.25", 3)
        *_, (_, day, k, said) = found("id", "day", "k", "_rescued_data")
        assert (day, k, json.loads(said)["day"]) == (None, 1.25, "x y")
        *_, (_, k, said) = found("id", "k", "_r", schema=asked, rescuedDataColumn="_r")
        left = json.loads(said)
        assert (k, left["k"], left["_file_path"][-1]) == (None, "1.25", form[-1])
        with pytest.raises(Exception, match=r'name a rescuedDataColumn.*"k":"1\.25"'):
            found("id", "k", schema=asked + ", day STRING")


def check_typed(record: dict, row: Row) -> None:
    columns = row.asDict()
    rescued = json.loads(columns.pop("_rescued_data") or "{}", parse_float=Decimal)
    rescued.pop("_file_path", None)
    found = dict(leaves(columns))
    for path, value in leaves(rescued):
        assert path not in found, (record, row)
        found[path] = value
    wanted = dict(leaves(record))
    assert found.keys() == wanted.keys(), (record, row)
    for path, value in wanted.items():
        there = found[path]
        if isinstance(value, datetime):
            there = str(there).replace("Z", "+00:00")
            there = datetime.fromisoformat(there).replace(tzinfo=None)
        kind = (lambda same: same) if isinstance(value, datetime) else type(value)
        assert kind(there) == value, (path, record, row)


TEXTS = st.sampled_from(["x", "1", "1.10", "01", "true", "é", "9007199254740993"])


def elements(depth):
    """Make elements; any of them is text here, has others in it there, or both in one record."""
    inner = [elements(depth - 1).filter(bool)] if depth else []
    one = st.one_of(TEXTS, *inner)
    return st.dictionaries(
        st.sampled_from("anbü"), st.one_of(one, st.lists(one, min_size=2, max_size=3)), max_size=3
    )


XML_FILES = st.lists(elements(2), max_size=3)


def as_xml(name, value) -> str:
    if isinstance(value, list):
        return "".join(as_xml(name, each) for each in value)
    if isinstance(value, dict):
        value = "".join(as_xml(each, inner) for each, inner in value.items())
    return f"<{name}>{value}</{name}>"


def xml_texts(value):
    """Yield all texts, whatever they stand in: a list of one is no list in XML."""
    for _, each in leaves(value):
        try:
            inner = json.loads(each, parse_float=str, parse_int=str) if each[:1] in "{[" else each
        except (TypeError, json.JSONDecodeError):
            inner = each
        if inner is each:
            yield each
        else:
            yield from xml_texts(inner)


@of_examples(4)
@given(updates=updates_of(XML_FILES), typed=st.booleans())
@example(updates=[[[{"a": "x"}]], [[{"a": ["y", "z"], "b": {"n": "1"}}]]], typed=False)
@example(updates=[[[{"a": ["x", "y"]}]], [[{"a": [{"n": "1"}, "z"]}]]], typed=False)
@example(
    updates=[[[{"a": {"n": "1"}}]], [[{"a": {"b": {"n": "2"}}}], [{"a": "x"}]], [[{"a": "01"}]]],
    typed=True,
)
def test_xml(spark, landing, updates, typed):
    """Elements that are repeated, or have others in them, only in later files."""
    folder, numbers = landing(), itertools.count()
    records = {}
    for number, files in enumerate(updates):
        for place, rows in enumerate(files):
            keyed = [{"id": f"r{next(numbers)}", **row} for row in rows]
            records |= {row["id"]: row for row in keyed}
            text = "".join(as_xml("row", row) for row in keyed)
            (folder / f"{number}-{place}.xml").write_text(f"<all>{text}</all>")
        if not records:
            continue
        options = {"rowTag": "row", "cloudFiles.inferColumnTypes": str(typed)}
        found = read(spark, folder, "xml", **options)
        assert sorted(row["id"] for row in found) == sorted(records)
        for row in found:
            columns = row.asDict()
            rescued = json.loads(columns.pop("_rescued_data") or "{}")
            rescued.pop("_file_path", None)
            there = [*xml_texts(columns), *xml_texts(rescued)]
            wanted = [each for _, each in leaves(records[row["id"]])]
            assert alike(wanted) == alike(there), (records[row["id"]], row)


def alike(values) -> list[str]:
    """Values in an order of their own, numbers as what they are."""

    def text(value):
        if isinstance(value, bool):
            return str(value).lower()
        try:
            return str(Decimal(repr(value) if isinstance(value, float) else str(value)).normalize())
        except ArithmeticError:
            return str(value)

    return sorted(map(text, values))
