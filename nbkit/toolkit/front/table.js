// A table of text to page through, filter, sort and draw. Everything goes into the page as text.
const SIZES = [10, 25, 50, 100];
const CLIP = 120;

function make(tag, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Order of two texts of a column: numbers by size, others by text, null last either way. */
function order(kind, down) {
  const sign = down ? -1 : 1;
  return (a, b) => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (kind !== "number") return sign * (a < b ? -1 : a > b ? 1 : 0);
    const [x, y] = [Number(a), Number(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y);
  };
}

class TableView {
  constructor(host, { columns, rows, caption }) {
    this.columns = columns;
    this.rows = rows;
    this.caption = caption;
    /** @type {Chart | undefined} */
    this.chart = undefined;
    this.state = { page: 0, size: SIZES[0], by: null, down: false, words: "" };
    this.shown = rows;
    this.body = make("tbody");
    this.where = make("span", { attributes: { role: "status", "aria-live": "polite" } });
    this.grid = make("div", { className: "nbkit-grid" }, this.table());
    this.charts = make("div", { className: "nbkit-charts", hidden: true });
    host.replaceChildren(
      make(
        "div",
        { className: "nbkit-view tex2jax_ignore mathjax_ignore" },
        this.tools(),
        this.grid,
        this.pager(),
        this.charts,
        make("small", { textContent: caption }),
      ),
    );
    this.update();
  }

  tools() {
    const filter = make("input", {
      type: "search",
      placeholder: "filter these rows",
      attributes: { "aria-label": "filter the shown rows" },
      oninput: () => this.change({ words: filter.value.trim().toLowerCase(), page: 0 }),
    });
    const chart = make("button", {
      type: "button",
      textContent: "Chart",
      attributes: { "aria-pressed": "false" },
      onclick: () => {
        this.charts.hidden = !this.charts.hidden;
        chart.setAttribute("aria-pressed", String(!this.charts.hidden));
        if (!this.charts.hidden) this.chart ??= new Chart(this.charts, this.columns);
        this.chart?.draw(this.shown);
      },
    });
    return make("div", { className: "nbkit-tools" }, filter, chart);
  }

  table() {
    this.heads = this.columns.map(([name, type, kind], index) => {
      const button = make(
        "button",
        { type: "button", title: `sort by ${name}`, onclick: () => this.sortBy(index) },
        make("span", { textContent: name }),
        make("small", { textContent: type }),
      );
      const sides = { scope: "col", "aria-sort": "none", class: `nbkit-${kind}` };
      return make("th", { attributes: sides }, button);
    });
    return make(
      "table",
      { attributes: { "aria-label": this.caption } },
      make("thead", {}, make("tr", {}, ...this.heads)),
      this.body,
    );
  }

  pager() {
    const button = (text, label, page) =>
      make("button", {
        type: "button",
        textContent: text,
        attributes: { "aria-label": label },
        onclick: () => this.change({ page: page() }),
      });
    this.first = button("«", "first page", () => 0);
    this.previous = button("‹", "previous page", () => this.state.page - 1);
    this.next = button("›", "next page", () => this.state.page + 1);
    this.last = button("»", "last page", () => this.pages() - 1);
    const size = make(
      "select",
      {
        attributes: { "aria-label": "rows per page" },
        onchange: () => this.change({ size: Number(size.value), page: 0 }),
      },
      ...SIZES.map((count) => make("option", { value: String(count), textContent: `${count} rows` })),
    );
    const buttons = [this.first, this.previous, this.next, this.last];
    return make("div", { className: "nbkit-pager" }, ...buttons, size, this.where);
  }

  sortBy(index) {
    const { by, down } = this.state;
    const again = by === index;
    this.change({ by: again && down ? null : index, down: again && !down, page: 0 });
  }

  change(changes) {
    Object.assign(this.state, changes);
    this.update();
  }

  pages() {
    return Math.max(1, Math.ceil(this.shown.length / this.state.size));
  }

  update() {
    const { by, down, words, size } = this.state;
    const kept = words
      ? this.rows.filter((row) => row.some((text) => text?.toLowerCase().includes(words)))
      : this.rows;
    if (by === null) this.shown = kept;
    else {
      const compare = order(this.columns[by][2], down);
      this.shown = [...kept].sort((a, b) => compare(a[by], b[by]));
    }
    const page = (this.state.page = Math.min(Math.max(0, this.state.page), this.pages() - 1));
    const start = page * size;
    const rows = this.shown.slice(start, start + size);
    this.body.replaceChildren(...rows.map((row) => this.row(row)));
    this.heads.forEach((head, index) => {
      const way = index !== by ? "none" : down ? "descending" : "ascending";
      head.setAttribute("aria-sort", way);
    });
    this.first.disabled = this.previous.disabled = page === 0;
    this.next.disabled = this.last.disabled = page === this.pages() - 1;
    const count = (number) => number.toLocaleString("en");
    const total = count(this.shown.length);
    this.where.textContent = rows.length
      ? `rows ${count(start + 1)} to ${count(start + rows.length)} of ${total}`
      : "no rows";
    if (!this.charts.hidden) this.chart?.draw(this.shown);
  }

  row(values) {
    const cells = values.map((text, index) => this.cell(text, this.columns[index][2]));
    return make("tr", {}, ...cells);
  }

  cell(text, kind) {
    const cell = make("td", { className: `nbkit-${kind}` });
    if (text === null) cell.append(make("i", { textContent: "null" }));
    else if (text.length <= CLIP) cell.textContent = text;
    else cell.append(this.long(text));
    return cell;
  }

  long(text) {
    const button = make("button", {
      type: "button",
      className: "nbkit-long",
      textContent: `${text.slice(0, CLIP)}…`,
      title: "show all of it",
      attributes: { "aria-expanded": "false" },
      onclick: () => {
        const open = button.getAttribute("aria-expanded") !== "true";
        button.setAttribute("aria-expanded", String(open));
        button.textContent = open ? text : `${text.slice(0, CLIP)}…`;
      },
    });
    return button;
  }
}

export default {
  initialize: ({ model }) =>
    live(model, (host) => new TableView(host, JSON.parse(model.get("data")))),
};
