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
source: StripSource, } | { "type": "deck", 
/**
 * Its strip.
 */
strip: number, 
/**
 * What.
 */
command: DeckCommand, } | { "type": "carts", 
/**
 * Its strip.
 */
strip: number, 
/**
 * What.
 */
command: CartCommand, } | { "type": "announcer", 
/**
 * What.
 */
command: AnnouncerCommand, } | { "type": "setTrim", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The level, dB.
 */
level: number, } | { "type": "setChannels", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Which.
 */
mode: ChannelMode, } | { "type": "setInverted", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The left one is turned.
 */
left: boolean, 
/**
 * The right one is turned.
 */
right: boolean, } | { "type": "setDelay", 
/**
 * Which strip.
 */
strip: number, 
/**
 * All of it.
 */
settings: DelaySettings, } | { "type": "setStages", 
/**
 * Which strip.
 */
strip: number, 
/**
 * All of them.
 */
stages: ChainSettings, } | { "type": "setFader", 
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
pan: number, } | { "type": "setPanLaw", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Which of the two.
 */
law: PanLaw, } | { "type": "setSend", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The aux bus.
 */
to: BusName, 
/**
 * The level, dB; `null` is off.
 */
level: number | null, 
/**
 * Before or after the fader.
 */
tap: SendTap, } | { "type": "setVca", 
/**
 * Which strip.
 */
strip: number, 
/**
 * The group, 0 to 7; `null` for none.
 */
vca: number | null, } | { "type": "setTalkoverPart", 
/**
 * Which strip.
 */
strip: number, 
/**
 * Which.
 */
part: Talkover, } | { "type": "setMute", 
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
level: number | null, } | { "type": "setBusStages", 
/**
 * Which bus.
 */
bus: BusName, 
/**
 * All of them.
 */
stages: BusChainSettings, } | { "type": "setMixMinus", 
/**
 * Which aux bus.
 */
bus: BusName, 
/**
 * The strip that is left out; `null` for no programme.
 */
without: number | null, } | { "type": "setVcaFader", 
/**
 * The group, 0 to 7.
 */
vca: number, 
/**
 * The level, dB; `null` is off.
 */
level: number | null, } | { "type": "setTalkover", 
/**
 * All of it.
 */
settings: DuckerSettings, } | { "type": "setLimiter", 
/**
 * All of it.
 */
settings: LimiterSettings, } | { "type": "undo" } | { "type": "redo" } | { "type": "storeScene", 
/**
 * The name.
 */
name: string, } | { "type": "removeScene", 
/**
 * Its name.
 */
name: string, } | { "type": "recallScene", 
/**
 * Its name.
 */
name: string, 
/**
 * What of it.
 */
parts: Array<ScenePart>, 
/**
 * Of which strips; all, and the buses, when there is none. A scene knows strips by their names.
 */
strips: number[], 
/**
 * Seconds in which levels get there, 0 to 60.
 */
fade: number, } | { "type": "setOutput", 
/**
 * Main (programme), cue or aux.
 */
output: OutputName, 
/**
 * Where to; `null` for none.
 */
device: DeviceChoice | null, } | { "type": "setOutputSettings", 
/**
 * Main (programme), cue or aux.
 */
output: OutputName, 
/**
 * All of it.
 */
settings: OutputSettings, } | { "type": "refreshDevices" } | { "type": "addRecorder", 
/**
 * What it records, where and how.
 */
settings: RecordingSettings, } | { "type": "removeRecorder", 
/**
 * Which.
 */
recorder: number, } | { "type": "setRecording", 
/**
 * Which; the first where none is given.
 */
recorder: number | null, 
/**
 * All of it; what is not given gets its usual value.
 */
settings: RecordingSettings, } | { "type": "startRecording", 
/**
 * Which recorder; all that the record button starts where none is given.
 */
recorder: number | null, } | { "type": "stopRecording", 
/**
 * Which recorder; all that record where none is given.
 */
recorder: number | null, } | { "type": "splitRecording", 
/**
 * Which recorder; all that record where none is given.
 */
recorder: number | null, } | { "type": "addTarget", 
/**
 * Server, mount, codec and description.
 */
settings: BroadcastSettings, } | { "type": "removeTarget", 
/**
 * Which.
 */
target: number, } | { "type": "setTarget", 
/**
 * Which.
 */
target: number, 
/**
 * Server, mount, codec and description.
 */
settings: BroadcastSettings, } | { "type": "setPassword", 
/**
 * Which.
 */
target: number, 
/**
 * The secret; empty forgets it.
 */
password: string, } | { "type": "trustCertificate", 
/**
 * Which.
 */
target: number, 
/**
 * SHA-256 of the certificate, lower-case hexadecimal, as the target's state showed it.
 */
fingerprint: string, } | { "type": "goLive", 
/**
 * To this one; `null`: to all that are enabled and not under way.
 */
target: number | null, } | { "type": "goOffAir", 
/**
 * To this one; `null`: to all.
 */
target: number | null, } | { "type": "setAirDelay", 
/**
 * How long, and how much slower or faster the programme may be meanwhile.
 */
settings: AirDelaySettings, } | { "type": "dump", 
/**
 * How many, more than 0; `null` for all that is held.
 */
seconds: number | null, } | { "type": "setDeadAir", 
/**
 * All of it.
 */
settings: DeadAirSettings, } | { "type": "setStripWatch", 
/**
 * Which strip.
 */
strip: number, 
/**
 * When it is dead; `null` not to watch it.
 */
watch: WatchSettings | null, } | { "type": "setBlackBox", 
/**
 * All of it.
 */
settings: BlackBoxSettings, } | { "type": "keepLast", 
/**
 * How much of its end, more than 0 s. More than is held is as much as is held.
 */
seconds: number, 
/**
 * Of which run; `null` for the last one.
 */
run: number | null, 
/**
 * The folder; `null` for the first recorder's.
 */
folder: string | null, } | { "type": "setListening", 
/**
 * Open or not.
 */
on: boolean, } | { "type": "setMounts", 
/**
 * All of it.
 */
settings: ListeningSettings, } | { "type": "setHls", 
/**
 * All of it.
 */
settings: HlsSettings, } | { "type": "setTitle", 
/**
 * Its name. Any text; control characters are left out, here and below.
 */
title: string, 
/**
 * Who made it; nobody when there is none.
 */
artist: string, 
/**
 * The programme that it is part of; as before when there is none.
 */
show: string | null, } | { "type": "setTitleFile", 
/**
 * Its whole path; empty follows none.
 */
path: string, } | { "type": "measureLoudness", 
/**
 * Which bus.
 */
bus: BusName, 
/**
 * Measured or not.
 */
on: boolean, } | { "type": "resetLoudness", 
/**
 * Which bus.
 */
bus: BusName, } | { "type": "showSpectrum", 
/**
 * Whose.
 */
of: SpectrumOf, } | { "type": "clearClips" } | { "type": "dismissNotice", 
/**
 * Its number.
 */
id: number, } | { "type": "readTimeline", 
/**
 * Only entries with a lower number; `null` begins with the newest.
 */
before: number | null, 
/**
 * How many at the most, 1 to 500.
 */
limit: number, 
/**
 * Only these kinds; all when there are none.
 */
kinds: Array<TimelineKind>, 
/**
 * Only entries that hold each of these words.
 */
words: string, } | { "type": "library", 
/**
 * What.
 */
command: LibraryCommand, } | { "type": "searchTracks", 
/**
 * Each of these words, or one that begins with it; neither case nor accents count. All tracks when there is none.
 */
words: string, 
/**
 * Without so many of the first.
 */
offset: number, 
/**
 * How many at the most, 1 to 200.
 */
limit: number, } | { "type": "readPlays", 
/**
 * Only plays with a lower number; `null` begins with the newest.
 */
before: number | null, 
/**
 * How many at the most, 1 to 200.
 */
limit: number, } | { "type": "readWaveform", 
/**
 * The file, as a path from the root.
 */
path: string, };

/**
 * What came of a command that was obeyed.
 */
export type Reply = { "type": "done" } | { "type": "strip", 
/**
 * Its id.
 */
id: number, } | { "type": "recorder", 
/**
 * Its id.
 */
id: number, } | { "type": "target", 
/**
 * Its id.
 */
id: number, } | { "type": "utterance", 
/**
 * Its id.
 */
id: number, } | { "type": "kept", 
/**
 * The recording.
 */
kept: BlackBoxKept, } | { "type": "timeline", 
/**
 * The newest first. There may be none although there are older ones: a search looks at so many at a time.
 */
entries: Array<TimelineEntry>, 
/**
 * The `before` to go on with; `null`: that was all.
 */
older: number | null, } | { "type": "tracks", 
/**
 * In the order of artists, albums and titles.
 */
tracks: Array<Track>, 
/**
 * How many there are in all.
 */
total: number, } | { "type": "plays", 
/**
 * The newest first.
 */
plays: Array<Play>, 
/**
 * The `before` to go on with; `null`: that was all.
 */
older: number | null, } | { "type": "waveform", 
/**
 * Its waveform.
 */
waveform: Waveform, };

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
export type ErrorCode = "noSuchStrip" | "tooManyStrips" | "noSuchTarget" | "tooManyTargets" | "outOfRange" | "invalid" | "noSuchDevice" | "storage" | "alreadyRunning" | "notRunning" | "unavailable";

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
 * The strips that are decks.
 */
decks: Array<DeckState>, 
/**
 * The strips that are cart walls.
 */
carts: Array<CartsState>, 
/**
 * The strips that play what is at an address.
 */
streams: Array<StreamState>, 
/**
 * Programme, cue and aux buses, in that order.
 */
buses: Array<BusState>, 
/**
 * The VCA groups.
 */
vcas: Array<VcaState>, 
/**
 * The programme's limiter.
 */
limiter: LimiterSettings, 
/**
 * How music steps back while somebody speaks.
 */
talkover: DuckerSettings, 
/**
 * The buses whose loudness is measured.
 */
loudness: Array<LoudnessState>, 
/**
 * The scenes' names, in the order in which they were stored.
 */
scenes: Array<string>, 
/**
 * What can be taken back.
 */
