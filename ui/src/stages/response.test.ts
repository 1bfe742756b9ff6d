import { describe, expect, test } from "vitest";

import type { Band } from "../bindings";
import { testChain } from "../platform/fakeStrip";
import { bandResponse, equaliserResponse, highPassResponse } from "./response";

const band = (changes: Partial<Band>): Band => ({ kind: "bell", on: true, frequency: 1000, gain: 6, q: 1, ...changes });

describe("the drawn response", () => {
  test("of a bell is its gain at its frequency and nothing far away", () => {
    expect(bandResponse(band({ gain: -9 }), 1000)).toBeCloseTo(-9, 6);
    expect(bandResponse(band({}), 10)).toBeCloseTo(0, 2);
    expect(bandResponse(band({}), 100_000)).toBeCloseTo(0, 2);
  });

  test.each([
    ["lowShelf", 10, 100_000],
    ["highShelf", 100_000, 10],
  ] as const)("of a %s is its gain on its side, half of it at its frequency, nothing on the other", (kind, at, off) => {
    const shelf = band({ kind, q: Math.SQRT1_2 });
    expect(bandResponse(shelf, at)).toBeCloseTo(6, 2);
    expect(bandResponse(shelf, 1000)).toBeCloseTo(3, 6);
    expect(bandResponse(shelf, off)).toBeCloseTo(0, 2);
  });

  test("adds up the bands that are on", () => {
    const { equaliser } = testChain();
    equaliser.bands[1] = band({});
    equaliser.bands[2] = band({});
    expect(equaliserResponse(equaliser, 1000)).toBeCloseTo(12, 6);
    equaliser.bands[2] = band({ on: false });
    expect(equaliserResponse(equaliser, 1000)).toBeCloseTo(6, 6);
    expect(equaliserResponse({ ...equaliser, on: false }, 1000)).toBe(0);
  });

  test("of the high-pass is 3 dB down at its frequency and falls by its slope", () => {
    for (const [slope, fall] of [
      ["gentle", 12],
      ["steep", 24],
    ] as const) {
      const highPass = { on: true, frequency: 80, slope };
      expect(highPassResponse(highPass, 80)).toBeCloseTo(-3.01, 2);
      expect(highPassResponse(highPass, 5) - highPassResponse(highPass, 10)).toBeCloseTo(-fall, 0);
      expect(highPassResponse({ ...highPass, on: false }, 5)).toBe(0);
    }
  });
});
