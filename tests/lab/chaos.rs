//! A way to a server that can be made bad while it is used: cut, reset, dark, closed, slow, late, or leading elsewhere.
//!
//! It stands in this process between a client and a real server on this machine. All connections share one up-link.
//! Threads of its own carry the bytes; they end with the connections, and the door with the test.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{SockFilter, SockRef};

/// How long a call waits before it looks what the way is like now.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes that the way's own machine holds of each connection before the client must wait.
const HELD: usize = 16 * 1024;

/// What the way does to what goes over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It carries nothing on, in either direction. What comes is taken until its buffers are full.
    Dark,
    /// Every packet to it is lost: nothing is acknowledged and nobody is refused.
    BlackHole,
    /// Nothing listens there. Connections that stand are kept.
    Closed,
    /// All clients together get so many bytes a second through to the server.
    Throttle(u32),
    /// Each piece comes so much later.
    Delay(Duration),
    /// The server's answers come byte by byte, so many a second.
    Drip(u32),
    /// Whoever connects gets this answer to the first line, and the end; never the server.
    Answer(&'static str),
    /// Each connection ends after so many bytes to the server.
    Truncate(usize),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cut,
    Reset,
}

/// The way. Clients connect to its port.
pub struct Chaos {
    /// Where clients connect to.
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    door: Mutex<Option<TcpListener>>,
    fault: Mutex<Fault>,
    links: Mutex<Vec<Arc<Link>>>,
    /// When the up-link has carried what was given to it.
    free_at: Mutex<Instant>,
}

/// One client's connection.
struct Link {
    near: TcpStream,
    far: TcpStream,
    end: Mutex<Option<End>>,
    carried: Mutex<Vec<u8>>,
}

impl Link {
    fn has_ended(&self) -> bool {
        lock(&self.end).is_some()
    }
}

