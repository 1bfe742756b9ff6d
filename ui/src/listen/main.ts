// Starts the page that plays tracks and buses.
import "../app.css";

import { mount } from "svelte";

import { Listener } from "./listener.svelte";
import ListenPage from "./ListenPage.svelte";

declare global {
  interface Window {
    /** For diagnosis only: what is played. */
    __airdeskListen?: Listener;
  }
}

const target = document.getElementById("app");
if (!target) throw new Error("listen.html has no element with the id app");
const { protocol, host } = window.location;
const listener = new Listener(`${protocol === "https:" ? "wss" : "ws"}://${host}`);
window.__airdeskListen = listener;
mount(ListenPage, { target, props: { listener } });
