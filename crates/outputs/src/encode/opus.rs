//! Ogg Opus by libopus (RFC 6716, RFC 7845): 20 ms packets, five to a page, so a page leaves every 100 ms.
//!
//! Ogg carries a title in the headers of a logical stream; a new title is a new logical stream chained to
//! the old one. The seam is exact: the old stream's last packet is the new stream's first audio, cut off
//! by the end's granule position, and the new encoder's delay is its pre-skip.

use airdesk_dsp::Frame;
use ogg::PacketWriteEndInfo;

use super::logical_stream::LogicalStream;
use super::rate::RateBridge;
use super::{Codec, Comments, EncodedPacket, EncoderError, EncoderSettings, StreamEncoder};
use crate::title::Title;

/// Opus's rate.
const RATE: u32 = 48_000;
/// Frames in a packet: 20 ms.
const PACKET_FRAMES: usize = 960;
/// Packets in a page: 100 ms.
const PAGE_PACKETS: u32 = 5;
/// Packets at the start of a logical stream that can be decoded without those before.
const INDEPENDENT_PACKETS: u64 = 2;
/// The longest an Opus packet of 20 ms can be (RFC 6716, 3.2.1), rounded up.
const PACKET_BYTES_MAX: usize = 4_000;

/// An Ogg Opus stream.
pub struct OpusEncoder {
    codec: opus::Encoder,
    bridge: RateBridge,
    run: Vec<Frame>,
    stream: LogicalStream,
    pre_skip: u16,
    /// Frames encoded in this logical stream, its pre-skip included: the granule position.
    granule: u64,
    /// Packets in the page that is being filled.
    in_page: u32,
    comments: Comments,
    /// A title that begins with the next packet.
    next_title: Option<Title>,
    desk_rate: u32,
    opened: bool,
    buffer: Vec<u8>,
}

impl OpusEncoder {
    /// Makes one.
    ///
    /// # Errors
    /// When libopus refuses.
    pub(crate) fn new(settings: &EncoderSettings, comments: Comments) -> Result<Self, EncoderError> {
        let mut codec = opus::Encoder::new(RATE, opus::Channels::Stereo, opus::Application::Audio).map_err(broke)?;
        codec
            .set_bitrate(opus::Bitrate::Bits(i32::from(settings.bit_rate) * 1000))
            .map_err(broke)?;
        codec.set_vbr(settings.variable).map_err(broke)?;
        codec.set_vbr_constraint(true).map_err(broke)?; // a page never outgrows the line by much
        let pre_skip = codec.get_lookahead().map_err(broke)?;
        Ok(Self {
            codec,
            bridge: RateBridge::new(settings.rate.hz(), RATE, PACKET_FRAMES),
            run: Vec::with_capacity(PACKET_FRAMES),
            stream: LogicalStream::new(),
            pre_skip: u16::try_from(pre_skip).map_err(broke)?,
            granule: 0,
            in_page: 0,
            comments,
            next_title: None,
            desk_rate: settings.rate.hz(),
            opened: false,
            buffer: vec![0; PACKET_BYTES_MAX],
        })
    }

    /// Writes the two header pages of a logical stream (RFC 7845, section 5).
    fn open(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        let mut head = b"OpusHead\x01\x02".to_vec();
        head.extend(self.pre_skip.to_le_bytes());
        head.extend(self.desk_rate.to_le_bytes());
        head.extend([0, 0, 0]); // no output gain, channel mapping family 0
        let mut tags = b"OpusTags".to_vec();
        tags.extend(self.comments.block(opus::version()));
        self.write(head, PacketWriteEndInfo::EndPage, 0)?;
        self.write(tags, PacketWriteEndInfo::EndPage, 0)?;
        packets.push(EncodedPacket::opening(self.stream.take_pages()));
        self.opened = true;
        Ok(())
    }

    fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, granule: u64) -> Result<(), EncoderError> {
        self.stream.write(packet, end, granule).map_err(broke)
    }

    /// Encodes `self.run` and writes it.
    fn encode_run(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if let Some(title) = self.next_title.take() {
            // What the codec still holds comes out with this packet; the granule cuts off the rest.
            let end = self.granule + u64::from(self.pre_skip);
            self.encode_packet(PacketWriteEndInfo::EndStream, end, packets)?;
            self.begin_logical_stream(&title)?;
            self.open(packets)?;
        }
        let granule = self.granule + PACKET_FRAMES as u64;
        let end = if self.in_page + 1 == PAGE_PACKETS {
            PacketWriteEndInfo::EndPage
        } else {
            PacketWriteEndInfo::NormalPacket
        };
        // Not every decoder starts anew with a logical stream: its first packets lean on nothing before.
        let first = self.granule < INDEPENDENT_PACKETS * PACKET_FRAMES as u64;
        self.codec.set_prediction_disabled(first).map_err(broke)?;
        self.encode_packet(end, granule, packets)?;
        self.granule = granule;
        Ok(())
    }

    fn encode_packet(
        &mut self,
        end: PacketWriteEndInfo,
        granule: u64,
        packets: &mut Vec<EncodedPacket>,
    ) -> Result<(), EncoderError> {
        let length = self
            .codec
            .encode_float(self.run.as_flattened(), &mut self.buffer)
            .map_err(broke)?;
        let packet = self.buffer[..length].to_vec();
        self.write(packet, end, granule)?;
        self.in_page += 1;
        let page = self.stream.take_pages();
        if !page.is_empty() {
            let frames = match end {
                // The last packet of a logical stream is heard again as the first of the next.
                PacketWriteEndInfo::EndStream => self.in_page - 1,
                _ => self.in_page,
            };
            packets.push(EncodedPacket::audio(page, frames * PACKET_FRAMES as u32));
            self.in_page = 0;
        }
        Ok(())
    }

    fn begin_logical_stream(&mut self, title: &Title) -> Result<(), EncoderError> {
        self.codec.reset_state().map_err(broke)?;
        self.stream.begin_next();
        self.granule = 0;
        self.in_page = 0;
        self.comments.set_title(title);
        Ok(())
    }
}

impl StreamEncoder for OpusEncoder {
    fn encode(&mut self, frames: &[Frame], packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if !self.opened {
            self.open(packets)?;
        }
        self.bridge.push(frames);
        while self.bridge.pull(&mut self.run) {
            self.encode_run(packets)?;
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
        self.bridge.end();
        self.encode(&[], packets)?;
        self.bridge.rest(&mut self.run);
        // What the codec still holds comes out with silence; the last granule cuts off the rest of that.
        let end = self.granule + self.run.len() as u64 + u64::from(self.pre_skip);
        self.run.resize(PACKET_FRAMES, [0.0; 2]);
        if end > self.granule + PACKET_FRAMES as u64 {
            self.encode_run(packets)?;
            self.run.fill([0.0; 2]);
        }
        self.encode_packet(PacketWriteEndInfo::EndStream, end, packets)
    }

    fn stream_rate(&self) -> u32 {
        RATE
    }

    fn wanted(&self) -> usize {
        let packets = PAGE_PACKETS.saturating_sub(self.in_page + 1);
        self.bridge.wanted() + packets as usize * PACKET_FRAMES
    }
}

fn broke(reason: impl std::fmt::Display) -> EncoderError {
    EncoderError::codec(Codec::Opus, reason)
}
