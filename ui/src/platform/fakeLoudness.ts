// Loudness and spectrum of a desk without sound, near what its meters show.
import type { BusName, LoudnessState, SpectrumOf, SpectrumState } from "../bindings";

/** A bus that has not been heard yet. */
export function unheard(bus: BusName): LoudnessState {
  return {
    bus,
    momentary: null,
    shortTerm: null,
    integrated: null,
    range: null,
    momentaryMax: null,
    shortTermMax: null,
    truePeakMax: null,
    correlation: null,
    seconds: 0,
    framesLost: 0,
  };
}

/** `before`, a tenth of a second later. `rms` and `peak` linear. */
export function louder(before: LoudnessState, rms: number, peak: number): LoudnessState {
  const level = rms > 0 ? 20 * Math.log10(rms) : -70;
  const glide = (from: number | null, seconds: number): number =>
    (from ?? level) + (level - (from ?? level)) * (0.1 / seconds);
  const most = (one: number | null, other: number): number => Math.max(one ?? other, other);
  const momentary = glide(before.momentary, 0.4);
  const shortTerm = glide(before.shortTerm, 3);
  return {
    ...before,
    momentary,
    shortTerm,
    integrated: glide(before.integrated, 60),
    range: 6.2,
    momentaryMax: most(before.momentaryMax, momentary),
    shortTermMax: most(before.shortTermMax, shortTerm),
    truePeakMax: most(before.truePeakMax, 20 * Math.log10(Math.max(peak, 1e-5))),
    correlation: 0.82,
    seconds: before.seconds + 0.1,
  };
}

const THIRD_OCTAVES = [
  25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000,
  5000, 6300, 8000, 10_000, 12_500, 16_000, 20_000,
];

/** Speech and music, roughly: most of it below 1 kHz. */
export function spectrumOf(of: SpectrumOf, rms: number): SpectrumState {
  const level = rms > 0 ? 20 * Math.log10(rms) : null;
  const shape = (hz: number): number => -10 - 9 * Math.abs(Math.log10(hz / 250)) ** 1.6 - 4 * Math.random();
  return {
    of,
    frequencies: THIRD_OCTAVES,
    levels: THIRD_OCTAVES.map((hz) => (level === null ? null : level + shape(hz))),
  };
}
