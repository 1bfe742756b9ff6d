//! A strip's delay, to bring sound and picture or two microphones together: 0 to 500 ms.
//!
//! A change is heard as a cross-fade of 30 ms between the old and the new place, so it neither clicks
//! nor bends the pitch. For the engine's thread: the memory for the longest delay at the desk's rate is
//! taken in `new` and nowhere else.

use serde::{Deserialize, Serialize};

use crate::range::{OutOfRange, within};
use crate::{BLOCK_FRAMES, Block, Frame, Frames, SILENCE, SampleRate};

/// The longest delay, in seconds: a picture that is twelve frames late at 25 Hz, and 170 m of air.
pub const LONGEST_SECONDS: f64 = 0.500;

/// How long the cross-fade takes, in seconds: as long as every other control (see [`crate::ramp`]).
const FADE_SECONDS: f64 = 0.030;

/// What the operator sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DelaySettings {
    /// Milliseconds, 0 to 500; 0 (none) unless set. The range of the delays of live consoles.
    pub delay_ms: f32,
}

impl DelaySettings {
    /// Refuses what is outside the range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("delay in ms", self.delay_ms, (0.0, 500.0)).map(drop)
    }
}

/// A stereo delay line.
#[derive(Debug, Clone)]
pub struct StripDelay {
    /// What was heard, a ring. A power of two and whole blocks, so that a block is written in one piece.
    line: Box<[Frame]>,
    /// Where the next block is written.
    place: usize,
    rate: SampleRate,
    /// Frames back, of what is heard now.
    now: usize,
    /// Frames back, of what was asked for.
    asked: usize,
    fade: Option<Fade>,
    fade_frames: usize,
}

/// On the way from the delay `now` to another.
#[derive(Debug, Clone, Copy)]
struct Fade {
    to: usize,
    done: usize,
}

impl StripDelay {
    /// No delay. Allocates for the longest.
    pub fn new(rate: SampleRate) -> Self {
        let longest = rate.frames_in(LONGEST_SECONDS).0 as usize;
        let length = (longest + BLOCK_FRAMES).next_power_of_two().max(BLOCK_FRAMES);
        Self {
            line: vec![[0.0; 2]; length].into(),
            place: 0,
            rate,
            now: 0,
            asked: 0,
            fade: None,
            fade_frames: (rate.frames_in(FADE_SECONDS).0 as usize).max(1),
        }
    }

    /// Sets out for another delay. A cross-fade on its way is finished first, then the newest wish obeyed.
    pub fn set(&mut self, settings: &DelaySettings) -> Result<(), OutOfRange> {
        settings.check()?;
        let frames = self.rate.frames_in(f64::from(settings.delay_ms) / 1000.0);
        self.asked = (frames.0 as usize).min(self.line.len() - BLOCK_FRAMES);
        Ok(())
    }

    /// The delay that was asked for, in frames.
    pub fn delay(&self) -> Frames {
        Frames(self.asked as u32)
    }

    /// Forgets what was heard, and is at once where it was asked to be: for a strip that nobody hears yet.
    pub fn reset(&mut self) {
        self.line.fill([0.0; 2]);
        self.now = self.asked;
        self.fade = None;
    }

    /// Delays one block in place.
    pub fn process(&mut self, block: &mut Block) {
        if let Some(newest) = self.line.get_mut(self.place..self.place + BLOCK_FRAMES) {
            newest.copy_from_slice(block);
        }
        if self.fade.is_none() && self.now != self.asked {
            self.fade = Some(Fade {
                to: self.asked,
                done: 0,
            });
        }
        if let Some(fade) = self.fade {
            self.cross(fade, block);
        } else if self.now > 0 {
            self.read(self.now, block);
        }
        self.place = (self.place + BLOCK_FRAMES) & (self.line.len() - 1);
    }

    /// The block as it was `delay` frames ago.
    fn read(&self, delay: usize, out: &mut Block) {
        let start = (self.place + self.line.len() - delay) & (self.line.len() - 1);
        let (before, from) = self.line.split_at(start);
        let (first, second) = out.split_at_mut(from.len().min(BLOCK_FRAMES));
        for (out, frame) in first.iter_mut().zip(from).chain(second.iter_mut().zip(before)) {
            *out = *frame;
        }
    }

    /// One block of a cross-fade. Both taps carry the same sound, so their gains add up to one.
    fn cross(&mut self, fade: Fade, block: &mut Block) {
        let mut coming = SILENCE;
        self.read(self.now, block);
        self.read(fade.to, &mut coming);
        for (n, (out, frame)) in block.iter_mut().zip(&coming).enumerate() {
            let t = ((fade.done + n + 1) as f32 / self.fade_frames as f32).min(1.0);
            let gain = t * t * (3.0 - 2.0 * t);
            // At the end the new tap alone, to the bit.
            let crossed = |old: f32, new: f32| if gain >= 1.0 { new } else { old + gain * (new - old) };
            *out = [crossed(out[0], frame[0]), crossed(out[1], frame[1])];
        }
        let done = fade.done + BLOCK_FRAMES;
        if done >= self.fade_frames {
            self.now = fade.to;
            self.fade = None;
        } else {
            self.fade = Some(Fade { to: fade.to, done });
        }
    }
}
