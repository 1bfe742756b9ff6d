// What of a scene can be recalled, in words.
import type { ScenePart } from "../bindings";

export const PARTS: { part: ScenePart; text: string }[] = [
  { part: "levels", text: "Levels: faders, trims, pans" },
  { part: "switches", text: "Mute, solo, safe, cue" },
  { part: "stages", text: "Stages, limiter and talkover" },
  { part: "sends", text: "Sends to aux buses" },
  { part: "groups", text: "VCA groups, parts in talkover" },
  { part: "sources", text: "Sources" },
  { part: "layout", text: "Layout: which strips there are" },
];

/** During a show nothing that is heard should go: strips and their sources stay unless asked for. */
export const USUAL_PARTS: ScenePart[] = ["levels", "switches", "stages", "sends", "groups"];

/** The longest fade, seconds. */
export const FADE_MAX = 60;
