//! The sound of fragmented MP4 as it comes (ISO/IEC 14496-12; CMAF, 23000-19): AAC, MP3, Opus, FLAC and ALAC, of the first track that
//! has any. Untrusted: what describes sound has 1 MiB at most, a packet too, and what is larger is left out or given up.

use std::collections::VecDeque;

use super::id3;

mod fragment;
mod track;

use track::Track;

/// Bytes of a box that is read as a whole.
const BOX_BYTES_MAX: u64 = 1 << 20;
/// Bytes of an event in which a title is looked for.
const EVENT_BYTES_MAX: u64 = 64 * 1024;

/// A packet, and how much of it is heard, in frames of the track's own clock.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    /// Where its sound begins, by the track's clock.
    pub(super) at: u64,
    /// How long it is; 0: that is not said.
    pub(super) lasts: u32,
}

/// Where a packet is among the bytes of its piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placed {
    from: u64,
    size: u32,
    at: u64,
    lasts: u32,
}

/// What some bytes have brought, in order.
#[derive(Debug)]
pub(super) enum Brought {
    /// What follows is of this track.
    Track(Track),
    Packet(Packet),
    Title(String),
}

/// Takes packets out of boxes.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    /// Where it is in the piece: bytes before what comes next.
    place: u64,
    part: Part,
    /// Of the fragment that is there.
    placed: VecDeque<Placed>,
    packet: Vec<u8>,
    track: Option<track::Clockwork>,
    /// Bytes that are no sound.
    apart: usize,
}

/// What comes next.
#[derive(Debug)]
enum Part {
    /// A box's header, as far as it has come, and where it begins.
    Header(Vec<u8>),
    /// A box that is read as a whole.
    Whole {
        kind: [u8; 4],
        begins: u64,
        left: u64,
        bytes: Vec<u8>,
    },
    /// So many bytes of packets.
    Media(u64),
    /// So many of anything else.
    Other(u64),
}

impl Default for Part {
    fn default() -> Self {
        Self::Header(Vec::new())
    }
}

impl Fragments {
    /// Another piece begins, with a box.
    pub(super) fn next_piece(&mut self) {
        self.place = 0;
        self.part = Part::default();
        self.placed.clear();
        self.packet.clear();
    }

    /// Bytes that were no sound, since this was asked last.
    pub(super) fn take_apart(&mut self) -> usize {
        std::mem::take(&mut self.apart)
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// When there is no sound in it that can be decoded.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<Brought>, &'static str> {
        let mut brought = Vec::new();
        while !bytes.is_empty() {
            let count = match &mut self.part {
                Part::Header(header) => {
                    header.push(bytes[0]);
                    1
                }
                Part::Whole { left, bytes: whole, .. } => {
                    let now = within(bytes, *left);
                    whole.extend_from_slice(now);
                    *left -= now.len() as u64;
                    self.apart += now.len();
                    now.len()
                }
                Part::Media(left) => {
                    let now = within(bytes, *left);
                    *left -= now.len() as u64;
                    let length = now.len();
                    self.media(now, &mut brought);
                    length
                }
                Part::Other(left) => {
                    let now = within(bytes, *left);
                    *left -= now.len() as u64;
                    self.apart += now.len();
                    now.len()
                }
            };
            bytes = &bytes[count..];
            self.place += count as u64;
            self.turn(&mut brought)?;
        }
        Ok(brought)
    }

