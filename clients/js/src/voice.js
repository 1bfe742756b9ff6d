// Plays into a strip of a desk, by the playback daemon's protocol.
import { Connection } from "./connection.js";

/** Bytes in one message, before base64: a tenth of a second of stereo at 48 kHz in floats. */
const PIECE = 36_864;
/** So much may wait for the network before who writes has to wait. */
const WAITING_MOST = 262_144;
const LOOK_MS = 20;
/** The desk says something every ten seconds. */
const DEAF_MS = 25_000;

export class Voice extends EventTarget {
  #connection;
  #format;
  #sends = Promise.resolve();
  #opens = [];
  #ending = null;
  #closed = false;
  #state = "idle";

  constructor({ url = "ws://127.0.0.1:8081/", strip, sampleRate = 24_000, channels = 1, ...options } = {}) {
    super();
    this.#format = { format: "pcm", sampleRate, channels };
    const place = new URL(url);
    if (strip !== undefined) place.searchParams.set("strip", strip);
    this.#connection = new Connection(place.href, { deafMs: DEAF_MS, ...options }, {
      open: () => this.#opened(),
      message: (data) => this.#hear(data),
      lost: () => this.#lost(),
    });
  }

  /** What the desk says: idle, playing, paused or stopped. */
  get state() {
    return this.#state;
  }

  /**
   * Plays samples behind those before: whole frames, interleaved; `Int16Array`, or `Float32Array` with full scale at 1.
   * Resolves when more may be written. Whoever awaits it never fills the memory.
   */
  write(samples) {
    const bitDepth = samples instanceof Float32Array ? 32 : 16;
    if (bitDepth === 16 && !(samples instanceof Int16Array)) {
      return Promise.reject(new TypeError("samples are an Int16Array or a Float32Array"));
    }
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    return this.#queue(async () => {
      for (let at = 0; at < bytes.length; at += PIECE) {
        const chunk = base64(bytes.subarray(at, at + PIECE));
        await this.#send("audio_chunk", { chunk, format: { ...this.#format, bitDepth } });
      }
    });
  }

  /** Says that this was all. Resolves when it was heard to its end; rejects when it was stopped or the desk was lost. */
  end() {
    return this.#queue(async () => {
      await this.#connected();
      const heard = new Promise((resolve, reject) => {
        this.#ending = { resolve, reject };
      });
      await this.#send("end_stream", {});
      return { heard };
    }).then(({ heard }) => heard);
  }

  /** Silent at once: what was not heard yet is dropped. */
  stop() {
    this.#settle("reject", new Error("it was stopped"));
    return this.#control("stop");
  }

  pause() {
    return this.#control("pause");
  }

  resume() {
    return this.#control("resume");
  }

  /** Leaves. What was written is heard to its end. */
  close() {
    this.#closed = true;
    this.#settle("reject", new Error("it was closed"));
    this.#connection.close();
    this.#release();
  }

  // Not behind what is written: it is meant now.
  async #control(action) {
    await this.#connected();
    this.#say("control", { action });
  }

  /** One thing behind the other, in the order in which they were asked for. */
  #queue(work) {
    const done = this.#sends.then(work);
    this.#sends = done.catch(() => {});
    return done;
  }

  async #send(type, data) {
    for (;;) {
      await this.#connected();
      while (this.#connection.isOpen && this.#connection.waiting > WAITING_MOST) await pause(LOOK_MS);
      if (this.#say(type, data)) return;
    }
  }

  #say(type, data) {
    return this.#connection.send(JSON.stringify({ type, timestamp: Date.now(), data }));
  }

  async #connected() {
    while (!this.#connection.isOpen) {
      if (this.#closed) throw new Error("it was closed");
      await new Promise((open) => this.#opens.push(open));
    }
  }

  #opened() {
    this.dispatchEvent(new Event("open"));
    this.#release();
  }

  #release() {
    for (const open of this.#opens.splice(0)) open();
  }

  #hear(data) {
    if (typeof data !== "string") return;
    const { type, data: told = {} } = JSON.parse(data);
    if (type === "status" && told.state !== this.#state) {
      this.#state = told.state;
      this.dispatchEvent(new Event("state"));
    }
    if (type === "completed") this.#settle("resolve", told);
    if (type === "error") this.#settle("reject", new Error(told.message ?? String(told)));
    if (type === "warning") this.dispatchEvent(new CustomEvent("warning", { detail: told.message }));
  }

  #settle(how, value) {
    const ending = this.#ending;
    this.#ending = null;
    ending?.[how](value);
  }

  #lost() {
    this.#state = "idle";
    // The desk plays what it has; whether that was all is not known.
    this.#settle("reject", new Error("the desk was lost before all was heard"));
    this.dispatchEvent(new Event("lost"));
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function base64(bytes) {
  // In parts: a call takes only so many arguments.
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
