//! `airdesk library`: folders, scans, tracks and plays, in the library itself, whether a desk runs or not.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use airdesk_station::api::{Play, ScanProgress, Track};
use airdesk_station::data_folder;
use airdesk_station::tracks::{Search, TrackFile, csv};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

/// So many plays are read at once.
const PAGE: u32 = 1_000;

/// What is asked of the library.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the folders, with how many tracks are in each.
    Folders(Printed),
    /// Add a folder; the next scan finds what is in it. Links in it are not followed.
    AddFolder {
        /// Its path.
        folder: std::path::PathBuf,
    },
    /// Take a folder out. Its tracks and their plays are kept for the day it comes back.
    RemoveFolder {
        /// Its path, as it is listed.
        folder: std::path::PathBuf,
    },
    /// Look for what is new, has changed and is gone in all folders.
    Scan(Printed),
    /// Find tracks by words in title, artist, album or file name. All of them without any.
    Search {
        /// Each of these words, or one that begins with it. Neither case nor accents count.
        words: Vec<String>,
        /// How many at the most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Without so many of the first.
        #[arg(long, default_value_t = 0)]
        offset: u32,
        #[command(flatten)]
        printed: Printed,
    },
    /// Show what decks have played, the newest first.
    History {
        /// How many at the most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// As CSV, with a line of headings.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        #[command(flatten)]
        printed: Printed,
    },
}

#[derive(Args)]
struct Printed {
    /// As JSON, one object in each line.
    #[arg(long)]
    json: bool,
}

/// Does what is asked.
pub(crate) fn library(arguments: &Arguments) -> anyhow::Result<()> {
    let file = TrackFile::in_folder(&data_folder());
    let done = match &arguments.command {
        Command::Folders(printed) => folders(&file, printed),
        Command::AddFolder { folder } => {
            let folder = std::path::absolute(folder)?;
            let added = file.open_to_write()?.add_folder(&folder.to_string_lossy())?;
            print(&format!("{added} is in the library; scan it to find its tracks"))
        }
        Command::RemoveFolder { folder } => {
            let folder = std::path::absolute(folder)?;
            file.open_to_write()?.remove_folder(&folder.to_string_lossy())?;
            Ok(())
        }
        Command::Scan(printed) => scan(&file, printed),
        Command::Search {
            words,
            limit,
            offset,
            printed,
        } => {
            let search = Search {
                words: words.join(" "),
                offset: *offset,
                limit: *limit,
            };
            let page = file.open()?.search(&search)?;
            page.tracks.iter().try_for_each(|track| match printed.json {
                true => print(&serde_json::to_string(track)?),
                false => print(&track_line(track)),
            })
        }
        Command::History { limit, csv, printed } => history(&file, *limit, *csv, printed),
    };
    match done {
        // Whoever read it has seen enough.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        done => done,
    }
}

fn print(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

fn folders(file: &TrackFile, printed: &Printed) -> anyhow::Result<()> {
    let (folders, _) = file.open()?.folders()?;
    folders.iter().try_for_each(|folder| match printed.json {
        true => print(&serde_json::to_string(folder)?),
        false => print(&format!("{:>7}  {}", folder.tracks, plain(&folder.path))),
    })
}

/// The newest plays, read some at a time: whoever wants a year of them gets it.
fn history(file: &TrackFile, limit: u32, as_csv: bool, printed: &Printed) -> anyhow::Result<()> {
    let reader = file.open()?;
    let mut out = io::stdout().lock();
    if as_csv {
        out.write_all(csv::HEADINGS.as_bytes())?;
    }
    let (mut before, mut left) = (None, limit);
    loop {
        let page = reader.plays(before, left.min(PAGE))?;
        for play in &page.plays {
            match (as_csv, printed.json) {
                (true, _) => out.write_all(csv::line(play).as_bytes())?,
                (_, true) => writeln!(out, "{}", serde_json::to_string(play)?)?,
                _ => writeln!(out, "{}", play_line(play))?,
            }
        }
        left -= page.plays.len() as u32;
        before = page.older;
        if left == 0 || before.is_none() {
            return Ok(out.flush()?);
        }
    }
}

/// Scans with a bar on a terminal, and says what came of it.
fn scan(file: &TrackFile, printed: &Printed) -> anyhow::Result<()> {
    let bar = if io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {pos} of {len}  {eta} left")?;
    let mut tell = |progress: &ScanProgress| {
        if progress.counted {
            bar.set_style(style.clone());
            bar.set_length(u64::from(progress.found));
            bar.set_position(u64::from(progress.looked));
        } else {
            bar.set_message(format!("{} found so far", progress.found));
        }
    };
    let summary = file.open_to_write()?.scan(&AtomicBool::new(false), &mut tell);
    bar.finish_and_clear();
    if let Some(reason) = &summary.broken {
        anyhow::bail!("the library could not be scanned: {reason}");
    }
    for fault in &summary.faults {
        eprintln!("airdesk: {}", plain(fault));
    }
    let more = summary.unreadable as usize - summary.faults.len();
    if more > 0 {
        eprintln!("airdesk: {more} more could not be read");
    }
    if printed.json {
        return print(&serde_json::to_string(&summary)?);
    }
    print(&format!(
        "{} looked at: {} new, {} changed, {} back, {} gone, {} could not be read",
        summary.looked, summary.added, summary.changed, summary.back, summary.gone, summary.unreadable
    ))
}

fn track_line(track: &Track) -> String {
    let by = if track.artist.is_empty() {
        String::new()
    } else {
        format!("{} – ", track.artist)
    };
    let length = track.seconds.map(clock).unwrap_or_default();
    let played = match &track.last_played {
        Some(last) => format!("  played {}, last {}", times(track.plays), minute(last)),
        None => String::new(),
    };
    plain(&format!("{:>6}  {length:>8}  {by}{}{played}", track.id, track.title))
}

fn play_line(play: &Play) -> String {
    let by = if play.artist.is_empty() {
        String::new()
    } else {
        format!("{} – ", play.artist)
    };
    let (began, heard) = (minute(&play.began), clock(play.seconds));
    plain(&format!("{began}  {heard:>8}  {}: {by}{}", play.strip, play.title))
}

fn times(count: u32) -> String {
    if count == 1 {
        "once".into()
    } else {
        format!("{count} times")
    }
}

/// A time without what is smaller than a minute.
fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

fn clock(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole / 3600 {
        0 => format!("{}:{:02}", whole / 60, whole % 60),
        hours => format!("{hours}:{:02}:{:02}", whole / 60 % 60, whole % 60),
    }
}

/// What came from elsewhere can neither begin a line of its own nor move the cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_is_a_line_whatever_its_tags_hold() {
        let track = serde_json::json!({
            "id": 7, "path": "/music/a.mp3", "title": "Kia\u{1b}[2Jra\nx", "artist": "Bonobo", "album": "", "seconds": 3_725.2,
            "rate": 44_100, "channels": 2, "codec": "MP3", "gain": null, "cover": false, "fault": null, "gone": false,
            "lastPlayed": "2026-11-22T17:04:05.123+01:00", "plays": 2,
        });
        let track: Track = serde_json::from_value(track).expect("a track");
        let shown = "     7   1:02:05  Bonobo – Kia [2Jra x  played 2 times, last 2026-11-22 17:04";
        assert_eq!(track_line(&track), shown);
    }
}
