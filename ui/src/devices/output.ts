// What an output is doing, in words.
import type { PlaybackState } from "../bindings";
import { kilohertz, milliseconds, sentence } from "../ui/format";

export function outputText(playback: PlaybackState): { text: string; warn: boolean } {
  switch (playback.state) {
    case "off":
      return { text: "Plays on no device", warn: false };
    case "opening":
      return { text: "Opening…", warn: false };
    case "playing": {
      const lost = playback.framesMissing > 0 ? ` · ${playback.framesMissing} frames missing` : "";
      const held = playback.held >= 0.001 ? ` + ${milliseconds(playback.held)} held` : "";
      return {
        text: `${playback.name} · ${kilohertz(playback.rate)} · ${milliseconds(playback.latency)}${held}${lost}`,
        warn: playback.framesMissing > 0,
      };
    }
    case "missing":
      return { text: sentence(playback.reason), warn: true };
  }
}
