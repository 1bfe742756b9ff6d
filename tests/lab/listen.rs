//! Listening: what a file or a stream really contains, decoded by ffmpeg, and what is wrong with it.

use std::f64::consts::{PI, TAU};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Priority, Process, output_of};
use crate::tone::{self, Fitter, RATE, Sine};
use crate::wait;

/// Audio that was heard, at [`RATE`], in stereo.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The frames, left and right.
    pub frames: Vec<[f32; 2]>,
}

/// A place where a steady tone is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Break {
    /// Where, in seconds.
    pub at: f64,
    /// How far the phase is from where it should be, radians.
    pub phase: f64,
    /// What there is beside the tones, dB relative to full scale.
    pub residual: f64,
}

/// What became of numbered frames.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Numbers that were there, of those between the first and the last.
    pub present: u64,
    /// Numbers that were left out.
    pub lost: u64,
    /// Frames whose number had been before.
    pub repeated: u64,
    /// Frames that are no number at all.
    pub damaged: u64,
}

/// A number is a sample of this many steps from zero to one half.
const NUMBERS: i64 = 1 << 20;
/// Numbered frames count from one up to here and start again, every 21.8 s.
const LAST_NUMBER: i64 = NUMBERS - 1;

/// What MP3 and Opus at 128 kbit/s may leave beside a tone, dB relative to full scale.
pub const CODEC_NOISE: f64 = -50.0;

/// Decodes a file.
pub fn file(path: &Path) -> Heard {
    decode(Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path))
}

/// Listens to a stream from now on, for `seconds` of audio.
pub fn url(url: &str, seconds: f64) -> Heard {
    decode(stream(url).args(["-t", &seconds.to_string()]))
}

/// Somebody who listens to a stream, until they are stopped.
pub struct Listener {
    process: Process,
    folder: TempDir,
}

impl Listener {
    /// Begins to listen.
    pub fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut ffmpeg = stream(url);
        ffmpeg.args(FRAMES).arg(folder.path().join(HEARD));
        let process = Process::start(&mut ffmpeg, &folder.path().join("ffmpeg.log"), Priority::Ordinary);
        Self { process, folder }
    }

    /// Waits until this much has been heard.
    pub fn wait(&mut self, seconds: f64) {
        let bytes = (seconds * f64::from(RATE)) as u64 * 8;
        let file = self.folder.path().join(HEARD);
        wait::until("the listener to hear more", wait::seconds(20), || {
            assert!(
                self.process.is_running(),
                "the listener ended: {}",
                self.process.output()
            );
            file.metadata().is_ok_and(|file| file.len() >= bytes).then_some(())
        });
    }

    /// How long is what has been heard so far, in seconds.
    pub fn seconds(&self) -> f64 {
        let file = self.folder.path().join(HEARD).metadata();
        file.map_or(0.0, |file| (file.len() / 8) as f64 / f64::from(RATE))
    }

    /// Ends listening, which must not have ended by itself.
    pub fn stop(mut self) -> Heard {
        assert!(
            self.process.is_running(),
            "the listener ended: {}",
            self.process.output()
        );
        self.process.end(libc::SIGINT);
        let bytes = std::fs::read(self.folder.path().join(HEARD)).expect("ffmpeg wrote it");
        Heard::from_bytes(&bytes)
    }
}

/// The file of a [`Listener`].
const HEARD: &str = "heard.f32";
/// Plain frames, each written as soon as it is heard.
const FRAMES: [&str; 8] = ["-f", "f32le", "-ac", "2", "-ar", "48000", "-flush_packets", "1"];

fn stream(url: &str) -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-rw_timeout", "10000000"]);
    ffmpeg.args(["-probesize", "64k", "-analyzeduration", "1M", "-i", url]);
    ffmpeg
}

fn decode(ffmpeg: &mut Command) -> Heard {
    Heard::from_bytes(&output_of(ffmpeg.args(FRAMES).arg("-")))
}

/// What ffprobe says about a file or a stream: `format` and `streams`, with their tags.
pub fn probe(source: &str) -> Value {
    let mut ffprobe = Command::new("ffprobe");
    ffprobe.args(["-v", "error", "-show_format", "-show_streams", "-of", "json"]);
    if source.contains("://") {
        // Enough for the first title in an MP3 stream, which comes after 16 000 bytes.
        ffprobe.args(["-rw_timeout", "10000000", "-probesize", "48k", "-analyzeduration", "2M"]);
    }
    ffprobe.arg(source);
    serde_json::from_slice(&output_of(&mut ffprobe)).expect("ffprobe prints JSON")
}

