// How trim and pan are read and written.
import { readNumber } from "../ui/number";
import { signed } from "./faderLaw";

export const TRIM_MIN = -20;
export const TRIM_MAX = 40;

/** "+24.0 dB" */
export function trimText(level: number): string {
  return `${signed(level)} dB`;
}

export function parseTrim(text: string): number | undefined {
  return readNumber(text.replace(/\s*db$/i, ""));
}

/** "C", "L 40", "R 100": the side and how many hundredths of the way to it. */
export function panText(pan: number): string {
  const hundredths = Math.round(Math.abs(pan) * 100);
  if (hundredths === 0) return "C";
  return `${pan < 0 ? "L" : "R"} ${hundredths}`;
}

/** Reads "C", "L40", "R 100", or a number of hundredths, negative to the left. */
export function parsePan(text: string): number | undefined {
  const plain = text.trim().toLowerCase();
  if (["c", "0", "centre", "center"].includes(plain)) return 0;
  const side = plain.startsWith("l") ? -1 : 1;
  const hundredths = readNumber(plain.replace(/^[lr]\s*/, ""));
  return hundredths === undefined ? undefined : Math.min(1, Math.max(-1, (side * hundredths) / 100));
}
