// Elements of JupyterLab's own look; text is only ever set as text.

/** Make an element; a function as attribute is a listener, false and null leave it out. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make a button. */
export function button(text, pressed, attributes = {}) {
  return element("button", { type: "button", class: "jp-mod-styled jp-mod-reject", click: pressed, ...attributes }, text);
}

/** A point in time, in this machine's zone, or in another one. */
export function moment(milliseconds, timeZone = undefined) {
  /** @type {Intl.DateTimeFormatOptions} */
  const shown = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return new Intl.DateTimeFormat("sv-SE", { ...shown, timeZone }).format(new Date(milliseconds));
}
