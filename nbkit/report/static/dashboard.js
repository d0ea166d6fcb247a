// A job and its run: header, form, graph, timeline, runs, and the task that was picked.

import { badge, element, perFrame } from "./elements.js";
import { drawCharts } from "./charts.js";
import { jobForm } from "./form.js";
import { liveGraph } from "./graph.js";
import { drawMatrix } from "./matrix.js";
import { drawPanel } from "./panel.js";
import { drawRuns } from "./runs.js";
import { tabs } from "./tabs.js";
import { drawTimeline } from "./timeline.js";
import { duration, moment, stopwatch } from "./words.js";

const FAILURES_TOLD = 5;
const TICK = 500; // milliseconds between two looks at the clock, while something runs

/**
 * Draw a dashboard into `root`.
 *
 * @param {HTMLElement} root
 * @param {any} state `job`, `graph`, `run`, `tasks`, `status`: see nbkit/ui/widget.py
 * @param {object} hooks
 * @param {(action: object) => void} hooks.act
 * @param {(path: string, text: string, cell?: number) => Node} hooks.link
 * @param {boolean} [hooks.shows] whether an earlier run is shown here when that is asked for
 * @returns {{update: () => void, history: (found: object) => void, stop: () => void}}
 */
export function dashboard(root, state, { act, link, shows = false }) {
  const selected = new Set(state.picked ? [state.picked] : []);
  const title = element("div", { class: "title" });
  const facts = element("p", { class: "soft run-facts" });
  const given = element("p", { class: "soft wrap given" });
  const counts = element("p", { class: "counts" });
  const message = element("p", { class: "message" });
  const graphBox = element("div", { class: "scroll graph", tabindex: "0", role: "region", "aria-label": "Graph" });
  graphBox.innerHTML = state.graph; // drawn and escaped by nbkit.report
  const panel = element("section", { class: "panel", "aria-label": "Task" });
  const timelineBox = element("div", { class: "timeline" });
  const runsBox = element("div");
  const matrixBox = element("div");
  const chartBox = element("div", { class: "charts" });
  state.typed ??= {}; // what a person did outlives this view
  state.chosen ??= {};
  const form = jobForm(state.job.parameters, state.typed, (action) =>
    act(action.kind === "run_selected" ? { ...action, kind: "run", only: [...selected] } : action),
  );
  const graphPart = element("div", {}, graphBox);
  const ask = () => act({ kind: "history" });
  const views = tabs("Views of the run", [
    ["Graph", graphPart, () => {}],
    ["Timeline", element("div", {}, timelineBox), () => draw()],
    ["Runs", element("div", {}, runsBox, matrixBox), ask],
    ["Expectations", element("div", {}, chartBox), ask],
  ]);
  const pick = (key, more = false) => {
    const was = selected.has(key);
    if (!more) selected.clear();
    if (more && was) selected.delete(key);
    else selected.add(key);
    state.picked = key;
    draw();
  };
  const graph = liveGraph(graphBox, { onSelect: pick });
  let drawnTimeline = 0;
  let panelShows = null;

  const paint = () => {
    const now = Date.now();
    const { run, tasks, status } = state;
    header(now);
    graph.update(tasks, now);
    graph.select(selected);
    const task = tasks[state.picked];
    panel.hidden = !task;
    if (task && (panelShows !== task || (task.started && !task.ended))) {
      const open = panel.querySelector("details")?.open;
      drawPanel(panel, task, now, link, state.job.notebooks);
      if (open && panelShows?.key === task.key) panel.querySelector("details")?.setAttribute("open", "");
      panelShows = task;
    }
    state.tab = views.shown();
    if (state.tab === 1 && now - drawnTimeline > TICK - 50) {
      drawTimeline(timelineBox, { run, tasks }, now, pick);
      drawnTimeline = now;
    }
    form.update({
      live: status.live,
      starting: status.starting,
      repairable: Boolean(run.id) && !status.live && run.look.tone !== "good",
      selected: selected.size,
      comparable: Boolean(run.id),
      alone: status.alone,
    });
    form.say(status.message);
  };
  const header = (now) => {
    const { run, status, tasks } = state;
    title.replaceChildren(element("h2", {}, state.job.name), ...(run.id ? [badge(run.look)] : []));
    const took = run.ended ? duration(run.worked ?? run.ended - run.started) : status.live && run.started ? stopwatch(now - run.started) : "";
    const said = run.id ? [`run ${run.id}`, moment(run.started), took] : ["not run yet"];
    facts.replaceChildren(said.filter(Boolean).join(" · "));
    if (status.pinned) facts.append(" · an earlier run ", latest);
    if (run.id && state.job.report) facts.append(" · ", link(state.job.report.replace("RUN", run.id), "report"));
    ran(run, status);
    counts.replaceChildren(
      ...run.counts.flatMap(([look, amount]) => [
        element("span", { class: look.tone }, `${look.glyph} ${amount} ${look.word}`),
        "  ",
      ]),
    );
    told(run, tasks);
  };
  /** Why the run failed: each task's own sentence, which leads to the task. */
  const told = (run, tasks) => {
    const failed = run.failed.filter((key) => tasks[key]?.error);
    const said = failed.length ? failed.map((key) => `${key}: ${tasks[key].error}`).join("\n") : run.message;
    message.hidden = !said;
    if (message.dataset.said === said) return; // what has the focus keeps it
    message.dataset.said = said;
    message.replaceChildren(
      ...(failed.length
        ? failed.slice(0, FAILURES_TOLD).map((key) =>
            element("span", { class: "bad wrap" }, element("button", { type: "button", class: "link", click: () => pick(key) }, key), `: ${tasks[key].error}`),
          )
        : [said]),
      failed.length > FAILURES_TOLD ? ` and ${failed.length - FAILURES_TOLD} more` : "",
    );
  };
  const again = element(
    "button",
    { type: "button", class: "small", click: () => act({ kind: "run_again" }) },
    "↺ Run again with these",
  );
  const latest = element("button", { type: "button", class: "small", click: () => act({ kind: "show", run_id: 0 }) }, "Show the latest");
  /** What opens a run: here, where that can be, else where its link leads. */
  const opens = (run, text) =>
    shows
      ? element("button", { type: "button", class: "link", "aria-label": `Show run ${run.id}`, click: () => act({ kind: "show", run_id: run.id }) }, text)
      : link(run.report, text);
  /** The run's own parameters, which the form's need not be. */
  const ran = (run, status) => {
    const said = run.parameters.map(([name, value]) => `${name} = ${value}`).join(" · ");
    if (given.dataset.said !== `${run.id} ${said}`) {
      given.dataset.said = `${run.id} ${said}`;
      given.replaceChildren(...(said ? ["Ran with ", element("span", { class: "mono" }, said), " ", again] : []));
    }
    given.hidden = !said || !run.id;
    again.disabled = status.alone || status.live || status.starting;
  };
  const draw = perFrame(paint);
  root.append(
    element("div", {}, title, facts, given, counts, message),
    form.node,
    element("div", { class: "with-panel" }, views.node, panel),
  );
  views.open(state.tab ?? 0);
  paint();
  const clock = setInterval(() => state.status.live && draw(), TICK);
  return {
    update: draw,
    history: () => {
      drawRuns(runsBox, state.history.runs, {
        shown: state.run.id,
        kept: state.chosen,
        head: (run) => opens(run, `run ${run.id}`),
        compare: (before, after) => act({ kind: "compare", before, run_id: after }),
      });
      drawMatrix(matrixBox, state.history, (run) => opens(run, String(run.id)));
      drawCharts(chartBox, state.history.runs);
    },
    stop: () => clearInterval(clock),
  };
}
