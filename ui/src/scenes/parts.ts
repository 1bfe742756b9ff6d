// What of a scene can be recalled, in words.
import type { ScenePart } from "../bindings";

interface Part {
  part: ScenePart;
  text: string;
  /** Something of it belongs to single strips; if not all of it, what does. */
  ofStrips: boolean | string;
}

export const PARTS: readonly Part[] = [
  { part: "levels", text: "Levels: faders, trims, pans", ofStrips: true },
  { part: "switches", text: "Mute, solo, safe, cue", ofStrips: true },
  { part: "stages", text: "Stages, limiter and talkover", ofStrips: "Stages" },
  { part: "sends", text: "Sends to aux buses, mix-minus", ofStrips: "Sends to aux buses" },
  { part: "groups", text: "VCA groups, parts in talkover", ofStrips: true },
  { part: "sources", text: "Sources", ofStrips: true },
  { part: "layout", text: "Layout: which strips there are", ofStrips: false },
];

/** During a show nothing that is heard should go: strips and their sources stay unless asked for. */
export const USUAL_PARTS: ScenePart[] = ["levels", "switches", "stages", "sends", "groups"];

/** The longest fade, seconds. */
export const FADE_MAX = 60;
