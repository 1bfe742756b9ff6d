//! `airdesk run`: the desk until somebody ends it.

use std::convert::Infallible;
use std::path::PathBuf;

use airdesk_remote::{DEFAULT_PORT, Face, PlaybackDaemon};
use airdesk_station::config::{Config, DaemonPort};
use airdesk_station::{Station, StationOptions};
use anyhow::anyhow;
use tokio::signal;

/// What the command line chooses.
pub(crate) struct Chosen {
    pub(crate) session: Option<PathBuf>,
    pub(crate) port: Option<u16>,
    pub(crate) daemon_port: Option<DaemonPort>,
    pub(crate) spkr_socket: Option<PathBuf>,
    pub(crate) key_store: bool,
}

/// Runs the desk and its remote face until SIGINT or SIGTERM.
pub(crate) fn run(chosen: Chosen) -> anyhow::Result<()> {
    let mut config = Config::load()?;
    config.spkr_socket = chosen.spkr_socket.or(config.spkr_socket);
    let mut options = StationOptions {
        key_store: chosen.key_store,
        refuse_private: config.refuse_private.unwrap_or(false),
        ..StationOptions::default()
    };
    if let Some(session) = chosen.session.or(config.session.take()) {
        options.session = session;
    }
    let port = chosen.port.or(config.port).unwrap_or(DEFAULT_PORT);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| anyhow!("the network threads could not be started: {error}; end other programs, or raise the limit of processes, and start Airdesk again"))?;
    runtime.block_on(async {
        // Before the desk is started: a port that is taken must cost nobody's session anything.
        let bound = Face::bind(port).await?;
        let session = options.session.display().to_string();
        let station = Station::start(options)?;
        let handle = station.handle();
        let mut face = bound.serve(handle.clone());
        // A station that has ended is noticed below.
        let _ = handle.listen_at(face.listen_urls()).await;
        #[cfg(unix)]
        let _sockets = airdesk_remote::Sockets::open(&config, &handle).await;
        println!("session: {session}");
        println!("console: {}", face.console_url());
        // Held while the desk runs; the operator reads when it could not be had.
        let daemon = PlaybackDaemon::start(&handle, chosen.daemon_port.or(config.daemon_port)).await;
        if let Ok(Some(daemon)) = &daemon {
            println!("programs: {}", daemon.url());
        }
        let result = tokio::select! {
            () = asked_to_end() => Ok(()),
            () = handle.ended() => Err(anyhow!("the desk has ended by itself; start Airdesk again")),
            never = without_console(&mut face) => match never {},
        };
        let saved = handle.stop().await;
        station.join();
        result?;
        Ok(saved?)
    })
}

/// Says so when the console can no longer be served. Nobody's programme ends for that.
async fn without_console(face: &mut Face) -> Infallible {
    let error = face.failed().await;
    tracing::error!(
        "the console can no longer be served: {error}; programme, recording and stream go on: start Airdesk again when they may pause"
    );
    std::future::pending().await
}

/// Waits for SIGINT or SIGTERM.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        let mut terminate = match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(error) => {
                tracing::warn!("SIGTERM will end Airdesk without finishing its files: {error}");
                let _ = signal::ctrl_c().await; // an error here would have been one above
                return;
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    if let Err(error) = signal::ctrl_c().await {
        tracing::warn!("Ctrl-C cannot be heard: {error}");
        std::future::pending::<()>().await;
    }
}
