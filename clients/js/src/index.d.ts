/** Where a WebSocket comes from when the platform has none. */
export interface Options {
  WebSocket?: typeof WebSocket;
}

/** A command that the desk has refused, or that was under way when the desk was lost. */
export class Refused extends Error {
  /** The desk's own code, `notConnected`, or `lost`: whether it was obeyed is not known then. */
  readonly code: string;
  constructor(code: string, message: string);
}

/** What is said to a desk, and what it says: by name, as `docs/control.md` and the desk's `bindings.ts` have them. */
export type Message = { type: string; [key: string]: unknown };

/**
 * Drives a desk: what the console can do, by the same messages. It comes back by itself when the desk does.
 *
 * Events: `open`; `snapshot`, the desk was told whole; `change`, a `CustomEvent` whose detail is the desk's event; `lost`.
 */
export class Desk extends EventTarget {
  constructor(options?: Options & { url?: string });
  /** The desk as it was when it was last told whole; `null` before that. */
  readonly snapshot: Record<string, unknown> | null;
  /** Gives a command. Resolves to the desk's reply; rejects with {@link Refused}. */
  send(command: Message): Promise<Message>;
  /** Resolves when the desk has told what it is. */
  ready(): Promise<Record<string, unknown>>;
  close(): void;
}

/**
 * Plays into a strip of a desk. It comes back by itself when the desk does, and goes on with what is written then.
 *
 * Events: `open`; `state`, see {@link Voice.state}; `warning`, a `CustomEvent` whose detail is a sentence; `lost`.
 */
export class Voice extends EventTarget {
  /**
   * `strip`: the name of a strip that programs play into; the desk's strip "Voice" unless set. `sampleRate`: frames a second,
   * 8000 to 192 000. `channels`: 1 or 2.
   */
  constructor(options?: Options & { url?: string; strip?: string; sampleRate?: number; channels?: 1 | 2 });
  /** What the desk says: `idle`, `playing`, `paused` or `stopped`. */
  readonly state: string;
  /**
   * Plays samples behind those before: whole frames, interleaved. Resolves when more may be written; whoever awaits it never
   * fills the memory.
   */
  write(samples: Int16Array | Float32Array): Promise<void>;
  /** Says that this was all. Resolves when it was heard to its end; rejects when it was stopped or the desk was lost. */
  end(): Promise<unknown>;
  /** Silent at once: what was not heard yet is dropped. */
  stop(): Promise<void>;
  /** Silent at once; what was written stays. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Leaves. What was written is heard to its end. */
  close(): void;
}
