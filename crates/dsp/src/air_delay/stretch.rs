//! How the delay grows and shrinks: pieces of 4 to 30 ms that are aired twice or left out, as often as the rate allows and
//! where the programme lets nobody hear it.

use super::AirDelay;
use super::fade::{Fade, Tail};
use crate::BLOCK_FRAMES;

/// Blocks between two searches while no place is good enough.
const PATIENCE_BLOCKS: u32 = 8;
/// How like a place must be, until so many seconds have been waited for a better one. Noise is never like itself.
const GOOD_ENOUGH: [(f64, f32); 4] = [(0.10, 0.95), (0.25, 0.80), (0.50, 0.60), (0.80, 0.30)];
/// After this many seconds a beginning of a sound is no obstacle any more.
const ANYWHERE_AFTER: f64 = 1.2;

/// Where the delay goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Slower,
    Faster,
}

/// How much may be stretched now.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// The shortest and the longest piece, frames.
    piece: [i64; 2],
    /// Frames to stretch by for each that is aired.
    rate: f64,
    /// Frames by which stretching is behind; below zero it is ahead.
    due: f64,
    /// Blocks since it was due.
    waited: u32,
    /// What was before this position must not be aired again.
    begins: i64,
}

impl Pace {
    pub(super) fn new(piece: [i64; 2]) -> Self {
        Self {
            piece,
            rate: 0.0,
            due: 0.0,
            waited: 0,
            begins: 0,
        }
    }

    pub(super) fn set(&mut self, percent: f32) {
        self.rate = f64::from(percent) / 100.0;
    }

    /// The longest piece, frames.
    pub(super) fn longest(&self) -> i64 {
        self.piece[1]
    }

    /// The programme begins anew here: what was before is gone.
    pub(super) fn begin(&mut self, position: i64) {
        self.begins = position;
    }

    /// Where to go when `missing` frames are missing to the wanted delay. Pieces are as long as they have to be: the delay
    /// ends up by less than the longest of them longer than wanted.
    pub(super) fn direction(&self, missing: i64, wanted: i64) -> Option<Direction> {
        if missing > 0 {
            return Some(Direction::Slower);
        }
        // To no delay at all the last piece is what is left.
        let spare = if wanted == 0 { 1 } else { self.piece[1] };
        (missing <= -spare).then_some(Direction::Faster)
    }

    /// Another block goes by in which there is something to do. True: look for a place now.
    fn wait(&mut self) -> bool {
        self.due = (self.due + self.rate * BLOCK_FRAMES as f64).min(self.piece[1] as f64);
        if self.due < 0.0 {
            return false;
        }
        self.waited += 1;
        self.waited % PATIENCE_BLOCKS == 1
    }

    fn rest(&mut self) {
        (self.due, self.waited) = (self.due.min(0.0), 0);
    }

    /// A piece was found, and the join takes `fade` frames in which nothing else is asked.
    fn done(&mut self, frames: i64, fade: i64) {
        self.due += self.rate * fade as f64 - frames as f64;
        self.waited = 0;
    }
}

/// A piece to air twice or leave out, and how like its ends are.
struct Piece {
    frames: i64,
    likeness: f32,
}

impl AirDelay {
    /// Airs a piece twice or leaves one out, where that is due and there is a place for it.
    pub(super) fn stretch(&mut self) {
        let held = self.held() as i64 - BLOCK_FRAMES as i64;
        let missing = self.wanted - held;
        let Some(direction) = self.pace.direction(missing, self.wanted) else {
            return self.pace.rest();
        };
        if !self.pace.wait() {
            return;
        }
        let piece = match direction {
            Direction::Slower => self.piece_before(),
            Direction::Faster if self.wanted == 0 && held <= self.pace.longest() => self.last_piece(held),
            Direction::Faster => self.piece_behind(-missing),
        };
        let seconds = f64::from(self.pace.waited) * BLOCK_FRAMES as f64 / f64::from(self.rate.hz());
        let Some(Piece { frames, likeness }) = piece.filter(|piece| is_good_enough(piece.likeness, seconds)) else {
            return;
        };
        self.fade = Some(Fade::new(Tail::Programme(self.read), likeness));
        self.pace.done(frames, self.fade_frames());
        match direction {
            Direction::Slower => {
                self.read -= frames;
                self.tally.inserted += frames;
            }
            Direction::Faster => {
                self.read += frames;
                self.tally.inserted -= frames;
            }
        }
    }

