"""Options of Databricks' own readers of files that change which rows come, and that Spark ignores.

Spark passes over an option that it does not know, and the rows would be others without a word. So
each of them is refused, with a sentence on what to do instead. Source: Databricks' page on the
options of `DataFrameReader`, and the one on those of Auto Loader.
"""

from __future__ import annotations

import functools
import inspect
import typing

from nbkit.errors import UsageError

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Method = Callable[..., typing.Any]

_ANYWHERE = {
    "skiprows": "give the file a comment character, or read it as text and leave the lines out",
    "badrecordspath": (
        "leave it out of Auto Loader and read_files, which keep such records in _rescued_data; "
        "elsewhere columnNameOfCorruptRecord names a column for them"
    ),
}
_OF_BATCHES = {
    "rescueddatacolumn": "read_files(…) in SQL and Auto Loader have it",
    "filenamepattern": "pathGlobFilter is Spark's name for it",
}


def check(options: Mapping[str, typing.Any], *, batch: bool = False) -> None:
    """See that nothing is asked of a reader that nobody would do.

    Args:
        options: of the reader.
        batch: whether Spark itself reads them, and not Auto Loader.

    Raises:
        UsageError: it is.
    """
    refused = _ANYWHERE | (_OF_BATCHES if batch else {})
    for name, value in options.items():
        instead = refused.get(str(name).lower())
        if instead and str(value) != "0":
            raise UsageError(
                f"{name} is an option of Databricks' own readers, and Spark would ignore it: "
                f"{instead}"
            )


def checked(method: _Method, *, batch: bool) -> _Method:
    """Return a method of a reader that refuses such options."""
    signature = inspect.signature(method)
    named = "options" if "options" in signature.parameters else ""

    @functools.wraps(method)
    def call(self: typing.Any, *args: typing.Any, **more: typing.Any) -> typing.Any:
        try:
            given = signature.bind_partial(self, *args, **more).arguments
        except TypeError:
            return method(self, *args, **more)  # which says better what is wrong
        if named:
            check(given.get(named) or {}, batch=batch)
        else:
            check({str(given.get("key")): given.get("value")}, batch=batch)
        return method(self, *args, **more)

    return call
