//! What a killed writer left, looked over and completed.

use airdesk_outputs::sound_file::{self, FileFormat};

use super::{Recorded, closing, encoded_formats, frames_found, opening, said};
use crate::rig::decoder::says;
use crate::rig::desk::sine;

#[test]
fn what_a_killed_writer_did_not_count_is_completed_in_the_same_file_and_nothing_is_lost_or_touched() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        let wave = |n: u64| [sine(n, 440.0, 48_000) * 0.25, sine(n, 1_713.0, 48_000) * 0.1];
        file.record(96_000, wave);
        let before = std::fs::read(&file.path).expect("read");
        file.record(144_000, wave);
        let (after, told) = (std::fs::read(&file.path).expect("read"), file.sound.frames());
        file.record(192_000, wave);
        let later = std::fs::read(&file.path).expect("read");
        // As a kill leaves it: audio is there that no header counts, and a piece that was cut off.
        let head = before
            .len()
            .min(if format.extension() == "mp3" { 18_000 } else { 16_384 });
        let mut killed = after.clone();
        if matches!(format, FileFormat::Flac(_) | FileFormat::Mp3(_)) {
            killed[..head].copy_from_slice(&before[..head]);
        }
        // `flac` calls it an error when a frame that was cut off is behind those that are counted, and nothing is ever cut away.
        if !matches!(format, FileFormat::Flac(_)) {
            killed.extend(&later[after.len()..after.len() + 120]);
        }
        let path = file.path.with_file_name("killed").with_extension(format.extension());
        std::fs::write(&path, &killed).expect("written");
        let looked = sound_file::complete(&path).expect("a sound file");
        assert!(looked.changed, "{format}");
        let completed = std::fs::read(&path).expect("read");
        assert_eq!(completed.len(), killed.len(), "{format}");
        let differs = killed
            .iter()
            .zip(&completed)
            .filter(|(one, other)| one != other)
            .count();
        assert!(differs < 200, "{format}: {differs} bytes");
        let found = frames_found(format, &path);
        assert!(
            told > 130_000 && found.abs_diff(told) <= 2_400,
            "{format}: {found} of {told}"
        );
        if let FileFormat::Flac(_) = format {
            let count = says("metaflac", &["--show-total-samples"], &path);
            assert_eq!(count.trim(), told.to_string());
            assert_eq!(looked.seconds, Some(told as f64 / 48_000.0));
        }
        let again = sound_file::complete(&path).expect("a sound file");
        assert!(
            !again.changed && std::fs::read(&path).expect("read") == completed,
            "{format}: once"
        );
    }
}

#[test]
fn a_file_that_is_whole_is_not_touched_when_it_is_looked_over() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(100_003, |n| [sine(n, 440.0, 48_000) * 0.25; 2]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let before = std::fs::read(&file.path).expect("read");
        let looked = sound_file::complete(&file.path).expect("a sound file");
        assert!(
            !looked.changed && std::fs::read(&file.path).expect("read") == before,
            "{format}"
        );
    }
}
