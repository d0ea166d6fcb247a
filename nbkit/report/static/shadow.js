// A page of nbkit inside another one: neither style reaches the other, light and dark are shared.

import { element } from "./elements.js";

/**
 * Make a page inside an element.
 *
 * @param {HTMLElement} el
 * @param {string} style of the page
 * @returns {{page: HTMLElement, stop: () => void}}
 */
export function shadowPage(el, style) {
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // typing is not for JupyterLab
  for (const kind of ["keydown", "keypress", "contextmenu"])
    el.addEventListener(kind, (event) => event.stopPropagation());
  const host = element("div", { class: "nbkit-host" });
  el.append(host);
  const theme = () => {
    const light = document.body.dataset.jpThemeLight;
    host.style.colorScheme = light === "false" ? "dark" : light === "true" ? "light" : "light dark";
  };
  theme();
  const themes = new MutationObserver(theme);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const page = element("div", { class: "dashboard" });
  host.attachShadow({ mode: "open" }).append(element("style", {}, style), page);
  return { page, stop: () => themes.disconnect() };
}
