"""A notebook's environment is what it would be in a process of its own."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e

LOCAL = "import os, time, tempfile, datetime\n"


def test_what_a_process_reads_once_is_followed(run, tmp_path):
    """Local time and temporary folder, in a kernel that was forked before they were known."""
    ran = run(
        f"{LOCAL}print(datetime.datetime.fromtimestamp(0), time.tzname, tempfile.gettempdir())",
        env={"TZ": "America/New_York", "TMPDIR": str(tmp_path)},
    )
    assert ran.text == f"1969-12-31 19:00:00 ('EST', 'EDT') {tmp_path}\n"


@pytest.mark.parametrize(
    ("env", "code", "shown"),
    [
        ({"PYTHONHASHSEED": "0"}, "import sys; print(sys.flags.hash_randomization)", "0\n"),
        ({"PYTHONOPTIMIZE": "1"}, "assert False\nprint(__debug__)", "False\n"),
        ({"PYTHONPATH": "/a/b"}, "import sys; print('/a/b' in sys.path)", "True\n"),
        (
            {"OMP_NUM_THREADS": "1", "LC_ALL": "C", "NBKIT_TEST_VARIABLE": "x"},
            "import os, locale; print(os.environ['OMP_NUM_THREADS'], locale.setlocale(0))",
            "1 C",
        ),
    ],
)
def test_what_cannot_be_followed_gets_a_process_of_its_own(run, env, code, shown):
    """It is started with it."""
    ran = run(code, env=env)
    assert ran.outcome.result == "SUCCESS", ran.outcome
    assert ran.text.startswith(shown)


def test_the_kernel_that_was_started_is_like_the_others(run):
    """It has its folder and its environment, and can be interrupted."""
    ran = run(
        "import os\nprint(os.getcwd(), os.environ['NBKIT_TEST_VARIABLE'], spark is not None)",
        "import time; time.sleep(60)",
        env={"PYTHONHASHSEED": "7"},
        stop_at=2,
    )
    assert ran.outcome.result == "CANCELED"
    assert ran.text.startswith(str(run.folder))
