// The console in a browser: one WebSocket to the desk that served the page. Text is JSON in both
// directions, binary is meter frames.
import type { AudioCommand, ClientMessage, CommandError, Reply, ServerMessage } from "../bindings";
import { type DeskListener, type Platform, unreachable } from "./platform";
import { ReconnectingSocket } from "./reconnectingSocket";

/** The desk reports its engine every second: a line silent for longer than this is dead, ms. */
const SILENCE_LIMIT_MS = 6000;

interface Pending {
  resolve(reply: Reply): void;
  reject(error: CommandError): void;
}

export class WebSocketPlatform implements Platform {
  readonly timelineTable = "/timeline.csv";
  readonly listenPage = "/listen";
  readonly saveTimeline = null;
  #url: string;
  #socket: ReconnectingSocket | null = null;
  #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(url = controlUrl(window.location)) {
    this.#url = url;
  }

  served(path: string): string {
    return path;
  }

  connect(listener: DeskListener): () => void {
    listener.connection({ state: "connecting" });
    this.#socket = new ReconnectingSocket(
      this.#url,
      {
        text: (text) => this.#receive(text, listener),
        binary: (bytes) => listener.meters(bytes),
        lost: (attempt) => {
          listener.connection({ state: "lost", attempt });
          this.#rejectPending();
        },
      },
      SILENCE_LIMIT_MS,
    );
    return () => {
      this.#socket?.close();
      this.#socket = null;
      this.#rejectPending();
    };
  }

  send(command: AudioCommand): Promise<Reply> {
    const message: ClientMessage = { id: this.#nextId(), command };
    return new Promise((resolve, reject) => {
      if (this.#socket?.send(JSON.stringify(message))) this.#pending.set(message.id, { resolve, reject });
      else reject(unreachable());
    });
  }

  #receive(text: string, listener: DeskListener): void {
    const message = JSON.parse(text) as ServerMessage;
    switch (message.type) {
      case "snapshot":
        listener.message(message);
        // Only now: an open line without a snapshot is not yet a desk.
        return listener.connection({ state: "connected" });
      case "event":
        return listener.message(message);
      case "reply":
        return this.#take(message.id)?.resolve(message.reply);
      case "error":
        return this.#take(message.id)?.reject(message.error);
    }
  }

  #take(id: number | null): Pending | undefined {
    if (id === null) return undefined;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #rejectPending(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(unreachable());
  }

  /** Ids are `u32` on the wire. */
  #nextId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0;
    return this.#lastId;
  }
}

/** `/control` on the page's own host. */
export function controlUrl(page: Pick<Location, "protocol" | "host">): string {
  return `${page.protocol === "https:" ? "wss:" : "ws:"}//${page.host}/control`;
}
