import { describe, expect, test } from "vitest";

import { type MeterKind, scaleOf } from "./scale";

const ALL = (["peak", "vu", "typeI", "typeIIa"] satisfies MeterKind[]).flatMap((kind) =>
  ([-18, -20] as const).map((alignment) => scaleOf(kind, alignment)),
);

describe("a scale", () => {
  test.each(ALL)("of $caption rises with the level and stays within its height", (scale) => {
    let before = 0;
    for (let level = -95; level <= 12; level += 0.5) {
      const height = scale.heightOf(level);
      expect(height).toBeGreaterThanOrEqual(before);
      expect(height).toBeLessThanOrEqual(1);
      before = height;
    }
    expect(scale.heightOf(-90)).toBeLessThan(0.01);
    expect(before).toBe(1);
  });
});

test("0 VU is alignment level, at 71 % of the scale's height, as its deflection follows the voltage", () => {
  for (const alignment of [-18, -20] as const) {
    const scale = scaleOf("vu", alignment);
    expect(scale.heightOf(alignment)).toBeCloseTo(10 ** (-3 / 20), 9);
    expect(scale.heightOf(alignment + 3)).toBe(1);
    expect([scale.warmFrom, scale.reading(alignment), scale.text(alignment)]).toEqual([alignment, 0, "0.0 VU"]);
  }
});

test("0 dB of the DIN scale is the permitted maximum, 9 dB above alignment level", () => {
  const scale = scaleOf("typeI", -18);
  expect([scale.reading(-9), scale.reading(-4), scale.warmFrom]).toEqual([0, 5, -9]);
  expect(scaleOf("typeI", -20).text(-11)).toBe("0.0 dB");
});

test("marks of the BBC's scale are 4 dB apart, 4 being alignment level", () => {
  const scale = scaleOf("typeIIa", -18);
  expect([-30, -26, -22, -18, -14, -10, -6].map((level) => scale.reading(level))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(scaleOf("typeIIa", -20).text(-12)).toBe("PPM 6.0");
});

test("the 20 dB below full scale take half of a peak meter", () => {
  const scale = scaleOf("peak", -18);
  expect([0, -20, -60, -70].map((level) => scale.heightOf(level))).toEqual([1, 0.5, 0.025, 0]);
});
