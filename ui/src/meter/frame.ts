// Reads the binary meter frames of the station: little-endian, layout in the station's `api/meters.rs`.
// Runs at the display's rate, so it walks over the bytes without making objects.

import type { BusName } from "../bindings";

/** The version of the layout that this file reads. */
const VERSION = 4;
const HEADER_BYTES = 28;
const BUS_BYTES = 56;
const STRIP_BYTES = 36;

/** The buses in the order in which the station lists them. */
export const BUSES = [
  "programme",
  "cue",
  "aux1",
  "aux2",
  "aux3",
  "aux4",
  "aux5",
  "aux6",
  "aux7",
  "aux8",
] as const satisfies BusName[];

/** The aux buses; a strip's sends are in this order. */
export const AUX_BUSES = BUSES.slice(2);

/** Whose levels: a bus by its name, a strip by its id. */
export type MeterKey = BusName | number;

/** Levels of one stereo signal: linear, full scale 1.0; left and right. */
export interface Levels {
  peak: [number, number];
  rms: [number, number];
  /** Samples at or above full scale since the counter was cleared. */
  clips: number;
}

/** By how much dynamics turn a signal down, dB, at most zero. A bus has a compressor only. */
export interface Reductions {
  gate: number;
  compressor: number;
  deEsser: number;
}

/** What needle meters of a bus show, left and right. Linear, full scale 1.0. */
export interface Needles {
  /** Quasi-peaks of IEC 60268-10, Type I. */
  typeI: [number, number];
  /** The same, Type IIa. */
  typeIIa: [number, number];
  /** Integrals of the magnitude over time since the engine began, seconds at full scale. */
  rectified: [number, number];
}

/** What a strip or a bus shows. */
export interface Metered {
  levels: Levels;
  reductions: Reductions;
  /** Of a bus; a strip has none. */
  needles?: Needles;
}

/** One meter frame as objects: for diagnostics and tests. */
export interface DeskMeters {
  sequence: number;
  /** Part of a block's time that mixing it takes, 0..1. */
  load: number;
  /** By how much the limiter turns the programme down, dB, at most zero. */
  limiter: number;
  /** By how much music steps back, dB, at most zero. */
  ducking: number;
  /** Seconds mixed since the engine began. */
  seconds: number;
  /** A bus that is missing is silent. */
  buses: Partial<Record<BusName, Metered>>;
  strips: ({ id: number } & Metered)[];
}

export function silence(): Levels {
  return { peak: [0, 0], rms: [0, 0], clips: 0 };
}

export function atRest(): Reductions {
  return { gate: 0, compressor: 0, deEsser: 0 };
}

export function needlesAtRest(): Needles {
  return { typeI: [0, 0], typeIIa: [0, 0], rectified: [0, 0] };
}

/** A frame in which nothing happens. */
export function quietFrame(changes: Partial<DeskMeters> = {}): DeskMeters {
  return { sequence: 1, load: 0, limiter: 0, ducking: 0, seconds: 0, buses: {}, strips: [], ...changes };
}

/** Whether `bytes` is a whole frame of the layout this file reads. */
export function isMeterFrame(bytes: ArrayBuffer): boolean {
  if (bytes.byteLength < HEADER_BYTES + BUSES.length * BUS_BYTES) return false;
  const view = new DataView(bytes);
  const size = HEADER_BYTES + BUSES.length * BUS_BYTES + view.getUint16(2, true) * STRIP_BYTES;
  return view.getUint8(0) === VERSION && view.getUint8(1) === BUSES.length && bytes.byteLength >= size;
}

/** By how much the limiter turns the programme down, dB, at most zero. */
export function limiterOf(bytes: ArrayBuffer): number {
  return isMeterFrame(bytes) ? new DataView(bytes).getFloat32(12, true) : 0;
}

/** By how much music steps back, dB, at most zero. */
export function duckingOf(bytes: ArrayBuffer): number {
  return isMeterFrame(bytes) ? new DataView(bytes).getFloat32(16, true) : 0;
}

/** Seconds mixed since the engine began. */
export function secondsOf(bytes: ArrayBuffer): number {
  return isMeterFrame(bytes) ? new DataView(bytes).getFloat64(20, true) : 0;
}

