// The recorder's state, in words.
import type { RecorderState, RecordingFormat, RecordingState } from "../bindings";
import type { Fact } from "../ui/Facts.svelte";
import { bytes, clock, counted, hours } from "../ui/format";

export const FORMATS: { format: RecordingFormat; name: string }[] = [
  { format: "pcm16", name: "WAV, 16-bit" },
  { format: "pcm24", name: "WAV, 24-bit" },
  { format: "float32", name: "WAV, 32-bit float" },
];

/** Below this the operator should think of the disk. */
const HOURS_SHORT = 1;

/** Whether a recording is under way: also while it starts or waits for the disk. */
export function isRecording(recording: RecordingState): boolean {
  return recording.state !== "stopped" && recording.state !== "failed";
}

/** The recording lamp. Red only while bytes reach the disk. */
export function recordingLamp(recording: RecordingState): {
  text: string;
  detail?: string;
  tone: "dark" | "red" | "amber";
  busy?: boolean;
} {
  switch (recording.state) {
    case "stopped":
      return { text: "Not recording", tone: "dark" };
    case "starting":
      return { text: "Starting", tone: "amber", busy: true };
    case "recording":
      return { text: "Recording", detail: clock(recording.seconds), tone: "red" };
    case "stalled":
      return { text: "Disk stalled", detail: `${Math.floor(recording.seconds)} s`, tone: "amber", busy: true };
    case "failed":
      return { text: "Recording failed", tone: "amber" };
  }
}

/** What is known of the recording and of the room for it. */
export function recorderFacts(recorder: RecorderState): Fact[] {
  const { recording, freeBytes, hoursLeft } = recorder;
  const facts: Fact[] = [];
  if (recording.state === "recording") {
    facts.push(
      { name: "On disk", value: `${clock(recording.seconds)} · ${bytes(recording.bytes)}` },
      recording.framesLost > 0
        ? { name: "Gaps", value: `${counted(recording.framesLost, "frame")} missing, see the gap log`, tone: "bad" }
        : { name: "Gaps", value: "none" },
    );
  }
  if (recording.state === "stalled") {
    facts.push({
      name: "On disk",
      value: `nothing for ${recording.seconds.toFixed(0)} s: kept in memory, up to 15 s`,
      tone: "bad",
    });
  }
  facts.push({
    name: "Free",
    value: freeBytes === null ? "cannot be read" : bytes(freeBytes),
    tone: warnIf(freeBytes === null),
  });
  if (hoursLeft !== null)
    facts.push({ name: "Room for", value: hours(hoursLeft), tone: warnIf(hoursLeft < HOURS_SHORT) });
  return facts;
}

function warnIf(warn: boolean): "warn" | undefined {
  return warn ? "warn" : undefined;
}
