// The console in the desktop window. Commands and events go over Tauri's bridge; meters come from a
// WebSocket on the loopback, which costs half as much at the display's rate and keeps memory flat.
// The only file that imports @tauri-apps.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";

import type { AudioCommand, Reply, Snapshot } from "../bindings";
import { asCommandError, type DeskListener, type DeskMessage, type Platform } from "./platform";
import { ReconnectingSocket } from "./reconnectingSocket";

/** The station reports its engine every second: silent for longer than this it hangs, ms. */
const SILENCE_LIMIT_MS = 6000;
/** Meter frames come at the display's rate. */
const METER_SILENCE_LIMIT_MS = 3000;
/** The pause before asking the host again when it did not answer, ms. */
const RETRY_MS = 500;

export class TauriPlatform implements Platform {
  /** A web view in a window saves nothing by itself. */
  readonly timelineTable = null;
  readonly listenPage = null;
  readonly saveTimeline = async (): Promise<string | null> => {
    try {
      return await invoke<string | null>("save_timeline");
    } catch (thrown) {
      throw asCommandError(thrown);
    }
  };

  /** The desk's face on the loopback, `http://127.0.0.1:8765`, once it is known. */
  #face: string | null = null;

  served(path: string): string | null {
    return this.#face === null ? null : this.#face + path;
  }

  connect(listener: DeskListener): () => void {
    const ends: (() => void)[] = [];
    let ended = false;
    const endWith = (end: () => void): void => {
      if (ended) end();
      else ends.push(end);
    };
    listener.connection({ state: "connecting" });
    void followDesk(listener, endWith, () => ended);
    void followMeters(
      listener,
      endWith,
      () => ended,
      (url) => (this.#face = url.replace(/^ws/, "http").replace(/\/meters$/, "")),
    );
    return () => {
      ended = true;
      for (const end of ends) end();
    };
  }

  async send(command: AudioCommand): Promise<Reply> {
    try {
      return await invoke<Reply>("dispatch", { command });
    } catch (thrown) {
      throw asCommandError(thrown);
    }
  }
}

/** Events first, then the snapshot: what changed between the two is applied on top of it. */
async function followDesk(
  listener: DeskListener,
  endWith: (end: () => void) => void,
  ended: () => boolean,
): Promise<void> {
  let early: DeskMessage[] | null = [];
  let silent: ReturnType<typeof setTimeout> | undefined;
  const heard = (): void => {
    clearTimeout(silent);
    silent = setTimeout(() => listener.connection({ state: "lost", attempt: 1 }), SILENCE_LIMIT_MS);
    listener.connection({ state: "connected" });
  };
  endWith(() => clearTimeout(silent));
  endWith(
    await listen<DeskMessage>("desk", ({ payload }) => {
      if (early) return void early.push(payload);
      listener.message(payload);
      heard();
    }),
  );
  endWith(await listen("closing", () => listener.closing((stop) => void invoke("answer_closing", { stop }))));
  const snapshot = await untilAnswered<Snapshot>("snapshot", ended, (attempt) =>
    listener.connection({ state: "lost", attempt }),
  );
  if (!snapshot) return;
  listener.message({ type: "snapshot", snapshot });
  for (const message of early) listener.message(message);
  early = null;
  heard();
}

async function followMeters(
  listener: DeskListener,
  endWith: (end: () => void) => void,
  ended: () => boolean,
  known: (url: string) => void,
): Promise<void> {
  const url = await untilAnswered<string>("meters_url", ended);
  if (!url) return;
  known(url);
  const socket = new ReconnectingSocket(url, { binary: (bytes) => listener.meters(bytes) }, METER_SILENCE_LIMIT_MS);
  endWith(() => socket.close());
}

/** The station may still be starting when the window is drawn. */
async function untilAnswered<T>(
  command: string,
  ended: () => boolean,
  failed?: (attempt: number) => void,
): Promise<T | null> {
  for (let attempt = 1; !ended(); attempt++) {
    try {
      return await invoke<T>(command);
    } catch {
      failed?.(attempt);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return null;
}
