//! A source that comes while others are recorded already: its file begins with silence, with the same frame as theirs, so that
//! all are as long. The recording goes on meanwhile: silence is made in the writer's spare time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backlog::{Backlog, End};
use super::fault::Fault;
use super::names::Naming;
use super::reel::Reel;
use super::tape::{Refusal, Tape, Whole};
use super::write::{Writer, duration, frames_in};

/// How long a round of the writer may make silence: half of it.
pub(super) const CATCH_UP: Duration = Duration::from_millis(20);
/// So much silence an encoder makes beside a recording well within what a backlog holds. Where there would be more, all go on
/// in new files.
const SILENCE_MAX: Duration = Duration::from_secs(600);
/// Frames of silence between two looks at the clock.
const RUN_FRAMES: u64 = 9_600;

/// A source that is not as far as the others.
pub(super) struct Joining {
    reel: Reel,
    /// Frames of silence that its file lacks still.
    silence: u64,
}

impl Writer {
    /// Makes the file of a source that has just come. What cannot be made is told, and the others go on.
    pub(super) fn join(&mut self, name: String, backlog: Arc<Backlog>) -> Result<(), Fault> {
        let kind = self.settings.kind(usize::MAX);
        let long = frames_in(SILENCE_MAX, self.settings.rate);
        if self.given() > long && !kind.format.begins_silent() {
            self.split()?;
        }
        let naming = self.name_of(&name);
        let silence = self.given();
        let tape = Tape::begin(&self.settings.folder, &naming, kind).and_then(|mut tape| {
            let silent = tape.begin_silent(silence)?;
            Ok((tape, if silent { 0 } else { silence }))
        });
        match tape {
            Ok((tape, silence)) => {
                self.board.joins(tape.path().to_owned());
                let before = self.reels.first().map_or(Whole::NONE, |first| Whole {
                    bytes: 0,
                    ..first.before
                });
                let (next, noted) = (self.position(), u64::MAX);
                let reel = Reel {
                    name,
                    backlog,
                    tape,
                    next,
                    noted,
                    before,
                };
                self.joining.push(Joining { reel, silence });
            }
            Err(error) => self.board.remark(format!(
                "strip {name} is not recorded: no file can be made in {} ({error}); the recording goes on without it",
                self.settings.folder.display()
            )),
        }
        Ok(())
    }

    /// Frames in the file that is written now.
    fn given(&self) -> u64 {
        self.reels.first().map_or(0, |first| first.tape.given())
    }

    /// What the file of a further source is called: as if it had begun with the others.
    fn name_of(&mut self, name: &str) -> Naming {
        let reels: Vec<&str> = self.reels.iter().map(|reel| reel.name.as_str()).chain([name]).collect();
        let waiting = self
            .newest()
            .map_or(0, |newest| (newest + 1).saturating_sub(self.position()));
        let rate = self.settings.rate;
        let ago = duration(waiting, rate) + Duration::from_secs_f64(self.given() as f64 / f64::from(rate.hz()));
        self.names.next(&reels, self.index, ago).pop().unwrap_or_default()
    }

    /// Brings sources that came later on, for so long, up to where the others are.
    pub(super) fn catch_up(&mut self, most: Duration) {
        if self.joining.is_empty() {
            return;
        }
        let (began, until) = (Instant::now(), self.position());
        let mut waiting = Vec::new();
        for mut joining in std::mem::take(&mut self.joining) {
            match joining.go_on(until, most.saturating_sub(began.elapsed()), self) {
                Ok(true) => {
                    self.reels.push(joining.reel);
                    self.keep_these();
                }
                Ok(false) => waiting.push(joining),
                Err(refusal) => {
                    let tape = &joining.reel.tape;
                    let sentence = refusal.sentence(tape.path(), tape.frames(), self.settings.rate);
                    self.board
                        .remark(format!("strip {} is not recorded: {sentence}", joining.reel.name));
                    joining.stop();
                }
            }
        }
        self.joining = waiting;
    }
}

impl Joining {
    /// True: it is as far as the others.
    fn go_on(&mut self, until: u64, most: Duration, writer: &Writer) -> Result<bool, Refusal> {
        let began = Instant::now();
        while self.silence > 0 {
            let run = self.silence.min(RUN_FRAMES);
            self.reel.tape.fill(run)?;
            self.silence -= run;
            if began.elapsed() >= most {
                return Ok(false);
            }
        }
        let backlog = &self.reel.backlog;
        let has_begun = backlog.first().is_some() || backlog.is_gone() || backlog.end() != End::Open;
        if !has_begun && most < Duration::MAX {
            return Ok(false);
        }
        // Before its first block there was nothing to lose.
        self.reel.noted = backlog.first().unwrap_or(until);
        self.reel.write(until, &writer.board)?;
        Ok(true)
    }

    /// Its file goes no further; its blocks go on coming.
    pub(super) fn stop(self) -> (String, Arc<Backlog>) {
        let Reel {
            name, backlog, tape, ..
        } = self.reel;
        tape.give_up();
        (name, backlog)
    }
}
