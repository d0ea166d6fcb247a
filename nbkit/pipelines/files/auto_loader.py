"""`cloudFiles` on any folder: files as they arrive, each once, with a schema that is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import UsageError
from nbkit.exact.nested_types import plain
from nbkit.near import hint
from nbkit.pipelines.files import file_columns, folder_values, nested, rescued, subfolders, typed
from nbkit.pipelines.files.file_columns import Files, Known, digest, kept, spans_lines
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.files.loader_options import (
    FORMATS,
    PASSED_ON,
    RESCUING,
    TYPED,
    cleaning,
    evolution,
    inferring,
    is_utf_8,
    split,
)
from nbkit.pipelines.files.rescued import CORRUPT, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

SCHEMAS = "schemas"
"""Folder of a pipeline's storage for schemas that have no `schemaLocation`."""

_OF_VALUES = ("timestampFormat", "dateFormat", "timeZone", "readerCaseSensitive")
_looked: dict[str, tuple[Known | None, Known]] = {}
"""By the place where it is to be kept: what was kept before, and what is known now."""


def resolved(
    spark: SparkSession,
    path: str,
    options: Mapping[str, str],
    schema: StructType | str | None,
    *,
    stream: bool,
    state: HadoopFolder | None = None,
    keep: bool = False,
    anew: bool = False,
) -> DataFrame:
    """Return a stream (or all) of the files below a path, as Auto Loader reads them.

    Args:
        spark: reads them.
        path: a folder, with all folders in it; a pattern; or any address that Hadoop knows.
        options: `cloudFiles.…` and those of the format.
        schema: if the author gives one; else it is inferred, and kept at `schemaLocation`.
        stream: whether only what is new is wanted.
        state: where schemas are kept that have no `schemaLocation`; None for nowhere.
        keep: whether a schema that is new, or has grown, is to be kept.
        anew: whether what is kept is to be forgotten, as in a full refresh.

    Raises:
        UsageError: an option does not exist, the path has no files to infer from, or a new column
            came with `failOnNewColumns`.
    """
    own, others = split(options)
    schema = _single_variant(others, schema)
    if own.get("allowoverwrites", "false").lower() == "true":
        said = "Auto Loader reads a file once here, also if it is overwritten (allowOverwrites)"
        raise UsageError(f"{said}; let files that are new have new names")
    if own.get("includeexistingfiles", "true").lower() == "false":
        said = "Auto Loader begins with the files that are there here (includeExistingFiles)"
        raise UsageError(f"{said}; leave older ones out by _metadata.file_modification_time")
    form = own.get("format", others.pop("format", "json")).lower()
    if form not in {each.lower() for each in FORMATS}:
        raise UsageError(f"Auto Loader reads no {form}{hint(form, FORMATS)}")
    if form != "json" and any(name.lower() == "singlevariantcolumn" for name in others):
        raise UsageError(f"singleVariantColumn is for JSON here, and not for {form}")
    if form == "csv" and schema is None:
        others.setdefault("header", "true")  # Auto Loader takes it for granted as well
    mode, beside = evolution(form, own, others, inferred=schema is None)
    if not any(name.lower() == "recursivefilelookup" for name in others):
        others |= subfolders.to_read(spark, path, others)
    files = Files(spark, path, form, inferring(form, own, others))
    place = state / _place(files, mode) if state else None
    if own.get("schemalocation"):
        place = HadoopFolder(spark, own["schemalocation"])
    source = _Source(files, own, others, beside, mode, place, keep=keep, anew=anew)
    reader = spark.readStream if stream else spark.read
    passed = {PASSED_ON[name]: value for name, value in own.items() if name in PASSED_ON}
    if stream:
        passed.setdefault("maxFilesPerTrigger", "1000")  # Auto Loader's own default
        passed |= cleaning(own)
    return source.rows(reader.options(**passed), schema)


def _single_variant(others: Mapping[str, str], schema: Any) -> Any:
    """Return the schema of records that are each one VARIANT, if that is asked for."""
    said = {name.lower(): value for name, value in others.items()}
    name = said.get("singlevariantcolumn")
    return f"{quoted_part(name)} VARIANT" if name and schema is None else schema


