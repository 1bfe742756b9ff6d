//! The timeline as hosts read it: everything that happened, one entry each, newest first.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// Counts up in the order in which things happened, whatever the wall clock does.
    #[ts(type = "number")]
    pub number: u64,
    /// Which start of which desk: seconds and frames count from there.
    #[ts(type = "number")]
    pub desk: u64,
    /// By the wall clock, with its offset from UTC: `2026-11-22T17:04:05.123+01:00`.
    pub time: String,
    /// Seconds since the desk was started. The wall clock does not touch them, and they stand still while the machine sleeps.
    pub seconds: f64,
    /// Frames that the programme had then.
    #[ts(type = "number")]
    pub frame: u64,
    /// To what it happened: a stream's address, a file, a strip, a device, "desk".
    pub subject: String,
    /// Why: a sentence, where there is more to say than what happened.
    pub cause: Option<String>,
    /// Where in the recording, frames.
    #[ts(type = "number | null")]
    pub position: Option<u64>,
    /// What happened, in words for people.
    pub text: String,
    /// The same for programs.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What happened. A new one gets a line here, in [`TimelineKind`], in `kind` and in `words`, and is logged with
/// `Core::log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Happening {
    /// A desk was started.
    DeskStarted {
        /// Airdesk's version.
        version: String,
        /// Its session's file.
        session: String,
    },
    /// The desk was stopped in order.
    DeskStopped,
    /// The desk before this one ended without being stopped: killed, crashed, or the power failed. Found at the next start.
    DeskKilled {
        /// When it was last known to run, as [`TimelineEntry::time`]; at most a minute before its end.
        seen: String,
    },
    /// The server accepts the stream.
    OnAir {
        /// How often it has come back by itself since the desk went live.
        reconnects: u32,
    },
    /// The stream has ended, or trying again cannot help.
    OffAir,
    /// The stream broke, or the server is away; the desk tries again by itself. Once for every cause.
    Reconnecting,
    /// Listeners read another title.
    Title {
        /// What they read.
        title: String,
    },
    /// The desk has listened where listeners do, and they do not hear what is sent. Once for everything that they hear
    /// instead.
    NotHeard {
        /// What, as it follows on "listeners": "hear silence".
        what: String,
    },
    /// They hear it again.
    HeardAgain,
    /// Audio was lost. One entry for as long as it goes on, which grows.
    Loss {
        /// How many frames so far, at the desk's rate.
        #[ts(type = "number")]
        frames: u64,
        /// The same in seconds.
        seconds: f64,
    },
    /// A device that was in use is gone.
    DeviceLost,
    /// It is back.
    DeviceBack {
        /// For how long it was away, seconds.
        away: f64,
    },
    /// An output plays on another device.
    OutputChanged {
        /// Its id; "default" for the system's own choice, `null` for none.
        device: Option<String>,
    },
    /// Bytes are about to reach a new file.
    RecordingStarted,
    /// The file is whole.
    RecordingStopped {
        /// How long it is, frames.
        #[ts(type = "number")]
        frames: u64,
        /// How many of them are silence because the audio was lost.
        #[ts(type = "number")]
        frames_lost: u64,
    },
    /// A recording has ended by itself, or could not begin.
    RecordingFailed,
    /// A recording goes on in a new file, because the engine broke.
    RecordingTookOver {
        /// The file that ends there.
        before: String,
    },
    /// A recording goes on in a new file, without a frame lost.
    RecordingSplit,
    /// A recording goes on in its second folder, because the first takes no more.
    RecordingMoved,
    /// A recording that a desk before this one did not finish was looked over.
    RecordingRecovered,
    /// The black box was switched on, or goes on after it had stopped; it is on when a desk starts unless its session says
    /// otherwise.
    BlackBoxOn,
    /// The black box was switched off.
    BlackBoxOff,
    /// The black box has stopped by itself.
    BlackBoxHalted,
    /// Recordings were made of what the black box held.
    BlackBoxKept {
        /// When their first frame was heard, as [`TimelineEntry::time`].
        began: String,
        /// How long they are, seconds.
        seconds: f64,
        /// The programme's, then those of strips.
        files: Vec<String>,
    },
    /// No recordings could be made of what the black box holds, or not all.
    BlackBoxNotKept,
    /// Part of the programme was dropped from the broadcast delay: it was never aired.
    Dumped {
        /// How many frames, from the position on.
        #[ts(type = "number")]
        frames: u64,
    },
    /// A strip or the programme has been silent for as long as is watched for.
    DeadAir,
    /// It is heard again.
    AirBack,
    /// A strip stands in for a dead programme.
    FallbackIn,
    /// It does so no more.
    FallbackOut,
    /// A scene was recalled.
    SceneRecalled {
        /// How long levels take, seconds.
        fade: f32,
        /// How many levels are on their way for so long.
        levels: u32,
    },
    /// The levels of a scene that was recalled with a fade are no longer on their way.
    FadeEnded {
        /// How many are where the scene has them.
        arrived: u32,
        /// How many are not: a hand, another scene or an undo took them on the way, or their strip has gone.
        stopped: u32,
    },
    /// HLS reaches its folder.
    HlsOn,
    /// HLS was turned off.
    HlsOff,
    /// HLS does not reach its folder; it is tried again.
    HlsFault,
    /// The engine broke and another one took its place.
    EngineRestarted,
    /// The engine broke for good: the desk is silent.
    EngineBroke,
    /// The machine slept.
    MachineSlept {
        /// For how long, seconds.
        seconds: f64,
    },
    /// The timeline could not be written for a while, and there was no room to keep all that happened.
    Missed {
        /// How many entries are missing here.
        #[ts(type = "number")]
        entries: u64,
    },
    /// What a newer Airdesk has written.
    #[serde(other)]
    Other,
}

