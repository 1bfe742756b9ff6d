//! The folder that HLS is written to, and what its files are called. All that asks the disk blocks as long as the disk likes;
//! whoever else has the folder can ask since when.

use std::fs;
use std::io;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a disk may take before it is said.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// Seconds without an answer that are worth another word: a sentence that changed each second would fill the timeline.
const WORTH_A_WORD: [u64; 5] = [1, 10, 60, 600, 3_600];

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    /// Since when its disk has been asked for something that it has not answered.
    asked: Arc<Mutex<Option<Instant>>>,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        let asked = Arc::default();
        Self { path, asked }
    }

    /// By its path alone: a disk that stands still is not asked.
    pub(super) fn is_at_the_same_path(&self, other: &Self) -> bool {
        self.path == other.path
    }

    fn asked(&self) -> MutexGuard<'_, Option<Instant>> {
        // Replaced whole: a panic elsewhere leaves nothing half done.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the disk. Nothing is locked meanwhile.
    fn ask<T>(&self, call: impl FnOnce() -> T) -> T {
        *self.asked() = Some(Instant::now());
        let answer = call();
        *self.asked() = None;
        answer
    }

    /// Lets `look` see it as if its disk had just been silent for too long.
    #[cfg(test)]
    pub(super) fn while_it_hangs(&self, look: impl FnOnce()) {
        self.ask(|| {
            std::thread::sleep(ANSWERS_WITHIN);
            look();
        });
    }

    /// What is said while the disk does not answer. Does not ask it.
    pub(super) fn unanswered(&self) -> Option<String> {
        let silence = (*self.asked())?.elapsed();
        (silence >= ANSWERS_WITHIN).then(|| self.waits(silence))
    }

    fn waits(&self, silence: Duration) -> String {
        let steps = WORTH_A_WORD.into_iter();
        let seconds = steps.filter(|step| *step <= silence.as_secs()).max().unwrap_or(1);
        let folder = self.path.display();
        format!("the disk of {folder} has not answered for {seconds} s; check the disk, or choose another folder")
    }

    /// Makes it, where it is not there.
    pub(super) fn make(&self) -> io::Result<()> {
        self.ask(|| fs::create_dir_all(&self.path))
    }

    /// Makes it again. The folder that it is in must be there: what is gone may be a whole disk, and its place another.
    pub(super) fn make_again(&self) -> io::Result<()> {
        if self.ask(|| self.path.is_dir()) {
            Ok(())
        } else {
            self.ask(|| fs::create_dir(&self.path))
        }
    }

    /// Writes a file that appears whole, or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.path.join(format!(".{name}.part"));
        // What is there under that name is left from a desk that was killed, or is somebody's link: never written through.
        match self.ask(|| fs::remove_file(&part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = self.ask(|| fs::File::create_new(&part))?;
        let written = self.ask(|| file.write_all(bytes));
        self.ask(|| drop(file)); // some systems rename no file that is open, and a disk over a network may write only now
        let written = written.and_then(|()| self.ask(|| fs::rename(&part, self.path.join(name))));
        if written.is_err() {
            let _ = self.ask(|| fs::remove_file(&part)); // it may not be there
        }
        written
    }

    pub(super) fn read(&self, name: &str) -> Option<String> {
        self.ask(|| fs::read_to_string(self.path.join(name))).ok()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.ask(|| self.path.join(name).is_file())
    }

    /// Removes one of a codec's segments. What is not called like one, or cannot be removed, stays.
    pub(super) fn remove(&self, codec: &str, name: &str) {
        if number(codec, name).is_none() {
            tracing::warn!(name, "what HLS has not written stays");
            return;
        }
        match self.ask(|| fs::remove_file(self.path.join(name))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, name, "an old segment stays");
            }
            _ => {}
        }
    }

    /// Numbers of a codec's segments that are there: `opus-17.m4s` is one, and nothing else is touched.
    pub(super) fn segments(&self, codec: &str) -> Vec<(u64, String)> {
        let mut found: Vec<_> = self.ask(|| {
            let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            names.filter_map(|name| Some((number(codec, &name)?, name))).collect()
        });
        found.sort();
        found
    }

    /// Why it could not be written, in a sentence.
    pub(super) fn reason(&self, error: &io::Error) -> String {
        let folder = self.path.display();
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
        let folder = self.path.display();
        format!("the folder {folder} was removed or emptied; it is written anew, or choose another one")
    }
}

