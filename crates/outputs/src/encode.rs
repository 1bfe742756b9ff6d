//! Encoders for streams: MP3 (LAME), and Opus (libopus), Vorbis (aoTuV's libvorbis) and FLAC in Ogg.
//!
//! A [`StreamEncoder`] turns frames into packets that may be sent, dropped or joined at their borders:
//! whole MP3 frames, whole Ogg pages. [`EncodedStream`] runs one on its own thread for any number of
//! subscribers, and [`Encoders`] gives one to all who want the same. An encoder call takes up to some 10 ms: never on the audio thread.

mod bell;
mod comments;
mod encoders;
mod flac;
mod flac_frames;
mod level;
mod libflac;
mod logical_stream;
mod mp3;
mod mp3_primer;
mod opus;
mod packet;
mod past;
mod rate;
mod settings;
mod sink;
mod stream;
mod vorbis;

use airdesk_dsp::Frame;

pub use self::encoders::{Encoders, Shared, Wanted};
pub use self::flac::FlacEncoder;
pub use self::level::StreamLevel;
pub use self::mp3::Mp3Encoder;
pub use self::opus::OpusEncoder;
pub use self::packet::{EncodedPacket, PacketKind};
pub use self::settings::{Codec, EncoderError, EncoderSettings, FlacDepth};
pub use self::stream::{EncodedStream, Subscription};
pub use self::vorbis::VorbisEncoder;

pub(crate) use self::comments::{Comments, VALUE_BYTES_MAX, VENDOR};
pub(crate) use self::flac_frames::{FLAC_BLOCK, FlacFrames, StreamInfo};
pub(crate) use self::mp3::{LAME_DELAY, MP3_FRAME};
pub(crate) use self::past::Past;

use crate::title::Title;

/// An encoder whose output can be joined at every packet.
pub trait StreamEncoder: Send {
    /// Encodes desk frames and appends the packets that became complete.
    ///
    /// # Errors
    /// When the codec breaks; the encoder is then of no further use.
    fn encode(&mut self, frames: &[Frame], packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError>;

    /// Puts a title into the stream, where the format carries titles in it.
    fn set_title(&mut self, title: &Title);

    /// Ends the stream: what is still inside comes out.
    ///
    /// # Errors
    /// When the codec breaks.
    fn finish(&mut self, packets: &mut Vec<EncodedPacket>) -> Result<(), EncoderError>;

    /// Frames per second of the packets, which need not be the desk's.
    fn stream_rate(&self) -> u32;

    /// Frames at the stream's rate until more may come out. One that cannot tell says that it is as many as it takes at
    /// once: whoever asks will look again.
    fn wanted(&self) -> usize;
}

impl EncoderSettings {
    /// Makes the encoder, with the title the stream begins with. Takes milliseconds.
    ///
    /// # Errors
    /// When the settings are impossible or the codec refuses them.
    pub fn encoder(&self, title: &Title) -> Result<Box<dyn StreamEncoder>, EncoderError> {
        self.encoder_of(Comments::titled(title))
    }

    /// The same, with all that a file says about itself where the format carries it.
    pub(crate) fn encoder_of(&self, comments: Comments) -> Result<Box<dyn StreamEncoder>, EncoderError> {
        self.check()?;
        Ok(match self.codec {
            Codec::Mp3 => Box::new(Mp3Encoder::new(self)?),
            Codec::Opus => Box::new(OpusEncoder::new(self, comments)?),
            Codec::Vorbis => Box::new(VorbisEncoder::new(self, comments)?),
            Codec::Flac(depth) => Box::new(FlacEncoder::new(depth, self.rate, comments)?),
        })
    }
}
