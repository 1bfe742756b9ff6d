//! A file at the desk's rate.

use airdesk_dsp::resample::Quality;
use airdesk_dsp::{Frame, SampleRate};

use super::{DecodeError, Decoder};
use crate::converter::Converter;
use crate::{Player, SourceError};

/// A [`Decoder`] that gives frames at the desk's rate.
pub struct Converted {
    decoder: Decoder,
    converter: Converter,
}

/// Plays a file at the desk's rate, from where it is. Allocates.
pub fn at_desk_rate(decoder: Decoder, rate: SampleRate) -> Converted {
    Converted {
        converter: Converter::new(decoder.rate(), rate, Quality::Best),
        decoder,
    }
}

impl Converted {
    /// How long it is, in frames of the desk, if that is known before its end.
    pub fn frames(&self) -> Option<u64> {
        self.decoder.frames().map(|frames| self.converter.scaled(frames))
    }

    /// The file, for what it says about itself.
    pub fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// Fills `out` from its beginning; fewer frames mean the end.
    ///
    /// # Errors
    /// As [`Decoder::read`].
    pub fn read(&mut self, out: &mut [Frame]) -> Result<usize, DecodeError> {
        let Self { decoder, converter } = self;
        converter.render(out, |source| decoder.read(source))
    }

    /// Goes to a frame of the desk; what is heard from there is what would have been. Beyond the end there is nothing.
    ///
    /// # Errors
    /// As [`Decoder::seek`].
    pub fn seek(&mut self, frame: u64) -> Result<(), DecodeError> {
        let place = self.converter.seek(frame);
        self.decoder.seek(place)
    }
}

impl Player for Converted {
    fn render(&mut self, out: &mut [Frame]) -> Result<usize, SourceError> {
        Ok(self.read(out)?)
    }
}
