//! Ogg Vorbis by aoTuV's libvorbis: four packets to a page, so a page leaves every 85 ms at the latest.
//!
//! Ogg carries a title in the headers of a logical stream; a new title is a new logical stream chained to the old one.
//! Each is encoded by itself from its first frame to its last, so no frame is lost or doubled at the seam.

use std::num::{NonZeroU8, NonZeroU32};

use airdesk_dsp::Frame;
use bytes::{Buf, Bytes};
use vorbis_rs::{VorbisBitrateManagementStrategy as Strategy, VorbisEncoder as Codec, VorbisEncoderBuilder};

use super::logical_stream::first_serial;
use super::rate::RateBridge;
use super::sink::Sink;
use super::{Comments, EncodedPacket, EncoderError, EncoderSettings, StreamEncoder};
use crate::title::Title;

/// Frames the codec is given at a time, as its documentation advises.
const RUN: usize = 1024;
/// Where an Ogg page's header has its granule position (RFC 3533, section 6).
const GRANULE_AT: usize = 6;
/// Bytes of an Ogg page's header before its table of segments.
const PAGE_HEADER: usize = 27;

/// libvorbis's encoder, and where its pages arrive.
struct LogicalStream {
    codec: Codec<Sink>,
    pages: Sink,
}

// SAFETY: the encoder's pointers lead to memory that it alone owns, from `malloc` and `Box`. libvorbis and libogg keep nothing
// for a thread; of their static tables one is written to (`bitrv2` in smallft.c), always with the nought that it holds. It is
// not shared: every call takes it by `&mut`.
unsafe impl Send for LogicalStream {}

/// An Ogg Vorbis stream.
pub struct VorbisEncoder {
    settings: EncoderSettings,
    bridge: RateBridge,
    run: Vec<Frame>,
    channels: [Vec<f32>; 2],
    /// The logical stream that is being written, from its first frame on.
    stream: Option<LogicalStream>,
    serial: u32,
    /// Where the last page has brought this logical stream.
    granule: u64,
    comments: Comments,
    /// A title that begins with the next frame.
    next_title: Option<Title>,
}

impl VorbisEncoder {
    /// Makes one.
    ///
    /// # Errors
    /// When libvorbis has no mode for these settings.
    pub(crate) fn new(settings: &EncoderSettings, comments: Comments) -> Result<Self, EncoderError> {
        let serial = first_serial();
        let stream = begin(settings, &comments, serial)?;
        Ok(Self {
            settings: *settings,
            bridge: RateBridge::new(settings.rate.hz(), settings.stream_rate(), RUN),
            run: Vec::with_capacity(RUN),
            channels: [const { Vec::new() }; 2],
            stream: Some(stream),
            serial,
            granule: 0,
            comments,
            next_title: None,
        })
    }

    fn encode_run(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if let Some(title) = self.next_title.take() {
            self.end_logical_stream(packets)?;
            self.comments.set_title(&title);
            self.serial = self.serial.wrapping_add(1);
            self.stream = Some(begin(&self.settings, &self.comments, self.serial)?);
        }
        for (n, channel) in self.channels.iter_mut().enumerate() {
            channel.clear();
            channel.extend(self.run.iter().map(|frame| frame[n]));
        }
        if let Some(stream) = &mut self.stream {
            stream.codec.encode_audio_block(&self.channels).map_err(broke)?;
            let pages = stream.pages.take();
            self.cut_pages(pages, packets)?;
        }
        Ok(())
    }

    fn end_logical_stream(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if let Some(LogicalStream { codec, pages }) = self.stream.take() {
            drop(codec.finish().map_err(broke)?);
            self.cut_pages(pages.take(), packets)?;
            self.granule = 0;
        }
        Ok(())
    }

    /// Makes packets of whole pages. Those without audio are the headers, which go together.
    fn cut_pages(&mut self, pages: Vec<u8>, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        let mut pages = Bytes::from(pages);
        let mut opening = Vec::new();
        while pages.has_remaining() {
            let (length, granule) = page(&pages).ok_or_else(|| broke("it lost its page borders"))?;
            let page = pages.split_to(length);
            if self.granule == 0 && granule == 0 {
                opening.extend_from_slice(&page);
                continue;
            }
            let frames = granule.saturating_sub(self.granule);
            self.granule = granule;
            push_opening(&mut opening, packets);
            packets.push(EncodedPacket::audio(page, frames as u32));
        }
        push_opening(&mut opening, packets);
        Ok(())
    }
}

fn push_opening(opening: &mut Vec<u8>, packets: &mut Vec<EncodedPacket>) {
    if !opening.is_empty() {
        packets.push(EncodedPacket::opening(std::mem::take(opening).into()));
    }
}

impl StreamEncoder for VorbisEncoder {
    fn encode(&mut self, frames: &[Frame], packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        if let Some(stream) = &self.stream {
            let headers = stream.pages.take(); // there are some before the first frame only
            self.cut_pages(headers, packets)?;
        }
        self.bridge.push(frames);
        while self.bridge.pull(&mut self.run) {
            self.encode_run(packets)?;
        }
        Ok(())
    }

    fn set_title(&mut self, title: &Title) {
        if !self.comments.say(title) {
            self.next_title = Some(title.clone());
        } else {
            self.next_title = None;
        }
    }

    fn finish(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        self.bridge.end();
        self.encode(&[], packets)?;
        self.bridge.rest(&mut self.run);
        if !self.run.is_empty() {
            self.encode_run(packets)?;
        }
        self.end_logical_stream(packets)
    }

    fn stream_rate(&self) -> u32 {
        self.settings.stream_rate()
    }

    fn wanted(&self) -> usize {
        self.bridge.wanted()
    }
}

/// Begins a logical stream: its headers are in the sink then.
fn begin(settings: &EncoderSettings, comments: &Comments, serial: u32) -> Result<LogicalStream, EncoderError> {
    let pages = Sink::default();
    let rate = NonZeroU32::new(settings.stream_rate()).ok_or_else(|| broke("no rate"))?;
    let bits = NonZeroU32::new(u32::from(settings.bit_rate) * 1000).ok_or_else(|| broke("no bit rate"))?;
    let strategy = if settings.variable {
        Strategy::Vbr { target_bitrate: bits }
    } else {
        Strategy::Abr { average_bitrate: bits }
    };
    let stereo = NonZeroU8::MIN.saturating_add(1);
    let mut builder = VorbisEncoderBuilder::new_with_serial(rate, stereo, pages.clone(), serial.cast_signed());
    builder
        .bitrate_management_strategy(strategy)
        .comment_tags(comments.iter())
        .map_err(broke)?
        .minimum_page_data_size(Some(1)); // beyond that, libogg puts four packets into a page
    let codec = builder.build().map_err(broke)?;
    Ok(LogicalStream { codec, pages })
}

/// The first page's bytes, and where it brings the stream (RFC 3533, section 6).
fn page(bytes: &[u8]) -> Option<(usize, u64)> {
    let segments = usize::from(*bytes.get(PAGE_HEADER - 1)?);
    let table = bytes.get(PAGE_HEADER..PAGE_HEADER + segments)?;
    let body: usize = table.iter().map(|segment| usize::from(*segment)).sum();
    let granule = bytes.get(GRANULE_AT..)?.first_chunk()?;
    let length = PAGE_HEADER + segments + body;
    (bytes.starts_with(b"OggS") && bytes.len() >= length).then_some((length, u64::from_le_bytes(*granule)))
}

fn broke(reason: impl std::fmt::Display) -> EncoderError {
    EncoderError::codec(super::Codec::Vorbis, reason)
}
