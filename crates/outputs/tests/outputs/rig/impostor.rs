//! Servers that are not Icecast: each does one thing, to everyone who connects, and counts.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server that hears requests and answers as it was told.
pub(crate) struct Impostor {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Impostor {
    /// Answers each request's head with what `answer` makes of it; an empty answer closes the connection.
    /// Afterwards it swallows what comes for as long as it comes.
    pub(crate) fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::answering(TcpListener::bind("127.0.0.1:0").expect("a port"), answer)
    }

    fn answering(socket: TcpListener, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::serving(socket, move |connection, log| serve(connection, log, &answer))
    }

    fn serving(
        socket: TcpListener,
        serve: impl Fn(&mut TcpStream, &Mutex<Vec<String>>) + Send + Sync + 'static,
    ) -> Self {
        let port = socket.local_addr().expect("bound").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (log, serve) = (heard.clone(), Arc::new(serve));
        thread::spawn(move || {
            for mut connection in socket.incoming().flatten() {
                let (log, serve) = (log.clone(), serve.clone());
                thread::spawn(move || serve(&mut connection, &log));
            }
        });
        Self { port, heard }
    }

    /// One that hears requests, and at the port above it one that hears Shoutcast's sources: `answer` answers the first
    /// line, and what is heard is the rest up to the empty line.
    pub(crate) fn pair(
        pages: impl Fn(&str) -> String + Send + Sync + 'static,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> (Self, Self) {
        let port = lab::http::free_pair();
        let below = TcpListener::bind(("127.0.0.1", port)).expect("it was free");
        let above = TcpListener::bind(("127.0.0.1", port + 1)).expect("it was free");
        let answer = Arc::new(answer);
        let sources = Self::serving(above, move |connection, log| {
            let line = read_until(connection, b"\r\n");
            let _ = connection.write_all(answer(line.trim_end()).as_bytes()); // the other side may be gone
            let introduction = read_until(connection, b"\r\n\r\n");
            log.lock().expect("nobody panics here").push(introduction);
            swallow(connection);
        });
        (Self::answering(below, pages), sources)
    }

    /// Takes connections and says nothing, ever.
    pub(crate) fn black_hole() -> Self {
        Self::start(|_| {
            thread::sleep(Duration::from_secs(120));
            String::new()
        })
    }

    /// The heads of all requests so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("nobody panics here").clone()
    }
}

fn serve(connection: &mut TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> String) {
    let head = read_until(connection, b"\r\n\r\n");
    if head.is_empty() {
        return;
    }
    log.lock().expect("nobody panics here").push(head.clone());
    let said = answer(&head);
    let _ = connection.write_all(said.as_bytes()); // the other side may be gone
    if said.is_empty() || !(said.contains(" 200 ") || said.contains(" 100 ")) || head.starts_with("GET") {
        let _ = connection.shutdown(Shutdown::Both);
        return;
    }
    swallow(connection);
}

/// What comes up to `end`, or nothing when it does not come.
fn read_until(connection: &mut TcpStream, end: &[u8]) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(end) {
        match connection.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return String::new(),
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn swallow(connection: &mut TcpStream) {
    let mut rest = [0; 4096];
    while connection.read(&mut rest).is_ok_and(|count| count > 0) {}
}
