// Where a spectrum is drawn: 20 Hz to 20 kHz in equal decades, as the equaliser's response in front of it.

/** The bottom of the drawing, dBFS; full scale is its top. */
export const FLOOR_DBFS = -90;

/** How high a level stands, 0 bottom to 1 top; `null` is silence. */
export function heightOf(level: number | null): number {
  return level === null ? 0 : Math.min(1, Math.max(0, (level - FLOOR_DBFS) / -FLOOR_DBFS));
}

/** Where a frequency is, 0 left to 1 right. */
export function placeOfFrequency(hz: number): number {
  return Math.log10(hz / 20) / 3;
}
