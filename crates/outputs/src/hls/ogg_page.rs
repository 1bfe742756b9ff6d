//! The packets in Ogg pages (RFC 3533), none of which goes over a page's border: our encoders end each page with one.

use bytes::{Buf, Bytes};

/// Bytes of a page's header before its table of segments.
const HEADER: usize = 27;

/// The packets of whole pages, in order, as parts of the same bytes. What is no page ends it.
pub(super) fn packets(mut pages: Bytes) -> Vec<Bytes> {
    let mut packets = Vec::new();
    while let Some(table) = table(&pages) {
        pages.advance(HEADER + table.len());
        let mut length = 0;
        for segment in table {
            length += usize::from(segment);
            if segment < 255 && length <= pages.len() {
                packets.push(pages.split_to(length));
                length = 0;
            }
        }
    }
    packets
}

/// The lengths of a page's segments.
fn table(page: &[u8]) -> Option<Vec<u8>> {
    let count = usize::from(*page.get(HEADER - 1)?);
    let table = page.get(HEADER..HEADER + count)?;
    page.starts_with(b"OggS").then(|| table.to_vec())
}

#[cfg(test)]
mod tests {
    use ogg::{PacketWriteEndInfo, PacketWriter};

    use super::*;

    #[test]
    fn packets_come_out_as_they_went_in() {
        let lengths = [0, 1, 254, 255, 256, 510, 3_000];
        let written: Vec<Vec<u8>> = lengths.iter().map(|length| vec![*length as u8; *length]).collect();
        let mut pages = Vec::new();
        let mut writer = PacketWriter::new(&mut pages);
        for (number, packet) in written.iter().enumerate() {
            let end = if number % 3 == 2 || number == 6 {
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            writer.write_packet(packet.clone(), 1, end, 0).expect("written");
        }
        assert_eq!(packets(pages.into()), written);
        assert!(packets(Bytes::from_static(b"no page")).is_empty());
    }
}
