import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// One configuration for three uses: the page of the real window, the same page on the fake host in a browser (`--mode fake`), tests.
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  clearScreen: false,
  resolve: {
    alias: { $lib: here("./src/lib"), $components: here("./src/components") },
    // Without this the tests would get Svelte's server build, which cannot mount a component.
    ...(mode === "test" ? { conditions: ["browser"] } : {}),
  },
  server: { port: 1420, strictPort: true, host: "127.0.0.1" },
  build: {
    target: "safari15",
    outDir: "dist",
    emptyOutDir: true,
    sourcemap: false,
    // The page is read from the disk of the machine: a preload helper would only add bytes.
    modulePreload: { polyfill: false },
    // Each file is a question to the program, so all that the first view needs comes in one.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: "first", test: /svelte\/src|@tauri-apps|src\/(lib|components|views\/home|App)/ }],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    // On a busy machine axe takes seconds for a view.
    testTimeout: 30_000,
  },
}));
