// Runs × tasks: states as glyph and colour, durations as bars, a filter.

import { element } from "./elements.js";
import { duration, moment } from "./words.js";

const FIRST_ROWS = 30; // in the first frame; then twice as many each time
const [LABEL, COLUMN] = [220, 28]; // pixels; fixed, so that 50,000 cells are quick to lay out

/**
 * Draw the matrix into `box`.
 *
 * @param {HTMLElement} box
 * @param {{tasks: string[], looks: any[], runs: any[]}} found newest run first; a run's `cells`
 *   are, task by task, null or [index of its look, milliseconds]
 * @param {(run: object) => Node} head makes what stands over a run's column
 */
export function drawMatrix(box, found, head) {
  const { tasks, looks, runs } = found;
  if (!runs.length) {
    box.replaceChildren(element("p", { class: "soft" }, "No runs yet."));
    return;
  }
  const shown = [...runs].reverse(); // time goes from left to right
  const longest = Math.max(1, ...runs.map((run) => run.took ?? 0));
  const body = element("tbody");
  const count = element("span", { class: "soft", role: "status" });
  let turn = 0;
  const fill = () => {
    const mine = ++turn;
    const text = filter.value.trim().toLowerCase();
    const state = states.value;
    const wanted = tasks
      .map((key, index) => /** @type {[string, number]} */ ([key, index]))
      .filter(([key]) => key.toLowerCase().includes(text))
      .filter(([, index]) => !state || shown.some(({ cells }) => cells[index] && looks[cells[index][0]].word === state));
    body.replaceChildren();
    count.textContent = ` ${wanted.length} of ${tasks.length} tasks, ${shown.length} runs`;
    let next = 0;
    let amount = FIRST_ROWS;
    const some = () => {
      if (mine !== turn) return; // the filter has changed
      body.append(...wanted.slice(next, next + amount).map(([key, index]) => row(key, index, shown, looks)));
      next += amount;
      amount *= 2;
      if (next < wanted.length) requestAnimationFrame(some);
    };
    some();
  };
  const filter = element("input", { type: "search", input: fill, autocomplete: "off" });
  const words = [...new Set(looks.map((look) => look.word))];
  const states = element(
    "select",
    { change: fill },
    element("option", { value: "" }, "any state"),
    words.map((word) => element("option", { value: word }, word)),
  );
  box.replaceChildren(
    element(
      "p",
      { class: "filter" },
      element("label", {}, "Tasks with ", filter),
      " ",
      element("label", {}, "that once were ", states),
      count,
    ),
    element(
      "div",
      { class: "scroll matrix", tabindex: "0", role: "region", "aria-label": "Runs and tasks" },
      element(
        "table",
        { style: `width: ${LABEL + COLUMN * shown.length}px` },
        element(
          "colgroup",
          {},
          element("col", { style: `width: ${LABEL}px` }),
          element("col", { span: shown.length, style: `width: ${COLUMN}px` }),
        ),
        element("caption", { class: "skip" }, "States of tasks by run, oldest run first"),
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            element("th", { scope: "col" }, "Task"),
            shown.map((run) =>
              element(
                "th",
                { scope: "col", title: `run ${run.id}: ${run.look.word}, ${moment(run.started)}, ${duration(run.took)}` },
                element(
                  "span",
                  { class: "height", "aria-hidden": "true" },
                  element("span", {
                    class: `fill ${run.look.tone}`,
                    style: `height: ${Math.max(4, (44 * (run.took ?? 0)) / longest)}px`,
                  }),
                ),
                head(run),
                element("span", { class: run.look.tone }, run.look.glyph),
              ),
            ),
          ),
        ),
        body,
      ),
    ),
    element(
      "p",
      { class: "soft legend" },
      looks.map((look) => element("span", { class: look.tone }, `${look.glyph} ${look.word}   `)),
      "The bar under a glyph is the task's share of its longest time here.",
    ),
  );
  fill();
}

function row(key, index, runs, looks) {
  const most = Math.max(1, ...runs.map(({ cells }) => cells[index]?.[1] ?? 0));
  return element(
    "tr",
    {},
    element("th", { scope: "row", title: key }, key),
    runs.map((run) => {
      const cell = run.cells[index];
      if (!cell) return element("td", { title: `${key}, run ${run.id}: not in this run` });
      const look = looks[cell[0]];
      const took = cell[1] === null ? "" : `, ${duration(cell[1])}`;
      return element(
        "td",
        {
          class: look.tone,
          title: `${key}, run ${run.id}: ${look.word}${took}`,
          style: cell[1] ? `--share: ${Math.round((100 * cell[1]) / most)}%` : null,
        },
        look.glyph,
      );
    }),
  );
}
