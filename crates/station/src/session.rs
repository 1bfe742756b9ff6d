//! The session: everything the operator set, in one readable TOML file. Secrets are never in it.

mod bus;
mod carts;
mod check;
mod dead_air;
mod deck;
mod error;
mod file;
mod mend;
mod read;
mod strip;
mod title_file;

use airdesk_dsp::{Decibels, SampleRate};
use serde::{Deserialize, Serialize};

use crate::api::{
    AirDelaySettings, AnnouncerSettings, BlackBoxSettings, BroadcastSettings, BusName, DeviceChoice, DuckerSettings,
    HlsSettings, LimiterSettings, ListeningSettings, Material, RecordingSettings, StripSource,
};
use crate::automation::Automation;
use crate::scenes::Scene;

pub use bus::SessionBus;
pub use carts::{SessionBank, SessionCarts, SessionPad};
pub use dead_air::{SessionDeadAir, SessionWatch};
pub use deck::{SessionDeck, SessionItem};
pub use error::SessionError;
pub use file::{Opened, SessionFile};
pub use mend::read_mended;
pub(crate) use read::one_line;
pub use read::read;
pub use strip::SessionStrip;
pub use title_file::SessionTitleFile;

/// What a session file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Session {
    /// The desk's rate, Hz: 44100, 48000, 88200 or 96000.
    pub rate: u32,
    /// The programme's limiter.
    pub limiter: LimiterSettings,
    /// How music steps back while somebody speaks.
    pub talkover: DuckerSettings,
    /// Faders of the VCA groups, dB, beginning with the first.
    #[serde(skip_serializing_if = "at_unity")]
    pub vcas: Vec<Decibels>,
    /// The desk's own listener mounts are open.
    pub listening: bool,
    /// How they are set.
    #[serde(skip_serializing_if = "is_usual")]
    pub mounts: ListeningSettings,
    /// HLS.
    #[serde(skip_serializing_if = "is_usual")]
    pub hls: HlsSettings,
    /// What is on: its name, who made it, and the programme that it is part of.
    pub title: String,
    /// Who made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub artist: String,
    /// The programme that it is part of.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub show: String,
    /// The text file that titles are taken from.
    #[serde(skip_serializing_if = "is_usual")]
    pub title_file: SessionTitleFile,
    /// How texts are spoken; none where nobody has set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcer: Option<AnnouncerSettings>,
    /// What is recorded, where and how.
    pub recorders: Vec<RecordingSettings>,
    /// The one recorder of older sessions: read, and written as the first of the others.
    #[serde(skip_serializing)]
    pub recording: Option<RecordingSettings>,
    /// Which servers to stream to.
    pub targets: Vec<BroadcastSettings>,
    /// The one server that older versions knew: read, carried over into `targets`, and never written.
    #[serde(skip_serializing)]
    pub broadcast: Option<Box<BroadcastSettings>>,
    /// The delay between the programme and the air.
    #[serde(skip_serializing_if = "is_usual")]
    pub air_delay: AirDelaySettings,
    /// The last hours of everything, on disk.
    #[serde(skip_serializing_if = "is_usual")]
    pub black_box: BlackBoxSettings,
    /// What is watched for dead air.
    #[serde(skip_serializing_if = "is_usual")]
    pub dead_air: SessionDeadAir,
    /// Buses that are not at rest, and where they are played: the programme's device is the desk's clock.
    pub buses: Vec<SessionBus>,
    /// Strips, left to right.
    pub strips: Vec<SessionStrip>,
    /// The console as it was stored under names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<Scene>,
    /// What a rendering changes, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub automation: Vec<Automation>,
}

impl Default for Session {
    /// An empty desk on the system's default output.
    fn default() -> Self {
        Self {
            rate: SampleRate::DESK.hz(),
            limiter: LimiterSettings::default(),
            talkover: DuckerSettings::default(),
            vcas: Vec::new(),
            listening: false,
            mounts: ListeningSettings::default(),
            hls: HlsSettings::default(),
            title: String::new(),
            artist: String::new(),
            show: String::new(),
            title_file: SessionTitleFile::default(),
            announcer: None,
            recorders: vec![RecordingSettings::default()],
            recording: None,
            targets: vec![BroadcastSettings::default()],
            broadcast: None,
            air_delay: AirDelaySettings::default(),
            black_box: BlackBoxSettings::default(),
            dead_air: SessionDeadAir::default(),
            buses: vec![SessionBus {
                output: Some(DeviceChoice::Default),
                ..SessionBus::new(BusName::Programme)
            }],
            strips: Vec::new(),
            scenes: Vec::new(),
            automation: Vec::new(),
        }
    }
}

impl Session {
    /// What a new user finds: three strips of material that comes with Airdesk.
    pub fn demo() -> Self {
        let strip = |name: &str, material, fader: f32| {
            let mut strip = SessionStrip::new(name, StripSource::Material { material });
            strip.controls.fader = Decibels::new(fader).unwrap_or(Decibels::UNITY);
            strip
        };
        Self {
            title: "Airdesk demo".into(),
            strips: vec![
                strip("Rhythm", Material::Rhythm, -6.0),
                strip("Pad", Material::Pad, -9.0),
                strip("Voice", Material::Voice, 0.0),
            ],
            ..Self::default()
        }
    }

    /// A bus as it is set, also where the session does not name it.
    pub fn bus(&self, bus: BusName) -> SessionBus {
        let named = self.buses.iter().find(|named| named.bus == bus);
        named.cloned().unwrap_or_else(|| SessionBus::new(bus))
    }

    /// What an older version wrote, as this one does. Where there are targets and recorders beside it, they count.
    #[must_use]
    fn carried_over(mut self) -> Self {
        if let Some(broadcast) = self.broadcast.take()
            && self.targets == Self::default().targets
        {
            self.targets = vec![*broadcast];
        }
        if let Some(recording) = self.recording.take()
            && self.recorders == Self::default().recorders
        {
            self.recorders = vec![recording];
        }
        self
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

fn at_unity(vcas: &[Decibels]) -> bool {
    vcas.iter().all(|level| *level == Decibels::UNITY)
}

/// A value that was never set is not written: a session stays readable.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
