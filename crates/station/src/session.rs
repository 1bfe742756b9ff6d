//! The session: everything the operator set, in one readable TOML file.
//!
//! It is written whole to a new file that then takes the old one's place, and the copy before is kept
//! beside it. A file that cannot be read is set aside under another name, never overwritten, and the
//! last good copy is used. Secrets are never in it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use airdesk_dsp::{Decibels, Pan, SampleRate};
use airdesk_engine::MAX_STRIPS;
use serde::{Deserialize, Serialize};

use crate::api::{
    BroadcastSettings, CommandError, DeviceChoice, LimiterSettings, Material, RecordingFormat, RecordingSettings,
    StripSource, StripState,
};
use crate::automation::Automation;
use crate::obey::checked_name;
use crate::{broadcast, range, recording};

/// The first line of a file that Airdesk wrote. Such a file must have the last line too: a TOML file cut
/// short can still be a TOML file, and would be a desk with half its strips.
const FIRST_LINE: &str = "# Airdesk session. Edit freely; without this line the last one is not needed.";
/// The last line.
const LAST_LINE: &str = "# end of session";

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

/// Why a session cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The file is not there or may not be read.
    #[error(
        "the session {} cannot be read: {source}; make it readable or name another session",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not a session.
    #[error("the session {} is broken: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// The rate is none that a desk runs at.
    #[error("a desk does not run at {0} Hz; set the session's rate to 44100, 48000, 88200 or 96000")]
    Rate(u32),
    /// The file cannot be written.
    #[error(
        "the session {} cannot be saved: {source}; make {} writable or free space",
        path.display(),
        folder_of(path).display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another Airdesk runs with it.
    #[error("the session {} is open in another Airdesk; close it or name another session", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

/// The folder a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Reads a session without touching the file.
///
/// # Errors
/// When it cannot be read or is no session.
pub fn read(path: &Path) -> Result<Session, SessionError> {
    let bytes = fs::read(path).map_err(|source| SessionError::Read {
        path: path.to_owned(),
        source,
    })?;
    let broken = |reason: String| SessionError::Broken {
        path: path.to_owned(),
        reason,
    };
    // A value's reason says what it may be; a file's says nothing of what to do.
    let unreadable = |reason: String| broken(format!("{reason}; mend it or name another session"));
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = place(error.as_bytes(), error.utf8_error().valid_up_to());
        unreadable(format!("it is not UTF-8 text ({place})"))
    })?;
    check_whole(&text).map_err(unreadable)?;
    let session: Session = toml::from_str(&text).map_err(|error| unreadable(one_line(&error, &text)))?;
    let rate = session.sample_rate().map_err(|error| broken(error.to_string()))?;
    check_values(&session, rate).map_err(broken)?;
    Ok(session)
}

/// Finds what no command could have set.
fn check_values(session: &Session, rate: SampleRate) -> Result<(), String> {
    if session.strips.len() > MAX_STRIPS {
        let count = session.strips.len();
        return Err(format!("it has {count} strips; {MAX_STRIPS} are the most"));
    }
    let say = |error: CommandError| error.message;
    range::fader("programme fader", Some(session.programme_fader.db())).map_err(say)?;
    range::fader("cue fader", Some(session.cue_fader.db())).map_err(say)?;
    range::limiter(&session.limiter).map_err(say)?;
    for strip in &session.strips {
        let name = checked_name(&strip.name).map_err(say)?;
        let say = |error: CommandError| format!("strip {name}: {}", error.message);
        range::trim(strip.trim.db()).map_err(say)?;
        range::fader("fader", Some(strip.fader.db())).map_err(say)?;
    }
    recording::check(&session.recording).map_err(|error| format!("recording: {}", error.message))?;
    // Not whether this build has the transport: a session may have come from one that has it.
    broadcast::source(&session.broadcast, rate).map_err(|error| format!("broadcast: {}", error.message))?;
    for (index, automation) in session.automation.iter().enumerate() {
        automation
            .check()
            .map_err(|reason| format!("automation {}: {reason}", index + 1))?;
    }
    Ok(())
}

/// Finds a file that was cut short.
fn check_whole(text: &str) -> Result<(), String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().all(|line| line.starts_with('#')) {
        return Err("there is nothing in it".into());
    }
    if lines().next() == Some(FIRST_LINE) && lines().next_back() != Some(LAST_LINE) {
        return Err("its end is missing".into());
    }
    Ok(())
}

/// A parser's message in one line, with its place.
pub(crate) fn one_line(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().replace('\n', ", ");
    match error.span() {
        Some(span) => format!("{message} ({})", place(text.as_bytes(), span.start)),
        None => message,
    }
}

