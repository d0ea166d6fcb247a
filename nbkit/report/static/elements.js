// Elements of HTML and SVG; text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element; a function as attribute is a listener, false and null leave it out. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A state as glyph and word; the colour only repeats them. */
export function badge(look) {
  return element(
    "span",
    { class: `badge ${look.tone}` },
    element("span", { "aria-hidden": "true" }, look.glyph),
    ` ${look.word}`,
  );
}

/** Call `draw` once in the next frame, however often it is asked for until then. */
export function perFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}
