//! The desk as a host sees it.

use airdesk_devices::DeviceId;
use airdesk_dsp::ducker::DuckerSettings;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_engine::BUSES;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    AirDelayState, AnnouncerState, BlackBoxState, BusName, BusState, CartsState, DeadAirState, DeckState, HistoryState,
    HlsState, LibraryState, ListeningState, LoudnessState, RecorderState, Resampling, StreamState, StripState,
    TargetState, TitleFileState, TitleState, Transport, VcaState,
};

/// Everything there is to draw. A host gets one when it connects and after it lagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Airdesk's version.
    pub version: String,
    /// The session's file, as a path.
    pub session: String,
    /// Strips, left to right.
    pub strips: Vec<StripState>,
    /// The strips that are decks.
    pub decks: Vec<DeckState>,
    /// The strips that are cart walls.
    pub carts: Vec<CartsState>,
    /// The strips that play what is at an address.
    pub streams: Vec<StreamState>,
    /// Programme, cue and aux buses, in that order.
    pub buses: Vec<BusState>,
    /// The VCA groups.
    pub vcas: Vec<VcaState>,
    /// The programme's limiter.
    pub limiter: LimiterSettings,
    /// How music steps back while somebody speaks.
    pub talkover: DuckerSettings,
    /// The buses whose loudness is measured.
    pub loudness: Vec<LoudnessState>,
    /// The scenes' names, in the order in which they were stored.
    pub scenes: Vec<String>,
    /// What can be taken back.
    pub history: HistoryState,
    /// Main, cue and aux outputs, in that order.
    pub outputs: Vec<OutputState>,
    /// This system can keep other programs away from a device that plays: outputs can be `exclusive`.
    pub exclusive_outputs: bool,
    /// Every device the system has now, and none that it has not.
    pub devices: Vec<DeviceState>,
    /// The recorders, as they are listed.
    pub recorders: Vec<RecorderState>,
    /// The servers that are streamed to, in the order in which they were added.
    pub targets: Vec<TargetState>,
    /// The ways to a server that this build has.
    pub transports: Vec<Transport>,
    /// What is on.
    pub title: TitleState,
    /// The text file that titles are taken from.
    pub title_file: TitleFileState,
    /// The announcer.
    pub announcer: AnnouncerState,
    /// The delay between the programme and the air.
    pub air_delay: AirDelayState,
    /// The dead-air watch.
    pub dead_air: DeadAirState,
    /// The black box.
    pub black_box: BlackBoxState,
    /// The desk's own listener mounts.
    pub listening: ListeningState,
    /// Where other programs play into the desk, as the address of a WebSocket; `null` for nowhere.
    pub programs_at: Option<String>,
    /// HLS.
    pub hls: HlsState,
    /// The track library.
    pub library: LibraryState,
    /// The engine's health.
    pub engine: EngineState,
    /// What the operator has not yet dismissed, oldest first.
    pub notices: Vec<Notice>,
}

/// The outputs of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OutputName {
    /// Plays the programme, and is the desk's clock.
    Main,
    /// Plays cue: headphones.
    Cue,
    /// Plays the first aux bus.
    Aux1,
    /// Plays the second aux bus.
    Aux2,
    /// Plays the third aux bus.
    Aux3,
    /// Plays the fourth aux bus.
    Aux4,
    /// Plays the fifth aux bus.
    Aux5,
    /// Plays the sixth aux bus.
    Aux6,
    /// Plays the seventh aux bus.
    Aux7,
    /// Plays the eighth aux bus.
    Aux8,
}

impl OutputName {
    /// All of them, in the order in which they are listed everywhere.
    pub const ALL: [Self; BUSES] = [
        Self::Main,
        Self::Cue,
        Self::Aux1,
        Self::Aux2,
        Self::Aux3,
        Self::Aux4,
        Self::Aux5,
        Self::Aux6,
        Self::Aux7,
        Self::Aux8,
    ];

    /// What plays a bus.
    pub fn of(bus: BusName) -> Self {
        Self::ALL[bus.place()]
    }

    /// The bus it plays.
    pub fn bus(self) -> BusName {
        BusName::ALL[self as usize]
    }
}

/// Which device an output plays on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DeviceChoice {
    /// Whatever the system's default is, also when that changes.
    Default,
    /// This one; the output waits for it when it is away.
    Device {
        /// Which one.
        #[ts(type = "string")]
        device: DeviceId,
    },
}

