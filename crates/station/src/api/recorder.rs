//! The recorders as a host sets and sees them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::BusName;
use crate::folders::recordings_folder;

/// Names a recorder for as long as it lives.
pub type RecorderId = u32;

/// Format of a recording: WAV where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecordingFormat {
    /// 16-bit integer, triangular dither.
    Pcm16,
    /// 24-bit integer.
    #[default]
    Pcm24,
    /// 32-bit float.
    Float32,
    /// FLAC, 16 bits.
    Flac16,
    /// FLAC, 24 bits.
    Flac24,
    /// MP3, at the bit rate that is set.
    Mp3,
    /// Ogg Opus, at the bit rate that is set.
    Opus,
    /// Ogg Vorbis, at the bit rate that is set.
    Vorbis,
}

/// What a recorder records: a bus, or the programme as it is aired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecordingSource {
    /// The programme, uncut: also what was dumped.
    #[default]
    Programme,
    /// What is aired: the programme after the broadcast delay, without what was dumped.
    Aired,
    /// What the operator alone listens to.
    Cue,
    /// What strips send to.
    Aux1,
    /// The second.
    Aux2,
    /// The third.
    Aux3,
    /// The fourth.
    Aux4,
    /// The fifth.
    Aux5,
    /// The sixth.
    Aux6,
    /// The seventh.
    Aux7,
    /// The eighth.
    Aux8,
}

impl RecordingSource {
    /// The bus that it is; none for what is aired, which is delayed by itself.
    pub fn bus(self) -> Option<BusName> {
        Some(match self {
            Self::Programme => BusName::Programme,
            Self::Aired => return None,
            Self::Cue => BusName::Cue,
            Self::Aux1 => BusName::Aux1,
            Self::Aux2 => BusName::Aux2,
            Self::Aux3 => BusName::Aux3,
            Self::Aux4 => BusName::Aux4,
            Self::Aux5 => BusName::Aux5,
            Self::Aux6 => BusName::Aux6,
            Self::Aux7 => BusName::Aux7,
            Self::Aux8 => BusName::Aux8,
        })
    }
}

/// What is recorded, where and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RecordingSettings {
    /// What the operator reads on it.
    pub name: String,
    /// What is recorded.
    pub source: RecordingSource,
    /// Every strip in a file of its own; none beside what is aired.
    pub stems: Stems,
    /// Further buses, each in a file of its own; none beside what is aired.
    pub buses: Vec<BusName>,
    /// The folder; made when missing.
    pub folder: String,
    /// Where a recording goes on when the folder takes no more; `null` for nowhere.
    pub fallback: Option<String>,
    /// The names of files, with words in braces: date, time, title, artist, show, index, strip. A slash makes folders.
    pub pattern: String,
    /// The show, for the names of files and their tags, while the title names none.
    pub show: String,
    /// The format.
    pub format: RecordingFormat,
    /// Bit rate of MP3, Opus and Vorbis, kbit/s.
    pub bit_rate: u16,
    /// It is an average, from which the codec departs where the sound needs more or less.
    pub variable: bool,
    /// When a recording goes on in a new file.
    pub split: SplitSettings,
    /// A cue sheet beside each file: what began where in it.
    pub cue_sheets: bool,
    /// Seconds before "record" that are in the file, 0 to 60.
    pub pre_roll: f32,
    /// What starts and stops it.
    pub start: StartSettings,
}

impl Default for RecordingSettings {
    fn default() -> Self {
        Self {
            name: "Programme".into(),
            source: RecordingSource::Programme,
            stems: Stems::default(),
            buses: Vec::new(),
            folder: recordings_folder().to_string_lossy().into_owned(),
            fallback: None,
            pattern: "Airdesk {date} {time}".into(),
            show: String::new(),
            format: RecordingFormat::default(),
            bit_rate: 192,
            variable: true,
            split: SplitSettings::default(),
            cue_sheets: false,
            pre_roll: 0.0,
            start: StartSettings::default(),
        }
    }
}

/// Whether strips are recorded too, each in a file of its own, aligned with the bus to the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Stems {
    /// The bus alone.
    #[default]
    None,
    /// Every strip before its fader, as its meter has it.
    BeforeFaders,
    /// Every strip after its fader and pan, as it is in the programme.
    AfterFaders,
}

