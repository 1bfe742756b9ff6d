//! A bank of four stereo compressors.
//!
//! Feed-forward, in the log domain, after D. Giannoulis, M. Massberg and J. Reiss, "Digital Dynamic Range
//! Compressor Design", J. Audio Eng. Soc. 60(6), 2012: the gain computer with a soft knee (equation 4),
//! then the smooth, decoupled peak detector (equation 17) on the reduction in dB. Decoupled, it holds the
//! peaks of a bass note, so its static curve is that of the peaks at every frequency. Both sides get
//! the gain of the louder one, after the side chain's high-pass.
//!
//! The gain is decided once in [`crate::dynamics::PACE`] frames, from the highest sample of these frames,
//! and moves in a straight line between. For the engine's thread: nothing allocates, and four
//! compressors that are off cost a comparison.

use serde::{Deserialize, Serialize};

use crate::Decibels;
use crate::SampleRate;
use crate::dynamics::glide::Glide;
use crate::dynamics::level::SideHighPass;
use crate::dynamics::{DB_PER_OCTAVE, DECISIONS, MOST_OCTAVES, apply_gains, decay_of};
use crate::lanes::{Arch, Kernel, LaneBlock, Lanes, STRIPS, Vector};
use crate::range::{OutOfRange, within};

/// The narrowest knee, in octaves: what a hard one is made of, 0.0006 dB.
const HARD_KNEE: f32 = 1e-4;

/// How much of a rise above the threshold is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Ratio {
    /// dB of rise at the input for one dB at the output, 1 to 20.
    To(f32),
    /// Infinity to one: nothing rises above the threshold for longer than the attack.
    Limit,
}

impl Ratio {
    /// The part of the rise that is taken away: 0 for 1:1, 1 for a limiter.
    fn slope(self) -> f32 {
        match self {
            Self::To(ratio) => 1.0 - 1.0 / ratio,
            Self::Limit => 1.0,
        }
    }
}

/// What the operator sets. Threshold, ratio, knee, make-up and the two time constants are the parameters of
/// Giannoulis et al. 2012 (their T, R, W, M, τ of attack and of release), the curve is their equation 4 and the times
/// work as in their equation 17. Ranges and defaults are choices of this desk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompressorSettings {
    /// Compresses. Off unless set.
    pub on: bool,
    /// Peak level in dBFS from which it works, -60 to 0; -18 unless set: the alignment level of EBU R 68.
    pub threshold_dbfs: f32,
    /// dB at the input for one dB at the output above the threshold, 1 to 20, or a limit; 3 unless set, for speech.
    pub ratio: Ratio,
    /// Width in dB of the bend around the threshold, 0 (hard) to 24; 6 unless set.
    pub knee_db: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of a reduction in dB is there, 0.1 to 200; 10 unless set.
    pub attack_ms: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of a reduction in dB is gone (the attack on top), 5 to 3000; 150 unless
    /// set.
    pub release_ms: f32,
    /// dB added afterwards, -20 to +24; 0 unless set.
    pub make_up_db: f32,
    /// Corner in Hz, 3 dB down, of the high-pass that the detector listens through, 20 to 500; none unless set. Second
    /// order, Butterworth, 12 dB an octave (R. Bristow-Johnson, "Audio EQ Cookbook"). Keeps
    /// a bass drum or a thump at the microphone from turning everything down.
    pub side_high_pass_hz: Option<f32>,
}

impl Default for CompressorSettings {
    fn default() -> Self {
        Self {
            on: false,
            threshold_dbfs: -18.0,
            ratio: Ratio::To(3.0),
            knee_db: 6.0,
            attack_ms: 10.0,
            release_ms: 150.0,
            make_up_db: 0.0,
            side_high_pass_hz: None,
        }
    }
}

impl CompressorSettings {
    /// Refuses what is outside its range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("compressor threshold in dBFS", self.threshold_dbfs, (-60.0, 0.0))?;
        if let Ratio::To(ratio) = self.ratio {
            within("compressor ratio", ratio, (1.0, 20.0))?;
        }
        within("compressor knee in dB", self.knee_db, (0.0, 24.0))?;
        within("compressor attack in ms", self.attack_ms, (0.1, 200.0))?;
        within("compressor release in ms", self.release_ms, (5.0, 3000.0))?;
        within("compressor make-up in dB", self.make_up_db, (-20.0, 24.0))?;
        if let Some(hz) = self.side_high_pass_hz {
            within("compressor side-chain high-pass in Hz", hz, (20.0, 500.0))?;
        }
        Ok(())
    }

    /// Threshold, knee, slope, make-up and how much of it is applied, levels in octaves; and what is left of the way after
    /// a decision of attack and release.
    fn targets(&self, rate: SampleRate) -> [f32; 7] {
        let left = |ms: f32| decay_of(f64::from(ms) / 1000.0, rate);
        [
            self.threshold_dbfs / DB_PER_OCTAVE,
            (self.knee_db / DB_PER_OCTAVE).max(HARD_KNEE),
            self.ratio.slope(),
            self.make_up_db / DB_PER_OCTAVE,
            if self.on { 1.0 } else { 0.0 },
            left(self.attack_ms),
            left(self.release_ms),
        ]
    }
}

/// Four stereo compressors, side by side.
#[derive(Debug, Clone)]
pub struct CompressorBank {
    arch: Arch,
    rate: SampleRate,
    on: [bool; STRIPS],
    side: SideHighPass,
    controls: Glide<7>,
    /// The reduction after the release and after the attack, in octaves.
    reductions: [Lanes; 2],
    gain: Lanes,
    /// The largest reduction of the last block, in octaves.
    metered: Lanes,
}

