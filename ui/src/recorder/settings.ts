// What is set of a recorder, in words, and what a new one begins with.
import type { BusName, RecorderState, RecordingSettings, RecordingSource, ScheduleSlot } from "../bindings";
import { busName } from "../mixer/busName";
import { BIT_RATES, FORMATS } from "./recording";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** What can be recorded, the programme first. */
export const sources = (buses: readonly BusName[]): RecordingSource[] =>
  buses.flatMap((bus): RecordingSource[] => (bus === "programme" ? [bus, "aired"] : [bus]));

/** What the operator calls it. */
export function sourceName(source: RecordingSource): string {
  return source === "aired" ? "On air (after the delay)" : busName(source);
}

/** What it records, in a line. */
export function summary(settings: RecordingSettings): string {
  const { source, stems, buses, split, preRoll, start } = settings;
  const parts = [
    [sourceName(source), ...buses.map(busName), ...(stems === "none" ? [] : ["every strip"])].join(", "),
    formatText(settings),
  ];
  if (split.minutes !== null) parts.push(`a file every ${split.minutes} min`);
  if (split.hourly) parts.push("a file every hour");
  if (split.megabytes !== null) parts.push(`files of ${split.megabytes} MB`);
  if (split.titles) parts.push("a file for every title");
  if (settings.cueSheets) parts.push("with cue sheets");
  if (preRoll > 0) parts.push(`with ${preRoll} s before`);
  if (start.withStream) parts.push("starts with the stream");
  if (start.signal) parts.push("starts with signal");
  if (start.schedule.length > 0) parts.push(start.schedule.map(slotText).join(", "));
  return parts.join(" · ");
}

function formatText({ format, bitRate, variable }: RecordingSettings): string {
  const name = FORMATS.find(({ value }) => value === format)?.text ?? format;
  return BIT_RATES[format] ? `${name} ${bitRate} kbit/s${variable ? " on average" : ""}` : name;
}

/** A slot as it is written: "Mon Fri 20:00-22:00". */
export function slotText({ days, from, until }: ScheduleSlot): string {
  return [...days.map((day) => DAYS[day - 1] ?? String(day)), `${from}-${until}`].join(" ");
}

/** Slots as they are written, one after the other with commas; `null` where one cannot be read. */
export function readSlots(text: string): ScheduleSlot[] | null {
  const slots = text
    .split(",")
    .map((slot) => slot.trim())
    .filter(Boolean)
    .map(readSlot);
  return slots.includes(null) ? null : slots.filter((slot) => slot !== null);
}

function readSlot(text: string): ScheduleSlot | null {
  const words = text.split(/\s+/);
  const [from, until, more] = (words.pop() ?? "").split("-");
  const days = words.map((word) => DAYS.findIndex((day) => day.toLowerCase() === word.toLowerCase()) + 1);
  if (!from || !until || more !== undefined || days.includes(0)) return null;
  return { days, from, until };
}

/** A recorder beside the others: in the folder of the first. */
export function freshSettings(recorders: RecorderState[]): RecordingSettings {
  const [first] = recorders;
  return {
    name: `Recorder ${recorders.length + 1}`,
    source: "programme",
    stems: "none",
    folder: first?.settings.folder ?? "",
    fallback: null,
    pattern: "{show} {date} {time} {strip}",
    show: first?.settings.show ?? "",
    buses: [],
    format: "pcm24",
    bitRate: 192,
    variable: true,
    split: { minutes: null, hourly: false, megabytes: null, titles: false },
    cueSheets: false,
    preRoll: 0,
    start: { withButton: true, withStream: false, signal: null, schedule: [] },
  };
}
