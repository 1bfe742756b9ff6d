// What the page plays, a track or a bus, and how that goes.
import type { BusName, Track } from "../bindings";
import { BusLine } from "./busLine";
import type { FromWorklet } from "./messages";
import { PlayLine, type Preset, type StreamStart } from "./playLine";
import { Sound } from "./sound";

/** Seconds of a track that may wait here: the desk is told at three quarters of it. */
const BUFFER_SECONDS = 60;
/** Nothing has come for so long after an order: something hangs. */
const WATCHDOG_MS = 45_000;

export type TrackState = "idle" | "loading" | "measuring" | "playing" | "paused" | "played";

export interface BusFacts {
  /** From when the desk had a block until it is heard, ms; `null` while that is not known. */
  latency: number | null;
  waitingMs: number;
  gaps: number;
  skipped: number;
  missing: number;
}

export class Listener {
  track = $state.raw<Track | null>(null);
  state = $state<TrackState>("idle");
  preset = $state<Preset | null>(null);
  intensity = $state(1);
  position = $state(0);
  duration = $state(0);
  buffered = $state(0);
  gaps = $state(0);
  bus = $state<BusName | null>(null);
  busFacts = $state.raw<BusFacts | null>(null);
  fault = $state<string | null>(null);
  /** The line to the desk: there, coming back, or not yet tried. */
  line = $state<"none" | "open" | "lost">("none");
  volume = $state(1);

  #sound: Sound;
  #plays: PlayLine | null = null;
  #hears: BusLine | null = null;
  #stream = 0;
  #rate = 48_000;
  #from = 0;
  /** A piece of the stream that came while the loudspeaker was made ready, or after. */
  #order: Promise<unknown> = Promise.resolve();
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #due: { frame: number; due: number } | null = null;
  #busRate = 48_000;
  #busLost = { first: 0, last: -1 };
  #tapped: FromWorklet[] = [];
  #tapping = false;

  constructor(private readonly host: string) {
    this.#sound = new Sound((message) => this.#told(message));
  }

  play(track: Track, from = 0): void {
    this.#leaveBus();
    this.#plays ??= this.#connect();
    this.track = track;
    this.fault = null;
    this.state = "loading";
    this.#sound.say({ type: "silence" });
    this.#stream += 1;
    this.#seekTo(from);
    // While the click that asked for it still counts.
    void this.#sound.open(track.rate ?? 48_000);
    this.#plays.play({ track: track.id, preset: this.preset, intensity: this.intensity }, from);
    this.#watch();
  }

  /** Another preset, or more or less of it: from where it is heard. */
  sound(preset: Preset | null, intensity: number): void {
    this.preset = preset;
    this.intensity = intensity;
    if (this.track && this.state !== "idle" && this.state !== "played") this.play(this.track, this.position);
  }

  seek(position: number): void {
    if (this.track) this.play(this.track, position);
  }

