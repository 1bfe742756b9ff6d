//! The sound of an MPEG-2 transport stream (ISO/IEC 13818-1): AAC in ADTS or MP3, of the first programme, with the titles beside it
//! (ID3 in timed metadata). Untrusted: a table has 1 kB at most, a tag 64 kB. Check sums are not verified: the bytes
//! have come by TCP.

use super::id3;
use crate::decode::bare::Kind;

const PACKET_BYTES: usize = 188;
pub(super) const SYNC: u8 = 0x47;
/// The number of the packets that say where programmes are.
const PROGRAMMES: u16 = 0;
/// A table of a programme.
const TABLE_BYTES_MAX: usize = 1_024;
/// A tag that is looked at for a title.
const TAG_BYTES_MAX: usize = 64 * 1024;
/// The head of a packet of sound, at most.
const HEAD_BYTES_MAX: usize = 9 + 255;

/// Takes the sound out of packets.
#[derive(Debug, Default)]
pub(super) struct Transport {
    waiting: Vec<u8>,
    /// What waits begins with a packet: one was before it.
    is_in_step: bool,
    table: Table,
    /// Which packets say what the programme has.
    programme: Option<u16>,
    sound: Option<(u16, Kind)>,
    /// The head of what comes, as far as it has come; `None`: it is behind.
    head: Option<Vec<u8>>,
    tags: Option<u16>,
    /// A tag beside the sound, with its head.
    tag: Vec<u8>,
}

/// A table that is being put together, and of which packets.
#[derive(Debug, Default)]
struct Table {
    of: u16,
    bytes: Vec<u8>,
}

/// What some packets have brought.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) sound: Vec<u8>,
    pub(super) title: Option<String>,
    /// Bytes of anything else.
    pub(super) apart: usize,
}

