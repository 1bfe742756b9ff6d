//! Makes sound files with the programs that people make them with, and decodes them with ours and with ffmpeg.

use std::path::{Path, PathBuf};
use std::process::Command;

use airdesk_dsp::Frame;
use airdesk_sources::decode::{DecodeError, Decoder};
use tempfile::TempDir;

/// A folder of sound files.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file as it is.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("room on the disk");
        path
    }

    /// A WAV file of 16 bits, which all the programs read.
    pub(crate) fn wav(&self, name: &str, rate: u32, channels: u16, frames: usize) -> PathBuf {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let path = self.path(name);
        let mut writer = hound::WavWriter::create(&path, spec).expect("room on the disk");
        for frame in 0..frames {
            for channel in 0..usize::from(channels) {
                writer
                    .write_sample(sample(rate, frame, channel))
                    .expect("room on the disk");
            }
        }
        writer.finalize().expect("room on the disk");
        path
    }

    /// Runs a program in the folder.
    pub(crate) fn run(&self, line: &str) {
        let mut words = line.split_whitespace();
        let program = words.next().expect("a program");
        let out = Command::new(program)
            .args(words)
            .current_dir(self.0.path())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    }

    /// What ffmpeg makes of a file, as two channels of floats.
    pub(crate) fn by_ffmpeg(&self, name: &str) -> Vec<Frame> {
        let out = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(self.path(name))
            .args(["-vn", "-f", "f32le", "-"])
            .output()
            .expect("ffmpeg is installed");
        let samples = out
            .stdout
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes));
        samples.collect::<Vec<f32>>().as_chunks::<2>().0.to_vec()
    }
}

/// Music of a kind: tones that sweep, hiss, and strokes, so that every frame differs from the others.
pub(crate) fn sample(rate: u32, frame: usize, channel: usize) -> i16 {
    let t = frame as f64 / f64::from(rate);
    let tone = (std::f64::consts::TAU * (220.0 + 110.0 * channel as f64 + 40.0 * t) * t).sin();
    let stroke = (-(t * 4.0).fract() * 30.0).exp() * (std::f64::consts::TAU * 1900.0 * t).sin();
    let mixed = ((frame * 8 + channel) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hiss = (mixed >> 40) as f64 / 8_388_608.0 - 1.0;
    ((0.3 * tone + 0.25 * stroke + 0.05 * hiss) * 32_767.0) as i16
}

/// The same as a float.
pub(crate) fn expected(rate: u32, frame: usize, channel: usize) -> f32 {
    f32::from(sample(rate, frame, channel)) / 32_768.0
}

/// All of a file from where its decoder is.
pub(crate) fn rest(decoder: &mut Decoder) -> Result<Vec<Frame>, DecodeError> {
    let (mut frames, mut step) = (Vec::new(), [[0.0; 2]; 1000]);
    loop {
        let count = decoder.read(&mut step)?;
        frames.extend_from_slice(&step[..count]);
        if count < step.len() {
            return Ok(frames);
        }
    }
}

/// All of a file.
pub(crate) fn decoded(path: &Path) -> Vec<Frame> {
    let mut decoder = Decoder::open(path).unwrap_or_else(|error| panic!("{error}"));
    rest(&mut decoder).unwrap_or_else(|error| panic!("{error}"))
}

/// How far two pieces are apart: their difference's highest sample, dB below full scale.
pub(crate) fn apart(one: &[Frame], other: &[Frame]) -> f64 {
    let pairs = one.as_flattened().iter().zip(other.as_flattened());
    let highest = pairs.fold(0.0_f32, |highest, (a, b)| highest.max((a - b).abs()));
    20.0 * f64::from(highest).max(1e-12).log10()
}

/// Numbers, the same each time. Knuth's MMIX.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 24) % limit.max(1)
    }
}
