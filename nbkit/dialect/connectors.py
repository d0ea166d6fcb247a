"""What Spark says where it has no connector, in one sentence that helps."""

from __future__ import annotations

from nbkit.foreign_errors import NO_CLASS, NO_SCHEME, NO_SOURCE

_OF_CLASSES = {"azurebfs": "abfss", "azure": "wasbs", "s3a": "s3a"}


def missing(said: str) -> str:
    """Return what to do about a source or a file system that Spark has not; empty for others.

    Args:
        said: the message of Spark's error.
    """
    name = NO_SOURCE.said(said) or NO_SCHEME.said(said) or NO_CLASS.said(said)
    if not name:
        return ""
    name = _OF_CLASSES.get(name, name)
    return (
        f"nbkit: Spark has no connector for {name} among its jars here; bring the data as files, "
        "below dbfs:/ or /Volumes."
    )
