// Being on air, in words. Red only while the server accepts what is sent, and nobody knows of listeners who do not hear it.
import type { AirState, BroadcastSettings, PasswordState, ServerStatistics, TargetState, TitleSeen } from "../bindings";
import type { Fact } from "../ui/Facts.svelte";
import { bytes, clock } from "../ui/format";
import { worstHeard } from "./hearing";

interface AirLamp {
  text: string;
  note?: string | undefined;
  detail?: string;
  tone: "dark" | "red" | "amber";
  busy?: boolean;
}

/** What the lamp of one target says. Amber also on air, while the desk knows that listeners do not hear it. */
export function airLamp({ air, listenBack }: Pick<TargetState, "air" | "listenBack">): AirLamp {
  switch (air.state) {
    case "off":
      return { text: "Off air", tone: "dark" };
    case "connecting":
      return { text: "Connecting", tone: "amber", busy: true };
    case "live":
      return { text: "On air", detail: clock(air.seconds), ...asHeard([listenBack]) };
    case "retrying":
      return { text: "Off air, retrying", tone: "amber", busy: true };
    case "failed":
      return { text: "Off air, failed", tone: "amber" };
  }
}

/** What is wrong for listeners, and the tone for it. */
function asHeard(heard: TargetState["listenBack"][]): Pick<AirLamp, "note" | "tone"> {
  const note = worstHeard(heard);
  return note ? { note, tone: "amber" } : { tone: "red" };
}

/** What the best-off of several targets does: that is what going live or off air is about. */
export function deskAir(targets: TargetState[]): AirState["state"] {
  const states = new Set(targets.map(({ air }) => air.state));
  return (["live", "retrying", "connecting", "failed"] as const).find((state) => states.has(state)) ?? "off";
}

/** One lamp for all targets: how many of those that are to be on air are. */
export function deskLamp(targets: TargetState[]): AirLamp {
  const meant = targets.filter(({ air, settings }) => settings.enabled || air.state !== "off");
  const live = targets.flatMap(({ air, listenBack }) =>
    air.state === "live" ? [{ seconds: air.seconds, listenBack }] : [],
  );
  if (live.length > 0 && meant.length > 1) {
    const text =
      live.length === meant.length ? `On air, all ${meant.length}` : `On air ${live.length} of ${meant.length}`;
    return {
      text,
      detail: clock(Math.max(...live.map(({ seconds }) => seconds))),
      busy: live.length < meant.length,
      ...asHeard(live.map(({ listenBack }) => listenBack)),
    };
  }
  const state = deskAir(targets);
  const first = targets.find(({ air }) => air.state === state);
  return first ? airLamp(first) : { text: "Off air", tone: "dark" };
}

/** What the operator calls a target, or reads instead. */
export function targetName({ label, mount, host }: BroadcastSettings): string {
  return label.trim() || `${mount} at ${host}`;
}

/** Whether the stream is sent, or is being tried: its settings are those it began with. */
export function isUnderWay(air: AirState): boolean {
  return air.state !== "off" && air.state !== "failed";
}

/** What the settings that the panel shows are to the stream. */
export function airWith({ state }: AirState): string {
  switch (state) {
    case "off":
      return "Goes on air with";
    case "connecting":
      return "Connecting with";
    case "live":
      return "On air with";
    case "retrying":
      return "Trying again with";
    case "failed":
      return "Failed with";
  }
}

/** Whether going live with either would make the same stream. */
export function sameSettings(one: BroadcastSettings, other: BroadcastSettings): boolean {
  return Object.entries(one).every(
    ([name, value]) => JSON.stringify(other[name as keyof BroadcastSettings]) === JSON.stringify(value),
  );
}

/** Where the stream goes: host, port and mount. */
export function serverText({ host, port, mount }: BroadcastSettings): string {
  return `${host}:${port}${mount}`;
}

/** Seconds that wait for the line from which on listeners notice that it is slow. */
const LATE = 1;

