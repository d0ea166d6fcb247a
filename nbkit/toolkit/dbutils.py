"""`dbutils`, as notebooks written for Databricks expect it."""

from __future__ import annotations

import typing

from nbkit.toolkit.data import DataUtility
from nbkit.toolkit.fs import FilesUtility
from nbkit.toolkit.library import LibraryUtility
from nbkit.toolkit.notebook import NotebookUtility
from nbkit.toolkit.secrets import SecretsUtility
from nbkit.toolkit.task_values import JobsUtility
from nbkit.toolkit.utility import Utility
from nbkit.toolkit.widgets import Widgets


class DBUtils(Utility):
    """The parts of `dbutils` that nbkit has."""

    _name = "dbutils"
    _absent: typing.ClassVar = {
        "credentials": (
            "hands out Databricks' own credentials; here cloud storage takes those of the "
            "environment, such as AWS_PROFILE, or of dbutils.secrets"
        ),
        "meta": "compiles Scala, which nbkit does not run",
        "preview": "has what Databricks tries out; nbkit has none of it",
        "api": "calls Databricks' own services; nothing of the kind runs here",
    }

    def __init__(self) -> None:
        self.data = DataUtility()
        self.fs = FilesUtility()
        self.library = LibraryUtility()
        self.notebook = NotebookUtility()
        self.entry_point = self.notebook.entry_point
        self.secrets = SecretsUtility()
        self.jobs = JobsUtility()
        self.widgets = Widgets()


dbutils = DBUtils()
"""The one of this kernel; `from nbkit.toolkit.dbutils import dbutils` works in modules too."""
