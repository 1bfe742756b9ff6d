import { describe, expect, test } from "vitest";

import { dbfs, HOLD_MS, METER_FLOOR, PeakBallistics, RmsBallistics, STALE_MS } from "./ballistics";

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
  const bar = new RmsBallistics();
  bar.take(0.1, 0);
  expect(bar.level(STALE_MS)).toBeCloseTo(-20, 6);
  bar.take(0.01, 10);
  expect(bar.level(20)).toBeCloseTo(-40, 6);
  expect(bar.level(60_000)).toBe(METER_FLOOR);
});

test("silence and values that are no number are the floor", () => {
  expect(dbfs(0)).toBe(METER_FLOOR);
  expect(dbfs(Number.NaN)).toBe(METER_FLOOR);
  expect(dbfs(-1)).toBe(METER_FLOOR);
  expect(dbfs(1)).toBe(0);
});
