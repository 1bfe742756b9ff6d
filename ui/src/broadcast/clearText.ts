// Whether anybody on the way to a server can read the password and the audio.
import type { BroadcastSettings } from "../bindings";

type Way = Pick<BroadcastSettings, "host" | "tls" | "protocol">;

/** What to think of before going live; nothing where the stream is encrypted or stays on the machine. */
export function clearTextHint({ host, tls, protocol }: Way): string | null {
  const there = host.trim();
  if (tls || there === "" || staysHere(there.toLowerCase())) return null;
  const what = `The password and the audio go in clear text to ${there}`;
  return protocol === "shoutcast"
    ? `${what}, because Shoutcast has no TLS. Use a password that opens nothing else.`
    : `${what}. Turn on TLS if the server has it.`;
}

function staysHere(host: string): boolean {
  return /^(.+\.)?localhost$/.test(host) || /^127(\.\d{1,3}){3}$/.test(host) || /^(::1|\[::1\])$/.test(host);
}
