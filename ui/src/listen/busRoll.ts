// What the audio thread does with a bus that is heard live: keeps a little of it, and plays it a little faster or slower so that it
// stays that little. The desk's clock and this machine's loudspeaker never agree.
import { FrameQueue } from "./frameQueue";

/** Milliseconds that are kept at first, at the least and at the most. */
const FIRST_MS = 30;
const LEAST_MS = 15;
const MOST_MS = 250;
/** A gap adds so many, and as many are taken back after so many seconds without one. */
const STEP_MS = 10;
const CALM_SECONDS = 20;
/** More than this above what is kept is dropped at once. */
const EXCESS_MS = 150;
/** By how much it is played faster or slower at the most: 8 cents. */
const BEND_MAX = 0.005;
/** How fast the mean of what is there follows, seconds; and how fast a deviation is taken back. */
const MEAN_SECONDS = 0.5;
const RETURN_SECONDS = 4;
/** A hole that the desk tells of is silent up to this many frames. */
const HOLE_MAX = 96_000;
const CAPACITY_FRAMES = 192_000;

export interface BusState {
  /** The desk's number of the frame that is played at the beginning of the turn. */
  frame: number;
  /** Milliseconds that wait, and that should. */
  waitingMs: number;
  targetMs: number;
  /** How often nothing was there. */
  gaps: number;
  /** Frames that were dropped here, because they were too old. */
  skipped: number;
  /** Frames that the desk has not sent. */
  missing: number;
}

export class BusRoll {
  #queue = new FrameQueue(2, CAPACITY_FRAMES);
  #rate: number;
  #targetMs = FIRST_MS;
  #running = false;
  #mean = 0;
  #calm = 0;
  /** The desk's number of the frame behind the last one in the queue. */
  #next: number | null = null;
  /** Four frames around the place that is heard, and how far behind the second it is, 0 to 1. */
  #near = [new Float32Array(4), new Float32Array(4)] as const;
  #place = 0;
  #one = [new Float32Array(1), new Float32Array(1)] as const;
  #gaps = 0;
  #skipped = 0;
  #missing = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Takes what the desk has sent, from a frame on. */
  push(frame: number, samples: Float32Array): void {
    const hole = this.#next === null ? 0 : frame - this.#next;
    if (hole < 0 || hole > HOLE_MAX) {
      // The engine was started anew, or the line was away for long.
      this.#queue.clear();
      this.#running = false;
    } else if (hole > 0) {
      this.#missing += hole;
      this.#queue.push(new Float32Array(2 * hole));
    }
    if (this.#queue.push(samples)) this.#next = frame + samples.length / 2;
    else {
      // Nobody has played for seconds: only what is new counts.
      this.#skipped += this.#queue.length + samples.length / 2;
      this.#queue.clear();
      this.#next = null;
    }
  }

  get state(): BusState {
    return {
      frame: (this.#next ?? 0) - this.#queue.length - 3 + this.#place,
      waitingMs: this.#ms(this.#queue.length),
      targetMs: this.#targetMs,
      gaps: this.#gaps,
      skipped: this.#skipped,
      missing: this.#missing,
    };
  }

  /** One turn of the audio thread. */
  render(left: Float32Array, right: Float32Array): void {
    const turn = left.length;
    if (!this.#running) {
      if (this.#ms(this.#queue.length) < this.#targetMs) {
        left.fill(0);
        right.fill(0);
        return;
      }
      this.#running = true;
      this.#mean = this.#queue.length;
      for (let n = 0; n < 3; n++) this.#shift();
    }
    const step = this.#step(turn);
    for (let n = 0; n < turn; n++) {
      left[n] = curve(this.#near[0], this.#place);
      right[n] = curve(this.#near[1], this.#place);
      this.#place += step;
      while (this.#place >= 1) {
        this.#place -= 1;
        if (this.#shift()) continue;
        this.#starve(left, right, n + 1);
        return;
      }
    }
  }

  /** How far one frame of the loudspeaker goes on the bus. */
  #step(turn: number): number {
    const target = (this.#targetMs / 1000) * this.#rate;
    const excess = this.#queue.length - target - (EXCESS_MS / 1000) * this.#rate;
    if (excess > 0) {
      this.#skipped += this.#queue.skip(Math.ceil(this.#queue.length - target));
      this.#mean = target;
    }
    this.#mean += (this.#queue.length - this.#mean) * Math.min(1, turn / (MEAN_SECONDS * this.#rate));
    this.#calm += turn / this.#rate;
    if (this.#calm > CALM_SECONDS) {
      this.#calm = 0;
      this.#targetMs = Math.max(LEAST_MS, this.#targetMs - STEP_MS);
    }
    const bend = (this.#mean - target) / (RETURN_SECONDS * this.#rate);
    return 1 + Math.min(BEND_MAX, Math.max(-BEND_MAX, bend));
  }

  #starve(left: Float32Array, right: Float32Array, from: number): void {
    left.fill(0, from);
    right.fill(0, from);
    this.#running = false;
    this.#gaps += 1;
    this.#calm = 0;
    this.#targetMs = Math.min(MOST_MS, this.#targetMs + STEP_MS);
  }

  #shift(): boolean {
    const [left, right] = this.#one;
    if (this.#queue.read(left, right) === 0) return false;
    this.#near.forEach((near, side) => {
      near.copyWithin(0, 1);
      near[3] = this.#one[side]?.[0] ?? 0;
    });
    return true;
  }

  #ms(frames: number): number {
    return (frames / this.#rate) * 1000;
  }
}

/** Between the second and the third of four points (Catmull and Rom, 1974). */
function curve(points: Float32Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = points;
  if (at === 0) return b;
  return b + 0.5 * at * (c - a + at * (2 * a - 5 * b + 4 * c - d + at * (3 * (b - c) + d - a)));
}
