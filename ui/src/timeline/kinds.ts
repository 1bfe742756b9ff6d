// What the timeline can be narrowed to.
import type { TimelineEntry, TimelineKind } from "../bindings";

export type Group = "onAir" | "titles" | "losses" | "devices" | "recordings" | "scenes" | "desk";

/** As they stand in the list of choices. */
export const GROUPS: readonly { value: Group; text: string }[] = [
  { value: "onAir", text: "On air" },
  { value: "titles", text: "Titles" },
  { value: "losses", text: "Losses" },
  { value: "devices", text: "Devices" },
  { value: "recordings", text: "Recordings" },
  { value: "scenes", text: "Scenes and fades" },
  { value: "desk", text: "The desk itself" },
];

/** Each kind belongs to one group. */
const GROUP_OF: Record<TimelineKind, Group> = {
  onAir: "onAir",
  offAir: "onAir",
  reconnecting: "onAir",
  title: "titles",
  notHeard: "onAir",
  heardAgain: "onAir",
  loss: "losses",
  missed: "losses",
  deviceLost: "devices",
  deviceBack: "devices",
  outputChanged: "devices",
  recordingStarted: "recordings",
  recordingStopped: "recordings",
  recordingFailed: "recordings",
  recordingTookOver: "recordings",
  recordingSplit: "recordings",
  recordingMoved: "recordings",
  recordingRecovered: "recordings",
  blackBoxOn: "recordings",
  blackBoxOff: "recordings",
  blackBoxHalted: "recordings",
  blackBoxKept: "recordings",
  blackBoxNotKept: "recordings",
  dumped: "onAir",
  deadAir: "onAir",
  airBack: "onAir",
  fallbackIn: "onAir",
  fallbackOut: "onAir",
  sceneRecalled: "scenes",
  fadeEnded: "scenes",
  hlsOn: "onAir",
  hlsOff: "onAir",
  hlsFault: "onAir",
  deskStarted: "desk",
  deskStopped: "desk",
  deskKilled: "desk",
  engineRestarted: "desk",
  engineBroke: "desk",
  machineSlept: "desk",
  other: "desk",
};

/** The kinds of a group; none means all. */
export function kindsOf(group: Group | ""): TimelineKind[] {
  if (group === "") return [];
  return (Object.keys(GROUP_OF) as TimelineKind[]).filter((kind) => GROUP_OF[kind] === group);
}

/** Whether it went wrong: what a glance down the list should find. */
export function isTrouble({ kind }: TimelineEntry): boolean {
  const troubles: TimelineKind[] = [
    "loss",
    "missed",
    "deviceLost",
    "recordingFailed",
    "recordingMoved",
    "blackBoxHalted",
    "blackBoxNotKept",
    "deadAir",
    "fallbackIn",
    "hlsFault",
    "notHeard",
    "deskKilled",
    "engineBroke",
  ];
  return kind === "reconnecting" || kind === "engineRestarted" || troubles.includes(kind);
}

/** Whether an entry is one of those that the desk would give for these kinds and words. */
export function fits(entry: TimelineEntry, kinds: TimelineKind[], words: string): boolean {
  const text = `${entry.text} ${entry.subject} ${entry.cause ?? ""}`.toLowerCase();
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return (kinds.length === 0 || kinds.includes(entry.kind)) && wanted.every((word) => text.includes(word));
}

/** The day of an entry, by the clock of the desk: "2026-11-22". */
export function day(entry: TimelineEntry): string {
  return entry.time.slice(0, 10);
}

/** The time of an entry on its day: "17:04:05". */
export function timeOfDay(entry: TimelineEntry): string {
  return entry.time.slice(11, 19);
}
