import { describe, expect, test } from "vitest";

import { linear, logarithmic, withEnd } from "./knobLaw";

describe("a knob's way", () => {
  test("is divided evenly among decibels", () => {
    const law = linear(-60, 0);
    expect([-60, -30, 0].map((level) => law.position(level))).toEqual([0, 0.5, 1]);
    expect(law.value(0.25)).toBe(-45);
    expect(law.step(-0.2, 0.5)).toBe(0);
  });

  test("is divided evenly among octaves of a frequency", () => {
    const law = logarithmic(20, 20_000);
    expect(law.position(632.456)).toBeCloseTo(0.5, 5);
    expect(law.value(1)).toBe(20_000);
    expect(law.step(1000, 1)).toBe(2000);
    expect(law.step(15_000, 1)).toBe(20_000);
  });

  test("reaches zero where a time may be none", () => {
    const law = logarithmic(0, 2000, 10);
    expect(law.value(0)).toBe(0);
    expect(law.position(0)).toBe(0);
    expect(law.step(0, 1)).toBe(10);
    expect(law.step(0, -1)).toBe(0);
  });

  test.each([0.1, 3, 80, 440, 4321])("leads from %d to a place and back", (value) => {
    const law = logarithmic(0.1, 20_000);
    expect(law.value(law.position(value))).toBe(value === 4321 ? 4320 : value);
  });

  test("moves at every fine step, whatever the value", () => {
    const law = logarithmic(0.1, 3000);
    for (let value = 0.1; value < 2900; value = law.step(value, 1 / 48)) {
      expect(law.step(value, 1 / 48)).toBeGreaterThan(value);
    }
  });

  test("has room for off at its bottom, which one step leaves and reaches", () => {
    const law = withEnd(logarithmic(20, 500), "bottom", 20, 0);
    expect(law.value(0)).toBe(0);
    expect(law.position(0)).toBe(0);
    expect(law.step(0, 1 / 6)).toBe(20);
    expect(law.step(20, -1 / 6)).toBe(0);
    expect(law.step(0, -1)).toBe(0);
    expect(law.value(law.position(100))).toBe(100);
    expect(law.bound(12)).toBe(0);
  });

  test("has room for a limit at its top", () => {
    const law = withEnd(logarithmic(1, 20), "top", 20, Infinity);
    expect(law.value(1)).toBe(Infinity);
    expect(law.position(Infinity)).toBe(1);
    expect(law.step(20, 0.1)).toBe(Infinity);
    expect(law.step(Infinity, -0.1)).toBe(20);
    expect(law.value(law.position(4))).toBe(4);
  });
});
