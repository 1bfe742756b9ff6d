//! Many listeners of MP3 streams in one thread: what each one hears is followed frame by frame, and the titles between.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::wait;

/// Of so many all the audio is kept, so that it can be decoded.
const KEPT: usize = 3;

/// So many frames one after the other are no accident.
const IN_STEP: u64 = 4;

/// Listeners, who leave when this is dropped.
pub struct Crowd {
    ears: Arc<Mutex<Vec<Ear>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// One listener.
#[derive(Debug, Default, Clone)]
pub struct Ear {
    /// The port of the server it listens to.
    pub port: u16,
    /// The status that it was answered with; 0 before.
    pub status: u16,
    /// Whole MP3 frames.
    pub frames: u64,
    /// Where a frame should have begun there was none.
    pub damaged: u64,
    /// The server has closed the connection, or it broke.
    pub ended: bool,
    /// The last title.
    pub title: String,
    /// The audio from its first byte on, of the first few.
    pub audio: Vec<u8>,
    keeps: bool,
    head: Vec<u8>,
    titles: Titles,
    walk: Vec<u8>,
    /// Frames one after the other: one alone may be anything.
    steps: u64,
}

/// Where a stream with titles in it is.
#[derive(Debug, Default, Clone)]
struct Titles {
    /// Bytes between two of them; 0: there are none.
    interval: usize,
    /// Bytes of audio to the next.
    left: usize,
    block: Vec<u8>,
}

impl Crowd {
    /// So many listeners of a mount of servers on this machine, in turn.
    pub fn join(ports: &[u16], mount: &str, count: usize) -> Self {
        allow_files();
        let mut sockets = Vec::new();
        let mut ears = Vec::new();
        for (number, port) in ports.iter().cycle().take(count).enumerate() {
            let mut socket = TcpStream::connect(("127.0.0.1", *port)).expect("the server listens");
            let request = format!("GET {mount} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nIcy-MetaData: 1\r\n\r\n");
            socket.write_all(request.as_bytes()).expect("a request fits");
            socket.set_nonblocking(true).expect("a socket can be left at any time");
            sockets.push(socket);
            ears.push(Ear {
                port: *port,
                keeps: number < KEPT * ports.len(),
                ..Ear::default()
            });
        }
        let (ears, over) = (Arc::new(Mutex::new(ears)), Arc::new(AtomicBool::new(false)));
        let (shared, asked) = (ears.clone(), over.clone());
        let thread = thread::spawn(move || listen(sockets, &shared, &asked));
        Self {
            ears,
            over,
            thread: Some(thread),
        }
    }

    /// What all of them have heard by now.
    pub fn ears(&self) -> Vec<Ear> {
        lock(&self.ears).clone()
    }

