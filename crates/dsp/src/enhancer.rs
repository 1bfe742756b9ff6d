//! Makes a track sound as a preset has it: five bands, a compressor, one gain for the whole track, and a limit.
//!
//! Works in blocks and remembers what it must from one to the next: what comes out does not depend on how a track is cut into
//! pieces, so there is no seam. The gain is the track's, never measured on the way: no level steps. Two stages limit: a compressor
//! that lets nothing rise above the profile's limit for long, and behind it the true-peak limiter at the profile's
//! peak, which catches what is faster. For any thread; allocates in `new` only.

mod preset;

pub use self::preset::Preset;

use crate::compressor::{CompressorBank, CompressorSettings, Ratio};
use crate::equaliser::{Band, BandKind, Equaliser, EqualiserSettings};
use crate::lanes::{Arch, SILENT_LANES, deinterleave, interleave};
use crate::limiter::{Limiter, LimiterSettings};
use crate::range::OutOfRange;
use crate::{BLOCK_FRAMES, Block, Frame, Frames, SILENCE, SampleRate};

/// The corners of the bands in Hz: below the first and above the last are shelves.
const CORNERS: [f32; 4] = [200.0, 800.0, 3_000.0, 8_000.0];
/// How softly both compressors set in, dB.
const KNEE_DB: f32 = 6.0;
const LIMIT_KNEE_DB: f32 = 1.0;
/// How fast the limiting compressor is, milliseconds: what is faster meets the limiter behind it.
const LIMIT_ATTACK_MS: f32 = 1.0;
/// By how much a track is made louder or quieter at the most, dB.
pub const GAIN_DB_MAX: f32 = 20.0;

/// What a preset sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// In dB: below 200 Hz, 200 to 800, 800 to 3000, 3000 to 8000, above.
    pub bands_db: [f32; 5],
    /// Of the compressor.
    pub ratio: f32,
    /// Of the compressor.
    pub threshold_dbfs: f32,
    /// Of the compressor.
    pub attack_ms: f32,
    /// Of the compressor.
    pub release_ms: f32,
    /// Above this nothing stays.
    pub limit_dbfs: f32,
    /// Of both limiting stages.
    pub limit_release_ms: f32,
    /// How much of the bands is heard, 0 to 1; the rest is what came in.
    pub eq_blend: f32,
    /// How much of the compressor is heard, 0 to 1.
    pub dynamics_blend: f32,
    /// What the track's gain brings it to, before the limit.
    pub target_lufs: f32,
    /// The highest true peak that leaves.
    pub peak_dbtp: f32,
}

impl Profile {
    /// The gain in dB for a track whose sound is so loud behind the compressor ([`Colour`]), in LUFS. Silence stays as it is.
    pub fn gain_db(&self, loudness: Option<f32>) -> f32 {
        loudness.map_or(0.0, |lufs| (self.target_lufs - lufs).clamp(-GAIN_DB_MAX, GAIN_DB_MAX))
    }

    /// A bell for each band between two corners, as wide as the band; the mean of the corners is its centre.
    fn equalisers(&self) -> Result<[EqualiserSettings; 2], OutOfRange> {
        let [low, low_mid, mid, high_mid, high] = self.bands_db;
        let [one, two, three, four] = CORNERS;
        let bell = |from: f32, to: f32, gain| {
            let centre = (from * to).sqrt();
            Band::new(BandKind::Bell, centre, gain, centre / (to - from))
        };
        let shelf = |kind, corner, gain| Band::new(kind, corner, gain, Band::Q_DEFAULT);
        let flat = shelf(BandKind::HighShelf, four, 0.0)?;
        Ok([
            EqualiserSettings {
                on: true,
                bands: [
                    shelf(BandKind::LowShelf, one, low)?,
                    bell(one, two, low_mid)?,
                    bell(two, three, mid)?,
                    bell(three, four, high_mid)?,
                ],
            },
            EqualiserSettings {
                on: true,
                bands: [shelf(BandKind::HighShelf, four, high)?, flat, flat, flat],
            },
        ])
    }
}

/// The part of an [`Enhancer`] before the track's gain: bands and compressor. By itself it tells how loud a track will be there.
#[derive(Debug, Clone)]
pub struct Colour {
    equalisers: [Equaliser; 2],
    compressor: CompressorBank,
    eq_blend: f32,
    dynamics_blend: f32,
}

