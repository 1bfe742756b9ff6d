//! Sound files as others read them: while they grow, when they are finished, and when the disk takes no more.

mod audio;
mod completed;
mod described;
pub(crate) mod judged;
#[cfg(target_os = "linux")]
mod limited;

use std::fs::File;
use std::path::{Path, PathBuf};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_outputs::encode::FlacDepth;
use airdesk_outputs::sound_file::{self, BitRate, Closing, FileFormat, Mark, Opening, Origin, SoundFile, Tags};
use airdesk_outputs::title::Title;

use crate::rig::decoder::{ffmpeg, flac, mpg123, oggdec, opusdec};

/// FLAC of as many bits as the numbered frames have.
pub(crate) const FLAC: FileFormat = FileFormat::Flac(FlacDepth::Bits24);

/// Every format that is encoded.
pub(crate) fn encoded_formats() -> Vec<FileFormat> {
    let bits = |kbit, variable| BitRate { kbit, variable };
    vec![
        FLAC,
        FileFormat::Flac(FlacDepth::Bits16),
        FileFormat::Mp3(bits(192, false)),
        FileFormat::Mp3(bits(128, true)),
        FileFormat::Opus(bits(96, true)),
        FileFormat::Opus(bits(128, false)),
        FileFormat::Vorbis(bits(128, true)),
        FileFormat::Vorbis(bits(160, false)),
    ]
}

/// Frames of a file as the reader that its format's makers wrote finds them.
pub(crate) fn frames_found(format: FileFormat, path: &Path) -> u64 {
    match format {
        FileFormat::Flac(depth) => flac(path, depth.bits().into(), &[]),
        FileFormat::Mp3(_) => mpg123(path),
        FileFormat::Opus(_) => opusdec(path),
        FileFormat::Vorbis(_) => oggdec(path).len() as u64,
        FileFormat::Wav(_) => ffmpeg(path).len() as u64,
    }
}

/// Frames per second of a file of this format.
pub(crate) fn file_rate(format: FileFormat, desk: u32) -> u32 {
    match format {
        FileFormat::Wav(_) | FileFormat::Flac(_) => desk,
        FileFormat::Opus(_) => 48_000,
        FileFormat::Mp3(_) | FileFormat::Vorbis(_) if desk.is_multiple_of(44_100) => 44_100,
        FileFormat::Mp3(_) | FileFormat::Vorbis(_) => 48_000,
    }
}

struct Recorded {
    sound: Box<dyn SoundFile>,
    path: PathBuf,
    frames: u64,
    _folder: tempfile::TempDir,
}

impl Recorded {
    fn begin(format: FileFormat, opening: &Opening) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test").with_extension(format.extension());
        let sound = sound_file::create(made(&path), format, opening).expect("begun");
        Self {
            sound,
            path,
            frames: 0,
            _folder: folder,
        }
    }

    /// Records until there are `frames` frames, a write each 40 ms.
    fn record(&mut self, frames: u64, signal: impl Fn(u64) -> Frame) {
        while self.frames < frames {
            let end = frames.min(self.frames + 1_920);
            let run: Vec<Frame> = (self.frames..end).map(&signal).collect();
            self.sound.push(&run).expect("taken");
            self.sound.commit().expect("written");
            self.frames = end;
        }
    }
}

fn made(path: &Path) -> File {
    let mut options = File::options();
    options
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .expect("made")
}

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

fn said() -> Tags {
    Tags {
        title: "Nachtflug\r\nARTIST=evil\0 🎵".into(),
        artist: "Jóga مرحبا".into(),
        show: "a".repeat(4_096),
        source: "Mic 1; \"left\" = right".into(),
    }
}

fn opening(desk: u32, tags: &Tags) -> Opening {
    Opening {
        tags: tags.clone(),
        origin: Some(Origin {
            date: "2026-11-22".into(),
            time: "20:15:30".into(),
            frames_since_midnight: 72_930 * u64::from(desk),
        }),
        ..Opening::new(rate(desk))
    }
}

fn closing(desk: u32) -> Closing {
    let mark = |seconds: f64, title: Title| Mark {
        frame: (seconds * f64::from(desk)) as u64,
        title,
    };
    Closing {
        marks: vec![
            mark(0.0, "first".into()),
            mark(1.0, Title::by("Björk", "Jóga\n🎵")),
            mark(1.5, "third".into()),
        ],
        loudness: Some(-16.14),
        loudness_range: Some(3.5),
        true_peak: Some(-1.05),
        momentary_max: Some(-9.87),
        short_term_max: Some(-12.34),
    }
}
