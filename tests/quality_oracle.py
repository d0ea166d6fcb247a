"""Rows of every type, rules on them, and what DuckDB says each row fails: the oracle of quality."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal

import duckdb
from deltalake import DeltaTable
from hypothesis import strategies as st
from pyarrow import parquet

from nbkit import quality

TYPES = {
    "n": "int",
    "big": "bigint",
    "x": "double",
    "f": "float",
    "d": "decimal(20,2)",
    "s": "string",
    "b": "boolean",
    "day": "date",
    "at": "timestamp_ntz",
    "raw": "binary",
    "a.b": "int",
    "it's, `odd`": "string",
    "many": "array<int>",
    "by_key": "map<string,int>",
    "st": "struct<city:string,zip:int>",
}
SCHEMA = ", ".join(f"`{name.replace('`', '``')}` {kind}" for name, kind in TYPES.items())
LONG = 9_007_199_254_740_992
VALUES = {
    "n": [None, -1, 0, 1, 2, 3],
    "big": [None, LONG, LONG + 1, 0, -(2**63), 2**63 - 1],
    "x": [None, math.nan, math.inf, -math.inf, -0.0, 0.1, 1.5],
    "f": [None, math.nan, math.inf, 0.1, 0.7, 0.5],
    "d": [None, Decimal("0.10"), Decimal("90071992547409.91"), Decimal("90071992547409.92")],
    "s": [None, "", "a", "it's", "a,b", "\\", '"'],
    "b": [None, True, False],
    "day": [None, dt.date(2024, 2, 29), dt.date(1970, 1, 1)],
    "at": [None, dt.datetime(2024, 1, 1, 0, 0, 0, 1), dt.datetime(2024, 1, 1)],  # noqa: DTZ001
    "raw": [None, b"", b"\x00a"],
    "a.b": [None, 0, 5],
    "it's, `odd`": [None, "a", "b"],
    "many": [None, [], [1, None]],
    "by_key": [None, {}, {"a": 1}],
    "st": [None, ("Rome", None), ("Oslo", 1)],
}
rows = st.lists(st.tuples(*map(st.sampled_from, VALUES.values())), max_size=12)


def _not_null(name):
    return quality.not_null(name, name="rule"), f'"{name}" is not null'


def _between(name, low, high, cast):
    made = quality.between(name, low, high, name="rule")
    sql = [
        f'"{name}" {sign} {cast(bound)}'
        for sign, bound in ((">=", low), ("<=", high))
        if bound is not None
    ]
    number = not isinstance(low if low is not None else high, dt.date)
    nan = [f'not isnan("{name}")'] if name in {"x", "f"} and number else []
    return made, " and ".join([*sql, *nan])


def _in_set(name, values, cast):
    listed = ", ".join(map(cast, values))
    return quality.in_set(name, values, name="rule"), f'"{name}" in ({listed})'


def _plain(value):
    return f"'{value}'" if isinstance(value, dt.date) else str(value)


def _text(value):
    return "'" + value.replace("'", "''") + "'"


def _single(value):
    return f"{value}::float"


RULES = [
    *(_not_null(name) for name in TYPES),
    (quality.not_null("st.zip", name="rule"), '"st".zip is not null'),
    _between("n", 0, 2, _plain),
    _between("big", None, LONG, _plain),
    _between("big", float(LONG), None, lambda value: str(int(value))),
    _between("x", 0, None, _plain),
    _between("x", -1.5, 0.1, lambda value: f"{value}::double"),
    _between("f", 0.7, None, _single),
    _between("f", None, 0.1, _single),
    _between("d", Decimal("0.1"), Decimal("90071992547409.91"), _plain),
    _between("d", 0.1, None, _plain),
    _between("day", dt.date(1970, 1, 2), None, _plain),
    _between("at", None, dt.datetime(2024, 1, 1), _plain),  # noqa: DTZ001
    _in_set("s", ["", "it's", "\\", '"'], _text),
    _in_set("f", [0.1, 0.5], _single),
    _in_set("big", [LONG + 1, 0], _plain),
    _in_set("d", [Decimal("0.1")], _plain),
    _in_set("b", [True], _plain),
    _in_set("it's, `odd`", ["a"], _text),
    (quality.matches("s", "^a", name="rule"), "regexp_matches(\"s\", '^a')"),
    (
        quality.expect("rule", "size(many) > 0"),
        'case when "many" is null then null else len("many") > 0 end',
    ),
    (quality.expect("rule", "`a.b` > 0 or x > 1"), '"a.b" > 0 or "x" > 1'),
]
asked = st.lists(
    st.tuples(
        st.sampled_from(RULES),
        st.sampled_from(["warn", "drop", "quarantine"]),
        st.sampled_from(["fail", "pass"]),
    ),
    min_size=1,
    max_size=5,
)


def expectations(chosen):
    return [
        replace(rule, name=f"rule, '{place}'", action=action, nulls=nulls)
        for place, ((rule, _), action, nulls) in enumerate(chosen)
    ]


def oracle(given_rows, chosen):
    """What DuckDB says each row fails, by its place."""
    with duckdb.connect() as db:
        kinds = {
            **{name: kind for name, kind in TYPES.items() if "<" not in kind},
            "x": "double",
            "f": "float",
            "raw": "blob",
            "at": "timestamp",
            "s": "varchar",
            "it's, `odd`": "varchar",
            "many": "int[]",
            "by_key": "map(varchar, int)",
            "st": "struct(city varchar, zip int)",
        }
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        db.execute(f"create table rows (id int, {columns})")
        for place, row in enumerate(given_rows):
            values = [
                {"city": value[0], "zip": value[1]} if isinstance(value, tuple) else value
                for value in row
            ]
            marks = ", ".join("?" * (len(values) + 1))
            db.execute(f"insert into rows values ({marks})", [place, *values])
        fails = []
        for (_, sql), _, nulls in chosen:
            on_null = "true" if nulls == "pass" else "false"
            found = db.execute(f"select id from rows where not coalesce(({sql}), {on_null})")
            fails.append({place for (place,) in found.fetchall()})
    return fails


def wanted(given_rows, chosen):
    fails = oracle(given_rows, chosen)
    places = set(range(len(given_rows)))
    aside = set().union(
        *(f for f, (_, action, _) in zip(fails, chosen, strict=True) if action == "quarantine")
    )
    gone = set().union(
        *(f for f, (_, action, _) in zip(fails, chosen, strict=True) if action == "drop")
    )
    return [len(f) for f in fails], places - aside - gone, aside


def frame(spark, given_rows):
    made = [(place, *row) for place, row in enumerate(given_rows)]
    return spark.createDataFrame(made, f"id int, {SCHEMA}")


def options():
    """Column mapping, without which Delta takes no such names."""
    return {"delta.columnMapping.mode": "name"}


def every_rule():
    """Rows with all values, and all rules with NULL failing and passing."""
    longest = max(map(len, VALUES.values()))
    every = [tuple(v[place % len(v)] for v in VALUES.values()) for place in range(longest * 2)]
    return every, [(rule, "warn", nulls) for rule in RULES for nulls in ("fail", "pass")]


def differing(spark):
    """The rules that `check` counts otherwise than DuckDB, with both counts."""
    every, chosen = every_rule()
    checked = quality.check(frame(spark, every), expectations(chosen), history=None)
    told = wanted(every, chosen)[0]
    return {
        result.rule: (result.failed, failed)
        for result, failed in zip(checked.results, told, strict=True)
        if result.failed != failed
    }


def ids(spark, table):
    """Read from the files that deltalake's log names, which shares nothing with Spark.

    Columns have names of their own in the files (column mapping), which the log gives.
    """
    if not spark.catalog.tableExists(table):
        return []
    path = spark.sql(f"describe detail {table}").first().location.removeprefix("file:")
    written = DeltaTable(path)
    (column,) = (field for field in written.schema().fields if field.name == "id")
    name = column.metadata.get("delta.columnMapping.physicalName", "id")
    files = (parquet.ParquetFile(uri.removeprefix("file://")) for uri in written.file_uris())
    return sorted(found for file in files for found in file.read([name])[name].to_pylist())


def check_a_batch(spark, name, given_rows, chosen):
    """Write rows through rules, and hold all counts and both tables against DuckDB."""
    failing, good, aside = wanted(given_rows, chosen)
    checked = quality.write(
        frame(spark, given_rows),
        *(name, expectations(chosen)),
        quarantine=f"{name}_aside",
        options=options(),
        history=None,
    )
    assert [result.failed for result in checked.results] == failing
    outcome = checked.outcome
    assert (outcome.rows, outcome.kept, outcome.quarantined) == (
        len(given_rows),
        len(good),
        len(aside),
    )
    assert ids(spark, name) == sorted(good)
    assert ids(spark, f"{name}_aside") == sorted(aside)
