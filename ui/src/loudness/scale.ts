// The scale of the loudness bars and what loudness is judged by. EBU Tech 3341: the "EBU +9" scale goes
// from 18 LU below the target to 9 LU above it.
import { keep, kept } from "../state/kept";

export const LOWEST_LU = -18;
export const HIGHEST_LU = 9;
export const MARKS_LU = [-18, -12, -6, 0, 9] as const;

/** Of the target's loudness this much above is still on it: what R 128 allows of live programmes, LU. */
export const TOLERANCE_LU = 1;

export const TARGETS = [
  { value: "-23", text: "-23 LUFS, EBU R 128" },
  { value: "-16", text: "-16 LUFS, streams" },
  { value: "-14", text: "-14 LUFS" },
] as const;
export type Target = (typeof TARGETS)[number]["value"];

/** Where a loudness is on the bar, 0 to 1. */
export function placeOf(lufs: number | null, target: number): number {
  if (lufs === null) return 0;
  return Math.min(1, Math.max(0, (lufs - target - LOWEST_LU) / (HIGHEST_LU - LOWEST_LU)));
}

/** The target that this console was set to last. */
export function keptTarget(): Target {
  const last = kept("loudnessTarget");
  return TARGETS.find(({ value }) => value === last)?.value ?? "-23";
}

export function keepTarget(target: Target): void {
  keep("loudnessTarget", target);
}

/** "-18.3", "–∞" for silence. */
export function loudnessText(value: number | null): string {
  return value === null ? "–∞" : value.toFixed(1);
}
