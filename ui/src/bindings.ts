// Generated from crates/station/src/api by `cargo xtask bindings`. Never edited by hand.

/**
 * A wish of the operator. The station answers each with a [`Reply`] or a [`CommandError`], and what
 * has changed follows as [`super::Event`]s.
 */
export type AudioCommand = { "type": "addStrip", 
/**
 * What the operator reads on it.
 */
name: string, 
/**
 * What feeds it.
 */
source: StripSource, } | { "type": "removeStrip", 
/**
 * Which strip.
 */
strip: number, } | { "type": "renameStrip", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The new name.
 */
name: string, } | { "type": "setSource", 
/**
 * Which strip.
 */
strip: number, 
/**
 * What feeds it from now on.
 */
source: StripSource, } | { "type": "setTrim", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The level, dB.
 */
level: number, } | { "type": "setFader", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The level, dB; `null` is off.
 */
level: number | null, } | { "type": "setPan", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The position.
 */
pan: number, } | { "type": "setMute", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Muted or not.
 */
on: boolean, } | { "type": "setSolo", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Soloed or not.
 */
on: boolean, } | { "type": "setSoloSafe", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Safe or not.
 */
on: boolean, } | { "type": "setCue", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Cued or not.
 */
on: boolean, } | { "type": "setBusFader", 
/**
 * Which bus.
 */
bus: BusName, 
/**
 * The level, dB; `null` is off.
 */
level: number | null, } | { "type": "setLimiter", 
/**
 * All of it.
 */
settings: LimiterSettings, } | { "type": "setOutput", 
/**
 * Main (programme) or cue.
 */
output: OutputName, 
/**
 * Where to; `null` for none.
 */
device: DeviceChoice | null, } | { "type": "refreshDevices" } | { "type": "setRecording", 
/**
 * Folder and format.
 */
settings: RecordingSettings, } | { "type": "startRecording" } | { "type": "stopRecording" } | { "type": "setBroadcast", 
/**
 * Server, mount, codec and description.
 */
settings: BroadcastSettings, } | { "type": "setPassword", 
/**
 * The secret; empty forgets it.
 */
password: string, } | { "type": "trustCertificate", 
/**
 * SHA-256 of the certificate, lower-case hexadecimal, as the broadcast state showed it.
 */
fingerprint: string, } | { "type": "goLive" } | { "type": "goOffAir" } | { "type": "setListening", 
/**
 * Open or not.
 */
on: boolean, } | { "type": "setTitle", 
/**
 * Any text; control characters are left out.
 */
title: string, } | { "type": "clearClips" } | { "type": "dismissNotice", 
/**
 * Its number.
 */
id: number, };

/**
 * What came of a command that was obeyed.
 */
export type Reply = { "type": "done" } | { "type": "strip", 
/**
 * Its id.
 */
id: number, };

/**
 * Why a command was refused. Nothing has changed.
 */
export type CommandError = { 
/**
 * What a program decides by.
 */
code: ErrorCode, 
/**
 * What a person reads: what, which, and what to do.
 */
message: string, };

/**
 * The kinds of refusal.
 */
export type ErrorCode = "noSuchStrip" | "tooManyStrips" | "outOfRange" | "invalid" | "noSuchDevice" | "storage" | "alreadyRunning" | "notRunning" | "unavailable";

/**
 * Everything there is to draw. A host gets one when it connects and after it lagged.
 */
export type Snapshot = { 
/**
 * Airdesk's version.
 */
version: string, 
/**
 * The session's file, as a path.
 */
session: string, 
/**
 * Strips, left to right.
 */
strips: Array<StripState>, 
/**
 * Programme and cue, in that order.
 */
buses: Array<BusState>, 
/**
 * The programme's limiter.
 */
limiter: LimiterSettings, 
/**
 * Main and cue output, in that order.
 */
outputs: Array<OutputState>, 
/**
 * Every device the system has now, and none that it has not.
 */
devices: Array<DeviceState>, 
/**
 * The recorder.
 */
recorder: RecorderState, 
/**
 * Streaming to a server.
 */
broadcast: BroadcastState, 
/**
 * The desk's own listener mounts.
 */
listening: ListeningState, 
/**
 * The engine's health.
 */
engine: EngineState, 
/**
 * What the operator has not yet dismissed, oldest first.
 */
notices: Array<Notice>, };

