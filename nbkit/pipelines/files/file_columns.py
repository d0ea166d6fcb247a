"""Which columns files have: each file is looked into once, and what was found is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, DataFrameReader, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder

_KEPT = "schema.json"
_LISTING = {"pathglobfilter", "recursivefilelookup", "modifiedafter", "modifiedbefore"}
_NOTHING_THERE = {"PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"}
_WIDENED = {
    "tinyint": {"smallint", "int", "bigint", "double"},
    "smallint": {"int", "bigint", "double"},
    "int": {"bigint", "double"},
    "float": {"double"},
}
_OF_FILES = ("path", "modificationTime", "length", "content")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of files.

    Attributes:
        columns: to read, those of the names of folders left out.
        found: in any of the files; other than `columns` where a schema does not grow.
        partitions: columns that the names of folders give.
        files: digests of the addresses of the files that were looked into.
    """

    columns: StructType
    found: StructType
    partitions: StructType
    files: frozenset[str]

    def as_json(self) -> str:
        """Return it as text, to be kept."""
        schemas = {name: getattr(self, name).jsonValue() for name in _SCHEMAS}
        return json.dumps({**schemas, "files": sorted(self.files)})


_SCHEMAS = ("columns", "found", "partitions")


def kept(place: HadoopFolder | None) -> Known | None:
    """Return what is kept in a folder; None for nothing."""
    from pyspark.sql.types import StructType

    text = (place / _KEPT).read() if place else None
    if text is None:
        return None
    said = json.loads(text)
    schemas = {name: StructType.fromJson(said[name]) for name in _SCHEMAS}
    return Known(**schemas, files=frozenset(said["files"]))


def keep(known: Known, place: HadoopFolder) -> None:
    """Keep what is known in a folder."""
    (place / _KEPT).write(known.as_json())


@dataclass(frozen=True)
class Files:
    """The files below a path.

    Attributes:
        spark: reads them.
        path: a folder, a pattern, or any address that Hadoop knows.
        form: their format.
        options: of the format, and which files are meant.
    """

    spark: SparkSession
    path: str
    form: str
    options: Mapping[str, str]

    @cached_property
    def there(self) -> dict[str, str]:
        """The addresses of the files that are there, by their digests."""
        urls = [] if self._listed is None else self._listed.inputFiles()
        return {digest(url): unquote(url) for url in urls}

    @cached_property
    def partitions(self) -> StructType:
        """The columns that the names of folders give, such as `date=2024-01-01`."""
        from pyspark.sql.types import StructType

        return StructType([] if self._listed is None else self._listed.schema[len(_OF_FILES) :])

    @cached_property
    def _listed(self) -> DataFrame | None:
        """The files, none of them looked into; None if there is no such place."""
        from pyspark.errors import AnalysisException

        try:
            return self._reader("binaryFile", self._listing).load(self.path)
        except AnalysisException:  # which matters to who reads from it
            return None

    def look(self, known: Known | None) -> Known | None:
        """Return what is known when the files that are new have been looked into.

        A column keeps the type that it had first. None if no file says what columns it has.

        Raises:
            UsageError: the files cannot be read, or do not fit together.
        """
        from pyspark.sql.types import StructType

        new = [file for short, file in self.there.items() if not known or short not in known.files]
        found = self._columns(new) if new else None
        if known is None:
            seen = frozenset(self.there)
            return None if found is None else Known(found, found, self.partitions, seen)
        if self.form == "csv" and found is not None:
            self._check_order(known.found, found)
        if self.form == "parquet" and found is not None:
            self._check_types(known.found, found)
        both = together(known.found, found or StructType())
        folders = together(known.partitions, self.partitions)
        return Known(known.columns, both, folders, frozenset(self.there))

    def _columns(self, files: Sequence[str]) -> StructType | None:
        """Return the columns of some files, those of the names of folders left out."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import AnalysisException
        from pyspark.sql.types import StructType

        try:
            there = self._load(self._reader(self.form, self.options), files).schema
            if self.form == "csv":
                there = self._with_newest(there, files)
        except AnalysisException as error:
            if error.getCondition() in _NOTHING_THERE:
                return None
            said = str(error).strip().splitlines()[0]
            if self.form == "avro" and "data source: avro" in said:
                said = "Spark needs its package spark-avro on spark.jars.packages, as [spark.conf]"
            raise UsageError(f"files in {self.path} cannot be read: {said}") from None
        except Py4JJavaError as error:
            if "CANNOT_MERGE_SCHEMAS" not in str(error.java_exception):
                raise
            said = f"files in {self.path} have a column of the same name and different types"
            raise UsageError(f"{said}: those of each type need a folder of their own") from None
        folders = {name.lower() for name in self.partitions.names}
        return StructType([each for each in there if each.name.lower() not in folders])

    def _with_newest(self, there: StructType, files: Sequence[str]) -> StructType:
        """Return columns with those that the newest CSV file has besides; Spark looks at one.

        Raises:
            UsageError: it has them in another order.
        """
        from pyspark.sql.types import StructType

        if len(files) == 1:
            return there
        plain = self._load(self._reader("binaryFile", self._listing), files)
        last = plain.orderBy("modificationTime", ascending=False).select("path").first()
        if last is None:
            return there
        untyped = {**self.options, "inferSchema": "false"}
        names = self._load(self._reader("csv", untyped), [last.path]).schema
        folders = {name.lower() for name in self.partitions.names}
        own = StructType([each for each in there if each.name.lower() not in folders])
        self._check_order(own, names)
        return together(own, names)

    def _check_order(self, before: StructType, now: StructType) -> None:
        """See that CSV files have their columns in the same order, which Spark would not."""
        for ours, theirs in zip(before.names, now.names, strict=False):
            if ours.lower() != theirs.lower():
                said = f"column {theirs} of files in {self.path} stands where {ours} stood before"
                raise UsageError(
                    f"{said}: CSV is read by position, so it needs a folder of its own"
                )

    def _check_types(self, before: StructType, now: StructType) -> None:
        """See that Parquet files have values of the same types, or such as Spark widens."""
        kinds = {each.name.lower(): each.dataType.simpleString() for each in before}
        for each in now:
            ours, theirs = kinds.get(each.name.lower()), each.dataType.simpleString()
            nested = "<" in theirs or "<" in (ours or "")
            if ours not in {None, theirs, *_WIDENED.get(theirs, ())} and not nested:
                said = f"column {each.name} of new files in {self.path} is {theirs}, and was {ours}"
                raise UsageError(f"{said}: those of each type need a folder of their own")

    def _load(self, reader: DataFrameReader, files: Sequence[str]) -> DataFrame:
        """Return some of the files; naming thousands of them would take longer than to read."""
        if len(files) == len(self.there):
            return reader.load(self.path)
        return reader.option("__globPaths__", "false").load(list(files))  # names are no patterns

    @property
    def _listing(self) -> dict[str, str]:
        return {name: value for name, value in self.options.items() if name.lower() in _LISTING}

    def _reader(self, form: str, options: Mapping[str, str]) -> DataFrameReader:
        return self.spark.read.format(form).options(**options)


def together(first: StructType, then: StructType) -> StructType:
    """Return columns, and those of others that have other names."""
    from pyspark.sql.types import StructType

    names = {name.lower() for name in first.names}
    return StructType([*first, *(each for each in then if each.name.lower() not in names)])


def digest(text: str) -> str:
    """Return a short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
