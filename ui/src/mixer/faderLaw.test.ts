import { describe, expect, test } from "vitest";

import { FADER_LOWEST, FADER_TOP, levelAt, levelText, nudge, parseLevel, positionOf } from "./faderLaw";

describe("the fader law", () => {
  test("has unity at three quarters and ten more dB above", () => {
    expect(levelAt(1)).toBe(10);
    expect(levelAt(0.75)).toBe(0);
    expect(levelAt(0.5)).toBe(-10);
    expect(levelAt(0.3)).toBe(-20);
    expect(levelAt(0.12)).toBeCloseTo(-40, 9);
    expect(levelAt(0.05)).toBeCloseTo(-60, 9);
  });

  test("is off at the bottom and nowhere else", () => {
    expect(levelAt(0)).toBeNull();
    expect(levelAt(0.0149)).toBeNull();
    expect(levelAt(0.015)).toBe(FADER_LOWEST);
    expect(positionOf(null)).toBe(0);
    expect(positionOf(FADER_LOWEST)).toBe(0.015);
  });

  test("comes back to the same level from every tenth of a dB", () => {
    for (let tenth = FADER_LOWEST * 10; tenth <= FADER_TOP * 10; tenth++) {
      expect(levelAt(positionOf(tenth / 10))).toBeCloseTo(tenth / 10, 9);
    }
  });

  test("rises all the way", () => {
    let last = -Infinity;
    for (let step = 15; step <= 1000; step++) {
      const level = levelAt(step / 1000);
      expect(level).toBeGreaterThan(last);
      last = level ?? -Infinity;
    }
  });

  test("takes a position outside its way for the nearest end", () => {
    expect(levelAt(1.5)).toBe(FADER_TOP);
    expect(levelAt(-1)).toBeNull();
    expect(positionOf(40)).toBe(1);
    expect(positionOf(-200)).toBe(0);
  });

  test("steps into off at the bottom and out of it again", () => {
    expect(nudge(FADER_LOWEST, -0.5)).toBeNull();
    expect(nudge(null, -0.5)).toBeNull();
    expect(nudge(null, 0.5)).toBe(FADER_LOWEST);
    expect(nudge(9.8, 0.5)).toBe(FADER_TOP);
    expect(nudge(-6, 0.1)).toBe(-5.9);
  });
});

describe("a typed level", () => {
  test("is read in the ways people write it", () => {
    expect(parseLevel("-6")).toBe(-6);
    expect(parseLevel(" -6,55 dB ")).toBe(-6.5);
    expect(parseLevel("−3.2")).toBe(-3.2);
    expect(parseLevel("+3")).toBe(3);
    expect(parseLevel("off")).toBeNull();
    expect(parseLevel("-inf")).toBeNull();
  });

  test("stays within the fader's way", () => {
    expect(parseLevel("60")).toBe(FADER_TOP);
    expect(parseLevel("-120")).toBeNull();
  });

  test("is refused when it is no number", () => {
    expect(parseLevel("")).toBeUndefined();
    expect(parseLevel("loud")).toBeUndefined();
    expect(parseLevel("1e3")).toBeUndefined();
  });
});

test("a level is shown with its sign and never as minus zero", () => {
  expect(levelText(-6)).toBe("-6.0 dB");
  expect(levelText(-0.01)).toBe("0.0 dB");
  expect(levelText(0)).toBe("0.0 dB");
  expect(levelText(3.25)).toBe("+3.3 dB");
  expect(levelText(null)).toBe("off");
});
