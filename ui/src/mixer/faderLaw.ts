// The fader law: where on its way (0 bottom, 1 top) a fader stands for a level in dB, and back.
// Straight lines between the marks of a console's fader: unity at three quarters, 10 dB to the next
// quarter, then ever steeper; below the last mark the fader is off.

/** A fader's level in dB; `null` is off. */
export type FaderLevel = number | null;

export const FADER_TOP = 10;
/** The lowest level that is not off. */
export const FADER_LOWEST = -90;

/** Position and level of every corner of the law, from the top. */
const CORNERS = [
  [1, FADER_TOP],
  [0.75, 0],
  [0.5, -10],
  [0.3, -20],
  [0.12, -40],
  [0.05, -60],
  [0.015, FADER_LOWEST],
] as const;

/** The levels worth a mark beside the fader. */
export const FADER_MARKS = [10, 5, 0, -5, -10, -20, -30, -40, -60] as const;

/** The level at `position`; positions outside the fader's way are taken for its ends. */
export function levelAt(position: number): FaderLevel {
  if (position >= 1) return FADER_TOP;
  for (let i = 1; i < CORNERS.length; i++) {
    const [upper, upperLevel] = CORNERS[i - 1] ?? CORNERS[0];
    const [lower, lowerLevel] = CORNERS[i] ?? CORNERS[0];
    if (position >= lower) {
      return lowerLevel + ((position - lower) / (upper - lower)) * (upperLevel - lowerLevel);
    }
  }
  return null;
}

/** Where the fader stands for `level`. */
export function positionOf(level: FaderLevel): number {
  if (level === null || level < FADER_LOWEST) return 0;
  for (let i = 1; i < CORNERS.length; i++) {
    const [upper, upperLevel] = CORNERS[i - 1] ?? CORNERS[0];
    const [lower, lowerLevel] = CORNERS[i] ?? CORNERS[0];
    if (level >= lowerLevel) {
      return Math.min(1, lower + ((level - lowerLevel) / (upperLevel - lowerLevel)) * (upper - lower));
    }
  }
  return 0;
}

/** Adds `step` dB. Down from the lowest level is off; up from off is the lowest level. */
export function nudge(level: FaderLevel, step: number): FaderLevel {
  if (level === null) return step > 0 ? FADER_LOWEST : null;
  const next = roundToTenth(level + step);
  return next < FADER_LOWEST ? null : Math.min(FADER_TOP, next);
}

/** Faders send tenths of a dB: finer is neither heard nor shown. */
export function roundToTenth(level: number): number {
  return Math.round(level * 10) / 10 + 0; // + 0: never "-0"
}

/** Reads what an operator types: "-6", "-6,5 dB", "+3", "off", "-inf". `undefined`: not a level. */
export function parseLevel(text: string): FaderLevel | undefined {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/\s*db$/, "")
    .replace(",", ".")
    .replace("−", "-");
  if (["off", "-inf", "-∞", "∞"].includes(plain)) return null;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain)) return undefined;
  const level = roundToTenth(Number(plain));
  if (level > FADER_TOP) return FADER_TOP;
  return level < FADER_LOWEST ? null : level;
}

/** What an operator reads and a screen reader says: "-6.0 dB", "off". */
export function levelText(level: FaderLevel): string {
  return level === null ? "off" : `${signed(level)} dB`;
}

/** "+3.0", "0.0", "-6.0". */
export function signed(level: number): string {
  const text = roundToTenth(level).toFixed(1);
  return level >= 0.05 ? `+${text}` : text;
}
