"""However a cell goes wrong, the notebook fails, and says with what; and only then.

Real kernels, made ahead for all of them; the rule itself is tested in `test_verdict.py`.
"""

from __future__ import annotations

import errno

import papermill
import pytest
from processes import until

from nbkit.kernels import output
from nbkit.whole_file import write_atomically

pytestmark = pytest.mark.e2e

_BAD_TEXT = "class E(Exception):\n    def __str__(self): raise ValueError('no text')\n"
_NO_TEXT = "E: <its text cannot be shown: ValueError in E.__str__>"
_GROUP = "raise ExceptionGroup('g', [ValueError('a'), KeyError('b')])"
_LEFT = "from IPython.utils.capture import capture_output\nwith capture_output():\n    "

FAILURES = {
    "%%capture log\nimport no_such": "ModuleNotFoundError: No module named 'no_such'",
    f"{_LEFT}get_ipython().run_cell('1/0')": "ZeroDivisionError: division by zero",
    "get_ipython().run_cell('x = = 1')": "SyntaxError: invalid syntax",
    "get_ipython().run_cell('1/0', silent=True)": "ZeroDivisionError: division by zero",
    "get_ipython().run_cell('%nosuch')": "UsageError: Line magic function `%nosuch` not found.",
    "get_ipython().run_line_magic('time', '1/0')": "ZeroDivisionError: division by zero",
    "try: 1/0\nexcept Exception: get_ipython().showtraceback()": "ZeroDivisionError",
    "%%capture\n%time 1/0": "ZeroDivisionError: division by zero",
    "open('bad.py', 'w').write('1/0')\n%run bad.py": "ZeroDivisionError: division by zero",
    "open('one.py', 'w').write('import sys; sys.exit(1)')\n%run one.py": "SystemExit: 1",
    "exit(1)": "SystemExit: 1",
    "quit('no data')": "SystemExit: no data",
    "%%capture\nquit(2)": "SystemExit: 2",
    "class E(SystemExit): pass\nraise E(1)": "E: 1",
    f"{_BAD_TEXT}raise E": _NO_TEXT,
    f"import asyncio\nawait asyncio.sleep(0)\n{_BAD_TEXT}raise E": _NO_TEXT,
    f"%%capture\n{_BAD_TEXT}raise E": _NO_TEXT,
    "class E(Exception):\n    def _render_traceback_(self): 1/0\nraise E('why')": "E: why",
    "class R:\n    def _repr_html_(self): raise ValueError('html fails')\nR()": "ValueError: html",
    "class R:\n    def __repr__(self): raise ValueError('r')\ndisplay(R())\n1": "ValueError: r",
    "class B(BaseException): pass\nraise B('b')": "B: b",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise GeneratorExit": "GeneratorExit",
    "import asyncio\nasyncio.current_task().cancel()\nawait asyncio.sleep(9)": "CancelledError",
    "import asyncio\nawait asyncio.wait_for(asyncio.sleep(9), 0.01)": "TimeoutError",
    _GROUP: "ExceptionGroup: g (2 sub-exceptions)",
    f"%%capture\n{_GROUP}": "ExceptionGroup: g (2 sub-exceptions)",
    "import ipywidgets\nwith ipywidgets.Output(): 1/0": "ZeroDivisionError: division by zero",
    "raise ValueError('bad ' + chr(0xd83d))": "ValueError: bad \\ud83d",
    "import asyncio\nawait asyncio.sleep(0)\nraise ValueError(chr(0xdc01))": "ValueError: \\udc01",
}


@pytest.mark.parametrize("source", FAILURES)
def test_a_failure_is_one(run, source):
    """Whatever takes its words away; the cells behind it do not run."""
    ran = run(source, "never = 1")
    assert ran.outcome.result == "FAILED"
    assert ran.outcome.failure.message.startswith(FAILURES[source])
    assert ran.statuses == ["failed", "pending"]
    assert "NoneType" not in str(ran.notebook)


