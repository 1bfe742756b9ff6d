//! What a host may ask of the desk. One enum holds every command, because hosts write its tag; `reply.rs` has
//! the answers.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[cfg(doc)]
use super::Reply;
use super::{
    AirDelaySettings, AnnouncerCommand, BlackBoxSettings, BroadcastSettings, BusChainSettings, BusName, CartCommand,
    ChainSettings, ChannelMode, CommandError, DeadAirSettings, DeckCommand, DelaySettings, DeviceChoice,
    DuckerSettings, ErrorCode, HlsSettings, LibraryCommand, LimiterSettings, ListeningSettings, OutputName,
    OutputSettings, PanLaw, Password, RecorderId, RecordingSettings, RunId, ScenePart, SendTap, SpectrumOf,
    StripSource, Talkover, TargetId, TimelineKind, WatchSettings, number,
};

/// A wish of the operator. The station answers each with a [`Reply`] or a [`CommandError`], and what
/// has changed follows as [`super::Event`]s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum AudioCommand {
    /// Put a new strip at the right end of the desk. Answered with [`Reply::Strip`].
    AddStrip {
        /// What the operator reads on it.
        name: String,
        /// What feeds it.
        source: StripSource,
    },
    /// Take a strip away, faded out.
    RemoveStrip {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
    },
    /// Give a strip another name (1 to 40 characters).
    RenameStrip {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The new name.
        name: String,
    },
    /// Feed a strip from something else.
    SetSource {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// What feeds it from now on.
        source: StripSource,
    },
    /// Tell a deck something.
    Deck {
        /// Its strip.
        #[ts(type = "number")]
        strip: StripId,
        /// What.
        command: DeckCommand,
    },
    /// Tell a cart wall something.
    Carts {
        /// Its strip.
        #[ts(type = "number")]
        strip: StripId,
        /// What.
        command: CartCommand,
    },
    /// Tell the announcer something.
    Announcer {
        /// What.
        command: AnnouncerCommand,
    },
    /// Input trim, -20 to +40 dB.
    SetTrim {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The level, dB.
        #[serde(deserialize_with = "number::decibels")]
        level: f32,
    },
    /// Which channels of its source a strip plays on which side.
    SetChannels {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Which.
        mode: ChannelMode,
    },
    /// Turn the polarity of a source's sides.
    SetInverted {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The left one is turned.
        left: bool,
        /// The right one is turned.
        right: bool,
    },
    /// Delay a strip, 0 to 500 ms.
    SetDelay {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// All of it.
        settings: DelaySettings,
    },
    /// Set a strip's high-pass, gate, equaliser, compressor and de-esser.
    SetStages {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// All of them.
        stages: Box<ChainSettings>,
    },
    /// Fader, off or -90 to +10 dB.
    SetFader {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The level, dB; `null` is off.
        #[serde(deserialize_with = "number::decibels_or_off")]
        level: Option<f32>,
    },
    /// Constant-power pan, -1 left to +1 right.
    SetPan {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The position.
        #[serde(deserialize_with = "number::position")]
        pan: f32,
    },
    /// Let pan place a source or balance its sides.
    SetPanLaw {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Which of the two.
        law: PanLaw,
    },
    /// Send a strip to an aux bus, off or -90 to +10 dB.
    SetSend {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The aux bus.
        to: BusName,
        /// The level, dB; `null` is off.
        #[serde(deserialize_with = "number::decibels_or_off")]
        level: Option<f32>,
        /// Before or after the fader.
        tap: SendTap,
    },
    /// Put a strip into a VCA group, or take it out.
    SetVca {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The group, 0 to 7; `null` for none.
        vca: Option<u8>,
    },
    /// Give a strip a part in talkover: it speaks, or it steps back.
    SetTalkoverPart {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Which.
        part: Talkover,
    },
    /// Mute a strip in every bus but cue.
    SetMute {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Muted or not.
        on: bool,
    },
    /// Solo in place: strips that are neither soloed nor safe leave the programme.
    SetSolo {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Soloed or not.
        on: bool,
    },
    /// A safe strip stays in the programme whatever is soloed.
    SetSoloSafe {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Safe or not.
        on: bool,
    },
    /// Hear a strip before its fader, on the cue bus.
    SetCue {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// Cued or not.
        on: bool,
    },
    /// A bus's fader, off or -90 to +10 dB.
    SetBusFader {
        /// Which bus.
        bus: BusName,
        /// The level, dB; `null` is off.
        #[serde(deserialize_with = "number::decibels_or_off")]
        level: Option<f32>,
    },
    /// Set a bus's equaliser and compressor.
    SetBusStages {
        /// Which bus.
        bus: BusName,
        /// All of them.
        stages: Box<BusChainSettings>,
    },
    /// Let an aux bus carry the programme without a strip, or carry what is sent to it alone.
    SetMixMinus {
        /// Which aux bus.
        bus: BusName,
        /// The strip that is left out; `null` for no programme.
        #[ts(type = "number | null")]
        without: Option<StripId>,
    },
    /// The fader of a VCA group, off or -90 to +10 dB.
    SetVcaFader {
        /// The group, 0 to 7.
        vca: u8,
        /// The level, dB; `null` is off.
        #[serde(deserialize_with = "number::decibels_or_off")]
        level: Option<f32>,
    },
    /// How music steps back while somebody speaks: threshold -60 to 0 dBFS, depth 0 to 60 dB, and times.
    SetTalkover {
        /// All of it.
        settings: DuckerSettings,
    },
    /// Set the programme's limiter: on or off, ceiling -20 to 0 dBTP, release 10 to 1000 ms.
    SetLimiter {
        /// All of it.
        settings: LimiterSettings,
    },
    /// Take the last action on the console back.
    Undo,
    /// Do again what was taken back.
    Redo,
    /// Store the console under a name (1 to 40 characters), in the place of a scene that has it.
    StoreScene {
        /// The name.
        name: String,
    },
    /// Forget a scene.
    RemoveScene {
        /// Its name.
        name: String,
    },
    /// Bring a scene back, as a whole or in parts.
    RecallScene {
        /// Its name.
        name: String,
        /// What of it.
        parts: Vec<ScenePart>,
        /// Of which strips; all, and the buses, when there is none. A scene knows strips by their names.
        #[ts(type = "number[]")]
        #[serde(default)]
        strips: Vec<StripId>,
        /// Seconds in which levels get there, 0 to 60.
        #[serde(default)]
        fade: f32,
    },
    /// Play a bus on a device, or on none.
    SetOutput {
        /// Main (programme), cue or aux.
        output: OutputName,
        /// Where to; `null` for none.
        device: Option<DeviceChoice>,
    },
    /// How an output uses its device. One that plays is opened anew where that needs it.
    SetOutputSettings {
        /// Main (programme), cue or aux.
        output: OutputName,
        /// All of it.
        settings: OutputSettings,
    },
    /// Look for devices now instead of at the next round.
    RefreshDevices,
    /// Add a recorder. Answered with [`Reply::Recorder`].
    AddRecorder {
        /// What it records, where and how.
        settings: Box<RecordingSettings>,
    },
    /// Take a recorder away that records nothing. Its files stay.
    RemoveRecorder {
        /// Which.
        recorder: RecorderId,
    },
    /// What a recorder records, where and how. Takes effect with its next recording.
    SetRecording {
        /// Which; the first where none is given.
        #[serde(default)]
        recorder: Option<RecorderId>,
        /// All of it; what is not given gets its usual value.
        settings: Box<RecordingSettings>,
    },
    /// Record from now on.
    StartRecording {
        /// Which recorder; all that the record button starts where none is given.
        #[serde(default)]
        recorder: Option<RecorderId>,
    },
    /// Finish recordings.
    StopRecording {
        /// Which recorder; all that record where none is given.
        #[serde(default)]
        recorder: Option<RecorderId>,
    },
    /// Go on in a new file, without a frame lost or doubled.
    SplitRecording {
        /// Which recorder; all that record where none is given.
        #[serde(default)]
        recorder: Option<RecorderId>,
    },
    /// Stream to one more server: added at the end, and off air.
    AddTarget {
        /// Server, mount, codec and description.
        settings: Box<BroadcastSettings>,
    },
    /// Forget a target that is off air. Its password is kept.
    RemoveTarget {
        /// Which.
        #[ts(type = "number")]
        target: TargetId,
    },
    /// Where a target streams to, and what. While it is on air it counts from the next time it goes live.
    SetTarget {
        /// Which.
        #[ts(type = "number")]
        target: TargetId,
        /// Server, mount, codec and description.
        settings: Box<BroadcastSettings>,
    },
    /// Keep the password of a target's server in the system's key store. It is never shown again, and counts for every
    /// target with this server and user.
    SetPassword {
        /// Which.
        #[ts(type = "number")]
        target: TargetId,
        /// The secret; empty forgets it.
        #[ts(type = "string")]
        password: Password,
    },
    /// Accept the certificate that a target's server presented, from now on only that one.
    TrustCertificate {
        /// Which.
        #[ts(type = "number")]
        target: TargetId,
        /// SHA-256 of the certificate, lower-case hexadecimal, as the target's state showed it.
        fingerprint: String,
    },
    /// Start streaming.
    GoLive {
        /// To this one; `null`: to all that are enabled and not under way.
        #[ts(type = "number | null")]
        #[serde(default)]
        target: Option<TargetId>,
    },
    /// Stop streaming.
    GoOffAir {
        /// To this one; `null`: to all.
        #[ts(type = "number | null")]
        #[serde(default)]
        target: Option<TargetId>,
    },
    /// Delay what is aired, 0 to 30 s. The delay builds itself up, and is taken back, slowly.
    SetAirDelay {
        /// How long, and how much slower or faster the programme may be meanwhile.
        settings: AirDelaySettings,
    },
    /// Drop the last seconds of what the broadcast delay holds: they are never aired. The programme's own recordings
    /// have them.
    Dump {
        /// How many, more than 0; `null` for all that is held.
        #[serde(default)]
        seconds: Option<f32>,
    },
    /// Watch the programme for dead air, and choose what stands in for it.
    SetDeadAir {
        /// All of it.
        settings: DeadAirSettings,
    },
    /// Watch a strip for dead air before its fader, or do so no more.
    SetStripWatch {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// When it is dead; `null` not to watch it.
        watch: Option<WatchSettings>,
    },
    /// Set the black box. Another folder, length or size begins it anew; what it held before can still be kept where the folder
    /// is the same.
    SetBlackBox {
        /// All of it.
        settings: BlackBoxSettings,
    },
    /// Make recordings of what the black box holds: the programme and every strip, with the names and tags of the first
    /// recorder's. Answered with [`Reply::Kept`] once the files are whole.
    KeepLast {
        /// How much of its end, more than 0 s. More than is held is as much as is held.
        seconds: f64,
        /// Of which run; `null` for the last one.
        #[ts(type = "number | null")]
        #[serde(default)]
        run: Option<RunId>,
        /// The folder; `null` for the first recorder's.
        #[serde(default)]
        folder: Option<String>,
    },
    /// Open or close the desk's own listener mounts, `/live.mp3`, `/live.opus`, `/live.ogg` and `/live.flac`.
    SetListening {
        /// Open or not.
        on: bool,
    },
    /// Which mounts there are, how they sound and how many they serve. Listeners of one that sounds otherwise from now
    /// on, or is closed, are sent away.
    SetMounts {
        /// All of it.
        settings: ListeningSettings,
    },
    /// Write what is aired to a folder as HLS, or do so no more.
    SetHls {
        /// All of it.
        settings: HlsSettings,
    },
    /// What is on: what listeners read is put together from it.
    SetTitle {
        /// Its name. Any text; control characters are left out, here and below.
        title: String,
        /// Who made it; nobody when there is none.
        #[serde(default)]
        artist: String,
        /// The programme that it is part of; as before when there is none.
        #[serde(default)]
        show: Option<String>,
    },
    /// Take titles from a text file that another program writes: its first line, "Artist - Title", is what is on whenever it
    /// says something else. The show stays.
    SetTitleFile {
        /// Its whole path; empty follows none.
        path: String,
    },
    /// Measure the loudness of a bus, or do so no more. The programme's is always measured.
    MeasureLoudness {
        /// Which bus.
        bus: BusName,
        /// Measured or not.
        on: bool,
    },
    /// Begin integrated loudness, range and maxima of a bus again.
    ResetLoudness {
        /// Which bus.
        bus: BusName,
    },
    /// Look at the spectrum of a bus or a strip for the next 3 s: who goes on looking asks again in time. So every
    /// console may look at another one, and none need say that it has gone. At most four strips at once.
    ShowSpectrum {
        /// Whose.
        of: SpectrumOf,
    },
    /// Set every clip counter to zero.
    ClearClips,
    /// A notice has been read.
    DismissNotice {
        /// Its number.
        id: u32,
    },
    /// Read the timeline, the newest entry first.
    ReadTimeline {
        /// Only entries with a lower number; `null` begins with the newest.
        #[ts(type = "number | null")]
        before: Option<u64>,
        /// How many at the most, 1 to 500.
        limit: u32,
        /// Only these kinds; all when there are none.
        kinds: Vec<TimelineKind>,
        /// Only entries that hold each of these words.
        words: String,
    },
    /// Tell the track library something. Answered when it is done: a disk may keep the answer waiting.
    Library {
        /// What.
        command: LibraryCommand,
    },
    /// Find tracks by words in title, artist, album or file name, in the order of artists, albums and titles. Answered with
    /// [`Reply::Tracks`].
    SearchTracks {
        /// Each of these words, or one that begins with it; neither case nor accents count. All tracks when there is none.
        words: String,
        /// Without so many of the first.
        #[serde(default)]
        offset: u32,
        /// How many at the most, 1 to 200.
        limit: u32,
    },
    /// Read what decks have played, the newest first. Answered with [`Reply::Plays`].
    ReadPlays {
        /// Only plays with a lower number; `null` begins with the newest.
        #[ts(type = "number | null")]
        #[serde(default)]
        before: Option<u64>,
        /// How many at the most, 1 to 200.
        limit: u32,
    },
    /// Read what a file looks like. Answered with [`Reply::Waveform`], the first time once all of it was decoded.
    ReadWaveform {
        /// The file, as a path from the root.
        path: String,
    },
}

impl AudioCommand {
    /// Reads a command as a host sends it. A number of any size is read: how far a control goes, the station
    /// says when it obeys.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`], with the command's name and what is wrong with it.
    pub fn read(command: serde_json::Value) -> Result<Self, CommandError> {
        let name = command.get("type").and_then(serde_json::Value::as_str);
        let what = name.map_or("this is not a command".to_owned(), |name| {
            format!("{name:?} cannot be read as a command")
        });
        serde_json::from_value(command).map_err(|error| CommandError {
            code: ErrorCode::Invalid,
            message: format!("{what}: {error}"),
        })
    }
}