/**
 * One part of the [`Snapshot`] has a new value.
 */
export type Event = { "type": "strip", "value": StripState } | { "type": "stripRemoved", "value": number } | { "type": "bus", "value": BusState } | { "type": "limiter", "value": LimiterSettings } | { "type": "output", "value": OutputState } | { "type": "devices", "value": Array<DeviceState> } | { "type": "recorder", "value": RecorderState } | { "type": "broadcast", "value": BroadcastState } | { "type": "listening", "value": ListeningState } | { "type": "engine", "value": EngineState } | { "type": "notice", "value": Notice } | { "type": "noticeDismissed", "value": number };

/**
 * What a console sends over the WebSocket, as text.
 */
export type ClientMessage = { 
/**
 * Chosen by the client; the answer carries it back.
 */
id: number, 
/**
 * What is asked.
 */
command: AudioCommand, };

/**
 * What a console receives over the WebSocket, as text. Meters come as binary messages between.
 */
export type ServerMessage = { "type": "snapshot", 
/**
 * The whole desk.
 */
snapshot: Snapshot, } | { "type": "event", 
/**
 * What.
 */
event: Event, } | { "type": "reply", 
/**
 * The client's number.
 */
id: number, 
/**
 * What came of it.
 */
reply: Reply, } | { "type": "error", 
/**
 * The client's number.
 */
id: number | null, 
/**
 * Why.
 */
error: CommandError, };

/**
 * One strip.
 */
export type StripState = { 
/**
 * Its id for as long as it lives; never used again.
 */
id: number, 
/**
 * What the operator reads on it.
 */
name: string, 
/**
 * What feeds it.
 */
source: StripSource, 
/**
 * How that is going.
 */
input: InputState, 
/**
 * Input trim, dB.
 */
trim: number, 
/**
 * Fader, dB; `null` is off.
 */
fader: number | null, 
/**
 * Pan, -1..=1.
 */
pan: number, 
/**
 * Muted.
 */
mute: boolean, 
/**
 * Soloed.
 */
solo: boolean, 
/**
 * Stays whatever is soloed.
 */
soloSafe: boolean, 
/**
 * On the cue bus.
 */
cue: boolean, };

/**
 * What feeds a strip.
 */
export type StripSource = { "type": "silent" } | { "type": "device", 
/**
 * Which one.
 */
device: string, 
/**
 * Which of its channels.
 */
channels: ChannelPick, } | { "type": "material", 
/**
 * Which piece.
 */
material: Material, } | { "type": "file", 
/**
 * Its path.
 */
path: string, 
/**
 * Start again at its end.
 */
looped: boolean, };

/**
 * Which channels of a device, counted from 0.
 */
export type ChannelPick = { "type": "mono", 
/**
 * The channel.
 */
channel: number, } | { "type": "pair", 
/**
 * The channel heard left.
 */
left: number, 
/**
 * The channel heard right.
 */
right: number, };

/**
 * The material that comes with Airdesk.
 */
export type Material = "rhythm" | "pad" | "voice";

/**
 * What a strip's source is doing.
 */
export type InputState = { "state": "silent" } | { "state": "opening" } | { "state": "running", 
/**
 * From the device's callback to the mix, seconds; 0 for files and material.
 */
latency: number, 
/**
 * The device's clock against the desk's, parts per million; positive is fast.
 */
ppm: number, 
/**
 * Frames the device delivered and the desk could not take.
 */
framesLost: number, 
/**
 * Frames that were not there in time: heard as silence.
 */
framesMissing: number, } | { "state": "ended" } | { "state": "missing", 
/**
 * Why, in a sentence.
 */
reason: string, };

/**
 * The buses of the desk.
 */
export type BusName = "programme" | "cue";

/**
 * One bus.
 */
export type BusState = { 
/**
 * Which.
 */
bus: BusName, 
/**
 * Its fader, dB; `null` is off.
 */
fader: number | null, };

/**
 * The programme's true-peak limiter, behind its fader.
 */
