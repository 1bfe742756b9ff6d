//! The timeline: everything that happened, in the library, so that it can be read while the desk runs and after it was
//! killed.
//!
//! The station only notes what happened, and never waits: the scribe has a thread of its own. Whoever reads opens the
//! file for himself ([`TimelineFile`]).

pub mod csv;
mod happened;
mod moment;
mod reading;
mod retention;
mod scribe;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use airdesk_devices::DeviceId;
use tokio::sync::{Semaphore, broadcast, mpsc};

use crate::api::{Event, Happening, OutputName};
use crate::broadcast::HearingLog;
use crate::station::Internal;
use crate::tracks::PlayBegun;

pub(crate) use happened::AirLog;
pub use moment::{MomentError, moment, now};
pub use reading::{Order, Page, Question, TimelineFile, TimelineReader};
pub(crate) use scribe::ScribeNews;
pub(crate) use watch::written;

use scribe::{Draft, Scribe, Wish};
use watch::Watch;

/// A loss that has paused for longer is over: the next one is another entry.
const PAUSE: Duration = Duration::from_secs(2);
/// A loss that goes on is written so often at the most.
const GROWTH: Duration = Duration::from_millis(250);
/// What waits to be written for longer is late: the disk hangs.
const LATE: Duration = Duration::from_secs(5);
/// So many of the desk's readings are under way at the most: a disk that hangs must not use up its threads.
const READINGS: usize = 4;
/// Longer subjects and causes are cut, characters.
const TEXT_CHARS: usize = 1_000;

/// What happened, before anybody knows when.
pub(crate) struct Note {
    pub(crate) subject: String,
    pub(crate) cause: Option<String>,
    pub(crate) position: Option<u64>,
    pub(crate) happening: Happening,
}

impl Note {
    pub(crate) fn new(subject: impl Into<String>, happening: Happening) -> Self {
        Self {
            subject: subject.into(),
            cause: None,
            position: None,
            happening,
        }
    }

    pub(crate) fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// At this frame of the recording.
    pub(crate) fn at(mut self, position: u64) -> Self {
        self.position = Some(position);
        self
    }
}

/// Where a device is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It feeds strips.
    Input(DeviceId),
    /// It plays a bus.
    Output(OutputName),
}

/// A loss that may go on.
struct Losing {
    serial: u64,
    seconds: f64,
    last: Instant,
    written: Instant,
    /// Not all of it has been passed on.
    grown: bool,
}

/// The station's end: what it has noted, and what it must remember to note the next thing right.
pub(crate) struct Timeline {
    file: TimelineFile,
    readings: Arc<Semaphore>,
    scribe: Scribe,
    watch: Watch,
    serial: u64,
    /// By where audio is lost.
    losing: BTreeMap<String, Losing>,
    /// What was in use and is gone, and since when.
    away: Vec<(Place, Instant)>,
    /// By what a stream is called: what was noted of it last, and where it went.
    air: BTreeMap<String, (AirLog, String)>,
    /// By the same: what was noted of its listeners.
    hearing: BTreeMap<String, HearingLog>,
    title: String,
    /// The operator knows that nothing is written.
    told_late: bool,
}

impl Timeline {
    /// Starts the scribe. `session` is the desk's, as nobody else calls it.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(
        data: &Path,
        session: &Path,
        events: broadcast::Sender<Event>,
        internal: mpsc::UnboundedSender<Internal>,
    ) -> std::io::Result<Self> {
        let file = TimelineFile::in_folder(data);
        let watch = Watch::start();
        let session = std::path::absolute(session).unwrap_or_else(|_| session.to_owned());
        let tell = move |news| {
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::Timeline(news));
        };
        let scribe = Scribe::start(file.path(), &session, watch, events, tell)?;
        Ok(Self {
            file,
            readings: Arc::new(Semaphore::new(READINGS)),
            scribe,
            watch,
            serial: 0,
            losing: BTreeMap::new(),
            away: Vec::new(),
            air: BTreeMap::new(),
            hearing: BTreeMap::new(),
            title: String::new(),
            told_late: false,
        })
    }

    /// For who reads it.
    pub(crate) fn file(&self) -> &TimelineFile {
        &self.file
    }

    /// Notes what has happened now, at this frame of the programme.
    pub(crate) fn note(&mut self, note: Note, frame: u64) -> u64 {
        self.serial += 1;
        let Note {
            subject,
            cause,
            position,
            happening,
        } = note;
        let draft = Draft {
            serial: self.serial,
            stamp: self.watch.now(),
            frame,
            subject: plain(&subject),
            cause: cause.as_deref().map(plain),
            position,
            happening,
        };
        self.scribe.ask(Wish::Write(Box::new(draft)));
        self.serial
    }

    /// Notes that a deck sounds something now. Returns the number by which it is heard of again.
    pub(crate) fn begin_play(&mut self, play: PlayBegun) -> u64 {
        self.serial += 1;
        let play = PlayBegun {
            strip: plain(&play.strip),
            title: plain(&play.title),
            artist: plain(&play.artist),
            ..play
        };
        self.scribe.ask(Wish::Play {
            serial: self.serial,
            stamp: self.watch.now(),
            play: Box::new(play),
        });
        self.serial
    }

    /// Notes how many seconds of it were heard by now.
    pub(crate) fn heard(&self, serial: u64, seconds: f64) {
        self.scribe.ask(Wish::Heard { serial, seconds });
    }

    /// Audio was lost, or more of it: one entry for as long as it goes on.
    fn lose(&mut self, place: &str, more: f64, rate: f64, note: impl FnOnce() -> (Note, u64)) {
        let now = Instant::now();
        let going_on = self.losing.get_mut(place).filter(|losing| now - losing.last < PAUSE);
        if let Some(losing) = going_on {
            losing.seconds += more;
            (losing.last, losing.grown) = (now, true);
            return;
        }
        let (note, frame) = note();
        let note = Note {
            happening: loss(more, rate),
            ..note
        };
        let losing = Losing {
            serial: self.note(note, frame),
            seconds: more,
            last: now,
            written: now,
            grown: false,
        };
        self.losing.insert(place.to_owned(), losing);
    }

    /// Passes on how losses have grown, and forgets those that are over.
    fn grow(&mut self, rate: f64) {
        let now = Instant::now();
        for losing in self.losing.values_mut() {
            if losing.grown && now - losing.written >= GROWTH {
                (losing.written, losing.grown) = (now, false);
                self.scribe.ask(Wish::Grow {
                    serial: losing.serial,
                    happening: Box::new(loss(losing.seconds, rate)),
                });
            }
        }
        self.losing
            .retain(|_, losing| losing.grown || now - losing.last < PAUSE);
    }

    /// What to tell of a disk that takes nothing, once until it takes something again.
    fn look(&mut self) -> Option<String> {
        let late = self.scribe.late_since().is_some_and(|since| since.elapsed() > LATE);
        if !late || std::mem::replace(&mut self.told_late, true) {
            return None;
        }
        Some(format!(
            "the disk with {} takes nothing; what happens now is kept in memory until it does, and is lost if the desk ends",
            self.file.path().display()
        ))
    }
}

fn loss(seconds: f64, rate: f64) -> Happening {
    Happening::Loss {
        frames: (seconds * rate).round() as u64,
        seconds,
    }
}

/// One line, and not endless: an entry is read in a list, and what it tells of may come from anywhere.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_CHARS)
        .collect()
}
