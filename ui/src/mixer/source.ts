// What feeds a strip, in words: for the strip's source button and the picker.
import type { ChannelPick, DeviceState, InputState, Material, StripSource } from "../bindings";
import { clockOffset, followed, framesGoneFact } from "../devices/following";
import type { Fact } from "../ui/Facts.svelte";
import { streamName } from "../streams/stream";
import { counted, milliseconds, sentence } from "../ui/format";

export const MATERIALS: { material: Material; name: string; about: string }[] = [
  { material: "rhythm", name: "Rhythm", about: "a loop" },
  { material: "pad", name: "Pad", about: "slow chords" },
  { material: "voice", name: "Voice", about: "a spoken phrase" },
];

/** The source's name: what a strip shows on its source button. */
export function sourceName(source: StripSource, devices: DeviceState[]): string {
  switch (source.type) {
    case "silent":
      return "No source";
    case "device":
      return devices.find(({ id }) => id === source.device)?.name ?? source.device.replace(/^[^:]*:/, "");
    case "deck":
      return "Deck";
    case "carts":
      return "Cart wall";
    case "material":
      return MATERIALS.find(({ material }) => material === source.material)?.name ?? source.material;
    case "file":
      return source.path.split(/[/\\]/).at(-1) ?? source.path;
    case "stream":
      return streamName(source.url);
    case "programs":
      return "Programs";
  }
}

/** Which part of it: channels are counted from 1, as on the device's front. */
export function sourceDetail(source: StripSource): string {
  switch (source.type) {
    case "silent":
      return "";
    case "device":
      return channelsText(source.channels);
    case "deck":
      return "files";
    case "carts":
      return "pads";
    case "material":
      return "built in";
    case "file":
      return source.looped ? "looped" : "once";
    case "stream":
      return "stream";
    case "programs":
      return "what they play";
  }
}

/** Where other programs play into a strip. */
export function programsText(at: string | null): string {
  return at
    ? `Programs play into the strip "Voice" at ${at}, and into any other by its name: ${at}?strip=Name`
    : "Programs have no port to play into: choose one with --daemon-port and start Airdesk again";
}

export function channelsText(pick: ChannelPick): string {
  return pick.type === "mono" ? `ch ${pick.channel + 1}` : `ch ${pick.left + 1} + ${pick.right + 1}`;
}

/** The usual picks of a device with `channels` channels: its pairs first, then each channel alone. */
export function channelPicks(channels: number): ChannelPick[] {
  const picks: ChannelPick[] = [];
  for (let left = 0; left + 1 < channels; left += 2) picks.push({ type: "pair", left, right: left + 1 });
  for (let channel = 0; channel < channels; channel++) picks.push({ type: "mono", channel });
  return picks;
}

/** A pick, and whether a device with `channels` channels has all of it. */
export function pickText(pick: ChannelPick, channels: number): string {
  const last = pick.type === "mono" ? pick.channel : Math.max(pick.left, pick.right);
  const away = last < channels ? "" : " (not on this device)";
  return `${pick.type === "pair" ? "Stereo" : "Mono"}, ${channelsText(pick)}${away}`;
}

/** Frames that a running source's signal has lacked so far; `null` while it does not run. */
export function framesGone(input: InputState): number | null {
  return input.state === "running" ? input.framesLost + input.framesMissing : null;
}

/** How a source is going, in a line; `warn` when the operator should do or know something: of frames that
 * are gone, only while they become more. */
export function inputText(input: InputState, growing: boolean): { text: string; warn: boolean } {
  switch (input.state) {
    case "silent":
      return { text: "", warn: false };
    case "ready":
      return { text: "Ready", warn: false };
    case "opening":
      return { text: "Opening…", warn: false };
    case "running": {
      const { framesLost, framesMissing } = input;
      const lost = framesLost > 0 ? [`${counted(framesLost, "frame")} lost`] : [];
      const missing = framesMissing > 0 ? [`${counted(framesMissing, "frame")} missing`] : [];
      return { text: [...lost, ...missing].join(", "), warn: growing };
    }
    case "ended":
      return { text: "Played to its end", warn: false };
    case "missing":
      return { text: sentence(input.reason), warn: true };
  }
}

/** How a running source is going, in numbers. */
export function inputFacts(input: InputState, growing: boolean): Fact[] {
  if (input.state !== "running" || input.latency === 0) return [];
  return [
    { name: "Latency to the mix", value: milliseconds(input.latency) },
    { name: "Clock against the desk", value: clockOffset(input.ppm, 1) },
    { name: "Followed", ...followed(input) },
    { name: "Lost, the desk was late", ...framesGoneFact(input.framesLost, growing) },
    { name: "Missing, the device was late", ...framesGoneFact(input.framesMissing, growing) },
  ];
}
