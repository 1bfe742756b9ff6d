//! What is never aired: dumps, and how what is left is joined.

use super::fade::{Fade, Tail};
use super::{AirDelay, Tally};
use crate::{BLOCK_FRAMES, Frame};

/// Dumps that may wait to be joined. One more is joined with the last.
const WAITING: usize = 64;
/// How far behind a dump the best place to go on is looked for, in parts of the longest piece.
const AHEAD: i64 = 2;
/// Frames over which what fades out is brought to where the programme was broken off.
const EASE: usize = 96;

/// Frames of the programme that are never aired, by their positions since the delay was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dump {
    /// The first of them.
    pub first: u64,
    /// How many.
    pub frames: u64,
}

/// A dump that was joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    /// The dump's first frame in the programme.
    pub first: u64,
    /// The frame on air with which the join began.
    pub aired_at: u64,
}

/// A dump that waits to be joined.
#[derive(Debug, Clone, Copy)]
struct Cut {
    first: i64,
    end: i64,
}

/// In the order of the programme.
#[derive(Debug, Clone)]
pub(super) struct Cuts(Vec<Cut>);

impl Cuts {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(WAITING))
    }

    /// Frames in all of them.
    pub(super) fn frames(&self) -> i64 {
        self.0.iter().map(|cut| cut.end - cut.first).sum()
    }

    /// Where the next begins.
    pub(super) fn next(&self) -> Option<i64> {
        self.0.first().map(|cut| cut.first)
    }

    /// The position from which on there are `frames` that are not cut, up to `written`.
    fn before(&self, written: i64, mut frames: i64) -> i64 {
        let mut end = written;
        for cut in self.0.iter().rev() {
            if frames <= end - cut.end {
                break;
            }
            frames -= end - cut.end;
            end = cut.first;
        }
        end - frames
    }

    /// Takes out what begins at or behind `first`. Returns the frames that were in it.
    fn merge(&mut self, first: i64) -> i64 {
        let before = self.frames();
        self.0.retain(|cut| cut.first < first);
        before - self.frames()
    }
}

impl AirDelay {
    /// Dumps the last `frames` of what is held, or all of it. `None`: nothing is held. What is left is aired, and joined
    /// with what comes when it has been; then, or at once, the delay builds itself up again.
    pub fn dump(&mut self, frames: Option<u64>) -> Option<Dump> {
        let held = self.held() as i64;
        let wanted = frames.map_or(held, |frames| held.min(frames.min(i64::MAX as u64) as i64));
        if wanted == 0 {
            return None;
        }
        let written = self.ring.written();
        let mut first = self.cuts.before(written, wanted);
        // What would be left between two dumps must be long enough for the joins at both its ends.
        let least = 2 * (self.fade_frames() + BLOCK_FRAMES as i64);
        if let Some(last) = self.cuts.0.last().filter(|last| first < last.end + least) {
            first = first.min(last.first);
        }
        if first < self.busy_until() + self.fade_frames() || self.cuts.0.len() == WAITING {
            return Some(self.dump_all());
        }
        let merged = self.cuts.merge(first);
        self.cuts.0.push(Cut { first, end: written });
        self.tally.dumped += (written - first - merged) as u64;
        Some(Dump {
            first: first as u64,
            frames: (written - first) as u64,
        })
    }

    /// Up to where the programme is needed by a join under way, and one block.
    fn busy_until(&self) -> i64 {
        let rest = |fade: &Fade| self.fade_frames() - fade.done() as i64;
        let head = self.read + self.fade.as_ref().map_or(0, rest);
        let tail = match self.fade {
            Some(Fade {
                tail: Tail::Programme(from),
                ..
            }) => from + self.fade_frames(),
            _ => head,
        };
        head.max(tail) + BLOCK_FRAMES as i64
    }

