"""The tables of a test: put there before a notebook runs, looked at after it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint

if TYPE_CHECKING:
    import pandas as pd

    from nbkit.settings import Settings


class TableServer:
    """The other process that works on tables, started at once; its answers may take a while.

    Args:
        settings: of the replica.
    """

    def __init__(self, settings: Settings) -> None:
        ours, theirs = socket.socketpair()
        log = settings.state_directory / "tables.log"
        with theirs, log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nbkit.testing.table_process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=settings.root,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for pytest, which ends it in order
            )
        self._connection = Connection(ours.detach())
        self._log = log
        self._connection.send(settings.model_dump_json())

    def put(self, name: str, table: Any) -> None:
        """Write a table.

        Args:
            name: with its schema, such as `bronze.flights`.
            table: a DataFrame (pandas, Spark or any that has `to_pandas`), a list of rows (dicts
                or `Row`s), or rows with a schema: `(rows, "id INT, name STRING")`.

        Raises:
            UsageError: this is no table, or Spark cannot take it.
        """
        __tracebackhide__ = True
        about = f"the table {name} cannot be made"
        self.ask("put", name, *_portable(name, table), about=about)

    def ask(self, verb: str, *arguments: Any, about: str) -> Any:
        """Return the answer of `table_process.Tables`.

        Raises:
            UsageError: `about` says what cannot be done; or the process is gone.
        """
        __tracebackhide__ = True
        try:
            self._connection.send((verb, arguments))
            error, answer = self._connection.recv()
        except (EOFError, OSError):
            raise UsageError(f"{about}: the process that does it ended; see {self._log}") from None
        if error:
            raise UsageError(f"{about}: {error}")
        return answer

    def close(self) -> None:
        """End the process, and with it its hold on the driver."""
        self._connection.close()
        self._process.wait()


class Tables(Mapping[str, "pd.DataFrame"]):
    """The tables as they are now, each read when it is asked for.

    They last as long as the test; notebooks that one test runs share them.

    Args:
        server: starts, or returns, the process that knows them.
    """

    def __init__(self, server: Callable[[], TableServer]) -> None:
        self._server = server

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas DataFrame.

        Raises:
            KeyError: there is no such table.
        """
        if name not in self:
            raise KeyError(f"no table {name}{hint(name, list(self))}")
        frame: pd.DataFrame = self._server().ask(
            "get", name, about=f"the table {name} cannot be read"
        )
        return frame

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a table."""
        return bool(self._server().ask("has", name, about=f"{name} cannot be looked for"))

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all tables, with their schemas."""
        return iter(self._server().ask("names", about="the tables cannot be listed"))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(list(iter(self)))

    def __repr__(self) -> str:
        """Return their names."""
        return f"<tables: {', '.join(self) or 'none'}>"


def _portable(name: str, table: Any) -> tuple[str, Any, str | None]:
    """Return a table as another process can take it: how it is meant, data, schema."""
    package = type(table).__module__.partition(".")[0]
    if package == "pyspark" and hasattr(table, "schema"):
        return "spark", [tuple(row) for row in table.collect()], table.schema.json()
    if package == "pandas" and hasattr(table, "columns"):
        return "pandas", table, None
    if hasattr(table, "to_pandas"):
        return "pandas", table.to_pandas(), None
    if isinstance(table, tuple) and len(table) == 2 and isinstance(table[1], str):  # noqa: PLR2004
        return "rows", list(table[0]), table[1]
    if isinstance(table, list):
        return "rows", table, None
    raise UsageError(
        f"the table {name} is given as {type(table).__name__}; give a DataFrame, a list of rows, "
        "or (rows, 'id INT, name STRING')"
    )
