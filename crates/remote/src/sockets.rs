//! The sockets in the file system that a desk has for programs of this user, as its configuration says.

use std::path::{Path, PathBuf};

use airdesk_station::api::Severity;
use airdesk_station::config::Config;
use airdesk_station::{StationHandle, runtime_folder};

use crate::socket::SocketError;
use crate::speech_control::SpeechControl;
use crate::spkr::SpkrSocket;

/// What is served. Dropped, it takes no more programs.
pub struct Sockets {
    _spkr: Option<SpkrSocket>,
    _control: Option<SpeechControl>,
}

impl Sockets {
    /// Opens what is configured, on the runtime it is called on. What cannot be opened is told the operator, and costs nothing
    /// else: nobody's programme waits for a program.
    pub async fn open(config: &Config, station: &StationHandle) -> Self {
        let chosen = config.spkr_socket.as_deref();
        let path = chosen.map_or_else(|| runtime_folder().join("spkr.sock"), PathBuf::from);
        let spkr = match path.as_os_str().is_empty() {
            true => None,
            false => {
                opened(
                    SpkrSocket::open(&path, station.clone()).await,
                    &path,
                    chosen.is_some(),
                    station,
                )
                .await
            }
        };
        let chosen = config.speech_control_socket.as_deref();
        let path = chosen.map_or_else(|| runtime_folder().join("speech-control.sock"), PathBuf::from);
        let control = match config.speech_control {
            Some(true) => opened(SpeechControl::open(&path, station.clone()).await, &path, true, station).await,
            Some(false) | None => None,
        };
        Self {
            _spkr: spkr,
            _control: control,
        }
    }
}

/// A second desk of the same user leaves the usual place to the first: that is no fault.
async fn opened<T>(
    socket: Result<T, SocketError>,
    path: &Path,
    was_chosen: bool,
    station: &StationHandle,
) -> Option<T> {
    match socket {
        Ok(socket) => Some(socket),
        Err(SocketError::InUse(_)) if !was_chosen => {
            tracing::info!("{} is another desk's: this one has no such socket", path.display());
            None
        }
        Err(error) => {
            // A desk that has ended has no operator.
            let _ = station
                .notice(Severity::Warning, format!("no program can connect: {error}"))
                .await;
            None
        }
    }
}
