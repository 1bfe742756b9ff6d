// The way to a bus that is heard live: its blocks in, and what time it is at the desk.
import { ReconnectingSocket } from "../platform/reconnectingSocket";

const ASK_MS = 500;
/** Some blocks come every 10 ms: a line that is silent for so long is dead. */
const SILENCE_LIMIT_MS = 3000;
/** Answers that are compared: the fastest is the most exact. */
const COMPARED = 12;
const HEAD_BYTES = 32;

export interface BusBlock {
  /** The desk's number of its first frame. */
  frame: number;
  /** When that was due, ms of this page's clock; `null` while that is not known. */
  due: number | null;
  /** Frames that the desk has lost of this monitor so far. */
  lost: number;
  samples: ArrayBuffer;
  /** Where in them the frames begin, bytes. */
  offset: number;
}

/** What time the desk has when it is so late here: the answer that was fastest is believed (D. L. Mills, RFC 5905). */
export class DeskClock {
  #answers: { trip: number; ahead: number }[] = [];

  /** `sent` and `received` in ms here, `now` in ms there. */
  hear(sent: number, now: number, received: number): void {
    this.#answers.push({ trip: received - sent, ahead: now - (sent + received) / 2 });
    if (this.#answers.length > COMPARED) this.#answers.shift();
  }

  /** A time there in ms here. */
  here(there: number): number | null {
    const [first, ...rest] = this.#answers;
    if (!first) return null;
    return there - rest.reduce((best, answer) => (answer.trip < best.trip ? answer : best), first).ahead;
  }
}

export interface BusListener {
  connected(on: boolean): void;
  rate(rate: number): void;
  block(block: BusBlock): void;
}

export class BusLine {
  #socket: ReconnectingSocket;
  #clock = new DeskClock();
  #ask: ReturnType<typeof setInterval>;

  constructor(url: string, listener: BusListener) {
    const ask = (): boolean => this.#socket.send(JSON.stringify({ type: "clock", sent: performance.now() }));
    this.#socket = new ReconnectingSocket(
      url,
      {
        opened: () => {
          listener.connected(true);
          ask();
        },
        text: (text) => {
          const message = JSON.parse(text) as { type: string; rate: number; sent: number; now: number };
          if (message.type === "monitor") listener.rate(message.rate);
          else if (message.type === "clock") this.#clock.hear(message.sent, message.now / 1e6, performance.now());
        },
        binary: (bytes) => listener.block(this.#read(bytes)),
        lost: () => listener.connected(false),
      },
      SILENCE_LIMIT_MS,
    );
    this.#ask = setInterval(ask, ASK_MS);
  }

  close(): void {
    clearInterval(this.#ask);
    this.#socket.close();
  }

  #read(bytes: ArrayBuffer): BusBlock {
    const head = new DataView(bytes);
    const number = (at: number): number => Number(head.getBigUint64(at, true));
    const due = this.#clock.here(number(8) / 1e6);
    return { frame: number(0), due, lost: number(16), samples: bytes, offset: HEAD_BYTES };
  }
}
