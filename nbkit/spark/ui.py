"""Spark's own pages: served when they are asked for, and to those only who have the token.

Spark protects them by nothing itself. So they listen on the loopback, at a port of their own, and
`plugin/UiToken.java` asks for a token, which is in a file that this user alone can read.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbkit.errors import SetupError
from nbkit.spark import java_classes
from nbkit.spark.conf import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.settings import Settings

_FILTER = "nbkit.UiToken"
_FILTERS = "spark.ui.filters"
_ENABLED = "spark.ui.enabled"


_OFF = (
    "Set `ui = true` under `[spark]` in nbkit.toml, then `nbkit driver stop`: the next driver "
    "serves them."
)


def problem(settings: Settings) -> tuple[str, str]:
    """Return why a driver of the project serves no pages, and what to do; empty if it does."""
    spark = settings.spark
    by_conf = spark.conf.get(_ENABLED, "").strip().lower() == "true"
    if spark.remote:
        return "Spark's pages are those of the server of `[spark] remote`.", "Ask who runs it."
    if not (spark.ui or by_conf):
        return "Spark's pages are off.", _OFF
    if not (by_conf or is_loopback(spark.master)):
        why = "`ui = true` is for a master on this machine: Spark would serve the pages of one on"
        return f"{why} {spark.master} to its network.", "Look at the cluster's own pages."
    if said := java_classes.problem():
        why = "Spark's pages are off, since what keeps strangers out did not compile:"
        return f"{why} {said.splitlines()[0]}", "`nbkit doctor --fix` tries again."
    return "", ""


def conf(settings: Settings, scratch: Path) -> dict[str, str]:
    """Return the settings that serve the pages, with the token in its file; none if they are off.

    Args:
        settings: of the project.
        scratch: the driver's private folder.
    """
    why, _ = problem(settings)
    if why:
        return {}
    place = _token_file(scratch)
    place.touch(0o600)
    place.write_text(secrets.token_urlsafe(32), "utf-8")
    given: Mapping[str, str] = settings.spark.conf
    return {
        _ENABLED: "true",
        "spark.ui.port": given.get("spark.ui.port", "0"),
        _FILTERS: ",".join(filter(None, [_FILTER, given.get(_FILTERS, "")])),
        f"spark.{_FILTER}.param.file": str(place),
        f"spark.{_FILTER}.param.name": scratch.name,
    }


def address(context: Any, settings: Settings, scratch: Path) -> str:
    """Return where the pages are, with the token.

    Args:
        context: Java's `SparkContext`.
        settings: of the project, as the driver began with them.
        scratch: the driver's private folder.

    Raises:
        SetupError: it serves none.
    """
    served, place = context.uiWebUrl(), _token_file(scratch)
    if served.isEmpty() or not place.exists():
        why, advice = problem(settings)
        raise SetupError(why or "Spark's pages are not served.", advice or "See .nbkit/driver.log.")
    port = urlsplit(served.get()).port
    return f"http://127.0.0.1:{port}/?token={place.read_text('utf-8')}"


def _token_file(scratch: Path) -> Path:
    return scratch / "ui-token"
