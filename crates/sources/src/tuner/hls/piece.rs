//! One piece: asked for, or for what of it has not come; its tags taken off, and the rest decoded as it comes.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::list::{File, Piece};
use super::{Listener, Progress, Stream, Told, moved};
use crate::decode::bare::{HEADER_BYTES, Kind, adts_header, mp3_header};
use crate::tuner::address::Address;
use crate::tuner::decode::{Decoder, Heard};
use crate::tuner::error::TuneError;
use crate::tuner::sort::Sort;
use crate::tuner::transport;
use crate::tuner::tune::{self, Opened};

/// Bytes of what comes before pieces, and of a piece: two hours of FLAC.
const OPENING_BYTES_MAX: u64 = 1 << 20;
const PIECE_BYTES_MAX: u64 = 1 << 30;
/// What has to be there to tell one kind of piece from another.
const FIRST_BYTES: usize = 16;
/// How many times the limit for the first byte a piece may take without a sound.
const SOUNDLESS_LIMITS: u32 = 3;

impl<L: Listener> Stream<'_, L> {
    /// Takes what has not come of a piece, and decodes it.
    pub(super) fn transfer(&mut self, piece: &Piece, progress: &mut Progress) -> Result<(), TuneError> {
        if let Some(opening) = &piece.opening
            && self.opening.as_ref().is_none_or(|(known, _)| known != opening)
        {
            let mut bytes = Vec::new();
            self.take(opening, 0, OPENING_BYTES_MAX, |_, piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })?;
            self.opening = Some((opening.clone(), bytes));
        }
        let done = progress.done;
        progress.fruitful = Instant::now();
        let limit = self.settings.limits.first_byte * SOUNDLESS_LIMITS;
        self.take(&piece.file, done, PIECE_BYTES_MAX, |stream, bytes| {
            progress.done += bytes.len() as u64;
            stream.decode(piece, bytes, progress)?;
            stream.look_after(progress, limit)
        })?;
        let mut rest = Vec::new();
        progress.untagged.rest(&mut rest);
        self.sorted(piece, &rest, true, progress)
    }

    /// A server that gives a byte now and then gives nothing.
    fn look_after(&self, progress: &Progress, limit: Duration) -> Result<(), TuneError> {
        if progress.fruitful.elapsed() < limit {
            return Ok(());
        }
        Err(TuneError::Stalled {
            host: self.base.to_string(),
            seconds: limit.as_secs_f64(),
        })
    }

    /// Gives the bytes of a file, but for the first `done`, as they come.
    fn take(
        &mut self,
        file: &File,
        done: u64,
        most: u64,
        mut give: impl FnMut(&mut Self, &[u8]) -> Result<(), TuneError>,
    ) -> Result<(), TuneError> {
        let address = moved(&self.base, &file.uri)?;
        let host = address.to_string();
        let part = file
            .range
            .map(|(from, length)| (from + done, length.saturating_sub(done)));
        if part.is_some_and(|(_, length)| length == 0) {
            return Ok(());
        }
        let mut opened = self.open(address, part)?;
        let (mut skip, mut left) = part.map_or((done, u64::MAX), |(_, length)| (0, length));
        let (mut bytes, mut count) = (std::mem::take(&mut opened.first), done);
        loop {
            let is_last = opened.connection.is_over();
            let passed = bytes.len().min(usize::try_from(skip).unwrap_or(usize::MAX));
            let now = &bytes[passed..];
            let now = &now[..now.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            (skip, left) = (skip - passed as u64, left - now.len() as u64);
            count += now.len() as u64;
            if count > most {
                return Err(self.undecodable("a piece of it has no end"));
            }
            if !now.is_empty() {
                give(self, now)?;
            }
            if left == 0 || (is_last && part.is_none()) {
                return Ok(());
            }
            bytes.clear();
            let stall = self.settings.limits.stall;
            let read = if is_last {
                Err(opened.connection.over())
            } else {
                opened.connection.read(&mut bytes, stall, self.patience)
            };
            match read {
                Ok(()) => {}
                Err(TuneError::Over { .. }) if opened.connection.ends_by_closing() && part.is_none() => return Ok(()),
                Err(TuneError::Over { .. } | TuneError::CutOff { .. }) => {
                    return Err(TuneError::Lost {
                        host,
                        reason: "it was closed before the end of a piece".into(),
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for a file, or for so many bytes from a place in it.
    fn open(&mut self, address: Address, part: Option<(u64, u64)>) -> Result<Opened, TuneError> {
        let host = address.to_string();
        let headers = part.map(|(from, length)| format!("Range: bytes={from}-{}\r\n", from + length - 1));
        let headers = headers.unwrap_or_default();
        let opened = tune::open(self.settings, self.patience, self.reach, address, &headers)?;
        if let Some((from, _)) = part {
            let range = opened.reply.header("content-range").unwrap_or_default();
            if opened.reply.status != 206 || !range.starts_with(&format!("bytes {from}-")) {
                return Err(TuneError::NoServer {
                    host,
                    why: "its pieces are parts of a file, and it does not send parts",
                });
            }
        }
        if std::mem::take(&mut self.is_broken) {
            self.listener.tell(Told::Comes);
        }
        Ok(opened)
    }

    fn decode(&mut self, piece: &Piece, bytes: &[u8], progress: &mut Progress) -> Result<(), TuneError> {
        let mut sound = Vec::new();
        if let Some(title) = progress.untagged.take(bytes, &mut sound) {
            self.listener.tell(Told::Title(title));
        }
        self.sorted(piece, &sound, false, progress)
    }

    /// Decodes what is no tag, once it is known what it is. `is_last`: the piece ends here.
    fn sorted(&mut self, piece: &Piece, bytes: &[u8], is_last: bool, progress: &mut Progress) -> Result<(), TuneError> {
        let Some(first) = &mut progress.first else {
            return self.feed(bytes, false, progress);
        };
        first.extend_from_slice(bytes);
        if first.is_empty() || (first.len() < FIRST_BYTES && !is_last) {
            return Ok(());
        }
        let first = progress.first.take().unwrap_or_default();
        let sort = sort_of(&first, piece).map_err(|why| self.undecodable(why))?;
        self.prepare(sort, piece, progress)?;
        self.feed(&first, false, progress)
    }

    /// Has a decoder for the piece: the one there is where the piece goes on, else another.
    fn prepare(&mut self, sort: Sort, piece: &Piece, progress: &mut Progress) -> Result<(), TuneError> {
        let goes_on = self.decoder.as_ref().is_some_and(|(known, _)| *known == sort);
        if !goes_on || piece.breaks {
            self.finish()?;
            self.decoder = Some((sort, Decoder::new(sort)));
        }
        if let Some(title) = &piece.title {
            self.listener.tell(Told::Title(title.clone()));
        }
        self.next_piece();
        if let Some((opening, bytes)) = self.opening.clone()
            && piece.opening.as_ref() == Some(&opening)
            && self.opened_with.as_ref() != Some(&opening)
        {
            self.feed(&bytes, false, progress)?;
            self.next_piece();
            self.opened_with = Some(Rc::clone(&opening));
        }
        Ok(())
    }

    fn next_piece(&mut self) {
        if let Some((_, decoder)) = &mut self.decoder {
            decoder.next_piece();
        }
    }

    /// Decodes bytes and gives on what they bring; a part at a time, each once there is room.
    pub(super) fn feed(&mut self, bytes: &[u8], is_last: bool, progress: &mut Progress) -> Result<(), TuneError> {
        let Some((_, decoder)) = &mut self.decoder else {
            return Ok(());
        };
        let mut bytes = bytes;
        loop {
            let began = Instant::now();
            let mut heard = Heard::default();
            let outcome = decoder.feed(bytes, is_last, &mut heard);
            let took = began.elapsed().as_secs_f64();
            if let Some(title) = heard.title.take() {
                self.listener.tell(Told::Title(title));
            }
            let frames = heard.frames();
            self.listener.hear(decoder.codec(), heard, bytes.len(), took)?;
            if frames > 0 {
                progress.frames += frames;
                progress.fruitful = Instant::now();
            }
            bytes = &[];
            match outcome {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(why) => return Err(self.undecodable(why)),
            }
        }
    }
}

/// What a piece is: by its first bytes, and where those do not tell by what its list says.
fn sort_of(first: &[u8], piece: &Piece) -> Result<Sort, &'static str> {
    let path = piece.file.uri.split(['?', '#']).next().unwrap_or_default();
    let ends = |ending: &str| path.to_ascii_lowercase().ends_with(ending);
    let header = first.get(..HEADER_BYTES).unwrap_or_default();
    match first {
        [transport::SYNC, ..] => Ok(Sort::Transport),
        [_, _, _, _, b'f' | b's', b't', b'y', b'p', ..] => Ok(Sort::Fragments),
        [_, _, _, _, kind @ ..]
            if [b"moov", b"moof", b"sidx", b"emsg", b"prft"]
                .iter()
                .any(|box_kind| kind.starts_with(*box_kind)) =>
        {
            Ok(Sort::Fragments)
        }
        _ if adts_header(header).is_some() => Ok(Sort::Frames(Kind::Adts)),
        _ if mp3_header(first).is_some() => Ok(Sort::Frames(Kind::Mp3)),
        [b'W', b'E', b'B', b'V', b'T', b'T', ..] => Err("its pieces are subtitles"),
        _ if piece.opening.is_some() => Ok(Sort::Fragments),
        _ if ends(".aac") => Ok(Sort::Frames(Kind::Adts)),
        _ if ends(".mp3") => Ok(Sort::Frames(Kind::Mp3)),
        _ if ends(".ts") => Ok(Sort::Transport),
        _ => Err("its pieces are neither AAC, MP3, MPEG transport stream nor fragmented MP4"),
    }
}