    /// Waits until it is so of everyone.
    pub fn wait(&self, what: &str, limit: Duration, is_so: impl Fn(&Ear) -> bool) {
        let missing = || lock(&self.ears).iter().filter(|ear| !is_so(ear)).count();
        let end = std::time::Instant::now() + limit;
        while missing() > 0 {
            assert!(
                std::time::Instant::now() < end,
                "{} listeners still miss {what} after {limit:?}; one is {:?}",
                missing(),
                lock(&self.ears).iter().find(|ear| !is_so(ear)).map(|ear| Ear {
                    audio: Vec::new(),
                    ..ear.clone()
                })
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until everybody has heard so many seconds more, of 24 ms a frame.
    pub fn wait_for_seconds(&self, seconds: u64, among: impl Fn(&Ear) -> bool) {
        let before: Vec<u64> = lock(&self.ears).iter().map(|ear| ear.frames).collect();
        wait::until("all of them to hear more", wait::seconds(seconds + 30), || {
            let ears = lock(&self.ears);
            let mut both = ears.iter().zip(&before).filter(|(ear, _)| among(ear));
            both.all(|(ear, before)| ear.frames >= before + seconds * 1_000 / 24)
                .then_some(())
        });
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there has been told
        }
    }
}

fn lock(ears: &Mutex<Vec<Ear>>) -> MutexGuard<'_, Vec<Ear>> {
    ears.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Reads from whoever has something, until it is over.
fn listen(mut sockets: Vec<TcpStream>, ears: &Mutex<Vec<Ear>>, over: &AtomicBool) {
    let mut waiting: Vec<libc::pollfd> = sockets
        .iter()
        .map(|socket| libc::pollfd {
            fd: socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let mut part = vec![0; 65_536];
    while !over.load(Ordering::Relaxed) {
        // SAFETY: the list lives as long as the call, which writes to it as far as its length goes.
        unsafe { libc::poll(waiting.as_mut_ptr(), waiting.len() as libc::nfds_t, 200) };
        for (number, state) in waiting.iter_mut().enumerate().filter(|(_, state)| state.revents != 0) {
            let read = sockets[number].read(&mut part);
            let ear = &mut lock(ears)[number];
            match read {
                Ok(count) if count > 0 => ear.hear(&part[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                _ => {
                    ear.ended = true;
                    state.fd = -1; // not asked for any more
                    state.revents = 0;
                }
            }
        }
    }
}

impl Ear {
    /// Takes what has arrived.
    fn hear(&mut self, bytes: &[u8]) {
        if self.status != 0 {
            return self.hear_body(bytes);
        }
        self.head.extend_from_slice(bytes);
        let Some(end) = self.head.windows(4).position(|window| window == b"\r\n\r\n") else {
            return;
        };
        let body = self.head.split_off(end + 4);
        let head = String::from_utf8_lossy(&self.head).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut lines = head.lines();
        let interval = lines.find_map(|line| line.strip_prefix("icy-metaint:")?.trim().parse().ok());
        self.status = status.unwrap_or(599);
        self.titles.interval = interval.unwrap_or_default();
        self.titles.left = self.titles.interval;
        self.head = Vec::new();
        self.hear_body(&body);
    }

    /// Audio, with a title after each interval.
    fn hear_body(&mut self, mut bytes: &[u8]) {
        if self.titles.interval == 0 {
            return self.hear_audio(bytes);
        }
        while !bytes.is_empty() {
            if self.titles.left > 0 {
                let (audio, rest) = bytes.split_at(self.titles.left.min(bytes.len()));
                self.hear_audio(audio);
                self.titles.left -= audio.len();
                bytes = rest;
                continue;
            }
            // Its length in units of 16 bytes, and so many.
            let length = self
                .titles
                .block
                .first()
                .map_or(1, |units| 1 + usize::from(*units) * 16);
            let missing = length - self.titles.block.len();
            let (part, rest) = bytes.split_at(missing.min(bytes.len()));
            self.titles.block.extend_from_slice(part);
            bytes = rest;
            let length = 1 + usize::from(self.titles.block[0]) * 16;
            if self.titles.block.len() == length {
                self.hear_title();
            }
        }
    }

    fn hear_title(&mut self) {
        let block = std::mem::take(&mut self.titles.block);
        self.titles.left = self.titles.interval;
        let text = String::from_utf8_lossy(&block[1..]);
        if let Some(title) = text
            .strip_prefix("StreamTitle='")
            .and_then(|rest| rest.split_once("';"))
        {
            title.0.clone_into(&mut self.title);
        }
    }

    /// Goes from MP3 frame to MP3 frame (ISO/IEC 11172-3, 2.4.3.1). A stream may begin within one.
    fn hear_audio(&mut self, bytes: &[u8]) {
        if self.keeps {
            self.audio.extend_from_slice(bytes);
        }
        self.walk.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(header) = self.walk.get(at..).and_then(<[u8]>::first_chunk::<4>) {
            match frame_bytes(*header) {
                Some(length) if self.walk.len() < at + length => break,
                Some(length) => {
                    at += length;
                    self.steps += 1;
                    self.frames += u64::from(self.steps > IN_STEP);
                }
                None => {
                    at += 1;
                    self.damaged += u64::from(self.steps > IN_STEP);
                    self.steps = 0;
                }
            }
        }
        self.walk.drain(..at);
    }
}

/// The length of an MPEG-1 layer III frame.
fn frame_bytes(header: [u8; 4]) -> Option<usize> {
    const KBIT: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    if header[0] != 0xff || header[1] & 0xfe != 0xfa {
        return None;
    }
    let kbit = *KBIT.get(usize::from(header[2] >> 4))?;
    let rate = *RATES.get(usize::from(header[2] >> 2 & 3))?;
    let padding = u32::from(header[2] >> 1 & 1);
    (kbit > 0).then_some((144_000 * kbit / rate + padding) as usize)
}

/// Each listener is an open file.
fn allow_files() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: both calls use `limit` alone, which outlives them.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_titles_and_damage_are_told_apart_however_the_bytes_arrive() {
        let frame = [&[0xff, 0xfb, 0x94, 0x00][..], &[0; 380]].concat(); // 128 kbit/s at 48 kHz
        let audio = frame.repeat(10);
        let mut block = b"\x02StreamTitle='on';".to_vec();
        block.resize(33, 0);
        let body = [
            &audio[..1_000],
            &block,
            &audio[1_000..2_000],
            b"\0",
            &audio[2_000..3_000],
        ]
        .concat();
        let stream = [b"HTTP/1.0 200 OK\r\nicy-metaint: 1000\r\n\r\n".to_vec(), body].concat();
        for size in [1, 7, 500, 10_000] {
            let mut ear = Ear::default();
            stream.chunks(size).for_each(|part| ear.hear(part));
            assert_eq!((ear.status, ear.title.as_str(), ear.damaged), (200, "on", 0), "{size}");
            assert_eq!(ear.frames, 3_000 / 384 - IN_STEP, "the first ones only find the step");
        }
        let mut ear = Ear::default();
        ear.hear(&[b"HTTP/1.0 200 OK\r\n\r\n".to_vec(), audio.clone(), vec![0; 100], audio].concat());
        assert_eq!(ear.damaged, 1);
    }
}
