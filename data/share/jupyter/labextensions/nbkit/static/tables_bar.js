// The side bar "Tables": catalogs, schemas and tables of the warehouse, each with what its log tells.

import { button, element, moment } from "./elements.js";
import { reason } from "./server.js";
import { sideFrame } from "./side_frame.js";

/** Return the side bar; `insert` puts code into the notebook that is worked in. */
export function tablesBar(lab, { ask, tabs, icon, insert }) {
  const filter = element("input", { type: "search", "aria-label": "Filter tables", placeholder: "Filter", class: "nbkit-filter", autocomplete: "off" });
  const top = element("div", { class: "nbkit-acts nbkit-top" }, filter, button("Refresh", () => look()));
  const { bar, said, list } = sideFrame(lab, { id: "nbkit-tables", caption: "Tables", icon }, top);
  const open = new Set(); // folders of tables that are shown
  let tables = [];

  const draw = () => {
    const wanted = tables.filter(({ spoken }) => spoken.toLowerCase().includes(filter.value.trim().toLowerCase()));
    const groups = new Map();
    for (const table of wanted) {
      const name = [table.catalog, table.schema].filter(Boolean).join(".");
      groups.set(name, [...(groups.get(name) ?? []), table]);
    }
    list.replaceChildren(
      ...[...groups].map(([name, found]) =>
        element("section", { "aria-label": name }, element("h3", {}, name), element("ul", {}, found.map((table) => item(table)))),
      ),
    );
  };
  const item = (table) => {
    const box = element("div", { hidden: true });
    const name = element("button", { type: "button", class: "nbkit-name", "aria-expanded": "false", click: () => toggle() }, table.name);
    const toggle = async (shown = box.hidden) => {
      box.hidden = !shown;
      name.setAttribute("aria-expanded", String(shown));
      open[shown ? "add" : "delete"](table.folder);
      if (shown) box.replaceChildren(...(await details(table)));
    };
    if (open.has(table.folder)) toggle(true);
    return element("li", {}, name, box);
  };
  const details = async (table) => {
    try {
      const found = await ask(`state/table?folder=${encodeURIComponent(table.folder)}`);
      const sample = () => insert(`display(spark.table(${JSON.stringify(table.spoken)}).limit(20))`);
      return [
        element("div", { class: "nbkit-acts" }, button("Insert a sample", sample, { "aria-label": `Insert a sample of ${table.spoken}` })),
        ...(found.comment ? [element("p", { class: "nbkit-soft" }, found.comment)] : []),
        columns(found, table),
        history(found, table),
        ...writers(found, tabs),
      ];
    } catch (error) {
      return [element("p", { class: "nbkit-bad" }, reason(error))];
    }
  };
  const look = async () => {
    try {
      const found = await ask("state/tables");
      tables = found.tables;
      const none = "No Delta table is in the warehouse yet.";
      said.textContent = found.problem || (tables.length ? "" : none);
      draw();
    } catch (error) {
      said.textContent = reason(error);
    }
  };
  filter.addEventListener("input", draw);
  bar.onAfterShow = look;
  return bar;
}

function columns({ columns: found, partitions }, table) {
  const rows = found.map(([name, type, comment]) =>
    element(
      "tr",
      { title: comment || null },
      element("th", { scope: "row" }, name),
      element("td", {}, type, partitions.includes(name) ? " (partition)" : ""),
    ),
  );
  return element("table", { "aria-label": `Columns of ${table.spoken}` }, element("tbody", {}, rows));
}

function history({ history: found }, table) {
  const lines = found.map(({ version, at, operation, rows }) =>
    element("li", {}, `${version} · ${moment(at)} · ${operation}${rows < 0 ? "" : ` · ${rows.toLocaleString("en")} rows`}`),
  );
  return element("details", {}, element("summary", {}, "History"), element("ul", { "aria-label": `History of ${table.spoken}` }, lines));
}

function writers({ writers: found }, tabs) {
  return found.slice(0, 1).map(({ run_id, job, task }) =>
    element(
      "p",
      { class: "nbkit-soft" },
      "Written by ",
      element("button", { type: "button", class: "nbkit-name", click: () => tabs.open({ job_id: 0, run_id, name: job }) }, `${job}, ${task}, run ${run_id}`),
    ),
  );
}
