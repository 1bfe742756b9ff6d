//! What is encoded and not yet sent: two seconds at most, then the oldest goes, packet by packet.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::encode::{EncodedPacket, PacketKind};

/// Seconds of audio that may wait, what the system and the network hold included.
const SECONDS_MAX: f64 = 2.0;

/// Packets waiting for the line.
pub(super) struct Backlog {
    packets: VecDeque<Arc<EncodedPacket>>,
    /// Bytes of the first packet that are already sent: such a packet is never dropped.
    sent: usize,
    frames: u64,
    stream_rate: u32,
    byte_rate: f64,
    frames_dropped: u64,
}

impl Backlog {
    /// For a stream of so many frames and bytes a second.
    pub(super) fn new(stream_rate: u32, byte_rate: f64) -> Self {
        Self {
            packets: VecDeque::new(),
            sent: 0,
            frames: 0,
            stream_rate,
            byte_rate,
            frames_dropped: 0,
        }
    }

    pub(super) fn push(&mut self, packet: Arc<EncodedPacket>) {
        self.frames += u64::from(packet.frames);
        self.packets.push_back(packet);
    }

    /// What to send next.
    pub(super) fn front(&self) -> Option<&[u8]> {
        self.packets.front().map(|packet| &packet.bytes[self.sent..])
    }

    /// `bytes` of the front are sent.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.sent += bytes;
        while let Some(first) = self.packets.front()
            && self.sent >= first.bytes.len()
        {
            self.sent -= first.bytes.len();
            self.frames -= u64::from(first.frames);
            self.packets.pop_front();
        }
    }

    /// Drops the oldest audio until no more than two seconds wait, `under_way` bytes of them beyond our
    /// reach. Header pages stay: what follows them is nothing without.
    pub(super) fn limit(&mut self, under_way: u64) {
        while self.seconds_beyond(under_way) > SECONDS_MAX {
            let first = usize::from(self.sent > 0);
            let Some(oldest) = (first..self.packets.len()).find(|n| self.packets[*n].kind == PacketKind::Audio) else {
                return;
            };
            if let Some(dropped) = self.packets.remove(oldest) {
                self.frames -= u64::from(dropped.frames);
                self.frames_dropped += u64::from(dropped.frames);
            }
        }
    }

    /// So many packets were lost before they came here; each as long as those that did.
    pub(super) fn missed_packets(&mut self, packets: u64) {
        let frames = self.packets.back().map_or(0, |packet| packet.frames);
        self.frames_dropped += packets * u64::from(frames);
    }

    /// Seconds waiting.
    pub(super) fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.stream_rate)
    }

    /// Seconds waiting, and in `under_way` bytes beyond our reach.
    pub(super) fn seconds_beyond(&self, under_way: u64) -> f64 {
        self.seconds() + under_way as f64 / self.byte_rate
    }

    /// Seconds dropped.
    pub(super) fn seconds_dropped(&self) -> f64 {
        self.frames_dropped as f64 / f64::from(self.stream_rate)
    }

    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn packet(number: u8, kind: PacketKind) -> Arc<EncodedPacket> {
        let frames = if kind == PacketKind::Audio { 4_800 } else { 0 };
        Arc::new(EncodedPacket {
            bytes: Bytes::from(vec![number; 10]),
            frames,
            kind,
        })
    }

    #[test]
    fn a_slow_line_loses_the_oldest_audio_whole_and_keeps_what_has_begun_and_all_headers() {
        let mut backlog = Backlog::new(48_000, 100.0);
        backlog.push(packet(0, PacketKind::Opening));
        for number in 1..=15 {
            backlog.push(packet(number, PacketKind::Audio));
        }
        backlog.push(packet(16, PacketKind::Opening));
        for number in 17..=30 {
            backlog.push(packet(number, PacketKind::Audio));
        }
        backlog.advance(13); // the header and a part of packet 1
        backlog.limit(0);
        assert!((backlog.seconds() - 2.0).abs() < 1e-9);
        assert!((backlog.seconds_dropped() - 0.9).abs() < 1e-9);
        let mut left = Vec::new();
        while let Some(bytes) = backlog.front() {
            left.push((bytes[0], bytes.len()));
            let count = bytes.len();
            backlog.advance(count);
        }
        assert_eq!(left[..4], [(1, 7), (11, 10), (12, 10), (13, 10)]);
        assert!(left.contains(&(16, 10)));
        assert!(backlog.is_empty());
    }

    #[test]
    fn what_the_system_holds_counts() {
        let mut backlog = Backlog::new(48_000, 100.0);
        for number in 0..20 {
            backlog.push(packet(number, PacketKind::Audio));
        }
        backlog.limit(100); // one second is under way
        assert!((backlog.seconds() - 1.0).abs() < 1e-9);
    }
}
