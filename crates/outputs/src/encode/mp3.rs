//! MP3 by LAME: constant or average bit rate, joint stereo, quality 5.
//!
//! LAME gives bytes as they fall out of its bit reservoir, not frame by frame: they are cut at frame
//! borders here, so that a stream can be joined and thinned out there. No Xing frame and no tags: they
//! describe files.

use airdesk_dsp::Frame;
use bytes::BytesMut;
use mp3lame_encoder::{
    Bitrate, Builder, DualPcm, Encoder, FlushGap, Mode, Quality, VbrMode, ffi, max_required_buffer_size,
};

use super::rate::RateBridge;
use super::{Codec, EncodedPacket, EncoderError, EncoderSettings, StreamEncoder};
use crate::title::Title;

/// Frames in one MP3 frame at 32 kHz and above.
pub(crate) const MP3_FRAME: usize = 1152;
/// Frames of silence that LAME puts before what it is given (`ENCDELAY` in its encoder.h).
pub(crate) const LAME_DELAY: u64 = 576;
/// LAME gives its first frame as soon as it has been given this many frames, and each of the next [`MP3_FRAME`] later: what
/// its filters read ahead (`calcNeeded` in its lame.c: 1024 + 1152 - 272), less the silence that it begins with (576 - 48).
/// Whoever gives it whole MP3 frames from the start waits for each 19 ms longer.
const FIRST_OUT: usize = 1376;
/// Bytes that LAME's last call may give.
const FLUSH_BYTES: usize = 7200;

/// The least that a frame of an average bit rate takes, kbit/s. A steady tone in frames of 32 kbit/s, 96 bytes at 48 kHz,
/// is an MPEG transport stream to ffmpeg, which then plays nothing: its packets have 192.
const LEAST_KBIT: i32 = 40;

/// An MP3 stream.
pub struct Mp3Encoder {
    lame: Encoder,
    rate: u32,
    /// Undoes LAME's own attenuation.
    gain: f32,
    bridge: RateBridge,
    run: Vec<Frame>,
    left: Vec<f32>,
    right: Vec<f32>,
    /// Bytes that have come out and are no whole frame yet.
    bytes: BytesMut,
    out: Vec<u8>,
}

impl Mp3Encoder {
    /// Makes one.
    ///
    /// # Errors
    /// When the bit rate is none of MP3's, or LAME refuses.
    pub fn new(settings: &EncoderSettings) -> Result<Self, EncoderError> {
        let rate = Codec::Mp3.stream_rate(settings.rate);
        let bit_rate = lame_bit_rate(settings.bit_rate).ok_or(EncoderError::BitRate {
            codec: Codec::Mp3,
            bit_rate: settings.bit_rate,
        })?;
        let lame = lame(rate, bit_rate, settings.variable)?;
        Ok(Self {
            lame,
            rate,
            gain: attenuation(settings.bit_rate).recip(),
            bridge: RateBridge::new(settings.rate.hz(), rate, MP3_FRAME).beginning_with(FIRST_OUT - MP3_FRAME),
            run: Vec::with_capacity(MP3_FRAME),
            left: Vec::with_capacity(MP3_FRAME),
            right: Vec::with_capacity(MP3_FRAME),
            bytes: BytesMut::new(),
            out: Vec::with_capacity(max_required_buffer_size(MP3_FRAME)),
        })
    }

    fn encode_run(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        self.left.clear();
        self.right.clear();
        self.left.extend(self.run.iter().map(|frame| frame[0] * self.gain));
        self.right.extend(self.run.iter().map(|frame| frame[1] * self.gain));
        self.out.clear();
        let pcm = DualPcm {
            left: &self.left,
            right: &self.right,
        };
        self.lame.encode_to_vec(pcm, &mut self.out).map_err(broke)?;
        self.cut_frames(packets)
    }

    fn cut_frames(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        self.bytes.extend_from_slice(&self.out);
        while let Some(header) = self.bytes.first_chunk::<4>() {
            let length = frame_bytes(*header, self.rate).ok_or_else(|| broke("it lost its frame borders"))?;
            if self.bytes.len() < length {
                break;
            }
            packets.push(EncodedPacket::audio(
                self.bytes.split_to(length).freeze(),
                MP3_FRAME as u32,
            ));
        }
        Ok(())
    }
}

