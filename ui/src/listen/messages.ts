// What the page and its part in the audio thread say to each other.
import type { BusState } from "./busRoll";
import type { RollState } from "./trackRoll";

export type ToWorklet =
  | { type: "track"; stream: number; channels: number; paused: boolean }
  | { type: "bus" }
  | { type: "samples"; samples: ArrayBuffer }
  | { type: "block"; frame: number; samples: ArrayBuffer; offset: number }
  | { type: "end" }
  | { type: "pause"; on: boolean }
  | { type: "silence" }
  | { type: "tap"; on: boolean };

export type FromWorklet =
  | ({ type: "track"; stream: number } & RollState)
  | ({ type: "bus"; time: number } & BusState)
  | { type: "tapped"; left: Float32Array; right: Float32Array };