    /// Nothing may be in the way any more: a join has been waited for too long.
    fn is_impatient(&self) -> bool {
        f64::from(self.pace.waited) * BLOCK_FRAMES as f64 > ANYWHERE_AFTER * f64::from(self.rate.hz())
    }

    /// The position up to which the programme is there in one piece, less what another join needs.
    fn horizon(&self) -> i64 {
        let join = self.fade_frames() + BLOCK_FRAMES as i64;
        self.cuts.next().map_or(self.ring.written(), |cut| cut - join)
    }

    /// A piece just aired, to air once more.
    fn piece_before(&mut self) -> Option<Piece> {
        let (fade, read) = (self.fade_frames(), self.read);
        let there = self.horizon() - read;
        if self.cuts.next().is_some() && there < fade {
            return None;
        }
        let ahead = there.min(fade);
        let [shortest, longest] = self.pace.piece;
        // What waits to be dumped takes room, too.
        let room = (self.ring.capacity() - self.region.len()) as i64 - (self.ring.written() - read);
        let mut most = longest.min(read - self.pace.begins).min(room);
        if !self.is_impatient() {
            if self.attacks.first_from(read).is_some_and(|attack| attack < read + fade) {
                return None;
            }
            let since = self
                .attacks
                .last_before(read)
                .map_or(most, |attack| read - attack - 2 * BLOCK_FRAMES as i64);
            most = most.min(since);
        }
        if most < shortest {
            return None;
        }
        // Compared is the last run that is there: before the join where nothing comes after it yet.
        let region = self.region.get_mut(..(fade + most) as usize)?;
        self.ring.copy(read + ahead - fade - most, region);
        let found = self
            .likeness
            .best(region, most as usize, 0..=(most - shortest) as usize)?;
        Some(Piece {
            frames: most - found.place as i64,
            likeness: found.likeness,
        })
    }

    /// A piece that comes next, to leave out.
    fn piece_behind(&mut self, most: i64) -> Option<Piece> {
        let (fade, read) = (self.fade_frames(), self.read);
        let [shortest, longest] = self.pace.piece;
        let mut most = most.min(longest).min(self.horizon() - read - fade);
        if !self.is_impatient()
            && let Some(attack) = self.attacks.first_from(read)
        {
            most = most.min(attack - read - fade);
        }
        if most < shortest {
            return None;
        }
        let region = self.region.get_mut(..(fade + most) as usize)?;
        self.ring.copy(read, region);
        let found = self.likeness.best(region, 0, shortest as usize..=most as usize)?;
        Some(Piece {
            frames: found.place as i64,
            likeness: found.likeness,
        })
    }

    /// All that is held, to leave out: from then on there is no delay. What comes behind it is not there yet; compared is
    /// what came before.
    fn last_piece(&mut self, held: i64) -> Option<Piece> {
        if self.cuts.next().is_some() {
            return None;
        }
        let fade = self.fade_frames();
        let region = self.region.get_mut(..(fade + held) as usize)?;
        self.ring.copy(self.read + BLOCK_FRAMES as i64 - fade, region);
        let found = self.likeness.best(region, 0, held as usize..=held as usize)?;
        Some(Piece {
            frames: held,
            likeness: found.likeness,
        })
    }
}

fn is_good_enough(likeness: f32, seconds: f64) -> bool {
    let wanted = GOOD_ENOUGH.iter().find(|(until, _)| seconds < *until);
    wanted.is_none_or(|(_, wanted)| likeness >= *wanted)
}