@pytest.mark.parametrize(
    "source",
    [
        "import traceback\ntry: 1/0\nexcept Exception: traceback.print_exc()",
        "import logging\ntry: 1/0\nexcept Exception: logging.exception('so what')",
        "open('zero.py', 'w').write('import sys; sys.exit(0)')\n%run zero.py",
        "from IPython.display import clear_output\nget_ipython().run_cell('1/0')\nclear_output()",
        "import sys\nclass Out:\n    write = print\n    def flush(self): 1/0\nsys.stdout = Out()",
    ],
)
def test_an_error_that_was_handled_is_none(run, source):
    """Its text may be printed; papermill goes on as well."""
    ran = run(source, "print('on')")
    assert ran.outcome.result == "SUCCESS"
    assert ran.text.endswith("on\n")


@pytest.mark.parametrize(
    "source", ["exit", "exit(0)", "quit()", "%%capture\nexit()", "%reset -f\nquit()"]
)
def test_leaving_well(run, source):
    """Later cells do not run, and the notebook has succeeded."""
    ran = run(source, "1/0")
    assert ran.outcome.result == "SUCCESS"
    assert ran.statuses == ["completed", "pending"]


def test_an_error_that_comes_late(run):
    """A thread that shows an error after its cell's reply: nothing green has an error in it."""
    ran = run(
        "import threading, time\n"
        "def late():\n"
        "    time.sleep(0.5)\n"
        "    try: 1/0\n"
        "    except Exception: get_ipython().showtraceback()\n"
        "thread = threading.Thread(target=late)\nthread.start()",
        "thread.join()",
    )
    assert ran.outcome.result == "FAILED"
    assert ran.outcome.failure.error == "ZeroDivisionError"


def test_text_that_is_no_unicode(run):
    """It is shown escaped wherever it comes from, and keeps nothing from ending."""
    ran = run(
        "half = '\\ud83d'\n"
        "import sys, ipywidgets\n"
        "print('printed', half, chr(0xdcff)); sys.stderr.write(half)\n"
        "dbutils.jobs.taskValues.set('key' + half, [half])\n"
        "display(half); display(ipywidgets.Text(half))",
        "dbutils.notebook.exit(half)",
    )
    assert ran.outcome.result == "SUCCESS"
    assert ran.outcome.exit_value == "\\ud83d"
    assert "printed \\ud83d \\udcff" in ran.text
    assert ran.heard.messages[0] == {
        "kind": "task_value",
        "key": "key\\ud83d",
        "value": ["\\ud83d"],
    }


@pytest.mark.parametrize(
    "source",
    [
        "!python3 -c \"print(input('Continue? '))\"",
        "!cat /dev/tty",
        "!${EDITOR:-tail -f /dev/null} asked_for.txt",
        "!python3 -c 'import getpass; getpass.getpass()'",
        "answer = !cat",
        "%%bash\nread answer\ncat",
        "import os; os.system('cat')",
        "import sys; sys.stdin.read()",
        "!(sleep 600; echo late) & echo done",
    ],
)
def test_nobody_is_waited_for(run, source, monkeypatch):
    """Whatever asks gets the end of its input, and what is left in the background is left."""
    monkeypatch.delenv("EDITOR", raising=False)
    assert run(source, "print('on')", timeout=60).text.endswith("on\n")


@pytest.mark.parametrize(
    "source", ["input()", "import getpass; getpass.getpass()", "import pdb; pdb.set_trace()"]
)
def test_a_question_of_the_notebook_fails(run, source):
    """There is no answer to go on with."""
    failure = run(source, timeout=60).outcome.failure
    assert failure.error == "StdinNotImplementedError"


@pytest.mark.parametrize(
    "around",
    [
        "%%capture\n{}",
        f"{_LEFT}{{}}",
        "from threading import Thread as T\nt = T(target=lambda: {})\nt.start(); t.join()",
    ],
)
def test_what_is_told_cannot_be_captured(run, around):
    """Task values and exits do not travel with what a notebook shows."""
    told = {"kind": "task_value", "key": "rows", "value": 5}
    ran = run(around.format("dbutils.jobs.taskValues.set('rows', 5)"))
    assert ran.heard.messages == [told]
    ran = run(around.format("dbutils.notebook.exit('done')"), "1/0")
    assert (ran.outcome.result, ran.outcome.exit_value) == ("SUCCESS", "done")


