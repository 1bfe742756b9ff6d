//! Titles from a text file that another program writes: its first line is what is on as soon as it is another one.
//!
//! A follower reads it on a thread of its own, because a network folder may hang. A title that is set otherwise stays until
//! the file says something else.

mod follower;
mod line;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::api::{CommandError, ErrorCode, Event, Severity, TitleFileReading, TitleFileState};
use crate::session::SessionTitleFile;
use crate::station::{Core, Internal};
use follower::Follower;
pub(crate) use follower::Look;

/// A follower that says nothing for longer hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// What comes and goes is told again once it has been there for so long in between.
const LASTING: Duration = Duration::from_secs(60);
/// So many followers may hang at the most: each holds a thread until its folder answers.
const HANGING_MAX: usize = 8;

/// The file that is followed.
pub(crate) struct TitleFile {
    path: String,
    reading: TitleFileReading,
    /// The line that was taken last.
    taken: String,
    follower: Option<Follower>,
    /// Followers there have been: what one says of a file that is no longer wanted counts for nothing.
    followers: u64,
    /// When the follower was heard of last.
    heard: Instant,
    /// Why no title could be read when that was told last.
    told: Option<String>,
    /// Since when titles can be read.
    followed: Instant,
    /// One more is held by each thread that has not ended.
    threads: Arc<()>,
    internal: mpsc::UnboundedSender<Internal>,
}

/// Refuses what cannot be, of a command and of a session.
pub(crate) fn check(path: &str) -> Result<(), CommandError> {
    if path.is_empty() || Path::new(path).is_absolute() {
        return Ok(());
    }
    Err(CommandError {
        code: ErrorCode::Invalid,
        message: format!("the file with the title is \"{path}\"; name it from the root, or name none"),
    })
}

impl TitleFile {
    /// None is followed.
    pub(crate) fn new(internal: mpsc::UnboundedSender<Internal>) -> Self {
        Self {
            path: String::new(),
            reading: TitleFileReading::Off,
            taken: String::new(),
            follower: None,
            followers: 0,
            heard: Instant::now(),
            told: None,
            followed: Instant::now(),
            threads: Arc::new(()),
            internal,
        }
    }

    pub(crate) fn state(&self) -> TitleFileState {
        TitleFileState {
            path: self.path.clone(),
            reading: self.reading.clone(),
        }
    }

    /// As a session keeps it.
    pub(crate) fn settings(&self) -> SessionTitleFile {
        SessionTitleFile {
            path: self.path.clone(),
            taken: self.taken.clone(),
        }
    }

    fn follow(&mut self, settings: SessionTitleFile) -> Result<(), CommandError> {
        let SessionTitleFile { path, taken } = settings;
        check(&path)?;
        let follower = if path.is_empty() {
            None
        } else {
            Some(self.start(&path)?)
        };
        self.reading = match follower {
            Some(_) => TitleFileReading::Looking,
            None => TitleFileReading::Off,
        };
        (self.path, self.taken, self.follower, self.heard) = (path, taken, follower, Instant::now());
        self.told = None;
        Ok(())
    }

    /// A session's file that cannot be followed now is its file all the same.
    fn cannot(&mut self, SessionTitleFile { path, taken }: SessionTitleFile, reason: String) {
        (self.path, self.taken, self.follower) = (path, taken, None);
        self.reading = TitleFileReading::Missing { reason };
    }

    /// Takes in what is read. Returns why no title can be, where the operator is to be told that.
    fn is(&mut self, reading: TitleFileReading, now: Instant) -> Option<String> {
        let before = std::mem::replace(&mut self.reading, reading);
        let TitleFileReading::Missing { reason } = &self.reading else {
            if !matches!(before, TitleFileReading::Followed { .. }) {
                self.followed = now;
            }
            return None;
        };
        let is_news = !matches!(before, TitleFileReading::Missing { .. });
        let is_known = self.told.as_ref() == Some(reason) && now.saturating_duration_since(self.followed) < LASTING;
        if !is_news || is_known {
            return None;
        }
        self.told = Some(reason.clone());
        self.told.clone()
    }

    fn start(&mut self, path: &str) -> Result<Follower, CommandError> {
        let unavailable = |message| CommandError {
            code: ErrorCode::Unavailable,
            message,
        };
        if Arc::strong_count(&self.threads) > HANGING_MAX {
            let message = "the folders of files that were followed before do not answer; wait until they do".into();
            return Err(unavailable(message));
        }
        self.followers += 1;
        let (number, internal, file) = (self.followers, self.internal.clone(), PathBuf::from(path));
        let thread = self.threads.clone();
        let follower = Follower::start(
            move || line::read(&file),
            move |reading| {
                let _held = &thread;
                internal
                    .send(Internal::TitleFile(Look {
                        follower: number,
                        reading,
                    }))
                    .is_ok()
            },
        );
        follower.map_err(|error| {
            unavailable(format!(
                "the thread for {path} could not be started: {error}; end other programs"
            ))
        })
    }

