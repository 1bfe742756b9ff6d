//! A stream encoder as a file uses it: it counts what it is given, and is ended once. Its file may have a rate of its own.

use std::io;
use std::vec::Drain;

use airdesk_dsp::Frame;

use crate::encode::{EncodedPacket, EncoderSettings, StreamEncoder};

/// The encoder, and what it has made that no file has taken yet.
pub(super) struct FileEncoder {
    encoder: Box<dyn StreamEncoder>,
    packets: Vec<EncodedPacket>,
    /// Frames a second of the desk.
    desk_rate: u32,
    /// Frames a second of the file.
    file_rate: u32,
    /// Frames of the desk.
    pushed: u64,
    ended: bool,
}

impl FileEncoder {
    pub(super) fn new(encoder: Box<dyn StreamEncoder>, settings: &EncoderSettings) -> Self {
        Self {
            encoder,
            packets: Vec::new(),
            desk_rate: settings.rate.hz(),
            file_rate: settings.stream_rate(),
            pushed: 0,
            ended: false,
        }
    }

    /// Encodes frames. There may be packets after an error, too.
    pub(super) fn push(&mut self, frames: &[Frame]) -> io::Result<()> {
        self.pushed += frames.len() as u64;
        self.encoder.encode(frames, &mut self.packets).map_err(io::Error::other)
    }

    /// Ends the encoder's work; after the first time it does nothing.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        self.ended = true;
        self.encoder.finish(&mut self.packets).map_err(io::Error::other)
    }

    /// What it has made since the last time.
    pub(super) fn take_packets(&mut self) -> Drain<'_, EncodedPacket> {
        self.packets.drain(..)
    }

    /// Frames of the desk that it was given.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Frames a second of the desk.
    pub(super) fn desk_rate(&self) -> u32 {
        self.desk_rate
    }

    /// Frames of the file that those of the desk become.
    pub(super) fn frames_of_file(&self) -> u64 {
        at_rate(self.pushed, self.desk_rate, self.file_rate)
    }

    /// Frames of the desk that so many of the file's were, of those that it was given.
    pub(super) fn frames_of_desk(&self, frames: u64) -> u64 {
        at_rate(frames, self.file_rate, self.desk_rate).min(self.pushed)
    }
}

/// As many frames at the rate `to` as last as long as `frames` at the rate `from`, rounded.
fn at_rate(frames: u64, from: u32, to: u32) -> u64 {
    (frames * u64::from(to) + u64::from(from) / 2) / u64::from(from)
}
