"""The pages below `/nbkit`, what they ask for while they are open, and files that they link to."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, authenticated

from nbkit.errors import NbkitError
from nbkit.report.front_end import script, style
from nbkit.service.pages import documents
from nbkit.service.pages.acts import act
from nbkit.service.pages.files import file_of
from nbkit.service.pages.listing import listing, side_bar
from nbkit.service.pages.notebooks import notebook_document, upcoming
from nbkit.service.pages.tables import table_document, tables_document
from nbkit.service.pages.writing import page_of
from nbkit.service.refusals import Refusal, of_error
from nbkit.service.request import ApiRequest, json_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.service.project import Project

_HTML = "text/html; charset=utf-8"


class _Handler(JupyterHandler):
    """What all of them share."""

    def initialize(self, project: Project) -> None:
        """Take what all requests share."""
        self.project = project

    @property
    def root(self) -> str:
        """Where the pages are."""
        return f"{self.project.base_path}nbkit/"

    async def called(self, ask: Callable[..., Any], *given: Any) -> Any:
        """Return what a function returns, called in a thread.

        Raises:
            Refusal: it cannot be answered.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.project.threads, ask, *given)
        except NbkitError as error:
            raise of_error(error) from None


class PageHandler(_Handler):
    """A page; `/nbkit` lists the jobs, `/nbkit/jobs/ID` and `/nbkit/runs/ID` show one."""

    @authenticated
    async def get(self, kind: str | None = None, number: str | None = None) -> None:
        """Answer."""
        try:
            data = await self.called(self._data, kind, int(number or 0))
        except Refusal as refusal:
            raise HTTPError(404 if refusal.status in (400, 404) else 500, refusal.message) from None
        data |= {"root": self.root, "xsrf": self.xsrf_token.decode()}
        self.set_header("Content-Type", _HTML)
        self.finish(page_of(data))

    def _data(self, kind: str | None, number: int) -> dict[str, Any]:
        project = self.project
        if kind is None:
            return {"title": "Jobs", "list": listing(project)}
        if kind == "jobs":
            found = documents.job_document(project, number)
        else:
            job_id = project.watch.record(number)["job_id"]
            found = documents.job_document(project, job_id, number)
        run_id = found["run_id"]
        shown = project.shown.changes(run_id) if run_id else {}
        return {**found, **shown, "title": found["job"]["name"], "follow": kind == "jobs"}


class StateHandler(_Handler):
    """What a page looks at again and again, as JSON."""

    @authenticated
    async def get(self, kind: str, number: str | None = None) -> None:
        """Answer."""
        await _as_json(self, self._state, kind, int(number or 0))

    def _state(self, kind: str, number: int) -> dict[str, Any]:
        project = self.project
        if kind in _KINDS:
            return _KINDS[kind](project, self)
        if kind == "history":
            return documents.history(project, number)
        if kind == "jobs":
            return documents.job_document(project, number)
        if kind == "latest":
            return documents.latest(project, number)
        seen = self.get_query_argument("seen", "0")
        return project.shown.changes(number, int(seen) if seen.isdecimal() else 0)


_KINDS: dict[str, Callable[[Project, StateHandler], dict[str, Any]]] = {
    "list": lambda project, _: listing(project),
    "side": lambda project, _: side_bar(project),
    "front": lambda project, _: {
        "script": script("lab"),
        "style": style(),
        "inside": project.inside,
    },
    "notebook": lambda project, asked: notebook_document(
        project, asked.get_query_argument("path", "")
    ),
    "tables": lambda project, _: tables_document(project),
    "table": lambda project, asked: table_document(project, asked.get_query_argument("folder", "")),
    "upcoming": lambda _, asked: upcoming(
        asked.get_query_argument("expression", ""), asked.get_query_argument("zone", "UTC")
    ),
}
"""What is asked for without a number, and who answers."""


class ActHandler(_Handler):
    """Does what a person asks for."""

    @authenticated
    async def post(self) -> None:
        """Answer."""
        await _as_json(self, self._act)

    def _act(self) -> dict[str, Any]:
        url = self.project.url_of(f"{self.request.protocol}://{self.request.host}")
        return act(self.project, ApiRequest("", json_of(self.request.body), url=url))


class FileHandler(_Handler):
    """A file of a run: an output notebook as a page, a report as it is."""

    @authenticated
    async def get(self, path: str) -> None:
        """Answer."""
        try:
            body, kind, script = await self.called(file_of, self.project, unquote(path))
        except Refusal as refusal:
            raise HTTPError(404, refusal.message) from None
        self.set_header("Content-Type", kind)
        if not script:  # what a notebook showed may be anything
            self.set_header("Content-Security-Policy", "sandbox allow-popups")
        self.finish(body)


async def _as_json(handler: _Handler, ask: Callable[..., Any], *given: Any) -> None:
    handler.set_header("Content-Type", "application/json; charset=utf-8")
    try:
        answer = await handler.called(ask, *given)
    except Refusal as refusal:
        handler.set_status(refusal.status)
        answer = refusal.document
    text = json.dumps(answer, ensure_ascii=False)
    handler.finish(text.encode("utf-8", "replace"))
