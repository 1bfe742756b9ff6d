//! One file, decoded ahead on a thread of its own.
//!
//! Whoever plays it never waits for a disk or a codec. What was read last is kept, so that a deck that changes its mind
//! takes it back. A file that hangs or breaks costs its own thread only.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use airdesk_dsp::Frame;
use rtrb::{Consumer, Producer, RingBuffer};

use super::{Fault, Medium};

/// Opens a medium, on the track's own thread.
pub type Opener = Box<dyn FnOnce() -> Result<Box<dyn Medium>, Fault> + Send>;

/// How much is decoded ahead, frames: longer than a disk's hiccup. 0.8 MB.
const AHEAD: usize = 98_304;
/// Frames decoded at a time.
const STEP: usize = 2_048;
/// How often room is looked for while there is none: a fraction of what is decoded ahead.
const ROUND: Duration = Duration::from_millis(200);
/// Frames that were read and can be taken back: more than a deck writes ahead of what is heard.
pub(super) const KEPT: usize = 48_000;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It is being opened.
    Nothing,
    /// It can be played; how long it is, in frames of the desk, where that is known.
    Length(Option<u64>),
    /// It cannot be opened.
    Broken(Fault),
}

/// What the thread says.
struct Told {
    known: Known,
    /// Why it ended before its end.
    torn: Option<Fault>,
}

/// What the thread is asked to do: begin at a frame, and go back from one to another, into a new ring.
struct Beginning {
    at: u64,
    repeat: Option<Repeat>,
    frames: Producer<Frame>,
}

/// A part that is played again and again, in frames of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// Its first frame.
    pub from: u64,
    /// The first that is not in it; behind `from`.
    pub to: u64,
}

/// One file as a deck has it.
pub(super) struct Track {
    frames: Consumer<Frame>,
    beginnings: Sender<Beginning>,
    told: Arc<Mutex<Told>>,
    /// The number of the next frame, from the file's beginning.
    place: u64,
    repeat: Option<Repeat>,
    /// What was read last, oldest first; of this the last `back` frames come again.
    kept: VecDeque<Frame>,
    back: usize,
    /// Where it goes on when all of that has come again.
    resumes: u64,
    given_up: Option<GivenUp>,
}

/// Why nobody waits for a file any more, and whether it was open by then.
struct GivenUp {
    fault: Fault,
    opened: bool,
}

impl Track {
    /// Begins to open and decode a file from frame `at` on. Returns at once.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn begin(open: Opener, at: u64) -> std::io::Result<Self> {
        let (producer, frames) = RingBuffer::new(AHEAD);
        let (beginnings, asked) = mpsc::channel();
        let told = Arc::new(Mutex::new(Told {
            known: Known::Nothing,
            torn: None,
        }));
        let tells = told.clone();
        let first = Beginning {
            at,
            repeat: None,
            frames: producer,
        };
        thread::Builder::new()
            .name("deck track".into())
            .spawn(move || decode(open, first, &asked, &tells))?;
        Ok(Self {
            frames,
            beginnings,
            told,
            place: at,
            repeat: None,
            kept: VecDeque::with_capacity(KEPT),
            back: 0,
            resumes: at,
            given_up: None,
        })
    }

    pub(super) fn known(&self) -> Known {
        match &self.given_up {
            Some(given_up) if !given_up.opened => Known::Broken(given_up.fault.clone()),
            _ => lock(&self.told).known.clone(),
        }
    }

    /// Why it was not played to its end.
    pub(super) fn torn(&self) -> Option<Fault> {
        let torn = lock(&self.told).torn.clone();
        torn.or_else(|| self.given_up.as_ref().map(|given_up| given_up.fault.clone()))
    }

    /// Waits for it no longer: what was read is all there is of it. Its thread ends when it can.
    pub(super) fn give_up(&mut self, fault: Fault) {
        let opened = self.known() != Known::Nothing;
        self.given_up = Some(GivenUp { fault, opened });
        self.frames = RingBuffer::new(1).1;
    }

    /// The number of the frame that is read next.
    pub(super) fn place(&self) -> u64 {
        self.place
    }

    pub(super) fn repeat(&self) -> Option<Repeat> {
        self.repeat
    }

    /// Frames that can be read now.
    pub(super) fn ready(&self) -> usize {
        self.back + self.frames.slots()
    }

    /// Nothing comes any more: it was read to its end, or broke.
    pub(super) fn is_over(&self) -> bool {
        // In this order: what was written before it was let go of is there.
        self.frames.is_abandoned() && self.ready() == 0
    }

    /// What is ready is all there is.
    pub(super) fn is_whole(&self) -> bool {
        self.frames.is_abandoned()
    }

    /// Goes on at `place`, with another part to repeat or none. What is ready from then on is of there.
    pub(super) fn locate(&mut self, place: u64, repeat: Option<Repeat>) {
        let (producer, frames) = RingBuffer::new(AHEAD);
        let beginning = Beginning {
            at: place,
            repeat,
            frames: producer,
        };
        // A thread that has ended has said why; then nothing comes.
        let _ = self.beginnings.send(beginning);
        self.frames = frames;
        if place == self.place {
            // What was read up to there can still be taken back.
            self.kept.truncate(self.kept.len() - self.back);
        } else {
            self.kept.clear();
        }
        (self.place, self.repeat, self.back) = (place, repeat, 0);
        self.given_up.take_if(|given_up| given_up.opened);
    }

    /// Fills as much of `out` as is ready. Returns how many frames that were.
    pub(super) fn read(&mut self, out: &mut [Frame]) -> usize {
        let again = self.back.min(out.len());
        let first = self.kept.len() - self.back;
        for (frame, kept) in out.iter_mut().zip(self.kept.range(first..first + again)) {
            *frame = *kept;
        }
        self.back -= again;
        if again > 0 {
            let here = self.place_after(again as u64);
            self.place = if self.back == 0 { self.resumes } else { here };
        }
        let (new, _) = self.frames.pop_partial_slice(&mut out[again..]);
        let count = again + new.len();
        let surplus = (self.kept.len() + new.len()).saturating_sub(KEPT);
        self.kept.drain(..surplus.min(self.kept.len()));
        self.kept.extend(new.iter());
        self.place = self.place_after(new.len() as u64);
        count
    }

    /// Where it is after so many frames more.
    fn place_after(&self, frames: u64) -> u64 {
        place_after(self.place, frames, self.repeat)
    }

    /// Takes the last `frames` that were read back, so that they are read again; `place` is where the first of them is from.
    pub(super) fn take_back(&mut self, frames: usize, place: u64) {
        if self.back == 0 {
            self.resumes = self.place;
        }
        debug_assert!(self.back + frames <= self.kept.len(), "more than is kept");
        self.back = (self.back + frames).min(self.kept.len());
        self.place = place;
    }
}

