// The frame of a side bar: a heading, what is said of it, and a list that keys can scroll.

import { element } from "./elements.js";

/**
 * Return a side bar that is not in its place yet, with the places for what it says and lists.
 *
 * @param {any} lab
 * @param {{id: string, caption: string, icon: any}} shown
 * @param {Node[]} top what stands above the list
 */
export function sideFrame(lab, { id, caption, icon }, ...top) {
  const bar = new lab.Widget();
  bar.id = id;
  bar.title.icon = icon;
  bar.title.caption = caption;
  bar.addClass("nbkit-side");
  const said = element("p", { role: "status", class: "nbkit-said" });
  const list = element("div", { role: "region", "aria-label": caption, tabindex: "0", class: "nbkit-list" });
  bar.node.append(element("h2", {}, caption), ...top, said, list);
  return { bar, said, list };
}
