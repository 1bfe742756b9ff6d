// What equaliser and high-pass do to the spectrum: the analogue responses that the desk's filters keep
// to (up to 16 kHz within 0.1 dB, shelves of Q 5 and more within what `equaliser.rs` says). Bells and shelves after R. Bristow-Johnson, "Audio EQ Cookbook";
// the high-pass is a Butterworth of second or fourth order.
import type { Band, EqualiserSettings, HighPassSettings } from "../bindings";

/** What a band does at `hz`, dB. */
export function bandResponse({ kind, frequency, gain, q }: Band, hz: number): number {
  const a = 10 ** (gain / 40);
  const u = hz / frequency;
  const damping = Math.sqrt(a) / q;
  switch (kind) {
    case "bell":
      return decibels(power(1, a / q, 1, u) / power(1, 1 / (a * q), 1, u));
    case "lowShelf":
      return decibels(power(a * a, a * damping, a, u) / power(1, damping, a, u));
    case "highShelf":
      return decibels(power(a, a * damping, a * a, u) / power(a, damping, 1, u));
  }
}

/** What the whole equaliser does at `hz`, dB. */
export function equaliserResponse({ on, bands }: EqualiserSettings, hz: number): number {
  if (!on) return 0;
  return bands.reduce((sum, band) => (band.on ? sum + bandResponse(band, hz) : sum), 0);
}

/** What the high-pass does at `hz`, dB. */
export function highPassResponse({ on, frequency, slope }: HighPassSettings, hz: number): number {
  if (!on) return 0;
  const order = slope === "gentle" ? 2 : 4;
  return -decibels(1 + (frequency / hz) ** (2 * order));
}

/** The square of the magnitude of `constant + linear s + square s²` at `s = iu`. */
function power(constant: number, linear: number, square: number, u: number): number {
  return (constant - square * u * u) ** 2 + (linear * u) ** 2;
}

function decibels(power: number): number {
  return 10 * Math.log10(power);
}
