//! Where the frames of an MP3 stream begin and end (ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3; ISO/IEC 13818-3 for the lower
//! rates). A frame counts once another one like it follows: what looks like a header in between is not one.

/// A header.
const HEADER_BYTES: usize = 4;
/// The longest frame, bytes: 320 kbit/s at 32 kHz, padded.
const FRAME_BYTES_MAX: usize = 1441;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) rate: u32,
    pub(super) is_mono: bool,
    length: usize,
}

/// Finds frames in bytes.
#[derive(Debug, Default)]
pub(super) struct Frames {
    waiting: Vec<u8>,
}

impl Frames {
    /// Takes bytes, and hands on the frames that are whole and followed by another.
    pub(super) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Header, &[u8])) {
        self.waiting.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(rest) = self.waiting.get(at..).filter(|rest| rest.len() >= HEADER_BYTES) {
            let Some(header) = header(rest) else {
                at += 1;
                continue;
            };
            let Some(next) = rest.get(header.length..header.length + HEADER_BYTES) else {
                break; // the rest has to come
            };
            if self::header(next).is_some_and(|next| (next.rate, next.is_mono) == (header.rate, header.is_mono)) {
                each(header, &rest[..header.length]);
                at += header.length;
            } else {
                at += 1;
            }
        }
        self.waiting.drain(..at);
        debug_assert!(
            self.waiting.len() <= FRAME_BYTES_MAX + 2 * HEADER_BYTES,
            "what is kept is less than a frame"
        );
    }
}

/// The header of layer III that `bytes` begin with.
fn header(bytes: &[u8]) -> Option<Header> {
    /// kbit/s of MPEG-1, and of MPEG-2 and its extension for lower rates.
    const FULL: [u32; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const LOW: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    let [first, second, third, fourth] = *bytes.first_chunk::<HEADER_BYTES>()?;
    if first != 0xff || second & 0xe6 != 0xe2 {
        return None; // no sync word, or not layer III
    }
    let rate = *RATES.get(usize::from(third >> 2 & 3))?;
    let (rate, is_full) = match second >> 3 & 3 {
        0 => (rate / 4, false),
        2 => (rate / 2, false),
        3 => (rate, true),
        _ => return None,
    };
    let place = usize::from(third >> 4).checked_sub(1)?; // 0 is a rate that is not told
    let kbit = *if is_full { FULL } else { LOW }.get(place)?;
    let bytes_a_kbit = if is_full { 144_000 } else { 72_000 };
    let length = kbit * bytes_a_kbit / rate + u32::from(third >> 1 & 1);
    Some(Header {
        rate,
        is_mono: fourth >> 6 == 3,
        length: usize::try_from(length).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 128 kbit/s at 48 kHz.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0xff, 0xfb, 0x94, 0x00];
        frame.resize(384, 0x55);
        frame.repeat(count)
    }

    fn found(stream: &[u8], piece: usize) -> Vec<usize> {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for bytes in stream.chunks(piece) {
            frames.feed(bytes, |header, frame| {
                assert_eq!((header.rate, header.is_mono), (48_000, false));
                found.push(frame.len());
            });
        }
        found
    }

    #[test]
    fn frames_are_found_from_any_byte_on_and_behind_what_only_looks_like_one() {
        let stream = frames(10);
        for piece in [1, 100, 5000] {
            assert_eq!(found(&stream, piece), [384; 9], "the last one waits for another");
        }
        assert_eq!(found(&stream[100..], 100), [384; 8]);
        let tagged = [b"ID3\xff\xfb\x94\x00 not a frame".as_slice(), &stream].concat();
        assert_eq!(found(&tagged, 64), [384; 9]);
        assert_eq!(found(&[0xff; 100_000], 4096), [0; 0]);
        assert_eq!(found(&b"<html>\xff\xe3 no music here".repeat(1000), 4096), [0; 0]);
    }

    #[test]
    fn lower_rates_are_known_too() {
        let half = header(&[0xff, 0xf3, 0x84, 0xc0]).expect("MPEG-2, 64 kbit/s, 24 kHz, mono");
        assert_eq!((half.rate, half.is_mono, half.length), (24_000, true, 192));
        assert_eq!(header(&[0xff, 0xfd, 0x94, 0x00]), None, "layer II");
        assert_eq!(header(&[0xff, 0xfb, 0xf4, 0x00]), None, "no such bit rate");
    }
}
