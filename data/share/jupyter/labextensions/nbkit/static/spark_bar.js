// A bar under the cell that waits for Spark. It is on the page alone: no output of the cell holds it.

import { element } from "./elements.js";

const MIME = "application/vnd.nbkit.spark+json";
const GONE = new Set(["dead", "restarting", "autorestarting", "terminating"]);

/** Show the bars of a notebook; returns what ends that. */
export function sparkBars(panel) {
  const bars = new Map(); // by the request that runs the cell
  const remove = (request) => {
    bars.get(request)?.remove();
    bars.delete(request);
  };
  const clear = () => [...bars.keys()].forEach(remove);
  const draw = (request, { text, share }) => {
    const cell = panel.content.widgets.find(({ outputArea }) => outputArea?.future?.msg.header.msg_id === request);
    if (!text || !cell) return remove(request);
    const bar = bars.get(request) ?? element("div", { class: "nbkit-spark" });
    const value = share === null ? {} : { value: String(share) };
    bar.replaceChildren(element("progress", { "aria-label": text, ...value }), text);
    cell.node.querySelector(".jp-Cell-outputWrapper").before(bar);
    bars.set(request, bar);
  };
  const heard = (_, { header, parent_header, content }) => {
    if (header.msg_type === "update_display_data" && content.data[MIME]) draw(parent_header.msg_id, content.data[MIME]);
    if (header.msg_type === "status" && content.execution_state === "idle") remove(parent_header.msg_id);
  };
  const changed = (_, status) => GONE.has(status) && clear();
  const { sessionContext } = panel;
  sessionContext.iopubMessage.connect(heard);
  sessionContext.statusChanged.connect(changed);
  sessionContext.kernelChanged.connect(clear);
  return {
    isDisposed: false,
    dispose: () => {
      clear();
      sessionContext.iopubMessage.disconnect(heard);
      sessionContext.statusChanged.disconnect(changed);
      sessionContext.kernelChanged.disconnect(clear);
    },
  };
}
