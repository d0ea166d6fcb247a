"""Random rules over random rows of every type, against DuckDB and plain Python.

Whatever the rules: each row is good, quarantined or dropped, exactly one of these; each rule has
failed as often as DuckDB says. In a batch that is written, in a stream, and measured only.
"""

from __future__ import annotations

import itertools
import json

import pytest
from deltalake import DeltaTable
from hypothesis import given
from proving import of_examples
from pyarrow import parquet
from quality_oracle import asked, differing, expectations, frame, options, rows, wanted

from nbkit import quality

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(900)]

_numbers = itertools.count()


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


@of_examples(3)
@given(given_rows=rows, chosen=asked)
def test_a_batch(spark, given_rows, chosen):
    """Good and quarantined rows are those of DuckDB, and so are all counts."""
    failing, good, aside = wanted(given_rows, chosen)
    name = f"batch_{next(_numbers)}"
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


@of_examples(2)
@given(given_rows=rows, chosen=asked)
def test_a_stream(spark, tmp_path_factory, given_rows, chosen):
    """The same in a stream, in small batches."""
    failing, good, aside = wanted(given_rows, chosen)
    name = f"stream_{next(_numbers)}"
    source = frame(spark, given_rows).repartition(2).write.options(**options())
    source.saveAsTable(f"{name}_source")
    checked = quality.stream(
        spark.readStream.option("maxFilesPerTrigger", 1).table(f"{name}_source"),
        *(name, expectations(chosen)),
        checkpoint=str(tmp_path_factory.mktemp("checkpoint")),
        quarantine=f"{name}_aside",
        options=options(),
        history=None,
    )
    assert [result.failed for result in checked.results] == failing
    assert ids(spark, name) == sorted(good)
    assert ids(spark, f"{name}_aside") == sorted(aside)


@of_examples(3)
@given(given_rows=rows, chosen=asked)
def test_measured_only(spark, given_rows, chosen):
    """`check` counts the same, and writes nothing."""
    checked = quality.check(frame(spark, given_rows), expectations(chosen), history=None)
    assert [result.failed for result in checked.results] == wanted(given_rows, chosen)[0]
    assert json.dumps([result.as_wire() for result in checked.results], allow_nan=False)


def test_every_rule_alone(spark):
    """All rows, all rules: each counted as DuckDB counts it, with NULL failing and passing."""
    assert differing(spark) == {}
