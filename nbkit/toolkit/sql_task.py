"""`%load_ext nbkit.toolkit.sql_task`: from here on `%sql` hands its rows to later tasks.

The notebook that nbkit makes of a SQL task begins with it. The rows are those that `%sql` fetches
to show them, so that no query runs twice.
"""

from __future__ import annotations

import base64
import json
import math
import typing
from decimal import Decimal

from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.display import first_rows, show_table
from nbkit.toolkit.magics import run_statements
from nbkit.toolkit.say import say
from nbkit.toolkit.sql_file import bound
from nbkit.wire import OUTPUT_BYTES, OUTPUT_ROWS

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbkit.toolkit.table import Table
    from nbkit.wire import RowsRead


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Let `%sql` tell the run the rows of its last statement."""

    def run_sql(line: str, cell: str = "") -> None:
        """Run SQL, show the last result and hand it on as the task's output."""
        frame = run_statements(bound(f"{line}\n{cell}", dbutils.widgets.get))
        shell.push({"_sqldf": frame}, interactive=False)
        if frame is not None and frame.columns:
            table = first_rows(frame, OUTPUT_ROWS)
            show_table(table)
            say(told(table))

    shell.register_magic_function(run_sql, "line_cell", "sql")


def told(table: Table) -> RowsRead:
    """Return a table's rows as objects of JSON, as many as the output of a SQL task may have."""
    columns = [name for name, _ in table.columns]
    rows: list[dict[str, typing.Any]] = []
    left = OUTPUT_BYTES - len("[]")
    for values in table.rows[:OUTPUT_ROWS]:
        row = {name: _json(value) for name, value in zip(columns, values, strict=True)}
        left -= len(json.dumps(row, ensure_ascii=False).encode(errors="replace")) + len(", ")
        if left < 0:
            break
        rows.append(row)
    more = table.more or len(rows) < len(table.rows)
    return {"kind": "sql_rows", "id": "last", "columns": columns, "rows": rows, "more": more}


def _json(value: typing.Any) -> typing.Any:
    """Return a value of Spark as JSON has it; what JSON does not know becomes text."""
    if hasattr(value, "asDict"):  # a struct; PySpark is not to be imported to find out
        value = value.asDict()
    if isinstance(value, dict):
        return {str(name): _json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(inner) for inner in value]
    known = value is None or isinstance(value, (int, str))
    return value if known or (isinstance(value, float) and math.isfinite(value)) else _text(value)


def _text(value: typing.Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
