//! Streaming to servers as a host sets and sees it: any number of targets, each for itself.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BusName, ListenBackMode, ListenBackState};

/// Codec of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StreamCodec {
    /// MP3, constant bit rate.
    Mp3,
    /// Opus in Ogg.
    Opus,
    /// Vorbis in Ogg.
    Vorbis,
    /// FLAC in Ogg, 16 bits: nothing is lost but what 16 bits do not hold.
    Flac16,
    /// FLAC in Ogg, 24 bits.
    Flac24,
}

/// How the desk reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Transport {
    /// Airdesk's own source client.
    #[default]
    Native,
    /// libshout, where this build has it.
    Libshout,
}

impl Transport {
    /// Every transport there is, in any build.
    pub const ALL: [Self; 2] = [Self::Native, Self::Libshout];
}

/// What the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServerProtocol {
    /// Icecast 2, and what speaks like it.
    #[default]
    Icecast,
    /// Shoutcast 1, and the port of version 2 that speaks it: MP3 only, without TLS.
    Shoutcast,
}

/// What the server says of the mount. What it does not say is `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatistics {
    /// Listeners now, without the desk's own ear: where that has a connection to the same server, one is subtracted.
    pub listeners: Option<u32>,
    /// The most at a time, in the same way.
    pub listeners_peak: Option<u32>,
    /// Its own name and version.
    pub server: Option<String>,
    /// The stream's bit rate, kbit/s.
    pub bit_rate: Option<u32>,
}

/// Whether listeners read the title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TitleSeen {
    /// There is none.
    NotSet,
    /// It is on its way.
    Waiting,
    /// It was read back where listeners read it.
    Shown,
    /// Listeners read something else.
    NotShown {
        /// What, and what to do.
        reason: String,
    },
    /// It was sent, and nobody can look whether it is there.
    CannotBeRead {
        /// Why.
        reason: String,
    },
}

/// Names a target from when it is added until it is removed. Never used again while the desk runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetId(u32);

