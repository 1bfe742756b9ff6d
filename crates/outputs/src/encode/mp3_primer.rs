//! What lets an MP3 decoder begin in the middle of a stream: silent frames that hold what the first real one needs.
//!
//! A frame's audio may begin in up to 511 bytes of the frames before it, the bit reservoir (ISO/IEC 11172-3, 2.4.3.1,
//! `main_data_begin`). A decoder that has not seen them drops the frame, or plays noise. So the frames before the first
//! one are sent as well, with their side information (2.4.1.7) zeroed: they decode to silence, lean on nothing, and
//! their bytes fill the reservoir. They last 24 ms each at 48 kHz: one at 320 kbit/s, four at 64. No thread, no I/O.

use bytes::{Bytes, BytesMut};

use super::EncodedPacket;
use super::mp3::frame_bytes;

/// The furthest back that a frame can lean, bytes.
const RESERVOIR_MAX: usize = 511;
/// A frame's header.
const HEADER: usize = 4;
/// Its check sum, where there is one: the last bit of its second byte is then 0.
const CHECK_SUM: usize = 2;
/// Side information of one channel, and of two.
const SIDE_MONO: usize = 17;
const SIDE_STEREO: usize = 32;
/// The third byte's bits for the rate, Hz.
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// How many of `packets`, from the first, a decoder must have for the next one to lean on.
pub(super) fn packets_needed<'a>(packets: impl Iterator<Item = &'a EncodedPacket>) -> usize {
    let mut held = 0;
    let enough = packets
        .map(|packet| frames(&packet.bytes).map(|frame| audio_bytes(&frame)).sum::<usize>())
        .take_while(|bytes| {
            let short = held < RESERVOIR_MAX;
            held += bytes;
            short
        });
    enough.count()
}

/// Silent frames that hold all that whatever follows `packets` can lean on; `None` when there are none.
pub(super) fn primer<'a>(packets: impl DoubleEndedIterator<Item = &'a EncodedPacket>) -> Option<EncodedPacket> {
    let (mut held, mut newest_first) = (0, Vec::new());
    'enough: for packet in packets.rev() {
        let in_packet: Vec<Bytes> = frames(&packet.bytes).collect();
        for frame in in_packet.into_iter().rev() {
            if held >= RESERVOIR_MAX {
                break 'enough;
            }
            held += audio_bytes(&frame);
            newest_first.push(silent(&frame));
        }
    }
    let bytes: Vec<u8> = newest_first.into_iter().rev().flatten().collect();
    (!bytes.is_empty()).then(|| EncodedPacket::opening(bytes.into()))
}

/// The MP3 frames of a packet.
fn frames(packet: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut rest = packet.clone();
    std::iter::from_fn(move || {
        let header = *rest.first_chunk::<HEADER>()?;
        let rate = *RATES.get(usize::from(header[2] >> 2 & 3))?;
        let length = frame_bytes(header, rate).filter(|length| *length <= rest.len())?;
        Some(rest.split_to(length))
    })
}

/// Where the audio of a frame begins: behind its header and side information.
fn audio_at(frame: &[u8]) -> usize {
    let check_sum = if frame[1] & 1 == 0 { CHECK_SUM } else { 0 };
    let side = if frame[3] >> 6 == 3 { SIDE_MONO } else { SIDE_STEREO };
    HEADER + check_sum + side
}

fn audio_bytes(frame: &[u8]) -> usize {
    frame.len().saturating_sub(audio_at(frame))
}

/// The frame with its audio as it is, and nothing that says what it means. It has no check sum any more.
fn silent(frame: &[u8]) -> BytesMut {
    let mut silent = BytesMut::from(frame);
    let side = audio_at(frame).min(frame.len());
    silent[HEADER..side].fill(0);
    if frame[1] & 1 == 0 {
        silent[1] |= 1; // it would be wrong now; without it, two zeros more come before the audio
    }
    silent
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::SampleRate;

    use super::*;
    use crate::encode::{Codec, EncoderSettings};
    use crate::title::Title;

    fn packets(bit_rate: u16) -> Vec<EncodedPacket> {
        let settings = EncoderSettings {
            codec: Codec::Mp3,
            bit_rate,
            variable: false,
            rate: SampleRate::DESK,
        };
        let mut encoder = settings.encoder(&Title::new("")).expect("possible");
        let mut packets = Vec::new();
        for block in 0..750 {
            let frames: [_; 64] = std::array::from_fn(|n| [((block * 64 + n) as f32 * 0.13).sin() * 0.25; 2]);
            encoder.encode(&frames, &mut packets).expect("encoded");
        }
        packets
    }

    #[test]
    fn as_few_frames_as_fill_the_reservoir_are_taken_and_none_of_them_leans_on_anything() {
        for (bit_rate, count) in [(64, 4), (128, 2), (320, 1)] {
            let packets = packets(bit_rate);
            assert_eq!(packets_needed(packets.iter()), count, "{bit_rate} kbit/s");
            let primer = primer(packets[..20].iter()).expect("there is a past");
            let frames: Vec<Bytes> = frames(&primer.bytes).collect();
            assert_eq!(frames.len(), count, "{bit_rate} kbit/s");
            for (silent, was) in frames.iter().zip(&packets[20 - count..20]) {
                let audio = audio_at(silent);
                assert!(silent[HEADER..audio].iter().all(|byte| *byte == 0));
                assert_eq!(silent[audio..], was.bytes[audio..]);
                assert_eq!(silent[..HEADER], was.bytes[..HEADER]);
            }
        }
        assert!(primer([].iter()).is_none());
    }
}
