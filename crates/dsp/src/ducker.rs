//! Talkover: music steps back while somebody speaks.
//!
//! One ducker has a key, the strips that it listens to (microphones), and one gain, which the engine
//! applies to the strips that step back (music), after their own dynamics. The key is the highest sample
//! of all its strips in every 16 frames; above the threshold the gain goes down by the depth, and comes
//! back after the hold. It moves in dB through two one-pole filters, so it starts and ends softly. For
//! the engine's thread: nothing allocates; a ducker that is off costs a comparison.

use serde::{Deserialize, Serialize};

use crate::range::{OutOfRange, within};
use crate::{BLOCK_FRAMES, Block, Decibels, SampleRate};

/// Frames between two gains; between them the gain moves in a straight line.
pub const DUCK_FRAMES: usize = 16;

/// Gains in a block, with the one that it begins with.
const GAINS: usize = BLOCK_FRAMES / DUCK_FRAMES + 1;

/// Two equal one-pole filters do 63 % of the way in this many of their time constants.
const STAGES: f64 = 2.146_2;

/// At rest when it is this near, in dB: then the music passes to the bit.
const ARRIVED_DB: f32 = 1e-4;

/// What the operator sets. Ranges and defaults are choices of this desk, for which there is no standard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DuckerSettings {
    /// Ducks. Off unless set.
    pub on: bool,
    /// Peak level in dBFS of a key strip above which the music steps back, -60 to 0; -40 unless set: speech,
    /// not breath.
    pub threshold_dbfs: f32,
    /// By how many dB the music steps back, 0 to 60; 12 unless set.
    pub depth_db: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of the way down in dB is done, 5 to 500; 60 unless set.
    pub attack_ms: f32,
    /// Milliseconds for which the music stays back after the last word, 0 to 5000; 500 unless set: longer
    /// than a pause for breath.
    pub hold_ms: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of the way up in dB is done, 50 to 5000; 600 unless set.
    pub release_ms: f32,
}

impl Default for DuckerSettings {
    fn default() -> Self {
        Self {
            on: false,
            threshold_dbfs: -40.0,
            depth_db: 12.0,
            attack_ms: 60.0,
            hold_ms: 500.0,
            release_ms: 600.0,
        }
    }
}

impl DuckerSettings {
    /// Refuses what is outside its range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("talkover threshold in dBFS", self.threshold_dbfs, (-60.0, 0.0))?;
        within("talkover depth in dB", self.depth_db, (0.0, 60.0))?;
        within("talkover attack in ms", self.attack_ms, (5.0, 500.0))?;
        within("talkover hold in ms", self.hold_ms, (0.0, 5000.0))?;
        within("talkover release in ms", self.release_ms, (50.0, 5000.0)).map(drop)
    }
}

/// One key and one gain.
#[derive(Debug, Clone)]
pub struct Ducker {
    rate: SampleRate,
    on: bool,
    /// Something else than the keys wants it.
    demanded: bool,
    threshold: f32,
    depth_db: f32,
    /// What is left of the way after [`DUCK_FRAMES`], per stage: down, up.
    attack: f32,
    release: f32,
    /// In steps of [`DUCK_FRAMES`].
    hold: u32,
    hold_left: u32,
    /// After each of the two stages, at least 0.
    stages_db: [f32; 2],
    gains: [f32; GAINS],
}

impl Ducker {
    /// A ducker that is off.
    pub fn new(rate: SampleRate) -> Self {
        let mut ducker = Self {
            rate,
            on: false,
            demanded: false,
            threshold: 1.0,
            depth_db: 0.0,
            attack: 0.0,
            release: 0.0,
            hold: 0,
            hold_left: 0,
            stages_db: [0.0; 2],
            gains: [1.0; GAINS],
        };
        ducker.obey(&DuckerSettings::default());
        ducker
    }

