"""`cloudFiles` on any folder: files as they arrive, each once, with a schema that is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.graph.near import hint
from nbkit.pipelines.declare import spelled
from nbkit.pipelines.hadoop_folder import HadoopFolder
from nbkit.pipelines.rescued import CORRUPT, RESCUED, with_rescued, with_rescued_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
_KEPT = "schema.json"
_LISTING = {"pathglobfilter", "recursivefilelookup", "modifiedafter", "modifiedbefore"}


@dataclass(frozen=True, slots=True)
class _Kept:
    """Columns that were inferred, and digests of the addresses of the files they are from."""

    columns: StructType
    files: frozenset[str]


class _NoFilesError(UsageError):
    """There are no files, or none that say which columns they have."""


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
    form = own.get("format", others.pop("format", "json"))
    if form.lower() not in {each.lower() for each in FORMATS}:
        raise UsageError(f"Auto Loader reads no {form}{hint(form, FORMATS)}")
    if form.lower() == "csv" and schema is None:
        others.setdefault("header", "true")  # Auto Loader takes it for granted as well
    place = state / _digest(path) if state else None
    if own.get("schemalocation"):
        place = HadoopFolder(spark, own["schemalocation"])
    wanted = _schema(
        spark, path, form, own=own, others=others, given=schema, place=place, keep=keep
    )
    rescued = own.get("rescueddatacolumn") or others.pop("rescuedDataColumn", "")
    mode = own.get("schemaevolutionmode", "").lower()
    if not rescued and schema is None and form.lower() in _RESCUING and mode != "none":
        rescued = RESCUED
    reader = spark.readStream if stream else spark.read
    passed = {_PASSED_ON[name]: value for name, value in own.items() if name in _PASSED_ON}
    if stream and passed.get("maxFilesPerTrigger") is None:
        passed["maxFilesPerTrigger"] = "1000"  # Auto Loader's own default
    passed |= _cleaning(own) if stream else {}
    if rescued and form.lower() == "json":
        lines = reader.format("text").options(**passed).option("wholetext", _whole(others))
        return with_rescued(lines.load(path), wanted, rescued)
    if rescued and form.lower() in {"csv", "parquet"}:
        found = _found(spark, path, form, own, others) or wanted
        if form.lower() == "csv":
            shape = _by_position(wanted, found, path, named=schema is None)
            others["columnNameOfCorruptRecord"] = CORRUPT
        else:
            shape = _by_name(wanted, found)
        rows = reader.format(form).schema(shape).options(**others, **passed).load(path)
        return with_rescued_columns(rows, wanted, rescued, others)
    if rescued:
        from pyspark.sql.types import StructType

        wanted = StructType([*wanted, *StructType().add(rescued, "string")])
        others["columnNameOfCorruptRecord"] = rescued
    return reader.format(form).schema(wanted).options(**others, **passed).load(path)


def _found(
    spark: SparkSession, path: str, form: str, own: Mapping[str, str], others: Mapping[str, str]
) -> StructType | None:
    """Return the columns of the files that are there; None without files."""
    untyped = {name: value for name, value in own.items() if name != "infercolumntypes"}
    try:
        return _inferred(spark, path, form, untyped, others)
    except _NoFilesError:
        return None


def _by_position(wanted: StructType, found: StructType, path: str, *, named: bool) -> StructType:
    """Return the columns of CSV files as text, those that are wanted first.

    Raises:
        UsageError: the files' header has them in another order, which Spark would not notice.
    """
    from pyspark.sql.types import StructType

    if named:
        _check_order(wanted.names, found.names, path)
    shape = StructType()
    for name in (*wanted.names, *found.names[len(wanted) :], CORRUPT):
        shape = shape.add(name, "string")
    return shape


def _check_order(before: Sequence[str], now: Sequence[str], path: str | list[str]) -> None:
    for ours, theirs in zip(before, now, strict=False):
        if ours.lower() != theirs.lower():
            said = f"column {theirs} of files in {path} stands where {ours} stood before"
            raise UsageError(f"{said}: CSV is read by position, so it needs a folder of its own")


def _by_name(wanted: StructType, found: StructType) -> StructType:
    """Return the columns of files, and those that are wanted and in none of them."""
    from pyspark.sql.types import StructType

    names = {name.lower() for name in found.names}
    return StructType([*found, *(each for each in wanted if each.name.lower() not in names)])


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


def _schema(
    spark: SparkSession,
    path: str,
    form: str,
    *,
    own: Mapping[str, str],
    others: Mapping[str, str],
    given: StructType | str | None,
    place: HadoopFolder | None,
    keep: bool,
) -> StructType:
    """Return the columns to read; keep them where they are kept.

    Only files that were not there when the kept columns were inferred are looked into.
    """
    from pyspark.sql.types import StructType

    mode = own.get("schemaevolutionmode", "none" if given is not None else "addNewColumns")
    if mode.lower() not in {each.lower() for each in _EVOLUTIONS}:
        raise UsageError(f"schemaEvolutionMode is no {mode}{hint(mode, _EVOLUTIONS)}")
    if given is not None:
        wanted = given if isinstance(given, StructType) else StructType.fromDDL(str(given))
        return _hinted(wanted, own)
    known = _kept(place)
    if known is not None and mode.lower() in {"none", "rescue"}:
        return _hinted(known.columns, own)
    files = {_digest(file): file for file in _listed(spark, path, others)}
    if known is None:
        found = _inferred(spark, path, form, own, others)
    else:
        new = [file for digest, file in files.items() if digest not in known.files]
        if not new:
            return _hinted(known.columns, own)
        names = {name.lower() for name in known.columns.names}
        there = _inferred(spark, new, form, own, others)
        added = [field for field in there if field.name.lower() not in names]
        if added and mode.lower() == "failonnewcolumns":
            if not keep:  # the flow alone is to fail, when its turn comes
                return _hinted(known.columns, own)
            said = ", ".join(field.name for field in added)
            raise UsageError(f"files in {path} have new columns: {said}; see schemaEvolutionMode")
        found = StructType([*known.columns, *added])
    found = _hinted(found, own)
    if keep and place:
        (place / _KEPT).write(json.dumps({"columns": found.jsonValue(), "files": [*files]}))
    return found


def _listed(spark: SparkSession, path: str, others: Mapping[str, str]) -> list[str]:
    """Return the addresses of the files that are there, without looking into them."""
    from pyspark.errors import AnalysisException

    try:
        files = spark.read.format("binaryFile").options(**_listing(others)).load(path)
        return list(files.inputFiles())
    except AnalysisException:  # there is no such place, which matters to who reads from it
        return []


def _listing(others: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in others.items() if name.lower() in _LISTING}


def _inferred(
    spark: SparkSession,
    path: str | list[str],
    form: str,
    own: Mapping[str, str],
    others: Mapping[str, str],
) -> StructType:
    from pyspark.errors import AnalysisException
    from pyspark.sql.types import StringType, StructField, StructType

    typed = own.get("infercolumntypes", "false").lower() == "true"
    options = dict(others)
    if form.lower() == "csv":
        options["inferSchema"] = str(typed).lower()
    if form.lower() == "json" and not typed:
        options["primitivesAsString"] = "true"
    if form.lower() == "parquet":
        options.setdefault("mergeSchema", "true")
    try:
        found = spark.read.format(form).options(**options).load(path).schema
        if form.lower() == "csv":
            found = _with_newest(spark, path, options, found)
    except AnalysisException as error:
        said = str(error).strip().splitlines()[0]
        raise _NoFilesError(f"no schema can be inferred from {path}: {said}") from None
    if form.lower() == "json" and not typed:
        fields = [StructField(field.name, StringType()) for field in found]
        return StructType(fields)
    return found


def _with_newest(
    spark: SparkSession, path: str | list[str], options: Mapping[str, str], found: StructType
) -> StructType:
    """Return columns with those that the newest CSV file has besides; Spark looks at one file.

    Raises:
        UsageError: it has them in another order.
    """
    from pyspark.sql.types import StructType

    files = spark.read.format("binaryFile").options(**_listing(options)).load(path)
    newest = files.orderBy("modificationTime", ascending=False).select("path").first()
    if newest is None:
        return found
    untyped = {**options, "inferSchema": "false"}
    names = {name.lower() for name in found.names}
    there = spark.read.format("csv").options(**untyped).load(newest.path).schema
    _check_order(found.names, there.names, path)
    return StructType([*found, *(each for each in there if each.name.lower() not in names)])


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


def _kept(place: HadoopFolder | None) -> _Kept | None:
    from pyspark.sql.types import StructType

    text = (place / _KEPT).read() if place else None
    if text is None:
        return None
    said = json.loads(text)
    return _Kept(StructType.fromJson(said["columns"]), frozenset(said["files"]))


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


def _whole(others: Mapping[str, str]) -> str:
    """Say whether a JSON document spans lines."""
    return str({name.lower(): value for name, value in others.items()}.get("multiline", "false"))


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:16]