impl Transport {
    /// What its sound is, once that is known.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.sound.map(|(_, kind)| kind)
    }

    /// Another piece begins: half a packet will not go on.
    pub(super) fn next_piece(&mut self) {
        self.waiting.clear();
        self.is_in_step = false;
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// When there is no sound in it that can be decoded.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Brought, &'static str> {
        self.waiting.extend_from_slice(bytes);
        let waiting = std::mem::take(&mut self.waiting);
        let (mut rest, mut brought) = (waiting.as_slice(), Brought::default());
        while rest.len() >= PACKET_BYTES {
            let next = rest.get(PACKET_BYTES);
            if next.is_none() && !self.is_in_step {
                break; // one counts once another follows
            }
            self.is_in_step = rest[0] == SYNC && next.is_none_or(|next| *next == SYNC);
            if !self.is_in_step {
                rest = &rest[1..];
                continue;
            }
            let (packet, more) = rest.split_at(PACKET_BYTES);
            self.packet(packet, &mut brought)?;
            rest = more;
        }
        self.waiting = rest.to_vec();
        Ok(brought)
    }

    fn packet(&mut self, packet: &[u8], brought: &mut Brought) -> Result<(), &'static str> {
        let number = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
        let (is_broken, begins) = (packet[1] & 0x80 != 0, packet[1] & 0x40 != 0);
        let (is_locked, has_adaptation, has_payload) =
            (packet[3] & 0xc0 != 0, packet[3] & 0x20 != 0, packet[3] & 0x10 != 0);
        let skip = if has_adaptation { 5 + usize::from(packet[4]) } else { 4 };
        let payload = packet.get(skip..).filter(|_| has_payload && !is_broken);
        let Some(payload) = payload else {
            brought.apart += PACKET_BYTES;
            return Ok(());
        };
        if self.sound.is_some_and(|(sound, _)| sound == number) {
            if is_locked {
                return Err("it is encrypted");
            }
            self.sound(payload, begins, brought);
            return Ok(());
        }
        brought.apart += PACKET_BYTES;
        if number == PROGRAMMES || Some(number) == self.programme {
            return self.table(number, payload, begins);
        }
        if Some(number) == self.tags {
            self.beside(payload, begins, brought);
        }
        Ok(())
    }

    /// A packet of sound: what is behind its head.
    fn sound(&mut self, payload: &[u8], begins: bool, brought: &mut Brought) {
        if begins {
            self.head = Some(Vec::new());
        }
        let Some(head) = &mut self.head else {
            brought.sound.extend_from_slice(payload);
            return;
        };
        head.extend_from_slice(payload);
        if let Some(length) = head_bytes(head)
            && head.len() >= length
        {
            brought.sound.extend_from_slice(&head[length..]);
            self.head = None;
        } else if head.len() > HEAD_BYTES_MAX {
            head.clear(); // no head: what follows is for nobody until another begins
        }
    }

    /// A packet of titles.
    fn beside(&mut self, payload: &[u8], begins: bool, brought: &mut Brought) {
        if begins {
            self.tag.clear();
        }
        if self.tag.len() + payload.len() > TAG_BYTES_MAX {
            return;
        }
        self.tag.extend_from_slice(payload);
        let Some(length) = head_bytes(&self.tag) else { return };
        let tag = self.tag.get(length..).unwrap_or_default();
        if id3::length(tag).is_some_and(|length| tag.len() >= length) {
            brought.title = id3::title(tag).or(brought.title.take());
            self.tag.clear();
        }
    }

    /// A packet of a table (2.4.4): read once it is whole.
    fn table(&mut self, number: u16, payload: &[u8], begins: bool) -> Result<(), &'static str> {
        if begins {
            let pointer = payload.first().map_or(0, |pointer| usize::from(*pointer));
            self.table = Table {
                of: number,
                bytes: payload.get(1 + pointer..).unwrap_or_default().to_vec(),
            };
        } else if self.table.of == number && !self.table.bytes.is_empty() {
            self.table.bytes.extend_from_slice(payload);
        }
        let [kind, high, low, ..] = *self.table.bytes.as_slice() else {
            return Ok(());
        };
        let length = 3 + (usize::from(high & 0x0f) << 8 | usize::from(low));
        if self.table.of != number || self.table.bytes.len() < length {
            if self.table.bytes.len() > TABLE_BYTES_MAX || length > TABLE_BYTES_MAX {
                self.table.bytes.clear();
            }
            return Ok(());
        }
        let table = std::mem::take(&mut self.table.bytes);
        // Behind eight bytes of header; before four of a check sum.
        let body = table.get(8..length.saturating_sub(4)).unwrap_or_default();
        match (number, kind) {
            (PROGRAMMES, 0) => {
                // Number 0 is no programme but a network.
                let mut programmes = body.chunks_exact(4).filter(|entry| entry[..2] != [0, 0]);
                self.programme = programmes.next().map(|entry| pid(entry[2], entry[3]));
                Ok(())
            }
            (_, 2) => self.programme(body),
            _ => Ok(()),
        }
    }

    /// What a programme has (2.4.4.8).
    fn programme(&mut self, body: &[u8]) -> Result<(), &'static str> {
        let about = body
            .get(2..4)
            .map_or(0, |two| usize::from(two[0] & 0x0f) << 8 | usize::from(two[1]));
        let mut rest = body.get(4 + about..).unwrap_or_default();
        let (mut sound, mut other, mut tags) = (None, None, None);
        while let [kind, high, low, more, length, ..] = *rest {
            let about = usize::from(more & 0x0f) << 8 | usize::from(length);
            rest = rest.get(5 + about..).unwrap_or_default();
            let number = pid(high, low);
            match kind {
                0x0f => sound = sound.or(Some((number, Kind::Adts))),
                0x03 | 0x04 => sound = sound.or(Some((number, Kind::Mp3))),
                0x15 => tags = tags.or(Some(number)),
                0x11 => other = Some("its sound is AAC in LATM"),
                0x81 | 0x87 | 0xc1 | 0xc2 => other = Some("its sound is Dolby's"),
                0xcf => other = Some("it is encrypted"),
                _ => {}
            }
        }
        if sound.is_none() {
            return Err(other.unwrap_or("there is no AAC and no MP3 in its transport stream"));
        }
        if self.sound != sound {
            (self.sound, self.head) = (sound, Some(Vec::new()));
        }
        self.tags = tags;
        Ok(())
    }
}

