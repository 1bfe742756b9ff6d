//! A bank of four stereo de-essers: the sharp consonants of a voice are turned down while they last.
//!
//! Split-band, not wide-band: only what is above the frequency gets quieter, so a vowel sounds on beneath
//! an S and the voice does not pump. There is no crossover whose phase could be heard: the strip's sound
//! passes as it is, and the parts that a state-variable filter finds are taken from it so that the sum is
//! a high shelf of second order without a bump, `(1 + k √g s + g s²) / (1 + k s + s²)` for the gain `g`.
//! At unity it is the input to the bit. The filter is A. Simper's ("Solving the continuous SVF equations
//! using trapezoidal integration", Cytomic 2013); its high-pass is also the side chain.
//!
//! Above the threshold the band is limited (knee 6 dB), at most by the range. Attack 1 ms and release
//! 60 ms are fixed: sibilants last 50 to 150 ms, and there is nothing to set by ear. For the engine's
//! thread: nothing allocates, and four de-essers that are off cost a comparison.

use serde::{Deserialize, Serialize};

use crate::dynamics::glide::Glide;
use crate::dynamics::{DB_PER_OCTAVE, MOST_OCTAVES, PACE, decay_of, sound};
use crate::lanes::{Arch, Kernel, LaneBlock, Lanes, STRIPS, Vector};
use crate::range::{OutOfRange, within};
use crate::{Decibels, SampleRate};

const ATTACK_SECONDS: f64 = 0.001;
const RELEASE_SECONDS: f64 = 0.060;

/// Width of the bend around the threshold, in octaves: 6 dB.
const KNEE: f32 = 1.0;

/// The filter's corner, as a part of the frequency that is set: a shelf does its work above its corner.
const CORNER: f64 = 0.7;

/// Damping `k = 1 / Q` of a Butterworth filter.
const DAMPING: f32 = std::f32::consts::SQRT_2;

/// What the operator sets. Ranges and defaults are choices of this desk, for which there is no standard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeEsserSettings {
    /// Works. Off unless set.
    pub on: bool,
    /// Hz from which it listens and turns down, 2000 to 12 000; 6000 unless set. At it some 60 % of the cut
    /// in dB is there, an octave above all of it. Sibilants have most of their power from 4 to 10 kHz, those
    /// of women and children higher than those of men.
    pub frequency_hz: f32,
    /// Peak level of the band in dBFS above which it works, -60 to 0; -24 unless set: of a voice whose
    /// peaks are near -9, the vowels stay below.
    pub threshold_dbfs: f32,
    /// By how many dB at most the band is turned down, 0 to 24; 8 unless set: more lisps.
    pub range_db: f32,
}

impl Default for DeEsserSettings {
    fn default() -> Self {
        Self {
            on: false,
            frequency_hz: 6000.0,
            threshold_dbfs: -24.0,
            range_db: 8.0,
        }
    }
}

impl DeEsserSettings {
    /// Refuses what is outside its range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("de-esser frequency in Hz", self.frequency_hz, (2000.0, 12_000.0))?;
        within("de-esser threshold in dBFS", self.threshold_dbfs, (-60.0, 0.0))?;
        within("de-esser range in dB", self.range_db, (0.0, 24.0)).map(drop)
    }

    /// The filter's warped frequency, threshold and range in octaves, and how much of it is applied.
    fn targets(&self, rate: SampleRate) -> [f32; 4] {
        let corner = CORNER * f64::from(self.frequency_hz) / f64::from(rate.hz());
        [
            // Never at half the rate, however low that is.
            (std::f64::consts::PI * corner.min(0.45)).tan() as f32,
            self.threshold_dbfs / DB_PER_OCTAVE,
            self.range_db / DB_PER_OCTAVE,
            if self.on { 1.0 } else { 0.0 },
        ]
    }
}

/// Four stereo de-essers, side by side.
#[derive(Debug, Clone)]
pub struct DeEsserBank {
    arch: Arch,
    rate: SampleRate,
    on: [bool; STRIPS],
    controls: Glide<4>,
    attack: f32,
    release: f32,
    /// The filter's two integrators.
    states: [Lanes; 2],
    /// The reduction after the release and after the attack, in octaves.
    reductions: [Lanes; 2],
    /// The square root of the band's gain.
    root: Lanes,
    metered: Lanes,
}

impl DeEsserBank {
    /// Four de-essers that are off.
    pub fn new(arch: Arch, rate: SampleRate) -> Self {
        Self {
            arch,
            rate,
            on: [false; STRIPS],
            controls: Glide::new(DeEsserSettings::default().targets(rate).map(Lanes::splat), rate),
            attack: decay_of(ATTACK_SECONDS, rate),
            release: decay_of(RELEASE_SECONDS, rate),
            states: [Lanes::ZERO; 2],
            reductions: [Lanes::ZERO; 2],
            root: Lanes::splat(1.0),
            metered: Lanes::ZERO,
        }
    }