/// How an output uses its device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OutputSettings {
    /// How exactly, and how late, the bus is brought to its clock. The main output, which is the desk's clock, is
    /// resampled only where its rate is not the desk's.
    pub resampling: Resampling,
    /// Keep other programs away from it. Only where the snapshot says `exclusiveOutputs`.
    pub exclusive: bool,
}

/// One output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OutputState {
    /// Which.
    pub output: OutputName,
    /// What was chosen; `null` for none.
    pub device: Option<DeviceChoice>,
    /// How that is used.
    pub settings: OutputSettings,
    /// How it is going.
    pub playback: PlaybackState,
}

/// What an output is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PlaybackState {
    /// No device was chosen.
    Off,
    /// The device is being opened.
    Opening,
    /// It plays.
    Playing {
        /// The device's name.
        name: String,
        /// Its rate, Hz.
        rate: u32,
        /// From the mix to the device's callback, seconds.
        latency: f32,
        /// What the device had taken ahead of its time when it began, and holds since: measured, seconds.
        held: f32,
        /// The device's clock against the desk's, ppm (for the main output: against the machine's).
        ppm: f32,
        /// By how much the delay through its bridge is off, seconds; positive is too long. For the main output: by how
        /// much its callbacks are off the desk's clock, to either side, mean of five seconds.
        error: f32,
        /// Its clock is followed: the delay is held, and the ratio hardly moves. For
        /// the main output: the desk's clock has kept to it for five seconds.
        locked: bool,
        /// Frames that were not there in time: heard as silence.
        #[ts(type = "number")]
        frames_missing: u64,
    },
    /// It does not play; the station goes on trying.
    Missing {
        /// Why, in a sentence.
        reason: String,
    },
}

/// One device the system has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeviceState {
    /// Stable across restarts: `host:id`.
    #[ts(type = "string")]
    pub id: DeviceId,
    /// What the operator reads.
    pub name: String,
    /// The sound system it belongs to: "PipeWire", "JACK", "ALSA", "CoreAudio", "WASAPI".
    pub host: String,
    /// Channels that can be captured; 0 if none.
    pub input_channels: u16,
    /// Channels that can be played; 0 if none.
    pub output_channels: u16,
    /// The rate it runs at unless asked otherwise, Hz.
    pub rate: u32,
    /// The rates it can be captured at, Hz, from the lowest.
    pub input_rates: Vec<u32>,
    /// The rates it can play at, likewise.
    pub output_rates: Vec<u32>,
    /// Capturing it gives what the machine plays.
    pub monitor: bool,
    /// The system's default input.
    pub default_input: bool,
    /// The system's default output.
    pub default_output: bool,
}

/// The engine's health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EngineState {
    /// The desk's rate, Hz.
    pub rate: u32,
    /// Seconds of programme mixed since start.
    pub seconds: f64,
    /// Part of a block's time that mixing it takes, 0..1, mean of the last second.
    pub load: f32,
    /// The worst block of the last second, same measure.
    pub load_peak: f32,
    /// Whose clock the desk follows.
    pub clock: ClockSource,
    /// From an input's callback through the mix to the main output's callback, seconds.
    pub latency: Option<f32>,
    /// Blocks that were mixed too late for the main output.
    #[ts(type = "number")]
    pub blocks_late: u64,
    /// Samples that were not a number and were silenced.
    #[ts(type = "number")]
    pub bad_samples: u64,
    /// The engine has broken and stays down: the desk is silent until Airdesk is started again.
    pub broken: bool,
    /// The engine runs with real-time priority.
    pub real_time: bool,
    /// Audio that was lost since the desk was started; empty while none was.
    pub losses: Vec<Loss>,
}

/// Audio that was lost in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// A strip's name, "main output" or another output, "recording" and the recorder's name, "stream to" and the target's,
    /// "broadcast delay" or "listener mounts".
    #[serde(rename = "where")]
    pub place: String,
    /// How much, seconds.
    pub seconds: f64,
}

/// Whose clock the desk follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClockSource {
    /// The machine's monotonic clock: there is no main output.
    Machine,
    /// The main output.
    Device {
        /// The device's name.
        name: String,
    },
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something was lost or has stopped.
    Error,
}

/// Something the operator should read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Its number, to dismiss it by.
    pub id: u32,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence: what, which, what to do.
    pub text: String,
    /// When, as local time `HH:MM:SS`.
    pub time: String,
}
