//! `airdesk render`: a session as a file.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use airdesk_station::render::{RenderRequest, RenderSummary, render as render_session};
use airdesk_station::session;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// What is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    #[serde(flatten)]
    summary: RenderSummary,
    /// Values of the session that cannot be: the usual ones were used.
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<String>,
}

/// Renders and prints one line of JSON.
pub(crate) fn render(
    session: &Path,
    out: PathBuf,
    duration: Option<f64>,
    stems: Option<PathBuf>,
) -> anyhow::Result<()> {
    let (read, faults) = session::read_mended(session)?;
    if let Some(faults) = &faults {
        let path = session.display();
        eprintln!("airdesk: the session {path} has values that cannot be, and the usual ones are used: {faults}");
    }
    let request = RenderRequest {
        session: read,
        session_file: Some(session.to_owned()),
        out,
        duration,
        stems,
    };
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(1000)
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {eta} left");
    bar.set_style(style?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let summary = render_session(&request, |done, total| {
        bar.set_position((done / total * 1000.0) as u64);
        bar.set_message(format!("{done:.0} of {total:.0} s"));
    })?;
    bar.finish_and_clear();
    for strip in &summary.silent_strips {
        eprintln!("airdesk: strip {strip} is fed by a device, a deck, carts or a stream, and silent in a rendering");
    }
    if summary.clipped > 0 {
        eprintln!(
            "airdesk: {} samples were over full scale and cut off there; turn the session down or render to .wav",
            summary.clipped
        );
    }
    println!("{}", serde_json::to_string(&Printed { summary, faults })?);
    Ok(())
}
