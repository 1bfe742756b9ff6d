//! `airdesk recover`: recordings whose desk was killed, looked over and let go of.

use std::collections::BTreeSet;
use std::path::PathBuf;

use airdesk_station::StationOptions;
use airdesk_station::recover::{find, folders_of, told};
use clap::Args;
use serde::Serialize;

/// Where to look.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of recordings. Without it, those of this user's session.
    folder: Option<PathBuf>,
    /// Only list them; change nothing.
    #[arg(long)]
    list: bool,
    /// As JSON, one object in each line.
    #[arg(long)]
    json: bool,
}

/// What is printed of a recording.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Looks every orphan over, and says what became of it. Fails when one of them stays an orphan, or a folder could not
/// be looked through.
pub(crate) fn recover(arguments: &Arguments) -> anyhow::Result<()> {
    let folders = match &arguments.folder {
        Some(folder) if folder.is_dir() => BTreeSet::from([folder.clone()]),
        Some(folder) => anyhow::bail!("{} is no folder; name one that holds recordings", folder.display()),
        None => folders_of(&StationOptions::default().session)?,
    };
    let found = find(&folders);
    if found.orphans.is_empty() && found.unreadable.is_empty() && !arguments.json {
        println!("Every recording is whole.");
    }
    let mut failed = 0;
    for orphan in found.orphans {
        let mut printed = Printed {
            file: orphan.file.clone(),
            seconds: None,
            completed: None,
            error: None,
        };
        let mut line = orphan.file.display().to_string();
        if !arguments.list {
            match orphan.recover() {
                Ok(recovered) => {
                    line = told(&recovered);
                    (printed.seconds, printed.completed) = (recovered.seconds, Some(recovered.completed));
                }
                Err(error) => {
                    failed += 1;
                    line = error.to_string();
                    printed.error = Some(line.clone());
                }
            }
        }
        if arguments.json {
            line = serde_json::to_string(&printed)?;
        }
        println!("{line}");
    }
    anyhow::ensure!(found.unreadable.is_empty(), found.unreadable.join("\n"));
    anyhow::ensure!(
        failed == 0,
        "{failed} recordings could not be looked over; their files are left as they are"
    );
    Ok(())
}
