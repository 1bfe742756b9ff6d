//! Airdesk without a window: the same desk, driven from a browser or a program.

mod ctl;
mod devices;
mod keep;
mod library;
mod recover;
mod render;
mod run;
mod timeline;

use std::path::PathBuf;
use std::process::ExitCode;

use airdesk_station::config::DaemonPort;
use clap::{Parser, Subcommand};

/// Guards the real-time code of a checked build, see `airdesk_engine::real_time`.
#[cfg(feature = "checked")]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

const ENVIRONMENT: &str = "\
Environment:
  AIRDESK_PORT      The console's port, where --port is not given
  AIRDESK_DAEMON_PORT  The port that programs play into the desk on, where --daemon-port is not given
  AIRDESK_SESSION   The session to run, where none is named
  AIRDESK_REFUSE_PRIVATE  true: no strip plays a stream from this machine or its own network
  AIRDESK_SPKR_SOCKET  The socket for programs that play by SPKR, where --spkr-socket is not given; empty for none
  AIRDESK_SPEECH_API_KEY  The key of speech servers; see docs/speech.md for the others
  AIRDESK_MAX_CONCURRENT_STREAMS  Tracks that are streamed to players at once, 10 unless set
  AIRDESK_DEV_ORIGINS  1: pages on ports 3000 to 3006 of this machine may play tracks
  AIRDESK_PASSWORD  The stream's password; it is used and never kept
  AIRDESK_LOG       What is logged, for example debug or airdesk_station=trace";

/// The live-mixing desk, headless.
#[derive(Parser)]
#[command(name = "airdesk", version, arg_required_else_help = true, after_help = ENVIRONMENT)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the desk and serve its console on loopback.
    Run {
        /// The session; made when missing. Without it, this user's own.
        session: Option<PathBuf>,
        /// The console's port; 0 for any free one. Without it 8765.
        #[arg(long)]
        port: Option<u16>,
        /// The port that other programs play into the desk on; 0 for any free one, off for none. Without it 8081.
        #[arg(long)]
        daemon_port: Option<DaemonPort>,
        /// The socket for programs that play by SPKR; empty for none. Without it spkr.sock in the folder for what runs.
        #[arg(long)]
        spkr_socket: Option<PathBuf>,
        /// Keep stream passwords in a private file, not in the system's key store.
        #[arg(long)]
        no_key_store: bool,
    },
    /// Tell a desk that runs on this machine what to do.
    Ctl(ctl::Arguments),
    /// List the sound devices this machine has.
    Devices {
        /// As JSON, one array.
        #[arg(long)]
        json: bool,
    },
    /// Render a session to a file, faster than it plays, and print one line of JSON about it.
    ///
    /// The same session gives the same bytes. What it plays and changes, begun later by whole blocks of 64 frames, is the same
    /// audio later, bit for bit, and so are the stems; but for gates, which are open when a rendering begins, and for files
    /// at a rate such as 44.1 of 48 kHz, whose conversion is rounded (below -120 dBFS).
    Render {
        /// The session.
        session: PathBuf,
        /// The file to write: .wav (32-bit float) or .flac (24 bit).
        #[arg(long)]
        out: PathBuf,
        /// How many seconds. Without it, as long as the longest file that ends.
        #[arg(long, value_parser = seconds)]
        duration: Option<f64>,
        /// A folder for what each strip adds to the programme, one file each.
        #[arg(long)]
        stems: Option<PathBuf>,
    },
    /// Look over recordings that a desk was killed in; nothing is ever deleted.
    Recover(recover::Arguments),
    /// Make recordings of what the black box of a desk that does not run has left, also after a crash.
    Keep(keep::Arguments),
    /// The track library: its folders, scanning them, finding tracks, and what decks have played. Also while the desk runs.
    Library(library::Arguments),
    /// Show what has happened: on air, off air, titles, losses, devices, recordings. Also while the desk runs.
    Timeline(timeline::Arguments),
}

/// A length of time on the command line.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0);
    seconds.ok_or_else(|| "give seconds above 0".to_owned())
}

fn main() -> ExitCode {
    airdesk_station::memory::give_back_large_buffers();
    let cli = Cli::parse();
    airdesk_station::logging::to_stderr();
    airdesk_station::crash::keep_memory_to_itself();
    let done = match cli.command {
        Command::Run {
            session,
            port,
            daemon_port,
            spkr_socket,
            no_key_store,
        } => run::run(run::Chosen {
            session,
            port,
            daemon_port,
            spkr_socket,
            key_store: !no_key_store,
        }),
        Command::Ctl(arguments) => ctl::ctl(arguments),
        Command::Devices { json } => devices::list(json),
        Command::Render {
            session,
            out,
            duration,
            stems,
        } => render::render(&session, out, duration, stems),
        Command::Recover(arguments) => recover::recover(&arguments),
        Command::Keep(arguments) => keep::keep(&arguments),
        Command::Library(arguments) => library::library(&arguments),
        Command::Timeline(arguments) => timeline::show(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("airdesk: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_is_none_is_bad_usage() {
        for length in ["0", "-1", "nan", "inf", "long"] {
            let arguments = ["airdesk", "render", "s.toml", "--out", "s.wav"];
            let length = format!("--duration={length}");
            let refused = Cli::try_parse_from(arguments.into_iter().chain([length.as_str()]));
            let refused = refused.err().expect("no length of time");
            assert_eq!(refused.exit_code(), 2, "{refused}");
        }
    }
}
