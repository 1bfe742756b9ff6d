//! What decks have played, as a table: for spreadsheets, and for those who pay out by it. The form is that of the timeline's.

use crate::api::Play;
use crate::timeline::csv::text;

/// The table's first line, with its end.
pub const HEADINGS: &str = "number,began,seconds,artist,title,strip,track,file\r\n";

/// A play as a line of the table, with its end.
pub fn line(play: &Play) -> String {
    let cells = [
        play.id.to_string(),
        play.began.clone(),
        format!("{:.1}", play.seconds),
        text(&play.artist),
        text(&play.title),
        text(&play.strip),
        play.track.map(|track| track.to_string()).unwrap_or_default(),
        text(&play.path),
    ];
    cells.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_play_is_a_line_and_no_cell_begins_as_a_formula() {
        let play = Play {
            id: 7,
            path: "/music/a,b.mp3".into(),
            track: None,
            began: "2026-11-22T17:04:05.123+01:00".into(),
            seconds: 187.26,
            strip: "Deck".into(),
            title: "=1+1".into(),
            artist: "Say \"Hi\"".into(),
        };
        let shown = "7,2026-11-22T17:04:05.123+01:00,187.3,\"Say \"\"Hi\"\"\",\"'=1+1\",Deck,,\"/music/a,b.mp3\"\r\n";
        assert_eq!(line(&play), shown);
        assert_eq!(HEADINGS.split(',').count(), 8);
    }
}
