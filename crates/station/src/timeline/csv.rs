//! The timeline as a table for spreadsheets and scripts: RFC 4180, UTF-8, a line of headings.
//!
//! A title comes from anywhere, and a spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, which may
//! run programs. Such a cell gets an apostrophe in front, which spreadsheets do not show; so does one that begins with an
//! apostrophe, so that a script gets every text back by taking one away.

use crate::api::TimelineEntry;

/// The table's first line, with its end.
pub const HEADINGS: &str =
    "number,desk,time,seconds,frame,kind,subject,what,cause,position,frames_lost,seconds_lost\r\n";
/// What a cell of text may not begin with.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\''];

/// An entry as a line of the table, with its end.
pub fn line(entry: &TimelineEntry) -> String {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let lost = entry.happening.lost();
    let cells = [
        entry.number.to_string(),
        entry.desk.to_string(),
        entry.time.clone(),
        format!("{:.3}", entry.seconds),
        entry.frame.to_string(),
        entry.happening.kind().to_string(),
        text(&entry.subject),
        text(&entry.text),
        text(entry.cause.as_deref().unwrap_or_default()),
        number(entry.position),
        number(lost.map(|(frames, _)| frames)),
        lost.and_then(|(_, seconds)| seconds)
            .map(|seconds| format!("{seconds:.6}"))
            .unwrap_or_default(),
    ];
    cells.join(",") + "\r\n"
}

/// Text from anywhere as a cell.
pub(crate) fn text(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\r', '\n', ' ', ';']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