impl Chaos {
    /// A way to the server at `port` of this machine.
    pub fn before(port: u16) -> Self {
        let door = open_door(0).expect("a port is free");
        let own = door.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            server: SocketAddr::from(([127, 0, 0, 1], port)),
            door: Mutex::new(Some(door)),
            fault: Mutex::new(Fault::None),
            links: Mutex::default(),
            free_at: Mutex::new(Instant::now()),
        });
        let keeper = Arc::downgrade(&shared);
        thread::spawn(move || {
            while let Some(shared) = keeper.upgrade() {
                shared.let_in();
                drop(shared);
                thread::sleep(LOOK / 2);
            }
        });
        Self { port: own, shared }
    }

    /// Makes the way like this from now on, for connections that stand and for new ones.
    pub fn set(&self, fault: Fault) {
        let before = std::mem::replace(&mut *lock(&self.shared.fault), fault.clone());
        if before == Fault::BlackHole {
            self.shared.lose_all(false);
        }
        let mut door = lock(&self.shared.door);
        match fault {
            Fault::Closed => *door = None,
            _ if door.is_none() => *door = Some(open_door(self.port).expect("the port is still ours")),
            _ => {}
        }
        drop(door);
        if fault == Fault::BlackHole {
            self.shared.lose_all(true);
        }
    }

    /// Closes every connection that stands, in order.
    pub fn cut(&self) {
        self.end_all(End::Cut);
    }

    /// Breaks every connection that stands.
    pub fn reset(&self) {
        self.end_all(End::Reset);
    }

    fn end_all(&self, end: End) {
        for link in lock(&self.shared.links).iter() {
            lock(&link.end).get_or_insert(end);
        }
    }

    /// What each client that asked for this has sent so far, in the order of their coming.
    pub fn carried(&self, first_words: &str) -> Vec<Vec<u8>> {
        let links = lock(&self.shared.links).clone();
        let sent = links.iter().map(|link| lock(&link.carried).clone());
        sent.filter(|bytes| bytes.starts_with(first_words.as_bytes())).collect()
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Shared {
    /// Lets in who stands at the door.
    fn let_in(self: &Arc<Self>) {
        let came = lock(&self.door).as_ref().map(TcpListener::accept);
        let Some(Ok((near, _))) = came else { return };
        if let Fault::Answer(text) = lock(&self.fault).clone() {
            thread::spawn(move || answer(near, text));
            return;
        }
        let Ok(far) = TcpStream::connect(self.server) else {
            return; // the client finds out that nobody is there
        };
        for socket in [&near, &far] {
            socket.set_nonblocking(false).expect("set");
            socket.set_read_timeout(Some(LOOK)).expect("set");
            socket.set_write_timeout(Some(LOOK)).expect("set");
            socket.set_nodelay(true).expect("set");
        }
        let link = Arc::new(Link {
            near,
            far,
            end: Mutex::new(None),
            carried: Mutex::default(),
        });
        lock(&self.links).push(link.clone());
        for up in [true, false] {
            let (shared, link) = (self.clone(), link.clone());
            thread::spawn(move || shared.carry(&link, up));
        }
    }

    /// Carries one direction of a connection until it ends, and ends it.
    fn carry(&self, link: &Link, up: bool) {
        self.carry_until_ended(link, up);
        let end = *lock(&link.end).get_or_insert(End::Cut);
        for socket in [&link.near, &link.far] {
            if end == End::Reset {
                reset(socket);
            }
            let _ = socket.shutdown(Shutdown::Both); // the other direction may have been first
        }
    }

    fn carry_until_ended(&self, link: &Link, up: bool) {
        let (from, to) = if up {
            (&link.near, &link.far)
        } else {
            (&link.far, &link.near)
        };
        let mut bytes = vec![0; HELD];
        while !link.has_ended() {
            let Some(fault) = self.fault_when_open() else {
                continue;
            };
            let count = match { from }.read(&mut bytes[..piece(&fault, up)]) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if must_wait(&error) => continue,
                Err(_) => break,
            };
            // It may have gone bad while nothing came.
            let fault = loop {
                if let Some(fault) = self.fault_when_open() {
                    break fault;
                }
                if link.has_ended() {
                    return;
                }
            };
            let count = match fault {
                Fault::Truncate(most) if up => count.min(most.saturating_sub(lock(&link.carried).len())),
                _ => count,
            };
            for part in bytes[..count].chunks(piece(&fault, up)) {
                self.hold_back(&fault, part.len(), up);
                if !pass_on(part, to, link) {
                    return;
                }
            }
            if up {
                let mut carried = lock(&link.carried);
                carried.extend(&bytes[..count]);
                if matches!(fault, Fault::Truncate(most) if carried.len() >= most) {
                    break;
                }
            }
        }
    }

    /// What the way is like, when anything gets over it; waits a moment when not.
    fn fault_when_open(&self) -> Option<Fault> {
        let fault = lock(&self.fault).clone();
        if matches!(fault, Fault::Dark | Fault::BlackHole) {
            thread::sleep(LOOK);
            return None;
        }
        Some(fault)
    }

    /// Waits for as long as the way takes for so many bytes.
    fn hold_back(&self, fault: &Fault, bytes: usize, up: bool) {
        match *fault {
            Fault::Throttle(rate) if up => {
                let takes = Duration::from_secs_f64(bytes as f64 / f64::from(rate));
                let mut free_at = lock(&self.free_at);
                *free_at = (*free_at).max(Instant::now()) + takes;
                let until = *free_at;
                drop(free_at);
                thread::sleep(until.saturating_duration_since(Instant::now()));
            }
            Fault::Drip(rate) if !up => thread::sleep(Duration::from_secs(1) / rate),
            Fault::Delay(delay) => thread::sleep(delay),
            _ => {}
        }
    }

    /// Loses every packet that comes from clients, or no more.
    fn lose_all(&self, lose: bool) {
        // "Return 0": no byte of any packet is kept.
        let none = [SockFilter::new(6, 0, 0, 0)];
        let links = lock(&self.links).clone();
        let door = lock(&self.door);
        let doors = door.iter().map(SockRef::from);
        for socket in links.iter().map(|link| SockRef::from(&link.near)).chain(doors) {
            let done = if lose {
                socket.attach_filter(&none)
            } else {
                socket.detach_filter()
            };
            if let Err(error) = done {
                assert!(!lose, "no packet filter: {error}"); // who came meanwhile has none to lose
            }
        }
    }
}

/// Bytes that are carried at once.
fn piece(fault: &Fault, up: bool) -> usize {
    match fault {
        Fault::Throttle(rate) if up => (*rate as usize / 50).clamp(1, HELD),
        Fault::Drip(_) if !up => 1,
        _ => HELD,
    }
}

/// Passes all on. False: there is nobody to pass it on to.
fn pass_on(mut bytes: &[u8], mut to: &TcpStream, link: &Link) -> bool {
    while !bytes.is_empty() && !link.has_ended() {
        match to.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if must_wait(&error) => {}
            Err(_) => return false,
        }
    }
    bytes.is_empty()
}

fn answer(mut client: TcpStream, text: &str) {
    let mut line = [0; 512];
    client.set_nonblocking(false).expect("set");
    client.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    // The other side may be gone at any time.
    let _ = client.read(&mut line);
    let _ = client.write_all(text.as_bytes());
    let _ = client.shutdown(Shutdown::Write);
    while client.read(&mut line).is_ok_and(|count| count > 0) {}
}

/// Breaks a connection at once, however many still hold it.
fn reset(socket: &TcpStream) {
    use std::os::fd::AsRawFd;

    // SAFETY: an all-zero address is of the family AF_UNSPEC, which lets go of the peer with a reset; it outlives the call.
    unsafe {
        let nobody: libc::sockaddr = std::mem::zeroed();
        let length = size_of::<libc::sockaddr>() as libc::socklen_t;
        libc::connect(socket.as_raw_fd(), &raw const nobody, length);
    }
}

