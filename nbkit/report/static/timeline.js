// When each attempt ran: waiting, attempts, the critical path.

import { element, shape } from "./elements.js";
import { duration, elapsed } from "./words.js";

const WIDTH = 1200;
const LABEL = 220;
const RIGHT = 170;
const ROW = 26;
const TOP = 30;
const LEAST = 2.5;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((step) => 1000 * step),
  ...[2, 3, 6, 12, 24, 48, 96, 168].map((step) => 3600000 * step),
];

/** Draw the timeline of a run into `box`; `onSelect` is told which task a person picks. */
export function drawTimeline(box, { run, tasks }, now, onSelect) {
  const end = run.ended || now;
  const spans = run.spans.map(([from, to], at) => [
    from,
    at === run.spans.length - 1 && !run.ended ? end : to,
  ]);
  const total = Math.max(1, ...[spans.reduce((sum, [from, to]) => sum + to - from, 0)]);
  const at = (moment) => {
    let before = 0;
    for (const [from, to] of spans) {
      if (moment <= to) return place(before + Math.max(moment - from, 0));
      before += to - from;
    }
    return place(before);
  };
  const place = (milliseconds) => LABEL + ((WIDTH - LABEL - RIGHT) * milliseconds) / total;
  const first = (task) => (task.attempts[0] ?? task).started;
  const rows = Object.values(tasks)
    .filter((task) => first(task))
    .sort((one, other) => first(one) - first(other));
  const height = TOP + ROW * rows.length + 8;
  const step = STEPS.find((each) => total / each <= 8) ?? total;
  const ticks = [];
  for (let elapsedTime = 0; elapsedTime <= total; elapsedTime += step) ticks.push(elapsedTime);
  const label = `Timeline of ${rows.length} tasks`;
  const svg = shape(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, role: "group", "aria-label": label },
    shape(
      "g",
      { "aria-hidden": "true" },
      ticks.flatMap((tick) => axis(place(tick), height, duration(tick).replace(".0", ""), "tick")),
      spans
        .slice(1)
        .flatMap(([from], index) => axis(at(from), height, `repair ${index + 1}`, "break")),
    ),
    rows.map((task, index) => row(task, TOP + ROW * index, at, end, now, onSelect)),
  );
  const missing = Object.keys(tasks).length - rows.length;
  box.replaceChildren(
    rows.length ? svg : element("p", { class: "soft" }, "Nothing has run yet."),
    element(
      "p",
      { class: "soft legend" },
      "Solid: an attempt. Outlined: ready, waiting for a slot. Dotted: waiting for a retry. ",
      "◆: on the critical path, which decided how long the run took.",
      missing && rows.length ? ` ${missing} ${missing === 1 ? "task" : "tasks"} did not run.` : "",
    ),
  );
}

function axis(x, height, text, kind) {
  const y = kind === "tick" ? 16 : height - 4;
  return [
    shape("line", { class: kind, x1: x, x2: x, y1: 24, y2: height }),
    shape(
      "text",
      { class: "axis", x: kind === "tick" ? x : x + 5, y, "text-anchor": kind === "tick" ? "middle" : "start" },
      text,
    ),
  ];
}

function row(task, y, at, end, now, onSelect) {
  const pieces = task.attempts.length ? task.attempts : [task];
  const bars = [];
  if (task.ready && pieces[0].started - task.ready > 0)
    bars.push(waiting(task.ready, pieces[0].started, at, "ready", "ready, waiting for a slot"));
  pieces.forEach((piece, index) => {
    const before = pieces[index - 1];
    if (before?.ended && piece.retry)
      bars.push(waiting(before.ended, piece.started, at, "wait", "waiting for retry"));
    bars.push(...bar(piece, index + 1, at, end));
  });
  const last = at(pieces.at(-1).ended || end);
  const amount = task.attempts.length;
  const note = `${task.look.glyph} ${elapsed(task, now)}${amount > 1 ? ` · ${amount} attempts` : ""}`;
  const critical = task.critical ? "◆ " : "";
  const label = task.key.length > 28 ? `${task.key.slice(0, 27)}…` : task.key;
  return shape(
    "g",
    { class: `row${task.critical ? " critical" : ""}`, transform: `translate(0 ${y})` },
    shape(
      "a",
      {
        href: `#${task.key}`,
        "aria-label": `${task.key}, ${task.look.word}, ${elapsed(task, now)}${task.critical ? ", on the critical path" : ""}`,
        click: (event) => {
          event.preventDefault();
          onSelect(task.key);
        },
      },
      shape("title", {}, task.key),
      shape("text", { x: 12, y: 17 }, `${critical}${label}`),
    ),
    bars,
    shape("text", { class: task.look.tone, x: last + 8, y: 17 }, note),
  );
}

function waiting(from, to, at, kind, text) {
  const title = shape("title", {}, `${text}, ${duration(to - from)}`);
  const [x1, x2] = [at(from), at(to)];
  return kind === "wait"
    ? shape("line", { class: "wait", x1, x2, y1: 13, y2: 13 }, title)
    : shape("rect", { class: "ready", x: x1, y: 8, width: Math.max(x2 - x1, 0), height: 10 }, title);
}

function bar(piece, number, at, end) {
  const x = at(piece.started);
  const to = piece.ended || end;
  const width = Math.max(at(to) - x, LEAST);
  const { look } = piece;
  const title = `attempt ${number}: ${look.word}, ${duration(to - piece.started)}`;
  const drawn = [
    shape(
      "rect",
      { class: `bar ${look.tone}`, x, y: 5, width, height: 16, rx: 3 },
      shape("title", {}, title),
    ),
  ];
  if (width > 16)
    drawn.push(
      shape(
        "text",
        { class: "mark", x: x + width / 2, y: 17, "text-anchor": "middle", "aria-hidden": "true" },
        look.glyph,
      ),
    );
  return drawn;
}
