//! `airdesk keep`: recordings of what the black box of a desk that does not run has left, also after a crash.

use std::path::PathBuf;
use std::time::Duration;

use airdesk_station::StationOptions;
use airdesk_station::api::BlackBoxRun;
use airdesk_station::black_box::shelf::Shelf;
use clap::Args;

/// What to keep, and where.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How much of the end, such as 90s, 10m or 1h30m; more than is held is all that is held.
    #[arg(long, value_parser = length, required_unless_present = "list")]
    last: Option<Duration>,
    /// Of which run, as --list numbers them. Without it, the last one.
    #[arg(long)]
    run: Option<u64>,
    /// The folder for the files. Without it, that of the session's first recorder.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The session, which says where the black box is. Without it, this user's own.
    #[arg(long)]
    session: Option<PathBuf>,
    /// The folder in which the black box has its own. Without it, as the session says.
    #[arg(long)]
    black_box: Option<PathBuf>,
    /// Only list what is held; keep nothing.
    #[arg(long)]
    list: bool,
    /// As JSON: one object in each line of a list, one object for what was kept.
    #[arg(long)]
    json: bool,
}

/// A length of time as people write it.
fn length(text: &str) -> Result<Duration, String> {
    let refused = || format!("{text:?} is no length of time; give one above 0, such as 90s, 10m or 1h30m");
    let span: jiff::Span = text.parse().map_err(|_| refused())?;
    let length = Duration::try_from(span).map_err(|_| refused())?;
    if length.is_zero() { Err(refused()) } else { Ok(length) }
}

/// Lists what is held, or makes recordings of it.
pub(crate) fn keep(arguments: &Arguments) -> anyhow::Result<()> {
    let usual = StationOptions::default();
    let session = arguments.session.as_ref().unwrap_or(&usual.session);
    let shelf = Shelf::open(session, &usual.data, arguments.black_box.as_deref())?;
    let Some(last) = arguments.last.filter(|_| !arguments.list) else {
        for run in shelf.runs() {
            let line = if arguments.json {
                serde_json::to_string(&run)?
            } else {
                listed(&run)
            };
            println!("{line}");
        }
        return Ok(());
    };
    let folder = arguments.folder.as_ref().map(std::path::absolute).transpose()?;
    let kept = shelf.keep(last, arguments.run, folder.as_deref())?;
    if arguments.json {
        println!("{}", serde_json::to_string(&kept)?);
        return Ok(());
    }
    println!("{:.1} s from {} on:", kept.seconds, kept.began);
    for file in kept.files {
        let lost = match file.frames_lost {
            0 => String::new(),
            frames => format!(" ({frames} frames of it are lost)"),
        };
        println!("{}{lost}", file.path);
    }
    Ok(())
}

fn listed(run: &BlackBoxRun) -> String {
    let lanes: Vec<&str> = run.lanes.iter().map(|lane| lane.name.as_str()).collect();
    format!("{}  {}  {:.1} s  {}", run.id, run.began, run.seconds, lanes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them_and_none_is_refused() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h", 7200), ("1 min", 60)] {
            assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for none in ["", "0s", "10", "-5m", "soon", "1y"] {
            assert!(length(none).is_err(), "{none}");
        }
    }
}
