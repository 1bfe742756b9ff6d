//! The room at a file's beginning that is kept for what is known only at its end, and how it is filled so that a
//! process may be killed meanwhile.
//!
//! Whoever reads the old first page finds padding where the rest of the new room is. So the rest is written first,
//! page by page, and the first page, which the system writes whole, last.

use std::io;

use super::tail::Tail;

/// Bytes of the room: four pages.
pub(super) const FRONT_BYTES: usize = 16 * 1024;
/// What a system writes whole.
const PAGE: usize = 4096;

/// Replaces the room's content by `front`, which has [`FRONT_BYTES`] bytes.
pub(super) fn replace<T: Clone>(tail: &mut Tail<T>, front: &[u8]) -> io::Result<()> {
    for (at, page) in steps(front) {
        tail.overwrite(at as u64, page)?;
    }
    Ok(())
}

/// The writes, in order: where to, and what.
fn steps(front: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let pages = front.chunks(PAGE).enumerate().rev();
    pages.map(|(n, page)| (n * PAGE, page))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::Command;

    use airdesk_dsp::SampleRate;

    use super::super::{BitRate, Closing, FileFormat, Mark, Opening, create};
    use super::*;
    use crate::encode::FlacDepth;

    #[test]
    fn a_kill_between_any_two_writes_leaves_a_file_with_its_title_that_decodes_to_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let bits = BitRate {
            kbit: 128,
            variable: false,
        };
        let mut opening = Opening::new(SampleRate::DESK);
        opening.tags.title = "title".into();
        opening.tags.show = "x".repeat(900);
        let marks = (0..60).map(|n| Mark {
            frame: n * 1_000,
            title: "y".repeat(90).as_str().into(),
        });
        let closing = Closing {
            marks: marks.collect(),
            ..Closing::default()
        };
        for format in [FileFormat::Mp3(bits), FileFormat::Flac(FlacDepth::Bits16)] {
            let path = folder.path().join("test").with_extension(format.extension());
            let file = File::options().read(true).write(true).create_new(true).open(&path);
            let mut sound = create(file.expect("made"), format, &opening).expect("begun");
            sound.push(&[[0.25; 2]; 96_000]).expect("taken");
            sound.commit().expect("written");
            let before = std::fs::read(&path).expect("read");
            sound.finish(&closing).expect("finished");
            let mut file = std::fs::read(&path).expect("read");
            let after = file[..FRONT_BYTES].to_vec();
            file[..FRONT_BYTES].copy_from_slice(&before[..FRONT_BYTES]);
            for (at, page) in steps(&after) {
                file[at..at + page.len()].copy_from_slice(page);
                std::fs::write(&path, &file).expect("written");
                let heard = Command::new("ffmpeg")
                    .args(["-v", "error", "-i"])
                    .arg(&path)
                    .args(["-f", "ffmetadata", "-", "-f", "null", "-"])
                    .output()
                    .expect("ffmpeg is installed");
                let (said, complaint) = (
                    String::from_utf8_lossy(&heard.stdout),
                    String::from_utf8_lossy(&heard.stderr),
                );
                assert!(
                    said.to_lowercase().contains("title=title") && complaint.is_empty(),
                    "{format}, {at}: {complaint}"
                );
                assert_eq!(
                    said.contains("[CHAPTER]"),
                    at == 0,
                    "{format}: they count with the last write"
                );
            }
        }
    }
}
