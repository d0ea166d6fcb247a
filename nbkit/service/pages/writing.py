"""A page as HTML: a frame, its data, and the script that draws it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from markupsafe import Markup

from nbkit.report.front_end import hash_of, script
from nbkit.report.page import as_bytes, environment


def page_of(data: dict[str, Any]) -> bytes:
    """Return a page that shows `data` and keeps it up to date; it has a `title`."""
    text, digest = _script()
    # no HTML in the data can end the element that holds it
    safe = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    page = environment().get_template("service.html.j2").render(
        title=data["title"],
        home=data["root"].rstrip("/"),
        script=Markup(text),  # noqa: S704 - our own source
        script_hash=Markup(digest),  # noqa: S704 - base64
        data=Markup(safe),  # noqa: S704 - no tag is left in it
        connect=True,
    )  # fmt: skip
    return as_bytes(page)


@cache
def _script() -> tuple[str, str]:
    text = script("service")
    return text, hash_of(text)