/** Calls `visit` for every bus and strip. What it gets is lent: it changes with the next call. */
export function forEachMetered(bytes: ArrayBuffer, visit: (key: MeterKey, metered: Metered) => void): void {
  if (!isMeterFrame(bytes)) return;
  const view = new DataView(bytes);
  const lent: Metered = { levels: silence(), reductions: atRest() };
  const needles = needlesAtRest();
  lent.needles = needles;
  let at = HEADER_BYTES;
  for (const bus of BUSES) {
    readLevels(view, at, lent.levels);
    lent.reductions.compressor = view.getFloat32(at + 20, true);
    readNeedles(view, at + 24, needles);
    visit(bus, lent);
    at += BUS_BYTES;
  }
  delete lent.needles;
  for (let strips = view.getUint16(2, true); strips > 0; strips--) {
    readLevels(view, at + 4, lent.levels);
    lent.reductions.gate = view.getFloat32(at + 24, true);
    lent.reductions.compressor = view.getFloat32(at + 28, true);
    lent.reductions.deEsser = view.getFloat32(at + 32, true);
    visit(view.getUint32(at, true), lent);
    at += STRIP_BYTES;
  }
}

/** The whole frame as objects, or `null` when it cannot be read. */
export function parseMeterFrame(bytes: ArrayBuffer): DeskMeters | null {
  if (!isMeterFrame(bytes)) return null;
  const view = new DataView(bytes);
  const meters = quietFrame({
    sequence: view.getUint32(4, true),
    load: view.getFloat32(8, true),
    limiter: limiterOf(bytes),
    ducking: duckingOf(bytes),
    seconds: secondsOf(bytes),
  });
  forEachMetered(bytes, (key, lent) => {
    const metered = structuredClone(lent);
    if (typeof key === "number") meters.strips.push({ id: key, ...metered });
    else meters.buses[key] = metered;
  });
  return meters;
}

/** The bytes of a frame, as the station writes them: for the fake desk and for tests. */
export function meterFrameBytes(meters: DeskMeters): ArrayBuffer {
  const bytes = new ArrayBuffer(HEADER_BYTES + BUSES.length * BUS_BYTES + meters.strips.length * STRIP_BYTES);
  const view = new DataView(bytes);
  view.setUint8(0, VERSION);
  view.setUint8(1, BUSES.length);
  view.setUint16(2, meters.strips.length, true);
  view.setUint32(4, meters.sequence, true);
  view.setFloat32(8, meters.load, true);
  view.setFloat32(12, meters.limiter, true);
  view.setFloat32(16, meters.ducking, true);
  view.setFloat64(20, meters.seconds, true);
  let at = HEADER_BYTES;
  for (const bus of BUSES) {
    writeLevels(view, at, meters.buses[bus]?.levels ?? silence());
    view.setFloat32(at + 20, meters.buses[bus]?.reductions.compressor ?? 0, true);
    writeNeedles(view, at + 24, meters.buses[bus]?.needles ?? needlesAtRest());
    at += BUS_BYTES;
  }
  for (const { id, levels, reductions } of meters.strips) {
    view.setUint32(at, id, true);
    writeLevels(view, at + 4, levels);
    view.setFloat32(at + 24, reductions.gate, true);
    view.setFloat32(at + 28, reductions.compressor, true);
    view.setFloat32(at + 32, reductions.deEsser, true);
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

function readNeedles(view: DataView, at: number, into: Needles): void {
  for (const side of [0, 1] as const) {
    into.typeI[side] = view.getFloat32(at + 4 * side, true);
    into.typeIIa[side] = view.getFloat32(at + 8 + 4 * side, true);
    into.rectified[side] = view.getFloat64(at + 16 + 8 * side, true);
  }
}

function writeNeedles(view: DataView, at: number, needles: Needles): void {
  for (const side of [0, 1] as const) {
    view.setFloat32(at + 4 * side, needles.typeI[side], true);
    view.setFloat32(at + 8 + 4 * side, needles.typeIIa[side], true);
    view.setFloat64(at + 16 + 8 * side, needles.rectified[side], true);
  }
}
