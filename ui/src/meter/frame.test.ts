import { expect, test } from "vitest";

import { forEachLevels, isMeterFrame, meterFrameBytes, type MeterKey, parseMeterFrame, silence } from "./frame";

/** A frame written byte by byte from the layout in the station's `api/meters.rs`. */
function twoStrips(): ArrayBuffer {
  const bytes = new ArrayBuffer(16 + 2 * 20 + 2 * 24);
  const view = new DataView(bytes);
  view.setUint8(0, 2);
  view.setUint16(2, 2, true);
  view.setUint32(4, 77, true);
  view.setFloat32(8, 0.25, true);
  view.setFloat32(12, -2.5, true); // limiter
  view.setFloat32(16, 0.5, true); // programme, peak left
  view.setUint32(16 + 16, 3, true); // programme, clips
  view.setFloat32(36 + 12, 0.125, true); // cue, RMS right
  view.setUint32(56, 9, true);
  view.setFloat32(56 + 4 + 4, 1, true); // strip 9, peak right
  view.setUint32(80, 4_000_000_000, true);
  return bytes;
}

test("a frame is read as the station lays it out", () => {
  const meters = parseMeterFrame(twoStrips());
  expect(meters).toEqual({
    sequence: 77,
    load: 0.25,
    limiter: -2.5,
    programme: { peak: [0.5, 0], rms: [0, 0], clips: 3 },
    cue: { peak: [0, 0], rms: [0, 0.125], clips: 0 },
    strips: [
      { id: 9, levels: { peak: [0, 1], rms: [0, 0], clips: 0 } },
      { id: 4_000_000_000, levels: silence() },
    ],
  });
});

test("a frame that was written is read back the same", () => {
  const bytes = twoStrips();
  const meters = parseMeterFrame(bytes);
  expect(meters && new Uint8Array(meterFrameBytes(meters))).toEqual(new Uint8Array(bytes));
});

test("the buses are visited first, then the strips in their order", () => {
  const keys: MeterKey[] = [];
  forEachLevels(twoStrips(), (key) => keys.push(key));
  expect(keys).toEqual(["programme", "cue", 9, 4_000_000_000]);
});

test("a frame that is cut short or of another version is left out, not guessed at", () => {
  const bytes = twoStrips();
  expect(isMeterFrame(bytes.slice(0, -1))).toBe(false);
  expect(isMeterFrame(new ArrayBuffer(0))).toBe(false);
  new DataView(bytes).setUint8(0, 3);
  expect(parseMeterFrame(bytes)).toBeNull();
  expect(() => forEachLevels(bytes, () => expect.unreachable())).not.toThrow();
});