export type LimiterSettings = { 
/**
 * It limits. On unless set.
 */
on: boolean, 
/**
 * The highest true peak, -20 to 0 dBTP; -1 unless set.
 */
ceiling: number, 
/**
 * Milliseconds in which it lets go, 10 to 1000; 100 unless set.
 */
release: number, };

/**
 * The outputs of the desk.
 */
export type OutputName = "main" | "cue";

/**
 * Which device an output plays on.
 */
export type DeviceChoice = { "type": "default" } | { "type": "device", 
/**
 * Which one.
 */
device: string, };

/**
 * One output.
 */
export type OutputState = { 
/**
 * Which.
 */
output: OutputName, 
/**
 * What was chosen; `null` for none.
 */
device: DeviceChoice | null, 
/**
 * How it is going.
 */
playback: PlaybackState, };

/**
 * What an output is doing.
 */
export type PlaybackState = { "state": "off" } | { "state": "opening" } | { "state": "playing", 
/**
 * The device's name.
 */
name: string, 
/**
 * Its rate, Hz.
 */
rate: number, 
/**
 * From the mix to the device's callback, seconds.
 */
latency: number, 
/**
 * The device's clock against the desk's, ppm (for the main output: against the machine's).
 */
ppm: number, 
/**
 * Frames that were not there in time: heard as silence.
 */
framesMissing: number, } | { "state": "missing", 
/**
 * Why, in a sentence.
 */
reason: string, };

/**
 * One device the system has.
 */
export type DeviceState = { 
/**
 * Stable across restarts: `host:id`.
 */
id: string, 
/**
 * What the operator reads.
 */
name: string, 
/**
 * The sound system it belongs to: "PipeWire", "JACK", "ALSA", "CoreAudio", "WASAPI".
 */
host: string, 
/**
 * Channels that can be captured; 0 if none.
 */
inputChannels: number, 
/**
 * Channels that can be played; 0 if none.
 */
outputChannels: number, 
/**
 * Its rate, Hz.
 */
rate: number, 
/**
 * Capturing it gives what the machine plays.
 */
monitor: boolean, 
/**
 * The system's default input.
 */
defaultInput: boolean, 
/**
 * The system's default output.
 */
defaultOutput: boolean, };

/**
 * Sample format of a recording.
 */
export type RecordingFormat = "pcm16" | "pcm24" | "float32";

/**
 * Where and how recordings are made.
 */
export type RecordingSettings = { 
/**
 * The folder; made when missing.
 */
folder: string, 
/**
 * The sample format.
 */
format: RecordingFormat, };

/**
 * The recorder.
 */
export type RecorderState = { 
/**
 * Where and how.
 */
settings: RecordingSettings, 
/**
 * What it is doing.
 */
recording: RecordingState, 
/**
 * Free bytes in the folder; `null` when it cannot be read.
 */
freeBytes: number | null, 
/**
 * Hours of recording that fit into them.
 */
hoursLeft: number | null, };

/**
 * What the recorder is doing.
 */
export type RecordingState = { "state": "stopped", 
/**
 * The last recording of this run, if any.
 */
lastFile: string | null, } | { "state": "starting" } | { "state": "recording", 
/**
 * The file.
 */
file: string, 
/**
 * Seconds on disk.
 */
seconds: number, 
/**
 * Bytes on disk.
 */
bytes: number, 
/**
 * Frames missing from it; each gap is in the log beside it.
 */
framesLost: number, 
/**
 * That log has every gap. A notice tells the first that could not be noted.
 */
gapsLogged: boolean, } | { "state": "stalled", 
/**
 * The file.
 */
file: string, 
/**
 * Seconds since a byte reached the disk.
 */
seconds: number, } | { "state": "finishing", 
/**
 * The file.
 */
file: string, 
/**
 * Seconds on disk when it was stopped.
 */
seconds: number, } | { "state": "failed", 
/**
 * The file, if one was made.
 */
file: string | null, 
/**
 * Why, and what to do.
 */
reason: string, };

/**
 * Codec of a stream.
 */
export type StreamCodec = "mp3" | "opus";

/**
 * How the desk reaches the server.
 */
export type Transport = "native" | "libshout";

/**
 * Which server to stream to, and how the stream introduces itself.
 */
