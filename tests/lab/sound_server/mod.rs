//! Sound servers with virtual devices, and the programs that play into them and record from them.

mod jack;
mod pipewire;

pub use self::jack::{Jack, JackPlayer, JackRecorder};
pub use self::pipewire::{Cycles, PipeWire};

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::listen::{self, Heard};
use crate::process::Process;
use crate::tone::{RATE, Sine};

/// The environment in which a program finds a private server, and no other one.
pub type Environment = BTreeMap<String, OsString>;

/// How often a sound server was late so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lateness {
    /// By its own doing or that of the lab's players and recorders, or because the system ran no program in time.
    pub by_itself: usize,
    /// Because a program was at work for too long, which may have been the desk.
    pub for_programs: usize,
}

impl Lateness {
    /// Whether the server was late by itself since `before`, and no program has been late with it.
    pub fn is_its_own_since(self, before: Self) -> bool {
        self.by_itself > before.by_itself && self.for_programs == before.for_programs
    }
}

/// A number that no other file of this process has: two programs may work on one device at once.
fn fresh_number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    // Relaxed: only the number must be new.
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// Something that plays until it is dropped or has no more.
pub struct Player {
    _process: Process,
}

/// Something that records.
pub struct Recorder {
    process: Process,
    path: PathBuf,
}

impl Recorder {
    /// Ends the recording and listens to it.
    pub fn stop(mut self) -> Heard {
        // An interrupt is how these programs finish their files.
        self.process.end(libc::SIGINT);
        listen::file(&self.path)
    }
}

/// Writes a file of sines, the first on the left and the second on the right side.
pub fn sines(path: &Path, length: u64, left: Sine, right: Sine) {
    write(path, length, |frame| [left.at(frame), right.at(frame)]);
}

/// Writes a file whose left side is a sine and whose right side counts the frames.
pub fn numbered(path: &Path, length: u64, left: Sine) {
    write(path, length, |frame| [left.at(frame), listen::number_at(frame)]);
}

/// Writes a file of `length` seconds, of which each frame is what `frame` gives for its number.
pub fn write(path: &Path, length: u64, mut frame: impl FnMut(u64) -> [f32; 2]) {
    let count = length * u64::from(RATE);
    let mut bytes = header((count * 8) as u32);
    for [left, right] in (0..count).map(&mut frame) {
        bytes.extend_from_slice(&left.to_le_bytes());
        bytes.extend_from_slice(&right.to_le_bytes());
    }
    fs::write(path, bytes).expect("the disk has room");
}

/// The plain 44-byte header, 32-bit float stereo.
fn header(data_bytes: u32) -> Vec<u8> {
    let mut header = b"RIFF".to_vec();
    header.extend((36 + data_bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend([3, 0, 2, 0]); // floating point, two channels
    header.extend(RATE.to_le_bytes());
    header.extend((RATE * 8).to_le_bytes());
    header.extend([8, 0, 32, 0]); // bytes in a frame, bits in a sample
    header.extend(b"data");
    header.extend(data_bytes.to_le_bytes());
    header
}
