// A WebSocket that comes back: it is opened again when it breaks, or when the desk is not heard any more.

const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * How long to wait before the `attempt`-th try, counted from 0: twice as long each time, half a minute at most, and never all
 * clients at once.
 */
export function backOff(attempt, random = Math.random()) {
  const whole = Math.min(FIRST_MS * 2 ** Math.min(attempt, 16), MOST_MS);
  return whole * (0.5 + random / 2);
}

/** @typedef {{ open(): void, message(data: unknown): void, lost(): void }} Ears */

export class Connection {
  #url;
  #ears;
  #WebSocket;
  #deafMs;
  #socket = null;
  #attempt = 0;
  #again = null;
  #deaf = null;
  #closed = false;

  /**
   * @param {string} url
   * @param {{ WebSocket?: typeof WebSocket, deafMs?: number }} options `deafMs`: the desk says something at least so often
   * @param {Ears} ears
   */
  constructor(url, options, ears) {
    this.#url = url;
    this.#ears = ears;
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!this.#WebSocket) {
      throw new Error("there is no WebSocket here; use a browser, Node 22 or later, or node --experimental-websocket");
    }
    this.#deafMs = options.deafMs ?? 0;
    this.#open();
  }

  get isOpen() {
    return this.#socket?.readyState === 1;
  }

  /** Bytes that wait to be sent. */
  get waiting() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** True: it was handed to the system, which may still lose it. */
  send(text) {
    if (!this.isOpen) return false;
    this.#socket.send(text);
    return true;
  }

  /** Ends it; it does not come back. */
  close() {
    this.#closed = true;
    clearTimeout(this.#again);
    clearTimeout(this.#deaf);
    this.#socket?.close();
  }

  #open() {
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    // A connection that is never made is given up, too.
    this.#listen();
    socket.onopen = () => {
      this.#attempt = 0;
      this.#listen();
      this.#ears.open();
    };
    socket.onmessage = ({ data }) => {
      this.#listen();
      this.#ears.message(data);
    };
    socket.onclose = () => this.#lose(socket);
    // What went wrong is not told to pages; that it did is told by the close behind it.
    socket.onerror = () => {};
  }

  #listen() {
    clearTimeout(this.#deaf);
    if (this.#deafMs > 0) this.#deaf = setTimeout(() => this.#lose(this.#socket), this.#deafMs);
  }

  #lose(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#deaf);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#ears.lost();
    if (this.#closed) return;
    this.#again = setTimeout(() => this.#open(), backOff(this.#attempt));
    this.#attempt += 1;
  }
}
