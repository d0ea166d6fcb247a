// The graph that Python drew, made live: states, pan, zoom and selection.

import { element } from "./elements.js";
import { elapsed } from "./words.js";

const STEP = 1.25;
const LARGEST = 2; // pixels for one unit of the drawing

/**
 * Bring a drawn graph to life.
 *
 * @param {HTMLElement} box holds the SVG of nbkit/report/templates/graph.svg.j2
 * @param {{onSelect: (key: string, more: boolean) => void}} hooks told what a person picks
 * @returns {{update: (tasks: object, now: number) => void, select: (keys: Set<string>) => void}}
 */
export function liveGraph(box, { onSelect }) {
  const svg = box.querySelector("svg");
  const nodes = new Map();
  for (const node of /** @type {NodeListOf<SVGAElement>} */ (svg.querySelectorAll("a[data-task]"))) {
    nodes.set(node.dataset.task, node);
    node.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      event.preventDefault();
      if (!panned()) onSelect(node.dataset.task, event.ctrlKey || event.metaKey || event.shiftKey);
    });
  }
  svg.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const node = /** @type {SVGAElement | null} */ (target.closest("a[data-task]"));
    if (!node || event.key !== " ") return;
    event.preventDefault();
    onSelect(node.dataset.task, event.ctrlKey || event.metaKey || event.shiftKey);
  });
  const panned = panAndZoom(box, svg);
  return {
    update: (tasks, now) => {
      for (const [key, task] of Object.entries(tasks)) {
        const node = nodes.get(key);
        if (node) show(node, task, now);
      }
    },
    select: (keys) => {
      for (const [key, node] of nodes) {
        node.classList.toggle("selected", keys.has(key));
        node.setAttribute("role", "button"); // here it picks; in a report it leads somewhere
        node.setAttribute("aria-pressed", String(keys.has(key)));
      }
    },
  };
}

function show(node, task, now) {
  const group = node.querySelector("g");
  const took = elapsed(task, now);
  const state = `${task.look.glyph} ${task.look.word}${took ? ` · ${took}` : ""}`;
  setText(node.querySelector("text.state"), state);
  setText(node.querySelector("text.kind"), task.line);
  if (group.getAttribute("class") !== task.look.tone) group.setAttribute("class", task.look.tone);
  const after = task.depends_on.map(([parent]) => parent).join(", ");
  const label = `${task.key}, ${task.line}, ${task.look.word}${after ? `, after ${after}` : ""}`;
  if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
}

function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/** Let a person drag and zoom; returns whether the last press was a drag. */
function panAndZoom(box, svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  const view = { x: 0, y: 0, scale: 1 };
  let from = null;
  let moved = false;
  const draw = () => {
    svg.setAttribute("viewBox", [view.x, view.y, width / view.scale, height / view.scale].join(" "));
  };
  const zoom = (factor, x = 0.5, y = 0.5) => {
    const most = Math.max(4, (LARGEST * width) / svg.getBoundingClientRect().width);
    const scale = Math.min(most, Math.max(1, view.scale * factor));
    view.x += (width / view.scale - width / scale) * x;
    view.y += (height / view.scale - height / scale) * y;
    view.scale = scale;
    clamp();
    draw();
  };
  const fit = () => {
    svg.classList.add("whole"); // until then the box scrolls, so that names can be read
    zoom(0);
  };
  const clamp = () => {
    view.x = Math.min(Math.max(view.x, 0), width - width / view.scale);
    view.y = Math.min(Math.max(view.y, 0), height - height / view.scale);
  };
  const pan = (x, y) => {
    view.x += x / view.scale;
    view.y += y / view.scale;
    clamp();
    draw();
  };
  svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      const area = svg.getBoundingClientRect();
      const factor = event.deltaY < 0 ? STEP : 1 / STEP;
      zoom(factor, (event.clientX - area.x) / area.width, (event.clientY - area.y) / area.height);
    },
    { passive: false },
  );
  svg.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY };
    moved = false;
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from || !event.buttons || view.scale === 1) return;
    const [x, y] = [from.x - event.clientX, from.y - event.clientY];
    if (!moved && Math.hypot(x, y) < 4) return;
    moved = true;
    const ratio = width / svg.getBoundingClientRect().width;
    pan(x * ratio, y * ratio);
    from = { x: event.clientX, y: event.clientY };
  });
  box.addEventListener("keydown", (event) => {
    const far = 60;
    const moves = {
      "+": () => zoom(STEP),
      "=": () => zoom(STEP),
      "-": () => zoom(1 / STEP),
      0: fit,
      ArrowLeft: () => pan(-far, 0),
      ArrowRight: () => pan(far, 0),
      ArrowUp: () => pan(0, -far),
      ArrowDown: () => pan(0, far),
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow") && view.scale === 1) return; // the page scrolls
    event.preventDefault();
    moves[event.key]();
  });
  const button = (text, label, act) =>
    element("button", { type: "button", "aria-label": label, title: label, click: act }, text);
  box.parentElement.insertBefore(
    element(
      "div",
      { class: "zoom", role: "group", "aria-label": "Zoom" },
      button("−", "Zoom out", () => zoom(1 / STEP)),
      button("+", "Zoom in", () => zoom(STEP)),
      button("Fit", "Show the whole graph", fit),
    ),
    box,
  );
  return () => moved;
}
