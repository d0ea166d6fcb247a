"""The options of Auto Loader: which there are, and what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect import reader_options
from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.arguments import spelled
from nbkit.pipelines.files.rescued import RESCUED

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = ("json", "csv", "parquet", "text", "avro", "orc", "xml", "binaryFile")
_OWN = "cloudfiles."
PASSED_ON = {
    "maxfilespertrigger": "maxFilesPerTrigger",
    "maxbytespertrigger": "maxBytesPerTrigger",
    "maxfileage": "maxFileAge",
}
_UNDERSTOOD = {
    *PASSED_ON,
    *("format", "schemalocation", "infercolumntypes", "schemaevolutionmode", "schemahints"),
    *("cleansource", "cleansource.movedestination", "partitioncolumns", "includeexistingfiles"),
    *("rescueddatacolumn", "allowoverwrites", "usestrictglobber", "validateoptions"),
    "readercasesensitive",
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
TYPED = {"parquet", "orc", "avro"}
"""Formats whose files say the types of their columns."""
RESCUING = {"json", "csv", "xml", *TYPED}


def split(options: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the options `cloudFiles.…`, without that and in lower case, and those of the format.

    Raises:
        UsageError: there is no such option.
    """
    reader_options.check(options)
    own: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, value in options.items():
        text = spelled(value)
        if not name.lower().startswith(_OWN):
            others["pathGlobFilter" if name.lower() == "filenamepattern" else name] = text
            continue
        short = name[len(_OWN) :].lower()
        if short in _UNDERSTOOD:
            own[short] = text
        elif not short.startswith(_CLOUD_ONLY):
            known = sorted({*_UNDERSTOOD, *_CLOUD_ONLY})
            raise UsageError(f"Auto Loader has no option {name}{hint(short, known)}")
    return own, others


def inferring(form: str, own: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a format that decide which columns, of which types, are found."""
    options = dict(others)
    typed = own.get("infercolumntypes", "false").lower() == "true"
    if form == "csv":
        options["inferSchema"] = str(typed).lower()
    if form == "json" and not typed:
        options["primitivesAsString"] = "true"
    if form == "xml" and not typed:
        options["inferSchema"] = "false"
    if form in {"parquet", "orc"}:
        options.setdefault("mergeSchema", "true")
    return options


def evolution(
    form: str, own: Mapping[str, str], others: dict[str, str], *, inferred: bool
) -> tuple[str, str]:
    """Return what becomes of new columns, and the name of the column for what no other takes.

    Raises:
        UsageError: there is no such mode, or one of the format's options would lose values.
    """
    mode = own.get("schemaevolutionmode", "addNewColumns" if inferred else "none")
    if mode.lower() not in {each.lower() for each in _EVOLUTIONS}:
        raise UsageError(f"schemaEvolutionMode is no {mode}{hint(mode, _EVOLUTIONS)}")
    named = [name for name in others if name.lower() == "rescueddatacolumn"]
    beside = own.get("rescueddatacolumn") or "".join(others[name] for name in named[-1:])
    for name in named:
        del others[name]
    if not beside and inferred and form in RESCUING and mode.lower() != "none":
        beside = RESCUED
    if "readercasesensitive" in own:
        others["readerCaseSensitive"] = own["readercasesensitive"]
    if beside and form in RESCUING:
        _check_rescuing(form, others)
    return mode.lower(), beside


def cleaning(own: Mapping[str, str]) -> dict[str, str]:
    """Return Spark's options for what becomes of files that were read.

    Raises:
        UsageError: `cleanSource` asks for what there is not.
    """
    how = own.get("cleansource", "OFF").upper()
    if how == "OFF":
        return {}
    if how == "DELETE":
        return {"cleanSource": "delete"}
    destination = own.get("cleansource.movedestination")
    if how != "MOVE" or not destination:
        raise UsageError("cleanSource is OFF, DELETE, or MOVE with cleanSource.moveDestination")
    return {"cleanSource": "archive", "sourceArchiveDir": destination}


def is_utf_8(encoding: str) -> bool:
    """Say whether an encoding is UTF-8, as it is where none is said."""
    return encoding.upper().replace("_", "-") in {"", "UTF-8", "UTF8"}


def _check_rescuing(form: str, others: Mapping[str, str]) -> None:
    """See that nothing is asked for with which values would be lost.

    Raises:
        UsageError: it is.
    """
    said = {name.lower(): value for name, value in others.items()}
    if said.get("mode", "PERMISSIVE").upper() != "PERMISSIVE":
        raise UsageError(
            f"Auto Loader puts what does not fit into a column here: leave out mode {said['mode']}"
        )
    encoding = said.get("encoding", said.get("charset", ""))
    if form == "json" and not is_utf_8(encoding):
        raise UsageError(f"Auto Loader reads JSON in UTF-8 here, and not in {encoding}")
