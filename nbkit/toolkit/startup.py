"""Puts everything in place: in a job's kernel by `bind`, in any other by `%load_ext nbkit`."""

from __future__ import annotations

import os
import sys
import typing
from pathlib import Path

from nbkit import serving as attempt
from nbkit.dialect import door
from nbkit.replaced import put
from nbkit.toolkit import (
    all_errors,
    completion,
    databricks_modules,
    import_paths,
    injected,
    magics,
    pipeline_modules,
    redaction,
    secret_store,
    spark_bar,
    spark_watch,
    unattended,
)
from nbkit.toolkit import door as of_notebooks
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.display import display, displayHTML
from nbkit.toolkit.mention import AttachFirst
from nbkit.toolkit.reading import reads
from nbkit.toolkit.rerun import RunAgain
from nbkit.toolkit.say import say
from nbkit.toolkit.session import PLACEHOLDERS, SQL_CONTEXT, is_classic, session, sql, table, udf
from nbkit.toolkit.tracebacks import Tracebacks

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from pyspark.sql import SparkSession

    from nbkit.wire import Context


def bind(context: Context) -> None:
    """Make this kernel the one of an attempt: called once, before the first cell.

    Starts nothing and imports nothing heavy: it costs a few milliseconds.
    """
    from IPython.core.getipython import get_ipython

    attempt.serve(context)
    shell = get_ipython()
    if shell is not None:
        _hide_secrets(shell)
        unattended.leave_alone(shell)
        all_errors.show_all(shell)
    secret_store.enter(context["env"])
    secret_store.hide_environment()
    given = secret_store.put_in(context["parameters"], context.get("secrets", {}))
    attempt.serve({**context, "parameters": given})
    os.chdir(context["directory"])
    _import_from(Path(context["directory"]), Path(context["project"]))
    if shell is not None:
        _install(shell)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give a person's notebook what it has in a job (`%load_ext nbkit`)."""
    from nbkit.settings import find_root

    if "DATABRICKS_RUNTIME_VERSION" in os.environ:  # it has all the rest, and better
        if not any(isinstance(known, RunAgain) for known in shell.ast_transformers):
            shell.ast_transformers.append(RunAgain())
        return
    here = Path.cwd()
    _import_from(here, find_root(here))
    _install(shell)


def _import_from(*folders: Path) -> None:
    for folder in dict.fromkeys(str(folder) for folder in reversed(folders)):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)


def _hide_secrets(shell: InteractiveShell) -> None:
    """Let no secret leave the kernel, from its first message on."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        redaction.guard(kernel.session)
    secret_store.hide_environment()


def _install(shell: InteractiveShell) -> None:
    """Put nbkit's names into the notebook; doing it again changes nothing."""
    if any(isinstance(known, AttachFirst) for known in shell.ast_transformers):
        return
    names: dict[str, typing.Any] = {
        "dbutils": dbutils,
        "display": display,
        "displayHTML": displayHTML,
        "getArgument": dbutils.widgets.getArgument,
        "sql": sql,
        "sqlContext": SQL_CONTEXT,
        "table": table,
        "udf": udf,
        **PLACEHOLDERS,
    }
    _hide_secrets(shell)
    shell.push(names, interactive=False)
    databricks_modules.offer(names)
    ours = {name: names[name] for name in ("spark", "sc", "sql")}
    shell.ast_transformers += [RunAgain(), AttachFirst(shell.user_ns, ours)]

    def follow(spark: SparkSession | None) -> None:
        """Keep `spark` and `sc` what they stand for, unless the author took the names."""
        now: dict[str, typing.Any] = dict(PLACEHOLDERS)
        if spark is not None:
            now["spark"] = spark
            if is_classic(spark):
                now["sc"] = spark.sparkContext
        mine = {name: now[name] for name in now if shell.user_ns.get(name) is ours[name]}
        ours.update(now)
        shell.push(mine, interactive=False)

    session.on_change.append(follow)
    if (tell := say if attempt.current() else spark_bar.teller(shell)) is not None:
        spark_watch.register(shell, tell)
    begin = shell.init_user_ns

    def begin_again() -> None:
        """Give the notebook its names back when `%reset` has taken all."""
        begin()
        shell.push({**names, **ours}, interactive=False)

    shell.init_user_ns = begin_again

    door.understand()
    put(of_notebooks.REPLACED)
    pipeline_modules.offer()
    import_paths.offer()
    Tracebacks(shell)
    magics.register(shell)
    completion.register(shell)
    injected.register(shell)
    reads.register(shell)