history: HistoryState, 
/**
 * Main, cue and aux outputs, in that order.
 */
outputs: Array<OutputState>, 
/**
 * This system can keep other programs away from a device that plays: outputs can be `exclusive`.
 */
exclusiveOutputs: boolean, 
/**
 * Every device the system has now, and none that it has not.
 */
devices: Array<DeviceState>, 
/**
 * The recorders, as they are listed.
 */
recorders: Array<RecorderState>, 
/**
 * The servers that are streamed to, in the order in which they were added.
 */
targets: Array<TargetState>, 
/**
 * The ways to a server that this build has.
 */
transports: Array<Transport>, 
/**
 * What is on.
 */
title: TitleState, 
/**
 * The text file that titles are taken from.
 */
titleFile: TitleFileState, 
/**
 * The announcer.
 */
announcer: AnnouncerState, 
/**
 * The delay between the programme and the air.
 */
airDelay: AirDelayState, 
/**
 * The dead-air watch.
 */
deadAir: DeadAirState, 
/**
 * The black box.
 */
blackBox: BlackBoxState, 
/**
 * The desk's own listener mounts.
 */
listening: ListeningState, 
/**
 * Where other programs play into the desk, as the address of a WebSocket; `null` for nowhere.
 */
programsAt: string | null, 
/**
 * HLS.
 */
hls: HlsState, 
/**
 * The track library.
 */
library: LibraryState, 
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
export type Event = { "type": "strip", "value": StripState } | { "type": "strips", "value": Array<StripState> } | { "type": "stripRemoved", "value": number } | { "type": "deck", "value": DeckState } | { "type": "deckPosition", "value": DeckPosition } | { "type": "deckRemoved", "value": number } | { "type": "carts", "value": CartsState } | { "type": "cartsPlaying", "value": CartsPlaying } | { "type": "cartsRemoved", "value": number } | { "type": "stream", "value": StreamState } | { "type": "streamRemoved", "value": number } | { "type": "programsAt", "value": string | null } | { "type": "announcer", "value": AnnouncerState } | { "type": "bus", "value": BusState } | { "type": "vca", "value": VcaState } | { "type": "limiter", "value": LimiterSettings } | { "type": "talkover", "value": DuckerSettings } | { "type": "scenes", "value": Array<string> } | { "type": "history", "value": HistoryState } | { "type": "loudness", "value": LoudnessState } | { "type": "loudnessEnded", "value": BusName } | { "type": "spectrum", "value": SpectrumState } | { "type": "output", "value": OutputState } | { "type": "devices", "value": Array<DeviceState> } | { "type": "recorder", "value": RecorderState } | { "type": "recorderRemoved", "value": number } | { "type": "target", "value": TargetState } | { "type": "targetRemoved", "value": number } | { "type": "title", "value": TitleState } | { "type": "titleFile", "value": TitleFileState } | { "type": "airDelay", "value": AirDelayState } | { "type": "deadAir", "value": DeadAirState } | { "type": "blackBox", "value": BlackBoxState } | { "type": "listening", "value": ListeningState } | { "type": "library", "value": LibraryState } | { "type": "hls", "value": HlsState } | { "type": "engine", "value": EngineState } | { "type": "notice", "value": Notice } | { "type": "noticeDismissed", "value": number } | { "type": "timeline", "value": TimelineEntry };

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
 * Which channels of the source are heard on which side. Stereo unless set.
 */
channels: ChannelMode, 
/**
 * Polarity of the source's left and right channel turned. Neither unless set.
 */
inverted: [boolean, boolean], 
/**
 * Input trim in dB, -20 to +40; 0 unless set. A choice of this desk, for which there is no standard: from what is
 * mastered to full scale to a microphone that its interface delivers too softly.
 */
trim: number, 
/**
 * How late it is heard: 0 to 500 ms.
 */
delay: DelaySettings, 
/**
 * The stages, all off unless set.
 */
chain: ChainSettings, 
/**
 * Fader in dB, -90 to +10, or off (`null`); 0 unless set. +10 is where the faders of most desks end; what is below
 * -90 is nobody's wish but off.
 */
fader: number | null, 
/**
 * Pan or balance, without a unit, -1 left to +1 right; 0, the centre, unless set.
 */
pan: number, 
/**
 * Which of the two. Pan unless set: constant power, -3.01 dB in the centre.
 */
panLaw: PanLaw, 
/**
 * Copies into the aux buses. Off unless set.
 */
sends: [SendSettings, SendSettings, SendSettings, SendSettings, SendSettings, SendSettings, SendSettings, SendSettings], 
/**
 * The VCA group that moves its fader, 0 to 7; none unless set.
 */
vca: number | null, 
/**
 * Its part in talkover. None unless set.
 */
talkover: Talkover, 
/**
 * Muted everywhere but in cue.
 */
mute: boolean, 
/**
 * Soloed in place.
 */
solo: boolean, 
/**
 * Stays in the programme whatever is soloed.
 */
soloSafe: boolean, 
/**
 * Heard before its fader on the cue bus.
 */
cue: boolean, };

/**
 * Where a strip's controls stand.
 */
export type StripControls = { 
/**
 * Which channels of the source are heard on which side. Stereo unless set.
 */
channels: ChannelMode, 
/**
 * Polarity of the source's left and right channel turned. Neither unless set.
 */
inverted: [boolean, boolean], 
/**
 * Input trim in dB, -20 to +40; 0 unless set. A choice of this desk, for which there is no standard: from what is
 * mastered to full scale to a microphone that its interface delivers too softly.
 */
trim: number, 
/**
 * How late it is heard: 0 to 500 ms.
 */
delay: DelaySettings, 
/**
 * The stages, all off unless set.
 */
chain: ChainSettings, 
/**
 * Fader in dB, -90 to +10, or off (`null`); 0 unless set. +10 is where the faders of most desks end; what is below
 * -90 is nobody's wish but off.
 */
fader: number | null, 
/**
 * Pan or balance, without a unit, -1 left to +1 right; 0, the centre, unless set.
 */
pan: number, 
/**
 * Which of the two. Pan unless set: constant power, -3.01 dB in the centre.
 */
panLaw: PanLaw, 
/**
 * Copies into the aux buses. Off unless set.
 */
sends: [SendSettings, SendSettings, SendSettings, SendSettings, SendSettings, SendSettings, SendSettings, SendSettings], 
/**
 * The VCA group that moves its fader, 0 to 7; none unless set.
 */
vca: number | null, 
/**
 * Its part in talkover. None unless set.
 */
talkover: Talkover, 
/**
 * Muted everywhere but in cue.
 */
mute: boolean, 
/**
 * Soloed in place.
 */
solo: boolean, 
/**
 * Stays in the programme whatever is soloed.
 */
soloSafe: boolean, 
/**
 * Heard before its fader on the cue bus.
 */
cue: boolean, };

/**
 * Which channels of the source are heard on which side.
 */
export type ChannelMode = "stereo" | "mono" | "swapped" | "leftOnly" | "rightOnly";

/**
 * What the operator sets.
 */
export type DelaySettings = { 
/**
 * Milliseconds, 0 to 500; 0 (none) unless set. The range of the delays of live consoles.
 */
delayMs: number, };

/**
 * How a strip's stages are set, in the order in which they are passed.
 */
export type ChainSettings = { 
/**
 * Takes away what is below the voice.
 */
highPass: HighPassSettings, 
/**
 * Turns down what is below a threshold.
 */
gate: GateSettings, 
/**
 * Four bands.
 */
equaliser: EqualiserSettings, 
/**
 * Turns down what is above a threshold.
 */
compressor: CompressorSettings, 
/**
 * Softens sharp consonants.
 */
deEsser: DeEsserSettings, };

/**
 * One strip's high-pass, within its ranges. By default off, at 80 Hz, 12 dB an octave.
 */
export type HighPassSettings = { on: boolean, frequency: number, slope: Slope, };

/**
 * How steep it is.
 */
export type Slope = "gentle" | "steep";

/**
 * What the operator sets. Threshold and ratio are those of Zölzer's expander, attack and release the time constants of
 * Giannoulis et al. Ranges and defaults are choices of this desk.
 */
export type GateSettings = { 
/**
 * Gates. Off unless set.
 */
on: boolean, 
/**
 * Peak level in dBFS above which it opens, -80 to 0; -50 unless set: between the noise of a room and quiet speech.
 */
thresholdDbfs: number, 
/**
 * dB below the threshold at which it closes again, 0 to 24; 4 unless set.
 */
hysteresisDb: number, 
/**
 * By how many dB at most it turns down, 0 to 80; 20 unless set: a gate that nobody hears working.
 */
rangeDb: number, 
/**
 * dB at the output for each dB below the threshold, 1 (nothing) to 100 (a gate); 3 unless set.
 */
ratio: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of the way in dB is opened, 0.1 to 200; 1 unless set.
 */
attackMs: number, 
/**
 * Milliseconds that it stays open after the level fell below the threshold less the hysteresis, 0 to 2000; 50 unless
 * set.
 */
holdMs: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of the way in dB is closed, 5 to 3000; 150 unless set.
 */
releaseMs: number, 
/**
 * Corner in Hz, 3 dB down, of the high-pass that the detector listens through, 20 to 500; none unless set. Second
 * order, Butterworth, 12 dB an octave (R. Bristow-Johnson, "Audio EQ Cookbook").
 */
sideHighPassHz: number | null, };

/**
 * One strip's equaliser. By default it is on and flat: shelves at 80 Hz and 12 kHz, bells between.
 */
export type EqualiserSettings = { 
/**
 * It is heard.
 */
on: boolean, 
/**
 * In the order in which they are passed.
 */
bands: [Band, Band, Band, Band], };

/**
 * One band's settings, within their ranges.
 */
export type Band = { kind: BandKind, on: boolean, frequency: number, gain: number, q: number, };

/**
 * What a band does to the spectrum.
 */
export type BandKind = "bell" | "lowShelf" | "highShelf";

/**
 * What the operator sets. Threshold, ratio, knee, make-up and the two time constants are the parameters of
 * Giannoulis et al. 2012 (their T, R, W, M, τ of attack and of release), the curve is their equation 4 and the times
 * work as in their equation 17. Ranges and defaults are choices of this desk.
 */
