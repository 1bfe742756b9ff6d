import { expect, test } from "vitest";

import {
  atRest,
  BUSES,
  forEachMetered,
  isMeterFrame,
  meterFrameBytes,
  type MeterKey,
  parseMeterFrame,
  silence,
} from "./frame";

const FIRST_STRIP = 28 + 10 * 56;

/** A frame written byte by byte from the layout in the station's `api/meters.rs`. */
function twoStrips(): ArrayBuffer {
  const bytes = new ArrayBuffer(FIRST_STRIP + 2 * 36);
  const view = new DataView(bytes);
  view.setUint8(0, 4);
  view.setUint8(1, 10);
  view.setUint16(2, 2, true);
  view.setUint32(4, 77, true);
  view.setFloat32(8, 0.25, true);
  view.setFloat32(12, -2.5, true); // limiter
  view.setFloat32(16, -12, true); // talkover
  view.setFloat64(20, 10.5, true); // seconds mixed
  view.setFloat32(28, 0.5, true); // programme, peak left
  view.setUint32(28 + 16, 3, true); // programme, clips
  view.setFloat32(28 + 20, -4, true); // programme, compressor
  view.setFloat32(28 + 24 + 4, 0.75, true); // programme, Type I right
  view.setFloat32(28 + 32, 0.25, true); // programme, Type IIa left
  view.setFloat64(28 + 40, 1_000_000.5, true); // programme, rectified left
  view.setFloat32(84 + 12, 0.125, true); // cue, RMS right
  view.setUint32(FIRST_STRIP, 9, true);
  view.setFloat32(FIRST_STRIP + 4 + 4, 1, true); // strip 9, peak right
  view.setFloat32(FIRST_STRIP + 24, -20, true); // its gate
  view.setFloat32(FIRST_STRIP + 28, -3, true); // its compressor
  view.setFloat32(FIRST_STRIP + 32, -5, true); // its de-esser
  view.setUint32(FIRST_STRIP + 36, 4_000_000_000, true);
  return bytes;
}

test("a frame is read as the station lays it out", () => {
  const meters = parseMeterFrame(twoStrips());
  expect(meters).toMatchObject({
    sequence: 77,
    load: 0.25,
    limiter: -2.5,
    ducking: -12,
    seconds: 10.5,
    strips: [
      {
        id: 9,
        levels: { peak: [0, 1], rms: [0, 0], clips: 0 },
        reductions: { gate: -20, compressor: -3, deEsser: -5 },
      },
      { id: 4_000_000_000, levels: silence(), reductions: atRest() },
    ],
  });
  expect(meters?.buses.programme).toEqual({
    levels: { peak: [0.5, 0], rms: [0, 0], clips: 3 },
    reductions: { ...atRest(), compressor: -4 },
    needles: { typeI: [0, 0.75], typeIIa: [0.25, 0], rectified: [1_000_000.5, 0] },
  });
  expect(meters?.strips[0]).not.toHaveProperty("needles");
  expect(meters?.buses.cue?.levels.rms).toEqual([0, 0.125]);
  expect(meters?.buses.aux8?.levels).toEqual(silence());
});

test("a frame that was written is read back the same", () => {
  const bytes = twoStrips();
  const meters = parseMeterFrame(bytes);
  expect(meters && new Uint8Array(meterFrameBytes(meters))).toEqual(new Uint8Array(bytes));
});

test("the buses are visited first, then the strips in their order", () => {
  const keys: MeterKey[] = [];
  forEachMetered(twoStrips(), (key) => keys.push(key));
  expect(keys).toEqual([...BUSES, 9, 4_000_000_000]);
});

test("a frame that is cut short or of another version is left out, not guessed at", () => {
  const bytes = twoStrips();
  expect(isMeterFrame(bytes.slice(0, -1))).toBe(false);
  expect(isMeterFrame(new ArrayBuffer(0))).toBe(false);
  new DataView(bytes).setUint8(0, 2);
  expect(parseMeterFrame(bytes)).toBeNull();
  expect(() => forEachMetered(bytes, () => expect.unreachable())).not.toThrow();
});
