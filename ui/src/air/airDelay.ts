// The broadcast delay in words.
import type { AirDelayState } from "../bindings";

/** What can be dropped now, as it is written on the button. */
export function dumpText({ held }: AirDelayState): string {
  return `Dump ${held.toFixed(1)} s`;
}

/** Whether there is a delay, or something left of one: then the button is in sight. */
export function isDelayed({ settings, held }: AirDelayState): boolean {
  return settings.seconds > 0 || held > 0;
}

/** What the delay is doing. */
export function phaseText({ phase, settings, held }: AirDelayState): string {
  const seconds = `${held.toFixed(1)} s`;
  switch (phase) {
    case "through":
      return "none";
    case "building":
      return `${seconds}, building up to ${settings.seconds} s`;
    case "held":
      return seconds;
    case "returning":
      return `${seconds}, on its way to ${settings.seconds} s`;
  }
}
