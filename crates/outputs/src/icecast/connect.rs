//! From settings to a connection that is ready for a request.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::line::Line;
use super::name::addresses;
use super::patience::{Patience, SLICE};
use super::{SourceError, SourceSettings, tls};

const NAME_LIMIT: Duration = Duration::from_secs(5);
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// Of each address while others are left to try.
const ADDRESS_LIMIT: Duration = Duration::from_secs(2);

/// Connects, encrypted where the settings say so.
pub(crate) fn connect(settings: &SourceSettings, patience: &Patience) -> Result<Line, SourceError> {
    let step = patience.step(&settings.host, "be found by name", NAME_LIMIT);
    connect_to(&addresses(&settings.host, settings.port, &step)?, settings, patience)
}

/// The same, where the addresses are known.
pub(crate) fn connect_to(
    addresses: &[SocketAddr],
    settings: &SourceSettings,
    patience: &Patience,
) -> Result<Line, SourceError> {
    let socket = reach(addresses, settings, patience)?;
    prepare(&socket, settings).map_err(|error| settings.lost(error))?;
    if settings.tls {
        tls::encrypt(socket, settings, patience)
    } else {
        Ok(Line::Plain(socket))
    }
}

fn reach(addresses: &[SocketAddr], settings: &SourceSettings, patience: &Patience) -> Result<TcpStream, SourceError> {
    let host = &settings.host;
    let step = patience.step(host, "accept the connection", CONNECT_LIMIT);
    let mut fault = SourceError::NameNotFound { host: host.clone() };
    for (n, address) in addresses.iter().enumerate() {
        let left = step.left()?;
        let limit = if n + 1 == addresses.len() {
            left
        } else {
            left.min(ADDRESS_LIMIT)
        };
        match TcpStream::connect_timeout(address, limit) {
            Ok(socket) => return Ok(socket),
            Err(error) => fault = unreached(settings, address, &error, || step.timed_out()),
        }
    }
    Err(fault)
}

fn unreached(
    settings: &SourceSettings,
    address: &SocketAddr,
    error: &io::Error,
    timed_out: impl Fn() -> SourceError,
) -> SourceError {
    tracing::debug!(%address, %error, "no connection");
    match error.kind() {
        io::ErrorKind::ConnectionRefused => SourceError::Refused {
            host: settings.host.clone(),
            port: settings.port,
        },
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => timed_out(),
        _ => SourceError::Unreachable {
            host: settings.host.clone(),
            reason: error.to_string(),
        },
    }
}

/// The system's buffer holds one second at most: what waits longer must be ours to drop.
fn prepare(socket: &TcpStream, settings: &SourceSettings) -> io::Result<()> {
    let byte_rate = settings.encoder.byte_rate() as usize;
    let options = SockRef::from(socket);
    options.set_send_buffer_size(byte_rate.max(16 * 1024))?;
    keep_little_unsent(socket, byte_rate / 8)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(SLICE))?;
    socket.set_write_timeout(Some(SLICE))
}

/// The buffer is for what is under way and not acknowledged. What the line has no room for waits with us, where the
/// oldest can be dropped: on half a line two seconds in the system's buffer are heard four seconds late.
#[cfg(target_os = "linux")]
fn keep_little_unsent(socket: &TcpStream, bytes: usize) -> io::Result<()> {
    SockRef::from(socket).set_tcp_notsent_lowat(u32::try_from(bytes).unwrap_or(u32::MAX))
}

/// The system has no such limit, or none that is known here.
#[cfg(not(target_os = "linux"))]
fn keep_little_unsent(_socket: &TcpStream, _bytes: usize) -> io::Result<()> {
    Ok(())
}
