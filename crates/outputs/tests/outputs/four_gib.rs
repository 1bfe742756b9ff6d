//! A real file of 4.3 GiB, because a sparse one shows no reader's way through 4 GiB. Needs that much room, and minutes.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_outputs::sound_file::{self, Closing, FileFormat, Mark, Opening, SampleFormat};

use crate::rig::decoder::says;

/// 4.3 GiB of frames of eight bytes.
const FRAMES: u64 = 43 * (1 << 30) / 10 / 8;
const RUN: u64 = 96_000;

/// The frame's number in both samples' bits: whole numbers below 2^24, so no two near each other are alike.
fn numbered(n: u64) -> Frame {
    [(n & 0xff_ffff) as f32, (n >> 24) as f32]
}

#[test]
#[ignore = "writes and reads 4.3 GiB: for a machine with the room and the time"]
fn a_real_file_beyond_4_gib_is_whole_for_four_readers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.wav");
    let mut options = File::options();
    let file = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .expect("made");
    let format = FileFormat::Wav(SampleFormat::Float32);
    let mut sound = sound_file::create(file, format, &Opening::new(SampleRate::DESK)).expect("begun");
    let mut frames = Vec::new();
    let mut written = 0;
    while written < FRAMES {
        let until = FRAMES.min(written + RUN);
        frames.clear();
        frames.extend((written..until).map(numbered));
        sound.push(&frames).expect("taken");
        sound.commit().expect("written");
        written = until;
    }
    let mark = Mark {
        frame: FRAMES - 48_000,
        title: "the end".into(),
    };
    let closing = Closing {
        marks: vec![mark],
        ..Closing::default()
    };
    sound.finish(&closing).expect("finished");
    drop(sound);

    let seconds = FRAMES as f64 / 48_000.0;
    let duration = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
    let found: f64 = says("ffprobe", &duration, &path).trim().parse().expect("a duration");
    assert!((found - seconds).abs() < 1e-3, "ffprobe: {found} of {seconds}");
    let told = says("sndfile-info", &[], &path);
    let counted = told
        .lines()
        .any(|line| line.starts_with("Frames") && line.ends_with(&format!(": {FRAMES}")));
    assert!(counted && told.contains("RF64"), "{told}");
    let told = says("soxi", &["-s"], &path);
    assert_eq!(told.trim(), FRAMES.to_string(), "sox");
    let looked = sound_file::complete(&path).expect("a sound file");
    assert_eq!((looked.seconds, looked.changed), (Some(seconds), false));

    let mut reader = BufReader::with_capacity(1 << 20, File::open(&path).expect("there"));
    let mut head = [0; 4_096];
    reader.read_exact(&mut head).expect("read");
    let at = head.windows(4).position(|name| name == b"data").expect("audio") as u64 + 8;
    reader.seek(SeekFrom::Start(at)).expect("sought");
    let mut frame = [0; 8];
    for n in 0..FRAMES {
        reader.read_exact(&mut frame).expect("read");
        let [left, right] = numbered(n).map(f32::to_le_bytes);
        assert!(frame[..4] == left && frame[4..] == right, "frame {n}");
    }
}
