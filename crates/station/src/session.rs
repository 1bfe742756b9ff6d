//! The session: everything the operator set, in one readable TOML file. Secrets are never in it.

mod error;
mod file;
mod read;

use airdesk_dsp::{Decibels, Pan, SampleRate};
use serde::{Deserialize, Serialize};

use crate::api::{
    BroadcastSettings, DeviceChoice, LimiterSettings, Material, RecordingFormat, RecordingSettings, StripSource,
    StripState,
};
use crate::automation::Automation;
use crate::folders::recordings_folder;

pub use error::SessionError;
pub use file::{Opened, SessionFile};
pub(crate) use read::one_line;
pub use read::read;

/// What a session file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Session {
    /// The desk's rate, Hz: 44100, 48000, 88200 or 96000.
    pub rate: u32,
    /// The programme's fader, dB.
    pub programme_fader: Decibels,
    /// The cue bus's fader, dB.
    pub cue_fader: Decibels,
    /// The programme's limiter.
    pub limiter: LimiterSettings,
    /// Where the programme is played; the desk's clock.
    pub main_output: Option<DeviceChoice>,
    /// Where cue is played.
    pub cue_output: Option<DeviceChoice>,
    /// The desk's own listener mounts are open.
    pub listening: bool,
    /// What listeners read.
    pub title: String,
    /// Where and how recordings are made.
    pub recording: RecordingSettings,
    /// Which server to stream to.
    pub broadcast: BroadcastSettings,
    /// Strips, left to right.
    pub strips: Vec<SessionStrip>,
    /// What a rendering changes, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub automation: Vec<Automation>,
}

impl Default for Session {
    /// An empty desk on the system's default output.
    fn default() -> Self {
        Self {
            rate: SampleRate::DESK.hz(),
            programme_fader: Decibels::UNITY,
            cue_fader: Decibels::UNITY,
            limiter: LimiterSettings::default(),
            main_output: Some(DeviceChoice::Default),
            cue_output: None,
            listening: false,
            title: String::new(),
            recording: RecordingSettings {
                folder: recordings_folder().to_string_lossy().into_owned(),
                format: RecordingFormat::default(),
            },
            broadcast: BroadcastSettings::default(),
            strips: Vec::new(),
            automation: Vec::new(),
        }
    }
}

impl Session {
    /// What a new user finds: three strips of material that comes with Airdesk.
    pub fn demo() -> Self {
        let strip = |name: &str, material, fader: f32, pan: f32| SessionStrip {
            fader: Decibels::new(fader).unwrap_or(Decibels::UNITY),
            pan: Pan::new(pan).unwrap_or(Pan::CENTRE),
            ..SessionStrip::new(name, StripSource::Material { material })
        };
        Self {
            title: "Airdesk demo".into(),
            strips: vec![
                strip("Rhythm", Material::Rhythm, -6.0, 0.0),
                strip("Pad", Material::Pad, -9.0, 0.0),
                strip("Voice", Material::Voice, 0.0, 0.0),
            ],
            ..Self::default()
        }
    }

    /// The desk's rate.
    ///
    /// # Errors
    /// When it is none that a desk runs at.
    pub fn sample_rate(&self) -> Result<SampleRate, SessionError> {
        match self.rate {
            44_100 | 48_000 | 88_200 | 96_000 => SampleRate::new(self.rate).ok_or(SessionError::Rate(self.rate)),
            other => Err(SessionError::Rate(other)),
        }
    }
}

/// One strip of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionStrip {
    /// What the operator reads on it.
    pub name: String,
    /// Input trim, dB.
    #[serde(default = "unity")]
    pub trim: Decibels,
    /// Fader, dB; `-inf` is off.
    #[serde(default = "unity")]
    pub fader: Decibels,
    /// Pan, -1..=1.
    #[serde(default = "centre")]
    pub pan: Pan,
    /// Muted.
    #[serde(default)]
    pub mute: bool,
    /// Soloed.
    #[serde(default)]
    pub solo: bool,
    /// Stays whatever is soloed.
    #[serde(default)]
    pub solo_safe: bool,
    /// On the cue bus.
    #[serde(default)]
    pub cue: bool,
    /// What feeds it.
    pub source: StripSource,
}

fn unity() -> Decibels {
    Decibels::UNITY
}

fn centre() -> Pan {
    Pan::CENTRE
}

impl SessionStrip {
    /// A strip with every control at rest.
    pub fn new(name: &str, source: StripSource) -> Self {
        Self {
            name: name.into(),
            trim: unity(),
            fader: unity(),
            pan: centre(),
            mute: false,
            solo: false,
            solo_safe: false,
            cue: false,
            source,
        }
    }
}

impl From<&StripState> for SessionStrip {
    fn from(strip: &StripState) -> Self {
        Self {
            name: strip.name.clone(),
            trim: strip.trim,
            fader: strip.fader,
            pan: strip.pan,
            mute: strip.mute,
            solo: strip.solo,
            solo_safe: strip.solo_safe,
            cue: strip.cue,
            source: strip.source.clone(),
        }
    }
}