/** What the station knows of the stream, and the seconds of audio that wait for its line. */
export function airFacts(air: AirState, waiting: number | null = null): Fact[] {
  switch (air.state) {
    case "off":
      return [];
    case "connecting":
      return [{ name: "State", value: "on the way to the server…", tone: "warn" }];
    case "live":
      return [
        { name: "On air for", value: clock(air.seconds) },
        { name: "Sent", value: bytes(air.bytesSent) },
        ...serverFacts(air.statistics),
        { name: "Title", ...titleText(air.title) },
        { name: "Reconnects", value: air.reconnects === 0 ? "none" : String(air.reconnects) },
        ...waitingFacts(waiting),
        air.secondsDropped > 0
          ? { name: "Dropped", value: `${air.secondsDropped.toFixed(1)} s: the line is too slow`, tone: "bad" }
          : { name: "Dropped", value: "nothing" },
      ];
    case "retrying":
      return [
        { name: "State", value: "not on air, trying again", tone: "bad" },
        {
          name: "Attempt",
          value: `${air.attempt}, ${air.seconds > 0 ? `in ${Math.ceil(air.seconds)} s` : "under way"}`,
        },
      ];
    case "failed":
      return [{ name: "State", value: "not on air", tone: "bad" }];
  }
}

/** What the server says of its listeners and of the stream; nothing where it says nothing. */
function serverFacts(statistics: ServerStatistics | null): Fact[] {
  if (!statistics) return [];
  const { listeners, listenersPeak, bitRate } = statistics;
  const facts: Fact[] = [];
  const peak = listenersPeak === null ? "" : `, ${listenersPeak} at most`;
  if (listeners !== null) facts.push({ name: "Listeners", value: `${listeners}${peak}` });
  if (bitRate !== null) facts.push({ name: "Server says", value: `${bitRate} kbit/s` });
  return facts;
}

/** What the line has not taken yet. */
function waitingFacts(waiting: number | null): Fact[] {
  if (waiting === null) return [];
  if (waiting < LATE) return [{ name: "Waiting", value: waiting === 0 ? "nothing" : `${waiting.toFixed(1)} s` }];
  return [{ name: "Waiting", value: `${waiting.toFixed(1)} s: the line is slow`, tone: "warn" }];
}

/** Whether listeners read the title. */
function titleText(title: TitleSeen): Pick<Fact, "value" | "tone"> {
  switch (title.state) {
    case "notSet":
      return { value: "none" };
    case "waiting":
      return { value: "on its way", tone: "warn" };
    case "shown":
      return { value: "as listeners read it" };
    case "notShown":
      return { value: "listeners read another", tone: "bad" };
    case "cannotBeRead":
      return { value: "sent; nobody can look", tone: "warn" };
  }
}

/** Why listeners do not see the title, and why nobody can tell whether they do; nothing where they read it. */
export function titleProblem(targets: TargetState[]): string | null {
  const because = (state: "notShown" | "cannotBeRead"): string =>
    targets
      .flatMap(({ air, settings }) => {
        if (air.state !== "live" || air.title.state !== state) return [];
        return [targets.length > 1 ? `${targetName(settings)}: ${air.title.reason}` : air.title.reason];
      })
      .join("; ");
  const [unseen, unread] = [because("notShown"), because("cannotBeRead")];
  const problems = [
    unseen && `Listeners do not see it: ${unseen}`,
    unread && `Nobody can tell whether listeners see it: ${unread}`,
  ];
  return problems.filter(Boolean).join(". ") || null;
}

/** Where the password is kept. */
export function passwordText(password: PasswordState): { text: string; warn: boolean } {
  switch (password) {
    case "none":
      return { text: "No password is set.", warn: false };
    case "locked":
      return {
        text: "The key store is locked or does not answer. Unlock it, or set the password anew.",
        warn: true,
      };
    case "unreadable":
      return {
        text: "It may be in a file that cannot be used: see the notice. Mend the file or move it away, and set the password anew.",
        warn: true,
      };
    case "keyStore":
      return { text: "Set, and kept in the system's key store.", warn: false };
    case "file":
      return {
        text: "Set, and kept in a file that only you can read: no key store has taken it.",
        warn: true,
      };
    case "environment":
      return { text: "Set by the environment variable AIRDESK_PASSWORD.", warn: false };
  }
}

/** A fingerprint in groups, to be compared by eye. */
export function fingerprintText(fingerprint: string): string {
  return (
    fingerprint
      .toUpperCase()
      .match(/.{1,4}/g)
      ?.join(" ") ?? ""
  );
}
