//! The packets of an Ogg stream (RFC 3533) as they come: from any page on, one logical stream at a time, the next one taken
//! up where it begins. Untrusted: a page has 64 kB at most, a packet as much as is given here, and what is larger is left
//! out. Check sums are not verified: the bytes have come by TCP, and a broken packet costs itself.

/// What a page begins with, and the version there is.
const CAPTURE: &[u8] = b"OggS\0";
/// A page's header without its table of segments.
const HEADER_BYTES: usize = 27;
/// Bytes of a packet that are kept: a picture in the comments has more, and nobody looks at it.
const PACKET_BYTES_MAX: usize = 512 * 1024;

/// A packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// It is the first of a logical stream.
    pub(super) begins: bool,
    pub(super) bytes: Vec<u8>,
    /// It is the last that ends on its page: the codec's count of frames there, and whether the logical stream ends.
    pub(super) close: Option<(u64, bool)>,
}

/// Puts packets together.
#[derive(Debug, Default)]
pub(super) struct Packets {
    waiting: Vec<u8>,
    /// The logical stream that is followed.
    serial: Option<u32>,
    /// What has come of a packet that goes on.
    begun: Vec<u8>,
    /// The packet that goes on lacks its beginning, or is too large.
    is_spoilt: bool,
    /// Bytes of pages that have no sound to give, since they were last asked for.
    apart: usize,
}

struct Page<'bytes> {
    flags: u8,
    granule: u64,
    serial: u32,
    table: &'bytes [u8],
    body: &'bytes [u8],
}

impl Page<'_> {
    const CONTINUES: u8 = 1;
    const BEGINS: u8 = 2;
    const ENDS: u8 = 4;

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Packets {
    /// Takes bytes, and returns the packets that are whole now.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Packet> {
        self.waiting.extend_from_slice(bytes);
        let waiting = std::mem::take(&mut self.waiting);
        let mut packets = Vec::new();
        let mut rest = waiting.as_slice();
        loop {
            rest = &rest[page_at(rest)..];
            let Some((page, length)) = page(rest) else { break };
            self.read(&page, &mut packets);
            if matches!(page.granule, 0 | u64::MAX) {
                self.apart += length;
            }
            rest = &rest[length..];
        }
        self.waiting = rest.to_vec();
        packets
    }

    /// Bytes that have come, since this was asked last, of pages on which no sound ends: headers, and comments with their
    /// pictures.
    pub(super) fn take_apart(&mut self) -> usize {
        std::mem::take(&mut self.apart)
    }

    fn read(&mut self, page: &Page<'_>, packets: &mut Vec<Packet>) {
        if page.is(Page::BEGINS) {
            // A broadcast has one logical stream at a time: the newest is what is played.
            self.serial = Some(page.serial);
            self.begun.clear();
            self.is_spoilt = false;
        }
        if self.serial != Some(page.serial) {
            return;
        }
        if page.is(Page::CONTINUES) {
            self.is_spoilt |= self.begun.is_empty();
        } else {
            self.begun.clear();
            self.is_spoilt = false;
        }
        let last = page.table.iter().rposition(|segment| *segment < u8::MAX);
        let mut body = page.body;
        for (number, segment) in page.table.iter().enumerate() {
            let (now, rest) = body.split_at(usize::from(*segment).min(body.len()));
            body = rest;
            self.is_spoilt |= self.begun.len() + now.len() > PACKET_BYTES_MAX;
            if !self.is_spoilt {
                self.begun.extend_from_slice(now);
            }
            if *segment == u8::MAX {
                continue;
            }
            let bytes = std::mem::take(&mut self.begun);
            if !std::mem::take(&mut self.is_spoilt) {
                packets.push(Packet {
                    begins: page.is(Page::BEGINS),
                    bytes,
                    close: (last == Some(number)).then_some((page.granule, page.is(Page::ENDS))),
                });
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
        flags: header[5],
        granule: u64::from_le_bytes(std::array::from_fn(|n| header[6 + n])),
        serial: u32::from_le_bytes(std::array::from_fn(|n| header[14 + n])),
        table,
        body,
    };
    Some((page, HEADER_BYTES + table.len() + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of packets none of which is longer than 254 bytes.
    fn page_of(serial: u32, flags: u8, table: &[u8]) -> Vec<u8> {
        let mut bytes = b"OggS\0".to_vec();
        bytes.push(flags);
        bytes.extend(u64::from(serial).to_le_bytes());
        bytes.extend(serial.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.push(table.len() as u8);
        bytes.extend(table);
        for segment in table {
            bytes.extend(vec![*segment; usize::from(*segment)]);
        }
        bytes
    }

    /// Two logical streams in a row, each with a packet that goes on over two pages.
    fn chained() -> Vec<u8> {
        [7, 8]
            .into_iter()
            .flat_map(|serial| {
                [
                    page_of(serial, Page::BEGINS, &[19]),
                    page_of(serial, 0, &[10, 255, 255]),
                    page_of(99, 0, &[44]),
                    page_of(serial, Page::CONTINUES | Page::ENDS, &[255, 9, 30]),
                ]
                .concat()
            })
            .collect()
    }

    #[test]
    fn packets_come_out_whole_wherever_the_bytes_are_cut_and_across_a_chain() {
        let stream = chained();
        for piece in 1..stream.len() {
            let mut packets = Packets::default();
            let found: Vec<_> = stream.chunks(piece).flat_map(|bytes| packets.feed(bytes)).collect();
            let shapes: Vec<_> = found
                .iter()
                .map(|packet| (packet.begins, packet.bytes.len(), packet.close.map(|(_, ends)| ends)))
                .collect();
            let once = [
                (true, 19, Some(false)),
                (false, 10, Some(false)),
                (false, 774, None),
                (false, 30, Some(true)),
            ];
            assert_eq!(shapes, [once, once].concat(), "in pieces of {piece}");
        }
    }

    #[test]
    fn who_comes_into_the_middle_or_meets_with_rubbish_goes_on_with_the_next_stream() {
        let stream = chained();
        let found = Packets::default().feed(&stream[60..]);
        assert_eq!(found.len(), 4, "nothing of a stream whose beginning is unknown");
        let spoilt = [b"OggOgOOggSrubbish".repeat(40), stream].concat();
        assert!(Packets::default().feed(&spoilt).len() >= 4);
        let endless = page_of(1, Page::CONTINUES, &[255; 255]).repeat(100);
        let mut packets = Packets::default();
        packets.feed(&page_of(1, Page::BEGINS, &[255]));
        assert!(packets.feed(&endless).is_empty());
        assert!(packets.begun.len() <= PACKET_BYTES_MAX);
    }
}
