//! What is heard: as much as was recorded, in its place, and at any moment as much as is told.

use airdesk_dsp::SampleRate;
use airdesk_outputs::sound_file::{self, BitRate, Closing, FileFormat, Opening, SampleFormat};

use super::{FLAC, Recorded, closing, encoded_formats, file_rate, frames_found, made, opening, rate, said};
use crate::rig::decoder::{ffmpeg, ffmpeg_integers, says};
use crate::rig::desk::{index_frame, sine};

#[test]
fn a_finished_file_is_as_long_as_what_was_recorded_to_the_frame() {
    for format in encoded_formats() {
        for (desk, frames) in [(44_100, 20_001), (48_000, 100_003), (96_000, 60_001)] {
            let mut file = Recorded::begin(format, &Opening::new(rate(desk)));
            file.record(frames, |n| [sine(n, 1_000.0, desk) * 0.25, 0.0]);
            file.sound.finish(&Closing::default()).expect("finished");
            assert_eq!(file.sound.frames(), frames, "{format} at {desk}");
            let bytes = file.path.metadata().expect("there").len();
            assert_eq!(bytes, file.sound.bytes_on_disk(), "{format}");
            let hz = f64::from(file_rate(format, desk));
            let wanted = (frames as f64 * hz / f64::from(desk)).round() as u64;
            let found = (frames_found(format, &file.path), ffmpeg(&file.path).len() as u64);
            assert_eq!(found, (wanted, wanted), "{format} at {desk} Hz");
            if let FileFormat::Flac(_) = format {
                let told = says("metaflac", &["--show-md5sum", "--show-total-samples"], &file.path);
                let (md5, count) = told.split_once('\n').expect("two lines");
                assert!(md5.bytes().any(|figure| figure != b'0'), "flac has compared it");
                assert_eq!(count.trim(), frames.to_string());
            }
        }
    }
}

#[test]
fn what_was_recorded_is_in_its_place_in_every_format() {
    let wave = |n: u64| sine(n, 440.0, 48_000) * 0.25 + sine(n, 1_713.0, 48_000) * 0.1;
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &Opening::new(SampleRate::DESK));
        file.record(100_000, |n| [wave(n), -wave(n)]);
        file.sound.finish(&Closing::default()).expect("finished");
        let (mut off, mut power) = (0.0, 0.0);
        for (n, frame) in ffmpeg(&file.path).iter().enumerate() {
            off += f64::from(frame[0] - wave(n as u64)).powi(2);
            power += f64::from(wave(n as u64)).powi(2);
        }
        let off_db = 10.0 * (off / power).log10();
        assert!(off_db < -20.0, "{format}: the difference is {off_db:.1} dB");
    }
}

#[test]
fn flac_is_what_went_in_bit_for_bit_and_so_is_wav_with_all_it_says_about_itself() {
    let index = |n: u64| index_frame(n).map(|sample| (sample * 8_388_608.0) as i32);
    let expected: Vec<_> = (0..200_003).map(index).collect();
    for format in [FLAC, FileFormat::Wav(SampleFormat::Pcm24)] {
        for desk in [44_100, 48_000, 88_200, 96_000] {
            let mut file = Recorded::begin(format, &opening(desk, &said()));
            file.record(200_003, index_frame);
            file.sound.finish(&closing(desk)).expect("finished");
            assert!(ffmpeg_integers(&file.path) == expected, "{format} at {desk} Hz");
        }
    }
}

#[test]
fn a_growing_file_has_the_frames_that_are_told_at_any_moment() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &Opening::new(SampleRate::DESK));
        let copy = file.path.with_extension(format!("copy.{}", format.extension()));
        for frames in [20_000, 21_000, 50_000, 53_000, 90_001] {
            file.record(frames, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
            std::fs::copy(&file.path, &copy).expect("copied"); // a reader that came now
            let (told, found) = (file.sound.frames(), frames_found(format, &copy));
            match format {
                // It may play what it knows of the last packet's other half.
                FileFormat::Mp3(_) => assert!(found >= told && found < told + 1_152, "{format}: {found}, not {told}"),
                _ => assert_eq!(found, told, "{format}"),
            }
            assert!(
                frames - told < 24_000,
                "{format}: {told} of {frames} frames are in the file"
            );
            let heard = ffmpeg(&copy).len() as u64;
            assert!(
                heard >= told && heard < told + 4_096,
                "{format}: ffmpeg heard {heard} of {told}"
            );
        }
    }
}

#[test]
fn impossible_settings_make_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.mp3");
    let bits = BitRate {
        kbit: 512,
        variable: false,
    };
    let refused = sound_file::create(made(&path), FileFormat::Mp3(bits), &Opening::new(SampleRate::DESK));
    let error = refused.err().expect("MP3 ends at 320").to_string();
    assert!(error.contains("MP3 cannot do 512 kbit/s"), "{error}");
    assert_eq!(path.metadata().expect("there").len(), 0);
}
