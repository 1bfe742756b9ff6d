// Starts the console: chooses the way to the desk and draws it.
import "./app.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { MeterBridge } from "./meter/bridge.svelte";
import type { DeskMeters } from "./meter/frame";
import { choosePlatform } from "./platform";

declare global {
  interface Window {
    /** For diagnosis only: the newest meter frame, as numbers. Nothing can be changed through it. */
    __airdesk?: { readonly meters: () => DeskMeters | null };
  }
}

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no element with the id app");

const meters = new MeterBridge();
window.__airdesk = Object.freeze({ meters: () => meters.latest() });
mount(App, { target, props: { platform: await choosePlatform(), meters } });