/// Where a byte is, as an editor counts.
fn place(text: &[u8], byte: usize) -> String {
    let before = String::from_utf8_lossy(&text[..byte.min(text.len())]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

/// Where a session lives.
#[derive(Debug)]
pub struct SessionFile {
    path: PathBuf,
    /// Held while this desk runs with the session; the system lets go of it when the program ends.
    lock: Option<fs::File>,
}

/// What was found at start.
#[derive(Debug)]
pub struct Opened {
    /// The session to run with.
    pub session: Session,
    /// Airdesk has not run with this file before.
    pub first_run: bool,
    /// What the operator must know, if the file could not be used.
    pub warning: Option<String>,
}

impl SessionFile {
    /// A session at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, lock: None }
    }

    /// Keeps every other desk from this session, until this value is dropped. Where no lock can be made
    /// there is none: nothing else can be written there either.
    ///
    /// # Errors
    /// When another desk has it.
    pub fn lock(&mut self) -> Result<(), SessionError> {
        let path = self.path.with_extension("lock");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let locked = fs::create_dir_all(folder_of(&path))
            .and_then(|()| options.open(&path))
            .map_err(fs::TryLockError::Error)
            .and_then(|file| file.try_lock().map(|()| file));
        match locked {
            Ok(file) => self.lock = Some(file),
            Err(fs::TryLockError::WouldBlock) => {
                let path = self.path.clone();
                return Err(SessionError::InUse { path });
            }
            Err(fs::TryLockError::Error(error)) => {
                tracing::warn!(
                    "another Airdesk is not kept from this session: {}: {error}",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn previous(&self) -> PathBuf {
        self.path.with_extension("previous.toml")
    }

    /// Reads the session. A broken one is set aside and the last good copy is used, else the demo.
    ///
    /// # Errors
    /// When the file is there but may not be read: the operator's files are not guessed at.
    pub fn open(&self) -> Result<Opened, SessionError> {
        match read(&self.path) {
            Ok(session) => Ok(Opened {
                session,
                first_run: false,
                warning: None,
            }),
            Err(SessionError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let (session, warning) = match read(&self.previous()) {
                    Ok(session) => (
                        session,
                        Some(format!(
                            "the session {} was gone; its last good copy is used",
                            self.path.display()
                        )),
                    ),
                    Err(_) => (Session::demo(), None),
                };
                Ok(Opened {
                    session,
                    first_run: warning.is_none(),
                    warning,
                })
            }
            Err(error @ SessionError::Read { .. }) => Err(error),
            Err(error) => Ok(self.set_aside(&error)),
        }
    }

    fn set_aside(&self, error: &SessionError) -> Opened {
        let aside = (1..)
            .map(|n| self.path.with_extension(format!("broken-{n}.toml")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| self.path.with_extension("broken.toml"));
        let place = match fs::rename(&self.path, &aside) {
            Ok(()) => format!("it was set aside as {}", aside.display()),
            Err(error) => format!("it could not be set aside ({error})"),
        };
        let (session, used) = match read(&self.previous()) {
            Ok(session) => (session, "the last good copy is used"),
            Err(_) => (Session::demo(), "there is no earlier copy, so the demo session is used"),
        };
        Opened {
            session,
            first_run: false,
            warning: Some(format!("{error}; {place}, and {used}")),
        }
    }

    /// Saves the session: whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written. What was there before stays.
    pub fn save(&self, session: &Session) -> Result<(), SessionError> {
        self.replace(session).map_err(|source| SessionError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// The disk has not taken it as long as anybody waits.
    pub(crate) fn not_in_time(&self) -> SessionError {
        SessionError::Write {
            path: self.path.clone(),
            source: io::Error::from(io::ErrorKind::TimedOut),
        }
    }

    fn replace(&self, session: &Session) -> io::Result<()> {
        let body = toml::to_string_pretty(session).map_err(io::Error::other)?;
        let text = format!("{FIRST_LINE}\n\n{body}\n{LAST_LINE}\n");
        fs::create_dir_all(folder_of(&self.path))?;
        let fresh = self.path.with_extension("new.toml");
        let mut file = fs::File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if read(&self.path).is_ok() {
            // Copied, not moved: at no moment is there no session.
            let copy = self.path.with_extension("copy.toml");
            fs::copy(&self.path, &copy)?;
            fs::rename(&copy, self.previous())?;
        }
        fs::rename(&fresh, &self.path)
    }
}

/// Airdesk's own folder for data: sessions, and passwords where the system has no key store.
pub fn data_folder() -> PathBuf {
    directories::ProjectDirs::from("org", "airdesk", "Airdesk")
        .map_or_else(|| PathBuf::from("airdesk"), |folders| folders.data_dir().to_owned())
}

/// Where the session is, unless another one is named.
pub fn default_path() -> PathBuf {
    data_folder().join("session.toml")
}

/// Where recordings go, unless the session says otherwise. Absolute, as a session's folder must be, wherever
/// the system keeps homes.
fn recordings_folder() -> PathBuf {
    let folder = directories::UserDirs::new().map_or_else(
        || data_folder().join("Recordings"),
        |user| {
            user.audio_dir()
                .unwrap_or(&user.home_dir().join("Music"))
                .join("Airdesk")
        },
    );
    std::path::absolute(&folder).unwrap_or(folder)
}

#[cfg(test)]
mod tests;
