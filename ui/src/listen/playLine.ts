// The way to the desk's tracks: orders out, samples in. A line that breaks off comes back, and what was playing goes on from where it is heard.
import { ReconnectingSocket } from "../platform/reconnectingSocket";

/** As the protocol has it: from a second to half a minute, ten times. */
const PAUSES = { first: 1000, longest: 30_000, attempts: 10 };
/** The desk asks every 30 s whether somebody is there: a line that is silent for longer is dead. */
const SILENCE_LIMIT_MS = 45_000;
/** Orders that wait for a line. */
const WAITING_MAX = 32;
const HEARTBEAT_MS = 30_000;

export const PRESETS = ["adaptive", "gentle", "warm", "bright", "punchy"] as const;
export type Preset = (typeof PRESETS)[number];

/** What is to be heard. Without a preset it is plain. */
export interface Wish {
  track: number;
  preset: Preset | null;
  /** 0 to 1. */
  intensity: number;
}

export interface StreamStart {
  track_id: number;
  preset: string;
  intensity: number;
  sample_rate: number;
  channels: number;
  total_duration: number;
  stream_epoch: number;
  /** The second of the first sample. */
  seek_position?: number;
}

export interface PlayListener {
  connected(on: boolean, attempt: number): void;
  start(start: StreamStart): void;
  samples(samples: ArrayBuffer): void;
  end(reason: string): void;
  /** The track's loudness is measured: it begins in a moment. */
  measuring(): void;
  fault(text: string): void;
  /** The second that is heard. */
  position(): number;
}

interface Meta {
  seq: number;
  stream_epoch: number;
  sample_count: number;
}

export class PlayLine {
  #socket: ReconnectingSocket;
  #listener: PlayListener;
  #waiting: string[] = [];
  #wish: Wish | null = null;
  #paused = false;
  /** The desk knows nothing of what was paused. */
  #lost = false;
  #epoch = 0;
  #next = 0;
  #meta: Meta | null = null;
  #full = false;
  #open = false;
  #beat: ReturnType<typeof setInterval>;

  constructor(url: string, listener: PlayListener) {
    this.#listener = listener;
    const ears = {
      opened: () => this.#opened(),
      text: (text: string) => this.#text(text),
      binary: (bytes: ArrayBuffer) => this.#binary(bytes),
      lost: (attempt: number) => this.#broke(attempt),
    };
    this.#socket = new ReconnectingSocket(url, ears, SILENCE_LIMIT_MS, PAUSES);
    this.#beat = setInterval(() => this.#socket.send('{"type":"heartbeat"}'), HEARTBEAT_MS);
  }

  play(wish: Wish, from = 0): void {
    this.#wish = wish;
    this.#paused = false;
    this.#begin(wish, from);
  }

  seek(position: number): void {
    if (!this.#wish) return;
    if (this.#paused) this.#lost = true;
    else this.#begin(this.#wish, position);
  }

  pause(): void {
    if (!this.#wish || this.#paused) return;
    this.#paused = true;
    this.#say("pause");
  }

  /** Goes on, from where it is heard if the desk has forgotten it. */
  resume(): void {
    if (!this.#wish || !this.#paused) return;
    this.#paused = false;
    if (this.#lost) this.#begin(this.#wish, this.#listener.position());
    else this.#say("resume");
  }

  stop(): void {
    if (!this.#wish) return;
    this.#wish = null;
    this.#paused = false;
    this.#epoch = 0;
    this.#say("stop");
  }

  /** How many seconds wait to be heard: the desk is told when it is enough. */
  buffered(seconds: number, capacity: number): void {
    if (!this.#full && seconds > 0.75 * capacity) {
      this.#full = true;
      this.#say("buffer_full", {});
    } else if (this.#full && seconds < 0.5 * capacity) {
      this.#full = false;
      this.#say("buffer_ready", {});
    }
  }

  close(): void {
    clearInterval(this.#beat);
    this.#socket.close();
  }

  #begin({ track, preset, intensity }: Wish, from: number): void {
    this.#lost = false;
    this.#full = false;
    this.#epoch = 0;
    const place = { track_id: track, start_position: from };
    if (preset === null) this.#say("play_normal", place);
    else this.#say("play_enhanced", { ...place, preset, intensity, force: true });
  }

  #say(type: string, data?: object): void {
    const text = JSON.stringify({ type, data });
    if (this.#open && this.#socket.send(text)) return;
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(text);
  }

  #opened(): void {
    this.#open = true;
    this.#listener.connected(true, 0);
    const waiting = this.#waiting.splice(0);
    for (const text of waiting) this.#socket.send(text);
    const ordered = waiting.some((text) => /^\{"type":"(play_|stop|pause)/.test(text));
    if (this.#wish && !this.#paused && !ordered && this.#lost) this.#begin(this.#wish, this.#listener.position());
  }

  #broke(attempt: number): void {
    this.#open = false;
    this.#lost ||= this.#wish !== null;
    this.#meta = null;
    this.#listener.connected(false, attempt);
  }

  #text(text: string): void {
    const message = JSON.parse(text) as { type: string; data?: unknown; error?: string; message?: string };
    const data = message.data as Record<string, never>;
    switch (message.type) {
      case "ping":
        this.#socket.send('{"type":"pong"}');
        break;
      case "audio_stream_start": {
        const start = message.data as StreamStart;
        if (!this.#wish || this.#lost || start.track_id !== this.#wish.track) break;
        this.#epoch = start.stream_epoch;
        this.#next = 0;
        this.#meta = null;
        this.#listener.start(start);
        break;
      }
      case "audio_chunk_meta":
        this.#meta = message.data as Meta;
        break;
      case "audio_stream_end":
        if (data["stream_epoch"] === this.#epoch) this.#listener.end(data["reason"] ?? "");
        break;
      case "audio_stream_error":
        this.#meta = null;
        this.#listener.fault(data["error"] ?? "");
        break;
      case "fingerprint_progress":
        if (data["status"] === "analyzing") this.#listener.measuring();
        break;
      case "error":
        this.#meta = null;
        this.#listener.fault(message.message ?? "");
    }
  }

  #binary(bytes: ArrayBuffer): void {
    const meta = this.#meta;
    this.#meta = null;
    // Of a stream that was replaced, or nobody has said what it is.
    if (!meta || !this.#wish || meta.stream_epoch !== this.#epoch) return;
    if (meta.seq !== this.#next || bytes.byteLength !== 4 * meta.sample_count) {
      this.#listener.fault("A part of the track is missing: it is fetched again.");
      this.#begin(this.#wish, this.#listener.position());
      return;
    }
    this.#next += 1;
    this.#listener.samples(bytes);
  }
}