/// Where in a file it is, `frames` behind `place`.
pub(super) fn place_after(place: u64, frames: u64, repeat: Option<Repeat>) -> u64 {
    match repeat {
        Some(Repeat { from, to }) if place < to && place + frames >= to => from + (place + frames - to) % (to - from),
        _ => place + frames,
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    // Both are replaced whole.
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The track's thread. It ends when nobody listens any more, or the file cannot be played on.
fn decode(open: Opener, mut beginning: Beginning, asked: &Receiver<Beginning>, told: &Mutex<Told>) {
    let mut medium = match open() {
        Ok(medium) => medium,
        Err(reason) => {
            lock(told).known = Known::Broken(reason);
            return;
        }
    };
    lock(told).known = Known::Length(medium.frames());
    loop {
        // What was asked for while it was busy counts no more.
        while let Ok(newer) = asked.try_recv() {
            beginning = newer;
        }
        match play(medium.as_mut(), beginning, asked) {
            Ok(Some(next)) => beginning = next,
            Ok(None) => return,
            Err(reason) => {
                lock(told).torn = Some(reason);
                return;
            }
        }
    }
}

/// Fills one ring, until another is asked for: that one. `None`: nobody listens any more.
fn play(
    medium: &mut dyn Medium,
    beginning: Beginning,
    asked: &Receiver<Beginning>,
) -> Result<Option<Beginning>, Fault> {
    let Beginning {
        mut at,
        repeat,
        mut frames,
    } = beginning;
    let mut step: Box<[Frame]> = vec![[0.0; 2]; STEP].into();
    medium.seek(at)?;
    let mut ended = false;
    loop {
        while !ended && frames.slots() >= STEP {
            let border = repeat
                .filter(|repeat| at < repeat.to)
                .map_or(u64::MAX, |repeat| repeat.to - at);
            let wanted = usize::try_from(border).unwrap_or(STEP).min(STEP);
            let count = medium.read(&mut step[..wanted])?;
            let (_, lost) = frames.push_partial_slice(&step[..count]);
            debug_assert!(lost.is_empty(), "there was room");
            at += count as u64;
            ended = count < wanted;
            if let Some(repeat) = repeat.filter(|repeat| at == repeat.to) {
                at = repeat.from;
                medium.seek(at)?;
            }
            if let Ok(next) = asked.try_recv() {
                return Ok(Some(next));
            }
        }
        if ended || frames.is_abandoned() {
            // The reader sees the end by this: nobody writes any more. It may ask for another ring, or has done so.
            drop(frames);
            return Ok(asked.recv().ok());
        }
        match asked.recv_timeout(ROUND) {
            Ok(next) => return Ok(Some(next)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}
