// How a device is brought to the desk's clock, in words.
import type { Resampling } from "../bindings";

export const RESAMPLINGS: readonly { value: Resampling; text: string }[] = [
  { value: "lowLatency", text: "Low latency: 0.7 ms, to 16 kHz" },
  { value: "balanced", text: "Balanced: 1.3 ms, to 20 kHz" },
  { value: "best", text: "Best: 2.7 ms, to 22 kHz" },
];
