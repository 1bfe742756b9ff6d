//! What a host may ask of the desk.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    BroadcastSettings, BusName, DeviceChoice, LimiterSettings, OutputName, RecordingSettings, StripSource, number,
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
    /// Input trim, -20 to +40 dB.
    SetTrim {
        /// Which strip.
        #[ts(type = "number")]
        strip: StripId,
        /// The level, dB.
        #[serde(deserialize_with = "number::decibels")]
        level: f32,
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
    /// Set the programme's limiter: on or off, ceiling -20 to 0 dBTP, release 10 to 1000 ms.
    SetLimiter {
        /// All of it.
        settings: LimiterSettings,
    },
    /// Play a bus on a device, or on none.
    SetOutput {
        /// Main (programme) or cue.
        output: OutputName,
        /// Where to; `null` for none.
        device: Option<DeviceChoice>,
    },
    /// Look for devices now instead of at the next round.
    RefreshDevices,
    /// Where and how recordings are made. Takes effect with the next recording.
    SetRecording {
        /// Folder and format.
        settings: RecordingSettings,
    },
    /// Record the programme from now on.
    StartRecording,
    /// Finish the recording.
    StopRecording,
    /// Which server to stream to, and how the stream introduces itself.
    SetBroadcast {
        /// Server, mount, codec and description.
        settings: BroadcastSettings,
    },
    /// Keep the server's password in the system's key store. It is never shown again.
    SetPassword {
        /// The secret; empty forgets it.
        password: String,
    },
    /// Accept the certificate that the server presented, from now on only that one.
    TrustCertificate {
        /// SHA-256 of the certificate, lower-case hexadecimal, as the broadcast state showed it.
        fingerprint: String,
    },
    /// Start streaming to the server.
    GoLive,
    /// Stop streaming to the server.
    GoOffAir,
    /// Open or close the desk's own listener mounts, `/live.mp3` and `/live.opus`.
    SetListening {
        /// Open or not.
        on: bool,
    },
    /// What listeners read: the title of what is on air.
    SetTitle {
        /// Any text; control characters are left out.
        title: String,
    },
    /// Set every clip counter to zero.
    ClearClips,
    /// A notice has been read.
    DismissNotice {
        /// Its number.
        id: u32,
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

/// What came of a command that was obeyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reply {
    /// Done; nothing more to say.
    Done,
    /// The strip that was made.
    Strip {
        /// Its id.
        #[ts(type = "number")]
        id: StripId,
    },
}

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize, TS)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// What a program decides by.
    pub code: ErrorCode,
    /// What a person reads: what, which, and what to do.
    pub message: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ErrorCode {
    /// No strip has this id (any more).
    NoSuchStrip,
    /// The desk is full.
    TooManyStrips,
    /// A value outside its range; the message names both.
    OutOfRange,
    /// A name, URL, mount or file that cannot be used.
    Invalid,
    /// The device is not there.
    NoSuchDevice,
    /// The folder cannot be written or the disk is full.
    Storage,
    /// It is already so: recording, on air.
    AlreadyRunning,
    /// It is not running.
    NotRunning,
    /// The desk cannot take commands now: its engine is stopping or busy.
    Unavailable,
}
