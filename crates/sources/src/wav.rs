//! WAV files as a source: 8, 16, 24 and 32-bit integer and 32-bit float, one or two channels (of more,
//! the first two), any rate. Read as they play; converted to the desk's rate by a windowed sinc.
//!
//! `hound` reads the header. The samples are read here, many at a time: one at a time they cost more than mixing them.

mod samples;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use airdesk_dsp::resample::Quality;
use airdesk_dsp::{Frame, SampleRate};
use hound::WavReader;

use self::samples::Layout;
use crate::converter::Converter;
use crate::{Player, SourceError};

/// Why a WAV file cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// It cannot be opened: wrong path or no permission.
    #[error("{} cannot be opened: {source}; make it readable or choose another file", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is no file; choose a WAV file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is no WAV file, or it is broken or of a kind that Airdesk does not play.
    #[error("this is not a WAV file that can be played: {0}; choose another file")]
    Format(#[from] hound::Error),
    /// The rate is out of range.
    #[error("a rate of {0} Hz cannot be played; choose a file of 8000 to 384000 Hz")]
    Rate(u32),
    /// There is nothing in it.
    #[error("there is no audio in it; choose another file")]
    Empty,
}

/// Plays one WAV file from its beginning to its end.
pub struct WavPlayer<R> {
    samples: Samples<R>,
    converter: Converter,
    looped: bool,
}

/// The frames as they are in the file.
struct Samples<R> {
    source: R,
    layout: Layout,
    /// Where the audio begins, in bytes.
    start: u64,
    /// Frames in the file, and those of them that are still to be read.
    length: u32,
    unread: u32,
    bytes: Vec<u8>,
}

/// Opens a file for the desk's rate.
///
/// # Errors
/// When it cannot be opened or is no WAV file that can be played.
pub fn open(path: &Path, rate: SampleRate, looped: bool) -> Result<WavPlayer<BufReader<File>>, WavError> {
    let cannot = |source| WavError::Open {
        path: path.to_owned(),
        source,
    };
    // Looked at first: to open a pipe is to wait for whoever writes to it.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(WavError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(cannot)?;
    let mut player = WavPlayer::new(BufReader::with_capacity(1 << 16, file), rate)?;
    player.looped = looped;
    Ok(player)
}

impl<R: Read + Seek> WavPlayer<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is no WAV file that can be played.
    pub fn new(source: R, rate: SampleRate) -> Result<Self, WavError> {
        let reader = WavReader::new(source)?;
        let (spec, length, samples) = (reader.spec(), reader.duration(), reader.len());
        let from = SampleRate::new(spec.sample_rate).ok_or(WavError::Rate(spec.sample_rate))?;
        if length == 0 {
            return Err(WavError::Empty);
        }
        let mut source = reader.into_inner();
        let (start, bytes) = data(&mut source).map_err(hound::Error::IoError)?;
        Ok(Self {
            samples: Samples {
                source,
                layout: Layout::new(&spec, bytes / samples)?,
                start,
                length,
                unread: length,
                bytes: Vec::new(),
            },
            converter: Converter::new(from, rate, Quality::Balanced),
            looped: false,
        })
    }

    /// How long it is, in frames at the desk's rate.
    pub fn frames(&self) -> u64 {
        self.converter.scaled(self.samples.length.into())
    }
}

impl<R: Read + Seek> Samples<R> {
    /// Reads frames as they are in the file; fewer than asked for at its end.
    fn read(&mut self, out: &mut [Frame]) -> Result<usize, WavError> {
        let count = out.len().min(self.unread as usize);
        self.bytes.resize(count * self.layout.frame_bytes(), 0);
        self.source.read_exact(&mut self.bytes).map_err(hound::Error::IoError)?;
        self.unread -= count as u32;
        self.layout.decode(&self.bytes, &mut out[..count]);
        Ok(count)
    }

    fn rewind(&mut self) -> Result<(), WavError> {
        self.source
            .seek(SeekFrom::Start(self.start))
            .map_err(hound::Error::IoError)?;
        self.unread = self.length;
        Ok(())
    }
}

