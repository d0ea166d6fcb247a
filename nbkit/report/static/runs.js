// The runs of a job as a list: dates, states, parameters; filtered, opened, and compared by twos.

import { badge, element } from "./elements.js";
import { rowFilter } from "./row_filter.js";
import { duration, moment } from "./words.js";

/** What there is to say of a run's parameters. */
export function given(parameters) {
  return parameters.map(([name, value]) => `${name} = ${value}`).join(" · ");
}

/**
 * Draw the list into `box`.
 *
 * @param {HTMLElement} box
 * @param {any[]} runs newest first
 * @param {object} hooks
 * @param {number} hooks.shown the run that the dashboard shows; 0 for none
 * @param {any} hooks.kept what a person typed and chose; kept up to date
 * @param {(run: any) => Node} hooks.head makes what opens a run
 * @param {(before: number, after: number) => void} [hooks.compare] where two can be compared
 */
export function drawRuns(box, runs, { shown, kept, head, compare }) {
  if (!runs.length) {
    box.replaceChildren();
    return;
  }
  const rows = runs.map((run) => line(run, head));
  const filter = rowFilter(kept);
  filter.over(rows);
  box.replaceChildren(
    ...(compare ? [comparison(runs, shown, kept, compare)] : []),
    filter.node,
    element(
      "div",
      { class: "scroll runs", tabindex: "0", role: "region", "aria-label": "List of runs" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element("tr", {}, ["Run", "State", "Started", "Duration", "Parameters"].map((name) => element("th", { scope: "col" }, name))),
        ),
        element("tbody", {}, rows),
      ),
    ),
  );
}

function line(run, head) {
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, head(run)),
    element("td", {}, badge(run.look)),
    element("td", { class: "time" }, moment(run.started)),
    element("td", { class: "number" }, duration(run.took)),
    element("td", { class: "mono wrap" }, given(run.parameters)),
  );
}

/** Which two runs to compare: what was chosen, else the one that is shown and the one before it. */
function comparison(runs, shown, kept, compare) {
  const ids = runs.map(({ id }) => id);
  const at = Math.max(0, ids.indexOf(shown));
  const chosen = (name, id) => (ids.includes(kept[name]) ? kept[name] : id);
  const choice = (name, label, id) => {
    const select = element(
      "select",
      {
        "aria-label": label,
        change: () => {
          kept[name] = Number(select.value);
        },
      },
      runs.map((run) => {
        const said = [`run ${run.id}`, run.look.word, moment(run.started), given(run.parameters)];
        return element("option", { value: String(run.id), selected: run.id === id }, said.filter(Boolean).join(" · "));
      }),
    );
    return select;
  };
  const before = choice("before", "Compare run", chosen("before", ids[Math.min(at + 1, ids.length - 1)]));
  const after = choice("after", "with run", chosen("after", ids[at]));
  const go = element(
    "button",
    { type: "button", click: () => compare(Number(before.value), Number(after.value)) },
    "± Compare these",
  );
  return element("p", { class: "filter pair" }, "Compare ", before, " with ", after, " ", go);
}
