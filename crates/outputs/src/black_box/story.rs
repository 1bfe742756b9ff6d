//! What is known of a run besides its sound: what was on from which frame of the programme on, and what was dumped. It stands
//! in the segments beside the sound that it is of, and goes with it.

use crate::title::{TITLE_BYTES_MAX, Title, TitleWords, cut};

/// Something that is known of a run. Frames are counted from the first block that its engine published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// This is on from this frame on.
    On { frame: u64, words: TitleWords },
    /// These frames were dumped, and never aired.
    Dumped { first: u64, frames: u64 },
}

impl Note {
    /// The most that one takes on disk.
    pub(super) const BYTES_MAX: usize = 12 + 8 + 3 * (2 + TITLE_BYTES_MAX);

    /// Its body in a segment.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        match self {
            Self::On { frame, words } => {
                body.extend(frame.to_le_bytes());
                for text in [&words.title, &words.artist, &words.show] {
                    let text = cut(text, TITLE_BYTES_MAX);
                    body.extend((text.len() as u16).to_le_bytes());
                    body.extend(text.as_bytes());
                }
            }
            Self::Dumped { first, frames } => {
                body.extend(first.to_le_bytes());
                body.extend(frames.to_le_bytes());
            }
        }
        body
    }

    /// What a body says is on.
    pub(super) fn read_on(body: &[u8]) -> Option<Self> {
        let (frame, mut rest) = body.split_first_chunk()?;
        let mut text = || {
            let (length, more) = rest.split_first_chunk()?;
            let (text, more) = more.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = more;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        let words = TitleWords {
            title: text()?,
            artist: text()?,
            show: text()?,
        };
        let frame = u64::from_le_bytes(*frame);
        Some(Self::On { frame, words })
    }

    /// What a body says was dumped.
    pub(super) fn read_dumped(body: &[u8]) -> Option<Self> {
        let (first, rest) = body.split_first_chunk()?;
        let frames = rest.first_chunk()?;
        Some(Self::Dumped {
            first: u64::from_le_bytes(*first),
            frames: u64::from_le_bytes(*frames),
        })
    }
}

/// Everything that is known of a run, or of a part of it.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// In order.
    on: Vec<(u64, TitleWords)>,
    dumped: Vec<(u64, u64)>,
}

impl Story {
    /// Of notes as they were made. Each segment begins with what was on before.
    pub(super) fn new<'a>(notes: impl Iterator<Item = &'a Note>) -> Self {
        let mut story = Self::default();
        for note in notes {
            match note {
                Note::On { frame, words } => story.on.push((*frame, words.clone())),
                Note::Dumped { first, frames } => story.dumped.push((*first, first.saturating_add(*frames))),
            }
        }
        // Stable: of two titles for one frame the newer one comes last.
        story.on.sort_by_key(|(frame, _)| *frame);
        story
    }

    /// What is on at a frame.
    pub(super) fn on_at(&self, frame: u64) -> TitleWords {
        let behind = self.on.partition_point(|(from, _)| *from <= frame);
        let last = behind.checked_sub(1).map(|last| self.on[last].1.clone());
        last.unwrap_or_default()
    }

    /// What begins where behind the frame `first` and before `end`, counted from `first`, at a rate.
    pub(super) fn marks(&self, first: u64, end: u64, rate: u32) -> Vec<(u64, Title)> {
        let mut marks = Vec::new();
        let mut before = self.on_at(first).line();
        for (frame, words) in &self.on {
            if *frame > first && *frame < end && words.line() != before {
                before = words.line();
                marks.push((frame - first, before.clone()));
            }
        }
        for (from, until) in &self.dumped {
            if *until > first && *from < end {
                let seconds = (until - from) as f64 / f64::from(rate);
                let dumped = Title::new(&format!("dumped {seconds:.1} s"));
                marks.push((from.saturating_sub(first), dumped));
                if *until < end {
                    marks.push((until - first, self.on_at(*until).line()));
                }
            }
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(frame: u64, artist: &str, title: &str) -> Note {
        let words = TitleWords {
            title: title.into(),
            artist: artist.into(),
            show: "Night".into(),
        };
        Note::On { frame, words }
    }

    #[test]
    fn what_is_written_is_read_and_what_is_cut_off_is_nothing() {
        let noted = on(4_711, "Björk", "Jóga 🎵");
        let body = noted.body();
        assert_eq!(Note::read_on(&body), Some(noted));
        for cut in 0..body.len() {
            assert_eq!(Note::read_on(&body[..cut]), None, "{cut}");
        }
        let dumped = Note::Dumped { first: 7, frames: 9 };
        assert_eq!(Note::read_dumped(&dumped.body()), Some(dumped.clone()));
        assert_eq!(Note::read_dumped(&dumped.body()[..15]), None);
        let long = on(1, &"é".repeat(2_000), &"🎵".repeat(2_000));
        assert!(long.body().len() + 12 <= Note::BYTES_MAX && Note::read_on(&long.body()).is_some());
    }

    #[test]
    fn marks_are_those_within_and_each_title_is_marked_once() {
        let notes = [
            on(0, "", "Before"),
            on(6_400, "Ann", "One"),
            // As the next segment begins.
            on(6_400, "Ann", "One"),
            on(64_000, "Bob", "Two"),
            on(96_000, "", "Later"),
            Note::Dumped {
                first: 48_000,
                frames: 24_000,
            },
        ];
        let story = Story::new(notes.iter());
        assert_eq!(story.on_at(9_600).line(), Title::by("Ann", "One"));
        let expected = [
            (54_400, Title::by("Bob", "Two")),
            (38_400, "dumped 0.5 s".into()),
            (62_400, Title::by("Bob", "Two")),
        ];
        assert_eq!(story.marks(9_600, 96_000, 48_000), expected);
        assert_eq!(story.marks(96_001, 97_000, 48_000), []);
        assert_eq!(Story::default().on_at(5), TitleWords::default());
    }
}
