// How expectations fared from run to run, as small charts.

import { element, shape } from "./elements.js";

const [WIDTH, HEIGHT, EDGE] = [240, 64, 6];

/**
 * Draw one chart for each expectation into `box`.
 *
 * @param {object[]} runs newest first; each with `expectations`:
 *   [dataset, name, passed, failed, ok, threshold]
 */
export function drawCharts(box, runs) {
  const series = new Map();
  for (const run of [...runs].reverse())
    for (const [dataset, name, passed, failed, ok, threshold] of run.expectations) {
      const key = `${dataset}: ${name}`;
      if (!series.has(key)) series.set(key, []);
      const share = failed / Math.max(1, passed + failed);
      series.get(key).push({ run: run.id, share, failed, ok, threshold });
    }
  box.replaceChildren(
    ...(series.size
      ? [...series].map(([name, points]) => chart(name, points))
      : [element("p", { class: "soft" }, "No expectations were measured in these runs.")]),
  );
}

const percent = (share) => `${(100 * share).toFixed(share && share < 0.1 ? 2 : 1)} %`;

function chart(name, points) {
  const last = points.at(-1);
  const most = Math.max(...points.flatMap((each) => [each.share, each.threshold]), 1e-9);
  const x = (index) => EDGE + (points.length > 1 ? (index * (WIDTH - 2 * EDGE)) / (points.length - 1) : (WIDTH - 2 * EDGE) / 2);
  const y = (share) => HEIGHT - EDGE - (share * (HEIGHT - 2 * EDGE)) / most;
  const line = points.map((each, index) => `${index ? "L" : "M"}${x(index)},${y(each.share)}`).join("");
  const said = `${name}: ${percent(last.share)} of rows failed in run ${last.run}; ${points.length} runs, at most ${percent(Math.max(...points.map((each) => each.share)))}`;
  return element(
    "figure",
    { class: "chart" },
    element("figcaption", {}, name),
    shape(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said },
      shape("line", { class: "limit", x1: EDGE, x2: WIDTH - EDGE, y1: y(last.threshold), y2: y(last.threshold) }),
      shape("path", { class: "line", d: line }),
      points.map((each, index) => mark(each, x(index), y(each.share))),
    ),
    element(
      "p",
      { class: last.ok ? "good" : "bad" },
      `${last.ok ? "✓ held" : "✗ not held"}: ${percent(last.share)} failed (${last.failed.toLocaleString("en")} rows)`,
    ),
  );
}

/** A point: a dot where the expectation held, a cross where it did not. */
function mark(each, x, y) {
  const title = shape("title", {}, `run ${each.run}: ${percent(each.share)} failed, ${each.ok ? "held" : "not held"}`);
  if (each.ok) return shape("circle", { class: "good", cx: x, cy: y, r: 3 }, title);
  return shape("path", { class: "bad", d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8` }, title);
}
