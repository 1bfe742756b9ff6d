import { describe, expect, test } from "vitest";

import { BusRoll } from "./busRoll";
import { FrameQueue } from "./frameQueue";
import { TrackRoll } from "./trackRoll";

const two = (count: number): [Float32Array, Float32Array] => [new Float32Array(count), new Float32Array(count)];

/** Frames whose left side counts from `from`. */
function counted(from: number, frames: number): Float32Array {
  return Float32Array.from({ length: 2 * frames }, (_, n) => (n % 2 === 0 ? from + n / 2 : -(from + (n - 1) / 2)));
}

describe("a queue", () => {
  test("gives frames in their order, however they were cut, and says how many there were", () => {
    const queue = new FrameQueue(2, 1000);
    for (const [from, frames] of [
      [0, 3],
      [3, 200],
      [203, 1],
    ] as const)
      expect(queue.push(counted(from, frames))).toBe(true);
    const heard: number[] = [];
    const [left, right] = two(64);
    for (let count = queue.read(left, right); count > 0; count = queue.read(left, right)) {
      heard.push(...left.subarray(0, count));
      for (let n = 0; n < count; n++) expect(right[n] === -(left[n] ?? NaN)).toBe(true);
    }
    expect(heard).toEqual(Array.from({ length: 204 }, (_, n) => n));
    expect(queue.length).toBe(0);
  });

  test("takes a piece whole or not at all, and one channel is heard on both sides", () => {
    const queue = new FrameQueue(1, 10);
    const piece = Float32Array.from([1, NaN, 3, Infinity, 5, 6]);
    expect(queue.push(piece)).toBe(true);
    expect(queue.push(piece)).toBe(false);
    expect(queue.skip(1)).toBe(1);
    const [left, right] = two(8);
    expect(queue.read(left, right)).toBe(5);
    expect([...left.subarray(0, 5)]).toEqual([NaN, 3, Infinity, 5, 6]);
    expect(right).toEqual(left);
    expect([...piece]).toEqual([1, NaN, 3, Infinity, 5, 6]);
    expect(() => new FrameQueue(3, 10)).toThrow();
    expect(() => new FrameQueue(2, 10).push(new Float32Array(3))).toThrow();
  });
});

describe("a track", () => {
  test("begins with a second of it and is played to its last frame", () => {
    const roll = new TrackRoll(2, 1000);
    const [left, right] = two(128);
    roll.push(counted(1, 999));
    expect(roll.render(left, right)).toBe(0);
    roll.push(counted(1000, 1));
    let next = 1;
    const hear = (): number => {
      const count = roll.render(left, right);
      for (let n = 0; n < count; n++) expect(left[n]).toBe(next++);
      return count;
    };
    expect(hear()).toBe(128);
    roll.push(counted(1001, 77));
    roll.end();
    while (!roll.state.drained) expect(hear()).toBeGreaterThan(0);
    expect(next).toBe(1078);
    expect(roll.state).toMatchObject({ played: 1077, waiting: 0, gaps: 0 });
  });

  test("shorter than a second it is played too, and paused it waits", () => {
    const roll = new TrackRoll(2, 48_000);
    const [left, right] = two(128);
    roll.push(counted(1, 100));
    roll.end();
    roll.paused = true;
    expect(roll.render(left, right)).toBe(0);
    expect(roll.state.drained).toBe(false);
    roll.paused = false;
    expect(roll.render(left, right)).toBe(100);
    expect([left[99], left[100]]).toEqual([100, 0]);
    expect(roll.state.drained).toBe(true);
  });

  test("that runs dry waits for a second of it again, and counts that", () => {
    const roll = new TrackRoll(2, 1000);
    const [left, right] = two(128);
    roll.push(counted(1, 1000));
    for (let turn = 0; turn < 10; turn++) roll.render(left, right);
    roll.push(counted(1001, 500));
    expect(roll.render(left, right)).toBe(0);
    expect(roll.state).toMatchObject({ gaps: 1, played: 1000, waiting: 500 });
    roll.push(counted(1501, 500));
    expect(roll.render(left, right)).toBe(128);
  });
});

describe("a bus", () => {
  /** Plays a sine of 1 kHz for so many seconds; the desk's clock is `fast` times the loudspeaker's. */
  function play(seconds: number, fast: number, lose = 0): { heard: Float32Array; roll: BusRoll } {
    const roll = new BusRoll(48_000);
    const heard = new Float32Array(seconds * 48_000);
    const spare = new Float32Array(128);
    let sent = 0;
    for (let done = 0; done + 128 <= heard.length; done += 128) {
      while (sent + 512 <= (done + 512) * fast) {
        if (lose === 0 || sent !== 512 * lose) {
          const block = Float32Array.from({ length: 1024 }, (_, n) =>
            Math.sin((2 * Math.PI * 1000 * (sent + (n >> 1))) / 48_000),
          );
          roll.push(sent, block);
        }
        sent += 512;
      }
      roll.render(heard.subarray(done, done + 128), spare);
    }
    return { heard, roll };
  }

  /** The highest step from sample to sample. */
  const steepest = (samples: Float32Array): number =>
    samples.reduce((most, sample, n) => (n === 0 ? 0 : Math.max(most, Math.abs(sample - (samples[n - 1] ?? 0)))), 0);

  test.each([1, 1.001, 0.999])("goes on without a break where the clocks differ by %f", (fast) => {
    const { heard, roll } = play(60, fast);
    const settled = heard.subarray(48_000, heard.length - 128);
    expect(steepest(settled)).toBeLessThan(0.14);
    expect(roll.state).toMatchObject({ gaps: 0, skipped: 0, missing: 0 });
    expect(Math.abs(roll.state.waitingMs - roll.state.targetMs)).toBeLessThan(25);
  });

  test("tells what the desk has lost, to the frame", () => {
    expect(play(4, 1, 100).roll.state).toMatchObject({ missing: 512, gaps: 0 });
  });

  test("drops what is too old, and waits for more when there is nothing", () => {
    const roll = new BusRoll(48_000);
    const [left, right] = two(128);
    roll.push(0, counted(1, 48_000));
    roll.render(left, right);
    expect(roll.state.skipped).toBeGreaterThan(40_000);
    for (let turn = 0; turn < 40; turn++) roll.render(left, right);
    expect(roll.state).toMatchObject({ gaps: 1, targetMs: 40 });
    expect(left[0]).toBe(0);
  });
});
