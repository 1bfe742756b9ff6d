//! Servers that are not Icecast: each does one thing, to everyone who connects, and counts.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
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
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (heard.clone(), Arc::new(answer));
        thread::spawn(move || {
            for connection in socket.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                thread::spawn(move || serve(connection, &log, answer.as_ref()));
            }
        });
        Self { port, heard }
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

fn serve(mut connection: TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> String) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    log.lock().expect("nobody panics here").push(head.clone());
    let said = answer(&head);
    let _ = connection.write_all(said.as_bytes()); // the other side may be gone
    if said.is_empty() || !(said.contains(" 200 ") || said.contains(" 100 ")) || head.starts_with("GET") {
        let _ = connection.shutdown(Shutdown::Both);
        return;
    }
    let mut rest = [0; 4096];
    while connection.read(&mut rest).is_ok_and(|count| count > 0) {}
}

/// A way to a server that can be made slow, or dark: it stands, and nothing gets through.
pub(crate) struct Way {
    pub(crate) port: u16,
    dark: Arc<AtomicBool>,
    /// What faces the client: the door, and a socket for each who came.
    #[cfg(target_os = "linux")]
    near: Arc<Mutex<Vec<socket2::Socket>>>,
}

impl Way {
    /// To `port`, for so many bytes a second.
    pub(crate) fn to(port: u16, bytes_a_second: usize) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        socket2::SockRef::from(&socket)
            .set_recv_buffer_size(16 * 1024)
            .expect("set");
        let own = socket.local_addr().expect("bound").port();
        let dark = Arc::new(AtomicBool::new(false));
        let shared = dark.clone();
        #[cfg(target_os = "linux")]
        let near = Arc::new(Mutex::new(vec![socket.try_clone().expect("cloned").into()]));
        #[cfg(target_os = "linux")]
        let came = near.clone();
        thread::spawn(move || {
            for client in socket.incoming().flatten() {
                #[cfg(target_os = "linux")]
                came.lock()
                    .expect("nobody panics here")
                    .push(client.try_clone().expect("cloned").into());
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let back = (server.try_clone().expect("cloned"), client.try_clone().expect("cloned"));
                for (from, to) in [(client, server), back] {
                    let dark = shared.clone();
                    thread::spawn(move || carry(from, to, bytes_a_second, &dark));
                }
            }
        });
        Self {
            port: own,
            dark,
            #[cfg(target_os = "linux")]
            near,
        }
    }

    /// It carries nothing on. What comes is taken, until its buffers are full.
    pub(crate) fn set_dark(&self, dark: bool) {
        self.dark.store(dark, Ordering::Relaxed);
    }

    /// Every packet to it is lost, from connections that stand and from new ones: none is acknowledged or refused.
    #[cfg(target_os = "linux")]
    pub(crate) fn set_black_hole(&self, is_hole: bool) {
        // "Return 0": no byte of any packet is kept.
        let lose_all = [socket2::SockFilter::new(6, 0, 0, 0)];
        for socket in self.near.lock().expect("nobody panics here").iter() {
            let done = if is_hole {
                socket.attach_filter(&lose_all)
            } else {
                socket.detach_filter()
            };
            if let Err(error) = done {
                assert!(!is_hole, "no packet filter: {error}"); // who came meanwhile has none to lose
            }
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, bytes_a_second: usize, dark: &AtomicBool) {
    let mut bytes = vec![0; bytes_a_second / 50];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        while dark.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(10));
        }
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = to.shutdown(Shutdown::Both); // the other side may be gone
}
