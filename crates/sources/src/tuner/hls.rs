//! A stream in pieces, as lists name them (HLS, RFC 8216): which list, which piece when, and their sound in one run. Tuner's thread;
//! blocks. A piece is decoded as it comes: none is held as a whole.
//!
//! Live streams are joined three pieces before their end, and their list is asked for no more often than its pieces are long;
//! recorded ones are heard from their beginning to their end. What breaks off is gone on with at its next byte. Untrusted: lists
//! have 1 MiB at most, and every address in them is judged as the stream's own is.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::address::Address;
use super::backoff::Backoff;
use super::decode::{Decoder, Heard, NO_SOUND};
use super::error::{Recovery, TuneError};
use super::id3::Untagged;
use super::patience::Patience;
use super::reach::Reach;
use super::sort::Sort;
use super::tune::{self, Text};
use super::{TunerSettings, playlist};

mod choice;
mod list;
mod piece;
mod schedule;

use list::{File, List, Media, Piece};
use schedule::{Brought, Schedule};

/// Bytes of a list.
pub(super) const LIST_BYTES_MAX: usize = 1 << 20;
/// Pieces in a row that are not there, or have no sound, before there is no point in the next.
const IN_VAIN_MAX: u32 = 8;
/// Attempts in a row before a live stream is looked for anew, from its first list on.
const FAILURES_MAX: u32 = 8;
/// How often a piece of a live stream is asked for that is named, and is not there: its list may be ahead of it.
const AHEAD_MAX: u32 = 2;
/// How many pieces' time a list may stay as it is before its server is said to stand still.
const STILL: f64 = 3.0;

