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

/** The outline of all bands, each a step a third of an octave wide: a path in a square of 1, y downwards. */
export function outlineOf(bands: readonly { frequency: number; level: number | null }[]): string {
  // A band is a thirtieth of the three decades.
  const half = 1 / 60;
  const steps = bands.map(({ frequency, level }) => {
    const [place, top] = [placeOfFrequency(frequency), (1 - heightOf(level)).toFixed(3)];
    return `${(place - half).toFixed(4)} ${top} ${(place + half).toFixed(4)} ${top}`;
  });
  const [first, last] = [bands[0], bands.at(-1)];
  if (!first || !last) return "";
  const [left, right] = [placeOfFrequency(first.frequency) - half, placeOfFrequency(last.frequency) + half];
  return `M${left.toFixed(4)} 1 L${steps.join(" ")} ${right.toFixed(4)} 1Z`;
}