/// The kinds of [`Happening`], to choose by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TimelineKind {
    /// A desk was started.
    DeskStarted,
    /// It was stopped.
    DeskStopped,
    /// It was killed.
    DeskKilled,
    /// On air.
    OnAir,
    /// Off air.
    OffAir,
    /// Trying again.
    Reconnecting,
    /// A title.
    Title,
    /// Listeners do not hear what is sent.
    NotHeard,
    /// They hear it again.
    HeardAgain,
    /// Audio was lost.
    Loss,
    /// A device is gone.
    DeviceLost,
    /// A device is back.
    DeviceBack,
    /// An output plays on another device.
    OutputChanged,
    /// A recording began.
    RecordingStarted,
    /// A recording is whole.
    RecordingStopped,
    /// A recording failed.
    RecordingFailed,
    /// A recording took over from another.
    RecordingTookOver,
    /// A recording went on in a new file.
    RecordingSplit,
    /// A recording went on in its second folder.
    RecordingMoved,
    /// A recording of a desk before was looked over.
    RecordingRecovered,
    /// The black box is on.
    BlackBoxOn,
    /// The black box is off.
    BlackBoxOff,
    /// The black box has stopped.
    BlackBoxHalted,
    /// Something was kept of the black box.
    BlackBoxKept,
    /// It could not be kept.
    BlackBoxNotKept,
    /// Part of the programme was never aired.
    Dumped,
    /// Dead air.
    DeadAir,
    /// It is heard again.
    AirBack,
    /// A strip stands in for a dead programme.
    FallbackIn,
    /// It does so no more.
    FallbackOut,
    /// A scene was recalled.
    SceneRecalled,
    /// Its levels fade no more.
    FadeEnded,
    /// HLS reaches its folder.
    HlsOn,
    /// HLS was turned off.
    HlsOff,
    /// HLS does not reach its folder.
    HlsFault,
    /// The engine was started again.
    EngineRestarted,
    /// The engine broke for good.
    EngineBroke,
    /// The machine slept.
    MachineSlept,
    /// Entries are missing.
    Missed,
    /// Something that a newer Airdesk has written.
    Other,
}