/// What a codec's segment is called.
pub(super) fn segment(codec: &str, number: u64) -> String {
    let ending = if codec == "mp3" { "mp3" } else { "m4s" };
    format!("{codec}-{number}.{ending}")
}

/// What the file is called that players read before segments. Named for what is in it: a file that a playlist names never
/// changes.
pub(super) fn opening(codec: &str, bytes: &[u8]) -> String {
    format!("{codec}-{:08x}.mp4", crc32fast::hash(bytes))
}

/// Whether [`opening`] may have given it that name.
pub(super) fn is_opening(codec: &str, name: &str) -> bool {
    let rest = name.strip_prefix(codec).and_then(|rest| rest.strip_prefix('-'));
    let sum = rest.and_then(|rest| rest.strip_suffix(".mp4"));
    sum.is_some_and(|sum| sum.len() == 8 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// The number of a segment, by the very name that [`segment`] gives it.
fn number(codec: &str, name: &str) -> Option<u64> {
    let rest = name.strip_prefix(codec)?.strip_prefix('-')?;
    let number = rest.split_once('.')?.0.parse().ok()?;
    (segment(codec, number) == name).then_some(number)
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
            ("opus-017.m4s", None),
            ("opus-+17.m4s", None),
            ("opus-17.mp3", None),
            ("opus-17.m4s/../victim", None),
            ("../opus-17.m4s", None),
            ("/opus-17.m4s", None),
        ] {
            assert_eq!(number("opus", name), found, "{name}");
        }
        assert_eq!(number("mp3", "mp3-17.mp3"), Some(17));
        assert!(is_opening("opus", &opening("opus", b"what is in it")));
        for name in [
            "opus-1.mp4",
            "opus-1A2B3C4D.mp4",
            "flac-1a2b3c4d.mp4",
            "opus-../../ab.mp4",
        ] {
            assert!(!is_opening("opus", name), "{name}");
        }
    }

    #[test]
    fn nothing_but_a_segment_is_removed() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("hls"));
        folder.make().expect("made");
        let victims = [place.path().join("victim"), place.path().join("hls/opus-notes.txt")];
        victims
            .iter()
            .for_each(|victim| fs::write(victim, "mine").expect("written"));
        folder.write("opus-17.m4s", b"ours").expect("written");
        let absolute = victims[0].display().to_string();
        for name in ["../victim", absolute.as_str(), "opus-notes.txt", "opus-17.m4s"] {
            folder.remove("opus", name);
        }
        assert!(victims.iter().all(|victim| victim.exists()));
        assert!(!folder.has("opus-17.m4s"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_replaced_and_what_it_points_to_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let victim = place.path().join("victim");
        fs::write(&victim, "mine").expect("written");
        let folder = Folder::new(place.path().join("hls"));
        folder.make().expect("made");
        for name in [".a.m3u8.part", "a.m3u8"] {
            std::os::unix::fs::symlink(&victim, place.path().join("hls").join(name)).expect("a link");
        }
        folder.write("a.m3u8", b"one").expect("written");
        assert_eq!(fs::read_to_string(&victim).expect("there"), "mine");
        let written = place.path().join("hls/a.m3u8");
        assert!(
            fs::symlink_metadata(&written).expect("there").is_file(),
            "a file of its own"
        );
        assert_eq!(folder.read("a.m3u8").as_deref(), Some("one"));
        assert_eq!(fs::read_dir(place.path().join("hls")).expect("there").count(), 1);
    }

    #[test]
    fn a_disk_that_does_not_answer_is_said_until_it_does() {
        let folder = Folder::new("/srv/hls".into());
        let other = folder.clone();
        assert_eq!(folder.unanswered(), None);
        folder.ask(|| assert_eq!(other.unanswered(), None, "it has just been asked"));
        folder.while_it_hangs(|| {
            let said = "the disk of /srv/hls has not answered for 1 s; check the disk, or choose another folder";
            assert_eq!(other.unanswered().as_deref(), Some(said));
        });
        assert_eq!(other.unanswered(), None);
        for (silence, said) in [
            (9, "for 1 s"),
            (10, "for 10 s"),
            (75, "for 60 s"),
            (9_000, "for 3600 s"),
        ] {
            let sentence = folder.waits(Duration::from_secs(silence));
            assert!(sentence.contains(said), "{sentence}");
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