export type CompressorSettings = { 
/**
 * Compresses. Off unless set.
 */
on: boolean, 
/**
 * Peak level in dBFS from which it works, -60 to 0; -18 unless set: the alignment level of EBU R 68.
 */
thresholdDbfs: number, 
/**
 * dB at the input for one dB at the output above the threshold, 1 to 20, or a limit; 3 unless set, for speech.
 */
ratio: Ratio, 
/**
 * Width in dB of the bend around the threshold, 0 (hard) to 24; 6 unless set.
 */
kneeDb: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of a reduction in dB is there, 0.1 to 200; 10 unless set.
 */
attackMs: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of a reduction in dB is gone (the attack on top), 5 to 3000; 150 unless
 * set.
 */
releaseMs: number, 
/**
 * dB added afterwards, -20 to +24; 0 unless set.
 */
makeUpDb: number, 
/**
 * Corner in Hz, 3 dB down, of the high-pass that the detector listens through, 20 to 500; none unless set. Second
 * order, Butterworth, 12 dB an octave (R. Bristow-Johnson, "Audio EQ Cookbook"). Keeps
 * a bass drum or a thump at the microphone from turning everything down.
 */
sideHighPassHz: number | null, };

/**
 * How much of a rise above the threshold is taken away.
 */
export type Ratio = { "to": number } | "limit";

/**
 * What the operator sets. Ranges and defaults are choices of this desk, for which there is no standard.
 */
export type DeEsserSettings = { 
/**
 * Works. Off unless set.
 */
on: boolean, 
/**
 * Hz from which it listens and turns down, 2000 to 12 000; 6000 unless set. At it some 60 % of the cut
 * in dB is there, an octave above all of it. Sibilants have most of their power from 4 to 10 kHz, those
 * of women and children higher than those of men.
 */
frequencyHz: number, 
/**
 * Peak level of the band in dBFS above which it works, -60 to 0; -24 unless set: of a voice whose
 * peaks are near -9, the vowels stay below.
 */
thresholdDbfs: number, 
/**
 * By how many dB at most the band is turned down, 0 to 24; 8 unless set: more lisps.
 */
rangeDb: number, };

/**
 * What pan does.
 */
export type PanLaw = "pan" | "balance";

/**
 * How a send is set.
 */
export type SendSettings = { 
/**
 * How much is sent, in dB, -90 to +10 as a fader, or off (`null`); off unless set.
 */
level: number | null, 
/**
 * From where. After the fader unless set.
 */
tap: SendTap, };

/**
 * Where a send takes its sound from.
 */
export type SendTap = "postFader" | "preFader";

/**
 * What a strip has to do with talkover.
 */
export type Talkover = "off" | "key" | "ducked";

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
channels: ChannelPick, 
/**
 * How exactly, and how late, it is brought to the desk's clock; balanced unless set.
 */
resampling?: Resampling, 
/**
 * Frames that the device is asked to bring at a time, 32 to 4096; as many as last 5 ms unless set. More cost less
 * and are heard later. Where strips of one device differ the fewest are asked for. A host may bring others:
 * PipeWire gives everybody the fewest that anyone asks for, and an output of the desk asks for as many as last 5 ms.
 */
buffer?: number, } | { "type": "material", 
/**
 * Which piece.
 */
material: Material, } | { "type": "deck" } | { "type": "carts" } | { "type": "file", 
/**
 * Its path.
 */
path: string, 
/**
 * Start again at its end.
 */
looped: boolean, } | { "type": "stream", 
/**
 * Its address, `http://` or `https://`, without a login; a playlist stands for its first entry that plays.
 */
url: string, 
/**
 * It is samples without a header, whatever the server says.
 */
raw?: RawFormat, 
/**
 * Its titles are the desk's; not unless set.
 */
titles?: boolean, } | { "type": "programs" };

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
 * Samples without a header, as the operator says they are.
 */
export type RawFormat = { 
/**
 * How one sample is written.
 */
encoding: RawEncoding, 
/**
 * Samples of so many channels in turn, 1 to 8.
 */
channels: number, 
/**
 * Frames a second, 8000 to 192 000.
 */
rate: number, 
/**
 * The high byte of a sample comes first; the low one unless set.
 */
bigEndian?: boolean, };

/**
 * How one sample is written.
 */
export type RawEncoding = "u8" | "s16" | "s24" | "s32" | "f32";

/**
 * What is known of a strip's stream.
 */
export type StreamState = { 
/**
 * The strip.
 */
strip: number, 
/**
 * Host and path of its address, without the query. Of a strip that programs play into: who played last.
 */
url: string, 
/**
 * What it does.
 */
phase: StreamPhase, 
/**
 * Why it is not heard.
 */
reason: string | null, 
/**
 * What is on, as the stream says.
 */
title: string | null, 
/**
 * What the station calls itself.
 */
station: string | null, 
/**
 * What it is: MP3, AAC, Vorbis, Opus, FLAC, WAV or PCM.
 */
codec: string | null, 
/**
 * As the server says or as it comes, kbit/s.
 */
kbits: number | null, 
/**
 * Buffered now, seconds.
 */
buffered: number, 
/**
 * What should be buffered at least, seconds: more after a gap.
 */
target: number, 
/**
 * Gaps since the strip has had this source.
 */
underruns: number, 
/**
 * How often it was looked for again.
 */
reconnects: number, 
/**
 * Packets that could not be decoded.
 */
spoilt: number, 
/**
 * Its clock against the desk's, parts per million; positive is fast. 0 while it is not known.
 */
driftPpm: number, 
/**
 * From the last attempt to the first byte of it, milliseconds.
 */
timeToFirstByte: number | null, 
/**
 * And to the first frame that was handed on to be heard.
 */
timeToFirstAudio: number | null, };

/**
 * What a stream does.
 */
export type StreamPhase = "connecting" | "buffering" | "playing" | "rebuffering" | "reconnecting" | "failed" | "ended" | "waiting" | "paused";

/**
 * What a strip's source is doing.
 */
export type InputState = { "state": "silent" } | { "state": "opening" } | { "state": "ready" } | { "state": "running", 
/**
 * From the device's callback to the mix, seconds; 0 for files and material.
 */
latency: number, 
/**
 * The device's clock against the desk's, parts per million; positive is fast.
 */
ppm: number, 
/**
 * By how much the delay through its bridge is off, seconds; positive is too long.
 */
error: number, 
/**
 * Its clock is followed: the delay is held, and the ratio hardly moves.
 */
locked: boolean, 
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
 * A deck: what a strip plays that is fed by one.
 */
export type DeckState = { 
/**
 * Its strip.
 */
strip: number, 
/**
 * The playlist.
 */
items: Array<DeckItem>, 
/**
 * How it goes from one item to the next.
 */
settings: DeckSettings, 
/**
 * Where it is.
 */
position: DeckPosition, };

/**
 * One item of a playlist.
 */
export type DeckItem = { 
/**
 * Which.
 */
id: number, 
/**
 * The file.
 */
path: string, 
/**
 * What the file says it is; the file's name where it says nothing.
 */
title: string, 
/**
 * Who performs it; empty where the file does not say.
 */
artist: string, 
/**
 * How long it is, seconds, once that was looked up.
 */
seconds?: number, 
/**
 * It has a picture.
 */
cover: boolean, 
/**
 * Why it cannot be played.
 */
fault?: string, 
/**
 * What is special about it.
 */
settings: ItemSettings, };

/**
 * What is special about an item of a playlist.
 */
export type ItemSettings = { 
/**
 * The deck stops behind it.
 */
stops: boolean, 
/**
 * Where it begins, seconds from the file's beginning.
 */
cueIn: number, 
/**
 * Where it ends, seconds from the file's beginning; at the file's end unless set.
 */
cueOut?: number, 
/**
 * How much louder than levelling makes it, -20 to +20 dB.
 */
gain: number, };

/**
 * How a deck goes from one item to the next.
 */
export type DeckSettings = { 
/**
 * Go on with the next item by itself.
 */
advance: boolean, 
/**
 * Begin the playlist again at its end.
 */
repeat: boolean, 
/**
 * Seconds in which one item passes into the next, 0 to 20; with 0 one begins with the frame after the other's last.
 */
crossfade: number, 
/**
 * Its curve.
 */
curve: FadeCurve, 
/**
 * Bring all items to one loudness by what their tags say (ReplayGain, R128): -18 LUFS.
 */
levelling: boolean, 
/**
 * What is heard is the title that is on.
 */
titles: boolean, };

/**
 * The curve of a crossfade.
 */
export type FadeCurve = "equalPower" | "equalGain";

/**
 * Where a deck is. Told five times a second while it plays.
 */
export type DeckPosition = { 
/**
 * Which deck.
 */
strip: number, 
/**
 * What it is doing.
 */
phase: DeckPhase, 
/**
 * The item that is heard, or would be.
 */
item?: number, 
/**
 * Seconds from its file's beginning.
 */
seconds: number, 
/**
 * How long it is, seconds, where that is known: to its end, where it has one of its own.
 */
length?: number, 
/**
 * What follows, when it can be played.
 */
follows?: number, 
/**
 * One item is passing into the next.
 */
passing: boolean, 
/**
 * The part that is played again and again.
 */
part?: LoopPart, };

/**
 * What a deck is doing.
 */
export type DeckPhase = "empty" | "loading" | "paused" | "playing" | "ended";

/**
 * A part of a file that is played again and again.
 */
export type LoopPart = { 
/**
 * Where it begins, seconds.
 */
from: number, 
/**
 * Where it ends, seconds.
 */
to: number, };

/**
 * What a deck is told.
 */
export type DeckCommand = { "type": "add", 
/**
 * The files, as paths from the root.
 */
paths: Array<string>, 
/**
 * Before which item; at the end unless set.
 */
before?: number, } | { "type": "remove", 
/**
 * Which.
 */
items: Array<number>, } | { "type": "move", 
/**
 * Which.
 */
item: number, 
/**
 * Before which.
 */
before?: number, } | { "type": "setItem", 
/**
 * Which.
 */
item: number, 
/**
 * All of it.
 */
settings: ItemSettings, } | { "type": "load", 
/**
 * Which.
 */
item: number, 
/**
 * Play it at once.
 */
play: boolean, } | { "type": "play" } | { "type": "pause" } | { "type": "seek", 
/**
 * Seconds from the file's beginning.
 */
seconds: number, } | { "type": "loop", 
/**
 * Its beginning and its end, seconds from the file's beginning.
 */
part: LoopPart | null, } | { "type": "next" } | { "type": "eject" } | { "type": "set", 
/**
 * All of it.
 */
settings: DeckSettings, };

/**
 * What a cart wall is told.
 */
export type CartCommand = { "type": "setPad", 
/**
 * Its bank.
 */
bank: number, 
/**
 * Which.
 */
pad: number, 
/**
 * All of it.
 */
settings: PadSettings, } | { "type": "clearPad", 
/**
 * Its bank.
 */
bank: number, 
/**
 * Which.
 */
pad: number, } | { "type": "fire", 
/**
 * Its bank.
 */
bank: number, 
/**
 * Which.
 */
pad: number, } | { "type": "release", 
/**
 * Its bank.
 */
bank: number, 
/**
 * Which.
 */
pad: number, } | { "type": "stop", 
/**
 * Its bank.
 */
bank: number, 
/**
 * Which.
 */
pad: number, } | { "type": "stopAll" } | { "type": "setBanks", 
/**
 * Their names, 1 to 40 characters each.
 */
names: Array<string>, };

/**
 * How a pad is set.
 */
export type PadSettings = { 
/**
 * The file, as a path from the root; at most ten minutes long, and all pads of the desk together take 512 MB at most. It
 * is read when it is set: one that has changed on disk since then once its pad was cleared and set again.
 */
path: string, 
/**
 * What is read on it, at most 40 characters; the file's name unless set.
 */
name: string, 
/**
 * Its colour.
 */
colour: PadColour, 
/**
 * What pressing it does.
 */
mode: PadMode, 
/**
 * How loud it is, -60 to +10 dB.
 */
level: number, 
/**
 * Its stop group, 1 to 8: firing it stops the others of the group. 0 is none.
 */
group: number, 
/**
 * While it sounds in the programme the strips that step back in talkover do so, by talkover's depth and times, also
 * while talkover is off.
 */
ducks: boolean, 
/**
 * The key that fires it at a console: a letter, a digit, or F1 to F12. No other pad of the desk has it.
 */
hotkey?: string, };

/**
 * The colour of a pad.
 */
export type PadColour = "grey" | "blue" | "green" | "yellow" | "orange" | "pink" | "violet" | "turquoise";

/**
 * What pressing a pad does.
 */
export type PadMode = "oneShot" | "loop" | "hold";

/**
 * How a pad's file is doing.
 */
export type PadSound = { "state": "loading" } | { "state": "ready", 
/**
 * How long it is, seconds.
 */
seconds: number, } | { "state": "faulty", 
/**
 * Why, in a sentence.
 */
reason: string, };

/**
 * A pad that is set.
 */
export type PadState = { 
/**
 * How it is set.
 */
settings: PadSettings, 
/**
 * How its file is doing.
 */
sound: PadSound, };

/**
 * A bank of a wall.
 */
export type BankState = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its 16 pads; `null` is one that is not set.
 */
pads: Array<PadState | null>, };

