//! A bank of four stereo gates, which are downward expanders with a memory.
//!
//! A strip opens above its threshold. It closes when the level has stayed below the threshold less the
//! hysteresis for the hold time: then what is below the threshold is turned down by `ratio - 1` dB for
//! each dB, at most by the range (the static curve of U. Zölzer, "DAFX", 2nd ed., 4.2.3, and the smooth
//! branching detector of Giannoulis et al. 2012, equation 16, on the gain in dB). The detector
//! holds the peaks with a release of 5 ms, so that it does not chatter on the single waves of a bass.
//!
//! The gain is decided once in [`crate::dynamics::PACE`] frames. For the engine's thread: nothing
//! allocates, and four gates that are off cost a comparison.

use serde::{Deserialize, Serialize};

use crate::dynamics::glide::Glide;
use crate::dynamics::level::SideHighPass;
use crate::dynamics::{DB_PER_OCTAVE, DECISIONS, MOST_OCTAVES, PACE, apply_gains, decay_of};
use crate::lanes::{Arch, Kernel, LaneBlock, Lanes, STRIPS, Vector};
use crate::range::{OutOfRange, within};
use crate::{Decibels, SampleRate};

/// Time constant in seconds with which the detector falls from a peak: 60 dB in 35 ms.
const DETECTOR_SECONDS: f64 = 0.005;

/// What the operator sets. Threshold and ratio are those of Zölzer's expander, attack and release the time constants of
/// Giannoulis et al. Ranges and defaults are choices of this desk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GateSettings {
    /// Gates. Off unless set.
    pub on: bool,
    /// Peak level in dBFS above which it opens, -80 to 0; -50 unless set: between the noise of a room and quiet speech.
    pub threshold_dbfs: f32,
    /// dB below the threshold at which it closes again, 0 to 24; 4 unless set.
    pub hysteresis_db: f32,
    /// By how many dB at most it turns down, 0 to 80; 20 unless set: a gate that nobody hears working.
    pub range_db: f32,
    /// dB at the output for each dB below the threshold, 1 (nothing) to 100 (a gate); 3 unless set.
    pub ratio: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of the way in dB is opened, 0.1 to 200; 1 unless set.
    pub attack_ms: f32,
    /// Milliseconds that it stays open after the level fell below the threshold less the hysteresis, 0 to 2000; 50 unless
    /// set.
    pub hold_ms: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of the way in dB is closed, 5 to 3000; 150 unless set.
    pub release_ms: f32,
    /// Corner in Hz, 3 dB down, of the high-pass that the detector listens through, 20 to 500; none unless set. Second
    /// order, Butterworth, 12 dB an octave (R. Bristow-Johnson, "Audio EQ Cookbook").
    pub side_high_pass_hz: Option<f32>,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self {
            on: false,
            threshold_dbfs: -50.0,
            hysteresis_db: 4.0,
            range_db: 20.0,
            ratio: 3.0,
            attack_ms: 1.0,
            hold_ms: 50.0,
            release_ms: 150.0,
            side_high_pass_hz: None,
        }
    }
}

impl GateSettings {
    /// Refuses what is outside its range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("gate threshold in dBFS", self.threshold_dbfs, (-80.0, 0.0))?;
        within("gate hysteresis in dB", self.hysteresis_db, (0.0, 24.0))?;
        within("gate range in dB", self.range_db, (0.0, 80.0))?;
        within("gate ratio", self.ratio, (1.0, 100.0))?;
        within("gate attack in ms", self.attack_ms, (0.1, 200.0))?;
        within("gate hold in ms", self.hold_ms, (0.0, 2000.0))?;
        within("gate release in ms", self.release_ms, (5.0, 3000.0))?;
        if let Some(hz) = self.side_high_pass_hz {
            within("gate side-chain high-pass in Hz", hz, (20.0, 500.0))?;
        }
        Ok(())
    }

    /// Threshold, hysteresis, range, steepness and how much of it is applied, levels in octaves; and what is left of the way
    /// after a decision of attack and release.
    fn targets(&self, rate: SampleRate) -> [f32; 7] {
        let left = |ms: f32| decay_of(f64::from(ms) / 1000.0, rate);
        [
            self.threshold_dbfs / DB_PER_OCTAVE,
            self.hysteresis_db / DB_PER_OCTAVE,
            self.range_db / DB_PER_OCTAVE,
            self.ratio - 1.0,
            if self.on { 1.0 } else { 0.0 },
            left(self.attack_ms),
            left(self.release_ms),
        ]
    }
}

/// What a gate remembers between blocks.
#[derive(Debug, Clone)]
struct Memory {
    /// The level's peaks, linear.
    level: Lanes,
    /// 1 while it is open.
    open: Lanes,
    /// Decisions for which it stays open.
    hold: Lanes,
    /// In octaves.
    reduction: Lanes,
}

impl Memory {
    /// Open, so that the first sound is not lost.
    const FRESH: Self = Self {
        level: Lanes::ZERO,
        open: Lanes::splat(1.0),
        hold: Lanes::ZERO,
        reduction: Lanes::ZERO,
    };
}

/// Four stereo gates, side by side.
#[derive(Debug, Clone)]
pub struct GateBank {
    arch: Arch,
    rate: SampleRate,
    on: [bool; STRIPS],
    side: SideHighPass,
    controls: Glide<7>,
    /// In decisions.
    hold: Lanes,
    detector: f32,
    memory: Memory,
    gain: Lanes,
    metered: Lanes,
}

