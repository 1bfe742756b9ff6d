//! How much a disk still takes.

use std::io;
use std::path::Path;

use airdesk_dsp::SampleRate;

use crate::sound_file::FileFormat;

/// Bytes this user may still write under `folder`, which need not exist yet.
///
/// # Errors
/// When the file system does not answer.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() {
        Path::new(".")
    } else {
        existing
    };
    fs4::available_space(existing)
}

/// Hours of recording that fit into `free_bytes`.
pub fn hours_left(free_bytes: u64, format: FileFormat, rate: SampleRate) -> f32 {
    let bytes_an_hour = format.bytes_a_second(rate) * 3600.0;
    (free_bytes as f64 / bytes_an_hour) as f32
}

/// A size for people: "3.4 GB".
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_24_bit_stereo_at_48_khz_takes_a_gigabyte() {
        assert_eq!(hours_left(1_036_800_000, FileFormat::default(), SampleRate::DESK), 1.0);
    }

    #[test]
    fn a_folder_that_is_yet_to_be_made_has_the_space_of_the_one_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let free = free_space(&folder.path().join("not/yet/there")).expect("it answers");
        assert!(free > 0);
    }
}
