// Frequencies, times and ratios as engineers read and type them.
import { signed } from "../mixer/faderLaw";
import { readNumber } from "../ui/number";

/** "80 Hz", "1.2 kHz", "12.5 kHz". */
export function hertz(value: number): string {
  return value < 999.5 ? `${three(value)} Hz` : `${three(value / 1000)} kHz`;
}

/** "0.1 ms", "150 ms", "1.5 s". */
export function time(ms: number): string {
  return ms < 999.5 ? `${three(ms)} ms` : `${three(ms / 1000)} s`;
}

/** "3.0:1", "12:1", "limit". */
export function ratio(value: number): string {
  if (!Number.isFinite(value)) return "limit";
  return `${value < 9.95 ? value.toFixed(1) : three(value)}:1`;
}

/** "-50.0 dB": a level, or by how much something is turned down. */
export function decibels(value: number): string {
  return `${value.toFixed(1)} dB`;
}

/** "+3.0 dB": by how much something is raised or lowered. */
export function gainText(value: number): string {
  return `${signed(value)} dB`;
}

/** Reads "80", "1.2k", "1.2 kHz", and "off" as 0, Hz. */
export function parseHertz(text: string): number | undefined {
  return text.trim().toLowerCase() === "off" ? 0 : scaled(text, /\s*(k?)\s*(hz)?$/i, 1000);
}

/** Reads "150", "150 ms", "1.5 s", ms. */
export function parseTime(text: string): number | undefined {
  return scaled(text.replace(/\s*ms$/i, ""), /\s*(s?)$/i, 1000);
}

/** Reads "3", "3:1", and "limit" as infinite. */
export function parseRatio(text: string): number | undefined {
  return /^\s*(limit|inf|∞)/i.test(text) ? Infinity : readNumber(text.replace(/\s*:\s*1\s*$/, ""));
}

/** Reads "-18", "-18,5 dB". */
export function parseDecibels(text: string): number | undefined {
  return readNumber(text.replace(/\s*db(fs)?\s*$/i, ""));
}

/** A number with an ending whose first group, where there is one, makes it `factor` times as much. */
function scaled(text: string, ending: RegExp, factor: number): number | undefined {
  const plain = text.trim();
  const value = readNumber(plain.replace(ending, ""));
  return value === undefined ? undefined : ending.exec(plain)?.[1] ? value * factor : value;
}

function three(value: number): string {
  return String(Number(value.toPrecision(3)));
}
