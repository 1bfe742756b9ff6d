// Reads the binary meter frames of the station: little-endian, layout in the station's `api/meters.rs`.
// Runs at the display's rate, so it walks over the bytes without making objects.

/** The version of the layout that this file reads. */
const VERSION = 2;
const HEADER_BYTES = 16;
const BUS_BYTES = 20;
const STRIP_BYTES = 24;
const BUSES = ["programme", "cue"] as const;

/** Whose levels: a bus by its name, a strip by its id. */
export type MeterKey = (typeof BUSES)[number] | number;

/** Levels of one stereo signal: linear, full scale 1.0; left and right. */
export interface Levels {
  peak: [number, number];
  rms: [number, number];
  /** Samples at or above full scale since the counter was cleared. */
  clips: number;
}

/** One meter frame as objects: for diagnostics and tests. */
export interface DeskMeters {
  sequence: number;
  /** Part of a block's time that mixing it takes, 0..1. */
  load: number;
  /** By how much the limiter turns the programme down, dB, at most zero. */
  limiter: number;
  programme: Levels;
  cue: Levels;
  strips: { id: number; levels: Levels }[];
}

export function silence(): Levels {
  return { peak: [0, 0], rms: [0, 0], clips: 0 };
}

/** Whether `bytes` is a whole frame of the layout this file reads. */
export function isMeterFrame(bytes: ArrayBuffer): boolean {
  if (bytes.byteLength < HEADER_BYTES + BUSES.length * BUS_BYTES) return false;
  const view = new DataView(bytes);
  const size = HEADER_BYTES + BUSES.length * BUS_BYTES + view.getUint16(2, true) * STRIP_BYTES;
  return view.getUint8(0) === VERSION && bytes.byteLength >= size;
}

/** By how much the limiter turns the programme down, dB, at most zero. */
export function limiterOf(bytes: ArrayBuffer): number {
  return isMeterFrame(bytes) ? new DataView(bytes).getFloat32(12, true) : 0;
}

/** Calls `visit` for every bus and strip. The levels are lent: they change with the next call. */
export function forEachLevels(bytes: ArrayBuffer, visit: (key: MeterKey, levels: Levels) => void): void {
  if (!isMeterFrame(bytes)) return;
  const view = new DataView(bytes);
  const lent = silence();
  let at = HEADER_BYTES;
  for (const bus of BUSES) {
    readLevels(view, at, lent);
    visit(bus, lent);
    at += BUS_BYTES;
  }
  for (let strips = view.getUint16(2, true); strips > 0; strips--) {
    readLevels(view, at + 4, lent);
    visit(view.getUint32(at, true), lent);
    at += STRIP_BYTES;
  }
}

/** The whole frame as objects, or `null` when it cannot be read. */
export function parseMeterFrame(bytes: ArrayBuffer): DeskMeters | null {
  if (!isMeterFrame(bytes)) return null;
  const view = new DataView(bytes);
  const meters: DeskMeters = {
    sequence: view.getUint32(4, true),
    load: view.getFloat32(8, true),
    limiter: limiterOf(bytes),
    programme: silence(),
    cue: silence(),
    strips: [],
  };
  forEachLevels(bytes, (key, lent) => {
    const levels: Levels = { peak: [...lent.peak], rms: [...lent.rms], clips: lent.clips };
    if (typeof key === "number") meters.strips.push({ id: key, levels });
    else meters[key] = levels;
  });
  return meters;
}

/** The bytes of a frame, as the station writes them: for the fake desk and for tests. */
export function meterFrameBytes(meters: DeskMeters): ArrayBuffer {
  const bytes = new ArrayBuffer(HEADER_BYTES + BUSES.length * BUS_BYTES + meters.strips.length * STRIP_BYTES);
  const view = new DataView(bytes);
  view.setUint8(0, VERSION);
  view.setUint16(2, meters.strips.length, true);
  view.setUint32(4, meters.sequence, true);
  view.setFloat32(8, meters.load, true);
  view.setFloat32(12, meters.limiter, true);
  let at = HEADER_BYTES;
  for (const bus of BUSES) {
    writeLevels(view, at, meters[bus]);
    at += BUS_BYTES;
  }
  for (const { id, levels } of meters.strips) {
    view.setUint32(at, id, true);
    writeLevels(view, at + 4, levels);
    at += STRIP_BYTES;
  }
  return bytes;
}

function readLevels(view: DataView, at: number, into: Levels): void {
  into.peak[0] = view.getFloat32(at, true);
  into.peak[1] = view.getFloat32(at + 4, true);
  into.rms[0] = view.getFloat32(at + 8, true);
  into.rms[1] = view.getFloat32(at + 12, true);
  into.clips = view.getUint32(at + 16, true);
}

function writeLevels(view: DataView, at: number, levels: Levels): void {
  view.setFloat32(at, levels.peak[0], true);
  view.setFloat32(at + 4, levels.peak[1], true);
  view.setFloat32(at + 8, levels.rms[0], true);
  view.setFloat32(at + 12, levels.rms[1], true);
  view.setUint32(at + 16, levels.clips, true);
}
