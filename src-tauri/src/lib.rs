//! The desktop host: a window around the console. An adapter, without audio types and without state:
//! the station owns the desk, the window sends it commands and shows what it says.

pub mod commands;

mod closing;
mod dialogs;
mod events;
mod export;

use std::path::PathBuf;
use std::process::ExitCode;

use airdesk_remote::{Bound, DEFAULT_PORT, Face, PlaybackDaemon, ServeError};
use airdesk_station::api::Severity;
use airdesk_station::config::{Config, DaemonPort};
use airdesk_station::{Station, StationHandle, StationOptions};
use anyhow::anyhow;
use clap::Parser;
use tauri::{App, Manager, RunEvent, Runtime, WindowEvent};

/// The window's own address of the levels.
pub struct MetersUrl(pub String);

/// The app without a runtime, so that tests can mount it on the mock one.
pub fn configure<R: Runtime>(builder: tauri::Builder<R>) -> tauri::Builder<R> {
    builder
        .invoke_handler(tauri::generate_handler![
            commands::dispatch,
            commands::snapshot,
            commands::meters_url,
            commands::answer_closing,
            commands::save_timeline
        ])
        .manage(closing::Closing::default())
        .on_window_event(|window, event| {
            if let WindowEvent::CloseRequested { api, .. } = event
                && closing::asks(window)
            {
                api.prevent_close();
            }
        })
}

/// How the window is started. What is named here goes before the environment, and that before the configuration.
#[derive(Parser)]
#[command(name = "airdesk-desktop", version)]
struct Arguments {
    /// The session; made when missing. Without it, this user's own.
    session: Option<PathBuf>,
    /// The console's port; 0 for any free one. Without it 8765, or any other where that is taken.
    #[arg(long)]
    port: Option<u16>,
    /// The port that other programs play into the desk on; 0 for any free one, off for none. Without it 8081.
    #[arg(long)]
    daemon_port: Option<DaemonPort>,
}

/// Runs the desk in a window until the window is closed, and says why when it cannot.
pub fn run() -> ExitCode {
    airdesk_station::memory::give_back_large_buffers();
    let arguments = Arguments::parse();
    airdesk_station::logging::to_stderr();
    airdesk_station::crash::keep_memory_to_itself();
    // First: a second Airdesk hands over to the first one here and ends, before it looks at the session. What
    // fails from here on is said in a dialog; where no window opens, none does either.
    let app = match build_window() {
        Ok(app) => app,
        Err(error) => return failed(&error),
    };
    match run_desk(app, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = failed(&error);
            dialogs::say(&error);
            code
        }
    }
}

/// Says it to whoever started the program in a terminal.
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("airdesk-desktop: {error}");
    ExitCode::FAILURE
}

/// The desk behind the window, from its start to its end.
fn run_desk(app: App, arguments: Arguments) -> anyhow::Result<()> {
    let mut config = Config::load()?;
    let mut options = StationOptions {
        refuse_private: config.refuse_private.unwrap_or(false),
        ..StationOptions::default()
    };
    if let Some(session) = arguments.session.or(config.session.take()) {
        options.session = session;
    }
    let place = tauri::async_runtime::block_on(bind(arguments.port.or(config.port), DEFAULT_PORT))?;
    let station = Station::start(options)?;
    let handle = station.handle();
    #[cfg(unix)]
    let _sockets = tauri::async_runtime::block_on(airdesk_remote::Sockets::open(&config, &handle));
    let daemon = PlaybackDaemon::start(&handle, arguments.daemon_port.or(config.daemon_port));
    let served = tauri::async_runtime::block_on(async { Ok((serve(&handle, place).await?, daemon.await?)) });
    // The daemon is served until the window is closed.
    let result = served.and_then(|(face, _daemon): (Face, _)| show(app, &handle, &face));
    let saved = tauri::async_runtime::block_on(handle.stop());
    station.join();
    result?;
    Ok(saved?)
}

/// Where the remote face is.
struct Place {
    bound: Bound,
    /// The usual port, when another program has it.
    taken: Option<u16>,
}

/// Takes the remote face's port. When the usual one is taken the window still opens, on another one; a port
/// that the operator chose is not replaced behind their back.
async fn bind(chosen: Option<u16>, usual: u16) -> Result<Place, ServeError> {
    match (Face::bind(chosen.unwrap_or(usual)).await, chosen) {
        (Err(ServeError::PortInUse { port }), None) => Ok(Place {
            bound: Face::bind(0).await?,
            taken: Some(port),
        }),
        (bound, _) => Ok(Place {
            bound: bound?,
            taken: None,
        }),
    }
}

async fn serve(handle: &StationHandle, place: Place) -> anyhow::Result<Face> {
    let face = place.bound.serve(handle.clone());
    handle.listen_at(face.listen_urls()).await?;
    if let Some(port) = place.taken {
        handle.notice(Severity::Warning, moved(port, &face)).await?;
    }
    tracing::info!("console: {}", face.console_url());
    Ok(face)
}

/// What the operator reads when the face is not where browsers and players look for it.
fn moved(taken: u16, face: &Face) -> String {
    format!(
        "port {taken} is used by another program, perhaps another Airdesk: until Airdesk is started again, the console \
         in a browser is at {} and the listener mounts are at {}; end that program and start Airdesk again, or choose a \
         port with --port or AIRDESK_PORT",
        face.console_url(),
        face.listen_urls().join(" and ")
    )
}

/// The app, without a desk and without a window so far.
fn build_window() -> anyhow::Result<App> {
    #[cfg(target_os = "linux")]
    if ["DISPLAY", "WAYLAND_DISPLAY"]
        .into_iter()
        .all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()))
    {
        return Err(anyhow!(
            "there is no display to open a window on; `airdesk run` is the desk without a window"
        ));
    }
    configure(tauri::Builder::default())
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            if let Some(window) = app.get_webview_window("main") {
                // A window that cannot be raised is still there.
                let _ = window.unminimize().and_then(|()| window.set_focus());
            }
        }))
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .build(tauri::generate_context!())
        .map_err(|error| anyhow!("the window could not be opened: {error}; look at the display, or start `airdesk run`, the desk without a window"))
}

/// Shows the window until it is closed or the desk ends.
fn show(app: App, station: &StationHandle, face: &Face) -> anyhow::Result<()> {
    app.manage(station.clone());
    app.manage(MetersUrl(face.meters_url()));
    events::forward(app.handle().clone(), station.clone());
    let (window, desk) = (app.handle().clone(), station.clone());
    tauri::async_runtime::spawn(async move {
        desk.ended().await;
        window.exit(1);
    });
    let code = app.run_return(|_, event| {
        if let RunEvent::Exit = event {
            tracing::info!("the window was closed");
        }
    });
    match code {
        0 => Ok(()),
        _ => Err(anyhow!("the desk has ended by itself; start Airdesk again")),
    }
}

#[cfg(test)]
mod tests;