/// Where the audio of a file begins whose header has just been read, and its length in bytes, which stands before it:
/// `hound` keeps to itself how many bytes a sample takes.
fn data(source: &mut (impl Read + Seek)) -> io::Result<(u64, u32)> {
    let mut length = [0; 4];
    source.seek(SeekFrom::Current(-(length.len() as i64)))?;
    source.read_exact(&mut length)?;
    Ok((source.stream_position()?, u32::from_le_bytes(length)))
}

impl<R: Read + Seek + Send> Player for WavPlayer<R> {
    fn render(&mut self, out: &mut [Frame]) -> Result<usize, SourceError> {
        let Self {
            samples,
            converter,
            looped,
        } = self;
        let mut done = 0;
        loop {
            let count = converter.render(&mut out[done..], |source| samples.read(source))?;
            done += count;
            // A piece of no frames at the desk's rate would go round for ever.
            if done == out.len() || !*looped || converter.scaled(samples.length.into()) == 0 {
                return Ok(done);
            }
            samples.rewind()?;
            converter.seek(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::io::Cursor;

    use hound::{SampleFormat, WavSpec, WavWriter};

    use super::*;

    fn wav(spec: WavSpec, mut write: impl FnMut(&mut WavWriter<&mut Cursor<Vec<u8>>>)) -> Cursor<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).expect("a header");
        write(&mut writer);
        writer.finalize().expect("a WAV file");
        bytes.set_position(0);
        bytes
    }

    fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
        WavSpec {
            channels,
            sample_rate,
            bits_per_sample,
            sample_format,
        }
    }

    fn all(player: &mut impl Player) -> Vec<Frame> {
        let (mut frames, mut step) = (Vec::new(), [[0.0; 2]; 100]);
        loop {
            let count = player.render(&mut step).expect("it plays");
            frames.extend_from_slice(&step[..count]);
            if count < step.len() {
                return frames;
            }
        }
    }