impl Heard {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let sample = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Self {
            frames: bytes
                .chunks_exact(8)
                .map(|frame| [sample(&frame[..4]), sample(&frame[4..])])
                .collect(),
        }
    }

    /// Panics unless one side is `sine`, behind a lossy codec: at its level, and without a break.
    #[track_caller]
    pub fn must_be(&self, sine: Sine, side: usize) {
        let level = self.levels(&[sine.hz])[0][side];
        assert!(
            (level - sine.db).abs() < 0.5,
            "side {side}: {level} dB, not {}",
            sine.db
        );
        assert_eq!(self.breaks(side, &[sine.hz], CODEC_NOISE), [], "side {side}");
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.frames.len() as f64 / f64::from(RATE)
    }

    /// What was heard from `start` to `end`, in seconds.
    pub fn span(&self, start: f64, end: f64) -> Self {
        let frame = |seconds: f64| ((seconds * f64::from(RATE)) as usize).min(self.frames.len());
        Self {
            frames: self.frames[frame(start)..frame(end)].to_vec(),
        }
    }

    /// Without the silence before and after.
    pub fn without_silence(&self) -> Self {
        let sounds = |frame: &[f32; 2]| frame.iter().any(|sample| sample.abs() > 1e-5);
        let start = self.frames.iter().position(sounds).unwrap_or(0);
        let end = self.frames.iter().rposition(sounds).map_or(start, |last| last + 1);
        Self {
            frames: self.frames[start..end].to_vec(),
        }
    }

    /// The highest sample, dB relative to full scale.
    pub fn peak(&self) -> f64 {
        let peak = self
            .frames
            .iter()
            .flatten()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        tone::decibels(f64::from(peak))
    }

    /// The root mean square of both sides, dB relative to full scale.
    pub fn loudness(&self) -> f64 {
        let power: f64 = self
            .frames
            .iter()
            .flatten()
            .map(|sample| f64::from(*sample).powi(2))
            .sum();
        tone::decibels((power / (2 * self.frames.len()).max(1) as f64).sqrt())
    }

    /// The levels of the tones `hz`, left and right, in dB: for each the median over those twentieths of a
    /// second, half of them, in which there is least beside the tones. Whether the others are whole, [`Heard::breaks`] says.
    pub fn levels(&self, hz: &[f64]) -> Vec<[f64; 2]> {
        const RUN: usize = RATE as usize / 20;
        let fitter = Fitter::new(RUN, hz);
        let sides = [0, 1].map(|side| {
            let samples = self.side(side);
            let mut fits: Vec<_> = samples.chunks_exact(RUN).map(|run| fitter.fit(run)).collect();
            assert!(!fits.is_empty(), "{:.3} s is too short to measure", self.seconds());
            fits.sort_by(|a, b| a.residual.total_cmp(&b.residual));
            fits.truncate(fits.len().div_ceil(2));
            (0..hz.len())
                .map(|i| median(fits.iter().map(|fit| tone::decibels(fit.sines[i].0)).collect()))
                .collect::<Vec<_>>()
        });
        (0..hz.len()).map(|i| [sides[0][i], sides[1][i]]).collect()
    }

    /// Where the steady tones `hz` are broken: the phase jumps, or there is more than `noise` (dB) beside them.
    ///
    /// The ends, 50 ms each, are left out. Lossy codecs need a higher `noise`.
    pub fn breaks(&self, side: usize, hz: &[f64], noise: f64) -> Vec<Break> {
        const RUN: usize = RATE as usize / 100;
        let fitter = Fitter::new(RUN, hz);
        let fits: Vec<_> = self.side(side).chunks_exact(RUN).map(|run| fitter.fit(run)).collect();
        let steps: Vec<_> = hz
            .iter()
            .enumerate()
            .map(|(tone, hz)| steps(&fits, tone, TAU * hz * RUN as f64 / f64::from(RATE)))
            .collect();
        // A tone that is not there has no phase.
        let present: Vec<_> = (0..hz.len())
            .map(|tone| median(fits.iter().map(|fit| fit.sines[tone].0).collect()) > 1e-4)
            .collect();
        let broken = |index: usize| {
            let heard = steps.iter().zip(&present).filter(|(_, present)| **present);
            // A clock that is a little off turns the phase evenly, and one that is followed changes that slowly: only
            // what differs from the step before is a break.
            let jumps = heard.map(|(steps, _)| turn(steps[index - 1] - steps[index - 2]));
            let phase = jumps.max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
            let residual = tone::decibels(fits[index].residual);
            let at = (index * RUN) as f64 / f64::from(RATE);
            (phase.abs() > 0.05 || residual > noise).then_some(Break { at, phase, residual })
        };
        (5..fits.len().saturating_sub(5)).filter_map(broken).collect()
    }

    /// Panics unless so many seconds of numbered frames are here at least, every one of them once.
    #[track_caller]
    pub fn must_be_every_frame(&self, seconds: f64) {
        let numbers = self.numbers(1.0);
        assert!(numbers.present as f64 > seconds * f64::from(RATE), "{numbers:?}");
        assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
    }

    /// What became of frames that [`crate::sound_server::numbered`] made, after `gain` on the right side.
    pub fn numbers(&self, gain: f64) -> Numbers {
        let mut numbers = Numbers::default();
        let mut last: Option<i64> = None;
        for frame in &self.without_silence().frames {
            let exact = f64::from(frame[1]) / gain * 2.0 * NUMBERS as f64;
            let number = exact.round() as i64;
            if (exact - exact.round()).abs() > 0.2 {
                numbers.damaged += 1;
                continue;
            }
            let step = last.map_or(1, |last| {
                (number - last + LAST_NUMBER / 2).rem_euclid(LAST_NUMBER) - LAST_NUMBER / 2
            });
            if step >= 1 {
                numbers.present += 1;
                numbers.lost += (step - 1) as u64;
                last = Some(number);
            } else {
                numbers.repeated += 1;
            }
        }
        numbers
    }

    fn side(&self, side: usize) -> Vec<f32> {
        self.frames.iter().map(|frame| frame[side]).collect()
    }
}

