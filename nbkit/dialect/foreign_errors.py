"""Errors of Spark and Hadoop that nothing but their text tells, each with a real message.

Wherever an error has a class or a condition, that is asked instead. A test makes each of these
anew, so that a release with other words fails there and not silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What an error says.

    Attributes:
        why: why its text is looked at.
        pattern: with what is of interest as groups.
        examples: real messages, of Spark 4.2, Delta 4.4 and Hadoop 3.4.
    """

    why: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]

    def said(self, text: str) -> str:
        """Return what is of interest in a text, or all that matched; empty for another error."""
        found = self.pattern.search(text)
        return next(filter(None, found.groups()), found[0]) if found else ""


NO_PLUGIN = Message(
    "a catalog's class cannot be loaded, which has a condition, but no field for the class",
    re.compile(r"plugin class.*: nbkit\.ProjectCatalog", re.DOTALL),
    ("Cannot find catalog plugin class for catalog 'main': nbkit.ProjectCatalog.",),
)
NO_PATH = Message(
    "the sample data of Databricks is told apart by the path in the message",
    re.compile(r"PATH_NOT_FOUND"),
    ("[PATH_NOT_FOUND] Path does not exist: dbfs:/databricks-datasets/x. SQLSTATE: 42K03",),
)
NO_CATALOG = Message(
    "Spark says in five ways that there is no such catalog, as its v1 and v2 catalogs find it out",
    re.compile(
        r"got identifier `([^`]+)`\.`"
        r"|Couldn't find a catalog to handle the identifier ([\w-]+)\."
        r"|The catalog `([^`]+)` not found"
        r"|not supported by v1 session catalog: ([\w-]+)\."
        r"|The schema `spark_catalog`\.`([^`]+)`\.`"
    ),
    (
        "[REQUIRES_SINGLE_PART_NAMESPACE] spark_catalog […] but got identifier `nope`.`s`.",
        "Couldn't find a catalog to handle the identifier nope.s.t.",
        "[CATALOG_NOT_FOUND] The catalog `nope` not found.",
        "Multi-part identifiers are not supported by v1 session catalog: nope.s.t.",
        "[SCHEMA_NOT_FOUND] The schema `spark_catalog`.`nope`.`s` cannot be found.",
    ),
)
NO_SOURCE = Message(
    "Spark's condition for a missing source is the same for a misspelt one: the name tells",
    re.compile(r"Failed to find (?:the )?data source: ([\w.-]+?)\.?(?:\s|$)"),
    ("[DATA_SOURCE_NOT_FOUND] Failed to find the data source: kafka2. Make sure",),
)
NO_SCHEME = Message(
    "Hadoop's UnsupportedFileSystemException has nothing but its text",
    re.compile(r'No FileSystem for scheme "(\w+)"'),
    ('No FileSystem for scheme "gs"',),
)
NO_CLASS = Message(
    "Hadoop wraps a ClassNotFoundException in a RuntimeException",
    re.compile(r"Class org\.apache\.hadoop\.fs\.(\w+)\.[\w.]+ not found"),
    ("java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",),
)
NO_VARIANT = Message(
    "Spark 4.2 has no message for this condition and fails to raise it",
    re.compile(r"COLUMN_IS_NOT_VARIANT_TYPE"),
    ("Cannot find main error class 'COLUMN_IS_NOT_VARIANT_TYPE'",),
)
EVERY = {name: value for name, value in dict(globals()).items() if isinstance(value, Message)}
"""The whole table, by names."""
