"""Secrets: names are told, values are only taken."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from nbkit.readable import readable
from nbkit.service import secret_file
from nbkit.service.refusals import Refusal, invalid
from nbkit.service.routes import route

if TYPE_CHECKING:
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest
    from nbkit.service.secret_file import Tables

_NAME = re.compile(r"[\w.@/-]{1,128}", re.ASCII)
_LARGEST = 128 * 1024
_MOST_KEYS, _MOST_SCOPES = 1000, 1000


@route("POST", "secrets/scopes/create", "scope initial_manage_principal scope_backend_type")
def create_scope(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Make a scope."""
    scope = _name(request, "scope")
    kind = request.text("scope_backend_type", "DATABRICKS")
    if kind != "DATABRICKS":
        raise invalid(f"scope_backend_type must be DATABRICKS here, not {kind}.")
    with secret_file.changing(project.settings) as tables:
        if scope in tables:
            raise Refusal("RESOURCE_ALREADY_EXISTS", f"Scope {scope} already exists!")
        if len(tables) >= _MOST_SCOPES:
            raise Refusal("RESOURCE_LIMIT_EXCEEDED", f"There are {_MOST_SCOPES} scopes already.")
        tables[scope] = {}
    return {}


@route("GET", "secrets/scopes/list")
def list_scopes(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the scopes."""
    del request
    names = sorted(secret_file.read(project.settings))
    scopes = [{"name": name, "backend_type": "DATABRICKS"} for name in names]
    return {"scopes": scopes} if scopes else {}


@route("POST", "secrets/scopes/delete", "scope")
def delete_scope(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Remove a scope with its secrets."""
    scope = _name(request, "scope")
    with secret_file.changing(project.settings) as tables:
        _scope(tables, scope)
        del tables[scope]
    return {}


@route("POST", "secrets/put", "scope key string_value bytes_value")
def put(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Write a secret."""
    scope, key, value = _name(request, "scope"), _name(request, "key"), _value(request)
    with secret_file.changing(project.settings) as tables:
        table = _scope(tables, scope)
        if key not in table and len(table) >= _MOST_KEYS:
            raise Refusal("RESOURCE_LIMIT_EXCEEDED", f"{scope} has {_MOST_KEYS} secrets already.")
        table[key] = value
    return {}


@route("GET", "secrets/list", "scope")
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the keys of a scope."""
    table = _scope(secret_file.read(project.settings), _name(request, "scope"))
    return {"secrets": [{"key": key} for key in sorted(table)]} if table else {}


@route("GET", "secrets/get", "scope key")
def get(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Refuse: values go to notebooks, by `dbutils.secrets`, and nowhere else."""
    scope, key = _name(request, "scope"), _name(request, "key")
    _secret(_scope(secret_file.read(project.settings), scope), scope, key)
    message = "Values of secrets can be written here, not read: notebooks get them from dbutils."
    raise Refusal("PERMISSION_DENIED", message)


@route("POST", "secrets/delete", "scope key")
def delete(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Remove a secret."""
    scope, key = _name(request, "scope"), _name(request, "key")
    with secret_file.changing(project.settings) as tables:
        table = _scope(tables, scope)
        _secret(table, scope, key)
        del table[key]
    return {}


def _name(request: ApiRequest, field: str) -> str:
    name = request.text(field)
    if not _NAME.fullmatch(name):
        raise invalid(
            f"{field} must be 1 to 128 letters, digits, dashes, underscores, periods, @ and /."
        )
    return name


def _value(request: ApiRequest) -> str:
    """Return the value of a request; no message ever quotes it."""
    if request.has("string_value") == request.has("bytes_value"):
        message = "Exactly one of string_value and bytes_value must be given."
        raise Refusal("MALFORMED_REQUEST", message)
    if request.has("string_value"):
        value = request.values["string_value"]
        if not isinstance(value, str):
            raise invalid("string_value must be a text.")
    else:
        try:
            value = base64.b64decode(request.text("bytes_value"), validate=True).decode()
        except (binascii.Error, ValueError):
            raise invalid("bytes_value must be UTF-8 text in Base64.") from None
    if len(value.encode(errors="replace")) > _LARGEST:
        raise invalid("The value is larger than 128 KB.")
    if readable(value) != value:
        raise invalid("The value is no valid Unicode.")
    return value


def _scope(tables: Tables, scope: str) -> dict[str, str]:
    if scope not in tables:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Scope {scope} does not exist!")
    return tables[scope]


def _secret(table: dict[str, str], scope: str, key: str) -> None:
    if key not in table:
        message = f"Secret does not exist with scope: {scope} and key: {key}."
        raise Refusal("RESOURCE_DOES_NOT_EXIST", message)
