//! What every host writes to its standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Which messages are written, in `tracing`'s words: `debug`, `airdesk_outputs=trace,warn`.
const VARIABLE: &str = "AIRDESK_LOG";
/// libjack writes its own lines about every server that is not there, and Symphonia about every file.
const UNASKED: &str = "info,jack=off,symphonia=off";

/// Writes messages to standard error from now on. For a host's `main`, once.
///
/// # Panics
/// When the process logs already.
pub fn to_stderr() {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(UNASKED));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}
