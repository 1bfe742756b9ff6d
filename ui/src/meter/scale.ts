// The meter's scale: how high a level in dBFS stands, 0 bottom to 1 top.
// The widening towards the top is that of IEC 60268-18's figure for digital peak meters, drawn from
// -60 dBFS to full scale: the 20 dB that matter take half the height.

/** Levels where the slope changes, and their heights. */
const CORNERS = [
  [0, 1],
  [-20, 0.5],
  [-30, 0.3],
  [-40, 0.15],
  [-50, 0.075],
  [-60, 0.025],
  [-70, 0],
] as const;

/** The levels worth a mark beside the meter. */
export const METER_MARKS = [0, -6, -12, -18, -24, -30, -40, -50, -60] as const;

/** From here up the bar warns: less than 9 dB of headroom is left. */
export const WARM_FROM = -9;
/** The height of `level` on the scale. */
export function heightOf(level: number): number {
  if (level >= 0) return 1;
  for (let i = 1; i < CORNERS.length; i++) {
    const [upper, upperHeight] = CORNERS[i - 1] ?? CORNERS[0];
    const [lower, lowerHeight] = CORNERS[i] ?? CORNERS[0];
    if (level >= lower) return lowerHeight + ((level - lower) / (upper - lower)) * (upperHeight - lowerHeight);
  }
  return 0;
}
