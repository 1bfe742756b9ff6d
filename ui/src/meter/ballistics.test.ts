import { describe, expect, test } from "vitest";

import { dbfs, HOLD_MS, METER_FLOOR, PeakBallistics, ReadyBallistics, STALE_MS, VuBallistics } from "./ballistics";

describe("a peak bar", () => {
  test("jumps up at once", () => {
    const bar = new PeakBallistics();
    bar.take(0.5, 1000);
    expect(bar.level(1000)).toBeCloseTo(-6.02, 2);
  });

  test("falls by 20 dB in 1.7 seconds", () => {
    const bar = new PeakBallistics();
    bar.take(1, 1000);
    expect(bar.level(1000 + 850)).toBeCloseTo(-10, 6);
    expect(bar.level(1000 + 1700)).toBeCloseTo(-20, 6);
  });

  test("falls just as fast when quieter peaks keep coming", () => {
    const bar = new PeakBallistics();
    bar.take(1, 0);
    for (let now = 16; now <= 1700; now += 16) bar.take(0.001, now);
    expect(bar.level(1700)).toBeCloseTo(-20, 6);
  });

  test("ends at the floor", () => {
    const bar = new PeakBallistics();
    bar.take(1, 0);
    expect(bar.level(60_000)).toBe(METER_FLOOR);
    expect(bar.hold(60_000)).toBe(METER_FLOOR);
  });
});

describe("a hold mark", () => {
  test("stands for one and a half seconds, then falls like the bar", () => {
    const bar = new PeakBallistics();
    bar.take(1, 0);
    bar.take(0.1, 100);
    expect(bar.hold(HOLD_MS)).toBe(0);
    expect(bar.hold(HOLD_MS + 1700)).toBeCloseTo(-20, 6);
  });

  test("is pushed up by a higher peak and held anew", () => {
    const bar = new PeakBallistics();
    bar.take(0.1, 0);
    bar.take(0.5, 1000);
    expect(bar.hold(1000 + HOLD_MS)).toBeCloseTo(-6.02, 2);
  });
});

test("an RMS bar shows what was measured and falls once frames stop coming", () => {
  const bar = new ReadyBallistics();
  bar.take(0.1, 0);
  expect(bar.level(STALE_MS)).toBeCloseTo(-20, 6);
  bar.take(0.01, 10);
  expect(bar.level(20)).toBeCloseTo(-40, 6);
  expect(bar.level(60_000)).toBe(METER_FLOOR);
});

describe("a VU needle", () => {
  /** Feeds frames of a sine of amplitude `at(seconds)`, `rate` a second; the needle's amplitude after each. */
  function swing(at: (seconds: number) => number, seconds: number, rate = 60): { at: number; place: number }[] {
    const needle = new VuBallistics();
    const seen = [];
    let integral = 0;
    needle.take(0, 0, 0);
    for (let frame = 1; frame <= seconds * rate; frame++) {
      const now = frame / rate;
      integral += ((at(now) * 2) / Math.PI) * (1 / rate);
      needle.take(integral, now, now * 1000);
      seen.push({ at: now, place: 10 ** (needle.level(now * 1000) / 20) });
    }
    return seen;
  }

  test("reaches 99 % of a steady tone in 300 ms and swings 1 to 1.5 % beyond it", () => {
    for (const rate of [20, 50, 60, 94]) {
      const seen = swing(() => 0.1, 2, rate);
      const reached = seen.find(({ place }) => place >= 0.099)?.at ?? Infinity;
      expect(reached).toBeGreaterThan(0.299);
      expect(reached).toBeLessThan(0.301 + 1 / rate);
      const highest = Math.max(...seen.map(({ place }) => place / 0.1));
      expect(highest).toBeGreaterThan(1.01);
      expect(highest).toBeLessThan(1.015);
      expect(seen.at(-1)?.place).toBeCloseTo(0.1, 5);
    }
  });

  test("comes back as it went", () => {
    const back = swing((seconds) => (seconds <= 1 ? 0.1 : 0), 1.35).at(-3);
    expect(back?.at).toBeCloseTo(1.3, 1);
    expect(back?.place).toBeLessThan(0.0016);
  });

  test("loses nothing when frames are left out", () => {
    const [all, some] = [new VuBallistics(), new VuBallistics()];
    for (let frame = 0; frame <= 120; frame++) {
      all.take(frame * 0.001, frame / 60, frame * 16);
      if (frame % 5 === 0) some.take(frame * 0.001, frame / 60, frame * 16);
    }
    expect(some.level(1920)).toBeCloseTo(all.level(1920), 6);
  });

  test("begins anew with another engine, and falls once frames stop coming", () => {
    const needle = new VuBallistics();
    for (let frame = 0; frame < 120; frame++) needle.take(frame * 0.001, frame / 60, 0);
    const before = needle.level(0);
    needle.take(0, 0.01, 0);
    expect(needle.level(0)).toBe(before);
    expect(needle.level(STALE_MS + 1700)).toBeCloseTo(before - 20, 6);
  });

  test("stands where it would have come to after a long gap", () => {
    const needle = new VuBallistics();
    needle.take(5, 10, 0);
    needle.take(5 + (0.1 * 2 * 4) / Math.PI, 14, 0);
    expect(needle.level(0)).toBeCloseTo(-20, 6);
  });
});

test("silence and values that are no number are the floor", () => {
  expect(dbfs(0)).toBe(METER_FLOOR);
  expect(dbfs(Number.NaN)).toBe(METER_FLOOR);
  expect(dbfs(-1)).toBe(METER_FLOOR);
  expect(dbfs(1)).toBe(0);
});