    /// Obeys new settings. The gain moves on from where it is, at the new pace; off is the release.
    pub fn set(&mut self, settings: &DuckerSettings) -> Result<(), OutOfRange> {
        settings.check()?;
        self.obey(settings);
        Ok(())
    }

    fn obey(&mut self, settings: &DuckerSettings) {
        let rate = f64::from(self.rate.hz());
        let steps = |ms: f32| f64::from(ms) / 1000.0 * rate / DUCK_FRAMES as f64;
        let stage = |ms: f32| (-STAGES / steps(ms)).exp() as f32;
        self.on = settings.on;
        self.threshold = 10.0_f32.powf(settings.threshold_dbfs / 20.0);
        self.depth_db = settings.depth_db;
        self.attack = stage(settings.attack_ms);
        self.release = stage(settings.release_ms);
        self.hold = steps(settings.hold_ms).ceil() as u32;
        self.hold_left = self.hold_left.min(self.hold);
        if !settings.on {
            self.hold_left = 0;
        }
    }

    /// Ducks for as long as this is so, also while it is off, whatever the keys say: a cart asks for it.
    pub fn demand(&mut self, demanded: bool) {
        self.demanded = demanded;
    }

    /// Listens to the coming block of each key strip, and so decides about the music of the same block.
    pub fn key<'a>(&mut self, blocks: impl IntoIterator<Item = &'a Block>) {
        let [.., last] = self.gains;
        if !self.on && !self.demanded && self.stages_db == [0.0; 2] && last == 1.0 {
            self.gains = [1.0; GAINS];
            return;
        }
        let mut peaks = [0.0_f32; GAINS - 1];
        for block in blocks {
            let (runs, _) = block.as_chunks::<DUCK_FRAMES>();
            for (peak, run) in peaks.iter_mut().zip(runs) {
                // `max` passes over what is no number.
                *peak = run.as_flattened().iter().fold(*peak, |a, b| a.max(b.abs()));
            }
        }
        let mut gains = [last; GAINS];
        for (gain, peak) in gains.iter_mut().skip(1).zip(peaks) {
            *gain = self.gain_after(peak);
        }
        self.gains = gains;
    }

    fn gain_after(&mut self, peak: f32) -> f32 {
        let speaks = self.demanded || (self.on && peak > self.threshold);
        let back = speaks || self.hold_left > 0;
        self.hold_left = if speaks {
            self.hold
        } else {
            self.hold_left.saturating_sub(1)
        };
        let target = if back { self.depth_db } else { 0.0 };
        let [first, second] = &mut self.stages_db;
        let decay = if target > *second { self.attack } else { self.release };
        *first = target + (*first - target) * decay;
        *second = *first + (*second - *first) * decay;
        if target == 0.0 && first.abs() < ARRIVED_DB && second.abs() < ARRIVED_DB {
            (*first, *second) = (0.0, 0.0);
        }
        10.0_f32.powf(*second / -20.0)
    }

    /// The gains of this block at its beginning and after each [`DUCK_FRAMES`].
    pub fn gains(&self) -> &[f32; GAINS] {
        &self.gains
    }

    /// How far the music has stepped back at the end of this block, at most 0 dB.
    pub fn reduction(&self) -> Decibels {
        let [_, second] = self.stages_db;
        Decibels::new(-second).unwrap_or(Decibels::UNITY)
    }

    /// Turns one block of music down in place. To the bit as it was while the gain is unity.
    pub fn apply(&self, block: &mut Block) {
        if self.gains == [1.0; GAINS] {
            return;
        }
        let (runs, _) = block.as_chunks_mut::<DUCK_FRAMES>();
        for (run, ends) in runs.iter_mut().zip(self.gains.windows(2)) {
            let &[start, end] = ends else { return };
            let step = (end - start) / DUCK_FRAMES as f32;
            for (n, frame) in run.iter_mut().enumerate() {
                let gain = start + step * (n + 1) as f32;
                *frame = frame.map(|sample| sample * gain);
            }
        }
    }
}
