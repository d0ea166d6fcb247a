// Tabs as the ARIA practices have them: arrow keys move, only one panel is there.

import { element } from "./elements.js";

let made = 0;

/** Make tabs of `[title, panel, onShow]`; `onShow` is called whenever its panel comes up. */
export function tabs(label, parts) {
  const id = `nbkit-tabs-${++made}`;
  const buttons = parts.map(([title], index) =>
    element(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${id}-tab-${index}`,
        "aria-controls": `${id}-panel-${index}`,
        click: () => open(index),
        keydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          event.preventDefault();
          const next = (index + step + parts.length) % parts.length;
          open(next);
          buttons[next].focus();
        },
      },
      title,
    ),
  );
  const panels = parts.map(([, panel], index) => {
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("id", `${id}-panel-${index}`);
    panel.setAttribute("aria-labelledby", `${id}-tab-${index}`);
    return panel;
  });
  let current = 0;
  const open = (index) => {
    current = index;
    buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", String(at === index));
      button.tabIndex = at === index ? 0 : -1;
      panels[at].hidden = at !== index;
    });
    parts[index][2]();
  };
  return {
    node: element("div", { class: "tabs" }, element("div", { role: "tablist", "aria-label": label }, buttons), panels),
    open,
    shown: () => current,
  };
}
