//! How much a disk still takes, and which folders are on one disk.

use std::io;
use std::path::Path;

/// A disk, or a part of one with its own free space: folders on the same one fill it together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk(Identity);

/// The file system's number.
#[cfg(unix)]
type Identity = u64;
/// The drive's letter or the share: what is mounted in a folder counts as the drive that the folder is on.
#[cfg(not(unix))]
type Identity = std::ffi::OsString;

/// The disk that `folder` is on, which need not exist yet.
///
/// # Errors
/// When the file system does not answer.
pub fn disk_of(folder: &Path) -> io::Result<Disk> {
    identity(existing(folder)).map(Disk)
}

#[cfg(unix)]
fn identity(folder: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    folder.metadata().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
fn identity(folder: &Path) -> io::Result<Identity> {
    let whole = folder.canonicalize()?;
    let drive = whole.components().next().ok_or(io::ErrorKind::NotFound)?;
    Ok(drive.as_os_str().to_owned())
}

/// Bytes this user may still write under `folder`, which need not exist yet.
///
/// # Errors
/// When the file system does not answer.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    fs4::available_space(existing(folder))
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> &Path {
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    if existing.as_os_str().is_empty() {
        Path::new(".")
    } else {
        existing
    }
}

/// Hours until `free_bytes` are written.
pub fn hours_left(free_bytes: u64, bytes_a_second: f64) -> f32 {
    (free_bytes as f64 / (bytes_a_second * 3600.0)) as f32
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
    use airdesk_dsp::SampleRate;

    use super::*;
    use crate::sound_file::FileFormat;

    #[test]
    fn an_hour_of_24_bit_stereo_at_48_khz_takes_a_gigabyte() {
        let bytes_a_second = FileFormat::default().bytes_a_second(SampleRate::DESK);
        assert_eq!(hours_left(1_036_800_000, bytes_a_second), 1.0);
    }

    #[test]
    fn folders_on_one_disk_are_told_from_those_on_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = disk_of(folder.path()).expect("it answers");
        assert_eq!(disk_of(&folder.path().join("not/yet/there")).expect("it answers"), one);
        #[cfg(target_os = "linux")]
        assert_ne!(disk_of(Path::new("/proc")).expect("it answers"), one);
    }

    #[test]
    fn a_folder_that_is_yet_to_be_made_has_the_space_of_the_one_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let free = free_space(&folder.path().join("not/yet/there")).expect("it answers");
        assert!(free > 0);
    }
}
