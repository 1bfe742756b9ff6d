// All meters of the console: takes the newest frame, keeps every source's ballistics and lets the
// canvases draw in one animation-frame loop, which rests while nothing moves. Levels never pass
// through the state store; only clip counts, which change rarely, are reactive.
import { createContext } from "svelte";

import { METER_FLOOR, PeakBallistics, ReadyBallistics, VuBallistics } from "./ballistics";
import {
  atRest,
  type DeskMeters,
  duckingOf,
  forEachMetered,
  limiterOf,
  type Metered,
  type MeterKey,
  parseMeterFrame,
  secondsOf,
} from "./frame";
import type { MeterKind } from "./scale";
import { MeterView } from "./view.svelte";

/** How often numbers beside a meter change, ms: faster than this nobody reads. */
const READOUT_MS = 200;
/** How long the loop waits for something to move before it rests, ms: longer than any fall. */
const REST_MS = 12_000;

/** One strip or bus on the meters. */
export class MeterSource {
  readonly peak = [new PeakBallistics(), new PeakBallistics()] as const;
  readonly rms = [new ReadyBallistics(), new ReadyBallistics()] as const;
  readonly typeI = [new ReadyBallistics(), new ReadyBallistics()] as const;
  readonly typeIIa = [new ReadyBallistics(), new ReadyBallistics()] as const;
  readonly vu = [new VuBallistics(), new VuBallistics()] as const;
  /** By how much its dynamics turn it down now, dB, at most zero. */
  readonly reductions = atRest();
  clips = $state(0);

  /** `seconds`: the engine's time, see {@link secondsOf}. */
  take({ levels, reductions, needles }: Metered, seconds: number, now: number): void {
    Object.assign(this.reductions, reductions);
    for (const side of [0, 1] as const) {
      this.peak[side].take(levels.peak[side], now);
      this.rms[side].take(levels.rms[side], now);
      if (!needles) continue;
      this.typeI[side].take(needles.typeI[side], now);
      this.typeIIa[side].take(needles.typeIIa[side], now);
      this.vu[side].take(needles.rectified[side], seconds, now);
    }
    if (levels.clips !== this.clips) this.clips = levels.clips;
  }

  /** The higher side's hold mark, dBFS to a tenth. */
  held(now: number): number {
    return Math.round(Math.max(METER_FLOOR, this.peak[0].hold(now), this.peak[1].hold(now)) * 10) / 10;
  }

  /** The higher side's bar on a meter of this kind, dBFS to a tenth. */
  level(now: number, kind: MeterKind = "peak"): number {
    const [left, right] = this[kind];
    return Math.round(Math.max(METER_FLOOR, left.level(now), right.level(now)) * 10) / 10;
  }
}

/** Something that shows a source. */
export interface MeterFace {
  /** Draws what has changed. */
  paint(source: MeterSource, now: number): void;
  /** Shows numbers; called less often. */
  read?(source: MeterSource, now: number): void;
}

export class MeterBridge {
  /** Which meter the buses have. */
  readonly view = new MeterView();
  #newest: ArrayBuffer | null = null;
  #limiter = 0;
  /* Plain maps on purpose: at the display's rate nothing here may wake a component. */
  /* eslint-disable svelte/prefer-svelte-reactivity */
  #sources = new Map<MeterKey, MeterSource>();
  #faces = new Map<MeterFace, MeterKey>();
  /* eslint-enable svelte/prefer-svelte-reactivity */
  #frame = 0;
  #lastTaken = 0;
  #lastRead = 0;

  /** A frame has arrived. */
  readonly take = (bytes: ArrayBuffer): void => {
    const now = performance.now();
    this.#newest = bytes;
    this.#lastTaken = now;
    this.#limiter = Math.min(this.#limiter, limiterOf(bytes));
    // A source that nothing shows is not kept: strips come and go.
    const seconds = secondsOf(bytes);
    forEachMetered(bytes, (key, metered) => this.#sources.get(key)?.take(metered, seconds, now));
    this.#wake();
  };

  /** The newest frame as objects, for diagnostics. */
  latest(): DeskMeters | null {
    return this.#newest && parseMeterFrame(this.#newest);
  }

  /** The most that the limiter has turned the programme down since this was asked last, dB, at most zero. */
  limited(): number {
    const limited = this.#limiter;
    this.#limiter = this.#newest ? limiterOf(this.#newest) : 0;
    return limited;
  }

  /** By how much music steps back now, dB, at most zero. */
  ducking(): number {
    return this.#newest ? duckingOf(this.#newest) : 0;
  }

  source(key: MeterKey): MeterSource {
    let source = this.#sources.get(key);
    if (!source) {
      source = new MeterSource();
      this.#sources.set(key, source);
    }
    return source;
  }

  /** Shows `key` on `face` until the returned function is called. */
  show(key: MeterKey, face: MeterFace): () => void {
    this.#faces.set(face, key);
    this.source(key);
    this.#wake();
    return () => {
      this.#faces.delete(face);
      // Strip ids are never used again: a strip that nothing shows any more is gone.
      if (![...this.#faces.values()].includes(key)) this.#sources.delete(key);
    };
  }

  /** Ends the loop. */
  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #wake(): void {
    if (this.#frame === 0 && this.#faces.size > 0) this.#frame = requestAnimationFrame(this.#draw);
  }

  #draw = (): void => {
    const now = performance.now();
    const read = now - this.#lastRead >= READOUT_MS;
    if (read) this.#lastRead = now;
    for (const [face, key] of this.#faces) {
      const source = this.source(key);
      face.paint(source, now);
      if (read) face.read?.(source, now);
    }
    this.#frame = 0;
    if (now - this.#lastTaken < REST_MS) this.#wake();
  };
}

/** The meters, for every component below the one that provided them. */
export const [useMeters, provideMeters] = createContext<MeterBridge>();