    /// What the follower says now; `None`: nothing new.
    fn hear(&mut self, look: Look) -> Option<TitleFileReading> {
        if self.follower.is_none() || look.follower != self.followers {
            return None;
        }
        self.heard = Instant::now();
        let reading = match look.reading? {
            Ok(line) => TitleFileReading::Followed { line },
            Err(reason) => TitleFileReading::Missing { reason },
        };
        (reading != self.reading).then_some(reading)
    }

    /// The follower hangs, and nobody knows yet.
    fn hangs(&self, now: Instant) -> bool {
        let known = matches!(self.reading, TitleFileReading::Missing { .. });
        self.follower.is_some() && !known && now.saturating_duration_since(self.heard) > PATIENCE
    }
}

impl Core {
    /// Follows another file, or none. Its title is on as soon as it has been read.
    pub(crate) fn set_title_file(&mut self, path: &str) -> Result<(), CommandError> {
        if path == self.title_file.path {
            return Ok(());
        }
        self.title_file.follow(SessionTitleFile {
            path: path.to_owned(),
            taken: String::new(),
        })?;
        self.tell_title_file();
        Ok(())
    }

    /// Follows what the session says, which has been checked.
    pub(crate) fn take_up_title_file(&mut self, session: SessionTitleFile) {
        if let Err(error) = self.title_file.follow(session.clone()) {
            self.title_file.cannot(session, error.message.clone());
            self.notice(Severity::Error, error.message);
        }
    }

    /// Takes in what the follower has read.
    pub(crate) fn hear_title_file(&mut self, look: Look) {
        let Some(reading) = self.title_file.hear(look) else {
            return;
        };
        if let TitleFileReading::Followed { line } = &reading
            && *line != self.title_file.taken
        {
            let (artist, title) = line::artist_and_title(line);
            self.set_title(title, artist, None);
            self.title_file.taken.clone_from(line);
            self.tell(Event::Title(self.air.title()));
            self.touch();
        }
        self.title_file_is(reading);
    }

    /// Says so when the follower hangs.
    pub(crate) fn look_after_title_file(&mut self) {
        if self.title_file.hangs(Instant::now()) {
            let reason = "its folder does not answer; look at the disk or the network".into();
            self.title_file_is(TitleFileReading::Missing { reason });
        }
    }

    fn title_file_is(&mut self, reading: TitleFileReading) {
        if let Some(reason) = self.title_file.is(reading, Instant::now()) {
            let path = &self.title_file.path;
            let text = format!("no title can be read in {path}: {reason}; the title stays as it is");
            self.notice(Severity::Warning, text);
        }
        self.tell_title_file();
    }

    fn tell_title_file(&self) {
        self.tell(Event::TitleFile(self.title_file.state()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_hangs_is_told_once_and_what_it_says_of_another_file_counts_for_nothing() {
        let (internal, _station) = mpsc::unbounded_channel();
        let mut file = TitleFile::new(internal);
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(!file.hangs(later(60)), "none is followed");
        let folder = tempfile::tempdir().expect("a folder");
        let settings = |name: &str| SessionTitleFile {
            path: folder.path().join(name).to_string_lossy().into_owned(),
            taken: String::new(),
        };
        file.follow(settings("one.txt")).expect("followed");
        file.follow(settings("two.txt")).expect("followed");
        assert!(!file.hangs(later(4)) && file.hangs(later(6)));
        let look = |follower, line: &str| Look {
            follower,
            reading: Some(Ok(line.to_owned())),
        };
        assert_eq!(file.hear(look(1, "Old")), None);
        let line = "New".to_owned();
        assert_eq!(file.hear(look(2, "New")), Some(TitleFileReading::Followed { line }));
        file.reading = TitleFileReading::Missing {
            reason: "it hangs".into(),
        };
        assert!(!file.hangs(later(60)), "it is known");
    }

    #[test]
    fn a_file_that_comes_and_goes_is_told_of_once_and_again_when_it_had_been_there_for_a_minute() {
        let (internal, _station) = mpsc::unbounded_channel();
        let mut file = TitleFile::new(internal);
        let begin = Instant::now();
        let missing = |reason: &str| TitleFileReading::Missing { reason: reason.into() };
        let followed = || TitleFileReading::Followed { line: "A".into() };
        let mut is = |reading, seconds| file.is(reading, begin + Duration::from_secs(seconds)).is_some();
        assert!(!is(followed(), 0));
        assert!(is(missing("gone"), 100));
        assert!(!is(missing("gone"), 101));
        assert!(!is(followed(), 102) && !is(missing("gone"), 104), "it comes and goes");
        assert!(
            !is(followed(), 105) && is(missing("hangs"), 106),
            "this is something else"
        );
        assert!(!is(followed(), 107) && !is(followed(), 166) && is(missing("hangs"), 168));
    }
}
