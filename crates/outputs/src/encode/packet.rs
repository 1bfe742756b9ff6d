//! The unit a stream is sent, dropped and joined by.

use bytes::Bytes;

/// Whether a packet can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// Header pages of a logical stream: what follows cannot be decoded without them.
    Opening,
    /// Audio.
    Audio,
}

/// A run of whole MP3 frames, or one Ogg page.
#[derive(Debug, Clone)]
pub struct EncodedPacket {
    /// The bytes, as they go to the listener.
    pub bytes: Bytes,
    /// How many frames at the stream's rate a listener hears from it.
    pub frames: u32,
    /// Whether it can be left out.
    pub kind: PacketKind,
}

impl EncodedPacket {
    pub(crate) fn audio(bytes: Bytes, frames: u32) -> Self {
        Self {
            bytes,
            frames,
            kind: PacketKind::Audio,
        }
    }

    pub(crate) fn opening(bytes: Bytes) -> Self {
        Self {
            bytes,
            frames: 0,
            kind: PacketKind::Opening,
        }
    }
}
