// What the linter holds the console to, beside the compiler's strict mode.
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist/", "src/bindings.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...svelte.configs.recommended,
  ...svelte.configs.prettier,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    rules: {
      // Types may be unions of string literals; both forms read well.
      "@typescript-eslint/consistent-type-definitions": "off",
      // The window's bindings are the one folder that may name Tauri.
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*"], message: "only platform/tauri.ts knows the desktop host" }] },
      ],
      eqeqeq: "error",
    },
  },
  { files: ["src/platform/tauri.ts", "src/platform/tauri.test.ts"], rules: { "no-restricted-imports": "off" } },
);
