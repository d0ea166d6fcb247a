"""What `read_files(…)` and `cloud_files(…)` are given in SQL."""

from __future__ import annotations

from nbkit.dialect.tokens import tokens


def file_arguments(text: str, function: str) -> tuple[str, dict[str, str], str | None]:
    """Read `(path, name => value, …)`, or the older `(path, "format", map("k", "v"))`."""
    found = tokens(text)
    words = [token.text.strip("`").lower() for token in found]
    opening = words.index("(", words.index(function))
    inner = [token for token in found[opening + 1 :] if token.text not in {",", "=>", ")", "("}]
    texts = [token.value for token in inner if token.upper not in {"MAP", "STREAM"}]
    path, *rest = texts
    options = {"cloudFiles.inferColumnTypes": "true"}  # it does, and `cloud_files` does not
    if function == "cloud_files":
        options = {"cloudFiles.format": rest[0] if rest else "json"}
        rest = rest[1:]
    pairs = dict(zip(rest[::2], rest[1::2], strict=False))
    schema = pairs.pop("schema", None)
    return path, {**options, **{_option(name): value for name, value in pairs.items()}}, schema


_CLOUD_OPTIONS = {
    "format": "cloudFiles.format",
    "schemahints": "cloudFiles.schemaHints",
    "schemaevolutionmode": "cloudFiles.schemaEvolutionMode",
    "schemalocation": "cloudFiles.schemaLocation",
    "infercolumntypes": "cloudFiles.inferColumnTypes",
    "maxfilespertrigger": "cloudFiles.maxFilesPerTrigger",
    "includeexistingfiles": "cloudFiles.includeExistingFiles",
}


def _option(name: str) -> str:
    return _CLOUD_OPTIONS.get(name.lower(), name)
