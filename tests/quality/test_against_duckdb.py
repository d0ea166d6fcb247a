"""Random rules over random rows of every type, against DuckDB and plain Python.

Whatever the rules: each row is good, quarantined or dropped, exactly one of these; each rule has
failed as often as DuckDB says. In a batch that is written, in a stream, and measured only.
"""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from proving import of_examples
from quality_oracle import (
    asked,
    check_a_batch,
    differing,
    expectations,
    frame,
    ids,
    options,
    rows,
    wanted,
)

from nbkit import quality

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(900)]

_numbers = itertools.count()


@of_examples(3)
@given(given_rows=rows, chosen=asked)
def test_a_batch(spark, given_rows, chosen):
    """Good and quarantined rows are those of DuckDB, and so are all counts."""
    check_a_batch(spark, f"batch_{next(_numbers)}", given_rows, chosen)


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
