//! MP3 and AAC without a container: frames one after the other that carry neither a number nor a time. Where some of them
//! begin is kept as they pass, so that a place once passed is found again at once, and one beyond at the speed of reading.

use std::io::{self, Read, Seek, SeekFrom};

/// A header of either kind fits in.
pub(crate) const HEADER_BYTES: usize = 7;
/// Bytes read at a time.
const WINDOW: usize = 1 << 16;
/// Every so many frames the place is kept: 100 kB for a day of MP3.
const INDEX_STEP: u64 = 512;
/// Where a header should be and is none, so many frames at most are counted as lost. Beyond, something stands there that was
/// never sound.
const LOST_MAX: u64 = 4;
/// The largest frame of MP3.
const INFO_BYTES: u64 = 1441;
/// Junk between two frames beyond which the file counts as ended: pictures and lyrics stand at the ends, not within.
const JUNK_MAX: u64 = 1 << 20;

/// What the frames are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mp3,
    Adts,
}

/// What one frame's header says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the frame, with its header.
    pub(crate) bytes: usize,
    /// Frames of sound in it.
    pub(super) frames: u32,
    /// What stays the same from one header to the next in one file.
    pub(crate) kind: u32,
    /// Hz.
    pub(crate) rate: u32,
    /// Channels; 0 where the header does not say.
    pub(crate) channels: u8,
}

/// The frames of a file.
pub(super) struct Bare<R> {
    source: R,
    /// Bytes of the file.
    length: u64,
    kind: Kind,
    first: Header,
    /// Number and offset of a frame in 512, as far as the file has been walked through.
    index: Vec<(u64, u64)>,
    /// Number and offset of the frame that is read next.
    next: (u64, u64),
    /// Part of the file, and its offset.
    window: Vec<u8>,
    window_at: u64,
}

impl<R: Read + Seek> Bare<R> {
    /// Frames from the first one behind `start` on. `None`: there is none.
    pub(super) fn new(mut source: R, kind: Kind, start: u64) -> io::Result<Option<Self>> {
        let mut bare = Self {
            length: source.seek(SeekFrom::End(0))?,
            source,
            kind,
            first: Header::default(),
            index: Vec::new(),
            next: (0, start),
            window: Vec::new(),
            window_at: 0,
        };
        let Some((at, first)) = bare.find(start, None)? else {
            return Ok(None);
        };
        bare.first = first;
        bare.next = (0, at);
        Ok(Some(bare))
    }

    /// Frames of sound in each frame.
    pub(super) fn frames_each(&self) -> u32 {
        self.first.frames
    }