    /// Goes on to the next part, where one is over.
    fn turn(&mut self, brought: &mut Vec<Brought>) -> Result<(), &'static str> {
        match &mut self.part {
            Part::Header(header) => {
                if let Some((size, kind)) = header_of(header)? {
                    let left = size - header.len() as u64;
                    let begins = self.place - header.len() as u64;
                    self.part = self.part_of(kind, begins, left)?;
                    return self.turn(brought); // a box may be empty
                }
            }
            Part::Whole { left: 0, .. } => {
                if let Part::Whole {
                    kind, begins, bytes, ..
                } = std::mem::take(&mut self.part)
                {
                    self.read(kind, begins, &bytes, brought)?;
                }
            }
            Part::Media(0) | Part::Other(0) => self.part = Part::default(),
            _ => {}
        }
        Ok(())
    }

    fn part_of(&self, kind: [u8; 4], begins: u64, left: u64) -> Result<Part, &'static str> {
        let is_event = &kind == b"emsg" && left <= EVENT_BYTES_MAX;
        if matches!(&kind, b"moov" | b"moof") || is_event {
            if left > BOX_BYTES_MAX {
                return Err("what describes its sound is larger than any is");
            }
            return Ok(Part::Whole {
                kind,
                begins,
                left,
                bytes: Vec::new(),
            });
        }
        Ok(match &kind {
            b"mdat" => Part::Media(left),
            _ => Part::Other(left),
        })
    }

    fn read(
        &mut self,
        kind: [u8; 4],
        begins: u64,
        bytes: &[u8],
        brought: &mut Vec<Brought>,
    ) -> Result<(), &'static str> {
        match &kind {
            b"moov" => {
                let (track, clockwork) = track::of(bytes)?;
                self.track = Some(clockwork);
                brought.push(Brought::Track(track));
            }
            b"moof" => {
                let track = self
                    .track
                    .as_ref()
                    .ok_or("what describes its sound is missing (EXT-X-MAP)")?;
                self.placed = fragment::packets(bytes, begins, track)?.into();
                self.packet.clear();
            }
            _ => {
                let tag = bytes.windows(id3::TAG.len()).position(|begin| begin == id3::TAG);
                let title = tag.and_then(|at| id3::title(&bytes[at..]));
                brought.extend(title.map(Brought::Title));
            }
        }
        Ok(())
    }

    /// Bytes among which packets are, the first of them at [`Self::place`].
    fn media(&mut self, bytes: &[u8], brought: &mut Vec<Brought>) {
        let end = self.place + bytes.len() as u64;
        while let Some(next) = self.placed.front().copied() {
            let from = next.from + self.packet.len() as u64;
            if from < self.place {
                // Where it is said to be has passed.
                self.placed.pop_front();
                self.packet.clear();
                continue;
            }
            let Some(rest) = bytes.get((from - self.place) as usize..).filter(|_| from < end) else {
                break;
            };
            let missing = next.size as usize - self.packet.len();
            self.packet.extend_from_slice(&rest[..rest.len().min(missing)]);
            if self.packet.len() < next.size as usize {
                break;
            }
            self.placed.pop_front();
            brought.push(Brought::Packet(Packet {
                bytes: std::mem::take(&mut self.packet),
                at: next.at,
                lasts: next.lasts,
            }));
        }
    }
}

fn within(bytes: &[u8], left: u64) -> &[u8] {
    &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))]
}

/// The size of a box with its header, and what it is; `None` while its header is not whole.
fn header_of(header: &[u8]) -> Result<Option<(u64, [u8; 4])>, &'static str> {
    let Some((size, rest)) = header.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let Some(kind) = rest.first_chunk::<4>() else {
        return Ok(None);
    };
    let size = match u32::from_be_bytes(*size) {
        0 => u64::MAX, // to the end
        1 => match header.get(8..16).and_then(|size| size.first_chunk::<8>()) {
            Some(size) => u64::from_be_bytes(*size),
            None => return Ok(None),
        },
        size => size.into(),
    };
    if size < header.len() as u64 {
        return Err("its boxes have no size");
    }
    Ok(Some((size, *kind)))
}

/// The boxes that stand one after the other in `bytes`: what they are, and what is in them.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, rest) = bytes.split_first_chunk::<4>()?;
        let kind = *rest.first_chunk::<4>()?;
        let size = match u32::from_be_bytes(*size) {
            0 => bytes.len(),
            size => size as usize,
        };
        let (this, rest) = bytes.split_at_checked(size.max(8))?;
        bytes = rest;
        Some((kind, &this[8..]))
    })
}

/// What is in the first box of each kind, one inside the other.
fn inside<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, kind| {
        Some(boxes(bytes).find(|(found, _)| found == *kind)?.1)
    })
}

/// A number of so many bytes, the high byte first.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests;