    /// Drops everything: what comes in is aired at once. What is heard meanwhile is what was aired before, once more.
    fn dump_all(&mut self) -> Dump {
        let written = self.ring.written();
        // A piece that would have been aired twice was aired once.
        let first = self.front.clamp(self.read, written);
        let merged = self.cuts.frames();
        self.tally.dumped += (written - first - merged) as u64;
        self.tally.inserted -= first - self.read;
        self.join = Some(Join {
            first: first as u64,
            aired_at: self.tally.aired,
        });
        self.set_aside();
        self.fade = Some(Fade::new(Tail::Aside, 0.0));
        (self.read, self.front) = (written, written);
        self.cuts.0.clear();
        self.pace.begin(written);
        Dump {
            first: first as u64,
            frames: (written - first) as u64,
        }
    }

    /// Keeps aside what goes on most like what was aired last: the frames that come after the most similar run before it.
    fn set_aside(&mut self) {
        let (fade, newest) = (self.shape.len(), self.aired.written());
        let from = newest - self.region.len() as i64;
        self.aired.copy(from, &mut self.region);
        let like = self.region.len() - fade;
        // As many frames as the fade has must follow the run.
        let found = self.likeness.best(&self.region, like, 0..=like - fade);
        let place = found.map_or(like - fade, |found| found.place);
        let follows = self.region.iter().skip(place + fade).copied();
        self.aside
            .iter_mut()
            .zip(follows)
            .for_each(|(aside, frame)| *aside = frame);
        let frame = |place: usize| self.region.get(place).copied().unwrap_or_default();
        let (last, before) = (frame(self.region.len() - 1), frame(place + fade - 1));
        ease(&mut self.aside, [last[0] - before[0], last[1] - before[1]]);
    }

    /// Joins the next cut when it is due. True: there is one, and no room for anything else before it.
    pub(super) fn pass_cut(&mut self) -> bool {
        let Some(Cut { first, end }) = self.cuts.0.first().copied() else {
            return false;
        };
        if self.read + self.fade_frames() + (BLOCK_FRAMES as i64) <= first {
            return false;
        }
        let (skipped, likeness) = self.best_behind(end);
        self.join = Some(Join {
            first: first as u64,
            aired_at: self.tally.aired,
        });
        self.fade = Some(Fade::new(Tail::Programme(self.read), likeness));
        let to = end + skipped;
        self.tally.inserted -= to - self.read - (end - first);
        self.read = to;
        self.cuts.0.remove(0);
        self.pace.begin(end);
        true
    }

    /// How many frames behind the end of a cut the programme goes on most like it was before the cut, and how like.
    fn best_behind(&mut self, end: i64) -> (i64, f32) {
        let fade = self.fade_frames();
        let limit = self
            .cuts
            .0
            .get(1)
            .map_or(self.ring.written(), |next| next.first - fade - BLOCK_FRAMES as i64);
        let spare = (limit - end - fade).min(self.pace.longest() / AHEAD);
        let (fade, count) = (self.shape.len(), (fade + spare.max(0)) as usize);
        if spare <= 0 || fade + count > self.region.len() {
            return (0, 0.0);
        }
        let (tail, behind) = self.region.split_at_mut(fade);
        self.ring.copy(self.read, tail);
        self.ring.copy(end, behind.get_mut(..count).unwrap_or_default());
        let found = self.likeness.best(&self.region, 0, fade..=fade + spare as usize);
        found.map_or((0, 0.0), |found| ((found.place - fade) as i64, found.likeness))
    }
}

/// Brings the first frames to where others left off, `step` away.
fn ease(frames: &mut [Frame], step: Frame) {
    let left = |n: usize| (1.0 - n as f32 / EASE as f32).powi(2);
    for (n, frame) in frames.iter_mut().take(EASE).enumerate() {
        *frame = [frame[0] + step[0] * left(n), frame[1] + step[1] * left(n)];
    }
}

impl Tally {
    /// Frames that must be held, so that none is unaccounted for.
    pub fn held(&self) -> i64 {
        self.taken as i64 - self.aired as i64 - self.dumped as i64 + self.inserted
    }
}
