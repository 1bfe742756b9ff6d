//! What is to be mixed: files, and what each strip does with its own.

use std::f64::consts::{FRAC_PI_4, TAU};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use airdesk_dsp::compressor::CompressorSettings;

use crate::show::BELLS;

/// How long every file is, seconds.
pub(crate) const SECONDS: usize = 60;
const RATE: usize = 48_000;
/// Different files. More strips than these share them: what they cost to read is the same, and the disk is spared.
const FILES: usize = 16;

/// What strips do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    /// Gain and pan.
    Plain,
    /// Four bells, and a compressor behind them.
    Voice,
}

impl Chain {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "gain and pan",
            Self::Voice => "4 bells, compressor, gain and pan",
        }
    }
}

/// One mix.
pub(crate) struct Task<'a> {
    /// Where its files are and its own go.
    pub(crate) folder: &'a Path,
    pub(crate) chain: Chain,
    pub(crate) strips: usize,
    /// How long the mix is. Longer than the files, it is Airdesk alone that makes it: it plays them in a loop.
    pub(crate) seconds: usize,
}

/// One strip of it.
pub(crate) struct Strip {
    pub(crate) file: PathBuf,
    /// dB.
    pub(crate) fader: f64,
    /// -1 to 1.
    pub(crate) pan: f64,
}

impl Task<'_> {
    /// Its strips. The sum of any number of them is as loud, and peaks below where Airdesk limits it.
    pub(crate) fn strips(&self) -> impl Iterator<Item = Strip> {
        let fader = -18.0 - 20.0 * (self.strips as f64 / FILES as f64).log10();
        (0..self.strips).map(move |n| Strip {
            file: file(self.folder, n % FILES),
            fader,
            pan: (n % 9) as f64 / 5.0 - 0.8,
        })
    }
}

impl Strip {
    /// The factors of left and right: constant power, -3 dB in the centre.
    pub(crate) fn gains(&self) -> [f64; 2] {
        let (right, left) = ((self.pan + 1.0) * FRAC_PI_4).sin_cos();
        [left, right].map(|side| side * 10_f64.powf(self.fader / 20.0))
    }
}

/// The compressor that every strip has: Airdesk's when it is switched on.
pub(crate) fn compressor() -> CompressorSettings {
    CompressorSettings {
        on: true,
        ..CompressorSettings::default()
    }
}

/// The bells: frequency in Hz and gain in dB; Q is 1.
pub(crate) fn bells() -> [(f32, f32); 4] {
    BELLS
}

fn file(folder: &Path, n: usize) -> PathBuf {
    folder.join(format!("in{n}.wav"))
}

/// Writes the files: 16-bit stereo, a tone of another pitch in each, with some noise, at about -10 dBFS.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    (0..FILES).try_for_each(|n| write_one(&file(folder, n), 110.0 + 73.0 * n as f64))
}

fn write_one(path: &Path, hz: f64) -> io::Result<()> {
    let length = (SECONDS * RATE * 4) as u32;
    let mut file = BufWriter::new(File::create(path)?);
    let format = [1_u16.to_le_bytes(), 2_u16.to_le_bytes()].concat();
    let rates = [(RATE as u32).to_le_bytes(), (RATE as u32 * 4).to_le_bytes()].concat();
    let widths = [4_u16.to_le_bytes(), 16_u16.to_le_bytes()].concat();
    let header: [&[u8]; 9] = [
        b"RIFF",
        &(36 + length).to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &format,
        &rates,
        &widths,
        b"data",
        &length.to_le_bytes(),
    ];
    file.write_all(&header.concat())?;
    let mut seed = hz as u32;
    for n in 0..SECONDS * RATE {
        let tone = 0.4 * (TAU * hz * n as f64 / RATE as f64).sin();
        for _side in 0..2 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(seed >> 8) / f64::from(1 << 24) - 0.5;
            let sample = (32_767.0 * (tone + 0.1 * noise)) as i16;
            file.write_all(&sample.to_le_bytes())?;
        }
    }
    file.flush()
}
