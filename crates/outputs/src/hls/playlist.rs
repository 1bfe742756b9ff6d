//! Playlists (RFC 8216, and draft-pantos-hls-rfc8216bis for what has come since): written, and read again at the next start.

use std::collections::VecDeque;
use std::fmt::Write;

use super::folder::{is_opening, segment};
use super::settings::SEGMENT_SECONDS;
use crate::encode::{Codec, EncoderSettings};
use crate::title::Title;

/// The highest number that is read: none of ours comes there in two hundred years, and what is reckoned with it stays far
/// below what a `u64` holds.
const NUMBER_MAX: u64 = u32::MAX as u64;

/// One line with its segment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) seconds: f64,
    /// What is on when it begins; nothing when nobody knows.
    pub(super) title: String,
    /// When it begins, by the wall clock, as the playlist says it.
    pub(super) begins: String,
    /// It does not go on where the one before ended.
    pub(super) breaks: bool,
    /// The file that must be read before it.
    pub(super) opening: Option<String>,
}

/// The segments of one codec that listeners can get.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Playlist {
    /// The number of the oldest.
    first: u64,
    /// How many breaks are gone.
    breaks: u64,
    /// The longest segment, whole seconds.
    target: u64,
    segments_max: usize,
    entries: VecDeque<Entry>,
}

impl Playlist {
    /// An empty one of a codec, or one that goes on from what was written before.
    pub(super) fn new(codec: &str, before: Option<&str>, target: u64, segments_max: usize) -> Self {
        let mut playlist = before.and_then(|text| read(codec, text)).unwrap_or(Self {
            first: 0,
            breaks: 0,
            target,
            segments_max,
            entries: VecDeque::new(),
        });
        let longest = playlist.entries.iter().map(|entry| entry.seconds.round() as u64).max();
        playlist.target = target.max(longest.unwrap_or_default());
        playlist.segments_max = segments_max;
        playlist
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of the next segment.
    pub(super) fn next_number(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The number of the oldest.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Adds the next segment. Gives the files of those that are in it no more.
    pub(super) fn push(&mut self, entry: Entry) -> Vec<String> {
        self.entries.push_back(entry);
        let over = self.entries.len().saturating_sub(self.segments_max);
        self.take(over)
    }

    /// The files are gone: what is in it is nowhere.
    pub(super) fn forget(&mut self) {
        self.take(self.entries.len());
    }

    fn take(&mut self, count: usize) -> Vec<String> {
        let gone: Vec<Entry> = self.entries.drain(..count).collect();
        self.first += gone.len() as u64;
        self.breaks += gone.iter().filter(|entry| entry.breaks).count() as u64;
        gone.into_iter().map(|entry| entry.file).collect()
    }

    /// As it is written. `ended`: nothing comes after it.
    pub(super) fn text(&self, ended: bool) -> String {
        let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n");
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "#EXT-X-TARGETDURATION:{}", self.target);
        let _ = writeln!(text, "#EXT-X-MEDIA-SEQUENCE:{}", self.first);
        let _ = writeln!(text, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.breaks);
        let mut opening = None;
        for entry in &self.entries {
            if entry.breaks {
                text += "#EXT-X-DISCONTINUITY\n";
            }
            if let Some(file) = &entry.opening
                && (entry.breaks || opening != Some(file))
            {
                let _ = writeln!(text, "#EXT-X-MAP:URI=\"{file}\"");
                opening = Some(file);
            }
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", entry.begins);
            let _ = writeln!(text, "#EXTINF:{:.6},{}\n{}", entry.seconds, entry.title, entry.file);
        }
        if ended {
            text += "#EXT-X-ENDLIST\n";
        }
        text
    }
}

/// What [`Playlist::text`] has written for this codec. `None` for anything else: the files that it names are removed one day.
fn read(codec: &str, text: &str) -> Option<Playlist> {
    let mut playlist = Playlist {
        first: 0,
        breaks: 0,
        target: 0,
        segments_max: 0,
        entries: VecDeque::new(),
    };
    let (mut seconds, mut title) = (None, Title::default());
    let (mut begins, mut breaks, mut opening) = (String::new(), false, None);
    let mut lines = text.lines();
    if lines.next() != Some("#EXTM3U") {
        return None;
    }
    for line in lines {
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "#EXT-X-TARGETDURATION" => playlist.target = value.parse().ok()?,
            "#EXT-X-MEDIA-SEQUENCE" => playlist.first = number(value)?,
            "#EXT-X-DISCONTINUITY-SEQUENCE" => playlist.breaks = number(value)?,
            "#EXT-X-DISCONTINUITY" => breaks = true,
            "#EXT-X-MAP" => opening = Some(value.strip_prefix("URI=\"")?.strip_suffix('"')?.to_owned()),
            "#EXT-X-PROGRAM-DATE-TIME" => value.clone_into(&mut begins),
            "#EXTINF" => {
                let (length, words) = value.split_once(',').unwrap_or((value, ""));
                (seconds, title) = (Some(seconds_of(length)?), Title::new(words));
            }
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => playlist.entries.push_back(Entry {
                file: line.to_owned(),
                seconds: seconds.take()?,
                title: std::mem::take(&mut title).as_str().to_owned(),
                begins: std::mem::take(&mut begins),
                breaks: std::mem::take(&mut breaks),
                opening: opening.clone(),
            }),
        }
    }
    is_ours(codec, &playlist).then_some(playlist)
}