  pause(): void {
    if (this.state === "idle" || this.state === "played") return;
    this.state = "paused";
    clearTimeout(this.#watchdog);
    this.#sound.say({ type: "pause", on: true });
    this.#plays?.pause();
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.state = "playing";
    this.#sound.say({ type: "pause", on: false });
    this.#plays?.resume();
  }

  stop(): void {
    clearTimeout(this.#watchdog);
    this.#plays?.stop();
    this.#stream += 1;
    this.#sound.say({ type: "silence" });
    this.state = "idle";
    this.#seekTo(0);
  }

  listenTo(bus: BusName | null): void {
    this.stop();
    this.#leaveBus();
    this.fault = null;
    if (bus === null) return;
    this.bus = bus;
    this.#due = null;
    this.#busLost = { first: 0, last: -1 };
    let ready = false;
    const line = new BusLine(`${this.host}/monitor?bus=${bus}`, {
      connected: (on) => (this.line = on ? "open" : "lost"),
      rate: (rate) => {
        this.#busRate = rate;
        void this.#sound.open(rate).then(() => {
          if (this.#hears !== line) return;
          this.#sound.say({ type: "tap", on: this.#tapping });
          this.#sound.say({ type: "bus" });
          ready = true;
        });
      },
      block: ({ frame, due, lost, samples, offset }) => {
        if (due !== null) this.#due = { frame, due };
        if (this.#busLost.last < 0) this.#busLost.first = lost;
        this.#busLost.last = lost;
        if (ready) this.#sound.say({ type: "block", frame, samples, offset }, [samples]);
      },
    });
    this.#hears = line;
    void this.#sound.open(48_000);
  }

  setVolume(volume: number): void {
    this.volume = volume;
    this.#sound.volume = volume;
  }

  close(): void {
    this.#leaveBus();
    this.stop();
    this.#plays?.close();
  }

  /** For tests: keeps what the audio thread has played, before the volume, and hands it over. */
  readonly tap = {
    start: (): void => {
      this.#tapping = true;
      this.#sound.say({ type: "tap", on: true });
    },
    take: (): FromWorklet[] => this.#tapped.splice(0),
  };

  #leaveBus(): void {
    if (!this.#hears) return;
    this.#hears.close();
    this.#hears = null;
    this.#sound.say({ type: "silence" });
    this.bus = null;
    this.busFacts = null;
  }

  #seekTo(position: number): void {
    this.#from = position;
    this.position = position;
    this.buffered = 0;
    this.gaps = 0;
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      this.fault = "The desk has not answered for 45 seconds; try again.";
      this.stop();
    }, WATCHDOG_MS);
  }

  #connect(): PlayLine {
    return new PlayLine(`${this.host}/ws`, {
      connected: (on) => (this.line = on ? "open" : "lost"),
      position: () => this.position,
      start: (start) => this.#start(start),
      samples: (samples) => this.#later(() => this.#sound.say({ type: "samples", samples }, [samples])),
      end: (reason) => {
        this.#later(() => this.#sound.say({ type: "end" }));
        if (reason === "errored") this.fault = "Parts of this track could not be read.";
      },
      measuring: () => {
        clearTimeout(this.#watchdog);
        if (this.state === "loading") this.state = "measuring";
      },
      fault: (text) => {
        clearTimeout(this.#watchdog);
        this.fault = text;
        if (this.state === "loading" || this.state === "measuring") this.state = "idle";
      },
    });
  }

  #start(start: StreamStart): void {
    clearTimeout(this.#watchdog);
    const stream = ++this.#stream;
    this.#rate = start.sample_rate;
    this.duration = start.total_duration;
    this.#seekTo(start.seek_position ?? 0);
    const paused = this.state === "paused";
    if (!paused) this.state = "playing";
    this.#order = this.#sound.open(start.sample_rate).then(() => {
      if (stream !== this.#stream) return;
      this.#sound.say({ type: "tap", on: this.#tapping });
      this.#sound.say({ type: "track", stream, channels: start.channels, paused });
    });
  }

  /** In the order in which it came, once the loudspeaker is ready. */
  #later(say: () => void): void {
    const stream = this.#stream;
    this.#order = this.#order.then(() => {
      if (stream === this.#stream) say();
    });
  }

  #told(message: FromWorklet): void {
    if (message.type === "tapped") this.#tapped.push(message);
    else if (message.type === "track") {
      if (message.stream !== this.#stream) return;
      this.position = this.#from + message.played / this.#rate;
      this.buffered = message.waiting / this.#rate;
      this.gaps = message.gaps;
      this.#plays?.buffered(this.buffered, BUFFER_SECONDS);
      if (message.drained && this.state === "playing") this.state = "played";
    } else if (this.bus !== null) {
      const heard = this.#due && this.#due.due + ((message.frame - this.#due.frame) / this.#busRate) * 1000;
      this.busFacts = {
        latency: heard === null ? null : this.#sound.leaves(message.time) - heard,
        waitingMs: message.waitingMs,
        gaps: message.gaps,
        skipped: message.skipped,
        missing: Math.max(0, this.#busLost.last - this.#busLost.first),
      };
    }
  }
}
