//! From a host's name to its addresses, with a limit: the system's resolver has none of its own.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use super::SourceError;
use super::patience::{SLICE, Step};

/// Look-ups that may hang at the same time; each holds a thread until the system gives it up.
const HANGING_MAX: u32 = 8;

static HANGING: AtomicU32 = AtomicU32::new(0);

/// The addresses of `host`, IPv6 and IPv4 in turn, so that one broken family costs one attempt.
pub(super) fn addresses(host: &str, port: u16, step: &Step) -> Result<Vec<SocketAddr>, SourceError> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = look_up(bare.to_owned(), port, step)?;
    let (six, four): (Vec<_>, Vec<_>) = found.into_iter().partition(SocketAddr::is_ipv6);
    let longest = six.len().max(four.len());
    let in_turn = (0..longest).flat_map(|n| [six.get(n), four.get(n)]).flatten().copied();
    Ok(in_turn.collect())
}

fn look_up(host: String, port: u16, step: &Step) -> Result<Vec<SocketAddr>, SourceError> {
    let not_found = SourceError::NameNotFound { host: host.clone() };
    // Relaxed: a count, it orders nothing.
    if HANGING.fetch_add(1, Ordering::Relaxed) >= HANGING_MAX {
        HANGING.fetch_sub(1, Ordering::Relaxed);
        return Err(step.timed_out());
    }
    let (sender, answer) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name("name look-up".into()).spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        HANGING.fetch_sub(1, Ordering::Relaxed);
        let _ = sender.send(found); // nobody waits any more
    });
    if spawned.is_err() {
        HANGING.fetch_sub(1, Ordering::Relaxed);
        return Err(not_found);
    }
    loop {
        match answer.recv_timeout(step.left()?.min(SLICE)) {
            Ok(Ok(found)) if !found.is_empty() => return Ok(found),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return Err(not_found),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
