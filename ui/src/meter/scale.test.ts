import { expect, test } from "vitest";

import { heightOf } from "./scale";

test("full scale is the top and everything above stays there", () => {
  expect(heightOf(0)).toBe(1);
  expect(heightOf(6)).toBe(1);
});

test("the loudest 20 dB take half of the height", () => {
  expect(heightOf(-20)).toBe(0.5);
  expect(heightOf(-10)).toBe(0.75);
});

test("silence is the bottom", () => {
  expect(heightOf(-70)).toBe(0);
  expect(heightOf(-Infinity)).toBe(0);
});

test("a louder signal never stands lower", () => {
  for (let level = -90; level < 0; level += 0.5) expect(heightOf(level + 0.5)).toBeGreaterThanOrEqual(heightOf(level));
});