@dataclass(frozen=True, slots=True)
class _Source:
    """Files, and how their author wants them read.

    Attributes:
        files: the files.
        own: the options `cloudFiles.…`.
        others: those of the format.
        rescued: name of the column for what fits into no other; empty for none.
        mode: what becomes of new columns.
        place: where what is known of the files is kept; None for nowhere.
        keep: whether what is new is to be kept there.
        anew: whether what was kept is to be forgotten.
    """

    files: Files
    own: Mapping[str, str]
    others: dict[str, str]
    rescued: str
    mode: str
    place: HadoopFolder | None
    keep: bool
    anew: bool

    def rows(self, reader: Any, given: StructType | str | None) -> DataFrame:
        """Return the rows, all of them or a stream of what is new."""
        form = self.files.form
        strict = form in {"json", "csv", "xml"} and not self._leaves_to_spark(given)
        ours = strict and not self._only_spark_reads()
        takes_all = form == "orc"  # Spark's reader of it makes 1 of 1.5 where an INT is asked for
        shaped = form != "json" and (ours or takes_all or (self.rescued and form in RESCUING))
        known = self._known(grows=given is None, shaped=bool(shaped))
        wanted = self._wanted(given, known)
        if form == "json" and ours:
            whole = spans_lines(self.others)
            lines = reader.format("text").options(**self.others).option("wholetext", whole)
            if wanted.folders:
                lines = lines.schema(self._with_folders([("value", "string")], wanted))
            return self._json(lines.load(self.files.path), wanted, whole=whole)
        if form == "csv" and shaped:
            return self._csv(reader, wanted, known)
        if shaped:
            return self._typed(reader, wanted, known)
        if strict:  # what does not fit has no place to go
            reader = reader.option("mode", "FAILFAST")
        return self._plain(reader, wanted)

    def _wanted(self, given: StructType | str | None, known: Known | None) -> Wanted:
        """Return what the rows are to be."""
        from pyspark.sql.types import StructType

        partitions = known.partitions if known else self.files.partitions
        folders = frozenset(name.lower() for name in partitions.names)
        if given is not None:
            asked = given if isinstance(given, StructType) else StructType.fromDDL(str(given))
            columns = self._hinted(nested.said(asked))
        else:
            columns = self._inferred(known)
        columns = nested.together(columns, partitions)
        named, strict = given is not None, not self.rescued
        return Wanted(columns, frozenset(folders), self.rescued, self.others, named, strict)

    def _leaves_to_spark(self, given: StructType | str | None) -> bool:
        """Say whether the author has a way of their own for records that do not fit."""
        if self.rescued:
            return False
        broken = self._said("columnNameOfCorruptRecord") or CORRUPT
        return bool(self._said("mode")) or (given is not None and broken in str(given).lower())

    def _only_spark_reads(self) -> bool:
        """Say whether JSON is of a kind that only Spark's own reader knows."""
        said = self._said("encoding") or self._said("charset")
        variant = bool(self._said("singleVariantColumn"))
        return self.files.form == "json" and (variant or not is_utf_8(said))

    def _json(self, texts: DataFrame, wanted: Wanted, *, whole: bool) -> DataFrame:
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        return rescued.json_rows(texts, wanted, F.col("value"), whole=whole)

    def _csv(self, reader: Any, wanted: Wanted, known: Known | None) -> DataFrame:
        """Return rows of CSV files, each by the names in its own header."""
        found = known.found if known else ()
        width = max(len(found), len(wanted.own))
        shape = self._with_folders(rescued.csv_shape(width), wanted)
        read = reader.format("csv").schema(shape).options(**self.others)
        read = read.option("columnNameOfCorruptRecord", CORRUPT)
        return rescued.csv_rows(read.load(self.files.path), wanted, width)

    def _typed(self, reader: Any, wanted: Wanted, known: Known | None) -> DataFrame:
        """Return rows of files in which only what is asked for is read: so all is asked for."""
        from pyspark.sql import functions as F  # noqa: N812

        found, own = (known.found if known else None), wanted.own
        if found:
            strict = wanted.strict and self.files.form in TYPED
            own = nested.asked_for(own, found) if strict else nested.together(found, own)
        form, path = self.files.form, self.files.path
        if form in TYPED:
            shape = self._with_folders(plain(own), wanted)
            rows = reader.format(form).schema(shape).options(**self.others).load(path)
            rows = rescued.looked_into(rows, known.files) if known else rows
            return typed.typed_rows(rows, wanted)
        tag = file_columns.value_tag(self.others)
        both = nested.of_xml(found, plain(wanted.own), tag) if found else own
        texts = nested.as_texts(both)
        shape = self._with_folders([*texts, (CORRUPT, "string")], wanted)
        read = reader.format(form).schema(shape).options(**self.others)
        rows = read.option("columnNameOfCorruptRecord", CORRUPT).load(path)
        rows = rescued.looked_into(rows, known.files) if known else rows
        if wanted.strict:
            said = "a record is broken: name a rescuedDataColumn, which takes such records"
            broken = F.raise_error(F.concat(F.lit(f"{said}: "), F.col(CORRUPT))).cast("boolean")
            rows = rows.where(F.when(F.col(CORRUPT).isNotNull(), broken).otherwise(F.lit(True)))
        record = F.to_json(F.struct(*map(quoted_part, (*texts.names, CORRUPT))))
        read_as = {name: wanted.option(name) for name in _OF_VALUES if wanted.option(name)}
        spelled_out = replace(wanted, columns=nested.said(wanted.columns), options=read_as)
        return rescued.json_rows(rows, spelled_out, record, whole=False, tag=tag)

    def _plain(self, reader: Any, wanted: Wanted) -> DataFrame:
        """Return rows as Spark reads them itself."""
        shape = self._with_folders(plain(wanted.own), wanted)
        if self.rescued:
            shape = shape.add(self.rescued, "string")
            reader = reader.option("columnNameOfCorruptRecord", self.rescued)
        form = self.files.form
        rows = reader.format(form).schema(shape).options(**self.others).load(self.files.path)
        return folder_values.placed(rows, wanted.columns, wanted.folders)

    def _with_folders(self, columns: Any, wanted: Wanted) -> StructType:
        """Return columns to ask a format for, with those that the names of folders give."""
        from pyspark.sql.types import StructField, StructType

        shape = StructType()
        for each in columns:
            shape = shape.add(each) if isinstance(each, StructField) else shape.add(*each)
        for name, kind in folder_values.as_read(wanted.columns, wanted.folders):
            shape = shape.add(name, kind)
        return shape

    def _said(self, name: str) -> str:
        said = {each.lower(): value for each, value in self.others.items()}
        return said.get(name.lower(), "").lower()

    def _known(self, *, grows: bool, shaped: bool) -> Known | None:
        """Return what is known of the files, after a look at those that are new.

        Raises:
            UsageError: a new column came with `failOnNewColumns`.
        """
        before = None if self.anew else kept(self.place)
        fixed = self.mode in {"none", "rescue"}
        if not shaped and (not grows or (before is not None and fixed)):
            return before
        try:
            known = self._look(before)
        except UsageError:
            if self.keep or before is None:
                raise
            return before  # the flow alone is to fail, when its turn comes
        new = [] if known is None or before is None else self._new(before.found, known.found)
        if known is None or before is None:
            after = known
        elif self.mode == "failonnewcolumns" and new:
            if not self.keep:
                return before  # as above
            said, path = ", ".join(new), self.files.path
            raise UsageError(f"files in {path} have new columns: {said}; see schemaEvolutionMode")
        else:
            grown = nested.together(known.columns, known.found)
            after = known if fixed else replace(known, columns=grown)
        if self.keep and self.place and after is not None and after != before:
            file_columns.keep(after, self.place)
        return after

    def _look(self, before: Known | None) -> Known | None:
        """Look into the files that are new; not again in the update that follows at once."""
        place = str(self.place or "")
        last = _looked.pop(place, None) if self.keep else None
        if last and last[0] == before and last[1].files == frozenset(self.files.there):
            return last[1]
        known = self.files.look(before)
        if place and known and not self.keep:
            _looked[place] = (before, known)
        return known

    def _inferred(self, known: Known | None) -> StructType:
        """Return the columns that were found, or are hinted at.

        Raises:
            UsageError: there are none, and no hints either.
        """
        from pyspark.sql.types import StringType, StructField, StructType

        if known is None:
            if "schemahints" in self.own:
                return self._hinted(StructType())  # the hints are all that there is
            said = (
                f"no schema can be inferred from {self.files.path}: no file there has any columns"
            )
            raise UsageError(f"{said}; give it a schema or schemaHints, or put a file there")
        hinted = self._hinted(known.columns)
        fields = [each for each in hinted if each.name.lower() != self.rescued.lower()]
        if self.files.form == "json" and "primitivesAsString" in self.files.options:
            fields = [
                each if nested.SAID in each.metadata else StructField(each.name, StringType())
                for each in fields
            ]
        return StructType(fields)

    def _new(self, before: StructType, now: StructType) -> list[str]:
        """Return the names of fields, at every level, that were not there before."""
        texts = self.files.form == "json" and "primitivesAsString" in self.files.options
        names = (columns.names if texts else [*nested.paths(columns)] for columns in (before, now))
        there, found = names
        known = {name.lower() for name in there}
        return [name for name in found if name.lower() not in known]

    def _hinted(self, columns: StructType) -> StructType:
        hints = self.own.get("schemahints", "")
        return nested.hinted(columns, hints) if hints else columns


def _place(files: Files, mode: str) -> str:
    """Return the name of what is kept of files; of others for who reads them in another way."""
    return digest(json.dumps([files.path, files.form, mode.lower(), sorted(files.options.items())]))
