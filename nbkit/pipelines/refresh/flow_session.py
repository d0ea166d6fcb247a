"""A Spark session for one flow: its own settings and names, the pipeline's tables."""

from nbkit.spark.apart import copied as session_for
from nbkit.spark.apart import moved

__all__ = ["moved", "session_for"]
