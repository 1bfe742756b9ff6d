//! The programme's delay before it goes on air: 0 to 30 s that can be dropped and built up again.
//!
//! One block in, one block out, always: nothing drifts. The delay grows by airing short pieces of the programme twice and
//! shrinks by leaving some out, each where the signal is most like itself (WSOLA, see `air_delay/likeness.rs`), so that speech and
//! music are a few per cent slower or faster at the same pitch. Between two joins frames are aired as they are, bit for
//! bit. Every frame is accounted for: taken = aired + held + dumped - inserted. Not for the engine's thread: a search takes
//! longer than a block's share of it. Allocates in `new` and `make_room`.

mod attacks;
mod cuts;
mod fade;
mod likeness;
mod ring;
mod stretch;

use serde::{Deserialize, Serialize};

use crate::range::{OutOfRange, within};
use crate::{BLOCK_FRAMES, Block, Frame, SILENCE, SampleRate};

use attacks::Attacks;
use cuts::Cuts;
pub use cuts::{Dump, Join};
use fade::{Fade, Tail, shape};
use likeness::Likeness;
use ring::Ring;
use stretch::Pace;

/// The longest delay, in seconds.
pub const LONGEST_SECONDS: f32 = 30.0;
/// How long a join takes, in seconds: one and a half periods of the lowest voice.
const JOIN_SECONDS: f64 = 0.016;
/// The shortest and the longest piece that is aired twice or left out, in seconds: from one period of a low voice to less
/// than what is heard as a repetition.
const PIECE_SECONDS: [f64; 2] = [0.004, 0.030];

/// What the operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AirDelaySettings {
    /// Seconds, 0 to 30; 0 (none) unless set.
    pub seconds: f32,
    /// By how much speech and music are slowed down while the delay builds up, and sped up while it is taken back, per
    /// cent: 1 to 10; 8 unless set.
    pub stretch_percent: f32,
}

impl Default for AirDelaySettings {
    fn default() -> Self {
        Self {
            seconds: 0.0,
            stretch_percent: 8.0,
        }
    }
}

impl AirDelaySettings {
    /// Refuses what is outside the range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("broadcast delay in s", self.seconds, (0.0, LONGEST_SECONDS))?;
        within("slow-down in per cent", self.stretch_percent, (1.0, 10.0)).map(drop)
    }
}

/// What has happened to the frames so far: `taken = aired + held + dumped - inserted`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames of the programme.
    pub taken: u64,
    /// Frames put on air.
    pub aired: u64,
    /// Frames that were dumped.
    pub dumped: u64,
    /// Frames aired twice, less those that were left out.
    pub inserted: i64,
}

/// What the delay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// There is none: what comes in goes on air.
    Through,
    /// It grows: what is aired is slower than the programme.
    Building,
    /// It is as long as asked for, or up to 30 ms longer.
    Held,
    /// It shrinks: what is aired is faster.
    Returning,
}

/// The programme on its way to the air.
#[derive(Debug, Clone)]
pub struct AirDelay {
    rate: SampleRate,
    ring: Ring,
    /// The position of the frame that is aired next.
    read: i64,
    /// The position behind the newest frame that was ever aired.
    front: i64,
    cuts: Cuts,
    fade: Option<Fade>,
    shape: Box<[f32]>,
    /// What was aired last, and what of it fades out after a dump.
    aired: Ring,
    aside: Box<[Frame]>,
    attacks: Attacks,
    likeness: Likeness,
    region: Box<[Frame]>,
    wanted: i64,
    pace: Pace,
    tally: Tally,
    join: Option<Join>,
}

