"""Which columns files have: each file is looked into once, and what was found is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from nbkit.errors import UsageError
from nbkit.foreign_errors import NO_SOURCE, TYPES_DIFFER
from nbkit.pipelines.files import nested
from nbkit.pipelines.files.loader_options import TYPED
from nbkit.pipelines.files.rescued import (
    CORRUPT,
    VALUE_TAG,
    csv_names,
    without_repeats,
    xml_shapes,
)

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
        if self.form in TYPED and found is not None:
            self._check_types(known.found, found)
        merge = self._both if self.form == "xml" else nested.together
        both = merge(known.found, found or StructType())
        folders = nested.together(known.partitions, self.partitions)
        return Known(known.columns, both, folders, frozenset(self.there))

    def _columns(self, files: Sequence[str]) -> StructType | None:
        """Return the columns of some files, those of the names of folders left out."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import AnalysisException
        from pyspark.sql.types import StructType

        own = {
            "json": self._of_json,
            "csv": self._of_csv,
            "xml": self._of_xml,
            "avro": self._of_avro,
        }
        try:
            if self.form in own:
                there = own[self.form](files)
            else:
                there = self._load(self._reader(self.form, self.options), files).schema
        except AnalysisException as error:
            if error.getCondition() in _NOTHING_THERE:
                return None
            said = str(error).strip().splitlines()[0]
            if self.form == "avro" and NO_SOURCE.said(str(error)) == "avro":
                said = "Spark needs its package spark-avro on spark.jars.packages, as [spark.conf]"
            raise UsageError(f"files in {self.path} cannot be read: {said}") from None
        except Py4JJavaError as error:
            if not TYPES_DIFFER.said(str(error.java_exception)):
                raise
            said = f"files in {self.path} have a column of the same name and different types"
            raise UsageError(f"{said}: those of each type need a folder of their own") from None
        apart = {*(name.lower() for name in self.partitions.names), CORRUPT}
        return StructType([each for each in there if each.name.lower() not in apart])

    def _of_json(self, files: Sequence[str]) -> StructType:
        """Return the columns of JSON files, as Spark infers them, each name once."""
        from pyspark.sql.types import StructType

        whole = spans_lines(self.options)
        reader = self._reader("text", self.options).option("wholetext", whole)
        texts = without_repeats(
            self._load(reader, files).select("value"), self.options, whole=whole
        )
        jvm: Any = self.spark._jvm  # noqa: SLF001 - PySpark takes no rows of texts
        session = self.spark._jsparkSession.cloneSession()  # noqa: SLF001
        session.conf().set("spark.sql.caseSensitive", "true")  # names of other case may come
        java = session.read()
        for name, value in self.options.items():
            java = java.option(name, value)
        rows = texts._jdf.toDF()  # noqa: SLF001
        found = java.json(getattr(rows, "as")(jvm.org.apache.spark.sql.Encoders.STRING()))
        return nested.each_once(StructType.fromJson(json.loads(found.schema().json())))

    def _of_csv(self, files: Sequence[str]) -> StructType:
        """Return the columns of CSV files by the names in their headers, whatever their order.

        Spark itself would look at one header only.
        """
        from pyspark.sql.types import StringType, StructField, StructType

        listed = self._load(self._reader("binaryFile", self._listing), files)
        urls = listed.selectExpr("_metadata.file_path AS path")
        rows = urls.select("path", csv_names(urls, self.options).alias("names")).collect()
        groups: dict[tuple[str, ...], list[str]] = {}
        for row in rows:
            groups.setdefault(tuple(row.names), []).append(unquote(row.path))
        found = StructType()
        for names in sorted(groups, key=lambda each: min(groups[each])):
            kinds = [StringType()] * len(names)
            if self.options.get("inferSchema") == "true" and names:
                there = self._reader("csv", self.options).option("__globPaths__", "false")
                typed = there.load(groups[names]).schema
                kinds = [each.dataType for each in typed][: len(names)] or kinds
            columns = [StructField(*pair) for pair in zip(names, kinds, strict=False)]
            found = nested.of_all(found, nested.each_once(StructType(columns)))
        return found

    def _of_avro(self, files: Sequence[str]) -> StructType:
        """Return the columns of Avro files; Spark itself would look at one of them only."""
        from pyspark.sql.types import StructType

        reader = self._reader(self.form, self.options).option("__globPaths__", "false")
        found = StructType()
        for file in files:
            there = reader.load(file).schema
            self._check_types(found, there)
            found = nested.together(found, there)
        return found

    def _of_xml(self, files: Sequence[str]) -> StructType:
        """Return the columns of XML files, as Spark infers their types, with all that is in them.

        Spark takes an element for text where one record has text in it, and another has elements.
        """
        from pyspark.sql.types import StructType

        found = self._load(self._reader(self.form, self.options), files).schema
        listed = self._load(self._reader("binaryFile", self._listing), files)
        urls = listed.selectExpr("_metadata.file_path AS path")
        rows = urls.select(xml_shapes(urls, self.options).alias("shape")).distinct().collect()
        whole = StructType()
        for shape in sorted(row.shape for row in rows):
            whole = self._both(whole, StructType.fromJson(json.loads(shape)))
        return nested.of_shape(found, whole)

    def _both(self, first: StructType, then: StructType) -> StructType:
        return nested.of_xml(first, then, value_tag(self.options))

    def _check_types(self, before: StructType, now: StructType) -> None:
        """See that files have values of the same types, or such as Spark widens."""
        for name, was, kind in nested.clashes(before, now):
            ours, theirs = was.simpleString(), kind.simpleString()
            if ours not in _WIDENED.get(theirs, ()):
                said = f"column {name} of new files in {self.path} is {theirs}, and was {ours}"
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


def spans_lines(options: Mapping[str, str]) -> bool:
    """Say whether a JSON document spans lines."""
    said = {name.lower(): value for name, value in options.items()}
    return said.get("multiline", "false").lower() == "true"


def value_tag(options: Mapping[str, str]) -> str:
    """Return what text of XML is called beside elements and attributes."""
    said = {name.lower(): value for name, value in options.items()}
    return said.get("valuetag", VALUE_TAG)


def digest(text: str) -> str:
    """Return a short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
