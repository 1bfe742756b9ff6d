import { expect, test } from "vitest";

import { heightOf, outlineOf, placeOfFrequency } from "./spectrum";

test("20 Hz to 20 kHz are three equal decades, and -90 to 0 dBFS the height", () => {
  expect([20, 200, 2000, 20_000].map(placeOfFrequency)).toEqual([0, 1 / 3, 2 / 3, 1].map((x) => expect.closeTo(x, 9)));
  expect([null, -120, -90, -45, 0, 6].map(heightOf)).toEqual([0, 0, 0, 0.5, 1, 1]);
});

test("the outline steps from band to band and ends where it began, at the bottom", () => {
  const bands = [
    { frequency: 200, level: -45 },
    { frequency: 2000, level: null },
  ];
  expect(outlineOf(bands)).toBe("M0.3167 1 L0.3167 0.500 0.3500 0.500 0.6500 1.000 0.6833 1.000 0.6833 1Z");
  expect(outlineOf([])).toBe("");
});
