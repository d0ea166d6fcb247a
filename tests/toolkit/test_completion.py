"""Tab in a notebook: names of tables and columns, from the warehouse's folders."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from nbkit.settings import Settings
from nbkit.spark.catalogs import prefix
from nbkit.toolkit import completion


@pytest.fixture
def tab(tmp_path, monkeypatch):
    """What IPython offers at the end of a text."""
    (tmp_path / "nbkit.toml").touch()
    monkeypatch.chdir(tmp_path)
    warehouse = tmp_path / Settings.of(tmp_path).spark.warehouse
    for folder, columns in (
        ("silver.db/orders", ["amount", "a b"]),
        (f"{prefix('main')}gold.db/days", ["day"]),
        ("plain", ["one"]),
    ):
        (warehouse / folder).parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(warehouse / folder, pa.table({name: [1] for name in columns}))
    monkeypatch.setattr(completion, "names", completion.Names([lambda: ["from_cells"]]))
    shell = InteractiveShell()
    shell.user_ns["spark"] = object()
    completion.register(shell)

    def offered(text):
        with provisionalcompleter():
            found = list(shell.Completer.completions(text, len(text)))
        return [text[: each.start] + each.text for each in found]

    return offered


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ('spark.table("sil', ['spark.table("silver.orders']),
        ('x = spark.read.table("main.g', ['x = spark.read.table("main.gold.days']),
        ('spark.table("from', ['spark.table("from_cells']),
        ("%%sql\nSELECT * FROM sil", ["%%sql\nSELECT * FROM silver.orders"]),
        ("%sql SELECT * FROM SIL", ["%sql SELECT * FROM silver.orders"]),
        ('spark.sql("SELECT * FROM sil', ['spark.sql("SELECT * FROM silver.orders']),
        ("%%sql\nSELECT am", []),
        (
            "%%sql\nSELECT * FROM silver.orders o WHERE o.a",
            [
                "%%sql\nSELECT * FROM silver.orders o WHERE o.`a b`",
                "%%sql\nSELECT * FROM silver.orders o WHERE o.amount",
            ],
        ),
        (
            "%%sql\nSELECT * FROM plain WHERE o",
            ["%%sql\nSELECT * FROM plain WHERE one"],
        ),
        (
            "%%sql\nSELECT * FROM silver.orders JOIN main.gold.days WHERE d",
            [
                "%%sql\nSELECT * FROM silver.orders JOIN main.gold.days WHERE day",
                "%%sql\nSELECT * FROM silver.orders JOIN main.gold.days WHERE default.plain",
            ],
        ),
    ],
)
def test_what_is_offered(tab, text, offers):
    assert tab(text) == offers


def test_a_column_before_its_table_is_named(tab):
    """The whole cell tells which tables are meant, not only what is before the cursor."""
    text = "%%sql\nSELECT am\nFROM silver.orders"
    assert completion.asked(text, "SELECT am") == completion.Asked("am", text)
    assert completion.names.fitting(completion.Asked("am", text)) == [("amount", "column")]


def test_python_is_left_alone(tab):
    """Also behind a statement of SQL that has ended."""
    assert completion.asked("amount = 1\nam", "am") is None
    assert completion.asked('spark.sql("SELECT 1").sh', 'spark.sql("SELECT 1").sh') is None
    assert completion.asked('my_table("sil', 'my_table("sil') is None
    assert any(each.endswith("print") for each in tab("pri"))
