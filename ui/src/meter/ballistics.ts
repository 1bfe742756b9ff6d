// How a meter moves: what the eye is shown of the levels that the engine measured.
// Peak: at once up, down by 20 dB in 1.7 s (IEC 60268-18); its hold mark stands for 1.5 s and then
// falls the same way. RMS is averaged over 300 ms by the engine already and is shown as it comes.
// VU (IEC 60268-17) and quasi-peak meters (IEC 60268-10) are not among them: the first integrates the
// rectified signal and the second bursts of 5 or 10 ms, and a frame has neither, only the highest
// sample and the RMS since the frame before.
// Levels are dBFS, times milliseconds of any clock that only goes forward.

/** Fall of the peak bar, dB per millisecond. */
export const FALL_PER_MS = 20 / 1700;
/** How long the hold mark stands, ms. */
export const HOLD_MS = 1500;
/** After this long without a frame there is nothing to show, ms: a frozen bar would be a lie. */
export const STALE_MS = 400;
/** Everything below is drawn as nothing. */
export const METER_FLOOR = -90;

/** Linear level, full scale 1.0, as dBFS, not below the floor. A value that is no number is the floor. */
export function dbfs(linear: number): number {
  return linear > 0 ? Math.max(METER_FLOOR, 20 * Math.log10(linear)) : METER_FLOOR;
}

/** One channel's peak bar and hold mark. */
export class PeakBallistics {
  #level = METER_FLOOR;
  #levelAt = 0;
  #hold = METER_FLOOR;
  #heldAt = 0;

  /** A peak was measured, linear. */
  take(peak: number, now: number): void {
    const level = dbfs(peak);
    if (level >= this.level(now)) {
      this.#level = level;
      this.#levelAt = now;
    }
    if (level >= this.hold(now)) {
      this.#hold = level;
      this.#heldAt = now;
    }
  }

  /** The top of the bar. */
  level(now: number): number {
    return fallen(this.#level, now - this.#levelAt);
  }

  /** The hold mark. */
  hold(now: number): number {
    return fallen(this.#hold, now - this.#heldAt - HOLD_MS);
  }
}

/** One channel's RMS bar. */
export class RmsBallistics {
  #level = METER_FLOOR;
  #takenAt = 0;

  /** The mean was measured, linear. */
  take(rms: number, now: number): void {
    this.#level = dbfs(rms);
    this.#takenAt = now;
  }

  /** The top of the bar; falls like a peak once no more frames come. */
  level(now: number): number {
    return fallen(this.#level, now - this.#takenAt - STALE_MS);
  }
}

function fallen(level: number, ms: number): number {
  return ms <= 0 ? level : Math.max(METER_FLOOR, level - ms * FALL_PER_MS);
}
