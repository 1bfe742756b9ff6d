//! A FLAC file (RFC 9639) that is valid after every commit: whole FLAC frames, and then their count in the header.
//!
//! The header keeps 16 KiB for chapters. While it grows it has no checksum of the whole; its end gives it one. A decoder
//! stops at the count; of a frame that was cut off behind it the reference decoder complains once it has decoded the others.

use std::fs::File;
use std::io;

use airdesk_dsp::Frame;

use super::comments::{comments, push_chapter};
use super::front::{FRONT_BYTES, replace};
use super::tail::Tail;
use super::{Closing, Opening, SoundFile};
use crate::encode::{Comments, FLAC_BLOCK, FlacDepth, FlacFrames, StreamInfo, VENDOR};

/// A metadata block's header: its type and 24 bits of length.
const BLOCK_HEADER: usize = 4;
/// Where the stream information's body is.
const INFO_AT: usize = 4 + BLOCK_HEADER;
/// What the comments may take: the room without the other blocks and their headers.
const COMMENT_BYTES_MAX: usize = FRONT_BYTES - (INFO_AT + StreamInfo::BYTES) - 2 * BLOCK_HEADER;
const PADDING: u8 = 1;
const COMMENT: u8 = 4;
const LAST: u8 = 0x80;

/// The file.
pub(super) struct FlacFile {
    tail: Tail<u64>,
    frames: FlacFrames,
    /// As the header in the file says it.
    info: StreamInfo,
    comments: Comments,
    /// Of all frames that were pushed.
    md5: md5::Context,
    pushed: u64,
    in_packets: u64,
}

impl FlacFile {
    /// Writes the header of an empty file.
    pub(super) fn create(file: File, depth: FlacDepth, opening: &Opening) -> io::Result<Self> {
        let info = StreamInfo::new(depth, opening.rate);
        let comments = comments(opening);
        let tail = Tail::create(file, &front(&info, &comments), 0)?;
        Ok(Self {
            tail,
            frames: FlacFrames::new(depth, opening.rate),
            info,
            comments,
            md5: md5::Context::new(),
            pushed: 0,
            in_packets: 0,
        })
    }

    /// Makes a FLAC frame of what waits: a whole one, or at the end what is left.
    fn make_frame(&mut self) -> io::Result<()> {
        self.in_packets += self.frames.waiting().min(FLAC_BLOCK) as u64;
        let frame = self.frames.next().map_err(io::Error::other)?;
        self.tail.push(&frame, self.in_packets);
        Ok(())
    }

    /// Makes the header say what is in the file.
    fn tell(&mut self) -> io::Result<()> {
        let info = StreamInfo {
            frames: *self.tail.reached(),
            ..self.info
        };
        if info != self.info {
            self.tail.overwrite(INFO_AT as u64, &info.body())?;
            self.info = info;
        }
        Ok(())
    }

    /// The comments with as many chapters as there is room for.
    fn with_chapters(&self, closing: &Closing) -> Comments {
        let mut all = self.comments.clone();
        for (number, mark) in closing.marks.iter().enumerate() {
            let before = all.clone();
            push_chapter(&mut all, number, mark, self.info.rate.hz());
            if all.block(VENDOR).len() > COMMENT_BYTES_MAX {
                return before;
            }
        }
        all
    }
}

impl SoundFile for FlacFile {
    fn push(&mut self, frames: &[Frame]) -> io::Result<()> {
        let bytes = usize::from(self.info.depth.bits() / 8);
        let mut raw = Vec::with_capacity(frames.len() * 2 * bytes);
        for sample in self.frames.push(frames) {
            raw.extend_from_slice(&sample.to_le_bytes()[..bytes]);
        }
        self.md5.consume(&raw);
        self.pushed += frames.len() as u64;
        while self.frames.has_more_than_one() {
            self.make_frame()?;
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.tail.pending()
    }

    fn commit(&mut self) -> io::Result<()> {
        let written = self.tail.commit();
        self.tell().and(written)
    }

    fn trim(&mut self) -> io::Result<()> {
        self.tail.trim()?;
        self.tell()
    }

    fn finish(&mut self, closing: &Closing) -> io::Result<()> {
        if self.frames.waiting() > 0 {
            self.make_frame()?;
        }
        self.commit()?;
        let info = StreamInfo {
            md5: self.md5.clone().finalize().0,
            ..self.info
        };
        let front = front(&info, &self.with_chapters(closing));
        replace(&mut self.tail, &front)?;
        self.info = info;
        Ok(())
    }

    fn frames(&self) -> u64 {
        self.info.frames
    }

    fn bytes_on_disk(&self) -> u64 {
        self.tail.bytes_on_disk()
    }
}

/// All bytes before the first FLAC frame.
fn front(info: &StreamInfo, comments: &Comments) -> Vec<u8> {
    let mut front = b"fLaC".to_vec();
    let mut block = |kind: u8, body: &[u8]| {
        front.push(kind);
        front.extend(&(body.len() as u32).to_be_bytes()[1..]);
        front.extend(body);
    };
    let comments = comments.block(VENDOR);
    block(0, &info.body());
    block(COMMENT, &comments);
    block(
        PADDING | LAST,
        &vec![0; COMMENT_BYTES_MAX.saturating_sub(comments.len())],
    );
    debug_assert_eq!(front.len(), FRONT_BYTES);
    front
}
