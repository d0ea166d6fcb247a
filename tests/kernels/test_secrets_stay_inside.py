"""Every way by which text leaves a kernel, and no secret on any of them."""

from __future__ import annotations

import pytest

from nbkit.hidden import Redactor

pytestmark = pytest.mark.e2e

SECRET = 's3cr3t/+T0ken="Value<'
ENV = {"NBKIT_SECRET_PROD_TOKEN": SECRET}
BEGIN = """
import base64, html, json, logging, os, shlex, subprocess, sys, time, warnings
from urllib.parse import quote
import ipywidgets
from IPython.display import HTML, display, update_display
from nbkit.toolkit.say import say
s = dbutils.secrets.get('prod', 'token')
"""
WAYS = {
    "printed": "print(s, repr(s), json.dumps({'k': s}), json.dumps(json.dumps(s)))",
    "standard error": "print(s, file=sys.stderr)",
    "an address": "print(quote(s), quote(s, safe=''), quote(s, safe='').lower())",
    "Base64": "for t in (s, f'user:{s}', f'no:{s}:x'): print(base64.b64encode(t.encode()))",
    "in two writes": "print(s[:7], end='', flush=True); time.sleep(0.3); print(s[7:])",
    "around a widget": "print(s[:7], end='', flush=True); ipywidgets.Text(); print(s[7:])",
    "a value": "s",
    "a value inside": "{'token': [s], s: 1}",
    "HTML": "display(HTML(f'<b>{html.escape(s)}</b>'))",
    "JSON": "display({'application/json': {s: [s]}}, raw=True)",
    "metadata": "display({'text/plain': 'x'}, metadata={'by': s}, raw=True)",
    "an update": "display('x', display_id='d'); update_display(s, display_id='d')",
    "a widget": "ipywidgets.Text(value=s)",
    "a widget's output": "out = ipywidgets.Output()\nwith out: print(s)\nout",
    "a warning": "warnings.warn(s)",
    "a log": "logging.error(s)",
    "a descriptor": "os.write(2, s.encode()); time.sleep(0.2)",
    "a descriptor, twice": "for b in (s[:5], s[5:]): time.sleep(0.2); os.write(1, b.encode())",
    "a child": "subprocess.run(['bash', '-xc', f': {shlex.quote(s)}'])",
    "a child, past Jupyter": "subprocess.run(['echo', s], stdout=sys.stdout)",
    "a shell command": "!echo $NBKIT_SECRET_PROD_TOKEN",
    "a task value": "dbutils.jobs.taskValues.set('k', {s: [s]})",
    "a step": "import nbkit\nwith nbkit.step(s): pass",
    "a failed step": "try:\n    with nbkit.step('a'): raise ValueError(s)\nexcept ValueError: pass",
    "a dataset": "say({'kind': 'dataset', 'id': s, 'message': s, 'state': 'FAILED'})",
    "an expectation": "result = {'name': s, 'rule': s, 'sample': [{s: s}]}\n"
    "say({'kind': 'expectations', 'id': s, 'results': [result]})",
}


@pytest.fixture
def known():
    """What must not be seen, in whatever spelling."""
    made = Redactor()
    made.hide(SECRET)
    return made


def written(run, ran):
    """All that is known of a run by anybody else, and what its kernels' logs have."""
    logs = [log.read_text(errors="replace") for log in run.kernels.folder.glob("*.log")]
    saved = ran.output.read_text(encoding="utf-8")
    return "\n".join([saved, str(ran.outcome), str(ran.heard.messages), *logs])


def seen(known, text):
    """Return what is seen of the secret, with what stands before it."""
    clean = known.text(text)
    first = next((i for i, (a, b) in enumerate(zip(text, clean, strict=False)) if a != b), None)
    return None if clean == text else text[max(0, (first or 0) - 60) : (first or 0) + 60]


def test_every_way(run, known):
    """One notebook takes them all, and ends by handing the secret on."""
    exits = "dbutils.notebook.exit(f'token={s}')"
    ran = run(BEGIN, *WAYS.values(), exits, env=ENV, timeout=60)
    assert ran.outcome.result == "SUCCESS", ran.outcome
    assert ran.outcome.exit_value == "token=[REDACTED]"
    text = written(run, ran)
    for source in (*WAYS.values(), exits):
        text = text.replace(source, "")
    assert seen(known, text) is None
    assert text.count("[REDACTED]") > len(WAYS)
    assert len(ran.heard.messages) >= 5


@pytest.mark.parametrize(
    "end",
    [
        "raise ValueError(f'refused: {s}')",
        "raise type('E', (Exception,), {'_render_traceback_': lambda _: [s]})(s)",
        "1 / 0  # the values of a detailed traceback\n",
        "import sys; sys.exit(s)",
        "%%capture\nget_ipython().run_cell('raise ValueError(s)')",
        # the last words of a kernel
        "subprocess.run(['bash', '-xc', ': ' + shlex.quote(s)])\ntime.sleep(0.3); os.kill(0, 9)",
        "os.write(2, b'x' * 70_000 + s.encode()); time.sleep(0.3)\nos._exit(1)",
        "os.write(sys.stderr.fileno(), s.encode()); time.sleep(0.3)\nos.abort()",
        "class E(Exception):\n    def __str__(self): raise ValueError(s)\nraise E",
    ],
)
def test_every_bad_end(run, known, end):
    """The failure is on record as it is in the notebook, and neither tells."""
    ran = run(BEGIN, "%xmode Verbose", end, env=ENV, timeout=60)
    assert ran.outcome.result == "FAILED"
    assert seen(known, written(run, ran)) is None


def test_the_words_of_a_dead_kernel_are_kept(run):
    """Without the secret, but with what stands around it."""
    ran = run(
        BEGIN,
        "subprocess.run(['bash', '-c', 'echo before $NBKIT_SECRET_PROD_TOKEN after >&2'])\n"
        "time.sleep(0.5)\nos.kill(os.getpid(), 9)",
        env=ENV,
    )
    assert ran.outcome.failure.cause == "kernel_died"
    assert "before [REDACTED] after" in ran.outcome.failure.traceback
