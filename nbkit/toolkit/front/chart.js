// Quick charts of the rows at hand, as SVG: bar, line, scatter, histogram.
const SVG = "http://www.w3.org/2000/svg";
const AREA = { width: 640, height: 300, left: 64, right: 12, top: 12, bottom: 64 };
const BARS = 40;
const BINS = 30;

function shape(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

/** Round numbers across a range, about five.
 * @param {number} low
 * @param {number} high
 */
function ticks(low, high) {
  const rough = (high - low || 1) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step)
    found.push(tick);
  return found;
}

/** The least and the most of some numbers.
 * @returns {[number, number]}
 */
function spread(values, from = values.length ? values[0] : 0) {
  let [low, high] = [from, from];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low === high ? [low, high + 1] : [low, high];
}

const scale = (range, from, to) => (value) => from + ((value - range[0]) / (range[1] - range[0])) * (to - from);

/** One bar per text, its values combined, in order of first appearance. */
function bars(pairs, combine) {
  const groups = new Map();
  for (const [name, value] of pairs) {
    const found = groups.get(name) ?? { sum: 0, count: 0 };
    found.sum += value;
    found.count += 1;
    groups.set(name, found);
  }
  return [...groups].map(([name, { sum, count }]) => {
    const value = combine === "sum" ? sum : combine === "mean" ? sum / count : count;
    return [name, value];
  });
}

/** From, to and count of each bar.
 * @returns {[number, number, number][]}
 */
function bins(values) {
  const [low, high] = spread(values);
  const width = (high - low) / BINS;
  const counts = new Array(BINS).fill(0);
  for (const value of values) counts[Math.min(BINS - 1, Math.floor((value - low) / width))] += 1;
  return counts.map((count, index) => [low + index * width, low + (index + 1) * width, count]);
}

const DRAWN = {
  bar: { y: true, combine: true },
  line: { y: true },
  scatter: { y: true },
  histogram: {},
};

class Chart {
  constructor(host, columns) {
    this.columns = columns;
    const numbers = this.indexes((kind) => kind === "number");
    const names = this.indexes((kind) => kind !== "number");
    const all = this.indexes(() => true);
    const changed = () => this.draw(this.rows);
    this.kind = this.choice("chart type", Object.keys(DRAWN).map((kind) => [kind, kind]), changed);
    this.x = this.choice("x axis", this.named(all), changed);
    this.y = this.choice("y axis", this.named(numbers), changed);
    this.combine = this.choice("combine by", ["sum", "mean", "count"].map((how) => [how, how]), changed);
    this.x.value = String(names[0] ?? 0);
    if (!numbers.length) this.combine.value = "count";
    this.picture = make("div", { className: "nbkit-picture" });
    const choices = [this.kind, this.x, this.y, this.combine].map((choice) => choice.parentElement);
    host.replaceChildren(make("div", { className: "nbkit-tools" }, ...choices), this.picture);
  }

  indexes(wanted) {
    return this.columns.map((_, index) => index).filter((index) => wanted(this.columns[index][2]));
  }

  named(indexes) {
    return indexes.map((index) => [String(index), this.columns[index][0]]);
  }

  choice(label, options, onchange) {
    const select = make(
      "select",
      { onchange, attributes: { "aria-label": label } },
      ...options.map(([value, textContent]) => make("option", { value, textContent })),
    );
    make("label", { textContent: `${label} ` }).append(select);
    return select;
  }

  draw(rows) {
    this.rows = rows;
    const kind = this.kind.value;
    this.y.parentElement.hidden = !DRAWN[kind].y;
    this.combine.parentElement.hidden = !DRAWN[kind].combine;
    const [x, y] = [Number(this.x.value), Number(this.y.value)];
    const svg = shape("svg", { viewBox: `0 0 ${AREA.width} ${AREA.height}`, role: "img" });
    const told = this[kind](svg, x, y);
    if (told === null) {
      this.picture.replaceChildren(make("p", { textContent: this.missing(kind) }));
      return;
    }
    svg.setAttribute("aria-label", told);
    this.picture.replaceChildren(svg, make("small", { textContent: told }));
  }

  missing(kind) {
    const wants = kind === "bar" ? "a column of numbers for y" : "numbers or times for x, and numbers for y";
    return `Nothing to draw: a ${kind} wants ${kind === "histogram" ? "a column of numbers" : wants}.`;
  }

  name(index) {
    return this.columns[index]?.[0] ?? "";
  }

  /** The rows' values of a column as numbers: a time is its milliseconds. */
  number(row, index) {
    const [text, kind] = [row[index], this.columns[index]?.[2]];
    if (text === null || text === undefined || kind === "text") return NaN;
    return kind === "time" ? Date.parse(text.replace(" ", "T")) : Number(text);
  }

  points(x, y) {
    const points = this.rows.map((row) => [this.number(row, x), this.number(row, y)]);
    return points.filter((point) => point.every(Number.isFinite));
  }

