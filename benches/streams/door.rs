//! The server's door: everybody comes through it, and it knows when.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A port of its own in front of a server, for one run.
pub(super) struct Door {
    port: u16,
    opened: Arc<Mutex<Option<Instant>>>,
}

impl Door {
    /// In front of the server on this port. It is closed when the program ends.
    pub(super) fn open(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let opened = Arc::new(Mutex::new(None));
        let when = opened.clone();
        thread::spawn(move || {
            while let Ok((inside, _)) = listener.accept() {
                when.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert_with(Instant::now);
                let Ok(outside) = TcpStream::connect(("127.0.0.1", server)) else {
                    return;
                };
                // A page that waits for more is not what is measured.
                let _ = inside.set_nodelay(true);
                let _ = outside.set_nodelay(true);
                let (Ok(from), Ok(to)) = (inside.try_clone(), outside.try_clone()) else {
                    return;
                };
                thread::spawn(move || pass(from, to));
                thread::spawn(move || pass(outside, inside));
            }
        });
        Self { port, opened }
    }

    pub(super) fn url(&self, mount: &str) -> String {
        format!("http://127.0.0.1:{}{mount}", self.port)
    }

    /// From the first connection to a moment.
    pub(super) fn until(&self, heard: Instant) -> Option<Duration> {
        let opened = *self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        Some(heard.saturating_duration_since(opened?))
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // Whoever goes first ends it.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
