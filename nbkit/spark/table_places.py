"""Where tables with a `LOCATION` of their own are, for who looks at their logs without Spark.

The metastore alone knows, and while no driver runs nobody can change it from this machine: so the
driver is asked while there is one, and what it said is kept for afterwards. None is started for it.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbkit.channel import Channel
from nbkit.spark import discovery
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from nbkit.settings import Settings

_FILE = "table-places.json"
_PATIENCE_SECONDS = 20
_LOG = logging.getLogger("nbkit.driver")


def kept(settings: Settings) -> dict[str, str]:
    """Return what the driver said last: places of tables by `schema.table`."""
    try:
        found = json.loads(_file(settings).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def refreshed(expected: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the same as `kept`, once the driver, if one runs, was asked for some tables.

    Args:
        expected: where they are unless anybody says otherwise, by `schema.table` as the metastore
            has it; a table that is there is not kept, so that a project may be moved.
        settings: of the project.
    """
    before = kept(settings)
    said = _asked(expected, settings)
    if said is None:
        return before
    after = {name: place for name, place in before.items() if name not in said}
    after |= {
        name: place
        for name, place in said.items()
        if place and os.path.realpath(place) != os.path.realpath(expected[name])
    }
    if after != before:
        with suppress(OSError):  # a full disk: who looks knows it, and the next look keeps it
            write_atomically(_file(settings), json.dumps(after, sort_keys=True).encode())
    return after


def looked_up(session: Any, names: Iterable[str]) -> dict[str, str]:
    """Return where tables are, in the driver; empty for none.

    Args:
        session: a Java session of the driver.
        names: `schema.table`, as the metastore has them.
    """
    catalog = session.sharedState().externalCatalog()
    found = {}
    for name in names:
        schema, _, table = name.partition(".")
        try:
            there = catalog.tableExists(schema, table)
            found[name] = _place(catalog.getTable(schema, table)) if there else ""
        except Exception as error:  # noqa: BLE001 - py4j's; the others are told
            _LOG.warning("Where %s is cannot be told: %s", name, error)
    return found


def _place(table: Any) -> str:
    """Return the place of a table: a path of this machine, or an address; empty for a view."""
    if table.tableType().name() == "VIEW":
        return ""
    uri = table.location()
    return str(uri.getPath() if uri.getScheme() in (None, "file") else uri.toString())


def _asked(names: Collection[str], settings: Settings) -> dict[str, str] | None:
    address = discovery.read(settings)
    if address is None or not names:
        return None
    try:
        channel = Channel.to(address.socket, _PATIENCE_SECONDS)
    except OSError:
        return None
    try:
        channel.send({"want": "places", "tables": sorted(names)})
        said = channel.receive()
    except OSError:
        return None
    finally:
        channel.close()
    return None if said is None else said.get("places")


def _file(settings: Settings) -> Path:
    return settings.state_directory / _FILE