/**
 * A pad that sounds.
 */
export type PadPlaying = { 
/**
 * Its bank.
 */
bank: number, 
/**
 * Which.
 */
pad: number, 
/**
 * Seconds up to its end; of a loop up to its next beginning.
 */
left: number, };

/**
 * What sounds of a wall. Told when that changes, and five times a second while something does.
 */
export type CartsPlaying = { 
/**
 * Which wall.
 */
strip: number, 
/**
 * The pads that sound, at most 16.
 */
pads: Array<PadPlaying>, 
/**
 * How many were faded out since the wall is there because more than 16 were fired: the oldest that would end by
 * itself gives way.
 */
gaveWay: number, };

/**
 * A cart wall: what a strip plays that is fed by one.
 */
export type CartsState = { 
/**
 * Its strip.
 */
strip: number, 
/**
 * Its banks.
 */
banks: Array<BankState>, 
/**
 * What sounds of it.
 */
playing: CartsPlaying, };

/**
 * What the announcer is told.
 */
export type AnnouncerCommand = { "type": "say", 
/**
 * What.
 */
text: string, 
/**
 * Another voice than the usual one.
 */
voice: string | null, } | { "type": "cancel", 
/**
 * Which.
 */
utterance: number, } | { "type": "cancelAll" } | { "type": "skip" } | { "type": "back" } | { "type": "replay", 
/**
 * Which; the last ones where none is named.
 */
utterance: number | null, 
/**
 * How many of the last, 1 to 8; one where it is not said.
 */
last: number | null, } | { "type": "pause" } | { "type": "resume" } | { "type": "set", 
/**
 * All of it; what is not given gets its usual value.
 */
settings: AnnouncerSettings, } | { "type": "setKey", 
/**
 * The secret; empty forgets it.
 */
key: string, };

/**
 * How the announcer speaks. Takes effect with the next utterance.
 */
export type AnnouncerSettings = { 
/**
 * Who makes the voice.
 */
backend: SpeechBackend, 
/**
 * Servers, asked in this order until one speaks: 1 to 8 addresses that usually end with `/v1`.
 */
baseUrls: Array<string>, 
/**
 * The socket of the program that sends SPKR: its whole path.
 */
socket: string, 
/**
 * Who speaks, 1 to 100 letters.
 */
voice: string, 
/**
 * What makes the voice, 1 to 100 letters.
 */
model: string, 
/**
 * How fast, 0.25 to 4.
 */
speed: number, 
/**
 * How a server sends it.
 */
format: SpeechFormat, 
/**
 * The strip that is spoken into, 1 to 40 characters. Put on the desk when it is first wanted, as one that makes music step back.
 */
strip: string, 
/**
 * Silence behind each utterance, 0 to 5 s.
 */
trailingSilence: number, 
/**
 * What is buffered before it is heard, 20 to 2000 ms.
 */
bufferMs: number, 
/**
 * What is taken ahead at most, seconds: the buffer at least, 10 at most.
 */
maxBuffer: number, 
/**
 * Bytes that are taken of an answer at once, 256 to 65536.
 */
chunkBytes: number, };

/**
 * The announcer, and what it says.
 */
export type AnnouncerState = { 
/**
 * How it is set.
 */
settings: AnnouncerSettings, 
/**
 * Where its key is; none where it was not needed yet.
 */
key: PasswordState, 
/**
 * It is silent until it is told to go on.
 */
paused: boolean, 
/**
 * It was told to be silent, and has said nothing since.
 */
stopped: boolean, 
/**
 * What waits, in order.
 */
queue: Array<Utterance>, 
/**
 * What is being said.
 */
speaking: Speaking | null, 
/**
 * What was said last, the newest first; eight at most.
 */
history: Array<PastUtterance>, };

/**
 * A text.
 */
export type Utterance = { 
/**
 * Its id.
 */
id: number, 
/**
 * What is said.
 */
text: string, 
/**
 * Who says it.
 */
voice: string, 
/**
 * It was said before.
 */
again: boolean, };

/**
 * What is being said, and its figures as far as they are known.
 */
export type Speaking = { 
/**
 * What.
 */
utterance: Utterance, 
/**
 * Which server speaks; none while none does.
 */
endpoint: string | null, 
/**
 * Some of it is heard.
 */
heard: boolean, 
/**
 * The strip.
 */
strip: string, 
/**
 * Seconds that are buffered.
 */
buffered: number, };

/**
 * What was said.
 */
export type PastUtterance = { 
/**
 * What.
 */
utterance: Utterance, 
/**
 * How it ended.
 */
outcome: SpeechOutcome, 
/**
 * When, by the clock on the wall.
 */
time: string, 
/**
 * Who was asked, in order.
 */
attempts: Array<SpeechAttempt>, 
/**
 * Seconds of speech that have come.
 */
seconds: number, 
/**
 * Seconds of it that can be replayed, 60 at most.
 */
kept: number, 
/**
 * From its turn to the first byte, ms.
 */
timeToFirstByte: number | null, 
/**
 * From its turn to the first frame that was given to be heard, ms.
 */
timeToFirstAudio: number | null, 
/**
 * Gaps.
 */
underruns: number, 
/**
 * Bytes that have come.
 */
bytes: number, };

/**
 * A server that was asked.
 */
export type SpeechAttempt = { 
/**
 * Which.
 */
endpoint: string, 
/**
 * Why it does not speak; none where it did.
 */
fault: string | null, };

/**
 * Who makes the voice.
 */
export type SpeechBackend = "http" | "spkr";

/**
 * How a server sends speech.
 */
export type SpeechFormat = "pcm" | "wav" | "mp3" | "opus" | "flac" | "aac";

/**
 * How an utterance ended.
 */
export type SpeechOutcome = { "state": "spoken" } | { "state": "cancelled" } | { "state": "skipped" } | { "state": "failed", 
/**
 * Why, and what to do.
 */
reason: string, };

/**
 * The buses of the desk, in the order in which they are listed everywhere.
 */
export type BusName = "programme" | "cue" | "aux1" | "aux2" | "aux3" | "aux4" | "aux5" | "aux6" | "aux7" | "aux8";

/**
 * One bus.
 */
export type BusState = { 
/**
 * Which.
 */
bus: BusName, 
/**
 * Its fader in dB, -90 to +10 as a strip's, or off (`null`); 0 unless set.
 */
fader: number | null, 
/**
 * Equaliser and compressor, off unless set.
 */
stages: BusChainSettings, 
/**
 * An aux bus that carries the programme without this strip (mix-minus): what its guest hears.
 */
without: number | null, };

/**
 * A bus's stages: those of a strip that a sum needs.
 */
export type BusChainSettings = { 
/**
 * Four bands.
 */
equaliser: EqualiserSettings, 
/**
 * Turns down what is above a threshold.
 */
compressor: CompressorSettings, };

/**
 * One VCA group: a fader that moves those of its strips.
 */