impl AirDelay {
    /// No delay, and no room for one. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        let blocks = (f64::from(rate.hz()) * JOIN_SECONDS / BLOCK_FRAMES as f64)
            .round()
            .max(1.0);
        let fade = blocks as usize * BLOCK_FRAMES;
        let piece = PIECE_SECONDS.map(|seconds| rate.frames_in(seconds).0 as i64);
        let region = 2 * fade + piece[1] as usize + BLOCK_FRAMES;
        Self {
            rate,
            ring: Ring::new(room(region, 0)),
            read: 0,
            front: 0,
            cuts: Cuts::new(),
            fade: None,
            shape: shape(fade),
            aired: Ring::new(region),
            aside: vec![[0.0; 2]; fade].into(),
            attacks: Attacks::new(rate),
            likeness: Likeness::new(rate, fade, region),
            region: vec![[0.0; 2]; region].into(),
            wanted: 0,
            pace: Pace::new(piece),
            tally: Tally::default(),
            join: None,
        }
    }

    /// Sets how long the delay is to be, `settings` being within their range. It goes there slowly. A delay that is
    /// longer than the room that was made is as long as that.
    pub fn set(&mut self, settings: &AirDelaySettings) {
        let spare = self.ring.capacity() - room(self.region.len(), 0);
        self.wanted = i64::from(self.rate.frames_in(settings.seconds.into()).0).min(spare as i64);
        self.pace.set(settings.stretch_percent);
    }

    /// Takes memory for a delay of `seconds`, or gives back what neither that nor what is held needs. Allocates.
    pub fn make_room(&mut self, seconds: f32) {
        let wanted = self.rate.frames_in(seconds.into()).0 as usize;
        let needed = (self.ring.written() - self.read).max(0) as usize;
        let frames = room(self.region.len(), wanted.max(needed));
        if frames.next_multiple_of(BLOCK_FRAMES) != self.ring.capacity() {
            self.ring = self.ring.resized(frames);
        }
    }

    /// There is no delay and none is wanted: memory for one can be given back.
    pub fn is_idle(&self) -> bool {
        self.phase() == Phase::Through
    }

    /// Takes one block of the programme and airs one.
    pub fn process(&mut self, block: &Block, air: &mut Block) {
        let needed = self.read - self.region.len() as i64;
        self.attacks.hear(block, self.ring.written(), needed);
        self.ring.push(block);
        self.tally.taken += BLOCK_FRAMES as u64;
        if self.fade.is_none() && !self.pass_cut() {
            self.stretch();
        }
        self.air(air);
    }

    /// Frames that are held and will be aired: what can be dumped.
    pub fn held(&self) -> u64 {
        (self.ring.written() - self.read - self.cuts.frames()).max(0) as u64
    }

    /// How long the delay is to be, frames.
    pub fn wanted(&self) -> u64 {
        self.wanted as u64
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        let missing = self.wanted - self.held() as i64;
        if self.wanted == 0 {
            return if missing == 0 { Phase::Through } else { Phase::Returning };
        }
        match self.pace.direction(missing, self.wanted) {
            None => Phase::Held,
            Some(stretch::Direction::Slower) => Phase::Building,
            Some(stretch::Direction::Faster) => Phase::Returning,
        }
    }

    /// All frames so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Where the last dump was joined, if that was not asked before. Ask after every block, so that none is missed.
    pub fn take_join(&mut self) -> Option<Join> {
        self.join.take()
    }

    /// Frames of a join.
    fn fade_frames(&self) -> i64 {
        self.shape.len() as i64
    }

    /// Airs the next block, with what fades out.
    fn air(&mut self, air: &mut Block) {
        self.ring.copy(self.read, air);
        self.read += BLOCK_FRAMES as i64;
        self.front = self.front.max(self.read);
        if let Some(fade) = &mut self.fade {
            let mut tail = SILENCE;
            let done = fade.done();
            match fade.tail {
                Tail::Programme(from) => {
                    let at = from + done as i64;
                    self.ring.copy(at, &mut tail);
                    self.front = self.front.max(at + BLOCK_FRAMES as i64);
                }
                Tail::Aside => {
                    let kept = self.aside.iter().skip(done);
                    tail.iter_mut().zip(kept).for_each(|(tail, kept)| *tail = *kept);
                }
            }
            fade.apply(&self.shape, &tail, air);
            if fade.done() >= self.shape.len() {
                self.fade = None;
            }
        }
        self.aired.push(air);
        self.tally.aired += BLOCK_FRAMES as u64;
    }
}

/// Frames of memory for a delay, with what is looked at before and behind it.
fn room(region: usize, delay: usize) -> usize {
    delay + 2 * region
}

#[cfg(test)]
mod tests;
