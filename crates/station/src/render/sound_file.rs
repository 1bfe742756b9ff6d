//! A file of a rendering: WAV or FLAC, and its name only when it is whole.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use airdesk_dsp::{Frame, SampleRate};
use flac_codec::encode::{FlacSampleWriter, Options};
use hound::{SampleFormat, WavSpec, WavWriter};

use super::RenderError;
use super::paths::part_of;

/// A WAV file counts its bytes in 32 bits; a longer one would be broken without a word.
const WAV_BYTES_MAX: u64 = u32::MAX as u64 - 4096;
/// Bytes of one frame of 32-bit float, stereo.
const WAV_FRAME_BYTES: u64 = 8;
/// A FLAC file counts its frames in 36 bits.
const FLAC_FRAMES_MAX: u64 = (1 << 36) - 1;
/// What 24 bits reach from zero.
const FULL_SCALE: f32 = 8_388_608.0;

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// 32-bit float: nothing clips.
    Wav,
    /// 24 bit, about half the size.
    Flac,
}

/// One file being written.
pub(super) struct SoundFile {
    path: PathBuf,
    part: PathBuf,
    /// `None`: finished.
    writer: Option<Writer>,
    clipped: u64,
}

enum Writer {
    Wav {
        file: BufWriter<File>,
        bytes: Vec<u8>,
    },
    Flac {
        encoder: Box<FlacSampleWriter<SharedFile>>,
        file: SharedFile,
        samples: Vec<i32>,
    },
}

/// A file that is still there when its encoder has gone: what the encoder left in the buffer can fail to be written.
#[derive(Clone)]
struct SharedFile(Rc<RefCell<BufWriter<File>>>);

impl FileKind {
    /// As the file's ending says.
    pub(super) fn of(path: &Path) -> Result<Self, RenderError> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        match ending.to_str() {
            Some("wav") => Ok(Self::Wav),
            Some("flac") => Ok(Self::Flac),
            _ => Err(RenderError::Kind(path.to_owned())),
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }

    /// The most frames that one file holds.
    pub(super) fn frames_max(self) -> u64 {
        match self {
            Self::Wav => WAV_BYTES_MAX / WAV_FRAME_BYTES,
            Self::Flac => FLAC_FRAMES_MAX,
        }
    }
}

impl SoundFile {
    /// Begins a file of exactly `frames` frames.
    pub(super) fn create(path: &Path, kind: FileKind, rate: SampleRate, frames: u64) -> Result<Self, RenderError> {
        let part = part_of(path);
        let writer = match kind {
            FileKind::Wav => wav(&part, rate, frames),
            FileKind::Flac => flac(&part, rate, frames),
        };
        let writer = writer.map_err(|source| RenderError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            part,
            writer: Some(writer),
            clipped: 0,
        })
    }

    pub(super) fn write(&mut self, frames: &[Frame]) -> Result<(), RenderError> {
        let written = match &mut self.writer {
            None => Ok(()),
            Some(Writer::Wav { file, bytes }) => {
                let samples = frames.as_flattened();
                bytes.resize(size_of_val(samples), 0);
                for (bytes, sample) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
                    *bytes = sample.to_le_bytes();
                }
                file.write_all(bytes)
            }
            Some(Writer::Flac { encoder, samples, .. }) => {
                samples.clear();
                for sample in frames.as_flattened() {
                    let (value, clipped) = quantise(*sample);
                    self.clipped += u64::from(clipped);
                    samples.push(value);
                }
                encoder.write(samples).map_err(io::Error::from)
            }
        };
        written.map_err(|source| RenderError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Completes the file and gives it its name. Returns how many samples were over full scale and cut off there.
    pub(super) fn finish(mut self) -> Result<u64, RenderError> {
        let Some(writer) = self.writer.take() else {
            return Ok(self.clipped);
        };
        let whole = match writer {
            Writer::Wav { mut file, .. } => file.flush(),
            Writer::Flac { encoder, file, .. } => encoder
                .finalize()
                .map_err(io::Error::from)
                .and_then(|()| file.0.borrow_mut().flush()),
        };
        whole
            .and_then(|()| std::fs::rename(&self.part, &self.path))
            .map_err(|source| {
                // It may never have come to be; the error that counts is the first.
                let _ = std::fs::remove_file(&self.part);
                RenderError::Write {
                    path: self.path.clone(),
                    source,
                }
            })?;
        Ok(self.clipped)
    }
}

