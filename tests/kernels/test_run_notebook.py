"""Each test runs tiny notebooks in real kernels and states what must come of them."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from processes import running, until

pytestmark = pytest.mark.e2e

EXIT = "dbutils.notebook.exit('42')"


def test_success(run):
    """Cells run in the folder and environment of the attempt; progress counts code cells."""
    ran = run("import os; print(os.getcwd())", "", "print(os.environ['NBKIT_TEST_VARIABLE'])")
    assert ran.outcome.result == "SUCCESS"
    assert ran.outcome.failure is None
    assert ran.text == f"{run.folder}\när\n"
    assert ran.heard.cells == [(1, 2), (2, 2)]
    assert ran.statuses == ["completed"] * 3
    assert ran.notebook.metadata.nbkit == {
        "run_id": 7,
        "task_key": "task",
        "attempt": 0,
        "result": "SUCCESS",
    }
    assert ran.notebook.metadata.papermill.exception is None
    assert ran.notebook.metadata.papermill.output_path == str(ran.output)
    assert ran.notebook.metadata.language_info.name == "python"


def test_unicode(run):
    """Any text survives, even half a surrogate pair, and so do odd names of files."""
    ran = run("print('žluťoučký 🐎 \\u2028')", "print('\\ud83d')", name="nötebook {x} ½")
    assert ran.outcome.result == "SUCCESS"
    assert "žluťoučký 🐎" in ran.text


def test_exit(run):
    """An exit is a success with a value; later cells never run, and the cell shows no error."""
    ran = run(EXIT, "1/0")
    assert ran.outcome.result == "SUCCESS"
    assert ran.outcome.exit_value == "42"
    assert ran.statuses == ["completed", "pending"]
    assert [output.output_type for output in ran.notebook.cells[1].outputs] == ["display_data"]
    assert ran.text == "Notebook exited: 42"
    assert ran.heard.messages == [{"kind": "exit", "value": "42"}]


def test_messages_stay_out_of_the_notebook(run):
    """What the kernel says to the runner is heard, typed, and not shown."""
    said = {"kind": "task_value", "key": "k", "value": [1, None, {"a": 2.5}]}
    ran = run(f"from nbkit.toolkit.say import say; say({said!r})")
    assert ran.heard.messages == [said]
    assert ran.notebook.cells[1].outputs == []


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [(["spark_lost"], "driver_lost"), (["spark_lost", "spark_attached"], "cell_error")],
)
def test_a_lost_driver_is_to_blame_until_there_is_another(run, kinds, cause):
    """After a new session an error is what it says it is."""
    messages = "".join(f"say({{'kind': {kind!r}, 'message': 'gone'}})\n" for kind in kinds)
    failure = run(f"from nbkit.toolkit.say import say\n{messages}", "1/0").outcome.failure
    assert failure.cause == cause
    assert failure.error == "ZeroDivisionError"


@pytest.mark.parametrize("source", ["import sys; sys.exit()", "import sys; sys.exit(0)", "exit()"])
def test_system_exit(run, source):
    """Leaving Python without an error ends the notebook as a success, as in papermill."""
    ran = run(source, "1/0")
    assert ran.outcome.result == "SUCCESS"
    assert ran.statuses[-1] == "pending"


def test_error(run):
    """The failure tells the exception as the author sees it, without colours, and where."""
    ran = run("ok = 1", "def f():\n    raise ValueError('no ☹')\nf()", "never = 1")
    failure = ran.outcome.failure
    assert ran.outcome.result == "FAILED"
    assert (failure.cause, failure.error) == ("cell_error", "ValueError")
    assert failure.message == "ValueError: no ☹"
    assert "raise ValueError" in failure.traceback
    assert "\x1b" not in failure.traceback
    guilty = ran.notebook.cells[failure.cell]
    assert guilty.source.startswith("def f")
    assert guilty.outputs[-1].ename == "ValueError"
    assert failure.source.startswith("def f():")
    assert ran.statuses == ["completed", "failed", "pending"]
    assert ran.notebook.metadata.papermill.exception is True
    assert "**[Failed](#papermill-error-cell):** ValueError: no ☹" in ran.notebook.cells[0].source


def test_markers_are_not_collected(run):
    """An output notebook that runs again has one set of markers, as papermill keeps it."""
    again = run.at(run("1/0").output)
    assert again.outcome.failure.cause == "cell_error"
    assert len(again.notebook.cells) == 3


def test_syntax_error(run):
    """A cell that does not parse fails like any other."""
    failure = run("x = = 1").outcome.failure
    assert (failure.cause, failure.error) == ("cell_error", "SyntaxError")


def test_tagged_error_is_allowed(run):
    """A cell tagged raises-exception may fail, and the notebook goes on and succeeds."""
    import nbformat

    path = run.folder / "tagged.ipynb"
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("1/0", metadata={"tags": ["raises-exception"]}),
            nbformat.v4.new_code_cell("print('on')"),
        ]
    )
    nbformat.write(notebook, path)
    ran = run.at(path)
    assert ran.outcome.result == "SUCCESS"
    assert ran.text == "on\n"


def test_top_level_await(run):
    """Cells may await."""
    assert run("import asyncio\nprint(await asyncio.sleep(0, 'x'))").text == "x\n"


def test_input_fails(run):
    """Nobody is there to answer: input() fails instead of waiting."""
    assert run("input('?')").outcome.failure.error == "StdinNotImplementedError"


def test_many_outputs(run):
    """A chatty cell loses nothing and does not time out."""
    ran = run(
        "from IPython.display import display\n"
        "for i in range(3000): display(i)\n"
        "for i in range(20000): print(i)"
    )
    assert ran.outcome.result == "SUCCESS"
    assert sum(o.output_type == "display_data" for o in ran.notebook.cells[1].outputs) == 3000
    assert ran.text.endswith("19999\n")
    assert len(ran.notebook.cells[1].outputs) < 3010


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL, probably out of memory"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        (
            "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
            "SIGKILL",
        ),
    ],
)
def test_dead_kernel(run, source, words):
    """The death of a kernel fails the cell that ran, and tells how it ended."""
    ran = run("ok = 1", f"print('before', flush=True)\n{source}", "never = 1")
    failure = ran.outcome.failure
    assert ran.outcome.result == "FAILED"
    assert failure.cause == "kernel_died"
    assert words in failure.message
    assert ran.statuses == ["completed", "failed", "pending"]
    outputs = ran.notebook.cells[failure.cell].outputs
    assert outputs[-1].evalue == failure.message


def test_cell_timeout(run):
    """A cell that is too slow is interrupted; it alone is to blame."""
    ran = run("import time", "time.sleep(60)", "never = 1", timeout=1)
    failure = ran.outcome.failure
    assert (ran.outcome.result, failure.cause) == ("TIMEDOUT", "cell_timeout")
    assert ran.statuses == ["completed", "failed", "pending"]
    errors = [output.ename for output in ran.notebook.cells[failure.cell].outputs]
    assert errors == ["KeyboardInterrupt", "TimedOut"]


@pytest.mark.parametrize(
    ("cause", "result"),
    [("canceled", "CANCELED"), ("task_timeout", "TIMEDOUT"), ("run_timeout", "TIMEDOUT")],
)
def test_stop(run, cause, result):
    """A requested stop interrupts the cell; the cause that was given is told."""
    ran = run("import time", "time.sleep(60)", "never = 1", stop_at=2, cause=cause)
    assert ran.outcome.result == result
    assert ran.outcome.failure.cause == cause
    assert ran.notebook.metadata.nbkit.result == result
    assert ran.statuses == ["completed", "failed", "pending"]


def test_ignored_interrupt(run):
    """A cell that ignores the interrupt is killed after the grace time."""
    deaf = run.folder / "deaf"
    stubborn = (
        "import time\n"
        "while True:\n"
        f"    try: open({str(deaf)!r}, 'w').close(); time.sleep(60)\n"
        "    except KeyboardInterrupt: pass"
    )
    ran = run(stubborn, stop_when=lambda: until(deaf.exists))
    assert ran.outcome.result == "CANCELED"
    assert "killed" in ran.outcome.failure.message


def test_swallowed_interrupt(run):
    """A cell that ends well only because it was interrupted has not succeeded."""
    ran = run(
        "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: pass", "never = 1", timeout=1
    )
    assert ran.outcome.failure.cause == "cell_timeout"


def test_stop_before_start(run):
    """A stop requested before the kernel is there runs nothing."""
    ran = run("print(1)", stop_at=-1)
    assert ran.outcome.result == "CANCELED"
    assert ran.text == ""
    assert ran.statuses == ["pending"]


def test_nothing_is_left_behind(run, tmp_path):
    """Files are closed and exit handlers run at the end; started processes are ended."""
    ran = run(
        "import atexit, os, pathlib, subprocess\n"
        "unclosed = open('written.txt', 'w'); unclosed.write('all of it')\n"
        "_ = atexit.register(lambda: pathlib.Path('handled.txt').touch())\n"
        "print(os.getpid(), subprocess.Popen(['sleep', '600']).pid)"
    )
    assert ran.outcome.result == "SUCCESS"
    assert (tmp_path / "written.txt").read_text() == "all of it"
    assert (tmp_path / "handled.txt").exists()
    until(lambda: not any(running(pid) for pid in ran.text.split()))


def test_each_kernel_is_fresh(run):
    """No kernel is used twice, and random numbers differ between kernels."""
    seen = [run("import os, numpy\nprint(os.getpid(), numpy.random.rand())").text for _ in range(4)]
    assert len({text.split()[0] for text in seen}) == 4
    assert len({text.split()[1] for text in seen}) == 4


def test_eight_at_once(run):
    """Notebooks that run at the same time do not disturb each other."""
    with ThreadPoolExecutor(8) as threads:
        all_ran = list(
            threads.map(
                lambda i: run(f"import time; time.sleep(0.5); print({i})", name=f"n{i}"), range(8)
            )
        )
    assert [ran.text for ran in all_ran] == [f"{i}\n" for i in range(8)]


def test_no_leaks(run):
    """Thirty notebooks leave no file descriptor and no thread in this process."""

    def used():
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    for _ in range(3):
        run("1")
    before = used()
    for _ in range(30):
        assert run("1").outcome.result == "SUCCESS"
    after = used()
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1]


def test_typed_parameters(run):
    """Declared parameters arrive typed, in the cell that papermill injects; others do not."""
    ran = run(
        "print(limit, on, names, note)",
        declared="limit = 1\non: bool = False\nnames = []\nnote = 'n'",
        given={"limit": "5", "on": "true", "names": '["a"]', "undeclared": "x"},
    )
    assert ran.text == "5 True ['a'] n\n"
    assert ran.notebook.cells[0].metadata.tags[0] == "nbkit-header"
    injected = ran.notebook.cells[2]
    assert injected.metadata.jupyter.source_hidden is True
    assert injected.metadata.tags == ["injected-parameters"]
    assert "undeclared" not in injected.source
    assert ran.notebook.metadata.papermill.parameters == {
        "limit": 5,
        "on": True,
        "names": ["a"],
    }


def test_no_parameters_cell(run):
    """A notebook without a parameters cell gets no injected cell."""
    ran = run("print('ok')", given={"limit": "5"})
    assert [cell.cell_type for cell in ran.notebook.cells] == ["markdown", "code"]


def test_impossible_parameter(run):
    """A value that cannot be typed fails at the parameters cell, before anything runs."""
    ran = run("print('ran')", declared="limit = 1", given={"limit": "many"})
    failure = ran.outcome.failure
    assert failure.message == "Parameter 'limit' is declared as int, but 'many' is not one"
    assert ran.notebook.cells[failure.cell].source == "limit = 1"
    assert ran.statuses == ["failed", "pending"]


def test_unknown_kernel(run):
    """A kernel that is not installed fails the attempt and names the nearest one."""
    failure = run("1", kernel="pyton3").outcome.failure
    assert failure.cause == "kernel_not_started"
    assert "nearest: python3" in failure.message


def test_unreadable_notebook(run, tmp_path):
    """A missing or broken notebook fails the attempt, with an output notebook that says so."""
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    for path in (broken, tmp_path / "missing.ipynb"):
        ran = run.at(path)
        assert ran.outcome.failure.cause == "notebook_unreadable"
        assert path.name in ran.notebook.cells[0].source


def test_missing_directory(run):
    """A kernel that cannot enter its folder fails the attempt before the first cell."""
    ran = run("print(1)", directory="/nowhere/at/all")
    assert ran.outcome.failure.cause == "kernel_not_started"
    assert "FileNotFoundError" in ran.outcome.failure.message
    assert ran.statuses == ["pending"]


def test_listener_that_fails(run):
    """An error on the runner's own side is internal, and its kernel is not left behind."""

    def fail():
        raise RuntimeError("the ledger is full")

    ran = run("print(1)", stop_at=1, after=fail)
    assert ran.outcome.failure.cause == "internal"
    assert "the ledger is full" in ran.outcome.failure.message
    assert json.loads(ran.output.read_text(encoding="utf-8"))


def test_a_figure_is_kept_as_a_picture(run):
    """Charts arrive in the output notebook, though the fork server imported matplotlib before."""
    ran = run("import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);")
    (figure,) = ran.notebook.cells[-1].outputs
    assert "image/png" in figure.data