    #[test]
    fn every_sample_arrives_as_it_is_in_the_file() {
        let float = wav(spec(2, 48_000, 32, SampleFormat::Float), |writer| {
            (0..1000).for_each(|n| writer.write_sample(n as f32 / 1024.0).expect("room"));
        });
        let frames = all(&mut WavPlayer::new(float, SampleRate::DESK).expect("a WAV file"));
        assert_eq!(
            frames,
            (0..500)
                .map(|n| [(2 * n) as f32 / 1024.0, (2 * n + 1) as f32 / 1024.0])
                .collect::<Vec<_>>()
        );
        let mono = wav(spec(1, 48_000, 24, SampleFormat::Int), |writer| {
            (-300..300).for_each(|n| writer.write_sample(n * 1000).expect("room"));
        });
        let frames = all(&mut WavPlayer::new(mono, SampleRate::DESK).expect("a WAV file"));
        assert_eq!(
            frames,
            (-300..300)
                .map(|n| [(n * 1000) as f32 / 8_388_608.0; 2])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn another_rate_keeps_pitch_length_and_place() {
        let file = wav(spec(1, 44_100, 32, SampleFormat::Float), |writer| {
            (0..44_100).for_each(|n| {
                let phase = TAU * 997.0 * f64::from(n) / 44_100.0;
                writer.write_sample((0.5 * phase.sin()) as f32).expect("room");
            });
        });
        let frames = all(&mut WavPlayer::new(file, SampleRate::DESK).expect("a WAV file"));
        assert_eq!(frames.len(), 48_000);
        let worst = (500..47_000)
            .map(|n| (f64::from(frames[n][0]) - 0.5 * (TAU * 997.0 * n as f64 / 48_000.0).sin()).abs())
            .fold(0.0, f64::max);
        // The filter's delay is left out to the whole frame: half a frame is 3.3 % of this sine's height.
        assert!(worst < 0.5 * 0.5 * TAU * 997.0 / 48_000.0, "{worst}");
    }

    #[test]
    fn a_looped_file_never_ends() {
        let file = wav(spec(1, 48_000, 32, SampleFormat::Float), |writer| {
            (0..150).for_each(|n| writer.write_sample(n as f32).expect("room"));
        });
        let mut player = WavPlayer::new(file, SampleRate::DESK).expect("a WAV file");
        player.looped = true;
        let mut out = [[0.0; 2]; 400];
        assert_eq!(player.render(&mut out).expect("it plays"), 400);
        assert_eq!((out[149][0], out[150][0], out[399][0]), (149.0, 0.0, 99.0));
    }

    /// A file of these bytes, as other programs write it: `hound` writes no 24 bits in four bytes.
    fn bare(channels: u16, frame_bytes: u16, bits: u16, data: &[u8]) -> Cursor<Vec<u8>> {
        let (rate, length) = (48_000_u32, data.len() as u32);
        let mut bytes = [
            b"RIFF".as_slice(),
            &(36 + length).to_le_bytes(),
            b"WAVEfmt ",
            &16_u32.to_le_bytes(),
        ]
        .concat();
        bytes.extend([1_u16.to_le_bytes(), channels.to_le_bytes()].as_flattened());
        bytes.extend([rate.to_le_bytes(), (rate * u32::from(frame_bytes)).to_le_bytes()].as_flattened());
        bytes.extend([frame_bytes.to_le_bytes(), bits.to_le_bytes()].as_flattened());
        bytes.extend([*b"data", length.to_le_bytes()].as_flattened());
        bytes.extend(data);
        Cursor::new(bytes)
    }

    /// Channels, bytes of a frame, bits of a sample, the audio, and what is heard of it.
    type Case = (u16, u16, u16, &'static [u8], [Frame; 2]);

    #[test]
    fn samples_of_every_width_and_number_of_channels_are_read() {
        // 1/2, -1 and the least step of each width, in two frames; what is not of the sample is not looked at.
        let cases: [Case; 5] = [
            (2, 2, 8, &[192, 0, 129, 128], [[0.5, -1.0], [1.0 / 128.0, 0.0]]),
            (1, 2, 16, &[0, 64, 0, 128], [[0.5; 2], [-1.0; 2]]),
            (
                3,
                9,
                24,
                &[0, 0, 64, 0, 0, 128, 7, 7, 7, 1, 0, 0, 255, 255, 255, 7, 7, 7],
                [[0.5, -1.0], [1.0 / 8_388_608.0, -1.0 / 8_388_608.0]],
            ),
            (
                2,
                8,
                24,
                &[0, 0, 64, 9, 0, 0, 128, 9, 1, 0, 0, 9, 255, 255, 255, 9],
                [[0.5, -1.0], [1.0 / 8_388_608.0, -1.0 / 8_388_608.0]],
            ),
            (1, 4, 32, &[0, 0, 0, 64, 0, 0, 0, 128], [[0.5; 2], [-1.0; 2]]),
        ];
        for (channels, frame_bytes, bits, data, expected) in cases {
            let mut player =
                WavPlayer::new(bare(channels, frame_bytes, bits, data), SampleRate::DESK).expect("a WAV file");
            player.looped = true;
            let mut out = [[0.0; 2]; 6];
            assert_eq!(player.render(&mut out).expect("it plays"), 6);
            assert_eq!(
                out.as_flattened(),
                [expected; 3].as_flattened().as_flattened(),
                "{channels} channels of {bits} bits"
            );
        }
    }

    #[test]
    fn a_file_that_is_cut_off_fails_and_one_of_another_width_is_refused() {
        let mut cut = bare(1, 2, 16, &[0; 400]).into_inner();
        cut.truncate(300);
        let mut player = WavPlayer::new(Cursor::new(cut), SampleRate::DESK).expect("a whole header");
        let mut out = [[0.0; 2]; 100];
        assert_eq!(player.render(&mut out).expect("what is there"), 100);
        assert!(player.render(&mut out).is_err());
        let odd = WavPlayer::new(bare(1, 2, 12, &[0; 4]), SampleRate::DESK).err();
        assert!(odd.is_some_and(|error| error.to_string().contains("choose another file")));
    }

    #[test]
    fn what_is_no_wav_file_is_refused_with_what_to_do() {
        let garbage = WavPlayer::new(Cursor::new(b"not audio at all".to_vec()), SampleRate::DESK).err();
        let missing = open(Path::new("/nowhere/x.wav"), SampleRate::DESK, false).err();
        for (error, name) in [(garbage, "not a WAV file"), (missing, "/nowhere/x.wav")] {
            let sentence = error.expect("refused").to_string();
            assert!(sentence.contains(name), "{sentence}");
            assert!(sentence.contains("choose another file"), "{sentence}");
        }
    }
}
