// What the audio thread does with a track: waits for a second of it, plays it to its last frame, and says so.
import { FrameQueue } from "./frameQueue";

/** A track begins, and goes on after a gap, when so many seconds are there, or all that is left of it. */
const READY_SECONDS = 1;
/** 100 MiB of stereo: more is never sent to a player that says when it has enough. */
const CAPACITY_FRAMES = 13_107_200;

export interface RollState {
  /** Frames that were played of this stream. */
  played: number;
  /** Frames that wait. */
  waiting: number;
  /** How often there was nothing to play before the end. */
  gaps: number;
  /** Pieces that found no room. */
  dropped: number;
  /** All has been played. */
  drained: boolean;
}

export class TrackRoll {
  #queue: FrameQueue;
  #ready: number;
  #running = false;
  #ended = false;
  #drained = false;
  #played = 0;
  #gaps = 0;
  #dropped = 0;
  paused = false;

  constructor(channels: number, rate: number, capacity = CAPACITY_FRAMES) {
    this.#queue = new FrameQueue(channels, capacity);
    this.#ready = READY_SECONDS * rate;
  }

  push(samples: Float32Array): void {
    if (!this.#queue.push(samples)) this.#dropped += 1;
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
  }

  get state(): RollState {
    const { length: waiting } = this.#queue;
    return { played: this.#played, waiting, gaps: this.#gaps, dropped: this.#dropped, drained: this.#drained };
  }

  /** One turn of the audio thread. Returns how many frames are of the track; the rest is silent. */
  render(left: Float32Array, right: Float32Array): number {
    if (!this.#running) this.#running = this.#ended || this.#queue.length >= this.#ready;
    let count = 0;
    if (this.#running && !this.paused) {
      count = this.#queue.read(left, right);
      this.#played += count;
      if (this.#ended) this.#drained = this.#queue.length === 0;
      else if (count < left.length) {
        this.#running = false;
        this.#gaps += 1;
      }
    }
    left.fill(0, count);
    right.fill(0, count);
    return count;
  }
}