/// The loudest difference between two recordings of the same length, dB relative to full scale: a null test.
pub fn difference(one: &[[f32; 2]], other: &[[f32; 2]]) -> f64 {
    assert_eq!(one.len(), other.len(), "a null test compares equal lengths");
    let differences = one
        .iter()
        .flatten()
        .zip(other.iter().flatten())
        .map(|(a, b)| f64::from(a - b).abs());
    tone::decibels(differences.fold(0.0, f64::max))
}

/// The number of a frame as a sample, see [`Heard::numbers`]. Never zero, so that silence is no number.
pub fn number_at(frame: u64) -> f32 {
    ((frame as i64 % LAST_NUMBER + 1) as f64 / (2.0 * NUMBERS as f64)) as f32
}

/// How much further than `expected` the phase of a tone turns from each run to the next.
fn steps(fits: &[tone::Fit], tone: usize, expected: f64) -> Vec<f64> {
    fits.windows(2)
        .map(|pair| turn(pair[1].sines[tone].1 - pair[0].sines[tone].1 - expected))
        .collect()
}

/// An angle between -pi and pi.
fn turn(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::{OTHER_TONE, TONE};

    fn heard(seconds: u64, mut frame: impl FnMut(u64) -> [f32; 2]) -> Heard {
        Heard {
            frames: (0..seconds * u64::from(RATE)).map(&mut frame).collect(),
        }
    }

    fn two_tones(seconds: u64) -> Heard {
        let (one, other) = (
            Sine { hz: TONE, db: -6.0 },
            Sine {
                hz: OTHER_TONE,
                db: -20.0,
            },
        );
        heard(seconds, |frame| [one.at(frame) + other.at(frame), one.at(frame)])
    }

    #[test]
    fn levels_of_both_sides_are_measured() {
        let levels = two_tones(1).levels(&[TONE, OTHER_TONE]);
        assert!(
            (levels[0][0] + 6.0).abs() < 0.01 && (levels[0][1] + 6.0).abs() < 0.01,
            "{levels:?}"
        );
        assert!(
            (levels[1][0] + 20.0).abs() < 0.01 && levels[1][1] < -100.0,
            "{levels:?}"
        );
    }

    #[test]
    fn a_gap_is_a_break_and_no_lower_level() {
        let mut heard = two_tones(1);
        heard.frames[20_000..24_000].fill([0.0; 2]);
        let level = heard.levels(&[TONE, OTHER_TONE])[0][0];
        assert!((level + 6.0).abs() < 0.01, "{level}");
        assert!(!heard.breaks(0, &[TONE, OTHER_TONE], -60.0).is_empty());
    }

    #[test]
    fn a_steady_tone_has_no_break() {
        assert_eq!(two_tones(2).breaks(0, &[TONE, OTHER_TONE], -80.0), []);
    }

    #[test]
    fn a_lost_frame_is_a_break_where_it_was() {
        for count in [1, 24, 48, 64, 256, 480, 1024] {
            let mut heard = two_tones(2);
            heard.frames.drain(48_000..48_000 + count);
            let breaks = heard.breaks(1, &[TONE], -60.0);
            assert!(!breaks.is_empty(), "{count} frames lost and not found");
            assert!(
                breaks.iter().all(|found| (found.at - 1.0).abs() < 0.03),
                "{count}: {breaks:?}"
            );
        }
    }

    #[test]
    fn a_clock_a_little_off_is_no_break() {
        let fast = Sine {
            hz: TONE * 1.0001,
            db: -6.0,
        };
        assert_eq!(heard(2, |frame| [fast.at(frame); 2]).breaks(0, &[TONE], -45.0), []);
    }

    #[test]
    fn numbered_frames_tell_what_was_lost_and_what_came_twice() {
        let mut heard = heard(2, |frame| [0.1, number_at(frame) * 0.5]);
        heard.frames.drain(1000..1064);
        heard.frames[5000] = heard.frames[4999];
        let expected = Numbers {
            present: 96_000 - 64 - 1,
            lost: 65,
            repeated: 1,
            damaged: 0,
        };
        assert_eq!(heard.numbers(0.5), expected);
    }

    #[test]
    fn numbers_that_start_again_are_neither_lost_nor_repeated() {
        let heard = heard(44, |frame| [0.1, number_at(frame)]);
        let expected = Numbers {
            present: 44 * 48_000,
            ..Numbers::default()
        };
        assert_eq!(heard.numbers(1.0), expected);
    }

    /// What is left of `heard` behind a lossy codec, without its beginning.
    fn coded(heard: &Heard, codec: &[&str], kind: &str) -> Heard {
        let folder = tempfile::tempdir().expect("a folder");
        let [plain, small] = ["plain.f32", kind].map(|name| folder.path().join(name));
        let bytes: Vec<u8> = heard
            .frames
            .iter()
            .flatten()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        std::fs::write(&plain, bytes).expect("written");
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg
            .args(["-v", "error", "-f", "f32le", "-ac", "2", "-ar", "48000", "-i"])
            .arg(&plain);
        output_of(ffmpeg.args(codec).args(["-b:a", "128k"]).arg(&small));
        let decoded = file(&small);
        decoded.span(0.5, decoded.seconds() - 0.5)
    }

    #[test]
    fn a_lossy_codec_is_no_break_and_a_gap_behind_it_is_one() {
        let tone = Sine { hz: TONE, db: -15.0 };
        for (codec, kind) in [
            (["-c:a", "libmp3lame"], "coded.mp3"),
            (["-c:a", "libopus"], "coded.opus"),
        ] {
            let steady = heard(4, |frame| [tone.at(frame); 2]);
            let whole = coded(&steady, &codec, kind);
            let beside = whole.breaks(0, &[TONE], -200.0).into_iter().map(|run| run.residual);
            println!("{kind}: {:.1} dB beside the tone", beside.fold(-200.0, f64::max));
            whole.must_be(tone, 0);
            // A packet, a block of the desk, a single frame; silence where a block should be.
            for lost in [960, 64, 1] {
                let mut torn = steady.clone();
                torn.frames.drain(96_000..96_000 + lost);
                let breaks = coded(&torn, &codec, kind).breaks(0, &[TONE], CODEC_NOISE);
                assert!(!breaks.is_empty(), "{kind}: {lost} frames lost and not found");
            }
            let mut torn = steady.clone();
            torn.frames[96_000..96_064].fill([0.0; 2]);
            let breaks = coded(&torn, &codec, kind).breaks(0, &[TONE], CODEC_NOISE);
            assert!(!breaks.is_empty(), "{kind}: a silent block was not found");
        }
    }

    #[test]
    fn a_null_test_measures_the_loudest_difference() {
        let one = two_tones(1);
        let mut other = one.clone();
        assert!(difference(&one.frames, &other.frames) < -200.0);
        other.frames[77][1] += 0.001;
        assert!((difference(&one.frames, &other.frames) + 60.0).abs() < 0.01);
    }
}
