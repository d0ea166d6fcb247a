// Everything that is known about one task.

import { badge, element } from "./elements.js";
import { duration, elapsed, moment } from "./words.js";

const STEP_GLYPHS = { running: "►", succeeded: "✓", failed: "✗", recorded: "!" };
const STEP_TONES = { running: "active", succeeded: "good", failed: "bad", recorded: "warn" };

/**
 * Draw a task into `box`.
 *
 * @param {HTMLElement} box
 * @param {any} task
 * @param {number} now
 * @param {(path: string, text: string, cell?: number) => Node} link makes a link to a notebook
 * @param {Object<string, string>} notebooks paths of the notebooks that were run, by their names
 */
export function drawPanel(box, task, now, link, notebooks = {}) {
  const { told } = task;
  box.replaceChildren(
    ...[
      element("h3", {}, task.key, " ", badge(task.look)),
      element("p", { class: "soft" }, [task.line, elapsed(task, now)].filter(Boolean).join(" · ")),
      task.spark && sparkWork(task.spark),
      task.description && element("p", { class: "wrap" }, task.description),
      task.error && element("p", { class: "bad wrap" }, element("strong", {}, task.error)),
      task.reason && element("p", { class: "wrap" }, `Did not run: ${task.reason}`),
      failedAt(task, link, notebooks),
      task.notebook &&
        element("p", {}, link(task.notebook, `Output notebook${task.cell ? `, cell ${task.cell}` : ""}`, task.cell)),
      task.trace &&
        element(
          "details",
          { class: "more" },
          element("summary", {}, "Traceback"),
          element("pre", { tabindex: "0", "aria-label": `Traceback of ${task.key}` }, task.trace),
        ),
      facts(task),
      pairs(task.resolved ? "Parameters as resolved" : "Parameters as given", task.parameters),
      pairs("Task values", task.values),
      told.steps && steps(told.steps, now),
      told.expectations && expectations(told.expectations),
      told.datasets && datasets(told.datasets),
      told.child_runs && childRuns(told.child_runs),
      task.attempts.length > 1 && attempts(task, now, link),
      task.iterations.length > 0 && iterations(task, now, link),
    ].filter(Boolean),
  );
}

/** What Spark does for the cell that runs: a bar that moves where nobody can know how far it is. */
function sparkWork([text, share]) {
  const value = share === null ? {} : { value: String(share) };
  return element("p", { class: "spark" }, element("progress", { "aria-label": text, ...value }), " ", text);
}

/** Where to mend it: a place in the notebook that was run. */
function failedAt(task, link, notebooks) {
  const path = notebooks[task.subject];
  if (!path || !task.error) return null;
  const place = [
    path.split("/").at(-1),
    task.source_cell && `cell ${task.source_cell}`,
    task.source_cell && task.source_line && `line ${task.source_line}`,
  ];
  return element("p", {}, "In ", link(path, place.filter(Boolean).join(", "), task.source_cell));
}

function facts(task) {
  const rows = [
    [task.kind, task.subject],
    ["Outcome", task.outcome],
    ["Depends on", task.depends_on.map(([key, out]) => (out ? `${key} (if ${out})` : key)).join(", ")],
    ["Runs if", task.run_if.replaceAll("_", " ").toLowerCase()],
    ["Started", moment(task.started)],
    ["Ended", moment(task.ended)],
    ["Exit value", task.exit],
  ].filter(([, value]) => value);
  return element(
    "dl",
    { class: "facts" },
    rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
}

function section(title, ...children) {
  return element("section", {}, element("h4", {}, title), ...children);
}

function pairs(title, found) {
  if (!found.length) return null;
  const rows = found.map(([name, value]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", { class: "value mono" }, value),
    ),
  );
  return section(title, element("table", { class: "pairs", "aria-label": title }, rows));
}

/** A table; cells may be text or elements. */
export function table(title, heads, rows) {
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    element(
      "table",
      {},
      element("caption", { class: "skip" }, title),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element(
        "tbody",
        {},
        rows.map(([first, ...rest]) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, first),
            rest.map((cell) => element("td", { class: "value" }, cell)),
          ),
        ),
      ),
    ),
  );
}

