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
    field(&mut sheet, "PERFORMER", &tags.artist);
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
        field(&mut sheet, "    TITLE", &mark.title);
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

    #[test]
    fn a_sheet_says_what_begins_where_and_nothing_breaks_out_of_it() {
        let tags = Tags {
            title: "Night\r\nFILE \"/etc/passwd\" WAVE".into(),
            artist: "Ann".into(),
            ..Tags::default()
        };
        let marks = [(0, "First"), (48_000 * 3_661 + 24_000, "مرحبا \0 \"quoted\"")];
        let marks = marks.map(|(frame, title)| Mark {
            frame,
            title: title.into(),
        });
        let sheet = cue_sheet("show.mp3", &tags, &marks, SampleRate::DESK);
        let expected = "PERFORMER \"Ann\"\nTITLE \"Night  FILE '/etc/passwd' WAVE\"\nFILE \"show.mp3\" MP3\n  TRACK 01 AUDIO\n    \
                        TITLE \"First\"\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"مرحبا   'quoted'\"\n    \
                        INDEX 01 61:01:37\n";
        assert_eq!(sheet, expected);
    }
}