impl TargetId {
    pub(crate) fn new(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which server a target streams to, what it sends there, and how the stream introduces itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BroadcastSettings {
    /// What the operator calls it, at most 40 characters; empty: its mount and host.
    pub label: String,
    /// Goes live when the desk does.
    pub enabled: bool,
    /// The bus that is sent.
    pub bus: BusName,
    /// By how much it is sent louder than the bus is, -40 to +20 dB. Peaks stay under -1 dBTP.
    pub gain: f32,
    /// The loudness it is brought to, by at most 1 dB a second, -35 to -8 LUFS; `null`: as loud as the bus.
    pub loudness: Option<f32>,
    /// How its titles are put together, of `{title}`, `{artist}`, `{show}` and `{station}`.
    pub title_template: String,
    /// How much later than they are set its titles appear, 0 to 60 seconds: as late as listeners hear the audio.
    pub title_delay: f32,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encrypt with TLS.
    pub tls: bool,
    /// Accept only this certificate (SHA-256, lower-case hexadecimal); `null`: the system decides.
    pub pinned_certificate: Option<String>,
    /// What the server speaks.
    pub protocol: ServerProtocol,
    /// The stream of a Shoutcast server that has several, from 1.
    pub shoutcast_stream: Option<u32>,
    /// Mount, with its leading slash.
    pub mount: String,
    /// User name; Icecast's own default is "source".
    pub user: String,
    /// Codec.
    pub codec: StreamCodec,
    /// Bit rate, kbit/s; FLAC has none.
    pub bit_rate: u16,
    /// The bit rate is an average, from which the codec departs where the sound needs more or less. For MP3 and Vorbis:
    /// Opus is always sent so, whatever this says, and FLAC has no bit rate.
    pub variable: bool,
    /// Station name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Genre.
    pub genre: String,
    /// Home page.
    pub url: String,
    /// List it in public directories.
    pub public: bool,
    /// How the server is reached.
    pub transport: Transport,
    /// What the desk does to know what listeners hear.
    pub listen_back: ListenBackMode,
    /// Where it listens, like `https://relay.example.org/live.mp3`: a relay that listeners use. `null`: at the mount itself.
    pub listen_back_url: Option<String>,
}

impl Default for BroadcastSettings {
    fn default() -> Self {
        Self {
            label: String::new(),
            enabled: true,
            bus: BusName::Programme,
            gain: 0.0,
            loudness: None,
            title_template: "{artist} - {title}".into(),
            title_delay: 0.0,
            host: "localhost".into(),
            port: 8000,
            tls: false,
            pinned_certificate: None,
            protocol: ServerProtocol::Icecast,
            shoutcast_stream: None,
            mount: "/live.mp3".into(),
            user: "source".into(),
            codec: StreamCodec::Mp3,
            bit_rate: 128,
            variable: false,
            name: "Airdesk".into(),
            description: String::new(),
            genre: String::new(),
            url: String::new(),
            public: false,
            transport: Transport::Native,
            listen_back: ListenBackMode::Show,
            listen_back_url: None,
        }
    }
}

impl BroadcastSettings {
    /// What the operator calls it, or reads instead.
    pub fn called(&self) -> String {
        match self.label.trim() {
            "" => format!("{} at {}", self.mount, self.host),
            label => label.to_owned(),
        }
    }
}

/// One target of the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TargetState {
    /// Which.
    #[ts(type = "number")]
    pub id: TargetId,
    /// Where to and as what.
    pub settings: BroadcastSettings,
    /// Where the password is kept.
    pub password: PasswordState,
    /// What is happening.
    pub air: AirState,
    /// Seconds of audio that the server has not acknowledged yet, to the half second: by so much a slow line makes
    /// listeners later. `null` while it is not live.
    pub seconds_waiting: Option<f32>,
    /// What its listeners hear; `null` while it is not on air, or where the desk does not listen.
    pub listen_back: Option<ListenBackState>,
    /// What the stream began with, `null` while it is off: settings saved since count from the next go-live.
    pub running: Option<Box<BroadcastSettings>>,
}

/// What is on, as it was set: each target puts what listeners read together from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TitleState {
    /// The name of what is on.
    pub title: String,
    /// Who made it; empty where nobody is named.
    pub artist: String,
    /// The programme that it is part of; empty where none is named.
    pub show: String,
}

/// Where a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PasswordState {
    /// None is set.
    None,
    /// In the system's key store.
    KeyStore,
    /// In a file that only this user can read, because the system has no key store.
    File,
    /// From the environment variable `AIRDESK_PASSWORD`.
    Environment,
    /// The key store is locked or does not answer: nobody knows whether it has one.
    Locked,
    /// The file of passwords is broken or cannot be read, and may have one. A notice names it.
    Unreadable,
}

/// The truth about being on air.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AirState {
    /// Not streaming, and not trying to.
    Off,
    /// Asking the key store for the password, and reaching for the server.
    Connecting,
    /// The server accepts what is sent.
    Live {
        /// Seconds since the server accepted the stream.
        seconds: f64,
        /// Bytes the server's side has acknowledged.
        #[ts(type = "number")]
        bytes_sent: u64,
        /// Seconds of audio dropped because the line was too slow.
        seconds_dropped: f32,
        /// How often the stream came back by itself.
        reconnects: u32,
        /// Whether listeners read the title.
        title: TitleSeen,
        /// What the server says of the mount; `null` where it says nothing.
        statistics: Option<ServerStatistics>,
    },
    /// The stream broke or the server is away; trying again by itself.
    Retrying {
        /// Why.
        reason: String,
        /// Which attempt comes next.
        attempt: u32,
        /// Seconds until then.
        seconds: f32,
    },
    /// Trying again cannot help.
    Failed {
        /// Why, and what to change.
        reason: String,
        /// The certificate to trust, when that is what is missing.
        certificate: Option<String>,
    },
}
