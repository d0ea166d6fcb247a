"""Errors of other people's libraries that nothing but their text tells: the one table of them.

Wherever an error has a class, a condition or a code, that is asked instead. A test makes each of
these messages anew with the real library, so that a release with other words fails there and not
silently.
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
    """

    why: str
    pattern: re.Pattern[str]

    def said(self, text: str) -> str:
        """Return what is of interest in a text, or all that matched; empty for another error."""
        found = self.pattern.search(text)
        return next(filter(None, found.groups()), found[0]) if found else ""


NO_PLUGIN = Message(
    "a catalog's class cannot be loaded, which has a condition, but no field for the class",
    re.compile(r"plugin class.*: nbkit\.ProjectCatalog", re.DOTALL),
)
NO_PATH = Message(
    "the sample data of Databricks is told apart by the path in the message",
    re.compile(r"PATH_NOT_FOUND"),
)
NO_CATALOG = Message(
    "Spark says in five ways that there is no such catalog, as its v1 and v2 catalogs find it out",
    re.compile(
        r"got identifier `([^`]+)`\.`"
        r"|Couldn't find a catalog to handle the identifier ([\w-]+)\."
        r"|The catalog `([^`]+)` not found"
        r"|Nested databases are not supported by v1 session catalog: ([\w-]+)\."
        r"|The schema `spark_catalog`\.`([^`]+)`\.`"
    ),
)
NO_SOURCE = Message(
    "Spark's condition for a missing source is the same for a misspelt one: the name tells",
    re.compile(r"Failed to find (?:the )?data source: ([\w.-]+?)\.?(?:\s|$)"),
)
NO_SCHEME = Message(
    "Hadoop's UnsupportedFileSystemException has nothing but its text",
    re.compile(r'No FileSystem for scheme "(\w+)"'),
)
NO_CLASS = Message(
    "Hadoop wraps a ClassNotFoundException in a RuntimeException",
    re.compile(r"Class org\.apache\.hadoop\.fs\.(\w+)\.[\w.]+ not found"),
)
NO_VARIANT = Message(
    "Spark 4.2 has no message for this condition and fails to raise it",
    re.compile(r"COLUMN_IS_NOT_VARIANT_TYPE"),
)
NO_CLONE = Message(
    "Delta's refusal of a clone comes as one of Java's errors, with its condition in the text only",
    re.compile(
        r"DELTA_UNSUPPORTED_NON_EMPTY_CLONE|delta\.columnMapping\.maxColumnId cannot be specified"
    ),
)
NOT_TO_NULL = Message(
    "Spark has a number for this condition, and no name",
    re.compile(r"Cannot change nullable column to non-nullable"),
)
CONFLICT = Message(
    "Delta's conflicts have classes in Python only once delta-spark has been imported",
    re.compile(
        r"io\.delta\.exceptions\.(?:Concurrent|MetadataChanged|ProtocolChanged)"
        r"|DELTA_(?:CONCURRENT_|METADATA_CHANGED|PROTOCOL_CHANGED)"
    ),
)
TABLE_EXISTS = Message(
    "Hive's metastore, asked by two at once, has an error that Spark wraps without a condition",
    re.compile(r"AlreadyExistsException"),
)
NO_NETWORK = Message(
    "py4j has one class for all that is thrown in Java, and Spark wraps it in others",
    re.compile(
        r"java\.net\.(?:Connect|NoRouteToHost|SocketTimeout|UnknownHost)\w*Exception"
        r"|java\.net\.SocketException: (?:Connection reset|Broken pipe)"
    ),
)
NO_SERVER = Message(
    "Spark Connect passes on what gRPC says of a server that ends, is gone or away",
    re.compile(
        r"StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)|Stream removed|RST_STREAM|Socket closed"
    ),
)
STOPPED = Message(
    "Spark says by Java's IllegalStateException that its context was stopped",
    re.compile(r"SparkContext (?:was shut down|has been shutdown)|on a stopped SparkContext"),
)
WRITE_FAILED = Message(
    "what Spark says of any error in a task that writes stands inside that of its stage",
    re.compile(r"\[TASK_WRITE_FAILED\]"),
)
MACHINE_FAILED = Message(
    "the errors of machines, disks and memory are names in the message of Spark's stage",
    re.compile(
        r"\b(?:java\.io\.IOException|TimeoutException|SparkOutOfMemory\w*|FetchFailed\w*"
        r"|ExecutorLost\w*)|No space left"
    ),
)
PYTHON_RAISED = Message(
    "an error of a Python function that Spark called is a traceback in the message",
    re.compile(r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)+(\S[^\n]*)"),
)
CALL_FAILED = Message(
    "py4j's first line names an object of its own; what Java says comes after it",
    re.compile(r"^An error occurred while calling [^\n]*\n:?\s*(\S[^\n]*)"),
)
TYPES_DIFFER = Message(
    "the error of a task that merges the columns of files has a condition in its text only",
    re.compile(r"CANNOT_MERGE_SCHEMAS"),
)
PLACE_IN_QUERY = Message(
    "PySpark keeps no line of a query's error apart from its text",
    re.compile(r"\bline (\d+)[, ]+pos"),
)
JAVA_REFUSED = Message(
    "py4j has one class for a lost connection and for a call of what Java does not have",
    re.compile(r"does not exist in the JVM|Trace:|Method .* does not exist"),
)
PY4J_CONNECTION = Message(
    "in a notebook's traceback only the file tells that py4j's own network code raised an error",
    re.compile(r"py4j[/\\](?:java_gateway|clientserver)\.py"),
)
PLACE_IN_TOML = Message(
    "tomllib's error has its line in the text only, and the text may quote a secret",
    re.compile(r"\bline (\d+)"),
)
FIELD_OF_SETTINGS = Message(
    "pydantic-settings names the field of a variable that it cannot read in its text only",
    re.compile(r'field "(\w+)"'),
)
EVERY = {name: value for name, value in dict(globals()).items() if isinstance(value, Message)}
"""The whole table, by names."""