export type VcaState = { 
/**
 * Which, counted from 0.
 */
vca: number, 
/**
 * Its fader in dB, -90 to +10 as a strip's, or off (`null`); 0 unless set.
 */
fader: number | null, };

/**
 * Loudness of a bus after EBU R 128. Silence, and what has not been heard long enough, is `null`.
 */
export type LoudnessState = { 
/**
 * Which bus.
 */
bus: BusName, 
/**
 * Over the last 400 ms, LUFS.
 */
momentary: number | null, 
/**
 * Over the last 3 s, LUFS.
 */
shortTerm: number | null, 
/**
 * Since the reset, gated, LUFS.
 */
integrated: number | null, 
/**
 * Loudness range since the reset, LU.
 */
range: number | null, 
/**
 * The highest momentary loudness since the reset, LUFS.
 */
momentaryMax: number | null, 
/**
 * The highest short-term loudness since the reset, LUFS.
 */
shortTermMax: number | null, 
/**
 * The highest true peak since the reset, dBTP.
 */
truePeakMax: number | null, 
/**
 * Phase correlation: +1 mono, 0 unrelated, -1 mono hears nothing.
 */
correlation: number | null, 
/**
 * Seconds measured since the reset.
 */
seconds: number, 
/**
 * Frames since the reset that came too late to be measured.
 */
framesLost: number, };

/**
 * Whose spectrum.
 */
export type SpectrumOf = { "bus": BusName } | { "strip": number };

/**
 * What a bus or a strip is made of, in third octaves (IEC 61260-1).
 */
export type SpectrumState = { 
/**
 * Whose.
 */
of: SpectrumOf, 
/**
 * Nominal mid-band frequency of each band, Hz, lowest first.
 */
frequencies: Array<number>, 
/**
 * Level of each, dBFS RMS; `null` for silence.
 */
levels: Array<number | null>, };

/**
 * What can be recalled of a scene by itself.
 */
export type ScenePart = "layout" | "sources" | "levels" | "switches" | "stages" | "sends" | "groups";

/**
 * What can be taken back, and done again.
 */
export type HistoryState = { 
/**
 * What undo takes back, in words; `null` for nothing.
 */
undo: string | null, 
/**
 * What redo does again.
 */
redo: string | null, };

/**
 * What the operator sets. The ranges are choices of this desk.
 */
export type LimiterSettings = { 
/**
 * Limits. On unless set. Off, it still delays by [`Limiter::latency`], so that nothing jumps.
 */
on: boolean, 
/**
 * The highest true peak in dBTP, as ITU-R BS.1770-5, Annex 2, defines it, -20 to 0; -1 unless set: the maximum of
 * EBU R 128 and of its supplement 2, for streams.
 */
ceilingDbtp: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of the way of the linear gain back to unity is done, 10 to 1000; 100 unless
 * set. Shorter is louder and distorts bass.
 */
releaseMs: number, };

/**
 * What the operator sets. Ranges and defaults are choices of this desk, for which there is no standard.
 */
export type DuckerSettings = { 
/**
 * Ducks. Off unless set.
 */
on: boolean, 
/**
 * Peak level in dBFS of a key strip above which the music steps back, -60 to 0; -40 unless set: speech,
 * not breath.
 */
thresholdDbfs: number, 
/**
 * By how many dB the music steps back, 0 to 60; 12 unless set.
 */
depthDb: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of the way down in dB is done, 5 to 500; 60 unless set.
 */
attackMs: number, 
/**
 * Milliseconds for which the music stays back after the last word, 0 to 5000; 500 unless set: longer
 * than a pause for breath.
 */
holdMs: number, 
/**
 * Milliseconds in which 63 % (`1 - 1/e`) of the way up in dB is done, 50 to 5000; 600 unless set.
 */
releaseMs: number, };

/**
 * The outputs of the desk.
 */
export type OutputName = "main" | "cue" | "aux1" | "aux2" | "aux3" | "aux4" | "aux5" | "aux6" | "aux7" | "aux8";

/**
 * Which device an output plays on.
 */
export type DeviceChoice = { "type": "default" } | { "type": "device", 
/**
 * Which one.
 */
device: string, };

/**
 * How exact a resampler is, and how late. At 48 kHz; at other rates in proportion.
 */
export type Resampling = "lowLatency" | "balanced" | "best";

/**
 * How an output uses its device.
 */
export type OutputSettings = { 
/**
 * How exactly, and how late, the bus is brought to its clock. The main output, which is the desk's clock, is
 * resampled only where its rate is not the desk's.
 */
resampling: Resampling, 
/**
 * Keep other programs away from it. Only where the snapshot says `exclusiveOutputs`.
 */
exclusive: boolean, };

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
 * How that is used.
 */
settings: OutputSettings, 
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
 * What the device had taken ahead of its time when it began, and holds since: measured, seconds.
 */
held: number, 
/**
 * The device's clock against the desk's, ppm (for the main output: against the machine's).
 */
ppm: number, 
/**
 * By how much the delay through its bridge is off, seconds; positive is too long. For the main output: by how
 * much its callbacks are off the desk's clock, to either side, mean of five seconds.
 */
error: number, 
/**
 * Its clock is followed: the delay is held, and the ratio hardly moves. For
 * the main output: the desk's clock has kept to it for five seconds.
 */
locked: boolean, 
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
 * The rate it runs at unless asked otherwise, Hz.
 */
rate: number, 
/**
 * The rates it can be captured at, Hz, from the lowest.
 */
inputRates: Array<number>, 
/**
 * The rates it can play at, likewise.
 */
outputRates: Array<number>, 
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
 * Format of a recording: WAV where nothing else is said.
 */
export type RecordingFormat = "pcm16" | "pcm24" | "float32" | "flac16" | "flac24" | "mp3" | "opus" | "vorbis";

/**
 * What is recorded, where and how.
 */
export type RecordingSettings = { 
/**
 * What the operator reads on it.
 */
name: string, 
/**
 * What is recorded.
 */
source: RecordingSource, 
/**
 * Every strip in a file of its own; none beside what is aired.
 */
stems: Stems, 
/**
 * Further buses, each in a file of its own; none beside what is aired.
 */
buses: Array<BusName>, 
/**
 * The folder; made when missing.
 */
folder: string, 
/**
 * Where a recording goes on when the folder takes no more; `null` for nowhere.
 */
fallback: string | null, 
/**
 * The names of files, with words in braces: date, time, title, artist, show, index, strip. A slash makes folders.
 */
pattern: string, 
/**
 * The show, for the names of files and their tags, while the title names none.
 */
show: string, 
/**
 * The format.
 */
format: RecordingFormat, 
/**
 * Bit rate of MP3, Opus and Vorbis, kbit/s.
 */
bitRate: number, 
/**
 * It is an average, from which the codec departs where the sound needs more or less.
 */
variable: boolean, 
/**
 * When a recording goes on in a new file.
 */
split: SplitSettings, 
/**
 * A cue sheet beside each file: what began where in it.
 */
cueSheets: boolean, 
/**
 * Seconds before "record" that are in the file, 0 to 60.
 */
preRoll: number, 
/**
 * What starts and stops it.
 */
start: StartSettings, };

/**
 * What a recorder records: a bus, or the programme as it is aired.
 */
export type RecordingSource = "programme" | "aired" | "cue" | "aux1" | "aux2" | "aux3" | "aux4" | "aux5" | "aux6" | "aux7" | "aux8";

/**
 * Whether strips are recorded too, each in a file of its own, aligned with the bus to the frame.
 */
export type Stems = "none" | "beforeFaders" | "afterFaders";

/**
 * When a recording goes on in a new file, without a frame lost or doubled.
 */
export type SplitSettings = { 
/**
 * After so many minutes, 0.1 to 1440.
 */
minutes: number | null, 
/**
 * When the hour strikes.
 */
hourly: boolean, 
/**
 * Before a file has so many megabytes (10^6 bytes), 10 to 10,000,000.
 */
megabytes: number | null, 
/**
 * When the title changes.
 */
titles: boolean, };

/**
 * What starts and stops a recording. What was started by hand is stopped by hand.
 */
export type StartSettings = { 
/**
 * "Record" starts it, beside others that it starts.
 */
withButton: boolean, 
/**
 * It begins when the desk goes on air, and ends when it goes off air; a server that is lost and tried again ends nothing.
 */
withStream: boolean, 
/**
 * It begins when there is signal, and ends when there is none any more.
 */
signal: SignalStart | null, 
/**
 * It begins and ends with the clock.
 */
schedule: Array<ScheduleSlot>, };

/**
 * A recording that begins with signal.
 */
export type SignalStart = { 
/**
 * Peaks above this are signal, -90 to 0 dBFS.
 */
level: number, 
/**
 * After so many seconds without one it ends, 1 to 3600.
 */
seconds: number, };

/**
 * A time of the week at which is recorded.
 */
export type ScheduleSlot = { 
/**
 * The days it begins on, 1 (Monday) to 7; none means every day.
 */
days: Array<number>, 
/**
 * Local time it begins at, `HH:MM`.
 */
from: string, 
/**
 * Local time it ends at, `HH:MM`; on the next day where it is not later.
 */
until: string, };

/**
 * A recorder.
 */
export type RecorderState = { 
/**
 * Its id.
 */
id: number, 
/**
 * What, where and how.
 */
settings: RecordingSettings, 
/**
 * What it is doing.
 */
recording: RecordingState, 
/**
 * Files of this recording that were begun, stems not counted.
 */
parts: number, 
/**
 * Why it goes on in the second folder, if it does.
 */
moved: string | null, 
/**
 * Why its files are longer than they shall be, while no new one can be begun.
 */
seamFault: string | null, 
/**
 * Free bytes in the folder; `null` when it cannot be read.
 */
freeBytes: number | null, 
/**
 * Hours of recording that fit into them, stems counted, while other recorders go on that write on the same disk.
 */
hoursLeft: number | null, };

/**
 * What a recorder is doing.
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
seconds: number, 
/**
 * Seconds on disk.
 */
recorded: number, 
/**
 * Bytes on disk.
 */
bytes: number, 
/**
 * Frames missing from it; each gap is in the log beside it.
 */
