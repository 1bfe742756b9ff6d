// Drives a desk: what the console can do, by the same messages.
import { Connection } from "./connection.js";

/** A command that the desk has refused, or that was under way when the desk was lost. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.name = "Refused";
    this.code = code;
  }
}

export class Desk extends EventTarget {
  #connection;
  #waiting = new Map();
  #lastId = 0;
  #snapshot = null;

  constructor({ url = "ws://127.0.0.1:8765/control", ...options } = {}) {
    super();
    this.#connection = new Connection(url, options, {
      open: () => this.dispatchEvent(new Event("open")),
      message: (data) => this.#hear(data),
      lost: () => this.#lost(),
    });
  }

  /** The desk as it was when it was last told whole; changes come as events. `null` before that. */
  get snapshot() {
    return this.#snapshot;
  }

  /** Gives a command. Resolves to the desk's reply; rejects with {@link Refused}. */
  send(command) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (!this.#connection.send(JSON.stringify({ id, command }))) {
        reject(new Refused("notConnected", "the desk is not connected; wait for the event open"));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Resolves when the desk has told what it is. */
  ready() {
    if (this.#snapshot && this.#connection.isOpen) return Promise.resolve(this.#snapshot);
    return new Promise((resolve) => {
      this.addEventListener("snapshot", () => resolve(this.#snapshot), { once: true });
    });
  }

  close() {
    this.#connection.close();
  }

  #hear(data) {
    if (typeof data !== "string") return; // levels
    const message = JSON.parse(data);
    const waiting = this.#waiting.get(message.id);
    switch (message.type) {
      case "snapshot":
        this.#snapshot = message.snapshot;
        this.dispatchEvent(new Event("snapshot"));
        return;
      case "event":
        this.dispatchEvent(new CustomEvent("change", { detail: message.event }));
        return;
      case "reply":
        waiting?.resolve(message.reply);
        break;
      case "error":
        waiting?.reject(new Refused(message.error.code, message.error.message));
        break;
    }
    this.#waiting.delete(message.id);
  }

  #lost() {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#snapshot = null;
    for (const { reject } of waiting) {
      reject(new Refused("lost", "the desk was lost before it answered; whether it obeyed is not known"));
    }
    this.dispatchEvent(new Event("lost"));
  }
}
