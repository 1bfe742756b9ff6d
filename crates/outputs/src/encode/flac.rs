//! FLAC in Ogg (RFC 9639, 10.1): one FLAC frame a page, 85 ms at 48 kHz.
//!
//! A new title is a new logical stream, chained to the old one between two FLAC frames: it begins up to 85 ms late, and
//! no frame is lost or doubled.

use airdesk_dsp::{Frame, SampleRate};
use ogg::PacketWriteEndInfo;

use super::comments::VENDOR;
use super::flac_frames::{FLAC_BLOCK, FlacFrames, StreamInfo};
use super::logical_stream::LogicalStream;
use super::{Codec, Comments, EncodedPacket, EncoderError, FlacDepth, StreamEncoder};
use crate::title::Title;

/// A metadata block's type, and the bit that says that it is the last.
const STREAMINFO: u8 = 0;
const COMMENT: u8 = 4;
const LAST: u8 = 0x80;

/// An Ogg FLAC stream.
pub struct FlacEncoder {
    frames: FlacFrames,
    info: StreamInfo,
    stream: LogicalStream,
    /// Frames written in this logical stream: the granule position.
    granule: u64,
    comments: Comments,
    /// A title that begins with the FLAC frame after next.
    next_title: Option<Title>,
    opened: bool,
}

impl FlacEncoder {
    /// Makes one, for a desk at `rate`.
    ///
    /// # Errors
    /// When FLAC streams have no such rate.
    pub(crate) fn new(depth: FlacDepth, rate: SampleRate, comments: Comments) -> Result<Self, EncoderError> {
        Ok(Self {
            frames: FlacFrames::new(depth, rate),
            info: StreamInfo::new(depth, rate),
            stream: LogicalStream::new(),
            granule: 0,
            comments,
            next_title: None,
            opened: false,
        })
    }

    fn broke(&self, reason: impl std::fmt::Display) -> EncoderError {
        EncoderError::codec(Codec::Flac(self.info.depth), reason)
    }

    /// Writes the header pages of a logical stream.
    fn open(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        let mut head = b"\x7fFLAC\x01\x00\x00\x01fLaC".to_vec(); // mapping 1.0, one header packet more
        head.extend([STREAMINFO, 0, 0, StreamInfo::BYTES as u8]);
        head.extend(self.info.body());
        let comments = self.comments.block(VENDOR);
        let mut block = vec![COMMENT | LAST];
        block.extend(&(comments.len() as u32).to_be_bytes()[1..]);
        block.extend(comments);
        self.write(head, PacketWriteEndInfo::EndPage)?;
        self.write(block, PacketWriteEndInfo::EndPage)?;
        packets.push(EncodedPacket::opening(self.stream.take_pages()));
        self.opened = true;
        Ok(())
    }

    fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo) -> Result<(), EncoderError> {
        let written = self.stream.write(packet, end, self.granule);
        written.map_err(|error| self.broke(error))
    }

    fn write_frame(&mut self, end: PacketWriteEndInfo, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        let count = self.frames.waiting().min(FLAC_BLOCK);
        let frame = self.frames.next()?;
        self.granule += count as u64;
        self.write(frame, end)?;
        packets.push(EncodedPacket::audio(self.stream.take_pages(), count as u32));
        Ok(())
    }

    fn begin_logical_stream(&mut self, title: &Title, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        self.stream.begin_next();
        self.frames.restart();
        self.granule = 0;
        self.comments.set_title(title);
        self.open(packets)
    }
}

impl StreamEncoder for FlacEncoder {
    fn encode(&mut self, frames: &[Frame], packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if !self.opened {
            self.open(packets)?;
        }
        self.frames.push(frames);
        // One frame is always kept back, so that there is something left to end the stream with.
        while self.frames.has_more_than_one() {
            if let Some(title) = self.next_title.take() {
                self.write_frame(PacketWriteEndInfo::EndStream, packets)?;
                self.begin_logical_stream(&title, packets)?;
            } else {
                self.write_frame(PacketWriteEndInfo::EndPage, packets)?;
            }
        }
        Ok(())
    }

    fn set_title(&mut self, title: &Title) {
        if !self.opened {
            self.comments.set_title(title);
        } else if !self.comments.say(title) {
            self.next_title = Some(title.clone());
        } else {
            self.next_title = None;
        }
    }

    fn finish(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if self.frames.waiting() > 0 {
            self.write_frame(PacketWriteEndInfo::EndStream, packets)?;
        }
        Ok(())
    }

    fn wanted(&self) -> usize {
        (FLAC_BLOCK + 1).saturating_sub(self.frames.waiting())
    }

    fn stream_rate(&self) -> u32 {
        self.info.rate.hz()
    }
}