impl CompressorBank {
    /// Four compressors that are off.
    pub fn new(arch: Arch, rate: SampleRate) -> Self {
        let settings = CompressorSettings::default();
        Self {
            arch,
            rate,
            on: [false; STRIPS],
            side: SideHighPass::new(rate),
            controls: Glide::new(settings.targets(rate).map(Lanes::splat), rate),
            reductions: [Lanes::ZERO; 2],
            gain: Lanes::splat(1.0),
            metered: Lanes::ZERO,
        }
    }

    /// Obeys new settings for one strip, 0 to 3: everything glides.
    pub fn set(&mut self, strip: usize, settings: &CompressorSettings) -> Result<(), OutOfRange> {
        settings.check()?;
        if self.is_idle() {
            // Nothing was listened to while all four were off: what is remembered is old.
            self.reductions = [Lanes::ZERO; 2];
            (0..STRIPS).for_each(|strip| self.side.settle(strip));
        }
        self.side.set(strip, settings.side_high_pass_hz, self.rate);
        self.controls.aim(strip, settings.targets(self.rate));
        if let Some(on) = self.on.get_mut(strip) {
            *on = settings.on;
        }
        Ok(())
    }

    /// Another signal takes a strip's place: its settings arrive at once, and nothing is remembered of the one before.
    pub fn settle(&mut self, strip: usize) {
        self.controls.settle(strip);
        let [.., make_up, effect, _, _] = self.controls.settled(strip);
        self.side.settle(strip);
        for reduction in &mut self.reductions {
            reduction.set_strip(strip, 0.0);
        }
        self.gain.set_strip(strip, (make_up * effect).exp2());
        self.metered.set_strip(strip, 0.0);
    }

    /// All four are off and have faded out: a block passes untouched and unheard.
    pub fn is_idle(&self) -> bool {
        self.on == [false; STRIPS] && !self.controls.is_moving()
    }

    /// By how much a strip was turned down at most in the last block, at most 0 dB, without the make-up.
    pub fn reduction(&self, strip: usize) -> Decibels {
        let octaves = self.metered.0.get(2 * strip).copied().unwrap_or_default();
        Decibels::new(-octaves * DB_PER_OCTAVE).unwrap_or(Decibels::UNITY)
    }

    /// Compresses one block of four strips in place.
    pub fn process(&mut self, block: &mut LaneBlock) {
        if self.is_idle() {
            self.metered = Lanes::ZERO;
            return;
        }
        let arch = self.arch;
        if self.controls.is_moving() {
            arch.run(Compress::<true> { bank: self, block });
            self.controls.end_block();
        } else {
            arch.run(Compress::<false> { bank: self, block });
        }
    }
}

/// One block, while parameters glide or at rest.
struct Compress<'a, const MOVING: bool> {
    bank: &'a mut CompressorBank,
    block: &'a mut LaneBlock,
}

impl<const MOVING: bool> Kernel for Compress<'_, MOVING> {
    type Output = ();

    // Pass after pass rather than decision by decision: only the detector's own recurrence waits for itself.
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { bank, block } = self;
        let levels = bank.side.levels::<V>(block);
        let [mut released, mut smooth] = bank.reductions.map(|lanes| V::load(&lanes));
        let mut controls = bank.controls.start::<V>();
        let (zero, half) = (V::splat(0.0), V::splat(0.5));

        let mut wanted = [Lanes::ZERO; DECISIONS];
        let mut later = [[Lanes::ZERO; 4]; DECISIONS];
        let per_knee = half.div(controls.now[1]);
        for ((level, wanted), later) in levels.iter().zip(&mut wanted).zip(&mut later) {
            if MOVING {
                controls.step();
                let [.., make_up, effect, attack, release] = controls.now;
                for (now, then) in [make_up, effect, attack, release].iter().zip(later) {
                    now.store(then);
                }
            }
            let [threshold, knee, slope, ..] = controls.now;
            let per_knee = if MOVING { half.div(knee) } else { per_knee };
            // The bend and what lies beyond it: equation 4, as the reduction it makes, without a branch.
            let over = V::load(level).log2().min(V::splat(MOST_OCTAVES)).sub(threshold);
            let half_knee = knee.mul(half);
            let bend = over.add(half_knee).clamp(zero, knee);
            let beyond = over.sub(half_knee).max(zero);
            let reduction = bend.mul(bend).mul_add(per_knee, beyond).mul(slope);
            reduction.store(wanted);
        }

        let mut most = zero;
        let mut powers = [Lanes::ZERO; DECISIONS];
        for ((wanted, power), later) in wanted.iter().zip(&mut powers).zip(&later) {
            let [make_up, effect, attack, release] = if MOVING {
                later.map(|lanes| V::load(&lanes))
            } else {
                let [.., make_up, effect, attack, release] = controls.now;
                [make_up, effect, attack, release]
            };
            let wanted = V::load(wanted);
            // Equation 17: the release, which a larger reduction overrides, and then the attack.
            released = release.mul_add(released.sub(wanted), wanted).max(wanted);
            smooth = attack.mul_add(smooth.sub(released), released);
            most = most.max(smooth.mul(effect));
            make_up.sub(smooth).mul(effect).store(power);
        }

        for power in &mut powers {
            V::load(power).exp2().store(power);
        }
        apply_gains(block, V::load(&bank.gain), &powers).store(&mut bank.gain);

        // What decays is once rounded off, before it becomes subnormal.
        let rest = V::splat(1e-9);
        released
            .select(released.greater(rest), zero)
            .store(&mut bank.reductions[0]);
        smooth.select(smooth.greater(rest), zero).store(&mut bank.reductions[1]);
        most.store(&mut bank.metered);
        if MOVING {
            bank.controls.keep(&controls);
        }
    }
}
