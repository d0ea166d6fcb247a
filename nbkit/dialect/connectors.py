"""What Spark says where it has no connector, in one sentence that helps."""

from __future__ import annotations

import re

_NO_SOURCE = re.compile(r"Failed to find (?:the )?data source: (?P<name>[\w.-]+?)\.?(?:\s|$)")
_NO_SCHEME = re.compile(r'No FileSystem for scheme "(?P<name>\w+)"')
_NO_CLASS = re.compile(r"Class org\.apache\.hadoop\.fs\.(?P<name>\w+)\.[\w.]+ not found")
_OF_CLASSES = {"azurebfs": "abfss", "azure": "wasbs", "s3a": "s3a"}


def missing(said: str) -> str:
    """Return what to do about a source or a file system that Spark has not; empty for others.

    Args:
        said: the message of Spark's error.
    """
    found = _NO_SOURCE.search(said) or _NO_SCHEME.search(said) or _NO_CLASS.search(said)
    if found is None:
        return ""
    name = _OF_CLASSES.get(found["name"], found["name"])
    return (
        f"nbkit: Spark has no connector for {name} among its jars here; bring the data as files, "
        "below dbfs:/ or /Volumes."
    )
