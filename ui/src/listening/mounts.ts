// What is said of the listener mounts and of HLS, and what can be chosen for them.
import type { HlsState, HlsWriting, ListeningSettings, MountState } from "../bindings";
import { codecText } from "../broadcast/codec";
import type { Fact } from "../ui/Facts.svelte";
import { bytes } from "../ui/format";

/** The mounts with a bit rate, and FLAC, as they are listed. */
export const MOUNTS = [
  { mount: "mp3", path: "/live.mp3", name: "MP3" },
  { mount: "opus", path: "/live.opus", name: "Opus" },
  { mount: "vorbis", path: "/live.ogg", name: "Vorbis" },
  { mount: "flac", path: "/live.flac", name: "FLAC" },
] as const satisfies readonly { mount: keyof ListeningSettings; path: string; name: string }[];

export const LISTENERS_MAX = [10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
export const BURST_SECONDS = [0, 1, 2, 3, 5, 10, 20];
export const SEGMENT_SECONDS = [2, 4, 6, 10, 20];
export const SEGMENTS = [3, 6, 10, 20, 50, 100];

/** How a mount is doing. */
export function mountFact(mount: MountState): Fact {
  const slow = mount.evicted > 0 ? `, ${mount.evicted} too slow` : "";
  return {
    name: codecText(mount.codec, mount.bitRate),
    value: `${mount.listeners} now, ${mount.peak} at most, ${mount.total} in all${slow}; ${bytes(mount.bytesSent)} sent`,
    tone: mount.evicted > 0 ? "warn" : undefined,
  };
}

/** What HLS is doing. */
export function hlsFacts({ writing, folder }: HlsState): Fact[] {
  const facts: Fact[] = [{ name: "HLS", ...stateOf(writing) }];
  if (writing.state !== "off") facts.push({ name: "Folder", value: folder });
  const lost = "secondsLost" in writing ? writing.secondsLost : 0;
  if (lost > 0) facts.push({ name: "Missing", value: `${lost.toFixed(1)} s of the programme`, tone: "bad" });
  return facts;
}

function stateOf(writing: HlsWriting): Omit<Fact, "name"> {
  switch (writing.state) {
    case "off":
      return { value: "off" };
    case "starting":
      return { value: "the first segment is on its way" };
    case "on":
      return { value: `${writing.segments.toLocaleString("en")} segments written, ${bytes(writing.bytes)}` };
    case "fault":
      return { value: writing.reason, tone: "bad" };
  }
}
