"""Secrets and called notebooks in the kernel that JupyterLab starts."""

from __future__ import annotations

import signal

import psutil
import pytest
from jupyter_client.manager import start_new_kernel
from processes import until

pytestmark = pytest.mark.e2e

SECRET = "secret-of-a-person"
CHILD = "import time\ndbutils.widgets.text('s', '0')\ntime.sleep(int(dbutils.widgets.get('s')))"
CALL = "dbutils.notebook.run('child', 0, {'s': '60'})"


@pytest.fixture
def kernel(project, monkeypatch):
    """The kernel "Python (nbkit)" in a project with a notebook to call."""
    monkeypatch.setenv("NBKIT_SECRET_A_B", SECRET)
    project.notebook("child", CHILD, "dbutils.notebook.exit('done')")
    manager, client = start_new_kernel(kernel_name="nbkit", cwd=str(project.root))
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def said(client, source):
    """Run a cell and return all that it answers, as one text."""
    messages = []
    reply = client.execute_interactive(source, timeout=120, output_hook=messages.append)
    return f"{[message['content'] for message in messages]} {reply['content']}"


def test_a_persons_notebook_hides_secrets_and_takes_its_children_along(project, kernel):
    """No cell shows a secret; an interrupt or the kernel's end cancels what was called."""
    manager, client = kernel
    assert SECRET not in said(
        client, f"import os; print(os.environ['NBKIT_SECRET_A_B'], {SECRET!r})"
    )
    wrong = said(client, "raise ValueError(dbutils.secrets.get('a', 'b'))")
    assert SECRET not in wrong
    assert "[REDACTED]" in wrong
    done = said(client, "print(dbutils.notebook.run('child.ipynb', 60, {'s': '0'}))")
    assert "Notebook run 1: child.ipynb" in done
    assert "done" in done

    client.execute(CALL)
    until((project.root / "runs/2/child/0.ipynb").exists)
    manager.interrupt_kernel()
    until(lambda: project.results(2) == {"child": "CANCELED"})

    client.execute(CALL)
    until((project.root / "runs/3/child/0.ipynb").exists)
    mine = psutil.Process(manager.provisioner.pid)
    family = mine.children(recursive=True)
    mine.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=60)
    assert [each for each in family if each.is_running()] == []
    assert project.results(3) == {"child": "CANCELED"}
