"""Databricks source notebooks: notebooks kept as `.py`, `.sql`, `.r` or `.scala` files.

Their cells come out as in an exported `.ipynb`: code of another language begins with its magic,
such as `%sql`, which `nbkit.toolkit.cells` understands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from nbkit.own_language import before_magic, in_python_notebook, plain_lines

LANGUAGES = {".py": "python", ".sql": "sql", ".r": "r", ".scala": "scala"}
"""The language of a cell without a magic, by the file's suffix in lower case."""

FOUND_BY_NAME = (".ipynb", *LANGUAGES)
"""Suffixes that a job or `%run` may leave out, in the order in which they are tried."""

_COMMENTS = {".py": "#", ".sql": "--", ".r": "#", ".scala": "//"}
_TITLE = re.compile(r"DBTITLE \d+,(.*)")
_MARKDOWN = re.compile(r"%md(?:-sandbox)?(?:[ \t]+|\n|$)")
_OWN = re.compile(r"%python(?:[ \t]+|\n|$)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `title` is what Databricks shows above it."""

    kind: Literal["code", "markdown"]
    source: str
    title: str = ""


def header(suffix: str) -> str:
    """Return the first line of every source notebook with this suffix."""
    return f"{_COMMENTS[suffix.lower()]} Databricks notebook source"


def is_source_notebook(text: str, suffix: str) -> bool:
    """Say whether a file's text is a notebook, and not a module or a script."""
    first = plain_lines(text.removeprefix("\ufeff")).split("\n", 1)[0].rstrip()
    return suffix.lower() in LANGUAGES and first == header(suffix)


def cells(text: str, suffix: str) -> list[Cell]:
    """Return the cells of a source notebook; empty ones are left out."""
    suffix = suffix.lower()
    comment = re.escape(_COMMENTS[suffix])
    text = plain_lines(text.removeprefix("\ufeff")).partition("\n")[2]
    parts = re.split(rf"^{comment} COMMAND -{{10}}[ \t]*$", text, flags=re.MULTILINE)
    found = (_cell(part, comment, LANGUAGES[suffix]) for part in parts)
    return [cell for cell in found if cell.source]


def _cell(part: str, comment: str, language: str) -> Cell:
    lines = part.strip("\n").split("\n")
    title = re.fullmatch(rf"{comment} {_TITLE.pattern}", lines[0])
    if title:
        lines = "\n".join(lines[1:]).strip("\n").split("\n")
    magic = re.compile(rf"^{comment} MAGIC ?")
    text = "\n".join(lines).rstrip()
    if re.match(rf"(?:[ \t]*(?:{comment}(?! MAGIC)[^\n]*)?\n)*{comment} MAGIC\b", text):
        text = "\n".join(magic.sub("", line, count=1) for line in lines).strip()
    else:
        text = in_python_notebook(text, language)
    named = title[1].strip() if title else ""
    if markdown := _MARKDOWN.match(text, before_magic(text)):
        return Cell("markdown", text[markdown.end() :].strip(), named)
    return Cell("code", _OWN.sub("", text, count=1) if _OWN.match(text) else text, named)
