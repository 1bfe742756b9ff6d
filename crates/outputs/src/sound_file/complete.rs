//! A file whose writer was killed: looked over, and its header completed where whole frames are behind it that no reader
//! would find, or its end marked where none is. May block for as long as the disk does.

mod flac;
mod mp3;
mod ogg;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::wave_header;

/// What a file was found to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Looked {
    /// Seconds in it; `None` when only playing it would tell.
    pub seconds: Option<f64>,
    /// Its header was completed.
    pub changed: bool,
}

/// Looks over a file that was being written by one of these writers. One that is whole is not touched; nothing is ever cut
/// off, and nothing overwritten but headers.
///
/// # Errors
/// What the system says; [`io::ErrorKind::InvalidData`] when it is no sound file of these.
pub fn complete(path: &Path) -> io::Result<Looked> {
    let mut file = File::open(path)?;
    let mut magic = [0; 4];
    let length = read_some(&mut file, &mut magic)?;
    match &magic[..length] {
        b"RIFF" | b"RF64" => wave_header::complete(path),
        b"fLaC" => flac::complete(path),
        b"OggS" => ogg::complete(path),
        [b'I', b'D', b'3', _] | [0xff, 0xe0..=0xff, ..] => mp3::complete(path),
        [] => Err(invalid("it is empty")),
        _ => Err(invalid("it begins as no sound file does")),
    }
}

/// Writes over a part of a header, in one write that leaves the file valid whether it comes to pass or not.
fn overwrite(path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Reads from the beginning, as much as there is.
pub(super) fn read_some(file: &mut File, bytes: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(0))?;
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..])? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}
