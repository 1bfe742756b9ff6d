//! The timeline as a table in a file that the operator chooses: a web view in a window saves nothing by itself.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use airdesk_station::api::{CommandError, ErrorCode};
use airdesk_station::timeline::{Order, Question, TimelineFile, TimelineReader, csv};
use rfd::AsyncFileDialog;

/// So many entries are read at once.
const PAGE: usize = 1_000;

/// Asks where to, and writes it there. `None`: the operator thought better of it.
pub(crate) async fn save(timeline: TimelineFile) -> Result<Option<String>, CommandError> {
    let dialog = AsyncFileDialog::new()
        .set_title("Save the timeline")
        .set_file_name("airdesk-timeline.csv")
        .add_filter("Tables", &["csv"]);
    let Some(chosen) = dialog.save_file().await else {
        return Ok(None);
    };
    let path = chosen.path().to_owned();
    let written = tauri::async_runtime::spawn_blocking(move || write(&timeline, &path).map(|()| path));
    let path = written.await.map_err(|error| storage(&error.to_string()))??;
    Ok(Some(path.to_string_lossy().into_owned()))
}

/// Writes everything that has happened, the oldest first. What is there is replaced once all of it is written. May block.
pub(crate) fn write(timeline: &TimelineFile, path: &Path) -> Result<(), CommandError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let reader = timeline.open().map_err(|error| storage(&error.to_string()))?;
    let written = fill(&reader, part).and_then(|()| Ok(fs::rename(part, path)?));
    written.map_err(|error| {
        let _ = fs::remove_file(part); // half of a table is none
        storage(&format!(
            "the timeline cannot be written to {} ({error}); choose another place",
            path.display()
        ))
    })
}

fn fill(reader: &TimelineReader, path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(csv::HEADINGS.as_bytes())?;
    let question = Question {
        limit: PAGE,
        order: Order::OldestFirst,
        // What happens meanwhile belongs to the next table: this one has an end.
        before: reader.newest()?.map(|newest| newest + 1),
        ..Question::default()
    };
    for page in reader.pages(question) {
        for entry in page? {
            out.write_all(csv::line(&entry).as_bytes())?;
        }
    }
    out.into_inner()?.sync_all()?;
    Ok(())
}

fn storage(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Storage,
        message: message.into(),
    }
}
