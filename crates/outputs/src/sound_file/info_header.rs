//! The header that tells players how long an MP3 file is and what of it is silence: a silent MP3 frame with the fields
//! that Xing invented and LAME added to ("Mp3 Info Tag rev 1", gabriel.mp3-tech.org/mp3infotag.html).

use crate::encode::EncoderSettings;

/// The side information of a stereo frame of MPEG 1, after its header of four bytes.
const SIDE_BYTES: usize = 4 + 32;
/// Frames, bytes, a table of contents and a quality follow.
const ALL_FIELDS: u32 = 0x0f;
/// What LAME says of itself at quality 5.
const QUALITY: u32 = 55;
/// The encoder, as players know it that compensate for its delay.
const ENCODER: &[u8; 9] = b"LAME3.100";
/// Of the frame that holds the header of a file of variable bit rate, kbit/s.
const VARIABLE_KBIT: u16 = 128;
/// Entries of the table of contents.
const TABLE: usize = 100;
/// Places that are kept to make it of.
const PLACES: usize = 400;

/// Where the count of frames is; bytes and the table follow.
const FRAMES_AT: usize = SIDE_BYTES + 8;
const TABLE_AT: usize = FRAMES_AT + 8;
/// Where the bytes of the music are told again; its checksum and the header's own follow.
const MUSIC_AT: usize = TABLE_AT + TABLE + 4 + 9 + 1 + 9 + 1 + 1 + 3 + 4;

/// How many frames this MP3 frame tells of, if it is such a header of ours.
pub(super) fn frames_told(frame: &[u8]) -> Option<u32> {
    let is_header = matches!(frame.get(SIDE_BYTES..SIDE_BYTES + 4)?, b"Xing" | b"Info");
    let sum = u16::from_be_bytes(*frame.get(MUSIC_AT + 6..)?.first_chunk()?);
    let is_ours = is_header && crc16(0, &frame[..MUSIC_AT + 6]) == sum;
    let frames = u32::from_be_bytes(*frame[FRAMES_AT..].first_chunk()?);
    is_ours.then_some(frames)
}

/// The same header of a file of this extent, whose frames end at these places.
pub(super) fn completed(frame: &[u8], extent: &Extent, places: &[u64]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    let bytes = u32::try_from(extent.bytes + frame.len() as u64).unwrap_or(u32::MAX);
    let mut put = |at: usize, bytes: &[u8]| frame[at..at + bytes.len()].copy_from_slice(bytes);
    put(FRAMES_AT, &extent.frames.to_be_bytes());
    put(FRAMES_AT + 4, &bytes.to_be_bytes());
    put(TABLE_AT, &table(places));
    put(MUSIC_AT, &bytes.to_be_bytes());
    put(MUSIC_AT + 4, &extent.checksum.to_be_bytes());
    let sum = crc16(0, &frame[..MUSIC_AT + 6]);
    frame[MUSIC_AT + 6..MUSIC_AT + 8].copy_from_slice(&sum.to_be_bytes());
    frame
}

/// How far into the file, in 256ths of its bytes, each hundredth of its time is.
fn table(places: &[u64]) -> [u8; TABLE] {
    std::array::from_fn(|n| match places.last() {
        Some(all) if n > 0 => {
            let place = places[(n * places.len() / TABLE).min(places.len() - 1)];
            (place * 256 / all).min(255) as u8
        }
        _ => 0,
    })
}

/// How much of a file there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// MP3 frames, without the header's own.
    pub(super) frames: u32,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Their CRC-16.
    pub(super) checksum: u16,
    /// Frames of sound that the encoder added at the end.
    pub(super) padding: u16,
}

impl Extent {
    /// One more MP3 frame.
    pub(super) fn include(&mut self, frame: &[u8]) {
        self.frames += 1;
        self.bytes += frame.len() as u64;
        self.checksum = crc16(self.checksum, frame);
    }
}

/// What the header is made of.
pub(super) struct InfoHeader {
    head: [u8; 4],
    length: usize,
    variable: bool,
    kbit: u16,
    /// Where every so many frames ended.
    places: Vec<u64>,
    frames_a_place: u32,
    frames_since: u32,
    bytes: u64,
}

impl InfoHeader {
    pub(super) fn new(settings: &EncoderSettings) -> Self {
        const KBIT: [u16; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        let rate = settings.stream_rate();
        let kbit = if settings.variable {
            VARIABLE_KBIT
        } else {
            settings.bit_rate
        };
        let index = KBIT.iter().position(|known| *known == kbit).unwrap_or(0) as u8;
        let rate_index = match rate {
            44_100 => 0,
            48_000 => 1,
            _ => 2,
        };
        Self {
            head: [0xff, 0xfb, index << 4 | rate_index << 2, 0x44], // joint stereo, original
            length: (144_000 * u32::from(kbit) / rate) as usize,
            variable: settings.variable,
            kbit: settings.bit_rate,
            places: Vec::with_capacity(PLACES),
            frames_a_place: 1,
            frames_since: 0,
            bytes: 0,
        }
    }

    /// One more MP3 frame, for the table of contents.
    pub(super) fn note(&mut self, frame: &[u8]) {
        self.bytes += frame.len() as u64;
        self.frames_since += 1;
        if self.frames_since < self.frames_a_place {
            return;
        }
        self.frames_since = 0;
        self.places.push(self.bytes);
        if self.places.len() == PLACES {
            self.places = self.places.iter().skip(1).step_by(2).copied().collect();
            self.frames_a_place *= 2;
        }
    }

    /// The whole MP3 frame.
    pub(super) fn bytes(&self, extent: &Extent) -> Vec<u8> {
        let all_bytes = extent.bytes + self.length as u64;
        let fits = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes();
        let mut frame = Vec::with_capacity(self.length);
        frame.extend(self.head);
        frame.resize(SIDE_BYTES, 0);
        frame.extend(if self.variable { b"Xing" } else { b"Info" });
        frame.extend(ALL_FIELDS.to_be_bytes());
        frame.extend(extent.frames.to_be_bytes());
        frame.extend(fits(all_bytes));
        frame.extend(table(&self.places));
        frame.extend(QUALITY.to_be_bytes());
        frame.extend(ENCODER);
        frame.push(if self.variable { 2 } else { 1 }); // revision 0; average or constant bit rate
        frame.extend([0; 1 + 4 + 2 + 2]); // low-pass, peak and replay gains are not told
        frame.push(0);
        frame.push(u8::try_from(self.kbit).unwrap_or(u8::MAX));
        let delays = (crate::encode::LAME_DELAY as u32) << 12 | u32::from(extent.padding & 0xfff);
        frame.extend(&delays.to_be_bytes()[1..]);
        frame.extend([0; 2 + 2]); // no more about the source, the gain and the preset
        frame.extend(fits(all_bytes));
        frame.extend(extent.checksum.to_be_bytes());
        let checksum = crc16(0, &frame);
        frame.extend(checksum.to_be_bytes());
        debug_assert!(frame.len() <= self.length);
        frame.resize(self.length, 0);
        frame
    }
}

/// CRC-16 with the polynomial x^16 + x^15 + x^2 + 1, least significant bit first.
fn crc16(crc: u16, bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(crc, |crc, byte| crc >> 8 ^ CRC_TABLE[usize::from(crc as u8 ^ byte)])
}

const CRC_TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut crc = n as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard_s_example() {
        assert_eq!(crc16(0, b"123456789"), 0xbb3d);
    }
}
