//! The growing end of an encoded file: whole packets, one after the other, each with the state that it brings a reader to.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Packets that wait to be written, and what has been.
pub(super) struct Tail<T> {
    file: File,
    /// Bytes of the file up to the end of the last whole packet.
    end: u64,
    waiting: Vec<u8>,
    /// Where in the file each waiting packet ends, and what a reader then finds.
    packets: VecDeque<(u64, T)>,
    /// What a reader finds now.
    reached: T,
}

impl<T: Clone> Tail<T> {
    /// Begins `file` with `header`, after which a reader finds `state`.
    pub(super) fn create(mut file: File, header: &[u8], state: T) -> io::Result<Self> {
        file.write_all(header)?;
        Ok(Self {
            file,
            end: header.len() as u64,
            waiting: Vec::new(),
            packets: VecDeque::new(),
            reached: state,
        })
    }

    /// Takes a packet into memory.
    pub(super) fn push(&mut self, packet: &[u8], state: T) {
        self.waiting.extend_from_slice(packet);
        self.packets.push_back((self.end + self.waiting.len() as u64, state));
    }

    /// Bytes that wait.
    pub(super) fn pending(&self) -> usize {
        self.waiting.len()
    }

    /// Writes what waits. What was written in part is written again next time, from its first byte.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        let (written, fault) = write_some(&mut self.file, &self.waiting);
        let begin = self.end;
        while let Some((end, _)) = self.packets.front()
            && *end <= begin + written as u64
            && let Some((end, state)) = self.packets.pop_front()
        {
            (self.end, self.reached) = (end, state);
        }
        self.waiting.drain(..(self.end - begin) as usize);
        fault.map_or(Ok(()), Err)
    }

    /// Writes over what is there already, for headers.
    pub(super) fn overwrite(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }

    /// Forgets what waits and cuts off what is no whole packet.
    pub(super) fn trim(&mut self) -> io::Result<()> {
        self.waiting.clear();
        self.packets.clear();
        self.file.set_len(self.end)
    }

    /// What a reader finds now.
    pub(super) fn reached(&self) -> &T {
        &self.reached
    }

    /// Bytes up to the end of the last whole packet.
    pub(super) fn bytes_on_disk(&self) -> u64 {
        self.end
    }
}

/// Writes until an error; how far it came, and the error.
pub(super) fn write_some(file: &mut File, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