def test_what_a_child_tells_and_what_is_told_last(run):
    """From a forked child, with outputs replaced and cleared, and right before the kernel dies."""
    tell = "dbutils.jobs.taskValues.set({!r}, 1)\n"
    ran = run(
        "import os, sys, io\nfrom IPython.display import clear_output\n"
        f"if os.fork() == 0:\n    {tell.format('child')}    os._exit(0)\nos.wait()",
        "sys.stdout = sys.stderr = io.StringIO()\n"
        "get_ipython().display_pub.publish = None\nsys.displayhook = print\n"
        f"{tell.format('hidden')}clear_output()",
        f"{tell.format('last')}os.kill(os.getpid(), 9)",
    )
    assert ran.outcome.failure.cause == "kernel_died"
    assert [said["key"] for said in ran.heard.messages] == ["child", "hidden", "last"]


@pytest.mark.parametrize(
    "deaf",
    [
        "while True:\n    try: ready(); time.sleep(60)\n    except BaseException: pass",
        "signal.signal(signal.SIGINT, signal.SIG_IGN); ready(); time.sleep(60)",
        "%run ./other",
        "while True: get_ipython().run_cell('ready(); time.sleep(60)')",
        "%%capture\nwhile True: get_ipython().run_cell('ready(); time.sleep(60)')",
    ],
)
def test_who_does_not_hear_the_interrupt_is_killed(run, tmp_path, deaf):
    """After the time of grace, wherever the notebook is."""
    source = "while True:\n    try: ready(); time.sleep(60)\n    except BaseException: pass"
    (tmp_path / "other.py").write_text(f"# Databricks notebook source\n{source}")
    began = tmp_path / "began"
    begin = f"import time, signal\ndef ready(): open({str(began)!r}, 'w').close()"
    ran = run(begin, deaf, "never = 1", stop_when=lambda: until(began.exists))
    assert ran.outcome.result == "CANCELED"
    assert "killed" in ran.outcome.failure.message
    assert ran.statuses == ["completed", "failed", "pending"]


def test_reset_takes_no_more_than_the_authors_names(run):
    """`%reset -f` leaves what a Databricks notebook always has."""
    ran = run(
        "mine = 1\n%reset -f\nprint('mine' in globals(), 'spark' in globals())\n"
        "dbutils.widgets.text('a', '5')\nprint(dbutils.widgets.get('a'), display is not None)"
    )
    assert ran.text == "False True\n5 True\n"


@pytest.mark.parametrize("good", [0, 1])
def test_a_full_disk(run, monkeypatch, good):
    """The failure says so and where; what was saved before stays as it was."""
    saved = []

    def write(path, data):
        if len(saved) >= good:
            raise OSError(errno.ENOSPC, "No space left on device")
        saved.append(path)
        write_atomically(path, data)

    monkeypatch.setattr(output, "write_atomically", write)
    ran = run("print(1)", "print(2)")
    assert ran.outcome.result == "FAILED"
    why = f"The output notebook cannot be saved: No space left on device: {ran.output}"
    assert ran.outcome.failure.message == why
    assert ran.output.exists() is bool(good)
    if good:
        assert ran.statuses == ["pending", "pending"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "%%capture log\nimport no_such",
        "get_ipython().run_cell('1/0')",
        "%run bad.py",
        "class R:\n    def _repr_html_(self): raise ValueError('html fails')\nR()",
    ],
)
def test_papermill_agrees(source, write, tmp_path):
    """Papermill alone fails on these too: it looks at the outputs."""
    (tmp_path / "bad.py").write_text("1/0")
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            str(write(source)), None, cwd=tmp_path, kernel_name="python3", progress_bar=False
        )
