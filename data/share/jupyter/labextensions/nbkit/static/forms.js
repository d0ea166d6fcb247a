// Forms in dialogs: the parameters of a notebook, and when it is to run.

import { element, moment } from "./elements.js";

const OFTEN = [
  ["every day at 6:00", "0 0 6 * * ?"],
  ["on weekdays at 6:00", "0 0 6 ? * MON-FRI"],
  ["every Monday at 6:00", "0 0 6 ? * MON"],
  ["on the first of each month at 6:00", "0 0 6 1 * ?"],
  ["every hour", "0 0 * * * ?"],
  ["every quarter of an hour", "0 0/15 * * * ?"],
];
const LATER = 250; // milliseconds without a key until the times are asked for

/** A form of parameters; `given()` has those that are not as the notebook has them. */
export function parameterForm(parameters, values = {}) {
  const fields = parameters.map((each) => [each, field(each, values[each.name] ?? each.default)]);
  const node = element("div", { class: "nbkit-form" });
  if (!fields.length) node.append(element("p", {}, "The notebook declares no parameters."));
  node.append(...fields.map(([each, input]) => labelled(each.help ? `${each.name}: ${each.help}` : each.name, input)));
  return {
    node,
    given: () => Object.fromEntries(fields.filter(([each, input]) => input.value !== each.default).map(([each, input]) => [each.name, input.value])),
  };
}

function field({ name, kind, choices }, value) {
  const offered = kind === "bool" ? ["True", "False"] : choices;
  if (!offered.length) return element("input", { name, value, spellcheck: "false", autocomplete: "off" });
  const made = element("select", { name }, offered.map((each) => element("option", { value: each }, each)));
  made.value = value;
  return made;
}

function labelled(text, input) {
  return element("label", {}, element("span", {}, text), input);
}

/** A form for a schedule; it tells what would happen next. `job()` has what was chosen. */
export function scheduleForm({ parameters, schedules }, ask) {
  const [known] = schedules;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const often = element("select", { name: "often" }, element("option", { value: "" }, "as written below"), OFTEN.map(([text, value]) => element("option", { value }, text)));
  const expression = element("input", { name: "expression", value: known?.expression || OFTEN[0][1], spellcheck: "false", autocomplete: "off" });
  const zones = element("datalist", { id: "nbkit-zones" }, ["UTC", ...Intl.supportedValuesOf("timeZone")].map((value) => element("option", { value })));
  const zone = element("input", { name: "zone", value: known?.zone || here, list: "nbkit-zones", autocomplete: "off" });
  const next = element("div", { role: "status" });
  const form = parameterForm(parameters, known?.parameters);
  let turn = 0;
  const look = async () => {
    const mine = ++turn;
    const [text, where] = [expression.value.trim(), zone.value.trim()];
    often.value = OFTEN.some(([, value]) => value === text) ? text : "";
    let said = null;
    try {
      const found = await ask(`state/upcoming?expression=${encodeURIComponent(text)}&zone=${encodeURIComponent(where)}`);
      said = found.problem ? element("p", { class: "nbkit-bad" }, `✗ ${found.problem}`) : times(found.next, where);
    } catch (error) {
      said = element("p", {}, error.message);
    }
    if (mine === turn) next.replaceChildren(said);
  };
  let soon = 0;
  const later = () => {
    clearTimeout(soon);
    soon = setTimeout(look, LATER);
  };
  expression.addEventListener("input", later);
  zone.addEventListener("input", later);
  often.addEventListener("change", () => {
    if (often.value) expression.value = often.value;
    look();
  });
  look();
  const node = element(
    "div",
    { class: "nbkit-form" },
    known ? element("p", {}, `It is scheduled already as ${known.name}${known.paused ? ", paused" : ""}.`) : null,
    labelled("How often", often),
    labelled("Quartz expression (seconds minutes hours day-of-month month day-of-week)", expression),
    labelled("Time zone", zone),
    zones,
    next,
    ...(parameters.length ? [form.node] : []),
  );
  return {
    node,
    job: () => ({
      id: known?.id,
      schedule: { quartz_cron_expression: expression.value.trim(), timezone_id: zone.value.trim(), pause_status: "UNPAUSED" },
      parameters: Object.entries(form.given()).map(([name, value]) => ({ name, default: value })),
    }),
  };
}

function times(found, zone) {
  return element("div", {}, element("p", {}, `It will run at (${zone}):`), element("ol", {}, found.map((each) => element("li", {}, moment(each, zone)))));
}
