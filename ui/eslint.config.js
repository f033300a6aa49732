import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import typescript from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

// The layering: views use state, state uses the host, the host uses ipc, and Tauri is named by the host alone.
const tauri = {
    group: ["@tauri-apps/*"],
    message: "Only src/lib/host/tauri.ts talks to Tauri. Use the Host interface.",
};
const bindings = {
    regex: "ipc/bindings(\\.ts)?$",
    allowTypeImports: true,
    message: "Only src/lib/host/tauri.ts calls the generated commands. Import types with `import type`.",
};
const host = {
    regex: "(^|/)host(/|$)",
    allowTypeImports: true,
    message: "Views and components use state; only state uses the host.",
};
const views = { regex: "(^|/)views/", message: "What is below a view does not know the views." };
const state = {
    regex: "(^|/)state(/|$)",
    allowTypeImports: true,
    message: "The host and the table of words do not know the state.",
};

const restrict = (...patterns) => ({
    "no-restricted-imports": "off",
    "@typescript-eslint/no-restricted-imports": ["error", { patterns }],
});

export default typescript.config(
    { ignores: ["dist", "node_modules", "src/lib/ipc/bindings.ts"] },
    js.configs.recommended,
    ...typescript.configs.strict,
    ...svelte.configs.recommended,
    {
        files: ["**/*.svelte", "**/*.svelte.ts", "**/*.svelte.js"],
        languageOptions: {
            parserOptions: { parser: typescript.parser, extraFileExtensions: [".svelte"], svelteConfig },
        },
    },
    {
        rules: {
            // TypeScript checks names and knows the browser's; this rule does not.
            "no-undef": "off",
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            "@typescript-eslint/no-invalid-void-type": "off",
            // What is not shown does not have to react: stores keep plain maps for their own bookkeeping.
            "svelte/prefer-svelte-reactivity": "off",
            eqeqeq: "error",
            "no-console": "error",
        },
    },
    { files: ["src/**"], rules: restrict(tauri, bindings) },
    { files: ["src/lib/host/**"], rules: restrict(tauri, bindings, state, views) },
    { files: ["src/lib/errors/**"], rules: restrict(tauri, bindings, host, state, views) },
    { files: ["src/lib/state/**"], rules: restrict(tauri, bindings, views) },
    { files: ["src/components/**"], rules: restrict(tauri, bindings, host, views) },
    { files: ["src/views/**"], rules: restrict(tauri, bindings, host) },
    { files: ["src/lib/host/tauri.ts", "src/lib/ipc/**"], rules: restrict(state, views) },
    // Tests and the entry point put the parts together, so they may name all of them but Tauri.
    { files: ["src/main.ts", "src/**/*.test.ts", "src/testing/**"], rules: restrict(tauri) },
);
