//! The folder that HLS is written to.

use std::fs;
use std::io;
use std::path::PathBuf;

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Makes it, where it is not there.
    pub(super) fn make(&self) -> io::Result<()> {
        fs::create_dir_all(&self.0)
    }

    /// Makes it again. The folder that it is in must be there: what is gone may be a whole disk, and its place another.
    pub(super) fn make_again(&self) -> io::Result<()> {
        if self.0.is_dir() {
            Ok(())
        } else {
            fs::create_dir(&self.0)
        }
    }

    /// Writes a file that appears whole, or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.0.join(format!(".{name}.part"));
        let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, self.0.join(name)));
        if written.is_err() {
            let _ = fs::remove_file(&part); // it may not be there
        }
        written
    }

    pub(super) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.join(name).is_file()
    }

    /// Removes a file of ours. What cannot be removed stays.
    pub(super) fn remove(&self, name: &str) {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, name, "an old segment stays");
            }
            _ => {}
        }
    }

    /// Numbers of a codec's segments that are there: `opus-17.m4s` is one, and nothing else is touched.
    pub(super) fn segments(&self, codec: &str) -> Vec<(u64, String)> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<_> = names.filter_map(|name| Some((number(codec, &name)?, name))).collect();
        found.sort();
        found
    }

    /// Why it could not be written, in a sentence.
    pub(super) fn reason(&self, error: &io::Error) -> String {
        let folder = self.0.display();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!("the disk of {folder} is full; make room there, or choose another folder")
            }
            io::ErrorKind::NotFound => self.gone(),
            _ => format!("{folder} cannot be written: {error}; make it writable, or choose another folder"),
        }
    }

    /// What is said when it is gone.
    pub(super) fn gone(&self) -> String {
        let folder = self.0.display();
        format!("the folder {folder} was removed or emptied; it is written anew, or choose another one")
    }
}

fn number(codec: &str, name: &str) -> Option<u64> {
    let rest = name.strip_prefix(codec)?.strip_prefix('-')?;
    let (number, ending) = rest.split_once('.')?;
    ["m4s", "mp3"].contains(&ending).then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hls_itself_has_written_counts_as_a_segment() {
        for (name, found) in [
            ("opus-17.m4s", Some(17)),
            ("opus-17.mp4", None),
            ("opus-.m4s", None),
            ("opus-x.m4s", None),
            ("opus.m3u8", None),
            ("flac-1.m4s", None),
            ("my opus-17.m4s", None),
        ] {
            assert_eq!(number("opus", name), found, "{name}");
        }
    }

    #[test]
    fn a_file_appears_whole_and_leaves_nothing_beside_it() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("new/hls"));
        folder.make().expect("made");
        folder.write("a.m3u8", b"one").expect("written");
        folder.write("a.m3u8", b"two").expect("written");
        assert_eq!(folder.read("a.m3u8").as_deref(), Some("two"));
        assert_eq!(fs::read_dir(place.path().join("new/hls")).expect("there").count(), 1);
        fs::remove_dir_all(place.path().join("new")).expect("removed");
        assert!(folder.make_again().is_err(), "the folder that it was in is gone, too");
    }
}