impl Drop for SoundFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            drop(writer);
            // Half a rendering is of no use; a folder that has gone took it along.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// `hound` makes the header. The length is known beforehand and the samples are as they are in memory: to hand them to
/// it one by one would take as long as to mix a strip.
fn wav(path: &Path, rate: SampleRate, frames: u64) -> io::Result<Writer> {
    let spec = WavSpec {
        channels: 2,
        sample_rate: rate.hz(),
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut header = Cursor::new(Vec::new());
    WavWriter::new(&mut header, spec)
        .and_then(WavWriter::finalize)
        .map_err(of_hound)?;
    let mut header = header.into_inner();
    let too_long = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let data = u32::try_from(frames * WAV_FRAME_BYTES).map_err(too_long)?;
    // The sizes of the file, behind its first word, and of the audio, at the header's end.
    let all = data + header.len() as u32 - 8;
    for (end, size) in [(8, all), (header.len(), data)] {
        if let Some(place) = header.get_mut(..end).and_then(|begin| begin.last_chunk_mut()) {
            *place = size.to_le_bytes();
        }
    }
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&header)?;
    Ok(Writer::Wav {
        file,
        bytes: Vec::new(),
    })
}

fn flac(path: &Path, rate: SampleRate, frames: u64) -> io::Result<Writer> {
    let file = SharedFile(Rc::new(RefCell::new(BufWriter::new(File::create(path)?))));
    // Known beforehand, the length leaves room for a seek table that covers all of it.
    let samples = Some(frames * 2);
    let encoder = FlacSampleWriter::new(file.clone(), Options::default(), rate.hz(), 24, 2, samples)?;
    Ok(Writer::Flac {
        encoder: Box::new(encoder),
        file,
        samples: Vec::new(),
    })
}

/// The nearest of 24 bits, and whether the sample was beyond them.
fn quantise(sample: f32) -> (i32, bool) {
    let value = (sample * FULL_SCALE).round();
    let inside = value.clamp(-FULL_SCALE, FULL_SCALE - 1.0);
    // Full scale itself is one step beyond what there is: nobody hears that.
    (inside as i32, !(-FULL_SCALE..=FULL_SCALE).contains(&value))
}

fn of_hound(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        error => io::Error::other(error),
    }
}

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.borrow_mut().seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_becomes_the_nearest_of_24_bits_and_stops_at_full_scale() {
        let step = 1.0 / FULL_SCALE;
        assert_eq!(
            [0.0, step, 0.4 * step, 0.6 * step].map(|sample| quantise(sample).0),
            [0, 1, 0, 1]
        );
        assert_eq!(quantise(1.0), (8_388_607, false));
        assert_eq!(quantise(-1.0), (-8_388_608, false));
        assert_eq!(quantise(1.5), (8_388_607, true));
        assert_eq!(quantise(-1.5), (-8_388_608, true));
    }

    #[test]
    fn a_file_is_of_the_kind_that_its_ending_says() {
        let kind = |name: &str| FileKind::of(Path::new(name));
        assert!(matches!(kind("a.wav"), Ok(FileKind::Wav)));
        assert!(matches!(kind("a b.WAV"), Ok(FileKind::Wav)));
        assert!(matches!(kind("a.wav.Flac"), Ok(FileKind::Flac)));
        for name in ["a.mp3", "flac", ".wav"] {
            let message = kind(name).expect_err("refused").to_string();
            assert!(message.contains(name) && message.contains(".flac"), "{message}");
        }
    }
}
