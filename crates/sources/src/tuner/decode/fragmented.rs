//! Packets of fragmented MP4, decoded one after the other. What a track says is not heard of its beginning, and what its last
//! packet has too much, is cut to the frame.

use std::collections::VecDeque;

use airdesk_dsp::Frame;

use super::Heard;
use crate::decode::codec::Codec;
use crate::tuner::fragments::{Brought, Fragments, Packet};

/// A track that is decoded.
pub(super) struct Fragmented {
    fragments: Fragments,
    waiting: VecDeque<Brought>,
    track: Option<Decoded>,
}

struct Decoded {
    name: &'static str,
    codec: Codec,
    clock: u32,
    heard_from: u64,
}

impl Fragmented {
    pub(super) fn new(fragments: Fragments) -> Self {
        Self {
            fragments,
            waiting: VecDeque::new(),
            track: None,
        }
    }

    pub(super) fn name(&self) -> Option<&'static str> {
        self.track.as_ref().map(|track| track.name)
    }

    pub(super) fn next_piece(&mut self) {
        self.fragments.next_piece();
    }

    /// Takes bytes, and decodes until `heard` is full. True: more waits to be decoded.
    pub(super) fn feed(&mut self, bytes: &[u8], heard: &mut Heard) -> Result<bool, &'static str> {
        let brought = self.fragments.feed(bytes)?;
        self.waiting.extend(brought);
        heard.apart += self.fragments.take_apart();
        while !heard.is_full()
            && let Some(next) = self.waiting.pop_front()
        {
            match next {
                Brought::Title(title) => heard.title = Some(title),
                Brought::Packet(packet) => self.decode(&packet, heard)?,
                Brought::Track(track) => {
                    let codec = Codec::new(&track.params);
                    self.track = Some(Decoded {
                        name: track.name,
                        codec: codec.map_err(|_| "it is a kind of its codec that is not known")?,
                        clock: track.clock,
                        heard_from: track.heard_from,
                    });
                }
            }
        }
        Ok(!self.waiting.is_empty())
    }

    fn decode(&mut self, packet: &Packet, heard: &mut Heard) -> Result<(), &'static str> {
        let Some(track) = &mut self.track else { return Ok(()) };
        let mut decoded = Heard::default();
        decoded.decode(&mut track.codec, &packet.bytes)?;
        heard.spoilt += decoded.spoilt;
        for (rate, mut frames) in decoded.pieces {
            if rate.hz() == track.clock {
                cut(&mut frames, packet, track.heard_from);
            }
            heard.push(rate.hz(), frames)?;
        }
        Ok(())
    }
}

/// Leaves what is heard of a packet's frames.
fn cut(frames: &mut Vec<Frame>, packet: &Packet, heard_from: u64) {
    if packet.lasts > 0 {
        frames.truncate(packet.lasts as usize);
    }
    let before = heard_from.saturating_sub(packet.at).min(frames.len() as u64);
    frames.drain(..before as usize);
}