function steps(found, now) {
  const depth = (step) => {
    const parent = found.find((each) => each.id === step.parent);
    return parent ? depth(parent) + 1 : 0;
  };
  const rows = found.map((step) => [
    element("span", { style: `padding-left: ${depth(step) * 16}px` }, step.name),
    element("span", { class: STEP_TONES[step.state] }, `${STEP_GLYPHS[step.state]} ${step.state}`),
    String(step.tries),
    elapsed({ started: step.started_at, ended: step.ended_at }, now),
    step.error + (step.error && step.transient ? " (could pass)" : ""),
  ]);
  return section("Steps", table("Steps", ["Step", "State", "Tries", "Time", "Error"], rows));
}

function keptOutBy(action) {
  return action === "quarantine" ? "quarantined" : "dropped";
}

function keptOut(dataset) {
  const aside = dataset.quarantined ?? 0;
  const gone = (dataset.dropped ?? 0) - aside;
  return [
    aside ? `${aside.toLocaleString("en")} quarantined in ${dataset.id}_quarantine` : "",
    gone ? `${gone.toLocaleString("en")} dropped` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function expectations(found) {
  const rows = found.flatMap((measured) =>
    measured.results.map((result) => [
      measured.dataset,
      result.name,
      result.rule,
      element("span", { class: result.ok ? "good" : "bad" }, result.ok ? "✓ held" : "✗ not held"),
      result.failed.toLocaleString("en"),
      result.passed.toLocaleString("en"),
      result.dropped ? `${result.dropped.toLocaleString("en")} ${keptOutBy(result.action)}` : "",
      result.action,
    ]),
  );
  const heads = ["Dataset", "Expectation", "Rule", "State", "Failed", "Passed", "Kept out", "Action"];
  return section("Expectations", table("Expectations", heads, rows));
}

function datasets(found) {
  const rows = found.map((one) => [
    one.id,
    one.type.replaceAll("_", " "),
    one.state.toLowerCase(),
    one.rows === null ? "" : one.rows.toLocaleString("en"),
    keptOut(one),
    one.ended_at && one.started_at ? duration(one.ended_at - one.started_at) : "",
    one.message,
  ]);
  const heads = ["Dataset", "Type", "State", "Rows", "Kept out", "Time", "Message"];
  return section("Datasets", table("Datasets", heads, rows));
}

function childRuns(found) {
  const rows = found.map((one) => [String(one.run_id), one.notebook]);
  return section("Runs it began", table("Runs it began", ["Run", "Notebook"], rows));
}

function attempts(task, now, link) {
  const rows = task.attempts.map((attempt) => [
    String(attempt.number + 1),
    badge(attempt.look),
    elapsed(attempt, now),
    attempt.error,
    attempt.notebook ? link(attempt.notebook, "notebook") : "",
  ]);
  return section("Attempts", table("Attempts", ["Attempt", "State", "Time", "Error", "Output"], rows));
}

function iterations(task, now, link) {
  const rows = task.iterations.map((one) => [
    String(one.index),
    element("span", { class: "mono" }, one.input),
    badge(one.look),
    elapsed(one, now),
    one.error,
    one.notebook ? link(one.notebook, "notebook") : "",
  ]);
  const more = task.iterations_in_all - task.iterations.length;
  return section(
    `Iterations: ${task.counts.map(([look, amount]) => `${amount} ${look.word}`).join(", ")}`,
    table("Iterations", ["#", "Input", "State", "Time", "Error", "Output"], rows),
    more > 0 ? element("p", { class: "soft" }, `${more} more are not listed.`) : null,
  );
}
