"""`cloudFiles` on any folder: files as they arrive, each once, with a schema that is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.decorators import spelled
from nbkit.pipelines.files import file_columns
from nbkit.pipelines.files.file_columns import Files, Known, digest, kept, together
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.files.rescued import CORRUPT, RESCUED, with_rescued, with_rescued_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

SCHEMAS = "schemas"
"""Folder of a pipeline's storage for schemas that have no `schemaLocation`."""

FORMATS = ("json", "csv", "parquet", "text", "avro", "orc", "xml", "binaryFile")
_OWN = "cloudfiles."
_PASSED_ON = {
    "maxfilespertrigger": "maxFilesPerTrigger",
    "maxbytespertrigger": "maxBytesPerTrigger",
    "maxfileage": "maxFileAge",
}
_UNDERSTOOD = {
    *_PASSED_ON,
    *("format", "schemalocation", "infercolumntypes", "schemaevolutionmode", "schemahints"),
    *("cleansource", "cleansource.movedestination", "partitioncolumns", "includeexistingfiles"),
    *("rescueddatacolumn", "allowoverwrites", "usestrictglobber", "validateoptions"),
}
_CLOUD_ONLY = (
    *("usenotifications", "backfillinterval", "region", "queueurl", "usemanagedfileevents"),
    *("fetchparallelism", "pathrewrites", "resourcetag", "subscriptionid", "tenantid", "clientid"),
    *("clientsecret", "connectionstring", "resourcegroup", "useincrementallisting", "projectid"),
    *("cleansource.retentionduration", "listonstart", "databricks.servicecredential"),
)
_EVOLUTIONS = (
    "addNewColumns",
    "addNewColumnsWithTypeWidening",
    "rescue",
    "failOnNewColumns",
    "none",
)
_RESCUING = {"json", "csv", "xml", "parquet"}
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
) -> DataFrame:
    """Return a stream (or all) of the files below a path, as Auto Loader reads them.

    Args:
        spark: reads them.
        path: a folder, a pattern, or any address that Hadoop knows.
        options: `cloudFiles.…` and those of the format.
        schema: if the author gives one; else it is inferred, and kept at `schemaLocation`.
        stream: whether only what is new is wanted.
        state: where schemas are kept that have no `schemaLocation`; None for nowhere.
        keep: whether a schema that is new, or has grown, is to be kept.

    Raises:
        UsageError: an option does not exist, the path has no files to infer from, or a new column
            came with `failOnNewColumns`.
    """
    own, others = _split(options)
    if own.get("allowoverwrites", "false").lower() == "true":
        said = "Auto Loader reads a file once here, also if it is overwritten (allowOverwrites)"
        raise UsageError(f"{said}; let files that are new have new names")
    if own.get("includeexistingfiles", "true").lower() == "false":
        said = "Auto Loader begins with the files that are there here (includeExistingFiles)"
        raise UsageError(f"{said}; leave older ones out by _metadata.file_modification_time")
    form = own.get("format", others.pop("format", "json")).lower()
    if form not in {each.lower() for each in FORMATS}:
        raise UsageError(f"Auto Loader reads no {form}{hint(form, FORMATS)}")
    if form == "csv" and schema is None:
        others.setdefault("header", "true")  # Auto Loader takes it for granted as well
    mode = own.get("schemaevolutionmode", "none" if schema is not None else "addNewColumns")
    if mode.lower() not in {each.lower() for each in _EVOLUTIONS}:
        raise UsageError(f"schemaEvolutionMode is no {mode}{hint(mode, _EVOLUTIONS)}")
    rescued = own.get("rescueddatacolumn") or others.pop("rescuedDataColumn", "")
    if not rescued and schema is None and form in _RESCUING and mode.lower() != "none":
        rescued = RESCUED
    files = Files(spark, path, form, _inferring(form, own, others))
    place = state / _place(files, mode) if state else None
    if own.get("schemalocation"):
        place = HadoopFolder(spark, own["schemalocation"])
    source = _Source(files, own, others, rescued, mode.lower(), place, keep=keep)
    reader = spark.readStream if stream else spark.read
    passed = {_PASSED_ON[name]: value for name, value in own.items() if name in _PASSED_ON}
    if stream:
        passed.setdefault("maxFilesPerTrigger", "1000")  # Auto Loader's own default
        passed |= _cleaning(own)
    return source.rows(reader.options(**passed), schema)


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
    """

    files: Files
    own: Mapping[str, str]
    others: dict[str, str]
    rescued: str
    mode: str
    place: HadoopFolder | None
    keep: bool

    def rows(self, reader: Any, given: StructType | str | None) -> DataFrame:
        """Return the rows, all of them or a stream of what is new."""
        from pyspark.sql.types import StructType

        form, path, options = self.files.form, self.files.path, self.others
        shaped = self.rescued and form in {"csv", "parquet"}
        known = self._known(grows=given is None, shaped=bool(shaped))
        if given is not None:
            wanted = given if isinstance(given, StructType) else StructType.fromDDL(str(given))
        else:
            wanted = self._inferred(known)
        wanted = _hinted(wanted, self.own)
        if given is None and known is not None:
            wanted = together(wanted, known.partitions)
        if self.rescued and form == "json":
            whole = _spans_lines(options)
            lines = reader.format("text").options(**options).option("wholetext", whole).load(path)
            return with_rescued(lines, wanted, self.rescued, whole=whole)
        if shaped:
            shape = self._shape(wanted, known, named=given is None)
            read = reader.format(form).schema(shape).options(**options)
            if form == "csv":
                read = read.option("columnNameOfCorruptRecord", CORRUPT)
            return with_rescued_columns(read.load(path), wanted, self.rescued, options)
        if self.rescued:
            wanted = StructType([*wanted, *StructType().add(self.rescued, "string")])
            reader = reader.option("columnNameOfCorruptRecord", self.rescued)
        return reader.format(form).schema(wanted).options(**options).load(path)

    def _known(self, *, grows: bool, shaped: bool) -> Known | None:
        """Return what is known of the files, after a look at those that are new.

        Raises:
            UsageError: a new column came with `failOnNewColumns`.
        """
        before = kept(self.place)
        fixed = self.mode in {"none", "rescue"}
        if not shaped and (not grows or (before is not None and fixed)):
            return before
        try:
            known = self._look(before)
        except UsageError:
            if self.keep or before is None:
                raise
            return before  # the flow alone is to fail, when its turn comes
        if known is None or before is None:
            after = known
        elif self.mode == "failonnewcolumns" and len(known.found) > len(before.found):
            if not self.keep:
                return before  # as above
            said = ", ".join(known.found.names[len(before.found) :])
            path = self.files.path
            raise UsageError(f"files in {path} have new columns: {said}; see schemaEvolutionMode")
        else:
            after = known if fixed else replace(known, columns=known.found)
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
        """Return the columns that were found.

        Raises:
            UsageError: there are none, and no hints either.
        """
        from pyspark.sql.types import StringType, StructField, StructType

        if known is not None:
            broken = self.others.get("columnNameOfCorruptRecord", CORRUPT) if self.rescued else ""
            fields = [each for each in known.columns if each.name != broken]
            if self.files.form == "json" and "primitivesAsString" in self.files.options:
                fields = [StructField(each.name, StringType()) for each in fields]
            return StructType(fields)
        if "schemahints" in self.own:
            return StructType()  # the hints are all that there is
        said = f"no schema can be inferred from {self.files.path}: no file there has any columns"
        raise UsageError(f"{said}; give it a schema or schemaHints, or put a file there")

    def _shape(self, wanted: StructType, known: Known | None, *, named: bool) -> StructType:
        """Return the columns to ask the format for: those of the files, and partitions.

        Args:
            wanted: by the author.
            known: of the files.
            named: whether CSV files have their columns by the names of their header, and not just
                in the order that is wanted.
        """
        from pyspark.sql.types import StringType, StructField, StructType

        found = known.found if known else StructType()
        folders = {name.lower() for name in known.partitions.names} if known else set()
        partitions = [each for each in wanted if each.name.lower() in folders]
        own = StructType([each for each in wanted if each.name.lower() not in folders])
        if self.files.form == "parquet":
            return StructType([*together(found, own), *partitions])
        names = found.names if named and found else [*own.names, *found.names[len(own) :]]
        texts = [StructField(name, StringType()) for name in (*names, CORRUPT)]
        return StructType([*texts, *partitions])


def _split(options: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    own: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, value in options.items():
        text = spelled(value)
        if not name.lower().startswith(_OWN):
            others[name] = text
            continue
        short = name[len(_OWN) :].lower()
        if short in _UNDERSTOOD:
            own[short] = text
        elif not short.startswith(_CLOUD_ONLY):
            known = sorted({*_UNDERSTOOD, *_CLOUD_ONLY})
            raise UsageError(f"Auto Loader has no option {name}{hint(short, known)}")
    return own, others


def _inferring(form: str, own: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a format that decide which columns, of which types, are found."""
    options = dict(others)
    typed = own.get("infercolumntypes", "false").lower() == "true"
    if form == "csv":
        options["inferSchema"] = str(typed).lower()
    if form == "json" and not typed:
        options["primitivesAsString"] = "true"
    if form == "xml" and not typed:
        options["inferSchema"] = "false"
    if form == "parquet":
        options.setdefault("mergeSchema", "true")
    return options