impl TimelineKind {
    /// Every kind there is.
    pub const ALL: [Self; 40] = [
        Self::DeskStarted,
        Self::DeskStopped,
        Self::DeskKilled,
        Self::OnAir,
        Self::OffAir,
        Self::Reconnecting,
        Self::Title,
        Self::NotHeard,
        Self::HeardAgain,
        Self::Loss,
        Self::DeviceLost,
        Self::DeviceBack,
        Self::OutputChanged,
        Self::RecordingStarted,
        Self::RecordingStopped,
        Self::RecordingFailed,
        Self::RecordingTookOver,
        Self::RecordingSplit,
        Self::RecordingMoved,
        Self::RecordingRecovered,
        Self::BlackBoxOn,
        Self::BlackBoxOff,
        Self::BlackBoxHalted,
        Self::BlackBoxKept,
        Self::BlackBoxNotKept,
        Self::Dumped,
        Self::DeadAir,
        Self::AirBack,
        Self::FallbackIn,
        Self::FallbackOut,
        Self::SceneRecalled,
        Self::FadeEnded,
        Self::HlsOn,
        Self::HlsOff,
        Self::HlsFault,
        Self::EngineRestarted,
        Self::EngineBroke,
        Self::MachineSlept,
        Self::Missed,
        Self::Other,
    ];
}

impl fmt::Display for TimelineKind {
    /// As it is written on the wire and on the command line: `onAir`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl FromStr for TimelineKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.to_string() == text);
        found.ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(Self::to_string).collect();
            format!("there is no kind {text:?}; there are {}", all.join(", "))
        })
    }
}

impl Happening {
    /// Of which kind it is.
    pub fn kind(&self) -> TimelineKind {
        match self {
            Self::DeskStarted { .. } => TimelineKind::DeskStarted,
            Self::DeskStopped => TimelineKind::DeskStopped,
            Self::DeskKilled { .. } => TimelineKind::DeskKilled,
            Self::OnAir { .. } => TimelineKind::OnAir,
            Self::OffAir => TimelineKind::OffAir,
            Self::Reconnecting => TimelineKind::Reconnecting,
            Self::Title { .. } => TimelineKind::Title,
            Self::NotHeard { .. } => TimelineKind::NotHeard,
            Self::HeardAgain => TimelineKind::HeardAgain,
            Self::Loss { .. } => TimelineKind::Loss,
            Self::DeviceLost => TimelineKind::DeviceLost,
            Self::DeviceBack { .. } => TimelineKind::DeviceBack,
            Self::OutputChanged { .. } => TimelineKind::OutputChanged,
            Self::RecordingStarted => TimelineKind::RecordingStarted,
            Self::RecordingStopped { .. } => TimelineKind::RecordingStopped,
            Self::RecordingFailed => TimelineKind::RecordingFailed,
            Self::RecordingTookOver { .. } => TimelineKind::RecordingTookOver,
            Self::RecordingSplit => TimelineKind::RecordingSplit,
            Self::RecordingMoved => TimelineKind::RecordingMoved,
            Self::RecordingRecovered => TimelineKind::RecordingRecovered,
            Self::BlackBoxOn => TimelineKind::BlackBoxOn,
            Self::BlackBoxOff => TimelineKind::BlackBoxOff,
            Self::BlackBoxHalted => TimelineKind::BlackBoxHalted,
            Self::BlackBoxKept { .. } => TimelineKind::BlackBoxKept,
            Self::BlackBoxNotKept => TimelineKind::BlackBoxNotKept,
            Self::Dumped { .. } => TimelineKind::Dumped,
            Self::DeadAir => TimelineKind::DeadAir,
            Self::AirBack => TimelineKind::AirBack,
            Self::FallbackIn => TimelineKind::FallbackIn,
            Self::FallbackOut => TimelineKind::FallbackOut,
            Self::SceneRecalled { .. } => TimelineKind::SceneRecalled,
            Self::FadeEnded { .. } => TimelineKind::FadeEnded,
            Self::HlsOn => TimelineKind::HlsOn,
            Self::HlsOff => TimelineKind::HlsOff,
            Self::HlsFault => TimelineKind::HlsFault,
            Self::EngineRestarted => TimelineKind::EngineRestarted,
            Self::EngineBroke => TimelineKind::EngineBroke,
            Self::MachineSlept { .. } => TimelineKind::MachineSlept,
            Self::Missed { .. } => TimelineKind::Missed,
            Self::Other => TimelineKind::Other,
        }
    }

