// The recorder's state, in words.
import type { RecorderState, RecordingFormat, RecordingState, Stems } from "../bindings";
import type { Fact } from "../ui/Facts.svelte";
import { bytes, clock, counted, hours } from "../ui/format";

export const FORMATS: { value: RecordingFormat; text: string }[] = [
  { value: "pcm16", text: "WAV, 16-bit" },
  { value: "pcm24", text: "WAV, 24-bit" },
  { value: "float32", text: "WAV, 32-bit float" },
  { value: "flac16", text: "FLAC, 16-bit" },
  { value: "flac24", text: "FLAC, 24-bit" },
  { value: "mp3", text: "MP3" },
  { value: "opus", text: "Ogg Opus" },
  { value: "vorbis", text: "Ogg Vorbis" },
];

/** Formats that leave something out, and the bit rates that they have. */
export const BIT_RATES: Partial<Record<RecordingFormat, number[]>> = {
  mp3: [64, 96, 128, 160, 192, 224, 256, 320],
  opus: [32, 48, 64, 96, 128, 160, 192, 256],
  vorbis: [64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
};

/** How a recorder takes strips along. */
export const STEMS: { value: Stems; text: string }[] = [
  { value: "none", text: "The bus alone" },
  { value: "beforeFaders", text: "And every strip, before its fader" },
  { value: "afterFaders", text: "And every strip, after its fader" },
];

/** Below this the operator should think of the disk. */
const HOURS_SHORT = 1;

/** Whether a recording is under way: also while it starts, waits for the disk or is being finished. */
export function isRecording(recording: RecordingState): boolean {
  return recording.state !== "stopped" && recording.state !== "failed";
}

/** Whether it was stopped and is on its way to the disk: there is nothing to stop, and no other may begin. */
export function isFinishing(recording: RecordingState): boolean {
  return recording.state === "finishing";
}

/** What closing the desk does to recordings, as a sentence; empty where there is nothing to lose. */
export function closingCost(recorders: RecorderState[]): string {
  const active = recorders.map(({ recording }) => recording).filter(isRecording);
  if (active.length === 0) return "";
  if (active.every(isFinishing)) return "A recording is still on its way to the disk.";
  return active.length === 1 ? "The recording ends here." : "All recordings end here.";
}

interface LampState {
  text: string;
  detail?: string;
  tone: "dark" | "red" | "amber";
  busy?: boolean;
}

/** What the operator must know first of several recordings. */
const TELLING: RecordingState["state"][] = ["stalled", "starting", "recording", "finishing", "failed", "stopped"];

/** The lamp of the whole desk: of its one recorder, or of all together. Red only while all that run reach the disk. */
export function recordersLamp(recorders: RecorderState[]): LampState {
  const rank = ({ recording }: RecorderState) => TELLING.indexOf(recording.state);
  const [first] = [...recorders].sort((one, other) => rank(one) - rank(other));
  if (!first) return { text: "No recorder", tone: "dark" };
  const lamp = recordingLamp(first.recording);
  const count = (state: RecordingState["state"]) =>
    recorders.filter(({ recording }) => recording.state === state).length;
  if (count("failed") > 0 && first.recording.state !== "failed")
    return { ...lamp, text: `${lamp.text}, ${count("failed")} failed`, tone: "amber" };
  if (first.recording.state === "recording" && count("recording") > 1)
    return { ...lamp, text: `Recording ${count("recording")}` };
  return lamp;
}

/** The recording lamp. Red only while bytes reach the disk. */
export function recordingLamp(recording: RecordingState): LampState {
  switch (recording.state) {
    case "stopped":
      return { text: "Not recording", tone: "dark" };
    case "starting":
      return { text: "Starting", tone: "amber", busy: true };
    case "recording":
      return { text: "Recording", detail: clock(recording.seconds), tone: "red" };
    case "stalled":
      return {
        text: "Disk stalled",
        detail: `${Math.floor(recording.seconds)} s, at ${clock(recording.recorded)}`,
        tone: "amber",
        busy: true,
      };
    case "finishing":
      return { text: "Finishing file", detail: clock(recording.seconds), tone: "amber", busy: true };
    case "failed":
      return { text: "Recording failed", tone: "amber" };
  }
}

/** What is known of the recording and of the room for it. */
export function recorderFacts(recorder: RecorderState): Fact[] {
  const { recording, freeBytes, hoursLeft, parts } = recorder;
  const facts = [...onDisk(recording)];
  if (isRecording(recording) && parts > 1) facts.push({ name: "Files", value: String(parts) });
  if (recording.state === "stalled") {
    facts.push({
      name: "Disk stalled",
      value: `for ${recording.seconds.toFixed(0)} s: kept in memory, up to 15 s`,
      tone: "bad",
    });
  }
  if (recording.state === "finishing") {
    facts.push({ name: "Stopped", value: "the disk takes the rest, nothing more is recorded", tone: "warn" });
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

/** How long it is, how large, and what is missing: also while the disk takes nothing, or takes the rest. */
function onDisk(recording: RecordingState): Fact[] {
  if (!("framesLost" in recording)) return [];
  const seconds = recording.state === "stalled" ? recording.recorded : recording.seconds;
  return [
    { name: "On disk", value: `${clock(seconds)} · ${bytes(recording.bytes)}` },
    recording.framesLost > 0
      ? { name: "Gaps", value: gaps(recording.framesLost, recording.gapsLogged), tone: "bad" }
      : { name: "Gaps", value: "none" },
  ];
}

function gaps(framesLost: number, logged: boolean): string {
  return `${counted(framesLost, "frame")} missing, ${logged ? "see the gap log" : "not all in the gap log"}`;
}

function warnIf(warn: boolean): "warn" | undefined {
  return warn ? "warn" : undefined;
}
