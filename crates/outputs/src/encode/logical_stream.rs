//! A logical stream of Ogg (RFC 3533): packets in, whole pages out. Those that are chained count their serial numbers on.

use bytes::Bytes;
use ogg::{PacketWriteEndInfo, PacketWriter};

/// The stream that is being written.
pub(super) struct LogicalStream {
    pages: PacketWriter<'static, Vec<u8>>,
    serial: u32,
}

impl LogicalStream {
    /// The first of a chain.
    pub(super) fn new() -> Self {
        Self {
            pages: PacketWriter::new(Vec::new()),
            serial: first_serial(),
        }
    }

    /// The next of the chain. The last page of this one must have been written.
    pub(super) fn begin_next(&mut self) {
        self.pages = PacketWriter::new(Vec::new());
        self.serial = self.serial.wrapping_add(1);
    }

    /// Writes a packet; `granule` is where the stream is after it.
    pub(super) fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, granule: u64) -> std::io::Result<()> {
        self.pages.write_packet(packet, self.serial, end, granule)
    }

    /// The pages that are complete.
    pub(super) fn take_pages(&mut self) -> Bytes {
        std::mem::take(self.pages.inner_mut()).into()
    }
}

/// A serial number that no stream started at another time has.
pub(super) fn first_serial() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8) as u32
}