    /// The next frame's number and bytes; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        let Some((number, at, header)) = self.step()? else {
            return Ok(None);
        };
        let bytes = self.bytes(at, header.bytes)?.to_vec();
        if bytes.len() < header.bytes {
            return Ok(None); // the file has become shorter
        }
        self.next = (number + 1, at + header.bytes as u64);
        Ok(Some((number, bytes)))
    }

    /// Makes the frame of this number the next one, or the first behind it if it is lost, or the end if there are not so
    /// many. Returns the next one's number.
    pub(super) fn seek(&mut self, number: u64) -> io::Result<u64> {
        let kept = self.index.partition_point(|(kept, _)| *kept <= number);
        if let Some(kept) = kept.checked_sub(1).and_then(|kept| self.index.get(kept))
            && (self.next.0 > number || self.next.0 < kept.0)
        {
            self.next = *kept;
        }
        while self.next.0 < number {
            let Some((passed, at, header)) = self.step()? else {
                break;
            };
            self.next = if passed < number {
                (passed + 1, at + header.bytes as u64)
            } else {
                (passed, at)
            };
        }
        Ok(self.next.0)
    }

    /// Whether the tag before the first frame (Xing's) speaks of much less than the file holds: another was put behind it.
    pub(super) fn is_appended_to(&mut self) -> io::Result<bool> {
        let start = self.next.1;
        let from = start.saturating_sub(INFO_BYTES);
        let before = self.bytes(from, (start - from) as usize)?;
        let tag = before.windows(4).rposition(|name| name == b"Xing" || name == b"Info");
        let number = |at: usize| before.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        // Two flags say that the number of frames and then that of bytes follow.
        let bytes = tag.filter(|at| number(at + 4).is_some_and(|flags| flags & 3 == 3));
        let bytes = bytes.and_then(|at| number(at + 12)).filter(|bytes| *bytes > 0);
        Ok(bytes.is_some_and(|bytes| (self.length - start) / 3 * 2 > u64::from(bytes)))
    }

    /// How many frames there are. Walks to the end of the file and back.
    pub(super) fn count(&mut self) -> io::Result<u64> {
        let next = self.next;
        let count = self.seek(u64::MAX);
        self.next = next;
        count
    }

    /// The next frame's number, where it begins, and its header. `None`: there is no whole one.
    fn step(&mut self) -> io::Result<Option<(u64, u64, Header)>> {
        let (next, expected) = self.next;
        let Some((at, header)) = self.find(expected, Some(self.first.kind))? else {
            return Ok(None);
        };
        let lost = (at - expected + header.bytes as u64 / 2) / header.bytes.max(1) as u64;
        let number = next + if lost > LOST_MAX { 0 } else { lost };
        if self.index.last().is_none_or(|(kept, _)| kept + INDEX_STEP <= number) {
            self.index.push((number, at));
        }
        Ok(Some((number, at, header)))
    }

    /// The first frame at or behind an offset. One that is not where it should be must be followed by another.
    fn find(&mut self, at: u64, kind: Option<u32>) -> io::Result<Option<(u64, Header)>> {
        for junk in 0..JUNK_MAX {
            let here = at + junk;
            let bytes = self.bytes(here, HEADER_BYTES)?;
            if bytes.len() < 4 {
                return Ok(None);
            }
            let Some(header) = self.header(here)? else {
                continue;
            };
            if kind.is_some_and(|kind| kind != header.kind) || here + header.bytes as u64 > self.length {
                continue;
            }
            if (junk == 0 && kind.is_some()) || self.is_followed(here, header)? {
                return Ok(Some((here, header)));
            }
        }
        Ok(None)
    }

    /// Whether the file ends with this frame or another like it follows.
    fn is_followed(&mut self, at: u64, header: Header) -> io::Result<bool> {
        let behind = at + header.bytes as u64;
        if behind == self.length {
            return Ok(true);
        }
        Ok(self.header(behind)?.is_some_and(|next| next.kind == header.kind))
    }

    fn header(&mut self, at: u64) -> io::Result<Option<Header>> {
        let kind = self.kind;
        let bytes = self.bytes(at, HEADER_BYTES)?;
        Ok(match kind {
            Kind::Mp3 => mp3_header(bytes),
            Kind::Adts => adts_header(bytes),
        })
    }

    /// So many bytes at an offset, fewer at the end of the file.
    fn bytes(&mut self, at: u64, count: usize) -> io::Result<&[u8]> {
        let window_end = self.window_at + self.window.len() as u64;
        if at < self.window_at || at + count as u64 > window_end {
            self.source.seek(SeekFrom::Start(at))?;
            self.window.resize(WINDOW, 0);
            let mut filled = 0;
            while filled < WINDOW {
                match self.source.read(&mut self.window[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.window.clear();
                        return Err(error);
                    }
                }
            }
            self.window.truncate(filled);
            self.window_at = at;
        }
        let rest = &self.window[(at - self.window_at) as usize..];
        Ok(&rest[..rest.len().min(count)])
    }
}

