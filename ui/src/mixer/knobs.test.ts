import { expect, test } from "vitest";

import { panText, parsePan, parseTrim, trimText } from "./knobs";

test("pan reads as a side and a distance, and back", () => {
  expect(panText(0)).toBe("C");
  expect(panText(-0.4)).toBe("L 40");
  expect(panText(1)).toBe("R 100");
  for (const pan of [-1, -0.4, 0, 0.25, 1]) expect(parsePan(panText(pan))).toBeCloseTo(pan, 9);
});

test("a typed pan may be a bare number and stays between the speakers", () => {
  expect(parsePan("-30")).toBe(-0.3);
  expect(parsePan("r250")).toBe(1);
  expect(parsePan("left")).toBeUndefined();
});

test("trim reads in dB, and back", () => {
  expect(trimText(24)).toBe("+24.0 dB");
  expect(parseTrim("+24.0 dB")).toBe(24);
  expect(parseTrim("-3,5")).toBe(-3.5);
  expect(parseTrim("loud")).toBeUndefined();
});