fn pid(high: u8, low: u8) -> u16 {
    u16::from(high & 0x1f) << 8 | u16::from(low)
}

/// How long the head of a packet of sound or titles is (2.4.3.6), once that is known.
fn head_bytes(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0, 0, 1, _, _, _, _, _, more, ..] => Some(9 + usize::from(*more)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(number: u16, begins: bool, payload: &[u8]) -> Vec<u8> {
        let [high, low] = number.to_be_bytes();
        let stuffing = PACKET_BYTES - 4 - payload.len();
        let mut packet = vec![SYNC, high | u8::from(begins) << 6, low, 0x10];
        if stuffing > 0 {
            packet[3] = 0x30;
            packet.push((stuffing - 1) as u8);
            packet.resize(4 + stuffing, 0);
        }
        packet.extend_from_slice(payload);
        packet
    }

    fn table(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = (5 + body.len() + 4) as u8;
        [&[0, kind, 0xb0, length, 0, 1, 0xc1, 0, 0], body, &[0; 4]].concat()
    }

    fn programme(streams: &[(u8, u16)]) -> Vec<u8> {
        let mut body = vec![0xe1, 0x00, 0xf0, 0x00];
        for (kind, number) in streams {
            let [high, low] = number.to_be_bytes();
            body.extend([*kind, high | 0xe0, low, 0xf0, 0x00]);
        }
        [
            packet(0, true, &table(0, &[0, 1, 0xe0, 0x20])),
            packet(0x20, true, &table(2, &body)),
        ]
        .concat()
    }

    fn stream() -> Vec<u8> {
        let head = [0, 0, 1, 0xc0, 0, 0, 0x80, 0, 2, 0xff, 0xff];
        [
            programme(&[(0x1b, 0x100), (0x0f, 0x101), (0x15, 0x102)]),
            packet(0x100, true, &[7; 184]),
            packet(0x101, true, &[&head[..], b"one "].concat()),
            packet(
                0x102,
                true,
                &[&head[..], b"ID3\x04\0\0\0\0\0\x0eTIT2\0\0\0\x04\0\0\x03Now"].concat(),
            ),
            packet(0x101, false, b"two "),
            // A head that is cut in two.
            packet(0x101, true, &head[..5]),
            packet(0x101, false, &[&head[5..], b"three"].concat()),
        ]
        .concat()
    }

    #[test]
    fn sound_and_titles_come_out_wherever_the_bytes_are_cut_and_behind_rubbish() {
        for (piece, before) in [(1, 0), (187, 0), (189, 0), (4_096, 0), (100, 50)] {
            let bytes = [vec![SYNC; before], stream()].concat();
            let (mut transport, mut sound, mut title) = (Transport::default(), Vec::new(), None);
            for bytes in bytes.chunks(piece) {
                let brought = transport.feed(bytes).expect("sound");
                sound.extend(brought.sound);
                title = brought.title.or(title);
            }
            assert_eq!(sound, b"one two three", "in pieces of {piece}");
            assert_eq!((title.as_deref(), transport.kind()), (Some("Now"), Some(Kind::Adts)));
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_named_and_damage_costs_itself() {
        for (kind, words) in [
            (0x11, "LATM"),
            (0x81, "Dolby"),
            (0xcf, "encrypted"),
            (0x1b, "no AAC and no MP3"),
        ] {
            let fault = Transport::default()
                .feed(&programme(&[(kind, 0x101)]))
                .expect_err("no sound");
            assert!(fault.contains(words), "{fault}");
        }
        let mut locked = stream();
        let at = 3 * PACKET_BYTES + 3;
        locked[at] |= 0x80;
        assert_eq!(
            Transport::default().feed(&locked).expect_err("locked"),
            "it is encrypted"
        );
        let whole = stream();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            let mut transport = Transport::default();
            let _ = transport.feed(&bytes); // no panic
            assert!(transport.table.bytes.len() <= TABLE_BYTES_MAX + PACKET_BYTES);
        }
    }
}
