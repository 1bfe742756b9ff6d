//! From an address to a connection that is ready for a request: the name looked up, what it stands for judged, and exactly
//! that connected to.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::address::Address;
use super::error::{Stage, TuneError};
use super::line::Line;
use super::patience::{Patience, SLICE, Step};
use super::reach::{Place, Reach, place};

/// Of each address while others are left to try.
const ADDRESS_LIMIT: Duration = Duration::from_secs(2);
/// Look-ups that may hang at the same time; each holds a thread until the system gives it up.
const HANGING_MAX: u32 = 8;

static HANGING: AtomicU32 = AtomicU32::new(0);

/// Connects within `limit` for each of its steps. Also says to which machine.
pub(super) fn connect(
    address: &Address,
    reach: Reach,
    limit: Duration,
    patience: &Patience,
) -> Result<(Line, IpAddr), TuneError> {
    let step = patience.step(&address.host, Stage::Name, limit);
    let found = addresses(address, &step)?;
    let mut fault = TuneError::NameNotFound {
        host: address.host.clone(),
    };
    let allowed: Vec<_> = found.iter().filter(|at| reach.allows(at.ip())).copied().collect();
    if let ([], Some(refused)) = (allowed.as_slice(), found.first()) {
        return Err(out_of_reach(address, refused.ip()));
    }
    let step = patience.step(&address.host, Stage::Connect, limit);
    for (n, at) in allowed.iter().enumerate() {
        let left = step.left()?;
        let left = if n + 1 == allowed.len() {
            left
        } else {
            left.min(ADDRESS_LIMIT)
        };
        let socket = match TcpStream::connect_timeout(at, left) {
            Ok(socket) => socket,
            Err(error) => {
                fault = unreached(address, &error, &step);
                continue;
            }
        };
        let prepared = socket
            .set_nodelay(true)
            .and_then(|()| socket.set_read_timeout(Some(SLICE)))
            .and_then(|()| socket.set_write_timeout(Some(SLICE)));
        prepared.map_err(|error| step.lost(&error))?;
        let line = if address.tls {
            let step = patience.step(&address.host, Stage::Encrypt, limit);
            Line::encrypted(socket, address, &step)?
        } else {
            Line::plain(socket)
        };
        return Ok((line, at.ip()));
    }
    Err(fault)
}

fn out_of_reach(address: &Address, refused: IpAddr) -> TuneError {
    TuneError::OutOfReach {
        host: address.host.clone(),
        address: refused,
        advice: match place(refused) {
            Place::Private => ", or allow your own network in the desk's configuration if it may (refusePrivate)",
            Place::Public | Place::Never => "",
        },
    }
}

fn unreached(address: &Address, error: &io::Error, step: &Step) -> TuneError {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => step.timed_out(),
        io::ErrorKind::ConnectionRefused => unreachable(
            address,
            format!("nothing answers at port {}", address.port),
            "look after the port, and whether the server runs",
        ),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown | io::ErrorKind::HostUnreachable => unreachable(
            address,
            error.to_string(),
            "look after the network of this machine, and whether the server's is there",
        ),
        _ => unreachable(
            address,
            error.to_string(),
            "look after the address, and whether a firewall stands between",
        ),
    }
}

fn unreachable(address: &Address, reason: String, advice: &'static str) -> TuneError {
    TuneError::Unreachable {
        host: address.host.clone(),
        reason,
        advice,
    }
}

/// The addresses of a host. The system's resolver has no limit of its own.
fn addresses(address: &Address, step: &Step) -> Result<Vec<SocketAddr>, TuneError> {
    let (host, port) = (address.bare_host().to_owned(), address.port);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let not_found = TuneError::NameNotFound { host: host.clone() };
    // Relaxed: a count, it orders nothing.
    if HANGING.fetch_add(1, Ordering::Relaxed) >= HANGING_MAX {
        HANGING.fetch_sub(1, Ordering::Relaxed);
        return Err(unreachable(
            address,
            format!("{HANGING_MAX} other names are looked up, and nobody answers"),
            "look after the name server of this machine",
        ));
    }
    let (sender, answer) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name("name look-up".into()).spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Relaxed: see above.
        HANGING.fetch_sub(1, Ordering::Relaxed);
        let _ = sender.send(found); // nobody waits any more
    });
    if spawned.is_err() {
        // Relaxed: see above.
        HANGING.fetch_sub(1, Ordering::Relaxed);
        return Err(unreachable(
            address,
            "the system gives no thread to look its name up".into(),
            "stop another source",
        ));
    }
    loop {
        match answer.recv_timeout(step.left()?.min(SLICE)) {
            Ok(Ok(found)) if !found.is_empty() => return Ok(found),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return Err(not_found),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