impl Colour {
    /// Allocates.
    ///
    /// # Errors
    /// When a number of the profile is out of range, which none of the presets' is.
    pub fn new(rate: SampleRate, profile: &Profile) -> Result<Self, OutOfRange> {
        let equalisers = profile.equalisers()?.map(|settings| {
            let mut equaliser = Equaliser::new(rate);
            equaliser.set(0, settings);
            equaliser.settle(0);
            equaliser
        });
        let compressor = compressor(
            rate,
            CompressorSettings {
                on: true,
                threshold_dbfs: profile.threshold_dbfs,
                ratio: Ratio::To(profile.ratio),
                knee_db: KNEE_DB,
                attack_ms: profile.attack_ms,
                release_ms: profile.release_ms,
                ..CompressorSettings::default()
            },
        )?;
        Ok(Self {
            equalisers,
            compressor,
            eq_blend: profile.eq_blend,
            dynamics_blend: profile.dynamics_blend,
        })
    }

    /// One block in place, without delay.
    pub fn process(&mut self, block: &mut Block) {
        let mut lanes = SILENT_LANES;
        let mut wet = SILENCE;
        interleave([Some(block), None, None, None], &mut lanes);
        for equaliser in &mut self.equalisers {
            equaliser.process(&mut lanes);
        }
        deinterleave(&lanes, 0, &mut wet);
        mix(block, &wet, self.eq_blend);
        interleave([Some(block), None, None, None], &mut lanes);
        self.compressor.process(&mut lanes);
        deinterleave(&lanes, 0, &mut wet);
        mix(block, &wet, self.dynamics_blend);
    }
}

fn compressor(rate: SampleRate, settings: CompressorSettings) -> Result<CompressorBank, OutOfRange> {
    let mut bank = CompressorBank::new(Arch::best(), rate);
    bank.set(0, &settings)?;
    bank.settle(0);
    Ok(bank)
}

/// So much of what was processed, and the rest of what came in.
fn mix(dry: &mut Block, wet: &Block, part: f32) {
    for (frame, wet) in dry.iter_mut().zip(wet) {
        for (sample, wet) in frame.iter_mut().zip(wet) {
            *sample += part * (wet - *sample);
        }
    }
}

/// What is played instead of a track.
#[derive(Debug, Clone)]
pub struct Enhancer {
    colour: Colour,
    /// Linear.
    gain: f32,
    limit: CompressorBank,
    limiter: Limiter,
    intensity: f32,
    /// What came in, as late as what comes out of the limiter.
    dry: Box<[Frame]>,
    place: usize,
}

impl Enhancer {
    /// `gain_db` is the track's ([`Profile::gain_db`]), `intensity` how much of all this is heard, 0 to 1. Allocates.
    ///
    /// # Errors
    /// When a number is out of range.
    pub fn new(rate: SampleRate, profile: &Profile, gain_db: f32, intensity: f32) -> Result<Self, OutOfRange> {
        let mut limiter = Limiter::new(rate);
        limiter.set(&LimiterSettings {
            on: true,
            ceiling_dbtp: profile.peak_dbtp,
            release_ms: profile.limit_release_ms,
        })?;
        limiter.settle();
        let limit = compressor(
            rate,
            CompressorSettings {
                on: true,
                threshold_dbfs: profile.limit_dbfs,
                ratio: Ratio::Limit,
                knee_db: LIMIT_KNEE_DB,
                attack_ms: LIMIT_ATTACK_MS,
                release_ms: profile.limit_release_ms,
                ..CompressorSettings::default()
            },
        )?;
        let gain_db = crate::range::within("track gain in dB", gain_db, (-GAIN_DB_MAX, GAIN_DB_MAX))?;
        Ok(Self {
            colour: Colour::new(rate, profile)?,
            gain: 10.0_f32.powf(gain_db / 20.0),
            limit,
            intensity: crate::range::within("intensity", intensity, (0.0, 1.0))?,
            dry: vec![[0.0; 2]; limiter.latency().0 as usize].into(),
            place: 0,
            limiter,
        })
    }

    /// How much later than it came a frame leaves.
    pub fn latency(&self) -> Frames {
        self.limiter.latency()
    }

    /// One block in place. What is no number is silent.
    pub fn process(&mut self, block: &mut Block) {
        crate::level::silence_bad_samples(block);
        let mut dry = *block;
        self.delay(&mut dry);
        self.colour.process(block);
        for sample in block.as_flattened_mut() {
            *sample *= self.gain;
        }
        let mut lanes = SILENT_LANES;
        interleave([Some(block), None, None, None], &mut lanes);
        self.limit.process(&mut lanes);
        deinterleave(&lanes, 0, block);
        self.limiter.process(block);
        let processed = *block;
        *block = dry;
        mix(block, &processed, self.intensity);
    }

    /// Exchanges the block for what came a latency earlier.
    fn delay(&mut self, block: &mut Block) {
        for frame in block.iter_mut().take(BLOCK_FRAMES) {
            if let Some(waiting) = self.dry.get_mut(self.place) {
                std::mem::swap(frame, waiting);
            }
            self.place = if self.place + 1 >= self.dry.len() {
                0
            } else {
                self.place + 1
            };
        }
    }
}

#[cfg(test)]
mod tests;
