// The parameters of a job, and the buttons that act on it.

import { element } from "./elements.js";

/**
 * Draw the form.
 *
 * @param {Array<[string, string]>} parameters declared names with their defaults
 * @param {Object<string, string>} typed what a person typed so far; kept up to date
 * @param {(action: object) => void} act is told what a person asks for
 * @returns {{node: HTMLElement, update: (found: object) => void, say: (text: string) => void}}
 */
export function jobForm(parameters, typed, act) {
  const fields = parameters.map(([name, value]) => {
    const keep = () => {
      typed[name] = input.value;
    };
    const input = element("input", {
      ...{ type: "text", name, value, input: keep },
      ...{ spellcheck: "false", autocomplete: "off" },
    });
    if (name in typed) input.value = typed[name];
    return [name, input];
  });
  const given = () =>
    Object.fromEntries(
      fields.filter(([, input]) => input.value !== input.defaultValue).map(([name, input]) => [name, input.value]),
    );
  const button = (text, kind, make) =>
    element("button", { type: "button", class: kind, click: () => act(make()) }, text);
  const run = button("► Run", "primary", () => ({ kind: "run", parameters: given() }));
  const some = button("► Run selected", "", () => ({ kind: "run_selected", parameters: given() }));
  const cancel = button("■ Cancel", "", () => ({ kind: "cancel" }));
  const repair = button("↻ Repair", "", () => ({ kind: "repair", parameters: given() }));
  const compare = button("± Compare", "", () => ({ kind: "compare" }));
  compare.title = "What changed since the run before; the tab Runs compares any two";
  const message = element("p", { class: "said wrap", role: "status" });
  const node = element(
    "form",
    { class: "job-form", submit: (event) => event.preventDefault() },
    fields.map(([name, input]) =>
      element("label", {}, element("span", {}, name), input),
    ),
    element("div", { class: "buttons" }, run, some, cancel, repair, compare),
    message,
  );
  return {
    node,
    update: ({ live, starting, repairable, selected, comparable, alone }) => {
      run.disabled = alone || live || starting;
      some.disabled = alone || live || starting || selected === 0;
      some.textContent = selected ? `► Run selected (${selected})` : "► Run selected";
      cancel.disabled = alone || !live;
      compare.disabled = alone || live || starting || !comparable;
      repair.disabled = alone || live || starting || !repairable;
    },
    say: (text) => {
      if (message.textContent !== text) message.textContent = text;
    },
  };
}