    /// In words for people, of what it happened to.
    pub fn words(&self, subject: &str) -> String {
        match self {
            Self::DeskStarted { version, session } => format!("the desk started: Airdesk {version} with {session}"),
            Self::DeskStopped => "the desk stopped".into(),
            Self::DeskKilled { seen } => format!("the desk before ended without being stopped; it last ran at {seen}"),
            Self::OnAir { reconnects: 0 } => format!("on air at {subject}"),
            Self::OnAir { .. } => format!("on air at {subject} again"),
            Self::OffAir => format!("off air at {subject}"),
            Self::Reconnecting => format!("reconnecting to {subject}"),
            Self::Title { title } if title.is_empty() => "no title any more".into(),
            Self::Title { title } => format!("title: {title}"),
            Self::NotHeard { what } => format!("listeners of {subject} {what}"),
            Self::HeardAgain => format!("listeners of {subject} hear the stream again"),
            Self::Loss { frames, seconds } => format!("lost {seconds:.3} s ({frames} frames) of {subject}"),
            Self::DeviceLost => format!("lost {subject}"),
            Self::DeviceBack { away } => format!("{subject} is back after {away:.1} s"),
            Self::OutputChanged { device: None } => format!("the {subject} plays nowhere now"),
            Self::OutputChanged { device: Some(device) } => format!("the {subject} plays on {device} now"),
            Self::RecordingStarted => format!("recording to {subject}"),
            Self::RecordingStopped { frames, frames_lost: 0 } => format!("recorded {subject}, {frames} frames"),
            Self::RecordingStopped { frames, frames_lost } => {
                format!("recorded {subject}, {frames} frames, {frames_lost} of them lost")
            }
            Self::RecordingFailed => format!("the recording {subject} failed"),
            Self::RecordingTookOver { before } => format!("the recording {before} goes on in {subject}"),
            Self::RecordingSplit => format!("the recording goes on in {subject}"),
            Self::RecordingMoved => format!("{subject} goes on in the second folder"),
            Self::RecordingRecovered => format!("{subject} was not finished by the desk before, and was looked over"),
            Self::BlackBoxOn => format!("the black box is on, in {subject}"),
            Self::BlackBoxOff => "the black box is off".into(),
            Self::BlackBoxHalted => "the black box has stopped".into(),
            Self::BlackBoxKept { began, seconds, files } => {
                format!(
                    "kept {seconds:.1} s from {began} on, in {} files: {subject}",
                    files.len()
                )
            }
            Self::BlackBoxNotKept => "nothing was kept of the black box".into(),
            Self::Dumped { frames } => format!("dumped {frames} frames of {subject}: they were never aired"),
            Self::DeadAir => format!("dead air: {subject}"),
            Self::AirBack => format!("{subject} is heard again"),
            Self::FallbackIn => format!("{subject} stands in for the programme"),
            Self::FallbackOut => format!("{subject} stands in for the programme no more"),
            Self::SceneRecalled { levels: 0, .. } => format!("{subject} was recalled"),
            Self::SceneRecalled { fade, levels } => {
                format!("{subject} was recalled; levels that fade for {fade:.1} s: {levels}")
            }
            Self::FadeEnded { arrived, stopped: 0 } => format!("{subject} is there; levels that have faded: {arrived}"),
            Self::FadeEnded { arrived, stopped } => {
                format!("{subject} fades no more; levels that have arrived: {arrived}, that were stopped: {stopped}")
            }
            Self::HlsOn => format!("HLS is written to {subject}"),
            Self::HlsOff => format!("HLS is written to {subject} no more"),
            Self::HlsFault => format!("HLS cannot be written to {subject}"),
            Self::EngineRestarted => "the engine broke and was started again".into(),
            Self::EngineBroke => "the engine broke: the desk is silent".into(),
            Self::MachineSlept { seconds } => format!("the machine slept for {seconds:.0} s"),
            Self::Missed { entries } => format!("{entries} entries are missing here"),
            Self::Other => format!("something that a newer Airdesk has written, of {subject}"),
        }
    }

    /// Frames and seconds that were lost, where it is about a loss.
    pub fn lost(&self) -> Option<(u64, Option<f64>)> {
        match *self {
            Self::Loss { frames, seconds } => Some((frames, Some(seconds))),
            Self::RecordingStopped { frames_lost, .. } => Some((frames_lost, None)),
            _ => None,
        }
    }
}
