// What makes a report or the index of runs, which read well without it, a page to work with.

import { drawCharts } from "./charts.js";
import { element } from "./elements.js";
import { liveGraph } from "./graph.js";
import { drawMatrix } from "./matrix.js";
import { drawRuns } from "./runs.js";
import { drawTimeline } from "./timeline.js";

const data = JSON.parse(document.getElementById("nbkit-data").textContent);

/** Open the part of the page that tells of a task, and go there. */
function goTo(key) {
  const part = /** @type {HTMLDetailsElement} */ (document.getElementById(data.anchors[key]));
  part.open = true;
  location.hash = part.id;
  part.querySelector("summary").focus({ preventScroll: true });
}

if (data.run) {
  liveGraph(document.querySelector(".graph"), { onSelect: goTo });
  const timeline = document.querySelector(".timeline");
  if (timeline) {
    timeline.closest("figure").querySelector("figcaption").remove(); // the drawing has its own
    drawTimeline(timeline, data, data.run.ended || data.run.spans.at(-1)[1], goTo);
  }
}

for (const [index, found] of (data.jobs ?? []).entries()) {
  const box = document.getElementById(`matrix-${index}`);
  const charts = document.getElementById(`charts-${index}`);
  const link = (run) => (run.report ? element("a", { href: run.report }, String(run.id)) : String(run.id));
  const list = element("div");
  box.before(list);
  drawRuns(list, found.runs, { shown: 0, kept: {}, head: link });
  box.hidden = false;
  drawMatrix(box, found, link);
  if (found.runs.some((run) => run.expectations.length)) {
    charts.hidden = false;
    drawCharts(charts, found.runs);
  }
}