/// Every file in it has the very name that we give the file in that place.
fn is_ours(codec: &str, playlist: &Playlist) -> bool {
    let numbers = playlist.first..=NUMBER_MAX;
    let count = playlist.entries.len() as u64;
    let mut named = playlist.entries.iter().zip(numbers);
    playlist.first + count <= NUMBER_MAX
        && named.all(|(entry, number)| {
            let opening = entry.opening.as_deref();
            entry.file == segment(codec, number) && opening.is_none_or(|name| is_opening(codec, name))
        })
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number <= NUMBER_MAX)
}

/// Seconds of a segment that may be ours.
fn seconds_of(text: &str) -> Option<f64> {
    let seconds = text.parse().ok();
    seconds.filter(|seconds| (0.0..=f64::from(*SEGMENT_SECONDS.end())).contains(seconds))
}

/// The playlist of all playlists: one line for each codec, what sounds best last.
pub(super) fn master<'a>(variants: impl Iterator<Item = (&'a str, EncoderSettings)>) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n");
    for (name, encoder) in variants {
        let (codec, most) = match encoder.codec {
            Codec::Mp3 => ("mp4a.40.34", encoder.byte_rate() * 8),
            Codec::Opus => ("opus", encoder.byte_rate() * 12), // it may take half as much again for a moment
            Codec::Vorbis => ("vorbis", encoder.byte_rate() * 12),
            Codec::Flac(depth) => ("fLaC", encoder.rate.hz() * u32::from(depth.bits()) * 2),
        };
        let usual = encoder.byte_rate() * 8;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={most},AVERAGE-BANDWIDTH={usual},CODECS=\"{codec}\"\n{name}.m3u8"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, breaks: bool) -> Entry {
        Entry {
            file: format!("opus-{number}.m4s"),
            seconds: 5.973_333,
            title: if number == 6 {
                "Ada, live - Waltz".into()
            } else {
                String::new()
            },
            begins: format!("2026-11-22T19:00:{number:02}.000Z"),
            breaks,
            opening: Some("opus-1a2b3c4d.mp4".into()),
        }
    }

    fn written() -> Playlist {
        let mut playlist = Playlist::new("opus", None, 6, 3);
        for number in 0..7 {
            playlist.push(entry(number, [1, 5].contains(&number)));
        }
        playlist
    }

    #[test]
    fn the_oldest_leave_and_their_numbers_and_breaks_are_counted() {
        let text = written().text(false);
        let wanted = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:4\n\
                      #EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-MAP:URI=\"opus-1a2b3c4d.mp4\"\n\
                      #EXT-X-PROGRAM-DATE-TIME:2026-11-22T19:00:04.000Z\n#EXTINF:5.973333,\nopus-4.m4s\n\
                      #EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"opus-1a2b3c4d.mp4\"\n\
                      #EXT-X-PROGRAM-DATE-TIME:2026-11-22T19:00:05.000Z\n#EXTINF:5.973333,\nopus-5.m4s\n\
                      #EXT-X-PROGRAM-DATE-TIME:2026-11-22T19:00:06.000Z\n#EXTINF:5.973333,Ada, live - Waltz\nopus-6.m4s\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn what_was_written_is_read_again_and_goes_on() {
        let text = written().text(true);
        let mut again = Playlist::new("opus", Some(&text), 2, 3);
        assert_eq!(again, written(), "segments of six seconds are still in it");
        assert_eq!(again.next_number(), 7);
        assert_eq!(again.push(entry(7, true)), ["opus-4.m4s"]);
        again.forget();
        assert_eq!((again.next_number(), again.is_empty()), (8, true));
        assert!(again.text(false).contains("#EXT-X-DISCONTINUITY-SEQUENCE:3\n"));
    }

    #[test]
    fn what_is_no_playlist_is_not_gone_on_with() {
        for text in [
            "",
            "#EXTM3U\nfile-without-length.m4s\n",
            "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:x\n",
        ] {
            assert_eq!(Playlist::new("opus", Some(text), 6, 3).next_number(), 0, "{text}");
        }
    }

    #[test]
    fn a_playlist_that_names_a_file_of_others_is_not_gone_on_with() {
        let ours = written().text(false);
        for (name, other) in [
            ("opus-5.m4s", "../victim"),
            ("opus-5.m4s", "/etc/passwd"),
            ("opus-5.m4s", "notes.txt"),
            ("opus-5.m4s", "sub/opus-5.m4s"),
            ("opus-5.m4s", "opus-6.m4s"),
            ("opus-5.m4s", "opus-05.m4s"),
            ("opus-5.m4s", "flac-5.m4s"),
            ("opus-1a2b3c4d.mp4", "../victim"),
            ("opus-1a2b3c4d.mp4", "opus-5.m4s"),
        ] {
            let text = ours.replace(name, other);
            assert_ne!(text, ours);
            let playlist = Playlist::new("opus", Some(&text), 6, 3);
            assert_eq!((playlist.next_number(), playlist.is_empty()), (0, true), "{other}");
        }
        assert_eq!(
            Playlist::new("flac", Some(&ours), 6, 3).next_number(),
            0,
            "another codec's"
        );
    }

    #[test]
    fn numbers_that_nothing_can_be_added_to_are_not_gone_on_with() {
        let most = u64::MAX;
        for text in [
            format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{most}\n#EXTINF:6,\nopus-{most}.m4s\n"),
            format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{NUMBER_MAX}\n#EXTINF:6,\nopus-{NUMBER_MAX}.m4s\n"),
            format!("#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:{most}\n#EXTINF:6,\nopus-0.m4s\n"),
            "#EXTM3U\n#EXTINF:inf,\nopus-0.m4s\n".into(),
            "#EXTM3U\n#EXTINF:NaN,\nopus-0.m4s\n".into(),
            "#EXTM3U\n#EXTINF:1e300,\nopus-0.m4s\n".into(),
            "#EXTM3U\n#EXTINF:-6,\nopus-0.m4s\n".into(),
        ] {
            let playlist = Playlist::new("opus", Some(&text), 6, 3);
            assert_eq!((playlist.next_number(), playlist.is_empty()), (0, true), "{text}");
        }
    }
}