framesLost: number, 
/**
 * That log has every gap.
 */
gapsLogged: boolean, } | { "state": "finishing", 
/**
 * The file.
 */
file: string, 
/**
 * Seconds on disk when it was stopped.
 */
seconds: number, 
/**
 * Bytes on disk then.
 */
bytes: number, 
/**
 * Frames missing from it then; each gap is in the log beside it.
 */
framesLost: number, 
/**
 * That log has every gap.
 */
gapsLogged: boolean, } | { "state": "failed", 
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
export type StreamCodec = "mp3" | "opus" | "vorbis" | "flac16" | "flac24";

/**
 * What the server speaks.
 */
export type ServerProtocol = "icecast" | "shoutcast";

/**
 * What the server says of the mount. What it does not say is `null`.
 */
export type ServerStatistics = { 
/**
 * Listeners now, without the desk's own ear: where that has a connection to the same server, one is subtracted.
 */
listeners: number | null, 
/**
 * The most at a time, in the same way.
 */
listenersPeak: number | null, 
/**
 * Its own name and version.
 */
server: string | null, 
/**
 * The stream's bit rate, kbit/s.
 */
bitRate: number | null, };

/**
 * Whether listeners read the title.
 */
export type TitleSeen = { "state": "notSet" } | { "state": "waiting" } | { "state": "shown" } | { "state": "notShown", 
/**
 * What, and what to do.
 */
reason: string, } | { "state": "cannotBeRead", 
/**
 * Why.
 */
reason: string, };

/**
 * How the desk reaches the server.
 */
export type Transport = "native" | "libshout";

/**
 * Which server a target streams to, what it sends there, and how the stream introduces itself.
 */
export type BroadcastSettings = { 
/**
 * What the operator calls it, at most 40 characters; empty: its mount and host.
 */
label: string, 
/**
 * Goes live when the desk does.
 */
enabled: boolean, 
/**
 * The bus that is sent.
 */
bus: BusName, 
/**
 * By how much it is sent louder than the bus is, -40 to +20 dB. Peaks stay under -1 dBTP.
 */
gain: number, 
/**
 * The loudness it is brought to, by at most 1 dB a second, -35 to -8 LUFS; `null`: as loud as the bus.
 */
loudness: number | null, 
/**
 * How its titles are put together, of `{title}`, `{artist}`, `{show}` and `{station}`.
 */
titleTemplate: string, 
/**
 * How much later than they are set its titles appear, 0 to 60 seconds: as late as listeners hear the audio.
 */
titleDelay: number, 
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
 * What the server speaks.
 */
protocol: ServerProtocol, 
/**
 * The stream of a Shoutcast server that has several, from 1.
 */
shoutcastStream: number | null, 
/**
 * Mount, with its leading slash.
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
 * Bit rate, kbit/s; FLAC has none.
 */
bitRate: number, 
/**
 * The bit rate is an average, from which the codec departs where the sound needs more or less. For MP3 and Vorbis:
 * Opus is always sent so, whatever this says, and FLAC has no bit rate.
 */
variable: boolean, 
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
transport: Transport, 
/**
 * What the desk does to know what listeners hear.
 */
listenBack: ListenBackMode, 
/**
 * Where it listens, like `https://relay.example.org/live.mp3`: a relay that listeners use. `null`: at the mount itself.
 */
listenBackUrl: string | null, };

/**
 * What the desk does to know what listeners hear.
 */
export type ListenBackMode = "off" | "show" | "reconnect";

/**
 * What listeners hear.
 */
export type ListenBackState = { "state": "waiting" } | { "state": "heard", 
/**
 * From the bus to the ear of a listener who tuned in when the desk did and plays at once, seconds.
 */
delay: number, 
/**
 * The title.
 */
title: TitleHeard, 
/**
 * Over the last 3 s, LUFS; `null`: silence, or less than that was heard.
 */
loudness: number | null, } | { "state": "oldTitle", 
/**
 * What they read; `null`: none.
 */
title: string | null, 
/**
 * As [`ListenBackState::Heard`] has it.
 */
delay: number, 
/**
 * As [`ListenBackState::Heard`] has it.
 */
loudness: number | null, } | { "state": "silence" } | { "state": "otherSound" } | { "state": "programmeSilent" } | { "state": "programmeSteady" } | { "state": "nothing", 
/**
 * Why.
 */
reason: string, } | { "state": "cannotListen", 
/**
 * Why, and what to do.
 */
reason: string, };

/**
 * The title as listeners are told it.
 */
export type TitleHeard = "notSet" | "waiting" | "asSet" | "garbled" | "cannotBeRead";

/**
 * One target of the stream.
 */
export type TargetState = { 
/**
 * Which.
 */
id: number, 
/**
 * Where to and as what.
 */
settings: BroadcastSettings, 
/**
 * Where the password is kept.
 */
password: PasswordState, 
/**
 * What is happening.
 */
air: AirState, 
/**
 * Seconds of audio that the server has not acknowledged yet, to the half second: by so much a slow line makes
 * listeners later. `null` while it is not live.
 */
secondsWaiting: number | null, 
/**
 * What its listeners hear; `null` while it is not on air, or where the desk does not listen.
 */
listenBack: ListenBackState | null, 
/**
 * What the stream began with, `null` while it is off: settings saved since count from the next go-live.
 */
running: BroadcastSettings | null, };

/**
 * What is on, as it was set: each target puts what listeners read together from it.
 */
export type TitleState = { 
/**
 * The name of what is on.
 */
title: string, 
/**
 * Who made it; empty where nobody is named.
 */
artist: string, 
/**
 * The programme that it is part of; empty where none is named.
 */
show: string, };

/**
 * Where a password is kept.
 */
export type PasswordState = "none" | "keyStore" | "file" | "environment" | "locked" | "unreadable";

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
 * Whether listeners read the title.
 */
title: TitleSeen, 
/**
 * What the server says of the mount; `null` where it says nothing.
 */
statistics: ServerStatistics | null, } | { "state": "retrying", 
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
 * What the operator sets.
 */
export type AirDelaySettings = { 
/**
 * Seconds, 0 to 30; 0 (none) unless set.
 */
seconds: number, 
/**
 * By how much speech and music are slowed down while the delay builds up, and sped up while it is taken back, per
 * cent: 1 to 10; 8 unless set.
 */
stretchPercent: number, };

/**
 * The delay between the programme and the air.
 */
export type AirDelayState = { 
/**
 * What was set.
 */
settings: AirDelaySettings, 
/**
 * What it is doing.
 */
phase: AirDelayPhase, 
/**
 * Seconds that are held: so much can be dropped.
 */
held: number, 
/**
 * Seconds dropped since the desk was started.
 */
dumped: number, 
/**
 * Frames of the programme that came too late for the delay: silent on air.
 */
framesLate: number, 
/**
 * The last dump.
 */
lastDump: AirDump | null, };

/**
 * What the delay is doing.
 */
export type AirDelayPhase = "through" | "building" | "held" | "returning";

/**
 * A part of the programme that was never aired.
 */
export type AirDump = { 
/**
 * Its first frame, counted as the programme's.
 */
first: number, 
/**
 * How many frames.
 */
frames: number, 
/**
 * The frame on air with which the join over it began; `null` while what came before it is still being aired.
 */
airedAt: number | null, 
/**
 * When it was dropped, as local time `HH:MM:SS`.
 */
time: string, };

/**
 * The black box: whether it is on, where it is and what it holds.
 */
export type BlackBoxSettings = { 
/**
 * It holds what is heard, whether anybody records or not.
 */
on: boolean, 
/**
 * The folder in which it makes its own; `null` for the folder of the desk's data.
 */
folder: string | null, 
/**
 * So many minutes are held, 1 to 1440.
 */
minutes: number, 
/**
 * So many megabytes (10^6 bytes) at the most, 10 to 10,000,000; `null` for a quarter of what is free, which is
 * the most. Up to twice of it while something is being kept, which cannot go.
 */
megabytes: number | null, 
/**
 * What is held beside the programme.
 */
lanes: BlackBoxLanes, 
/**
 * The format of what is kept: WAV or FLAC, as it is held without loss.
 */
format: RecordingFormat, };

/**
 * What is held beside the programme.
 */
export type BlackBoxLanes = "allStrips" | "programmeAlone";

/**
 * The black box.
 */
export type BlackBoxState = { 
/**
 * What was set.
 */
settings: BlackBoxSettings, 
/**
 * The folder in which its own is.
 */
folder: string, 
/**
 * What it is doing.
 */
phase: BlackBoxPhase, 
/**
 * What is held, oldest first: of earlier desks and engines, and of this one at last once it has begun.
 */
runs: Array<BlackBoxRun>, 
/**
 * Bytes on disk.
 */
bytes: number, 
/**
 * Bytes it may hold now.
 */
bytesMax: number, 
/**
 * Frames that the disk did not take in time: silence in what is kept.
 */
framesNotWritten: number, 
/**
 * What is being kept now.
 */
keeping: BlackBoxKeeping | null, 
/**
 * What was kept last.
 */
kept: BlackBoxKept | null, };

/**
 * What the black box is doing.
 */
export type BlackBoxPhase = { "state": "off" } | { "state": "starting" } | { "state": "turning" } | { "state": "halted", 
/**
 * One sentence: what, where, what to do.
 */
reason: string, 
/**
 * It tries again by itself.
 */
triesAgain: boolean, } | { "state": "stopping" };

/**
 * What is held of one engine.
 */
export type BlackBoxRun = { 
/**
 * Which.
 */
id: number, 
/**
 * It is being written.
 */
current: boolean, 
/**
 * When what is held of it began, by the wall clock of then: `2026-11-22T17:04:05+01:00`.
 */
began: string, 
/**
 * From the first to the last frame that is held, seconds.
 */
seconds: number, 
/**
 * Programme and strips, in the order in which they came.
 */
lanes: Array<BlackBoxLane>, };

/**
 * What is held of the programme or a strip.
 */
export type BlackBoxLane = { 
/**
 * Its name.
 */
name: string, 
/**
 * How much, seconds.
 */
seconds: number, 
/**
 * Frames among them that were lost.
 */
framesLost: number, };

/**
 * A recording that is being made of what is held.
 */
export type BlackBoxKeeping = { 
/**
 * How much was asked for, seconds.
 */
seconds: number, 
/**
 * How much is done, 0 to 1.
 */
progress: number, };

/**
 * A recording that was made of what was held.
 */
export type BlackBoxKept = { 
/**
 * When its first frame was heard: `2026-11-22T17:04:05+01:00`.
 */
began: string, 
/**
 * How long it is, seconds.
 */
seconds: number, 
/**
 * Its files: the programme first, then the strips.
 */
files: Array<BlackBoxFile>, };

/**
 * A file of it.
 */
export type BlackBoxFile = { 
/**
 * Of the programme, or of which strip.
 */
name: string, 
/**
 * Where it is.
 */
path: string, 
/**
 * How many of its frames are silence because the audio was lost.
 */
framesLost: number, };

/**
 * How the programme is watched, and what stands in for it.
 */
export type DeadAirSettings = { 
/**
 * The programme is watched.
 */
on: boolean, 
/**
 * When it is dead.
 */
watch: WatchSettings, 
/**
 * The strip that is faded in while it is; `null` for none.
 */
fallback: number | null, 
/**
 * Where its fader goes then, dB, -40 to +10; 0 unless set.
 */
fallbackDb: number, };

/**
 * When a signal counts as dead.
 */
export type WatchSettings = { 
/**
 * Below this level it is silent: RMS over 300 ms of the louder side, dBFS, -90 to -10; -50 unless set.
 */
levelDbfs: number, 
/**
 * Silent for so many seconds it is dead: 1 to 300; 10 unless set.
 */
seconds: number, };

/**
 * The whole watch.
 */
export type DeadAirState = { 
/**
 * What was set for the programme.
 */
settings: DeadAirSettings, 
/**
 * How the programme is.
 */
programme: SignalState, 
/**
 * What the fallback is doing.
 */
fallback: FallbackState, 
/**
 * The strips that are watched.
 */
strips: Array<StripWatch>, };

/**
 * A strip that is watched, before its fader.
 */
export type StripWatch = { 
/**
 * Which.
 */
strip: number, 
/**
 * When it is dead.
 */
settings: WatchSettings, 
/**
 * How it is.
 */
signal: SignalState, };

/**
 * How a signal that is watched is.
 */
export type SignalState = { "state": "unwatched" } | { "state": "alive" } | { "state": "dead", 
/**
 * Since when that is known, as local time `HH:MM:SS`.
 */
since: string, };

/**
 * What the fallback is doing.
 */
export type FallbackState = { "state": "none" } | { "state": "ready" } | { "state": "in" } | { "state": "unable", 
/**
 * Why, in a sentence.
 */
reason: string, } | { "state": "taken" };

/**
 * The desk's own listener mounts.
 */
export type ListeningState = { 
/**
 * Open or not.
 */
on: boolean, 
/**
 * How they are set.
 */
settings: ListeningSettings, 
/**
 * The addresses that listeners open, of the mounts that are there while they are open.
 */
urls: Array<string>, 
/**
 * Each mount, also those that are closed.
 */
mounts: Array<MountState>, 
/**
 * How many are listening now.
 */
listeners: number, 
/**
 * Frames since the start that the mounts' encoders came too late for: heard as silence.
 */
framesLost: number, };

/**
 * How the mounts are set.
 */
export type ListeningSettings = { 
/**
 * `/live.mp3`, with ICY titles for players that ask for them.
 */
mp3: MountSettings, 
/**
 * `/live.opus`, Ogg Opus.
 */
opus: MountSettings, 
/**
 * `/live.ogg`, Ogg Vorbis.
 */
vorbis: MountSettings, 
/**
 * `/live.flac`, Ogg FLAC.
 */
flac: LosslessMountSettings, 
/**
 * Listeners at the same time, over all mounts, 1 to 10000.
 */
listenersMax: number, 
/**
 * Seconds of the past that a listener is given at once, 0 to 20: a player begins when it has enough.
 */
burstSeconds: number, };

/**
 * How one mount is set.
 */
export type MountSettings = { 
/**
 * It is there while the mounts are open.
 */
open: boolean, 
/**
 * Bit rate, kbit/s.
 */
bitRate: number, };

/**
 * How a mount is set that loses nothing.
 */
export type LosslessMountSettings = { 
/**
 * It is there while the mounts are open.
 */
open: boolean, 
/**
 * Bits of a sample: 16 or 24.
 */
bits: number, };

/**
 * One mount. What is counted is counted since the desk was started.
 */
export type MountState = { 
/**
 * Its path: `/live.mp3`.
 */
path: string, 
/**
 * What it sends.
 */
codec: StreamCodec, 
/**
 * Bit rate, kbit/s; FLAC's is what is to be expected.
 */
bitRate: number, 
/**
 * Seconds since it was opened; `null` while it is closed.
 */
openSeconds: number | null, 
/**
 * Listeners now.
 */
listeners: number, 
/**
 * The most there were at once.
 */
peak: number, 
/**
 * How often somebody has begun to listen.
 */
total: number, 
/**
 * Listeners who were sent away because they were too slow.
 */
evicted: number, 
/**
 * Bytes that were handed to listeners.
 */
bytesSent: number, };

/**
 * How HLS is set.
 */
export type HlsSettings = { 
/**
 * It is written.
 */
on: boolean, 
/**
 * The folder, absolute; made when it is missing. Empty: `hls` in the folder of the desk's data.
 */
folder: string, 
/**
 * MP3.
 */
mp3: MountSettings, 
/**
 * Opus in fragmented MP4.
 */
opus: MountSettings, 
/**
 * FLAC in fragmented MP4.
 */
flac: LosslessMountSettings, 
/**
 * How long a segment is, 2 to 20 seconds. Listeners hear the desk some three segments late.
 */
segmentSeconds: number, 
/**
 * Segments in a playlist, 3 to 100.
 */
segments: number, };

/**
 * HLS, and what it is doing.
 */
export type HlsState = { 
/**
 * What was set.
 */
settings: HlsSettings, 
/**
 * Where it is written.
 */
folder: string, 
/**
 * What it is doing.
 */
writing: HlsWriting, };

/**
 * What HLS is doing.
 */
export type HlsWriting = { "state": "off" } | { "state": "starting" } | { "state": "on", 
/**
 * How many have, since it was turned on, of all codecs.
 */
segments: number, 
/**
 * How many bytes.
 */
bytes: number, 
/**
 * Seconds of the programme that are missing from it.
 */
secondsLost: number, } | { "state": "fault", 
/**
 * Why, in a sentence.
 */
reason: string, 
/**
 * Seconds of the programme that are missing from it.
 */
secondsLost: number, };

/**
 * The file whose first line is the title, and what is known of it.
 */
export type TitleFileState = { 
/**
 * Its whole path; empty: there is none.
 */
path: string, 
/**
 * What is read there.
 */
reading: TitleFileReading, };

/**
 * What is read in the file with the title.
 */
export type TitleFileReading = { "state": "off" } | { "state": "looking" } | { "state": "followed", 
/**
 * What its first line says.
 */
line: string, } | { "state": "missing", 
/**
 * Why.
 */
reason: string, };

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
 * The engine has broken and stays down: the desk is silent until Airdesk is started again.
 */
broken: boolean, 
/**
 * The engine runs with real-time priority.
 */
realTime: boolean, 
/**
 * Audio that was lost since the desk was started; empty while none was.
 */
losses: Array<Loss>, };

