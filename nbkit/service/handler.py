"""Requests of clients, between Jupyter's server and the endpoints.

An endpoint runs in a thread: whatever it waits for, the server goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

from nbkit.errors import NbkitError
from nbkit.on_disk import cause
from nbkit.service.answers import FileOnDisk
from nbkit.service.refusals import Refusal, of_error
from nbkit.service.request import ApiRequest, json_of
from nbkit.service.routes import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.service.project import Project
    from nbkit.service.routes import Answer, Route

_JSON = "application/json; charset=utf-8"
_PIECE = 1 << 20
_OF_THE_SERVER = ("token", "_xsrf", "o", "ew")
"""Parameters that are Jupyter's, or that clients add without asking for anything."""
_CODES = {
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "NOT_IMPLEMENTED",
    500: "INTERNAL_ERROR",
}
_LOG = logging.getLogger("nbkit.service")


class ApiHandler(JupyterHandler):
    """Answers everything below `/api/<version of Databricks' API>/`."""

    def initialize(self, project: Project) -> None:
        """Take what all requests share."""
        self.project = project

    def check_xsrf_cookie(self) -> None:
        """Leave those who did not log in to the refusal that they get."""
        if getattr(self, "_jupyter_current_user", None) is not None:  # asked too early, or nobody
            super().check_xsrf_cookie()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer what the server itself refuses as everything else is."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        said = getattr(error, "log_message", None) or responses.get(status_code, "Error")
        code = _CODES.get(status_code, "BAD_REQUEST")
        self._refuse(Refusal(code, str(said), status_code))

    @allow_unauthenticated
    async def get(self, version: str, path: str) -> None:
        """Answer."""
        await self._answer(version, path)

    post = put = patch = delete = head = get

    async def _answer(self, version: str, path: str) -> None:
        self.set_header("X-Databricks-Org-Id", str(self.project.workspace_id))
        try:
            self._require_user()
            found, values = find(str(self.request.method), version, path)
            request = self._request(found, version, values)
            if found.known is not None:
                request.refuse_unknown(found.known | values.keys())
            answer = await asyncio.get_running_loop().run_in_executor(
                self.project.threads, _called, found, self.project, request
            )
            await self._send(answer)
        except Refusal as refusal:
            self._refuse(refusal)
        except UnicodeDecodeError:
            self._refuse(Refusal("MALFORMED_REQUEST", "The request is not UTF-8."))

    def _require_user(self) -> None:
        if self.current_user is not None:
            return
        self.project.log.warning("refused a request without a valid token: %s", self.request.path)
        if self.request.headers.get("Authorization"):
            raise Refusal(
                "PERMISSION_DENIED",
                "Invalid access token: this server has another one. Where the server is "
                "`nbkit serve`, `nbkit serve --print-profile` in its project shows it.",
            )
        raise Refusal(
            "UNAUTHENTICATED",
            "Credential was not sent or was of an unsupported type for this API: send "
            "`Authorization: Bearer <token>`.",
        )

    def _request(self, found: Route, version: str, in_path: Mapping[str, str]) -> ApiRequest:
        query = {name: texts[-1].decode() for name, texts in self.request.query_arguments.items()}
        values: dict[str, Any] = {
            name: value for name, value in query.items() if name not in _OF_THE_SERVER
        }
        uploads: dict[str, bytes] = {}
        kind = self.request.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            form = self.request.body_arguments.items()
            values |= {name: texts[-1].decode() for name, texts in form}
            uploads = {name: files[-1]["body"] for name, files in self.request.files.items()}
        elif not found.raw:
            values |= json_of(self.request.body)
        values |= {name: unquote(value) for name, value in in_path.items()}
        return ApiRequest(
            version,
            values,
            self.request.body if found.raw else b"",
            uploads,
            url=self.project.url_of(f"{self.request.protocol}://{self.request.host}"),
            user=self.project.user,
            headers=dict(self.request.headers),
        )

    async def _send(self, answer: Answer) -> None:
        if isinstance(answer, dict):
            self.set_header("Content-Type", _JSON)
            self.finish(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
            return
        for name, value in answer.headers.items():
            self.set_header(name, value)
        if isinstance(answer, FileOnDisk):
            await self._send_file(answer)
            return
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.kind)
        if self.request.method == "HEAD" or answer.status == HTTPStatus.NO_CONTENT:
            self.finish()
        else:
            self.finish(answer.body)

    async def _send_file(self, answer: FileOnDisk) -> None:
        loop, threads = asyncio.get_running_loop(), self.project.threads
        try:
            file = await loop.run_in_executor(threads, answer.path.open, "rb")
        except OSError as error:
            raise Refusal("INTERNAL_ERROR", cause(error, answer.path)) from None
        with file:
            while piece := await loop.run_in_executor(threads, file.read, _PIECE):
                self.write(piece)
                await self.flush()
        self.finish()

    def _refuse(self, refusal: Refusal) -> None:
        self.set_status(refusal.status)
        self.set_header("Content-Type", _JSON)
        if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", "1")
        if self.request.method == "HEAD":
            self.finish()
        else:
            self.finish(json.dumps(refusal.document, ensure_ascii=False))


class DiscoveryHandler(JupyterHandler):
    """What the SDK asks first: which workspace this is."""

    def initialize(self, project: Project) -> None:
        """Take what all requests share."""
        self.project = project

    @allow_unauthenticated
    async def get(self) -> None:
        """Answer; nothing in it is secret."""
        url = self.project.url_of(f"{self.request.protocol}://{self.request.host}")
        self.set_header("Content-Type", _JSON)
        document = {"workspace_id": str(self.project.workspace_id), "oidc_endpoint": f"{url}/oidc"}
        self.finish(json.dumps(document))


def _called(found: Route, project: Project, request: ApiRequest) -> Answer:
    """Return what an endpoint answers; whatever goes wrong in it is one clear message."""
    try:
        return found.endpoint(project, request)
    except NbkitError as error:
        number = str(request.values.get("run_id"))
        run_id = int(number) if number.isdecimal() else None
        raise of_error(error, run_id) from None
    except OSError as error:
        raise Refusal("INTERNAL_ERROR", cause(error)) from None
    except Refusal:
        raise
    except Exception as error:
        _LOG.exception("a request failed")
        raise Refusal("INTERNAL_ERROR", f"nbkit failed: {type(error).__name__}") from error