/// When a recording goes on in a new file, without a frame lost or doubled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SplitSettings {
    /// After so many minutes, 0.1 to 1440.
    pub minutes: Option<f32>,
    /// When the hour strikes.
    pub hourly: bool,
    /// Before a file has so many megabytes (10^6 bytes), 10 to 10,000,000.
    pub megabytes: Option<u32>,
    /// When the title changes.
    pub titles: bool,
}

/// What starts and stops a recording. What was started by hand is stopped by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StartSettings {
    /// "Record" starts it, beside others that it starts.
    pub with_button: bool,
    /// It begins when the desk goes on air, and ends when it goes off air; a server that is lost and tried again ends nothing.
    pub with_stream: bool,
    /// It begins when there is signal, and ends when there is none any more.
    pub signal: Option<SignalStart>,
    /// It begins and ends with the clock.
    pub schedule: Vec<ScheduleSlot>,
}

impl Default for StartSettings {
    fn default() -> Self {
        Self {
            with_button: true,
            with_stream: false,
            signal: None,
            schedule: Vec::new(),
        }
    }
}

/// A recording that begins with signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignalStart {
    /// Peaks above this are signal, -90 to 0 dBFS.
    pub level: f32,
    /// After so many seconds without one it ends, 1 to 3600.
    pub seconds: f32,
}

/// A time of the week at which is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSlot {
    /// The days it begins on, 1 (Monday) to 7; none means every day.
    pub days: Vec<u8>,
    /// Local time it begins at, `HH:MM`.
    pub from: String,
    /// Local time it ends at, `HH:MM`; on the next day where it is not later.
    pub until: String,
}

/// A recorder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecorderState {
    /// Its id.
    pub id: RecorderId,
    /// What, where and how.
    pub settings: RecordingSettings,
    /// What it is doing.
    pub recording: RecordingState,
    /// Files of this recording that were begun, stems not counted.
    pub parts: u32,
    /// Why it goes on in the second folder, if it does.
    pub moved: Option<String>,
    /// Why its files are longer than they shall be, while no new one can be begun.
    pub seam_fault: Option<String>,
    /// Free bytes in the folder; `null` when it cannot be read.
    #[ts(type = "number | null")]
    pub free_bytes: Option<u64>,
    /// Hours of recording that fit into them, stems counted, while other recorders go on that write on the same disk.
    pub hours_left: Option<f32>,
}

/// What a recorder is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RecordingState {
    /// Nothing is recorded.
    Stopped {
        /// The last recording of this run, if any.
        last_file: Option<String>,
    },
    /// The file is being made; nothing is on disk yet.
    Starting,
    /// Bytes are reaching the disk.
    Recording {
        /// The file.
        file: String,
        /// Seconds on disk.
        seconds: f64,
        /// Bytes on disk.
        #[ts(type = "number")]
        bytes: u64,
        /// Frames missing from it; each gap is in the log beside it.
        #[ts(type = "number")]
        frames_lost: u64,
        /// That log has every gap. A notice tells the first that could not be noted.
        gaps_logged: bool,
    },
    /// The disk takes nothing for the moment; up to 15 s are kept in memory and nothing is lost yet.
    Stalled {
        /// The file.
        file: String,
        /// Seconds since a byte reached the disk.
        seconds: f32,
        /// Seconds on disk.
        recorded: f64,
        /// Bytes on disk.
        #[ts(type = "number")]
        bytes: u64,
        /// Frames missing from it; each gap is in the log beside it.
        #[ts(type = "number")]
        frames_lost: u64,
        /// That log has every gap.
        gaps_logged: bool,
    },
    /// It was stopped: nothing more is recorded, and what was is on its way to the disk, for as long as that takes.
    Finishing {
        /// The file.
        file: String,
        /// Seconds on disk when it was stopped.
        seconds: f64,
        /// Bytes on disk then.
        #[ts(type = "number")]
        bytes: u64,
        /// Frames missing from it then; each gap is in the log beside it.
        #[ts(type = "number")]
        frames_lost: u64,
        /// That log has every gap.
        gaps_logged: bool,
    },
    /// It stopped by itself; what was written is a valid file.
    Failed {
        /// The file, if one was made.
        file: Option<String>,
        /// Why, and what to do.
        reason: String,
    },
}
