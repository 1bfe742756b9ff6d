//! Titles of every kind, and how they are read where titles are in a stream's own comments.

use std::process::Command;

use airdesk_outputs::title::{TITLE_BYTES_MAX, Title};

/// A title, and what a listener reads of it where titles are in the stream's own comments. Between the bytes of an MP3
/// stream an apostrophe before a semicolon is a typographic one: it would end the title.
pub(crate) fn table() -> Vec<(String, String)> {
    let same = |title: &str| (title.to_owned(), title.to_owned());
    // 4 kB, once of two bytes in a row and once of four: it is cut between two characters.
    let [words, signs] = ["häßlich ".repeat(455), "🎵".repeat(1_024)];
    let cut = |title: &str| (title.to_owned(), Title::new(title).as_str().to_owned());
    let table = vec![
        same("Jóga – Bjørk"),
        same("🎵 👩‍🚒 é́"),
        same("مرحبا بالعالم ♪ שלום"),
        same("\u{202e}backwards\u{202c} \u{feff}日本語"),
        same("\"Rock 'n' Roll\" & more; <b> %41 \\ {x}"),
        same("x';StreamUrl='http://evil"),
        same("y=TITLE=z"),
        same("1979"),
        ("two\r\nlines\0and a tab\t!".into(), "two  lines and a tab !".into()),
        ("one\u{2028}more\u{2029}line\u{85}.".into(), "one more line .".into()),
        cut(&words),
        cut(&signs),
    ];
    assert!(table.iter().all(|(_, read)| read.len() <= TITLE_BYTES_MAX));
    table
}

/// A comment that ffprobe finds in an Ogg stream.
pub(crate) fn tag(url: &str, name: &str) -> Option<String> {
    let entries = [
        "-v",
        "error",
        "-rw_timeout",
        "5000000",
        "-show_entries",
        "stream_tags",
        "-of",
        "json",
        url,
    ];
    let out = Command::new("ffprobe")
        .args(entries)
        .output()
        .expect("ffprobe is installed");
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).ok()?;
    let tags = told["streams"][0]["tags"].as_object()?;
    let (_, value) = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    value.as_str().map(str::to_owned)
}
