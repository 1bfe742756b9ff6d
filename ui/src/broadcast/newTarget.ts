// What a target begins with when it is added.
import type { BroadcastSettings } from "../bindings";

/** The usual settings, on a station that calls itself as `like` does. */
export function newTarget(like: BroadcastSettings | undefined): BroadcastSettings {
  return {
    label: "",
    enabled: true,
    bus: "programme",
    gain: 0,
    loudness: null,
    titleTemplate: "{artist} - {title}",
    titleDelay: 0,
    host: "",
    port: 8000,
    tls: false,
    pinnedCertificate: null,
    mount: "/live.mp3",
    user: "source",
    codec: "mp3",
    bitRate: 128,
    variable: false,
    protocol: "icecast",
    shoutcastStream: null,
    name: like?.name ?? "Airdesk",
    description: like?.description ?? "",
    genre: like?.genre ?? "",
    url: like?.url ?? "",
    public: like?.public ?? false,
    transport: "native",
    listenBack: "show",
    listenBackUrl: null,
  };
}