fn open_door(port: u16) -> io::Result<TcpListener> {
    let door = TcpListener::bind(("127.0.0.1", port))?;
    // Those who come through it inherit the buffer.
    SockRef::from(&door).set_recv_buffer_size(HELD)?;
    door.set_nonblocking(true)?;
    Ok(door)
}

fn must_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics on the way")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says everything back.
    fn echo() -> u16 {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("bound").port();
        thread::spawn(move || {
            for mut client in server.incoming().flatten() {
                thread::spawn(move || {
                    let mut back = client.try_clone().expect("cloned");
                    io::copy(&mut client, &mut back)
                });
            }
        });
        port
    }

    fn connect(way: &Chaos) -> TcpStream {
        let client = TcpStream::connect(("127.0.0.1", way.port)).expect("it is let in");
        client.set_read_timeout(Some(Duration::from_secs(1))).expect("set");
        client
    }

    /// What comes back for these words.
    fn say(client: &mut TcpStream, words: &[u8]) -> io::Result<Vec<u8>> {
        client.write_all(words)?;
        let mut heard = vec![0; words.len()];
        client.read_exact(&mut heard)?;
        Ok(heard)
    }

    fn kind(heard: io::Result<Vec<u8>>) -> ErrorKind {
        heard.expect_err("nothing comes back").kind()
    }

    #[test]
    fn a_way_carries_all_and_remembers_who_said_what() {
        let way = Chaos::before(echo());
        let (mut one, mut other) = (connect(&way), connect(&way));
        assert_eq!(say(&mut one, b"one").expect("carried"), b"one");
        assert_eq!(say(&mut other, b"other").expect("carried"), b"other");
        assert_eq!(way.carried("o").len(), 2);
        assert_eq!(way.carried("ot"), [b"other"]);
    }

    #[test]
    fn a_cut_is_an_end_and_a_reset_is_a_fault() {
        let way = Chaos::before(echo());
        for (end, found) in [
            (Chaos::cut as fn(&Chaos), ErrorKind::UnexpectedEof),
            (Chaos::reset, ErrorKind::ConnectionReset),
        ] {
            let mut client = connect(&way);
            say(&mut client, b"x").expect("carried");
            end(&way);
            let mut rest = [0; 1];
            let heard = client.read_exact(&mut rest).map(|()| rest.to_vec());
            assert_eq!(kind(heard), found);
            say(&mut connect(&way), b"x").expect("who comes afterwards is carried");
        }
    }

    #[test]
    fn a_dark_way_and_a_black_hole_keep_who_is_there_waiting() {
        for fault in [Fault::Dark, Fault::BlackHole] {
            let way = Chaos::before(echo());
            let mut client = connect(&way);
            say(&mut client, b"x").expect("carried");
            way.set(fault.clone());
            let heard = kind(say(&mut client, b"y"));
            assert!(
                matches!(heard, ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "{heard:?}"
            );
            way.set(Fault::None);
            client.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
            let mut late = [0; 1];
            client.read_exact(&mut late).expect("it comes when the way is back");
            assert_eq!(&late, b"y", "{fault:?}");
        }
    }

    #[test]
    fn a_closed_way_refuses_new_clients_and_keeps_the_old() {
        let way = Chaos::before(echo());
        let mut old = connect(&way);
        say(&mut old, b"x").expect("carried");
        way.set(Fault::Closed);
        let new = TcpStream::connect(("127.0.0.1", way.port));
        assert_eq!(
            new.expect_err("nobody is at the door").kind(),
            ErrorKind::ConnectionRefused
        );
        say(&mut old, b"y").expect("carried");
        way.set(Fault::None);
        say(&mut connect(&way), b"z").expect("the door is open again");
    }

    #[test]
    fn a_slow_way_a_late_one_and_a_short_one_are_what_they_are_called() {
        let way = Chaos::before(echo());
        let mut client = connect(&way);
        say(&mut client, b"x").expect("carried");
        for (fault, bytes, least) in [
            (Fault::Throttle(10_000), 5_000, 450),
            (Fault::Delay(Duration::from_millis(200)), 1, 350),
            (Fault::Drip(100), 30, 250),
        ] {
            way.set(fault.clone());
            let began = Instant::now();
            say(&mut client, &vec![b'x'; bytes]).expect("carried");
            assert!(
                began.elapsed() >= Duration::from_millis(least),
                "{fault:?}: {:?}",
                began.elapsed()
            );
        }
        way.set(Fault::Truncate(3));
        say(&mut connect(&way), b"abcd").expect_err("it ends before that");
        assert_eq!(way.carried("a"), [b"abc"]);
        way.set(Fault::Answer("HTTP/1.0 404 Not Found\r\n\r\n"));
        assert_eq!(
            say(&mut connect(&way), b"GET / HTTP/1.0\r\n\r\n12345678").expect("an answer"),
            b"HTTP/1.0 404 Not Found\r\n\r\n"
        );
    }
}