/// MPEG audio, layer III: ISO/IEC 11172-3, 2.4.1.3, and 13818-3 for the lower rates. One without a declared bit rate is none.
pub(crate) fn mp3_header(bytes: &[u8]) -> Option<Header> {
    const KBITS: [[u32; 15]; 2] = [
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    let [0xff, second, third, fourth, ..] = *bytes else {
        return None;
    };
    // Eleven bits of ones, then the version: 3 is MPEG 1, 2 is MPEG 2, 0 is 2.5.
    let version = second >> 3 & 3;
    if second & 0xe0 != 0xe0 || version == 1 || second >> 1 & 3 != 1 || fourth & 3 == 2 {
        return None;
    }
    let is_first = version == 3;
    let kbits = *KBITS[usize::from(is_first)].get(usize::from(third >> 4))?;
    let halved = match version {
        3 => 0,
        2 => 1,
        _ => 2,
    };
    let rate = RATES.get(usize::from(third >> 2 & 3))? >> halved;
    let padding = u32::from(third >> 1 & 1);
    let bytes_times = if is_first { 144 } else { 72 };
    let is_mono = fourth >> 6 == 3;
    (kbits > 0).then(|| Header {
        bytes: (bytes_times * kbits * 1000 / rate + padding) as usize,
        frames: if is_first { 1152 } else { 576 },
        kind: u32::from(second & 0xfe) << 8 | u32::from(third & 0x0c) | u32::from(is_mono),
        rate,
        channels: if is_mono { 1 } else { 2 },
    })
}

/// AAC's own: ISO/IEC 13818-7, 6.2. One block of 1024 frames each, as all encoders write it.
pub(crate) fn adts_header(bytes: &[u8]) -> Option<Header> {
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ];
    let [0xff, second, third, fourth, fifth, sixth, seventh] = *bytes else {
        return None;
    };
    let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let header_bytes = if second & 1 == 1 { 7 } else { 9 };
    let rate = *RATES.get(usize::from(third >> 2 & 15))?;
    let is_one = second & 0xf6 == 0xf0 && length > header_bytes && seventh & 3 == 0;
    is_one.then(|| Header {
        bytes: length,
        frames: 1024,
        // Rate, object type and channels.
        kind: u32::from(third & 0xfd) << 8 | u32::from(fourth & 0xc0),
        rate,
        channels: (third & 1) << 2 | fourth >> 6,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// MP3 frames of 128 kbit/s at 44100 Hz, stereo, each with its number behind its header.
    fn frames(count: u16) -> Vec<u8> {
        (0..count)
            .flat_map(|number| {
                let mut frame = vec![0; 417];
                frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x44]);
                frame[4..6].copy_from_slice(&number.to_be_bytes());
                frame
            })
            .collect()
    }

    fn number(frame: Option<(u64, Vec<u8>)>) -> Option<(u64, u16)> {
        frame.map(|(place, bytes)| (place, u16::from_be_bytes([bytes[4], bytes[5]])))
    }

    fn bare(bytes: Vec<u8>) -> Bare<Cursor<Vec<u8>>> {
        let bare = Bare::new(Cursor::new(bytes), Kind::Mp3, 0).expect("memory can be read");
        bare.expect("frames")
    }

    #[test]
    fn any_frame_is_found_whether_it_has_been_passed_or_not() {
        let mut bare = bare(frames(3000));
        assert_eq!(bare.count().expect("read"), 3000);
        for place in [2999_u64, 0, 511, 512, 513, 1024, 7, 2048] {
            assert_eq!(bare.seek(place).expect("read"), place);
            assert_eq!(number(bare.next().expect("read")), Some((place, place as u16)));
        }
        assert_eq!(bare.seek(5000).expect("read"), 3000);
        assert_eq!(bare.next().expect("read"), None);
    }

    #[test]
    fn junk_before_between_and_behind_is_passed_over_and_a_cut_frame_is_none() {
        let mut bytes = b"\xff\xfb\x90junk".to_vec();
        bytes.extend(frames(2));
        bytes.extend(b"x\xff\xfb\x90\x44 looks like a frame, but none follows");
        bytes.extend(frames(2));
        bytes.extend([0x55; 417 * 2]);
        bytes.extend(frames(2));
        bytes.truncate(bytes.len() - 1);
        let mut bare = bare(bytes);
        assert_eq!(bare.count().expect("read"), 7);
        let mut numbers = Vec::new();
        while let Some(number) = number(bare.next().expect("read")) {
            numbers.push(number);
        }
        // Two are lost, and the others keep their places.
        assert_eq!(numbers, [(0, 0), (1, 1), (2, 0), (3, 1), (6, 0)]);
        assert_eq!(bare.seek(5).expect("read"), 6);
    }
}
