"""What `nbkit doctor` looks at on the Spark side, and what it can put right."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from nbkit.errors import NbkitError, SetupError
from nbkit.spark import class_data, control, discovery, jars, java_classes
from nbkit.spark.cache import cache_directory
from nbkit.spark.heap import bytes_of, heap, machine_bytes
from nbkit.spark.java import find_java

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbkit.settings import Settings

_OLDEST_PYTHON = (3, 11)
_LEAST_DISK = 2 << 30
_FIX = "Run `nbkit doctor --fix`."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what it is about, in a word or two.
        ok: whether nbkit can work with what was found.
        message: what was found.
        advice: what to do about it, where something is to be done.
    """

    name: str
    ok: bool
    message: str
    advice: str = ""


def run(settings: Settings) -> list[Check]:
    """Look at everything and change nothing."""
    looks: list[tuple[str, Callable[[Settings], Check]]] = [
        ("python", _python),
        ("spark", _spark),
        ("java", _java),
        ("jars", _jars),
        ("catalogs", _catalogs),
        ("class data", _class_data),
        ("folders", _folders),
        ("memory", _memory),
        ("driver", _driver),
    ]
    return [_safely(name, look, settings) for name, look in looks]


def preparation(settings: Settings) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what can be put right: what a person waits for, and what does it.

    Jars are fetched, damaged ones replaced, and what speeds Spark's start up is built. A step
    without words shows by itself how far it is.

    Raises:
        SetupError: by a step: no Java, no network for the jars, or Java classes of nbkit that do
            not compile.
    """
    yield "", _fetch_jars
    if not java_classes.jar_path().exists():
        yield "Compiling nbkit's Java classes …", java_classes.ensure_jar
    java = find_java(settings.spark.java)
    if not class_data.archive_path(java).exists():
        words = "Letting Java learn what Spark does (once, one to two minutes) …"
        yield words, lambda: class_data.ensure_class_data(java)


def _fetch_jars() -> None:
    if jars.jars_directory().exists() and jars.damaged(jars.jars_directory()):
        jars.forget_jars()
    jars.ensure_jars()


def _safely(name: str, look: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return look(settings)
    except NbkitError as error:
        advice = getattr(error, "advice", "")
        return Check(name, False, str(error).removesuffix(f"\n{advice}"), advice)
    except OSError as error:
        return Check(name, False, str(error))


def _python(_: Settings) -> Check:
    ok = sys.version_info >= _OLDEST_PYTHON
    advice = "" if ok else "Install Python 3.11 or newer."
    return Check("python", ok, f"{platform.python_version()} at {sys.executable}", advice)


def _spark(settings: Settings) -> Check:
    versions = (
        f"pyspark {metadata.version('pyspark')}, delta-spark {metadata.version('delta-spark')}"
    )
    remote = settings.spark.remote
    return Check("spark", True, f"{versions}, {remote or f'master {settings.spark.master}'}")


def _java(settings: Settings) -> Check:
    java = find_java(settings.spark.java)
    why = f", since {java.named}" if java.named else ""
    return Check("java", True, f"{java.version} at {java.path}{why}")


def _jars(_: Settings) -> Check:
    folder = jars.jars_directory()
    wrong = jars.damaged(folder)
    if wrong:
        return Check("jars", False, f"missing or damaged in {folder}: {', '.join(wrong)}", _FIX)
    return Check("jars", True, f"{len(jars.pins())} jars in {folder}")


def _catalogs(settings: Settings) -> Check:
    named = ", ".join(settings.spark.first_catalogs)
    if settings.spark.catalogs == "any":
        named += " and what notebooks make"
    if not java_classes.jar_path().exists():
        return Check("catalogs", True, f"{named}; the first start of Spark compiles their plug-in")
    return Check("catalogs", True, f"{named}, by {java_classes.jar_path()}")


def _class_data(settings: Settings) -> Check:
    if jars.damaged(jars.jars_directory()):
        raise SetupError("Needs the jars first.", _FIX)
    archive = class_data.archive_path(find_java(settings.spark.java))
    if not archive.exists():
        return Check("class data", True, f"not built: Spark starts slower. {_FIX}", _FIX)
    return Check("class data", True, f"{archive.stat().st_size >> 20} MB at {archive}")


def _folders(settings: Settings) -> Check:
    for folder in (settings.root, cache_directory()):
        nearest = next(each for each in (folder, *folder.parents) if each.exists())
        if not os.access(nearest, os.W_OK | os.X_OK):
            return Check("folders", False, f"{nearest} is not writable", "Change its permissions.")
        if (free := shutil.disk_usage(nearest).free) < _LEAST_DISK:
            advice = "Make room: Spark needs some for its tables and for what it spills."
            return Check("folders", False, f"{free >> 20} MB left at {nearest}", advice)
    return Check("folders", True, f"project {settings.root}, cache {cache_directory()}")


def _memory(settings: Settings) -> Check:
    wanted = settings.spark.memory
    there = machine_bytes()
    chosen = f"driver {heap(wanted, there)}" + ("" if wanted else ", chosen from the machine's")
    if there is None:
        return Check("memory", True, chosen)
    found = f"{chosen}, {there / (1 << 30):.1f} GB"
    if bytes_of(wanted) > there:
        return Check("memory", False, found, "Lower `[spark] memory` in nbkit.toml.")
    return Check("memory", True, found)


def _driver(settings: Settings) -> Check:
    state = control.status(settings)
    if state["state"] == "failed":
        return Check("driver", False, str(state["error"]), str(state.get("advice", "")))
    if state["state"] == "stopped":
        left = discovery.read(settings) and " (one was killed; the next one cleans up)"
        return Check("driver", True, f"not running{left or ''}")
    return Check(
        "driver", True, f"{state['state']}, process {state['pid']}, leases {state['leases']}"
    )
