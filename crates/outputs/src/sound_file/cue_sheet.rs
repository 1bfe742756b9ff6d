//! A cue sheet: what begins where in a file, as text that players and burners read.
//!
//! The format of CDRWIN's manual: times are minutes, seconds and frames of 1/75 s, and text has no way to write a quotation mark.

use std::fmt::Write;

use airdesk_dsp::SampleRate;

use super::{Mark, Tags};
use crate::encode::VALUE_BYTES_MAX;
use crate::title::{cut, one_line};

/// What a cue sheet counts in two figures.
const TRACKS_MAX: usize = 99;

/// The sheet beside `file_name`. `rate` is that of the marks' frames: the desk's. Marks after the 99th are left out.
pub fn cue_sheet(file_name: &str, tags: &Tags, marks: &[Mark], rate: SampleRate) -> String {
    let mut sheet = String::new();
    let album = if tags.show.is_empty() { &tags.title } else { &tags.show };
    let performers: Vec<&str> = marks
        .iter()
        .map(|mark| mark.title.artist().unwrap_or_default())
        .collect();
    // It counts for every track that has none of its own.
    if let Some(one) = performers.first()
        && performers.iter().all(|performer| performer == one)
    {
        field(&mut sheet, "PERFORMER", one);
    }
    field(&mut sheet, "TITLE", album);
    let kind = match file_name.rsplit_once('.') {
        Some((_, "mp3")) => "MP3",
        _ => "WAVE", // whatever else a player can decode
    };
    let _ = writeln!(sheet, "FILE \"{}\" {kind}", quoted(file_name)); // a String takes everything
    for (n, mark) in marks.iter().take(TRACKS_MAX).enumerate() {
        let frames = mark.frame * 75 / u64::from(rate.hz());
        let (minutes, seconds, frames) = (frames / 75 / 60, frames / 75 % 60, frames % 75);
        let _ = writeln!(sheet, "  TRACK {:02} AUDIO", n + 1);
        field(&mut sheet, "    TITLE", mark.title.name());
        field(&mut sheet, "    PERFORMER", mark.title.artist().unwrap_or_default());
        let _ = writeln!(sheet, "    INDEX 01 {minutes:02}:{seconds:02}:{frames:02}");
    }
    sheet
}

fn field(sheet: &mut String, name: &str, value: &str) {
    let value = quoted(value);
    if !value.is_empty() {
        let _ = writeln!(sheet, "{name} \"{value}\""); // a String takes everything
    }
}

/// One line without quotation marks.
fn quoted(value: &str) -> String {
    let line = one_line(value).replace('"', "'");
    cut(&line, VALUE_BYTES_MAX).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::title::Title;

    #[test]
    fn a_sheet_says_what_begins_where_and_nothing_breaks_out_of_it() {
        let tags = Tags {
            title: "Night\r\nFILE \"/etc/passwd\" WAVE".into(),
            artist: "Ann".into(),
            ..Tags::default()
        };
        let marks = [
            (0, "Ann", "First"),
            (48_000 * 3_661 + 24_000, "Ann", "مرحبا \0 \"quoted\""),
        ];
        let sheet = cue_sheet("show.mp3", &tags, &marks.map(mark), SampleRate::DESK);
        let expected = "PERFORMER \"Ann\"\nTITLE \"Night  FILE '/etc/passwd' WAVE\"\nFILE \"show.mp3\" MP3\n  TRACK 01 AUDIO\n    \
                        TITLE \"First\"\n    PERFORMER \"Ann\"\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    \
                        TITLE \"مرحبا   'quoted'\"\n    PERFORMER \"Ann\"\n    INDEX 01 61:01:37\n";
        assert_eq!(sheet, expected);
    }

    #[test]
    fn every_track_has_its_own_artist_and_the_whole_has_one_only_where_it_is_everybodys() {
        let tags = Tags {
            title: "First".into(),
            artist: "Ann".into(),
            ..Tags::default()
        };
        let marks = [
            (0, "Ann", "First"),
            (48_000, "Bob\" FILE", "Second"),
            (96_000, "", "News"),
        ];
        let sheet = cue_sheet("show.wav", &tags, &marks.map(mark), SampleRate::DESK);
        let expected = "TITLE \"First\"\nFILE \"show.wav\" WAVE\n  TRACK 01 AUDIO\n    TITLE \"First\"\n    PERFORMER \"Ann\"\n    \
                        INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Second\"\n    PERFORMER \"Bob' FILE\"\n    \
                        INDEX 01 00:01:00\n  TRACK 03 AUDIO\n    TITLE \"News\"\n    INDEX 01 00:02:00\n";
        assert_eq!(sheet, expected);
    }

    fn mark((frame, artist, title): (u64, &str, &str)) -> Mark {
        Mark {
            frame,
            title: Title::by(artist, title),
        }
    }
}
