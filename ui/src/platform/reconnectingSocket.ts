// A WebSocket that comes back by itself: after a loss it tries again at growing intervals with some
// jitter, at once when the network returns, and it takes a line that has gone silent for lost.

/** The pause before the first new attempt, ms; each later one is twice as long. */
const FIRST_PAUSE_MS = 250;
/** The longest pause, ms: a desk that comes back is seen within this. */
const LONGEST_PAUSE_MS = 5000;

export interface SocketListener {
  /** The line is open; nothing has been received yet. */
  opened?(): void;
  text?(text: string): void;
  binary?(bytes: ArrayBuffer): void;
  /** The line is lost; `attempt` counts from 1 since it last worked. */
  lost?(attempt: number): void;
}

/** How soon a line is tried again, ms: each pause is twice the one before. After so many attempts it is given up. */
export interface Pauses {
  first: number;
  longest: number;
  attempts: number;
}

export class ReconnectingSocket {
  #url: string;
  #listener: SocketListener;
  #silenceLimit: number;
  #pauses: Pauses;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #online = (): void => this.#retryNow();

  /** `silenceLimit`: after so many ms without a message the line is given up; Infinity for never. */
  constructor(
    url: string,
    listener: SocketListener,
    silenceLimit = Infinity,
    pauses: Pauses = { first: FIRST_PAUSE_MS, longest: LONGEST_PAUSE_MS, attempts: Infinity },
  ) {
    this.#pauses = pauses;
    this.#url = url;
    this.#listener = listener;
    this.#silenceLimit = silenceLimit;
    window.addEventListener("online", this.#online);
    this.#open();
  }

  /** Sends `text`; false when there is no line to send it on. */
  send(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  /** Ends it for good. */
  close(): void {
    window.removeEventListener("online", this.#online);
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    // Listeners of a socket that was given up must not speak for the one that replaced it.
    const current = (): boolean => this.#socket === socket;
    socket.onopen = () => {
      if (!current()) return;
      this.#heard();
      this.#listener.opened?.();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!current()) return;
      this.#heard();
      this.#attempt = 0;
      if (typeof data === "string") this.#listener.text?.(data);
      else if (data instanceof ArrayBuffer) this.#listener.binary?.(data);
    };
    socket.onclose = () => {
      if (current()) this.#lose();
    };
    this.#heard();
  }

  #heard(): void {
    if (this.#silenceLimit === Infinity) return;
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose(), this.#silenceLimit);
  }

  #lose(): void {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#attempt += 1;
    const { first, longest, attempts } = this.#pauses;
    const pause = Math.min(longest, first * 2 ** (this.#attempt - 1));
    // Jitter: many consoles that lost one desk do not all come back in the same moment.
    if (this.#attempt <= attempts) this.#retry = setTimeout(() => this.#open(), pause * (0.75 + Math.random() / 4));
    else window.removeEventListener("online", this.#online);
    this.#listener.lost?.(this.#attempt);
  }

  #retryNow(): void {
    if (this.#retry !== undefined) this.#open();
  }
}