/**
 * Audio that was lost in one place.
 */
export type Loss = { 
/**
 * A strip's name, "main output" or another output, "recording" and the recorder's name, "stream to" and the target's,
 * "broadcast delay" or "listener mounts".
 */
where: string, 
/**
 * How much, seconds.
 */
seconds: number, };

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

/**
 * Something that happened, and when.
 */
export type TimelineEntry = { 
/**
 * Counts up in the order in which things happened, whatever the wall clock does.
 */
number: number, 
/**
 * Which start of which desk: seconds and frames count from there.
 */
desk: number, 
/**
 * By the wall clock, with its offset from UTC: `2026-11-22T17:04:05.123+01:00`.
 */
time: string, 
/**
 * Seconds since the desk was started. The wall clock does not touch them, and they stand still while the machine sleeps.
 */
seconds: number, 
/**
 * Frames that the programme had then.
 */
frame: number, 
/**
 * To what it happened: a stream's address, a file, a strip, a device, "desk".
 */
subject: string, 
/**
 * Why: a sentence, where there is more to say than what happened.
 */
cause: string | null, 
/**
 * Where in the recording, frames.
 */
position: number | null, 
/**
 * What happened, in words for people.
 */
text: string, } & ({ "kind": "deskStarted", 
/**
 * Airdesk's version.
 */
version: string, 
/**
 * Its session's file.
 */
session: string, } | { "kind": "deskStopped" } | { "kind": "deskKilled", 
/**
 * When it was last known to run, as [`TimelineEntry::time`]; at most a minute before its end.
 */
seen: string, } | { "kind": "onAir", 
/**
 * How often it has come back by itself since the desk went live.
 */
reconnects: number, } | { "kind": "offAir" } | { "kind": "reconnecting" } | { "kind": "title", 
/**
 * What they read.
 */
title: string, } | { "kind": "notHeard", 
/**
 * What, as it follows on "listeners": "hear silence".
 */
what: string, } | { "kind": "heardAgain" } | { "kind": "loss", 
/**
 * How many frames so far, at the desk's rate.
 */
frames: number, 
/**
 * The same in seconds.
 */
seconds: number, } | { "kind": "deviceLost" } | { "kind": "deviceBack", 
/**
 * For how long it was away, seconds.
 */
away: number, } | { "kind": "outputChanged", 
/**
 * Its id; "default" for the system's own choice, `null` for none.
 */
device: string | null, } | { "kind": "recordingStarted" } | { "kind": "recordingStopped", 
/**
 * How long it is, frames.
 */
frames: number, 
/**
 * How many of them are silence because the audio was lost.
 */
framesLost: number, } | { "kind": "recordingFailed" } | { "kind": "recordingTookOver", 
/**
 * The file that ends there.
 */
before: string, } | { "kind": "recordingSplit" } | { "kind": "recordingMoved" } | { "kind": "recordingRecovered" } | { "kind": "blackBoxOn" } | { "kind": "blackBoxOff" } | { "kind": "blackBoxHalted" } | { "kind": "blackBoxKept", 
/**
 * When their first frame was heard, as [`TimelineEntry::time`].
 */
began: string, 
/**
 * How long they are, seconds.
 */
seconds: number, 
/**
 * The programme's, then those of strips.
 */
files: Array<string>, } | { "kind": "blackBoxNotKept" } | { "kind": "dumped", 
/**
 * How many frames, from the position on.
 */
frames: number, } | { "kind": "deadAir" } | { "kind": "airBack" } | { "kind": "fallbackIn" } | { "kind": "fallbackOut" } | { "kind": "sceneRecalled", 
/**
 * How long levels take, seconds.
 */
fade: number, 
/**
 * How many levels are on their way for so long.
 */
levels: number, } | { "kind": "fadeEnded", 
/**
 * How many are where the scene has them.
 */
arrived: number, 
/**
 * How many are not: a hand, another scene or an undo took them on the way, or their strip has gone.
 */
stopped: number, } | { "kind": "hlsOn" } | { "kind": "hlsOff" } | { "kind": "hlsFault" } | { "kind": "engineRestarted" } | { "kind": "engineBroke" } | { "kind": "machineSlept", 
/**
 * For how long, seconds.
 */
seconds: number, } | { "kind": "missed", 
/**
 * How many entries are missing here.
 */
entries: number, } | { "kind": "other" });

