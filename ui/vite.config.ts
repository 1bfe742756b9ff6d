// How the console is served while it is worked on, built and tested.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  clearScreen: false,
  server: {
    // `tauri.conf.json` names this port in `build.devUrl`.
    port: 1420,
    strictPort: true,
    host: "127.0.0.1",
    // A console served from here controls a desk that was started with `airdesk run`, which accepts
    // only its own origin.
    proxy: {
      "^/(ws|monitor|api)": {
        target: "http://127.0.0.1:8765",
        ws: true,
        changeOrigin: true,
        rewriteWsOrigin: true,
      },
      "/control": { target: "http://127.0.0.1:8765", ws: true, changeOrigin: true, rewriteWsOrigin: true },
    },
  },
  build: {
    target: "es2022",
    sourcemap: false,
    modulePreload: { polyfill: false },
    // The console, and the page that plays tracks and buses.
    rolldownOptions: { input: ["index.html", "listen.html"] },
  },
  // No test measures speed: on a busy machine the slowest takes its time.
  test: {
    testTimeout: 60_000,
    environment: "happy-dom",
    setupFiles: ["./src/test-setup.ts"],
    restoreMocks: true,
    // By itself it leaves one processor to others, who have no use for it.
    maxWorkers: "100%",
  },
});
