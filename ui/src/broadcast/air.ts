// Being on air, in words. Red only while the server accepts what is sent.
import type { AirState, BroadcastSettings, PasswordState } from "../bindings";
import type { Fact } from "../ui/Facts.svelte";
import { bytes, clock } from "../ui/format";

export function airLamp(air: AirState): {
  text: string;
  detail?: string;
  tone: "dark" | "red" | "amber";
  busy?: boolean;
} {
  switch (air.state) {
    case "off":
      return { text: "Off air", tone: "dark" };
    case "connecting":
      return { text: "Connecting", tone: "amber", busy: true };
    case "live":
      return { text: "On air", detail: clock(air.seconds), tone: "red" };
    case "retrying":
      return { text: "Off air, retrying", tone: "amber", busy: true };
    case "failed":
      return { text: "Off air, failed", tone: "amber" };
  }
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
  return Object.entries(one).every(([name, value]) => other[name as keyof BroadcastSettings] === value);
}

/** Where the stream goes: host, port and mount. */
export function serverText({ host, port, mount }: BroadcastSettings): string {
  return `${host}:${port}${mount}`;
}

/** What the station knows of the stream. */
export function airFacts(air: AirState): Fact[] {
  switch (air.state) {
    case "off":
      return [];
    case "connecting":
      return [{ name: "State", value: "on the way to the server…", tone: "warn" }];
    case "live":
      return [
        { name: "On air for", value: clock(air.seconds) },
        { name: "Sent", value: bytes(air.bytesSent) },
        { name: "Reconnects", value: air.reconnects === 0 ? "none" : String(air.reconnects) },
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
