// The black box in words.
import type { BlackBoxRun, BlackBoxState, RecordingFormat } from "../bindings";
import { FORMATS } from "../recorder/recording";
import type { Fact } from "../ui/Facts.svelte";
import { bytes, counted } from "../ui/format";

/** Minutes that can be kept with one touch. */
export const MINUTES = [1, 5, 10, 30, 60, 120];

const LOSSLESS: RecordingFormat[] = ["pcm16", "pcm24", "float32", "flac16", "flac24"];

/** What is held without loss is kept so. */
export const KEPT_FORMATS = FORMATS.filter(({ value }) => LOSSLESS.includes(value));

/** A length of time: "12 s", "9 min", "1 h 12 min". */
export function length(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Minutes to keep: "1 minute", "2 hours". */
export function minutesText(minutes: number): string {
  return minutes % 60 === 0 ? counted(minutes / 60, "hour") : counted(minutes, "minute");
}

/** The run that is being written. */
export function currentRun({ runs }: BlackBoxState): BlackBoxRun | undefined {
  return runs.find(({ current }) => current);
}

/** What earlier desks, or earlier engines, have left: the newest first. */
export function earlierRuns({ runs }: BlackBoxState): BlackBoxRun[] {
  return runs.filter(({ current }) => !current).reverse();
}

/** When a run began, by the clock of the desk: "2026-11-22 17:04". */
export function beganText(began: string): string {
  return `${began.slice(0, 10)} ${began.slice(11, 16)}`;
}

/** An earlier run, to choose it by. */
export function runText(run: BlackBoxRun): string {
  return `${beganText(run.began)}, ${length(run.seconds)}`;
}

/** What it is doing, when it holds what is heard or will soon. */
export function phaseText({ phase }: BlackBoxState): string {
  switch (phase.state) {
    case "off":
      return "off";
    case "starting":
      return "starting";
    case "turning":
      return "on";
    case "halted":
      return phase.triesAgain ? "stopped, tries again" : "stopped";
    case "stopping":
      return "ending";
  }
}

/** What is worth knowing of it. */
export function boxFacts(box: BlackBoxState): Fact[] {
  const run = currentRun(box);
  const facts: Fact[] = [
    { name: "Now", value: phaseText(box), tone: box.phase.state === "halted" ? "bad" : undefined },
  ];
  if (box.phase.state === "off") return facts;
  facts.push({ name: "Held", value: `${length(run?.seconds ?? 0)}, ${bytes(box.bytes)}` });
  if (box.bytesMax > 0) facts.push({ name: "At the most", value: bytes(box.bytesMax) });
  const strips = (run?.lanes.length ?? 1) - 1;
  if (run) facts.push({ name: "Of", value: strips > 0 ? `programme, ${counted(strips, "strip")}` : "programme" });
  if (box.framesNotWritten > 0)
    facts.push({ name: "Not taken by the disk", value: counted(box.framesNotWritten, "frame"), tone: "bad" });
  return facts;
}