impl GateBank {
    /// Four gates that are off.
    pub fn new(arch: Arch, rate: SampleRate) -> Self {
        let settings = GateSettings::default();
        let mut bank = Self {
            arch,
            rate,
            on: [false; STRIPS],
            side: SideHighPass::new(rate),
            controls: Glide::new(settings.targets(rate).map(Lanes::splat), rate),
            hold: Lanes::ZERO,
            detector: decay_of(DETECTOR_SECONDS, rate),
            memory: Memory::FRESH,
            gain: Lanes::splat(1.0),
            metered: Lanes::ZERO,
        };
        (0..STRIPS).for_each(|strip| bank.set_hold_and_side(strip, &settings));
        bank
    }

    /// Obeys new settings for one strip, 0 to 3: everything glides but the hold.
    pub fn set(&mut self, strip: usize, settings: &GateSettings) -> Result<(), OutOfRange> {
        settings.check()?;
        if self.is_idle() {
            // Nothing was listened to while all four were off: what is remembered is old.
            self.memory = Memory::FRESH;
            (0..STRIPS).for_each(|strip| self.side.settle(strip));
        }
        self.set_hold_and_side(strip, settings);
        self.controls.aim(strip, settings.targets(self.rate));
        if let Some(on) = self.on.get_mut(strip) {
            *on = settings.on;
        }
        Ok(())
    }

    /// Another signal takes a strip's place: its settings arrive at once, and nothing is remembered of the one before.
    pub fn settle(&mut self, strip: usize) {
        self.controls.settle(strip);
        self.side.settle(strip);
        self.memory.level.set_strip(strip, 0.0);
        self.memory.open.set_strip(strip, 1.0);
        self.memory.hold.set_strip(strip, 0.0);
        self.memory.reduction.set_strip(strip, 0.0);
        self.gain.set_strip(strip, 1.0);
        self.metered.set_strip(strip, 0.0);
    }

    fn set_hold_and_side(&mut self, strip: usize, settings: &GateSettings) {
        let hold = self.rate.frames_in(f64::from(settings.hold_ms) / 1000.0);
        self.hold.set_strip(strip, hold.0.div_ceil(PACE as u32) as f32);
        self.side.set(strip, settings.side_high_pass_hz, self.rate);
    }

    /// All four are off and have faded out: a block passes untouched and unheard.
    pub fn is_idle(&self) -> bool {
        self.on == [false; STRIPS] && !self.controls.is_moving()
    }

    /// By how much a strip was turned down at most in the last block, at most 0 dB.
    pub fn reduction(&self, strip: usize) -> Decibels {
        let octaves = self.metered.0.get(2 * strip).copied().unwrap_or_default();
        Decibels::new(-octaves * DB_PER_OCTAVE).unwrap_or(Decibels::UNITY)
    }

    /// A strip is open, as far as its detector knows.
    pub fn is_open(&self, strip: usize) -> bool {
        self.memory.open.0.get(2 * strip).is_some_and(|open| *open > 0.5)
    }

    /// Gates one block of four strips in place.
    pub fn process(&mut self, block: &mut LaneBlock) {
        if self.is_idle() {
            self.metered = Lanes::ZERO;
            return;
        }
        let arch = self.arch;
        arch.run(GateBlock { bank: self, block });
        self.controls.end_block();
    }
}

/// One block.
struct GateBlock<'a> {
    bank: &'a mut GateBank,
    block: &'a mut LaneBlock,
}

impl Kernel for GateBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { bank, block } = self;
        let levels = bank.side.levels::<V>(block);
        let moving = bank.controls.is_moving();
        let mut controls = bank.controls.start::<V>();
        let longest = V::load(&bank.hold);
        let falls = V::splat(bank.detector);
        let (zero, half, one) = (V::splat(0.0), V::splat(0.5), V::splat(1.0));
        let memory = &mut bank.memory;
        let mut level = V::load(&memory.level);
        let mut open = V::load(&memory.open);
        let mut hold = V::load(&memory.hold);
        let mut reduction = V::load(&memory.reduction);
        let mut most = zero;
        let mut gains = [Lanes::ZERO; DECISIONS];

        for (heard, gain) in levels.iter().zip(&mut gains) {
            if moving {
                controls.step();
            }
            let [threshold, hysteresis, range, steepness, effect, attack, release] = controls.now;
            level = V::load(heard).min(V::splat(1e6)).max(level.mul(falls));
            let octaves = level.log2().min(V::splat(MOST_OCTAVES));
            let below = threshold.sub(octaves);
            // Above the threshold it opens; between the thresholds it stays as it is, and the hold begins anew.
            let stays = open.select(hysteresis.greater(below), zero);
            let loud = one.select(zero.greater(below), stays).greater(half);
            hold = longest.select(loud, hold.sub(one).max(zero));
            let held = open.select(hold.greater(half), zero);
            open = one.select(loud, held);

            let wanted = steepness.mul(below).clamp(zero, range);
            let wanted = zero.select(open.greater(half), wanted);
            let decay = release.select(wanted.greater(reduction), attack);
            reduction = decay.mul_add(reduction.sub(wanted), wanted);
            let applied = reduction.mul(effect);
            most = most.max(applied);
            zero.sub(applied).exp2().store(gain);
        }
        apply_gains(block, V::load(&bank.gain), &gains).store(&mut bank.gain);

        // What decays is once rounded off, before it becomes subnormal.
        let rest = V::splat(1e-9);
        level.select(level.greater(rest), zero).store(&mut memory.level);
        open.store(&mut memory.open);
        hold.store(&mut memory.hold);
        reduction
            .select(reduction.greater(rest), zero)
            .store(&mut memory.reduction);
        most.store(&mut bank.metered);
        bank.controls.keep(&controls);
    }
}
