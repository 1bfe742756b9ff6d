//! What a file says about itself: tags, chapters, loudness, and the time at which it began.

use std::path::Path;

use airdesk_outputs::sound_file::{BitRate, Closing, FileFormat, Mark};
use airdesk_outputs::title::Title;

use super::{FLAC, Recorded, closing, encoded_formats, opening, said};
use crate::rig::decoder::{ffmpeg, says};
use crate::rig::desk::{index_frame, sine};

/// The tags as ffprobe reads them.
struct Found(String);

impl Found {
    fn in_file(path: &Path) -> Self {
        let tags = "format_tags:stream_tags";
        Self(says(
            "ffprobe",
            &["-v", "error", "-show_entries", tags, "-of", "default=nw=1"],
            path,
        ))
    }

    fn tag(&self, name: &str) -> &str {
        let wanted = format!("TAG:{name}=");
        let is_it = |line: &&str| {
            line.get(..wanted.len())
                .is_some_and(|key| key.eq_ignore_ascii_case(&wanted))
        };
        let line = self.0.lines().find(is_it);
        line.map_or("", |line| &line[wanted.len()..])
    }
}

#[test]
fn what_a_file_says_about_itself_is_read_by_others_as_one_harmless_line() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(96_000, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let found = Found::in_file(&file.path);
        assert_eq!(found.tag("title"), "Nachtflug  ARTIST=evil  🎵", "{format}");
        assert_eq!(found.tag("artist"), "Jóga مرحبا", "{format}");
        assert_eq!(found.tag("comment"), said().source, "{format}");
        let album = found.tag("album");
        let of_one_letter = album.bytes().all(|byte| byte == b'a');
        assert!((400..=900).contains(&album.len()) && of_one_letter, "{format}: {album}");
        assert!(found.tag("date").starts_with("2026-11-22"), "{format}");
        assert_eq!(ffmpeg(&file.path).len(), 96_000, "{format}");
    }
}

#[test]
fn chapters_are_in_mp3_and_flac_where_others_find_them() {
    let bits = BitRate {
        kbit: 128,
        variable: false,
    };
    for format in [FileFormat::Mp3(bits), FLAC] {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(96_000, |_| [0.0; 2]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let entries = "chapter=start_time:chapter_tags=title";
        let found = says(
            "ffprobe",
            &["-v", "error", "-show_entries", entries, "-of", "csv=p=0"],
            &file.path,
        );
        let found: Vec<&str> = found.lines().collect();
        assert_eq!(
            found,
            ["0.000000,first", "1.000000,Björk - Jóga 🎵", "1.500000,third"],
            "{format}"
        );
    }
}

#[test]
fn more_marks_than_there_is_room_for_leave_a_file_that_decodes_and_the_first_of_them() {
    let marks = (0..1_000).map(|n| Mark {
        frame: n * 90,
        title: Title::new(&format!("{n} {}", "x".repeat(100))),
    });
    let closing = Closing {
        marks: marks.collect(),
        ..Closing::default()
    };
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(96_000, |_| [0.0; 2]);
        file.sound.finish(&closing).expect("finished");
        let found = says(
            "ffprobe",
            &["-v", "error", "-show_entries", "chapter=id", "-of", "csv=p=0"],
            &file.path,
        );
        match format {
            FileFormat::Flac(_) | FileFormat::Mp3(_) => {
                assert!((70..255).contains(&found.lines().count()), "{format}: {found}");
            }
            _ => assert_eq!(found, "", "{format}"),
        }
        assert_eq!(ffmpeg(&file.path).len(), 96_000, "{format}");
    }
}

#[test]
fn a_wav_file_tells_broadcasters_when_it_began_how_loud_it_is_and_what_begins_where() {
    let mut file = Recorded::begin(FileFormat::default(), &opening(48_000, &said()));
    file.record(96_000, index_frame);
    let time_reference = (72_930_u64 * 48_000).to_string();
    assert_eq!(Found::in_file(&file.path).tag("time_reference"), time_reference);
    file.sound.finish(&closing(48_000)).expect("finished");
    assert_eq!(Found::in_file(&file.path).tag("time_reference"), time_reference);
    let fields = [
        "originator",
        "orig-date",
        "orig-time",
        "loudness-value",
        "loudness-range",
        "max-truepeak",
        "max-momentary",
        "max-shortterm",
    ];
    let fields = fields.map(|field| format!("--bext-{field}"));
    let told = says(
        "sndfile-metadata-get",
        &fields.each_ref().map(|field| &**field),
        &file.path,
    );
    for wanted in [
        "Airdesk",
        "2026-11-22",
        "20:15:30",
        "-16.14",
        "3.50",
        "-1.05",
        "-9.87",
        "-12.34",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    let told = says("sndfile-info", &[], &file.path);
    let counted = told
        .lines()
        .any(|line| line.trim().starts_with("Count") && line.trim().ends_with(": 3"));
    assert!(counted && told.contains(": 96000\n"), "{told}");
    let bytes = std::fs::read(&file.path).expect("read");
    let label = "Björk - Jóga 🎵\0".as_bytes();
    assert!(bytes.windows(label.len()).any(|window| window == label));
}
