// The scales of the meters: how high a level in dBFS stands, 0 bottom to 1 top, and what is written beside it.
// Alignment level is that of a steady sine by its amplitude: -18 dBFS after EBU R 68, -20 dBFS after SMPTE RP 155.
import { METER_FLOOR } from "./ballistics";

/** What a bus's meter shows, and how it moves: sample peak and RMS, VU, or a quasi-peak of IEC 60268-10. */
export type MeterKind = "peak" | "vu" | "typeI" | "typeIIa";

/** Alignment level, dBFS. */
export type Alignment = -18 | -20;

export interface Mark {
  text: string;
  /** 0 bottom to 1 top. */
  height: number;
  /** Written on a short meter, too. */
  major: boolean;
}

export interface MeterScale {
  /** Few letters, for beside the meter. */
  caption: string;
  /** A few more, for a choice of meters. */
  name: string;
  /** What it is, for who wants to know exactly. */
  title: string;
  marks: readonly Mark[];
  /** From here up the bar warns, dBFS. */
  warmFrom: number;
  /** The ends of the scale and a level on it, in the scale's own unit. */
  least: number;
  most: number;
  reading(level: number): number;
  /** A level in words. */
  text(level: number): string;
  heightOf(level: number): number;
}

type Corners = readonly (readonly [level: number, height: number])[];

/** The height on a law of straight lines, corners from the top down. */
function between(corners: Corners, level: number): number {
  let above: Corners[number] | undefined;
  for (const corner of corners) {
    if (level >= corner[0]) {
      if (!above) return corner[1];
      const [upper, lower] = [above, corner];
      return lower[1] + ((level - lower[0]) / (upper[0] - lower[0])) * (upper[1] - lower[1]);
    }
    above = corner;
  }
  return 0;
}

/**
 * The widening towards the top is that of IEC 60268-18's figure for digital peak meters, drawn from
 * -60 dBFS to full scale: the 20 dB that matter take half the height.
 */
const PEAK_CORNERS: Corners = [
  [0, 1],
  [-20, 0.5],
  [-30, 0.3],
  [-40, 0.15],
  [-50, 0.075],
  [-60, 0.025],
  [-70, 0],
];

const PEAK_SCALE: MeterScale = {
  caption: "peak, RMS",
  name: "Peak and RMS",
  title: "Sample peak with hold, and RMS over 300 ms, dBFS",
  marks: [0, -6, -12, -18, -24, -30, -40, -50, -60].map((level, at) => ({
    text: String(-level),
    height: between(PEAK_CORNERS, level),
    major: at % 2 === 0,
  })),
  // Less than 9 dB of headroom is left.
  warmFrom: -9,
  least: METER_FLOOR,
  most: 0,
  reading: (level) => level,
  text: (level) => (level <= METER_FLOOR ? "silent" : `${level.toFixed(1)} dBFS`),
  heightOf: (level) => between(PEAK_CORNERS, level),
};

/** As scales are printed: what is below zero has no sign. */
const printed = (value: number): string => (value > 0 ? `+${value}` : String(-value + 0));
/** "–18": with a dash that is as wide as a plus. */
const dashed = (value: number): string => String(value).replace("-", "–");

/** The top of the VU scale. The needle's deflection is in proportion to the voltage, not to the level. */
const VU_TOP = 3;
const VU_MAJOR = [3, 0, -3, -7, -20];

function vuScale(alignment: Alignment): MeterScale {
  const heightOf = (vu: number): number => Math.min(1, 10 ** ((vu - VU_TOP) / 20));
  return {
    caption: `VU ${dashed(alignment)}`,
    name: `VU, 0 = ${dashed(alignment)} dBFS`,
    title: `VU (IEC 60268-17): 0 VU is a steady sine of ${alignment} dBFS`,
    marks: [3, 2, 1, 0, -1, -2, -3, -5, -7, -10, -20].map((vu) => ({
      text: printed(vu),
      height: heightOf(vu),
      major: VU_MAJOR.includes(vu),
    })),
    warmFrom: alignment,
    least: -20,
    most: VU_TOP,
    reading: (level) => level - alignment,
    text: (level) => (level - alignment < -30 ? "silent" : `${(level - alignment).toFixed(1)} VU`),
    heightOf: (level) => (level <= METER_FLOOR ? 0 : heightOf(level - alignment)),
  };
}

/** Bar displays spread the upper part; where exactly, the standard leaves to them. dB of the scale. */
const TYPE_I_CORNERS: Corners = [
  [5, 1],
  [0, 0.86],
  [-5, 0.72],
  [-10, 0.58],
  [-20, 0.36],
  [-30, 0.2],
  [-40, 0.09],
  [-50, 0.02],
  [-55, 0],
];
/** From alignment level to the permitted maximum, 0 dB of the DIN scale (EBU R 68: 9 dB). */
const TYPE_I_ZERO = 9;

function typeIScale(alignment: Alignment): MeterScale {
  const zero = alignment + TYPE_I_ZERO;
  const marks = [5, 0, -5, -10, -20, -30, -40, -50];
  return {
    caption: `DIN ${dashed(alignment)}`,
    name: `PPM DIN, ${dashed(alignment)} dBFS`,
    title: `Quasi-peak, DIN scale (IEC 60268-10, Type I): 0 dB is ${zero} dBFS, alignment ${alignment} dBFS`,
    marks: marks.map((db) => ({
      text: printed(db),
      height: between(TYPE_I_CORNERS, db),
      major: [5, 0, -10, -20, -50].includes(db),
    })),
    warmFrom: zero,
    least: -50,
    most: 5,
    reading: (level) => level - zero,
    text: (level) => (level - zero < -55 ? "silent" : `${(level - zero).toFixed(1)} dB`),
    heightOf: (level) => between(TYPE_I_CORNERS, level - zero),
  };
}

/** Marks of the BBC's scale are 4 dB apart; 4 is alignment level and 6 the permitted maximum. */
const PPM_STEP = 4;
const PPM_LEAST = 0.5;
const PPM_MOST = 7.5;

function typeIIaScale(alignment: Alignment): MeterScale {
  const ppm = (level: number): number => 4 + (level - alignment) / PPM_STEP;
  const heightOf = (mark: number): number => Math.min(1, Math.max(0, (mark - PPM_LEAST) / (PPM_MOST - PPM_LEAST)));
  return {
    caption: `BBC ${dashed(alignment)}`,
    name: `PPM BBC, ${dashed(alignment)} dBFS`,
    title: `Quasi-peak, BBC scale (IEC 60268-10, Type IIa): 4 is ${alignment} dBFS, marks 4 dB apart`,
    marks: [7, 6, 5, 4, 3, 2, 1].map((mark) => ({ text: String(mark), height: heightOf(mark), major: mark % 2 === 0 })),
    warmFrom: alignment + 2 * PPM_STEP,
    least: PPM_LEAST,
    most: PPM_MOST,
    reading: ppm,
    text: (level) => (ppm(level) < PPM_LEAST ? "below PPM 1" : `PPM ${ppm(level).toFixed(1)}`),
    heightOf: (level) => heightOf(ppm(level)),
  };
}

/** The scale of a kind of meter. */
export function scaleOf(kind: MeterKind, alignment: Alignment): MeterScale {
  switch (kind) {
    case "peak":
      return PEAK_SCALE;
    case "vu":
      return vuScale(alignment);
    case "typeI":
      return typeIScale(alignment);
    case "typeIIa":
      return typeIIaScale(alignment);
  }
}
