// A field above a table of runs that leaves only the rows with all of its words.

import { element } from "./elements.js";

const spoken = (text) => text.toLowerCase().replace(/\s*=\s*/g, "="); // "day = 7" is one word

/**
 * Make the field.
 *
 * @param {{text?: string}} kept what was typed; kept up to date
 * @returns {{node: HTMLElement, input: HTMLElement, over: (rows: HTMLElement[]) => void}} `over`
 *   is told which rows there are
 */
export function rowFilter(kept) {
  let rows = [];
  const count = element("span", { class: "soft", role: "status" });
  const apply = () => {
    kept.text = input.value;
    const words = spoken(input.value).split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => spoken(row.textContent).includes(word));
    count.textContent = ` ${rows.filter((row) => !row.hidden).length} of ${rows.length} runs`;
  };
  const input = element("input", { type: "search", autocomplete: "off", value: kept.text ?? "", input: apply });
  return {
    node: element("p", { class: "filter" }, element("label", {}, "Runs with ", input), count),
    input,
    over: (found) => {
      rows = found;
      apply();
    },
  };
}