/**
 * What happened. A new one gets a line here, in [`TimelineKind`], in `kind` and in `words`, and is logged with
 * `Core::log`.
 */
export type Happening = { "kind": "deskStarted", 
/**
 * Airdesk's version.
 */
version: string, 
/**
 * Its session's file.
 */
session: string, } | { "kind": "deskStopped" } | { "kind": "deskKilled", 
/**
 * When it was last known to run, as [`TimelineEntry::time`]; at most a minute before its end.
 */
seen: string, } | { "kind": "onAir", 
/**
 * How often it has come back by itself since the desk went live.
 */
reconnects: number, } | { "kind": "offAir" } | { "kind": "reconnecting" } | { "kind": "title", 
/**
 * What they read.
 */
title: string, } | { "kind": "notHeard", 
/**
 * What, as it follows on "listeners": "hear silence".
 */
what: string, } | { "kind": "heardAgain" } | { "kind": "loss", 
/**
 * How many frames so far, at the desk's rate.
 */
frames: number, 
/**
 * The same in seconds.
 */
seconds: number, } | { "kind": "deviceLost" } | { "kind": "deviceBack", 
/**
 * For how long it was away, seconds.
 */
away: number, } | { "kind": "outputChanged", 
/**
 * Its id; "default" for the system's own choice, `null` for none.
 */
device: string | null, } | { "kind": "recordingStarted" } | { "kind": "recordingStopped", 
/**
 * How long it is, frames.
 */
frames: number, 
/**
 * How many of them are silence because the audio was lost.
 */
framesLost: number, } | { "kind": "recordingFailed" } | { "kind": "recordingTookOver", 
/**
 * The file that ends there.
 */
before: string, } | { "kind": "recordingSplit" } | { "kind": "recordingMoved" } | { "kind": "recordingRecovered" } | { "kind": "blackBoxOn" } | { "kind": "blackBoxOff" } | { "kind": "blackBoxHalted" } | { "kind": "blackBoxKept", 
/**
 * When their first frame was heard, as [`TimelineEntry::time`].
 */
began: string, 
/**
 * How long they are, seconds.
 */
seconds: number, 
/**
 * The programme's, then those of strips.
 */
files: Array<string>, } | { "kind": "blackBoxNotKept" } | { "kind": "dumped", 
/**
 * How many frames, from the position on.
 */
frames: number, } | { "kind": "deadAir" } | { "kind": "airBack" } | { "kind": "fallbackIn" } | { "kind": "fallbackOut" } | { "kind": "sceneRecalled", 
/**
 * How long levels take, seconds.
 */
fade: number, 
/**
 * How many levels are on their way for so long.
 */
levels: number, } | { "kind": "fadeEnded", 
/**
 * How many are where the scene has them.
 */
arrived: number, 
/**
 * How many are not: a hand, another scene or an undo took them on the way, or their strip has gone.
 */
stopped: number, } | { "kind": "hlsOn" } | { "kind": "hlsOff" } | { "kind": "hlsFault" } | { "kind": "engineRestarted" } | { "kind": "engineBroke" } | { "kind": "machineSlept", 
/**
 * For how long, seconds.
 */
seconds: number, } | { "kind": "missed", 
/**
 * How many entries are missing here.
 */
entries: number, } | { "kind": "other" };

/**
 * The kinds of [`Happening`], to choose by.
 */
export type TimelineKind = "deskStarted" | "deskStopped" | "deskKilled" | "onAir" | "offAir" | "reconnecting" | "title" | "notHeard" | "heardAgain" | "loss" | "deviceLost" | "deviceBack" | "outputChanged" | "recordingStarted" | "recordingStopped" | "recordingFailed" | "recordingTookOver" | "recordingSplit" | "recordingMoved" | "recordingRecovered" | "blackBoxOn" | "blackBoxOff" | "blackBoxHalted" | "blackBoxKept" | "blackBoxNotKept" | "dumped" | "deadAir" | "airBack" | "fallbackIn" | "fallbackOut" | "sceneRecalled" | "fadeEnded" | "hlsOn" | "hlsOff" | "hlsFault" | "engineRestarted" | "engineBroke" | "machineSlept" | "missed" | "other";

/**
 * What the track library is told.
 */
export type LibraryCommand = { "type": "addFolder", 
/**
 * Its path from the root.
 */
path: string, } | { "type": "removeFolder", 
/**
 * Its path, as it is listed.
 */
path: string, } | { "type": "scan" } | { "type": "cancelScan" };

/**
 * The track library. Told at most five times a second while it is scanned.
 */
export type LibraryState = { 
/**
 * Its folders, by their paths.
 */
folders: Array<LibraryFolder>, 
/**
 * Tracks that are there.
 */
tracks: number, 
/**
 * What it is doing.
 */
scan: ScanState, 
/**
 * What came of the last scan of this desk.
 */
last: ScanSummary | null, 
/**
 * Why its folders are not known: the library cannot be read.
 */
fault: string | null, };

/**
 * A folder of the library.
 */
export type LibraryFolder = { 
/**
 * Its path from the root.
 */
path: string, 
/**
 * Tracks in it, and in its folders.
 */
tracks: number, };

/**
 * What the library is doing.
 */
export type ScanState = { "state": "idle" } | { "state": "scanning", 
/**
 * How far it is.
 */
progress: ScanProgress, };

/**
 * How far a scan is.
 */
export type ScanProgress = { 
/**
 * Sound files there are, as far as they are counted.
 */
found: number, 
/**
 * All are counted.
 */
counted: boolean, 
/**
 * Of these, what was looked at.
 */
looked: number, 
/**
 * The file or folder that is being looked at.
 */
current: string, };

/**
 * What came of a scan.
 */
export type ScanSummary = { 
/**
 * It was ended before it was through.
 */
cancelled: boolean, 
/**
 * Why it could not go on: the library cannot be written.
 */
broken: string | null, 
/**
 * Sound files that were looked at.
 */
looked: number, 
/**
 * Tracks that were not known.
 */
added: number, 
/**
 * Tracks whose file has changed.
 */
changed: number, 
/**
 * Tracks that were gone and are back.
 */
back: number, 
/**
 * Tracks that are gone.
 */
gone: number, 
/**
 * Files and folders that could not be read.
 */
unreadable: number, 
/**
 * Why, in sentences: of the first 50.
 */
faults: Array<string>, };

/**
 * A sound file of the library.
 */
export type Track = { 
/**
 * Its number, from 1: it stays, whatever becomes of the file.
 */
id: number, 
/**
 * The file.
 */
path: string, 
/**
 * What the file says it is; the file's name where it says nothing.
 */
title: string, 
/**
 * Who performs it; empty where the file does not say.
 */
artist: string, 
/**
 * Where it appeared; empty where the file does not say.
 */
album: string, 
/**
 * How long it is, seconds. `null` where only playing would tell.
 */
seconds: number | null, 
/**
 * Its rate, Hz.
 */
rate: number | null, 
/**
 * Its channels.
 */
channels: number | null, 
/**
 * Its codec: "MP3", "FLAC", "PCM", "Vorbis", "Opus", "AAC" or "ALAC".
 */
codec: string | null, 
/**
 * By how much its tags (ReplayGain, R128) make it louder, dB, to bring it to -18 LUFS.
 */
gain: number | null, 
/**
 * It has a picture.
 */
cover: boolean, 
/**
 * Why it cannot be played.
 */
fault: string | null, 
/**
 * It is not in its folder any more, or its folder is not in the library.
 */
gone: boolean, 
/**
 * When a deck began to play it last: local time with its offset, `2026-11-22T17:04:05.123+01:00`.
 */
lastPlayed: string | null, 
/**
 * How often decks have played it.
 */
plays: number, };

/**
 * Something that a deck has sounded.
 */
export type Play = { 
/**
 * Its number: later plays have higher ones.
 */
id: number, 
/**
 * The file.
 */
path: string, 
/**
 * The track, where the library knows the file.
 */
track: number | null, 
/**
 * When it began: local time with its offset.
 */
began: string, 
/**
 * How much of it was heard, seconds; it grows while it plays.
 */
seconds: number, 
/**
 * The name of the deck's strip.
 */
strip: string, 
/**
 * Its title, as it was aired.
 */
title: string, 
/**
 * Who performs it.
 */
artist: string, };

/**
 * A file's waveform, for the eye: 1024 columns of equal length.
 */
export type Waveform = { 
/**
 * Lowest and highest sample of each column, one after the other, -127 to 127 for full scale.
 */
peaks: Array<number>, };
