// Frames on their way to the ear, first in, first out, in the pieces in which they came. Runs in the audio thread: no piece is copied.

export class FrameQueue {
  #pieces: Float32Array[] = [];
  /** Next frame of the first piece. */
  #next = 0;
  #length = 0;
  #channels: number;
  readonly capacity: number;

  /** `capacity` in frames; `channels` 1 or 2, in turn in each piece. */
  constructor(channels: number, capacity: number) {
    if (channels !== 1 && channels !== 2) throw new Error(`a queue has 1 or 2 channels, not ${channels}`);
    this.#channels = channels;
    this.capacity = capacity;
  }

  /** Frames in it. */
  get length(): number {
    return this.#length;
  }

  /** Takes a piece whole, or not at all where there is no room for it. */
  push(samples: Float32Array): boolean {
    const frames = samples.length / this.#channels;
    if (!Number.isInteger(frames)) throw new Error("a piece has whole frames");
    if (this.#length + frames > this.capacity) return false;
    if (frames > 0) this.#pieces.push(samples);
    this.#length += frames;
    return true;
  }

  /** Fills both sides from their beginning and returns how many frames there were. One channel is heard on both. */
  read(left: Float32Array, right: Float32Array, count = left.length): number {
    let done = 0;
    while (done < count) {
      const piece = this.#pieces[0];
      if (!piece) break;
      const frames = piece.length / this.#channels;
      const run = Math.min(count - done, frames - this.#next);
      for (let n = 0; n < run; n++) {
        const at = (this.#next + n) * this.#channels;
        left[done + n] = piece[at] ?? 0;
        right[done + n] = piece[at + this.#channels - 1] ?? 0;
      }
      done += run;
      this.#skipInPiece(run, frames);
    }
    return done;
  }

  /** Drops the first frames; returns how many there were. */
  skip(count: number): number {
    let done = 0;
    while (done < count) {
      const piece = this.#pieces[0];
      if (!piece) break;
      const frames = piece.length / this.#channels;
      const run = Math.min(count - done, frames - this.#next);
      done += run;
      this.#skipInPiece(run, frames);
    }
    return done;
  }

  clear(): void {
    this.#pieces = [];
    this.#next = 0;
    this.#length = 0;
  }

  #skipInPiece(run: number, frames: number): void {
    this.#length -= run;
    this.#next += run;
    if (this.#next < frames) return;
    this.#pieces.shift();
    this.#next = 0;
  }
}
