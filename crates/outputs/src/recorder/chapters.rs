//! The marks of one file: its chapters when it is over and, where it is wished, its cue sheet at any moment, so that a kill
//! costs none.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use airdesk_dsp::SampleRate;

use super::file_name::cue_sheet_path;
use crate::sound_file::{Mark, Tags, cue_sheet};
use crate::title::Title;

/// What begins so soon after a file does begins with it: a tenth of a second.
const BEGINNING: u32 = 10;

/// The marks of a file.
pub(crate) struct Chapters {
    tags: Tags,
    rate: SampleRate,
    marks: Vec<Mark>,
    sheet: Option<Sheet>,
    fault: Option<String>,
}

/// A cue sheet that is there.
struct Sheet {
    path: PathBuf,
    file: File,
    /// What it is the sheet of.
    of: String,
}

impl Chapters {
    /// Of a file in which nothing began yet.
    pub(crate) fn new(tags: Tags, rate: SampleRate) -> Self {
        Self {
            tags,
            rate,
            marks: Vec::new(),
            sheet: None,
            fault: None,
        }
    }

    /// The same with a cue sheet beside `recording`.
    pub(crate) fn with_sheet(mut self, recording: &Path) -> Self {
        let path = cue_sheet_path(recording);
        let made = OpenOptions::new().write(true).create_new(true).open(&path);
        let of = recording.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match made {
            Ok(file) => self.sheet = Some(Sheet { path, file, of }),
            Err(error) => self.fault = Some(fault(&path, &error)),
        }
        self.write_sheet();
        self
    }

    /// Something begins at this frame of the file.
    pub(crate) fn mark(&mut self, frame: u64, title: &Title) {
        let frame = if frame < u64::from(self.rate.hz() / BEGINNING) {
            0
        } else {
            frame
        };
        let place = self.marks.partition_point(|mark| mark.frame <= frame);
        let title = title.clone();
        match self.marks.get_mut(place.wrapping_sub(1)) {
            // Of two titles for one place the newer one counts.
            Some(mark) if mark.frame == frame => mark.title = title,
            _ => self.marks.insert(place, Mark { frame, title }),
        }
        self.write_sheet();
    }

    /// All of them, in order. Where anything begins, something has begun at the beginning.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        self.listed(!self.marks.is_empty())
    }

    /// Why the cue sheet cannot be written, once.
    pub(crate) fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// The file goes, and so does its sheet.
    pub(crate) fn discard(self) {
        if let Some(sheet) = self.sheet {
            let _ = std::fs::remove_file(sheet.path); // what stays is the sheet of nothing
        }
    }

    /// The marks, with one at the beginning where there is none and `from_the_beginning` something must stand.
    fn listed(&self, from_the_beginning: bool) -> Vec<Mark> {
        let missing = from_the_beginning && self.marks.first().is_none_or(|first| first.frame > 0);
        let opening = missing.then(|| Mark {
            frame: 0,
            title: Title::by(&self.tags.artist, &self.tags.title),
        });
        opening.into_iter().chain(self.marks.iter().cloned()).collect()
    }

    fn write_sheet(&mut self) {
        let marks = self.listed(true);
        let Some(sheet) = &mut self.sheet else { return };
        let text = cue_sheet(&sheet.of, &self.tags, &marks, self.rate);
        if let Err(error) = sheet.write(&text) {
            self.fault = Some(fault(&sheet.path, &error));
        }
    }
}

impl Sheet {
    /// In one write, also over one that was longer: empty lines, which are cut off behind it, mean nothing.
    fn write(&mut self, text: &str) -> io::Result<()> {
        let length = self.file.seek(SeekFrom::End(0))? as usize;
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().max(length), b'\n');
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)?;
        self.file.set_len(text.len() as u64)
    }
}

fn fault(path: &Path, error: &io::Error) -> String {
    format!(
        "the cue sheet {} cannot be written ({error}); the recording goes on, and what began where is in the timeline",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapters(title: &str) -> Chapters {
        let tags = Tags {
            title: title.into(),
            ..Tags::default()
        };
        Chapters::new(tags, SampleRate::DESK)
    }

    fn told(chapters: &Chapters) -> Vec<(u64, String)> {
        let marks = chapters.marks();
        marks
            .into_iter()
            .map(|mark| (mark.frame, mark.title.as_str().to_owned()))
            .collect()
    }

    #[test]
    fn a_file_begins_with_what_was_on_when_it_began() {
        let mut chapters = chapters("Before");
        assert_eq!(told(&chapters), []);
        chapters.mark(96_000, &"Later".into());
        chapters.mark(48_000, &"Dumped".into());
        let expected = [(0, "Before"), (48_000, "Dumped"), (96_000, "Later")];
        assert_eq!(
            told(&chapters),
            expected.map(|(frame, title)| (frame, title.to_owned()))
        );
    }

    #[test]
    fn a_title_that_comes_with_the_file_begins_with_it() {
        let mut chapters = chapters("Old");
        chapters.mark(2_000, &"New".into());
        assert_eq!(told(&chapters), [(0, "New".to_owned())]);
    }

    #[test]
    fn the_sheet_is_there_at_any_moment_and_an_older_one_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let recording = folder.path().join("show.flac");
        let mut chapters = chapters("A \"quoted\"\r\ntitle").with_sheet(&recording);
        let path = folder.path().join("show.flac.cue");
        let sheet = || std::fs::read_to_string(&path).expect("there");
        assert!(
            sheet().ends_with("TITLE \"A 'quoted'  title\"\n    INDEX 01 00:00:00\n"),
            "{}",
            sheet()
        );
        chapters.mark(48_000, &Title::by("Ann", "B"));
        assert!(
            sheet().ends_with("  TRACK 02 AUDIO\n    TITLE \"B\"\n    PERFORMER \"Ann\"\n    INDEX 01 00:01:00\n"),
            "{}",
            sheet()
        );
        let before = sheet();
        let mut second = self::chapters("other").with_sheet(&recording);
        let fault = second.take_fault().expect("it is taken");
        assert!(fault.contains("show.flac.cue cannot be written"), "{fault}");
        assert_eq!(sheet(), before);
    }
}
