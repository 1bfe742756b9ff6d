//! `airdesk timeline`: what has happened, read from the library itself, whether a desk runs or not.

use std::io::{self, Write};
use std::thread::sleep;
use std::time::Duration;

use airdesk_station::api::{TimelineEntry, TimelineKind};
use airdesk_station::data_folder;
use airdesk_station::timeline::{Order, Question, TimelineFile, TimelineReader, csv, moment, now};
use clap::Args;

/// So many entries are read at once.
const PAGE: usize = 1_000;
/// How often it is looked for news.
const LOOK: Duration = Duration::from_millis(250);

/// What is shown, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    /// As JSON, one object in each line.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// As CSV, with a line of headings.
    #[arg(long)]
    csv: bool,
    /// Only since then: 2026-11-22, 2026-11-22T18:30, 18:30 (today), 90min or 2d (ago).
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<i64>,
    /// Only before then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<i64>,
    /// Only this kind, such as onAir or loss; may be given more than once.
    #[arg(long, value_name = "KIND")]
    kind: Vec<TimelineKind>,
    /// Only what holds this word; may be given more than once.
    #[arg(long, value_name = "WORD")]
    word: Vec<String>,
    /// Only the newest N. Without it, all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Go on and show what happens from now on, until Ctrl-C.
    #[arg(long)]
    follow: bool,
}

fn time(text: &str) -> Result<i64, String> {
    moment(text, &now()).map_err(|error| error.to_string())
}

/// Prints the timeline, the oldest first.
pub(crate) fn show(arguments: &Arguments) -> anyhow::Result<()> {
    let reader = TimelineFile::in_folder(&data_folder()).open()?;
    match print(arguments, &reader, &mut io::stdout().lock()) {
        // Whoever read it has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        done => done,
    }
}

fn print(arguments: &Arguments, reader: &TimelineReader, out: &mut impl Write) -> anyhow::Result<()> {
    let mut question = Question {
        since: arguments.since,
        until: arguments.until,
        kinds: arguments.kind.clone(),
        words: arguments.word.join(" "),
        limit: PAGE,
        order: Order::OldestFirst,
        ..Question::default()
    };
    if arguments.csv {
        out.write_all(csv::HEADINGS.as_bytes())?;
    }
    // What happens while this is printed is not missed.
    let newest = reader.newest()?.unwrap_or_default();
    question.before = Some(newest + 1);
    if let Some(limit) = arguments.limit {
        for entry in newest_of(reader, &question, limit as usize)? {
            line(arguments, &entry, out)?;
        }
    } else {
        all(arguments, reader, &question, out)?;
    }
    out.flush()?;
    if !arguments.follow {
        return Ok(());
    }
    question.after = Some(newest);
    loop {
        sleep(LOOK);
        let newest = reader.newest()?.unwrap_or_default();
        question.before = Some(newest + 1);
        if question.after < Some(newest) {
            all(arguments, reader, &question, out)?;
            out.flush()?;
            question.after = Some(newest);
        }
    }
}

fn all(
    arguments: &Arguments,
    reader: &TimelineReader,
    question: &Question,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for page in reader.pages(question.clone()) {
        for entry in page? {
            line(arguments, &entry, out)?;
        }
    }
    Ok(())
}

/// The newest, the oldest of them first.
fn newest_of(reader: &TimelineReader, question: &Question, limit: usize) -> anyhow::Result<Vec<TimelineEntry>> {
    let question = Question {
        limit: limit.min(PAGE),
        order: Order::NewestFirst,
        ..question.clone()
    };
    let mut entries = Vec::new();
    for page in reader.pages(question) {
        entries.extend(page?);
        if entries.len() >= limit {
            break;
        }
    }
    entries.truncate(limit);
    entries.reverse();
    Ok(entries)
}

fn line(arguments: &Arguments, entry: &TimelineEntry, out: &mut impl Write) -> anyhow::Result<()> {
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(entry)?)?;
    } else if arguments.csv {
        out.write_all(csv::line(entry).as_bytes())?;
    } else {
        writeln!(out, "{}", words(entry))?;
    }
    Ok(())
}

/// For people. What came from elsewhere can neither begin a line of its own nor move the cursor.
fn words(entry: &TimelineEntry) -> String {
    let cause = entry
        .cause
        .as_ref()
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    let text = format!("{}{cause}", entry.text);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{}  {text}", entry.time.replace('T', " "))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Cli;

    #[test]
    fn what_is_no_time_kind_or_number_is_bad_usage() {
        for wrong in [
            "--since=soon",
            "--until=25:00",
            "--kind=noise",
            "--limit=0",
            "--limit=-1",
        ] {
            let refused = Cli::try_parse_from(["airdesk", "timeline", wrong]).err().expect(wrong);
            assert_eq!(refused.exit_code(), 2, "{refused}");
        }
        let both = Cli::try_parse_from(["airdesk", "timeline", "--json", "--csv"]).err();
        assert_eq!(both.expect("one or the other").exit_code(), 2);
    }

    #[test]
    fn a_line_for_people_is_one_line_whatever_a_title_holds() {
        let entry = serde_json::json!({
            "number": 7, "desk": 1, "time": "2026-11-22T17:04:05.123+01:00", "seconds": 1.0, "frame": 48_000,
            "subject": "stream", "cause": "reset\u{1b}[2J\nby peer", "position": null, "text": "reconnecting to stream",
            "kind": "reconnecting",
        });
        let entry: TimelineEntry = serde_json::from_value(entry).expect("an entry");
        let shown = "2026-11-22 17:04:05.123+01:00  reconnecting to stream (reset [2J by peer)";
        assert_eq!(words(&entry), shown);
    }
}
