// A strip's stream, in words: what is on, how much is buffered and how that is going.
import type { StreamState } from "../bindings";
import { clockOffset } from "../devices/following";
import type { Fact } from "../ui/Facts.svelte";
import { counted, sentence } from "../ui/format";

/** The host and the name at the end of an address: what fits on a strip. */
export function streamName(url: string): string {
  const place = url.replace(/^[a-z]+:\/\//i, "").replace(/[?#].*$/, "");
  const [host = "", ...path] = place.split("/").filter((part) => part !== "");
  const name = path.at(-1);
  return name ? `${name} (${host})` : host || "Stream";
}

/** What a stream does, in a line; `warn` when the operator should know or do something. */
export function streamText(stream: StreamState): { text: string; warn: boolean } {
  const on = stream.title ?? stream.station ?? "";
  switch (stream.phase) {
    case "connecting":
      return { text: "Connecting…", warn: false };
    case "buffering":
      return { text: "Buffering…", warn: false };
    case "playing":
      return { text: on || "Playing", warn: false };
    case "rebuffering":
      return { text: `Buffering again… ${on}`.trim(), warn: true };
    case "reconnecting":
      return { text: `Connecting again: ${stream.reason ?? ""}`, warn: true };
    case "failed":
      return { text: sentence(stream.reason ?? "it cannot be heard"), warn: true };
    case "ended":
      return { text: "Played to its end", warn: false };
    case "waiting":
      return { text: "Waiting for a program", warn: false };
    case "paused":
      return { text: "Paused by its program", warn: false };
  }
}

/** How it is going, in numbers. */
export function streamFacts(stream: StreamState): Fact[] {
  const facts: Fact[] = [];
  const { title, station, codec, kbits, timeToFirstAudio } = stream;
  if (title !== null) facts.push({ name: "Title", value: title });
  if (station !== null) facts.push({ name: "Station", value: station });
  if (codec !== null) facts.push({ name: "Codec", value: kbits === null ? codec : `${codec}, ${kbits} kbit/s` });
  facts.push({ name: "Buffered", value: `${stream.buffered.toFixed(1)} s` });
  facts.push({ name: "Gaps", value: String(stream.underruns), tone: stream.underruns > 0 ? "warn" : undefined });
  if (stream.reconnects > 0) facts.push({ name: "Looked for again", value: counted(stream.reconnects, "time") });
  if (stream.driftPpm !== 0) facts.push({ name: "Clock against the desk", value: clockOffset(stream.driftPpm, 1) });
  if (timeToFirstAudio !== null) facts.push({ name: "Heard after", value: `${Math.round(timeToFirstAudio)} ms` });
  return facts;
}
