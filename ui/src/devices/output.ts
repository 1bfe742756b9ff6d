// What an output is doing, in words.
import type { OutputState, PlaybackState } from "../bindings";
import type { Fact } from "../ui/Facts.svelte";
import { counted, kilohertz, milliseconds, sentence } from "../ui/format";
import { clockOffset, followed, framesGoneFact } from "./following";

/** The steps in which an output's error is told, seconds: less than that is not known. */
const ERROR_STEP = 1e-5;

/** Where an output plays, or why it does not. */
export function outputText(playback: PlaybackState): string {
  switch (playback.state) {
    case "off":
      return "Plays on no device";
    case "opening":
      return "Opening…";
    case "playing": {
      const held = playback.held >= 0.001 ? ` + ${milliseconds(playback.held)} held` : "";
      return `${playback.name} · ${kilohertz(playback.rate)} · ${milliseconds(playback.latency)}${held}`;
    }
    case "missing":
      return sentence(playback.reason);
  }
}

/** Frames that a playing output has lacked so far; `null` while it does not play. */
export function framesMissing(playback: PlaybackState): number | null {
  return playback.state === "playing" ? playback.framesMissing : null;
}

/** Where it plays, and how much of that is missing: for a line that stands without facts. */
export function outputLine(playback: PlaybackState): string {
  const missing = framesMissing(playback) ?? 0;
  return missing > 0 ? `${outputText(playback)} · ${counted(missing, "frame")} missing` : outputText(playback);
}

/** How a playing output is going, in numbers. */
export function outputFacts({ output, playback }: OutputState, growing: boolean): Fact[] {
  if (playback.state !== "playing") return [];
  const { ppm, locked, error } = playback;
  // The main output follows nobody: the desk follows it.
  const against = output === "main" ? "Clock against the machine" : "Clock against the desk";
  const clock: Fact[] = [
    { name: against, value: clockOffset(ppm, 0) },
    { name: "Followed", ...followed({ locked, error: Math.max(Math.abs(error), ERROR_STEP) }) },
  ];
  return [...clock, { name: "Missing", ...framesGoneFact(playback.framesMissing, growing) }];
}
