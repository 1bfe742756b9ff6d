// How a meter moves: what the eye is shown of the levels that the engine measured.
// Peak: at once up, down by 20 dB in 1.7 s (IEC 60268-18); its hold mark stands for 1.5 s and then
// falls the same way. RMS is averaged over 300 ms by the engine already and is shown as it comes; so are quasi-peaks
// (IEC 60268-10), which rise and return within the engine. A VU needle (IEC 60268-17) moves here: it is fed with the
// mean of the rectified signal, reaches 99 % of a steady tone in 300 ms and swings 1.25 % beyond it.
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

/** One channel's bar of what the engine has averaged already: RMS, quasi-peak. */
export class ReadyBallistics {
  #level = METER_FLOOR;
  #takenAt = 0;

  /** It was measured, linear. */
  take(level: number, now: number): void {
    this.#level = dbfs(level);
    this.#takenAt = now;
  }

  /** The top of the bar; falls like a peak once no more frames come. */
  level(now: number): number {
    return fallen(this.#level, now - this.#takenAt - STALE_MS);
  }
}

/** Damping of the needle: the only one that swings 1.25 % beyond a step. The standard asks for 1 to 1.5 %. */
const DAMPING = 0.812717;
/** Its angular frequency, 1/s: that reaches 99 % in 300 ms. */
const NEEDLE_RATE = 13.51191;
/** The needle's step, seconds. */
const STEP = 0.001;
/** After a gap like this the needle stands where it would have come to, seconds. */
const SETTLED = 1;
/** From the mean of a rectified sine to its amplitude. */
const FORM = Math.PI / 2;

/** What one step does to the distance from the goal and to the speed: the exact solution while the goal stands still. */
const SWING = (() => {
  const decay = DAMPING * NEEDLE_RATE;
  const swing = NEEDLE_RATE * Math.sqrt(1 - DAMPING ** 2);
  const [shrink, sine, cosine] = [Math.exp(-decay * STEP), Math.sin(swing * STEP), Math.cos(swing * STEP)];
  return {
    distance: shrink * (cosine + (decay / swing) * sine),
    distanceOfSpeed: (shrink * sine) / swing,
    speedOfDistance: (-shrink * sine * NEEDLE_RATE ** 2) / swing,
    speed: shrink * (cosine - (decay / swing) * sine),
  };
})();

/** One channel's VU needle. */
export class VuBallistics {
  /** Where the needle stands: the amplitude of the sine that would hold it there. */
  #place = 0;
  /** Amplitudes per second. */
  #speed = 0;
  /** Time that is too short for a step, seconds. */
  #rest = 0;
  /** The integral and the time of the last frame, seconds. */
  #integral = NaN;
  #seconds = NaN;
  #takenAt = 0;

  /** The integral of the rectified signal had become this by this time of the engine, both in seconds. */
  take(integral: number, seconds: number, now: number): void {
    const passed = seconds - this.#seconds;
    const mean = (integral - this.#integral) / passed;
    this.#integral = integral;
    this.#seconds = seconds;
    if (passed === 0) return;
    this.#takenAt = now;
    // The first frame, or the first of another engine, says nothing of the time before it.
    if (!(passed > 0 && mean >= 0)) return;
    if (passed < SETTLED) this.#follow(mean * FORM, passed);
    else [this.#place, this.#speed, this.#rest] = [mean * FORM, 0, 0];
  }

  /** Where the needle stands; falls like a peak once no more frames come. */
  level(now: number): number {
    return fallen(dbfs(this.#place), now - this.#takenAt - STALE_MS);
  }

  #follow(goal: number, seconds: number): void {
    this.#rest += seconds;
    for (; this.#rest >= STEP; this.#rest -= STEP) {
      const distance = this.#place - goal;
      this.#place = goal + SWING.distance * distance + SWING.distanceOfSpeed * this.#speed;
      this.#speed = SWING.speedOfDistance * distance + SWING.speed * this.#speed;
    }
  }
}

function fallen(level: number, ms: number): number {
  return ms <= 0 ? level : Math.max(METER_FLOOR, level - ms * FALL_PER_MS);
}
