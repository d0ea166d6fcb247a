"""`cloudFiles` on any folder: files as they arrive, each once, with a schema that is kept."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.graph.near import hint
from nbkit.pipelines.declare import spelled
from nbkit.pipelines.hadoop_folder import HadoopFolder
from nbkit.pipelines.rescued import RESCUED, with_rescued

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

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
_TEXTUAL = {"json", "csv", "xml"}
_KEPT = "schema.json"


def resolved(
    spark: SparkSession,
    path: str,
    options: Mapping[str, str],
    schema: StructType | str | None,
    *,
    stream: bool,
    state: HadoopFolder | None = None,
) -> DataFrame:
    """Return a stream (or all) of the files below a path, as Auto Loader reads them.

    Args:
        spark: reads them.
        path: a folder, a pattern, or any address that Hadoop knows.
        options: `cloudFiles.…` and those of the format.
        schema: if the author gives one; else it is inferred, and kept at `schemaLocation`.
        stream: whether only what is new is wanted.
        state: where schemas are kept that have no `schemaLocation`; None for analysis alone.

    Raises:
        UsageError: an option does not exist, the path has no files to infer from, or a new column
            came with `failOnNewColumns`.
    """
    own, others = _split(options)
    form = own.get("format", others.pop("format", "json"))
    if form.lower() not in {each.lower() for each in FORMATS}:
        raise UsageError(f"Auto Loader reads no {form}{hint(form, FORMATS)}")
    place = state / _digest(path) if state else None
    if own.get("schemalocation"):
        place = HadoopFolder(spark, own["schemalocation"])
    keep = state is not None
    wanted = _schema(
        spark, path, form, own=own, others=others, given=schema, place=place, keep=keep
    )
    rescued = own.get("rescueddatacolumn") or others.pop("rescuedDataColumn", "")
    if not rescued and schema is None and form.lower() in _TEXTUAL:
        rescued = RESCUED
    reader = spark.readStream if stream else spark.read
    passed = {_PASSED_ON[name]: value for name, value in own.items() if name in _PASSED_ON}
    if stream and passed.get("maxFilesPerTrigger") is None:
        passed["maxFilesPerTrigger"] = "1000"  # Auto Loader's own default
    passed |= _cleaning(own) if stream else {}
    if rescued and form.lower() == "json":
        lines = reader.format("text").options(**passed).option("wholetext", _whole(others))
        return with_rescued(lines.load(path), wanted, rescued)
    if rescued:
        from pyspark.sql.types import StringType, StructType

        wide = StructType([*wanted, *StructType().add(rescued, StringType())])
        others["columnNameOfCorruptRecord"] = rescued
        wanted = wide
    return reader.format(form).schema(wanted).options(**others, **passed).load(path)


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
    """Return the columns to read; keep them where they are kept."""
    from pyspark.sql.types import StructType

    mode = own.get("schemaevolutionmode", "none" if given is not None else "addNewColumns")
    if mode.lower() not in {each.lower() for each in _EVOLUTIONS}:
        raise UsageError(f"schemaEvolutionMode is no {mode}{hint(mode, _EVOLUTIONS)}")
    if given is not None:
        wanted = given if isinstance(given, StructType) else StructType.fromDDL(str(given))
        return _hinted(wanted, own)
    known = _kept(place)
    if known is not None and mode.lower() in {"none", "rescue"}:
        return _hinted(known, own)
    found = _inferred(spark, path, form, own, others)
    if known is not None:
        names = {name.lower() for name in known.names}
        added = [field for field in found if field.name.lower() not in names]
        if added and mode.lower() == "failonnewcolumns":
            new = ", ".join(field.name for field in added)
            raise UsageError(f"files in {path} have new columns: {new}; see schemaEvolutionMode")
        found = StructType([*known, *added])
    found = _hinted(found, own)
    if keep and place and (known is None or known != found):
        (place / _KEPT).write(found.json())
    return found


def _inferred(
    spark: SparkSession, path: str, form: str, own: Mapping[str, str], others: Mapping[str, str]
) -> StructType:
    from pyspark.errors import AnalysisException
    from pyspark.sql.types import StringType, StructField, StructType

    typed = own.get("infercolumntypes", "false").lower() == "true"
    options = dict(others)
    if form.lower() == "csv":
        options.setdefault("header", "true")
        options["inferSchema"] = str(typed).lower()
    if form.lower() == "json" and not typed:
        options["primitivesAsString"] = "true"
    try:
        found = spark.read.format(form).options(**options).load(path).schema
    except AnalysisException as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"no schema can be inferred from {path}: {said}") from None
    if form.lower() == "json" and not typed:
        fields = [StructField(field.name, StringType()) for field in found]
        return StructType(fields)
    return found


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


def _kept(place: HadoopFolder | None) -> StructType | None:
    from pyspark.sql.types import StructType

    text = (place / _KEPT).read() if place else None
    return None if text is None else StructType.fromJson(json.loads(text))


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