    /// Obeys new settings for one strip, 0 to 3: everything glides.
    pub fn set(&mut self, strip: usize, settings: &DeEsserSettings) -> Result<(), OutOfRange> {
        settings.check()?;
        if self.is_idle() {
            // Nothing was listened to while all four were off: what is remembered is old.
            self.states = [Lanes::ZERO; 2];
            self.reductions = [Lanes::ZERO; 2];
        }
        self.controls.aim(strip, settings.targets(self.rate));
        if let Some(on) = self.on.get_mut(strip) {
            *on = settings.on;
        }
        Ok(())
    }

    /// Another signal takes a strip's place: its settings arrive at once, and nothing is remembered of the one before.
    pub fn settle(&mut self, strip: usize) {
        self.controls.settle(strip);
        for lanes in self.states.iter_mut().chain(&mut self.reductions) {
            lanes.set_strip(strip, 0.0);
        }
        self.root.set_strip(strip, 1.0);
        self.metered.set_strip(strip, 0.0);
    }

    /// All four are off and have faded out: a block passes untouched and unheard.
    pub fn is_idle(&self) -> bool {
        self.on == [false; STRIPS] && !self.controls.is_moving()
    }

    /// By how much a strip's band was turned down at most in the last block, at most 0 dB.
    pub fn reduction(&self, strip: usize) -> Decibels {
        let octaves = self.metered.0.get(2 * strip).copied().unwrap_or_default();
        Decibels::new(-octaves * DB_PER_OCTAVE).unwrap_or(Decibels::UNITY)
    }

    /// Works on one block of four strips in place.
    pub fn process(&mut self, block: &mut LaneBlock) {
        if self.is_idle() {
            self.metered = Lanes::ZERO;
            return;
        }
        let arch = self.arch;
        arch.run(DeEssBlock { bank: self, block });
        self.controls.end_block();
    }
}

/// What the filter finds in a run of frames.
type Bands = [[Lanes; 2]; PACE];

/// One block.
struct DeEssBlock<'a> {
    bank: &'a mut DeEsserBank,
    block: &'a mut LaneBlock,
}

impl Kernel for DeEssBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { bank, block } = self;
        let moving = bank.controls.is_moving();
        let mut controls = bank.controls.start::<V>();
        let (attack, release) = (V::splat(bank.attack), V::splat(bank.release));
        let [mut released, mut smooth] = bank.reductions.map(|lanes| V::load(&lanes));
        let [mut first, mut second] = bank.states.map(|lanes| V::load(&lanes));
        let mut root = V::load(&bank.root);
        let (zero, one, damping) = (V::splat(0.0), V::splat(1.0), V::splat(DAMPING));
        let part = V::splat(1.0 / PACE as f32);
        let mut most = zero;

        let (runs, _) = block.as_chunks_mut::<PACE>();
        for run in runs {
            if moving {
                controls.step();
            }
            let [warped, threshold, range, effect] = controls.now;
            // Simper's a1 and a2 = g a1; his a3 v3 is g times the band.
            let a1 = one.div(warped.mul_add(warped.add(damping), one));
            let mut bands: Bands = [[Lanes::ZERO; 2]; PACE];
            let mut highest = zero;
            for (frame, [band, high]) in run.iter().zip(&mut bands) {
                let x = V::load(frame);
                let v3 = x.sub(second);
                let v1 = a1.mul(warped.mul_add(v3, first));
                let v2 = warped.mul_add(v1, second);
                first = v1.add(v1).sub(first);
                second = v2.add(v2).sub(second);
                let above = x.sub(damping.mul_add(v1, v2));
                v1.store(band);
                above.store(high);
                highest = above.abs().max(highest);
            }
            let level = highest.max(highest.swap_sides());
            let over = level.log2().min(V::splat(MOST_OCTAVES)).sub(threshold);
            let half_knee = V::splat(KNEE / 2.0);
            let bend = over.add(half_knee).clamp(zero, V::splat(KNEE));
            let beyond = over.sub(half_knee).max(zero);
            let wanted = bend.mul(bend).mul_add(V::splat(0.5 / KNEE), beyond).min(range);
            released = release.mul_add(released.sub(wanted), wanted).max(wanted);
            smooth = attack.mul_add(smooth.sub(released), released);
            let applied = smooth.mul(effect);
            most = most.max(applied);

            let next = applied.mul(V::splat(-0.5)).exp2();
            let step = next.sub(root).mul(part);
            for (frame, [band, high]) in run.iter_mut().zip(&bands) {
                root = root.add(step);
                let of_band = root.sub(one).mul(damping);
                let of_high = root.mul_add(root, V::splat(-1.0));
                let taken = of_band.mul_add(V::load(band), of_high.mul(V::load(high)));
                V::load(frame).add(taken).store(frame);
            }
            root = next;
        }

        root.store(&mut bank.root);
        sound(first).store(&mut bank.states[0]);
        sound(second).store(&mut bank.states[1]);
        sound(released).store(&mut bank.reductions[0]);
        sound(smooth).store(&mut bank.reductions[1]);
        most.store(&mut bank.metered);
        bank.controls.keep(&controls);
    }
}
