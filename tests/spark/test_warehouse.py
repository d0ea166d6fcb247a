"""The warehouse where Databricks' notebooks look for it."""

from __future__ import annotations

from nbkit.settings import Settings
from nbkit.spark.warehouse import show_in_dbfs


def test_tables_are_below_user_hive_warehouse(tmp_path):
    """The project's folders may be moved together, and what is there stays."""
    before, after = tmp_path / "before", tmp_path / "after"
    for _ in range(2):
        show_in_dbfs(Settings.model_validate({"root": before}))
    (before / ".nbkit/warehouse/t").mkdir()
    before.rename(after)
    assert (after / ".nbkit/files/user/hive/warehouse/t").is_dir()


def test_a_warehouse_elsewhere_is_not_linked(tmp_path):
    """Hadoop's addresses are no folders here."""
    show_in_dbfs(Settings.model_validate({"root": tmp_path, "spark": {"warehouse": "s3a://lake"}}))
    assert not (tmp_path / ".nbkit").exists()