export type BroadcastSettings = { 
/**
 * Host name or address.
 */
host: string, 
/**
 * Port.
 */
port: number, 
/**
 * Encrypt with TLS.
 */
tls: boolean, 
/**
 * Accept only this certificate (SHA-256, lower-case hexadecimal); `null`: the system decides.
 */
pinnedCertificate: string | null, 
/**
 * Mount point, with its leading slash.
 */
mount: string, 
/**
 * User name; Icecast's own default is "source".
 */
user: string, 
/**
 * Codec.
 */
codec: StreamCodec, 
/**
 * Bit rate, kbit/s.
 */
bitRate: number, 
/**
 * Station name.
 */
name: string, 
/**
 * Description.
 */
description: string, 
/**
 * Genre.
 */
genre: string, 
/**
 * Home page.
 */
url: string, 
/**
 * List it in public directories.
 */
public: boolean, 
/**
 * How the server is reached.
 */
transport: Transport, };

/**
 * Streaming to a server.
 */
export type BroadcastState = { 
/**
 * Where to and as what.
 */
settings: BroadcastSettings, 
/**
 * Where the password is kept.
 */
password: PasswordState, 
/**
 * What listeners read.
 */
title: string, 
/**
 * What is happening.
 */
air: AirState, 
/**
 * What the stream began with, `null` while it is off: settings saved since count from the next go-live.
 */
running: BroadcastSettings | null, 
/**
 * The transports that this build has.
 */
transports: Array<Transport>, };

/**
 * Where a password is kept.
 */
export type PasswordState = "none" | "keyStore" | "file" | "environment";

/**
 * The truth about being on air.
 */
export type AirState = { "state": "off" } | { "state": "connecting" } | { "state": "live", 
/**
 * Seconds since the server accepted the stream.
 */
seconds: number, 
/**
 * Bytes the server's side has acknowledged.
 */
bytesSent: number, 
/**
 * Seconds of audio dropped because the line was too slow.
 */
secondsDropped: number, 
/**
 * How often the stream came back by itself.
 */
reconnects: number, 
/**
 * The title could not be delivered, and why.
 */
titleError: string | null, } | { "state": "retrying", 
/**
 * Why.
 */
reason: string, 
/**
 * Which attempt comes next.
 */
attempt: number, 
/**
 * Seconds until then.
 */
seconds: number, } | { "state": "failed", 
/**
 * Why, and what to change.
 */
reason: string, 
/**
 * The certificate to trust, when that is what is missing.
 */
certificate: string | null, };

/**
 * The desk's own listener mounts.
 */
export type ListeningState = { 
/**
 * Open or not.
 */
on: boolean, 
/**
 * The addresses listeners open.
 */
urls: Array<string>, 
/**
 * How many are listening now.
 */
listeners: number, 
/**
 * Frames since the start that the mounts' encoders came too late for: heard as silence.
 */
framesLost: number, };

/**
 * The engine's health.
 */
export type EngineState = { 
/**
 * The desk's rate, Hz.
 */
rate: number, 
/**
 * Seconds of programme mixed since start.
 */
seconds: number, 
/**
 * Part of a block's time that mixing it takes, 0..1, mean of the last second.
 */
load: number, 
/**
 * The worst block of the last second, same measure.
 */
loadPeak: number, 
/**
 * Whose clock the desk follows.
 */
clock: ClockSource, 
/**
 * From an input's callback through the mix to the main output's callback, seconds.
 */
latency: number | null, 
/**
 * Blocks that were mixed too late for the main output.
 */
blocksLate: number, 
/**
 * Samples that were not a number and were silenced.
 */
badSamples: number, 
/**
 * The engine runs with real-time priority.
 */
realTime: boolean, };

/**
 * Whose clock the desk follows.
 */
export type ClockSource = { "type": "machine" } | { "type": "device", 
/**
 * The device's name.
 */
name: string, };

/**
 * How much a notice matters.
 */
export type Severity = "info" | "warning" | "error";

/**
 * Something the operator should read.
 */
export type Notice = { 
/**
 * Its number, to dismiss it by.
 */
id: number, 
/**
 * How much it matters.
 */
severity: Severity, 
/**
 * One sentence: what, which, what to do.
 */
text: string, 
/**
 * When, as local time `HH:MM:SS`.
 */
time: string, };
