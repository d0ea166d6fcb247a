const js = require("@eslint/js");
const globals = require("globals");

const parts = ["**/toolkit/front/*.js"]; // put one after another into one module

module.exports = [
  { ...js.configs.recommended, files: ["**/*.js"] },
  {
    files: ["**/*.js"],
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: "module",
      globals: globals.browser,
    },
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" },
  },
  {
    files: parts,
    languageOptions: { globals: { make: "off", live: "readonly", Chart: "readonly" } },
    rules: { "no-unused-vars": ["error", { vars: "local", varsIgnorePattern: "^(Chart|live)$" }], "no-redeclare": "off" },
  },
  {
    files: ["**/front/chart.js"],
    languageOptions: { globals: { make: "readonly" } },
  },
];
