"""Which function answers which request: endpoints sign up here by method and path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbkit.service.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.service.answers import Bytes, FileOnDisk
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

    Answer = dict[str, Any] | Bytes | FileOnDisk
    Endpoint = Callable[[Project, ApiRequest], Answer]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
_ANY = r"2\.[012]"
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint.

    Attributes:
        method, path: what is asked, below `/api/<version>/`; `{name}` stands for one part of a
            path, and `{name…}` for all that is left of it.
        versions: of the API, as a regular expression.
        known: the names that it takes; None for whatever comes.
        raw: whether the body is not JSON.
        endpoint: what answers.
    """

    method: str
    path: re.Pattern[str]
    versions: re.Pattern[str]
    known: frozenset[str] | None
    raw: bool
    endpoint: Endpoint


_routes: list[Route] = []


def route(
    method: Method, path: str, known: str | None = "", *, versions: str = _ANY, raw: bool = False
) -> Callable[[Endpoint], Endpoint]:
    """Let a function answer a request.

    Args:
        method: of HTTP.
        path: below `/api/<version>/`.
        known: the names of its parameters, separated by spaces; None to take any.
        versions: of the API, as a regular expression.
        raw: the body is not JSON.
    """
    pattern = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
    rest = pattern.replace("…", "")
    whole = _PARAMETER.sub(r"(?P<\1>.*)" if rest != pattern else r"(?P<\1>[^/]+)", rest)

    def sign_up(endpoint: Endpoint) -> Endpoint:
        names = None if known is None else frozenset(known.split())
        made = Route(method, re.compile(whole), re.compile(versions), names, raw, endpoint)
        _routes.append(made)
        return endpoint

    return sign_up


def find(method: str, version: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return what answers a request, and the parts of its path that are values.

    Raises:
        Refusal: nothing does.
    """
    for each in _routes:
        if each.method != method or not each.versions.fullmatch(version):
            continue
        found = each.path.fullmatch(path)
        if found is not None:
            return each, found.groupdict()
    said = f"{method} /api/{version}/{path}"
    raise Refusal(
        "NOT_IMPLEMENTED",
        f"nbkit does not answer {said}: it serves jobs, runs, pipelines, workspace files, DBFS, "
        "volumes and secrets.",
    )