/// What is heard, and what is to be known of it.
pub(super) trait Listener {
    /// Takes what so many bytes have brought, in seconds of work; waits until there is room.
    fn hear(&mut self, codec: Option<&'static str>, heard: Heard, bytes: usize, took: f64) -> Result<(), TuneError>;

    fn tell(&mut self, told: Told<'_>);
}

/// What becomes known.
#[derive(Debug)]
pub(super) enum Told<'a> {
    /// Its list is there. A recording has an end.
    Begins {
        is_recording: bool,
    },
    Title(String),
    /// It is looked for again, after a wait, for a reason.
    Broken(&'a TuneError),
    /// The wait is over.
    Again,
    /// It comes again.
    Comes,
    /// So many pieces were gone before they could be heard.
    Lost(u64, &'a str),
}

/// Where a stream was when an attempt was over.
#[derive(Debug)]
pub(super) struct Place {
    address: Address,
    next: u64,
}

/// Plays what a list names, to its end, where a live stream is said to be over; `place` is where an attempt before was, and then where this one is.
pub(super) fn play(
    text: Text,
    settings: &TunerSettings,
    patience: &Patience,
    place: &mut Option<Place>,
    listener: &mut impl Listener,
) -> Result<(), TuneError> {
    let (text, media) = pieces_of(text, settings, patience)?;
    if media.ended && media.pieces.is_empty() {
        return Err(text.nowhere("there is no piece in it".into()));
    }
    let before = place.take().filter(|place| place.address == text.address);
    // What was live and is over is none: its station may come back.
    let is_recording = media.ended && before.is_none();
    let mut schedule = Schedule::resuming(before.map(|place| place.next));
    listener.tell(Told::Begins { is_recording });
    let target = media.target;
    schedule.join(media);
    let mut stream = Stream {
        settings,
        patience,
        listener,
        list: text.address.clone(),
        base: text.address,
        reach: text.reach,
        schedule,
        target,
        loaded: Instant::now(),
        is_new: true,
        still: None,
        decoder: None,
        opening: None,
        opened_with: None,
        backoff: Backoff::default(),
        failures: 0,
        is_broken: false,
        gone: 0,
        silent: 0,
    };
    let over = stream.run().and_then(|()| match is_recording {
        true => Ok(()),
        false => Err(TuneError::Over {
            host: stream.base.to_string(),
        }),
    });
    *place = stream.schedule.place().map(|next| Place {
        address: stream.list,
        next,
    });
    over
}

/// The list of pieces that a text is, or that the best of its variants is which can be had.
fn pieces_of(text: Text, settings: &TunerSettings, patience: &Patience) -> Result<(Text, Media), TuneError> {
    let variants = match list::read(&text.text).map_err(|why| text.nowhere(why.into()))? {
        List::Media(media) => return Ok((text, media)),
        List::Master(variants) => variants,
    };
    let places = choice::places(&variants).map_err(|codecs| TuneError::Unsupported {
        host: text.address.to_string(),
        kind: super::text::one_line(&codecs),
    })?;
    let mut fault = None;
    for place in places {
        let found = moved(&text.address, &place)
            .and_then(|address| tune::text(settings, patience, text.reach, address))
            .and_then(|text| media_of(&text).map(|media| (text, media)));
        match found {
            Ok(found) => return Ok(found),
            Err(TuneError::Stopped) => return Err(TuneError::Stopped),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    Err(fault.unwrap_or_else(|| text.nowhere("there is no entry in it".into())))
}

fn media_of(text: &Text) -> Result<Media, TuneError> {
    if !playlist::is_hls(&text.text) {
        return Err(text.nowhere("it leads to what is no list of HLS".into()));
    }
    match list::read(&text.text) {
        Ok(List::Media(media)) => Ok(media),
        Ok(List::Master(_)) => Err(text.nowhere("it leads to another playlist".into())),
        Err(why) => Err(text.nowhere(why.into())),
    }
}

fn moved(from: &Address, to: &str) -> Result<Address, TuneError> {
    from.moved(to).map_err(|error| TuneError::Sent {
        from: from.to_string(),
        error,
    })
}

struct Stream<'a, L> {
    settings: &'a TunerSettings,
    patience: &'a Patience,
    listener: &'a mut L,
    /// Where its list is, what that is relative to, and how far it may send the desk.
    list: Address,
    base: Address,
    reach: Reach,
    schedule: Schedule,
    /// How long a piece is at most, seconds.
    target: f64,
    /// When the list was asked for, and whether it had anything new.
    loaded: Instant,
    is_new: bool,
    /// Since when it has nothing new.
    still: Option<Instant>,
    decoder: Option<(Sort, Decoder)>,
    /// What comes before the pieces, and which of it the decoder has had.
    opening: Option<(Rc<File>, Vec<u8>)>,
    opened_with: Option<Rc<File>>,
    backoff: Backoff,
    failures: u32,
    is_broken: bool,
    /// Pieces in a row that were not there, or had no sound.
    gone: u32,
    silent: u32,
}

/// How far a piece has come.
struct Progress {
    /// Bytes of it that were taken.
    done: u64,
    untagged: Untagged,
    /// Its first bytes, while it is not known what they are.
    first: Option<Vec<u8>>,
    frames: usize,
    /// When something of it was heard last.
    fruitful: Instant,
}

impl<L: Listener> Stream<'_, L> {
    fn run(&mut self) -> Result<(), TuneError> {
        loop {
            if let Some((number, piece)) = self.schedule.next() {
                self.piece(number, &piece)?;
            } else if self.schedule.has_ended() {
                return self.finish();
            } else {
                self.wait_for_more()?;
            }
        }
    }

    /// Hears a piece, in as many attempts as it takes.
    fn piece(&mut self, number: u64, piece: &Piece) -> Result<(), TuneError> {
        if let Some(method) = &piece.locked {
            return Err(TuneError::Encrypted {
                host: self.base.to_string(),
                method: method.to_string(),
            });
        }
        if piece.is_absent {
            self.lose(1);
            self.schedule.pass(true);
            return Ok(());
        }
        let mut progress = Progress::default();
        let mut attempts = 0;
        while let Err(error) = self.transfer(piece, &mut progress) {
            attempts += 1;
            // An empty one is none, however it is answered.
            let is_gone = matches!(
                error,
                TuneError::Status { status: 404 | 410, .. } | TuneError::Over { .. }
            );
            if is_gone && (self.schedule.has_ended() || attempts > AHEAD_MAX) {
                return self.pass_by();
            }
            self.again(error, is_gone)?;
            if self.is_passed(number)? {
                return Ok(());
            }
        }
        self.schedule.pass(false);
        (self.failures, self.gone) = (0, 0);
        self.backoff = Backoff::default();
        self.silent = if progress.frames > 0 { 0 } else { self.silent + 1 };
        if self.silent < IN_VAIN_MAX {
            return Ok(());
        }
        Err(self.undecodable(NO_SOUND))
    }

    /// A piece is not there.
    fn pass_by(&mut self) -> Result<(), TuneError> {
        self.lose(1);
        self.schedule.pass(true);
        self.gone += 1;
        if self.gone < IN_VAIN_MAX {
            return Ok(());
        }
        Err(TuneError::Missing {
            host: self.base.to_string(),
            count: self.gone,
        })
    }

    fn lose(&mut self, count: u64) {
        self.listener.tell(Told::Lost(count, &self.base.to_string()));
    }

    /// While a piece is tried again, its list may have gone on without it.
    fn is_passed(&mut self, number: u64) -> Result<bool, TuneError> {
        let is_due = self.loaded.elapsed().as_secs_f64() >= self.target / 2.0;
        if !self.schedule.has_ended() && is_due {
            match self.load(false) {
                Err(error) if !is_passing(&error) => return Err(error),
                // The piece itself says what is the matter.
                _ => {}
            }
        }
        Ok(self.schedule.place() != Some(number))
    }

    /// Waits after a fault that may pass. `is_gone`: what is named may come.
    fn again(&mut self, error: TuneError, is_gone: bool) -> Result<(), TuneError> {
        self.failures += 1;
        let is_enough = !self.schedule.has_ended() && self.failures > FAILURES_MAX;
        if is_enough || !(is_gone || is_passing(&error)) {
            return Err(error);
        }
        self.rest(&error)
    }

    fn rest(&mut self, error: &TuneError) -> Result<(), TuneError> {
        self.is_broken = true;
        self.listener.tell(Told::Broken(error));
        if !self.patience.wait(self.backoff.wait()) {
            return Err(TuneError::Stopped);
        }
        self.listener.tell(Told::Again);
        Ok(())
    }

    /// Asks for the list again once it may have changed (RFC 8216, 6.3.4).
    fn wait_for_more(&mut self) -> Result<(), TuneError> {
        let pause = if self.is_new { self.target } else { self.target / 2.0 };
        let pause = Duration::from_secs_f64(pause).saturating_sub(self.loaded.elapsed());
        if !self.patience.wait(pause) {
            return Err(TuneError::Stopped);
        }
        let most = self
            .settings
            .limits
            .stall
            .max(Duration::from_secs_f64(STILL * self.target));
        let is_still = self.still.is_some_and(|since| since.elapsed() > most);
        match self.load(is_still) {
            Ok(()) if self.is_new => self.failures = 0,
            Ok(()) if is_still => {
                let seconds = self.still.map_or(most, |since| since.elapsed()).as_secs_f64();
                let host = self.base.to_string();
                return self.rest(&TuneError::Stalled { host, seconds });
            }
            Ok(()) => {}
            Err(error) => return self.again(error, false),
        }
        Ok(())
    }

    /// Asks for the list. `is_still`: a server that counts anew is believed.
    fn load(&mut self, is_still: bool) -> Result<(), TuneError> {
        self.loaded = Instant::now();
        let text = tune::text(self.settings, self.patience, self.reach, self.list.clone())?;
        let media = media_of(&text)?;
        (self.base, self.target) = (text.address, media.target);
        let brought = self.schedule.take(media, is_still);
        if let Brought::More { lost: lost @ 1.. } = brought {
            self.lose(lost);
        }
        self.is_new = brought != Brought::Nothing;
        if self.is_new {
            self.still = None;
        } else {
            self.still.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// What the decoder still has, at an end or before something else.
    fn finish(&mut self) -> Result<(), TuneError> {
        self.feed(&[], true, &mut Progress::default())?;
        (self.decoder, self.opened_with) = (None, None);
        Ok(())
    }

    fn undecodable(&self, why: &'static str) -> TuneError {
        TuneError::Undecodable {
            host: self.base.to_string(),
            why,
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            done: 0,
            untagged: Untagged::default(),
            first: Some(Vec::new()),
            frames: 0,
            fruitful: Instant::now(),
        }
    }
}

/// It may be over the next time.
fn is_passing(error: &TuneError) -> bool {
    error.recovery(false) == Recovery::Retry || matches!(error, TuneError::Playlist { .. })
}

#[cfg(test)]
mod tests;