impl StreamEncoder for Mp3Encoder {
    fn encode(&mut self, frames: &[Frame], packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        self.bridge.push(frames);
        while self.bridge.pull(&mut self.run) {
            self.encode_run(packets)?;
        }
        Ok(())
    }

    /// MP3 carries no titles: ICY interleaves them, Icecast is told them.
    fn set_title(&mut self, _title: &Title) {}

    fn finish(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError> {
        self.bridge.end();
        self.encode(&[], packets)?;
        self.bridge.rest(&mut self.run);
        if !self.run.is_empty() {
            self.encode_run(packets)?;
        }
        self.out.clear();
        self.out.reserve(FLUSH_BYTES);
        self.lame.flush_to_vec::<FlushGap>(&mut self.out).map_err(broke)?;
        self.cut_frames(packets)
    }

    fn stream_rate(&self) -> u32 {
        self.rate
    }

    fn wanted(&self) -> usize {
        self.bridge.wanted()
    }
}

fn lame(rate: u32, bit_rate: Bitrate, variable: bool) -> Result<Encoder, EncoderError> {
    let mut builder = Builder::new()
        .ok_or_else(|| broke("out of memory"))?
        .with_num_channels(2)
        .and_then(|lame| lame.with_sample_rate(rate))
        .and_then(|lame| lame.with_output_sample_rate(std::num::NonZeroU32::new(rate)))
        .and_then(|lame| lame.with_mode(Mode::JointStereo))
        .and_then(|lame| lame.with_brate(bit_rate))
        .and_then(|lame| lame.with_quality(Quality::Good))
        .and_then(|lame| lame.with_to_write_vbr_tag(false))
        .map_err(broke)?;
    if variable {
        builder.set_vbr_mode(VbrMode::Abr).map_err(broke)?;
        // SAFETY: the pointer is the builder's, which lives on, and the calls store numbers there.
        unsafe {
            let lame = builder.as_ptr();
            ffi::lame_set_VBR_mean_bitrate_kbps(lame, bit_rate as _);
            ffi::lame_set_VBR_min_bitrate_kbps(lame, LEAST_KBIT);
            ffi::lame_set_VBR_hard_min(lame, 1);
        }
    }
    builder.build().map_err(broke)
}

fn broke(reason: impl std::fmt::Display) -> EncoderError {
    EncoderError::codec(Codec::Mp3, reason)
}

fn lame_bit_rate(kbit: u16) -> Option<Bitrate> {
    Some(match kbit {
        64 => Bitrate::Kbps64,
        80 => Bitrate::Kbps80,
        96 => Bitrate::Kbps96,
        112 => Bitrate::Kbps112,
        128 => Bitrate::Kbps128,
        160 => Bitrate::Kbps160,
        192 => Bitrate::Kbps192,
        224 => Bitrate::Kbps224,
        256 => Bitrate::Kbps256,
        320 => Bitrate::Kbps320,
        _ => return None,
    })
}

/// What LAME 3.100 multiplies its input by at each bit rate, constant or average (`apply_abr_preset` in presets.c), against
/// clipping in decoders. Our programme is limited, and a level that is set is to be heard.
fn attenuation(kbit: u16) -> f32 {
    match kbit {
        0..192 => 0.95,
        192 => 0.97,
        224 => 0.98,
        _ => 1.0,
    }
}

/// The length of the MPEG-1 layer III frame that begins with `header` (ISO/IEC 11172-3, 2.4.3.1).
pub(super) fn frame_bytes(header: [u8; 4], rate: u32) -> Option<usize> {
    const KBIT: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    if header[0] != 0xff || header[1] & 0xfe != 0xfa {
        return None;
    }
    let kbit = *KBIT.get(usize::from(header[2] >> 4))?; // a frame of an average bit rate has any of them
    let padding = u32::from(header[2] >> 1 & 1);
    (kbit > 0).then_some((144_000 * kbit / rate + padding) as usize)
}
