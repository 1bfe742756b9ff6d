//! What a simulated card is like.

use std::f64::consts::TAU;

use cpal::SampleFormat;

/// One card.
#[derive(Debug)]
pub struct Card {
    /// What the host calls it: the part of the device's identity after `custom:`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Channels it records.
    pub inputs: u16,
    /// Channels it plays.
    pub outputs: u16,
    /// The rate it claims, Hz.
    pub rate: u32,
    /// Other rates it can be opened at, from the first to the second of each, Hz.
    pub rates: Vec<(u32, u32)>,
    /// The only format it knows.
    pub format: SampleFormat,
    /// By how much its clock is off, parts per million; positive is fast.
    pub ppm: f64,
    /// How its clock wanders about that.
    pub wander: Wander,
    /// How late a callback can be, seconds. Spread evenly, repeatably.
    pub jitter: f64,
    /// Frames in its callbacks.
    pub sizes: Sizes,
    /// It refuses to open with any size of callback asked for.
    pub insists: bool,
    /// How long its audio takes to or from the converter, seconds, as the host says.
    pub latency: f64,
    /// What it records.
    pub signal: Signal,
    /// Seed of everything random about it.
    pub seed: u64,
    /// Keep what is played, for [`super::SimulatedCards::take_played`].
    pub keeps: bool,
}

impl Card {
    /// A card that records two channels of index-coded audio at 48 kHz, `f32`, with a perfect clock.
    pub fn input(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: format!("Simulated {id}"),
            inputs: 2,
            outputs: 0,
            rate: 48_000,
            rates: Vec::new(),
            format: SampleFormat::F32,
            ppm: 0.0,
            wander: Wander::default(),
            jitter: 0.0,
            sizes: Sizes::AsAsked,
            insists: false,
            latency: 0.0,
            signal: Signal::Index,
            seed: 1,
            keeps: true,
        }
    }

    /// A card that plays two channels, otherwise the same.
    pub fn output(id: &str) -> Self {
        Self {
            inputs: 0,
            outputs: 2,
            ..Self::input(id)
        }
    }

    /// It can be opened at `rate`.
    pub(super) fn can_run_at(&self, rate: u32) -> bool {
        rate == self.rate || self.rates.iter().any(|(low, high)| (*low..=*high).contains(&rate))
    }

    /// Its true rate at `time`, Hz.
    pub(super) fn hz(&self, time: f64) -> f64 {
        let wander = self.wander.ppm * (TAU * time / self.wander.seconds).sin();
        f64::from(self.rate) * (1.0 + (self.ppm + wander) * 1e-6)
    }
}

/// A slow change of a clock, there and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wander {
    /// To either side, parts per million.
    pub ppm: f64,
    /// There and back, seconds.
    pub seconds: f64,
}

impl Default for Wander {
    /// None.
    fn default() -> Self {
        Self {
            ppm: 0.0,
            seconds: 600.0,
        }
    }
}

/// How many frames callbacks have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sizes {
    /// As the desk asked for.
    AsAsked,
    /// These, over and over.
    Cycle(Vec<u32>),
    /// Anything from the first to the second.
    Random(u32, u32),
}

/// What a card records: frame and channel, counted from zero, to a sample.
pub enum Signal {
    /// Nothing.
    Silence,
    /// The frame's number, exactly, in the card's format: modulo 2^23, or 2^15 or 2^7 where there are
    /// fewer bits, over as much. Channels after the first are [`Signal::CHANNEL_OFFSET`] ahead each.
    Index,
    /// A sine on all channels.
    Tone {
        /// Its frequency, Hz by the card's own clock.
        hz: f64,
        /// Its peak.
        amplitude: f32,
    },
    /// Anything.
    Custom(Box<dyn FnMut(u64, u16) -> f32 + Send>),
}

impl Signal {
    /// Frames a channel's index is ahead of the channel before.
    pub const CHANNEL_OFFSET: u64 = 1_000;

    /// What [`Signal::Index`] counts to in `format`.
    pub fn index_modulus(format: SampleFormat) -> u64 {
        match format.bits_per_sample() {
            8 => 1 << 7,
            16 => 1 << 15,
            _ => 1 << 23,
        }
    }

    /// One sample.
    pub(super) fn sample(&mut self, frame: u64, channel: u16, rate: u32, format: SampleFormat) -> f32 {
        match self {
            Self::Silence => 0.0,
            Self::Index => {
                let modulus = Self::index_modulus(format);
                ((frame + u64::from(channel) * Self::CHANNEL_OFFSET) % modulus) as f32 / modulus as f32
            }
            Self::Tone { hz, amplitude } => {
                let turns = (frame as f64 * *hz / f64::from(rate)).fract();
                ((TAU * turns).sin() * f64::from(*amplitude)) as f32
            }
            Self::Custom(sample) => sample(frame, channel),
        }
    }
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Silence => "Silence",
            Self::Index => "Index",
            Self::Tone { .. } => "Tone",
            Self::Custom(_) => "Custom",
        })
    }
}
