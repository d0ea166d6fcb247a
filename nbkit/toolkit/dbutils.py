"""`dbutils`, as notebooks written for Databricks expect it."""

from __future__ import annotations

from nbkit.toolkit.fs import FilesUtility
from nbkit.toolkit.notebook import NotebookUtility
from nbkit.toolkit.task_values import JobsUtility
from nbkit.toolkit.utility import Utility
from nbkit.toolkit.widgets import Widgets


class DBUtils(Utility):
    """The parts of `dbutils` that nbkit has."""

    _name = "dbutils"
    _later = ("secrets", "data", "library", "credentials", "entry_point")

    def __init__(self) -> None:
        self.fs = FilesUtility()
        self.notebook = NotebookUtility()
        self.jobs = JobsUtility()
        self.widgets = Widgets()


dbutils = DBUtils()
"""The one of this kernel; `from nbkit.toolkit.dbutils import dbutils` works in modules too."""
