// What files share without importing it: those of nbkit/toolkit/front are put one after another
// into one module (nbkit/toolkit/live.py), and JupyterLab gives its extensions their modules.
declare function make(tag: string, properties?: object, ...children: (Node | string)[]): any;
declare const __webpack_share_scopes__: any;
interface Window {
  _JUPYTERLAB: any;
  [name: symbol]: any;
}