  bar(svg, x, y) {
    const combine = this.combine.value;
    const value = (row) => (combine === "count" ? 1 : this.number(row, y));
    const pairs = this.rows.map((row) => [row[x] ?? "null", value(row)]);
    const all = bars(pairs.filter(([, number]) => Number.isFinite(number)), combine);
    if (!all.length) return null;
    const shown = all.slice(0, BARS);
    const up = this.axis(svg, spread(shown.map(([, number]) => number), 0));
    const width = (AREA.width - AREA.left - AREA.right) / shown.length;
    shown.forEach(([name, number], index) => {
      const left = AREA.left + index * width;
      this.box(svg, left + width * 0.1, width * 0.8, up(0), up(number), `${name}: ${number}`);
      const every = Math.ceil(shown.length / 12);
      if (index % every === 0) this.below(svg, left + width / 2, name);
    });
    const what = combine === "count" ? "rows" : `${combine} of ${this.name(y)}`;
    const part = all.length > BARS ? `, the first ${BARS} of ${all.length}` : "";
    return `${what} by ${this.name(x)}${part}`;
  }

  line(svg, x, y) {
    const points = this.points(x, y).sort((a, b) => a[0] - b[0]);
    if (!points.length) return null;
    const place = this.plane(svg, points, x);
    const path = points.map((point) => place(point).join(",")).join(" ");
    svg.append(shape("polyline", { points: path, class: "nbkit-line" }));
    return `${this.name(y)} by ${this.name(x)}, ${points.length.toLocaleString("en")} points`;
  }

  scatter(svg, x, y) {
    const points = this.points(x, y);
    if (!points.length) return null;
    const place = this.plane(svg, points, x);
    for (const point of points) {
      const [cx, cy] = place(point);
      svg.append(shape("circle", { cx, cy, r: 2.5, class: "nbkit-dot" }));
    }
    return `${this.name(y)} against ${this.name(x)}, ${points.length.toLocaleString("en")} points`;
  }

  histogram(svg, x) {
    const values = this.rows.map((row) => this.number(row, x)).filter(Number.isFinite);
    if (!values.length) return null;
    const found = bins(values);
    const up = this.axis(svg, spread(found.map(([, , count]) => count), 0));
    const range = /** @type {[number, number]} */ ([found[0][0], found.at(-1)[1]]);
    const across = scale(range, AREA.left, AREA.width - AREA.right);
    for (const [from, to, count] of found) {
      const text = `${this.written(from, x, range)} to ${this.written(to, x, range)}: ${count}`;
      this.box(svg, across(from), across(to) - across(from) - 1, up(0), up(count), text);
    }
    for (const tick of ticks(range[0], range[1])) this.below(svg, across(tick), this.written(tick, x, range));
    return `histogram of ${this.name(x)}, ${values.length.toLocaleString("en")} rows`;
  }

  /** Both axes of numbers; returns the place of a point. */
  plane(svg, points, x) {
    const up = this.axis(svg, spread(points.map((point) => point[1])));
    const range = spread(points.map((point) => point[0]));
    const across = scale(range, AREA.left + 6, AREA.width - AREA.right - 6);
    for (const tick of ticks(range[0], range[1])) this.below(svg, across(tick), this.written(tick, x, range));
    return ([a, b]) => [across(a).toFixed(1), up(b).toFixed(1)];
  }

  axis(svg, range) {
    const up = scale(range, AREA.height - AREA.bottom, AREA.top);
    for (const tick of ticks(range[0], range[1])) {
      const y = up(tick);
      const [x1, x2] = [AREA.left, AREA.width - AREA.right];
      svg.append(shape("line", { x1, x2, y1: y, y2: y, class: "nbkit-tick" }));
      const place = { x: AREA.left - 6, y: y + 4, "text-anchor": "end" };
      svg.append(shape("text", place, SHORT.format(tick)));
    }
    return up;
  }

  below(svg, x, text) {
    const y = AREA.height - AREA.bottom + 14;
    const transform = `rotate(-30 ${x} ${y})`;
    const short = text.length > 14 ? `${text.slice(0, 13)}…` : text;
    svg.append(shape("text", { x, y, transform, "text-anchor": "end" }, short));
  }

  box(svg, x, width, from, to, text) {
    const [y, height] = [Math.min(from, to), Math.abs(from - to)];
    const box = shape("rect", { x, y, width: Math.max(width, 0.5), height, class: "nbkit-bar" });
    box.append(shape("title", {}, text));
    svg.append(box);
  }

  written(value, index, [low, high]) {
    if (this.columns[index][2] !== "time") return SHORT.format(value);
    const text = new Date(value).toISOString();
    return high - low > 4 * 86_400_000 ? text.slice(0, 10) : text.slice(5, 16).replace("T", " ");
  }
}
