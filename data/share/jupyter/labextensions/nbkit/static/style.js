// How nbkit's parts of JupyterLab look: in JupyterLab's own colours, light and dark.

const STYLE = `
.nbkit-side { display: flex; flex-direction: column; background: var(--jp-layout-color1); color: var(--jp-ui-font-color0); font-size: var(--jp-ui-font-size1); min-width: 240px; }
.nbkit-side h2 { font-size: var(--jp-ui-font-size2); margin: 10px 12px 4px; }
.nbkit-side h3 { font-size: var(--jp-ui-font-size1); font-weight: 600; margin: 12px 0 4px; }
.nbkit-said { margin: 0 12px; white-space: pre-wrap; overflow-wrap: anywhere; } .nbkit-said:empty { display: none; }
.nbkit-list { flex: 1; overflow: auto; padding: 0 12px 12px; }
.nbkit-list:focus-visible, .nbkit-page:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: -2px; }
.nbkit-list ul { list-style: none; margin: 0; padding: 0; }
.nbkit-list li { padding: 8px 0; border-top: 1px solid var(--jp-border-color2); }
.nbkit-list p { margin: 2px 0; overflow-wrap: anywhere; }
.nbkit-soft { color: var(--jp-ui-font-color1); }
.nbkit-name { font: inherit; font-weight: 600; text-align: left; padding: 0; border: 0; background: none; color: var(--jp-content-link-color, var(--jp-brand-color0)); cursor: pointer; overflow-wrap: anywhere; }
.nbkit-name:hover { text-decoration: underline; }
.nbkit-acts { display: flex; flex-wrap: wrap; gap: 4px; margin-top: 4px; }
.nbkit-acts button.jp-mod-styled { height: 24px; line-height: 22px; padding: 0 8px; margin: 0; font-size: var(--jp-ui-font-size1); }
.nbkit-name:focus-visible, .nbkit-acts button:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: 1px; }
.nbkit-list progress { width: 100%; height: 8px; accent-color: var(--jp-brand-color1); }
.nbkit-spark { display: flex; align-items: center; gap: 8px; padding: 2px 0 2px calc(var(--jp-cell-prompt-width) + 8px); font-size: var(--jp-ui-font-size1); color: var(--jp-ui-font-color1); }
.nbkit-spark progress { width: 160px; height: 8px; accent-color: var(--jp-brand-color1); }
.nbkit-good, .nbkit-bad, .nbkit-warn, .nbkit-active { font-weight: 600; }
.nbkit-good { color: light-dark(#1a7f37, #4cc764); } .nbkit-bad { color: light-dark(#c21c28, #ff7b72); }
.nbkit-warn { color: light-dark(#8a5a00, #e0ac3c); } .nbkit-active { color: light-dark(#0860c4, #6cb1ff); }
.nbkit-side, .nbkit-form { color-scheme: light; }
body[data-jp-theme-light="false"] .nbkit-side, body[data-jp-theme-light="false"] .nbkit-form { color-scheme: dark; }
.nbkit-top { margin: 0 12px 6px; flex-wrap: nowrap; } .nbkit-filter { flex: 1; min-width: 0; font: inherit; color: var(--jp-ui-font-color0); background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color0); padding: 2px 6px; }
.nbkit-list table { border-collapse: collapse; margin: 4px 0; width: 100%; } .nbkit-list th, .nbkit-list td { text-align: left; padding: 1px 8px 1px 0; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; } .nbkit-list td { color: var(--jp-ui-font-color1); font-family: var(--jp-code-font-family); }
.nbkit-list details li { padding: 2px 0; }
.nbkit-page { box-sizing: border-box; height: 100%; overflow: auto; padding: 12px; }
.nbkit-form { display: flex; flex-direction: column; gap: 10px; min-width: 420px; }
.nbkit-form label > span { display: block; margin-bottom: 2px; }
.nbkit-form input, .nbkit-form select { width: 100%; box-sizing: border-box; font: inherit; padding: 4px 6px; color: var(--jp-ui-font-color0); background: var(--jp-layout-color1); border: 1px solid var(--jp-border-color0); }
.nbkit-form ol, .nbkit-form p { margin: 0; } .nbkit-form ol { padding-left: 1.4em; }
`;

/** Put the style on the page. */
export function addStyle() {
  const style = document.createElement("style");
  style.textContent = STYLE;
  document.head.append(style);
}