def _hinted(schema: StructType, own: Mapping[str, str]) -> StructType:
    """Return columns with the types that `schemaHints` gives them."""
    from pyspark.sql.types import StructField, StructType

    if "schemahints" not in own:
        return schema
    hints = {field.name.lower(): field for field in StructType.fromDDL(own["schemahints"])}
    fields = []
    for field in schema:
        hinted = hints.pop(field.name.lower(), None)
        fields.append(StructField(field.name, hinted.dataType) if hinted else field)
    return StructType([*fields, *hints.values()])


def _cleaning(own: Mapping[str, str]) -> dict[str, str]:
    how = own.get("cleansource", "OFF").upper()
    if how == "OFF":
        return {}
    if how == "DELETE":
        return {"cleanSource": "delete"}
    destination = own.get("cleansource.movedestination")
    if how != "MOVE" or not destination:
        raise UsageError("cleanSource is OFF, DELETE, or MOVE with cleanSource.moveDestination")
    return {"cleanSource": "archive", "sourceArchiveDir": destination}


def _spans_lines(others: Mapping[str, str]) -> bool:
    """Say whether a JSON document spans lines."""
    said = {name.lower(): value for name, value in others.items()}
    return said.get("multiline", "false").lower() == "true"


def _place(files: Files, mode: str) -> str:
    """Return the name of what is kept of files; of others for who reads them in another way."""
    return digest(json.dumps([files.path, files.form, mode.lower(), sorted(files.options.items())]))
