//! The timeline as a table.

use super::*;

/// The cells of a table after RFC 4180.
fn cells(table: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = table.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            other => cell.push(other),
        }
    }
    lines
}

#[test]
fn a_table_gives_every_hostile_text_back_and_no_cell_begins_as_a_formula() {
    let hostile = [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2",
        "@SUM(A1)",
        "'quoted",
        "a,b;c\"d\"\"e",
        "line\r\nbreak,=1",
        "\t=1",
        "＝1+1",
        "مرحبا \u{202e}txt.exe",
        "",
        "plain",
    ];
    let entry = |text: &str| TimelineEntry {
        number: 1,
        desk: 1,
        time: "2026-11-22T17:04:05.123+01:00".into(),
        seconds: 1.5,
        frame: 72_000,
        subject: text.into(),
        cause: Some(text.into()),
        position: Some(9),
        text: text.into(),
        happening: Happening::Loss {
            frames: 480,
            seconds: 0.01,
        },
    };
    let table: String = hostile.iter().map(|text| csv::line(&entry(text))).collect();
    let lines = cells(&(csv::HEADINGS.to_owned() + &table));
    assert_eq!(lines.len(), hostile.len() + 1);
    assert_eq!(lines[0].len(), 12);
    for (line, text) in lines[1..].iter().zip(hostile) {
        assert_eq!(line[5], "loss");
        assert_eq!(line[9..], ["9", "480", "0.010000"]);
        for cell in [&line[6], &line[7], &line[8]] {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t']), "{cell:?}");
            assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text);
        }
    }
}
