"""The project's warehouse by the name that it has on Databricks: `dbfs:/user/hive/warehouse`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from nbkit.settings import Settings

_ON_DATABRICKS = "user/hive/warehouse"


def show_in_dbfs(settings: Settings) -> None:
    """Link the warehouse into the folder of `dbfs:/`; what somebody has put there stays.

    A warehouse that is elsewhere, at a Hadoop URL, has that name alone.
    """
    place = settings.files_directory.absolute() / _ON_DATABRICKS
    if urlsplit(settings.spark.warehouse).scheme or os.path.lexists(place):
        return
    real = settings.root.absolute() / settings.spark.warehouse
    real.mkdir(parents=True, exist_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(os.path.relpath(real, place.parent), target_is_directory=True)
