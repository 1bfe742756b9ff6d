//! Reading a session: what is no session, and what no command could have set, is refused with its place.

use std::fs;
use std::path::Path;

use airdesk_dsp::{Decibels, SampleRate};
use airdesk_engine::{MAX_STRIPS, VCA_GROUPS};

use super::file::{FIRST_LINE, LAST_LINE};
use super::{Session, SessionBus, SessionError, SessionStrip};
use crate::api::{CommandError, DuckerSettings, LimiterSettings};
use crate::obey::checked_name;
use crate::scenes::{SCENES_MAX, checked_scene_name};
use crate::{broadcast, range, recording};

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
    let console = Console {
        limiter: &session.limiter,
        talkover: &session.talkover,
        vcas: &session.vcas,
        buses: &session.buses,
        strips: &session.strips,
    };
    console.check()?;
    if session.scenes.len() > SCENES_MAX {
        let count = session.scenes.len();
        return Err(format!("it has {count} scenes; {SCENES_MAX} are the most"));
    }
    for scene in &session.scenes {
        let name = checked_scene_name(&scene.name).map_err(|error| error.message)?;
        let console = Console {
            limiter: &scene.limiter,
            talkover: &scene.talkover,
            vcas: &scene.vcas,
            buses: &scene.buses,
            strips: &scene.strips,
        };
        console.check().map_err(|reason| format!("scene {name}: {reason}"))?;
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

/// What sessions and scenes have in common.
struct Console<'a> {
    limiter: &'a LimiterSettings,
    talkover: &'a DuckerSettings,
    vcas: &'a [Decibels],
    buses: &'a [SessionBus],
    strips: &'a [SessionStrip],
}

impl Console<'_> {
    fn check(&self) -> Result<(), String> {
        let say = |error: CommandError| error.message;
        range::limiter(self.limiter).map_err(say)?;
        range::talkover(self.talkover).map_err(say)?;
        if self.vcas.len() > VCA_GROUPS {
            let count = self.vcas.len();
            return Err(format!("it has {count} VCA groups; {VCA_GROUPS} are the most"));
        }
        for level in self.vcas {
            range::fader("VCA fader", Some(level.db())).map_err(say)?;
        }
        if self.strips.len() > MAX_STRIPS {
            let count = self.strips.len();
            return Err(format!("it has {count} strips; {MAX_STRIPS} are the most"));
        }
        for bus in self.buses {
            self.check_bus(bus)
                .map_err(|reason| format!("bus {}: {reason}", bus.bus.word()))?;
        }
        for strip in self.strips {
            let name = checked_name(&strip.name).map_err(say)?;
            range::controls(&strip.controls).map_err(|error| format!("strip {name}: {}", error.message))?;
        }
        Ok(())
    }

    fn check_bus(&self, bus: &SessionBus) -> Result<(), String> {
        let say = |error: CommandError| error.message;
        range::fader("fader", Some(bus.fader.db())).map_err(say)?;
        range::bus_chain(&bus.stages()).map_err(say)?;
        if self.buses.iter().filter(|other| other.bus == bus.bus).count() > 1 {
            return Err("it is there twice; take one out".into());
        }
        let Some(place) = bus.without else { return Ok(()) };
        range::aux(bus.bus).map_err(say)?;
        if (1..=self.strips.len()).contains(&place) {
            return Ok(());
        }
        let strips = self.strips.len();
        Err(format!(
            "there is no strip {place} to leave out; the places are 1 to {strips}"
        ))
    }
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
