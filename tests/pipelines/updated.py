"""Updates a pipeline once, in a process that can be killed; started by `test_random_graphs`.

Arguments: the project's folder, and what begins anew: nothing, `all`, or names with commas.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from nbkit.pipelines.declare.spec import read_spec
from nbkit.pipelines.place import PipelinePlaces
from nbkit.pipelines.refresh.plan import Request
from nbkit.pipelines.updating import resolve, update
from nbkit.settings import Settings
from nbkit.spark.lease import attach
from nbkit.toolkit.session import session


def main(root: Path, full: str) -> None:
    """Update, and print what became of each dataset."""
    os.chdir(root)
    settings = Settings.of(root)
    session._spark = spark = attach(settings)
    spec = read_spec(root)
    place = PipelinePlaces.of(spec, settings.state_directory)
    graph = resolve(spec, spark, place)
    names = () if full in {"", "all"} else tuple(full.split(","))
    request = Request(full_refresh=names, full_refresh_all=full == "all")
    said = update(graph, spark, place, request)
    print(json.dumps({each.name: [each.state, each.how, each.message] for each in said.values()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
