"""The front end as one script: its ES modules joined, in the order in which they import.

Nothing is built or minified: imports of each other and the word `export` fall away, the rest is
the source as it is read. So a page from disk and a widget need one file and no server.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)


@cache
def script(name: str) -> str:
    """Return the module `name` of the front end with all that it imports before it.

    Each of those becomes a function that is called once and returns what the module exports.
    """
    joined: dict[str, str] = {}
    _join(name, joined)
    return "\n".join(joined.values())


def _join(name: str, joined: dict[str, str]) -> None:
    source = _read(f"static/{name}.js")
    for _, imported in _IMPORT.findall(source):
        if imported not in joined:
            _join(imported, joined)
            exported = ", ".join(_EXPORT.findall(_read(f"static/{imported}.js")))
            inside = joined[imported].replace("\nexport ", "\n")
            joined[imported] = (
                f"const nbkit_{imported} = (() => {{\n{inside}\nreturn {{ {exported} }};\n}})();"
            )
    joined[name] = _IMPORT.sub(r"const \1 = nbkit_\2;", source)


@cache
def style() -> str:
    """Return the style of widgets and pages."""
    return _read("templates/style.css") + _read("templates/front.css")


def hash_of(text: str) -> str:
    """Return what a Content-Security-Policy allows a script by."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return files("nbkit.report").joinpath(name).read_text("utf-8")
