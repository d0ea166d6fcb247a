"""The dashboard of 500 tasks in a browser: its first drawing, and 1,000 events in a second.

The page is the widget's own code with a state as a kernel sends it; there is no kernel and no
network in between. Frames are those of a headless Chromium, which draws without a graphics card.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from nbkit.graph.load import parse_job
from nbkit.report.documents import run_document, task_documents
from nbkit.report.front_end import script, style
from nbkit.report.view import run_view
from nbkit.rules.record import record
from nbkit.rules.state import RunState
from nbkit.ui.picture import graph_svg

PAGE = """<!doctype html><meta charset="utf-8"><div id="here"></div>
<script type="module">%s
const heard = [];
const [state, style] = [%s, %s];
window.state = state;
window.tell = (change) => heard.forEach((listener) => listener(change));
const model = {
  get: (name) => (name === "dashboard" ? state : style),
  send: () => {}, on: (_, listener) => heard.push(listener), off: () => {},
};
requestAnimationFrame(() => {
  window.began = performance.now();
  render({ model, el: document.getElementById("here") });
  const drawn = () => { window.drawn = performance.now() - window.began };
  requestAnimationFrame(() => setTimeout(drawn));
});
</script>"""

FLOOD = """async ([events, milliseconds]) => {
  const gaps = [];
  let last = performance.now(), over = false;
  const frame = (now) => {
    gaps.push(now - last);
    last = now;
    if (!over) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const keys = Object.keys(window.state.tasks);
  const began = performance.now();
  let sent = 0;
  while (sent < events) {
    const due = Math.min(events, Math.ceil(((performance.now() - began) / milliseconds) * events));
    for (; sent < due; sent += 1) {
      const key = keys[sent % keys.length];
      const task = { ...window.state.tasks[key], line: `cell ${sent}` };
      window.tell({ kind: "change", tasks: { [key]: task } });
    }
    await new Promise((done) => setTimeout(done));
  }
  over = true;
  const took = performance.now() - began;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return { took, frames: gaps.length, longest: Math.max(...gaps.slice(1)) };
}"""


def job_of(tasks: int, width: int = 25) -> str:
    """Return a job of chains side by side."""
    made = [
        {
            "task_key": f"task_{at}",
            "depends_on": [{"task_key": f"task_{at - width}"}] if at >= width else [],
            "notebook_task": {"notebook_path": "n"},
        }
        for at in range(tasks)
    ]
    return json.dumps({"name": "big", "tasks": made})


def measure(tasks: int, events: int, chromium: str) -> dict[str, Any]:
    """Return seconds and milliseconds of one page."""
    graph = parse_job(job_of(tasks)).graph
    began = time.perf_counter()
    run = run_view(record(graph, RunState.fresh(graph)))
    state = {
        "job": {"name": "big", "parameters": [], "folder": "", "report": ""},
        "graph": graph_svg(run),
        "run": run_document(run),
        "tasks": task_documents(run),
        "status": {"live": True, "starting": False, "alone": False, "message": ""},
    }
    prepared = time.perf_counter() - began
    front = script("widget").replace("export default { render };", "")
    data = [json.dumps(each).replace("<", "\\u003c") for each in (state, style())]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        page_file.write_text(PAGE % (front, *data), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(page_file.as_uri())
        page.wait_for_function("() => window.drawn")
        drawn = page.evaluate("window.drawn")
        flood = page.evaluate(FLOOD, [events, 1000])
        browser.close()
    return {"prepared": prepared, "drawn": drawn, **flood}


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", type=int, default=500)
    asked.add_argument("--events", type=int, default=1000)
    asked.add_argument("--chromium", default="/usr/bin/chromium")
    given = asked.parse_args()
    found = measure(given.tasks, given.events, given.chromium)
    print(f"{given.tasks} tasks: the kernel lays them out in {found['prepared']:.2f} s,")
    print(f"  the page draws them first in {found['drawn'] / 1000:.2f} s")
    print(f"{given.events} events in {found['took'] / 1000:.2f} s: {found['frames']} frames,")
    print(f"  the longest {found['longest']:.0f} ms")


if __name__ == "__main__":
    main()
