// How a device's clock is followed, and what it has cost: the facts that inputs and outputs have alike.
import { counted } from "../ui/format";
import type { Fact } from "../ui/Facts.svelte";

type Said = Pick<Fact, "value" | "tone">;

/** By how much a clock is fast, with as many digits as were told. */
export function clockOffset(ppm: number, digits: number): string {
  return `${ppm >= 0 ? "+" : ""}${ppm.toFixed(digits)} ppm`;
}

/** How well a device's clock is followed. */
export function followed(device: { locked: boolean; error: number }): Said {
  const microseconds = Math.round(Math.abs(device.error) * 1e6);
  const off = microseconds < 1000 ? `${microseconds} µs` : `${(microseconds / 1000).toFixed(1)} ms`;
  return device.locked ? { value: `within ${off}` } : { value: `not yet, ${off} off`, tone: "warn" };
}

/** Frames that are gone: they ask for attention only while they become more. */
export function framesGoneFact(count: number, growing: boolean): Said {
  if (count === 0) return { value: "none" };
  const value = counted(count, "frame");
  return growing ? { value, tone: "warn" } : { value };
}
