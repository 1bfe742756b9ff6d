import { describe, expect, test } from "vitest";

import { testSnapshot } from "../platform/fakeSnapshot";
import { testChain } from "../platform/fakeStrip";
import { BANDS, COMPRESSOR, DE_ESSER, type Dial, GATE, HIGH_PASS, TALKOVER } from "./parameters";

const chain = testChain();
const STAGES: [string, object, Record<string, Dial>][] = [
  ["the gate", chain.gate, GATE],
  ["the compressor", chain.compressor, COMPRESSOR],
  ["the de-esser", chain.deEsser, DE_ESSER],
  ["talkover", testSnapshot().talkover, TALKOVER],
];

describe.each(STAGES)("of %s", (_, settings, dials) => {
  test("every number has a knob, which stands within its range when nothing was touched", () => {
    expect(Object.keys(dials).sort()).toEqual(
      Object.keys(settings)
        .filter((key) => key !== "on")
        .sort(),
    );
    for (const { neutral, law } of Object.values(dials)) {
      expect(law.bound(neutral)).toBe(neutral);
      expect(law.value(law.position(neutral))).toBeCloseTo(neutral, 6);
    }
  });

  test("knobs return to what the station uses unless told", () => {
    for (const [key, { neutral }] of Object.entries(dials)) {
      const usual = (settings as Record<string, unknown>)[key];
      expect(usual === null ? 0 : typeof usual === "object" ? 3 : usual, key).toBe(neutral);
    }
  });
});

test("each band of the equaliser returns to its own place", () => {
  expect(BANDS.map(({ frequency }) => frequency.neutral)).toEqual(
    chain.equaliser.bands.map(({ frequency }) => frequency),
  );
  expect(HIGH_PASS.frequency.neutral).toBe(chain.highPass.frequency);
});
