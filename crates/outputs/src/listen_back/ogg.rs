//! The packets of an Ogg stream (RFC 3533) as a live listener gets them: from any page on, one logical stream at a time,
//! the next one taken up where it begins. Untrusted: a page has 64 kB at most, a packet as much as is given here, and what
//! is larger is left out. Check sums are not verified: the bytes have come by TCP, and a broken packet costs itself.

/// What a page begins with.
const CAPTURE: &[u8] = b"OggS";
/// A page's header without its table of segments.
const HEADER_BYTES: usize = 27;
/// Bytes of a packet that are kept: those of a picture in the comments are not.
const PACKET_BYTES_MAX: usize = 512 * 1024;

/// A packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// It is the first of a logical stream.
    pub(super) begins: bool,
    pub(super) bytes: Vec<u8>,
    /// It is the last that ends on its page.
    pub(super) close: Option<Close>,
}

/// The end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    /// The codec's count of frames up to here.
    pub(super) granule: u64,
    /// It is the end of the logical stream.
    pub(super) is_last: bool,
}

/// Puts packets together from bytes.
#[derive(Debug, Default)]
pub(super) struct Packets {
    waiting: Vec<u8>,
    /// The logical stream that is followed.
    serial: Option<u32>,
    /// What has come of a packet that goes on.
    begun: Vec<u8>,
    /// The packet that goes on lacks its beginning, or is too large.
    is_spoilt: bool,
}

/// The parts of a page's header.
struct Page<'bytes> {
    continues: bool,
    begins: bool,
    serial: u32,
    close: Close,
    table: &'bytes [u8],
    body: &'bytes [u8],
}

impl Packets {
    /// Takes bytes, and hands on the packets that are whole.
    pub(super) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Packet)) {
        self.waiting.extend_from_slice(bytes);
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = waiting.as_slice();
        loop {
            rest = &rest[page_at(rest)..];
            let Some((page, length)) = page(rest) else { break };
            self.read(&page, &mut each);
            rest = &rest[length..];
        }
        self.waiting = rest.to_vec();
    }

    fn read(&mut self, page: &Page<'_>, each: &mut impl FnMut(Packet)) {
        if page.begins {
            // A broadcast has one logical stream at a time: the newest is what is played.
            self.serial = Some(page.serial);
            self.begun.clear();
            self.is_spoilt = false;
        }
        if self.serial != Some(page.serial) {
            return;
        }
        if !page.continues {
            self.begun.clear();
        }
        self.is_spoilt = page.continues && (self.is_spoilt || self.begun.is_empty());
        let mut body = page.body;
        let ends = page.table.iter().rposition(|segment| *segment < u8::MAX);
        for (number, segment) in page.table.iter().enumerate() {
            let (now, rest) = body.split_at(usize::from(*segment).min(body.len()));
            body = rest;
            if self.begun.len() + now.len() > PACKET_BYTES_MAX {
                self.is_spoilt = true;
            }
            if !self.is_spoilt {
                self.begun.extend_from_slice(now);
            }
            if *segment < u8::MAX {
                let bytes = std::mem::take(&mut self.begun);
                if !std::mem::take(&mut self.is_spoilt) {
                    each(Packet {
                        begins: page.begins,
                        bytes,
                        close: (ends == Some(number)).then_some(page.close),
                    });
                }
            }
        }
    }
}

/// Where the next page may begin: all before it is something else.
fn page_at(bytes: &[u8]) -> usize {
    let begins = |at: &usize| {
        let rest = &bytes[*at..];
        CAPTURE.starts_with(&rest[..rest.len().min(CAPTURE.len())])
    };
    (0..bytes.len()).find(begins).unwrap_or(bytes.len())
}

/// The page that `bytes` begin with and its length, once it is whole.
fn page(bytes: &[u8]) -> Option<(Page<'_>, usize)> {
    let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let (table, rest) = rest.split_at_checked(usize::from(header[26]))?;
    let length = table.iter().copied().map(usize::from).sum();
    let (body, _) = rest.split_at_checked(length)?;
    let page = Page {
        continues: header[5] & 1 != 0,
        begins: header[5] & 2 != 0,
        serial: u32::from_le_bytes([header[14], header[15], header[16], header[17]]),
        close: Close {
            granule: u64::from_le_bytes(std::array::from_fn(|n| header[6 + n])),
            is_last: header[5] & 4 != 0,
        },
        table,
        body,
    };
    Some((page, HEADER_BYTES + table.len() + length))
}

#[cfg(test)]
mod tests {
    use ogg::{PacketWriteEndInfo, PacketWriter};

    use super::*;

    fn packets(stream: &[u8], piece: usize) -> Vec<Packet> {
        let (mut packets, mut found) = (Packets::default(), Vec::new());
        for bytes in stream.chunks(piece) {
            packets.feed(bytes, |packet| found.push(packet));
        }
        found
    }

    /// Two logical streams in a row, of three packets each, with one that goes on over three pages.
    fn chained() -> Vec<u8> {
        let mut writer = PacketWriter::new(Vec::new());
        for serial in [7, 8] {
            for (number, length) in [(1, 19), (2, 150_000), (3, 255)] {
                let end = if number == 3 {
                    PacketWriteEndInfo::EndStream
                } else {
                    PacketWriteEndInfo::EndPage
                };
                let written = writer.write_packet(vec![number; length], serial, end, 0);
                written.expect("a Vec takes everything");
            }
        }
        writer.into_inner()
    }

    #[test]
    fn packets_come_out_whole_however_the_bytes_arrive_and_across_a_chain() {
        let stream = chained();
        for piece in [1, 1000, 1 << 20] {
            let found = packets(&stream, piece);
            let shapes: Vec<_> = found
                .iter()
                .map(|packet| {
                    let is_last = packet.close.is_some_and(|close| close.is_last);
                    (packet.begins, packet.bytes.len(), is_last)
                })
                .collect();
            let once = [(true, 19, false), (false, 150_000, false), (false, 255, true)];
            assert_eq!(shapes, [once, once].concat(), "in pieces of {piece}");
            assert!(
                found
                    .iter()
                    .all(|packet| packet.bytes.iter().all(|b| *b == packet.bytes[0]))
            );
        }
    }

    #[test]
    fn who_comes_into_the_middle_or_meets_with_rubbish_goes_on_with_the_next_whole_packet() {
        let stream = chained();
        let found = packets(&stream[60_000..], 777);
        let shapes: Vec<_> = found.iter().map(|packet| packet.bytes.len()).collect();
        assert_eq!(
            shapes,
            [19, 150_000, 255],
            "nothing of a stream whose beginning is unknown"
        );
        let spoilt = [b"OggOgOOggSrubbish".repeat(40), stream.clone()].concat();
        assert!(packets(&spoilt, 100).len() >= 3);
        let endless = [&stream[..stream.len() / 2], &[0xff; 3_000_000]].concat();
        assert!(packets(&endless, 4096).len() <= 3);
    }
}
