//! What cannot be played is refused with a sentence that names the file and says what to do; names do not matter.

use std::path::Path;
use std::time::{Duration, Instant};

use airdesk_sources::decode::{DecodeError, Decoder};

use crate::files::{Files, decoded};

fn refused(path: &Path) -> DecodeError {
    match Decoder::open(path) {
        Ok(_) => panic!("{} plays", path.display()),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_sound_file_is_refused_by_name_and_says_what_to_do() {
    let files = Files::new();
    let text = "It was a dark and stormy night. ".repeat(5_000);
    let page = "<!DOCTYPE html><html><head><title>404</title></head></html>".repeat(100);
    std::fs::create_dir(files.path("folder.mp3")).expect("room on the disk");
    files.run("mkfifo pipe.mp3");
    files.run("ffmpeg -v error -f lavfi -i testsrc=duration=1:rate=10 -c:v mpeg4 silent.mp4");
    let cases = [
        (files.write("text.mp3", text.as_bytes()), "choose"),
        (files.write("page.m4a", page.as_bytes()), "choose"),
        (files.write("picture.flac", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "choose"),
        (files.write("empty.wav", b""), "no audio"),
        (files.write("head.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"), "choose"),
        (files.write("marker.flac", b"fLaC"), "choose"),
        (files.write("marker.ogg", b"OggS"), "choose"),
        (files.path("missing.mp3"), "cannot be opened"),
        (files.path("folder.mp3"), "is no file"),
        (files.path("pipe.mp3"), "is no file"),
        (files.path("silent.mp4"), "no sound"),
    ];
    for (path, says) in cases {
        let begun = Instant::now();
        let sentence = refused(&path).to_string();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(sentence.contains(&name) && sentence.contains(says), "{sentence}");
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{name} took {:?}",
            begun.elapsed()
        );
    }
}

/// A WAV file's header with these numbers, and some silence.
fn wav(channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let frame_bytes = channels.wrapping_mul(bits / 8);
    let mut bytes = b"RIFF\x24\x10\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.wrapping_mul(frame_bytes.into()).to_le_bytes());
    bytes.extend(frame_bytes.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data\0\x10\0\0");
    bytes.extend([0; 4096]);
    bytes
}

#[test]
fn numbers_that_no_sound_file_has_are_refused() {
    let files = Files::new();
    assert_eq!(decoded(&files.write("right.wav", &wav(2, 48_000, 16))).len(), 1024);
    for (channels, rate, bits) in [
        (0, 48_000, 16),
        (16_386, 48_000, 16),
        (2, 0, 16),
        (2, 7_999, 16),
        (2, 384_001, 16),
        (2, u32::MAX, 16),
        (2, 48_000, 0),
    ] {
        let path = files.write("wrong.wav", &wav(channels, rate, bits));
        let sentence = refused(&path).to_string();
        assert!(sentence.contains("wrong.wav"), "{sentence}");
    }
}

/// A box of an MP4 file with its first content changed.
fn with_changed(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .expect("it is there");
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn protected_files_and_other_kinds_of_aac_say_that_they_are() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 44_100);
    files.run("ffmpeg -v error -i in.wav -c:a aac plain.m4a");
    let plain = std::fs::read(files.path("plain.m4a")).expect("a file");
    let protected = files.write("bought.m4p", &with_changed(plain.clone(), b"mp4a", b"drms"));
    let error = refused(&protected);
    assert!(matches!(error, DecodeError::Protected { .. }), "{error}");
    // The object type is in five bits of the decoder's own header, behind its tag and length: 5 is spectral band replication.
    let at = plain
        .windows(5)
        .position(|window| window == [0x05, 0x80, 0x80, 0x80, 0x05]);
    let at = at.expect("the decoder's header") + 5;
    let mut high = plain.clone();
    high[at] = high[at] & 0x07 | 5 << 3;
    let error = refused(&files.write("high.m4a", &high));
    assert!(matches!(error, DecodeError::NotLowComplexity { .. }), "{error}");
    assert!(error.to_string().contains("convert it to AAC-LC"), "{error}");
}

#[test]
fn what_is_in_a_file_decides_and_of_a_video_the_sound_is_played() {
    let files = Files::new();
    files.wav("in.wav", 48_000, 2, 48_000 * 3);
    files.run("flac --silent in.wav -o sound.flac");
    std::fs::rename(files.path("sound.flac"), files.path("wrong.mp3")).expect("a name");
    assert_eq!(decoded(&files.path("wrong.mp3")).len(), 144_000);
    files.run(
        "ffmpeg -v error -f lavfi -i testsrc=duration=2:rate=25 -i in.wav -c:v mpeg4 -c:a aac -b:a 128k video.mp4",
    );
    let mut decoder = Decoder::open(&files.path("video.mp4")).expect("its sound");
    assert_eq!(decoder.frames(), Some(144_000));
    decoder.seek(130_000).expect("behind the end of its pictures");
    assert_eq!(decoder.read(&mut vec![[0.0; 2]; 20_000]).expect("it plays"), 14_000);
}
