//! What is kept of a stream for those who join it later: the last seconds, and what makes them decodable.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Codec, EncodedPacket, PacketKind, mp3_primer};

/// The last packets of a stream.
pub(crate) struct Past {
    codec: Codec,
    /// Header pages of the logical stream; none for MP3.
    opening: Vec<Arc<EncodedPacket>>,
    recent: VecDeque<Arc<EncodedPacket>>,
    recent_frames: u32,
    frames_max: u32,
}

impl Past {
    /// Keeps at most so many frames at the stream's rate.
    pub(crate) fn new(codec: Codec, frames_max: u32) -> Self {
        Self {
            codec,
            opening: Vec::new(),
            recent: VecDeque::new(),
            recent_frames: 0,
            frames_max,
        }
    }

    /// Takes in the next packet.
    pub(crate) fn keep(&mut self, packet: Arc<EncodedPacket>) {
        match packet.kind {
            PacketKind::Opening => {
                self.opening = vec![packet];
                self.recent.clear(); // belongs to the logical stream that has just ended
                self.recent_frames = 0;
            }
            PacketKind::Audio => {
                self.recent_frames += packet.frames;
                self.recent.push_back(packet);
                while self.recent_frames > self.frames_max
                    && let Some(oldest) = self.recent.pop_front()
                {
                    self.recent_frames -= oldest.frames;
                }
            }
        }
    }

    /// The last `frames` or fewer, oldest first, and what comes before them so that the first one can be decoded.
    pub(crate) fn last(&self, frames: u32) -> (Vec<Arc<EncodedPacket>>, Vec<Arc<EncodedPacket>>) {
        let mut sum = 0_u32;
        let fit = self.recent.iter().rev().take_while(|packet| {
            sum = sum.saturating_add(packet.frames);
            sum <= frames
        });
        let place = (self.recent.len() - fit.count()).max(self.spent());
        let rest = self.recent.iter().skip(place).cloned().collect();
        (self.opening_of(place), rest)
    }

    /// How many of the oldest are needed for the next one to lean on.
    fn spent(&self) -> usize {
        match self.codec {
            Codec::Mp3 => mp3_primer::packets_needed(self.recent.iter().map(AsRef::as_ref)),
            _ => 0,
        }
    }

    /// What makes the packet at `place` of the recent ones decodable.
    fn opening_of(&self, place: usize) -> Vec<Arc<EncodedPacket>> {
        match self.codec {
            Codec::Mp3 => mp3_primer::primer(self.recent.iter().take(place).map(AsRef::as_ref))
                .map(Arc::new)
                .into_iter()
                .collect(),
            _ => self.opening.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn numbers(packets: &[Arc<EncodedPacket>]) -> Vec<u8> {
        packets.iter().map(|packet| packet.bytes[0]).collect()
    }

    #[test]
    fn a_joiner_gets_as_much_of_the_past_as_was_asked_for_and_never_more_than_is_kept() {
        let mut past = Past::new(Codec::Opus, 5_000);
        past.keep(Arc::new(EncodedPacket::opening(Bytes::from_static(b"h"))));
        for number in 0..10 {
            past.keep(Arc::new(EncodedPacket::audio(Bytes::from(vec![number]), 1_000)));
        }
        for (frames, wanted) in [(0, vec![]), (2_500, vec![8, 9]), (9_000, vec![5, 6, 7, 8, 9])] {
            let (opening, recent) = past.last(frames);
            assert_eq!((numbers(&opening), numbers(&recent)), (vec![b'h'], wanted), "{frames}");
        }
    }

    #[test]
    fn what_came_before_a_new_logical_stream_is_not_given_with_it() {
        let mut past = Past::new(Codec::Vorbis, 5_000);
        past.keep(Arc::new(EncodedPacket::opening(Bytes::from_static(b"a"))));
        past.keep(Arc::new(EncodedPacket::audio(Bytes::from_static(b"1"), 1_000)));
        past.keep(Arc::new(EncodedPacket::opening(Bytes::from_static(b"b"))));
        past.keep(Arc::new(EncodedPacket::audio(Bytes::from_static(b"2"), 1_000)));
        let (opening, recent) = past.last(u32::MAX);
        assert_eq!((numbers(&opening), numbers(&recent)), (vec![b'b'], vec![b'2']));
    }
}
