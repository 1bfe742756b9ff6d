//! Where packets come from: Symphonia's containers, and for MP3 and bare AAC, which have none, [`Bare`].

use std::fs::File;
use std::sync::Arc;

use symphonia::core::codecs::audio::{AudioCodecParameters, CODEC_ID_NULL_AUDIO};
use symphonia::core::errors::{Error, SeekErrorKind};
use symphonia::core::formats::well_known::FORMAT_ID_OGG;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::units::{TimeBase, Timestamp};

use super::bare::{Bare, Kind};
use super::meter::{Meter, Metered};
use super::ogg::Tail;

/// What a seek may read: a search by halves over any file.
const SEEK_BYTES_MAX: u64 = 64 << 20;

/// A packet, and where it belongs.
pub(super) struct Unit {
    pub(super) bytes: Box<[u8]>,
    /// Where its first frame belongs. `None`: behind the packet before.
    pub(super) at: i64,
    /// Whether `at` is exact to the frame.
    pub(super) is_exact: bool,
    /// Frames that come out of it, as far as is known.
    pub(super) frames: u64,
    /// Of these, what is not to be heard at its beginning and its end.
    pub(super) trim: (u64, u64),
}

/// The packets of one stream of sound.
pub(super) enum Packets {
    Container(Container),
    Bare(Bare<Metered<File>>, Kind),
}

/// A file that says where its packets belong.
pub(super) struct Container {
    pub(super) format: Box<dyn FormatReader>,
    pub(super) track: u32,
    pub(super) rate: u32,
    pub(super) clock: TimeBase,
    /// For Ogg.
    pub(super) tail: Option<Tail>,
    pub(super) meter: Arc<Meter>,
}

/// The track of sound to be heard: the one marked as such, else the first.
pub(super) fn track(format: &dyn FormatReader) -> Option<(&Track, &AudioCodecParameters)> {
    let known = |track: &&Track| params(track).is_some_and(|params| params.codec != CODEC_ID_NULL_AUDIO);
    let track = format.default_track(TrackType::Audio).filter(known);
    let track = track.or_else(|| format.tracks().iter().find(known))?;
    params(track).map(|params| (track, params))
}

fn params(track: &Track) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref()?.audio()
}

impl Packets {
    /// The next packet of the stream; `None` at its end.
    ///
    /// # Errors
    /// `ResetRequired` where another stream follows (see [`Packets::renew`]), or when the file cannot be read or understood.
    pub(super) fn next(&mut self) -> Result<Option<Unit>, Error> {
        match self {
            Self::Container(container) => container.next(),
            Self::Bare(bare, kind) => {
                let each = u64::from(bare.frames_each());
                let Some((number, frame)) = bare.next()? else {
                    return Ok(None);
                };
                // The decoder of AAC takes what is behind the header, whose checksum is there or not.
                let header = match (*kind, frame.get(1)) {
                    (Kind::Adts, Some(second)) if second & 1 == 0 => 9,
                    (Kind::Adts, _) => 7,
                    (Kind::Mp3, _) => 0,
                };
                Ok(Some(Unit {
                    bytes: frame.get(header..).unwrap_or_default().into(),
                    at: (number * each) as i64,
                    is_exact: true,
                    frames: each,
                    trim: (0, 0),
                }))
            }
        }
    }

    /// Goes to a packet that begins at or before a place. `false`: that is not possible here, and the place is now unknown.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn seek(&mut self, place: u64) -> Result<bool, Error> {
        match self {
            Self::Container(container) => container.seek(place),
            Self::Bare(bare, _) => {
                let number = place / u64::from(bare.frames_each().max(1));
                bare.seek(number)?;
                Ok(true)
            }
        }
    }

    /// Goes over to the stream that has begun.
    pub(super) fn renew(&mut self) -> Option<AudioCodecParameters> {
        let Self::Container(container) = self else {
            return None;
        };
        let (track, params) = track(container.format.as_ref())?;
        let (id, params) = (track.id, params.clone());
        container.track = id;
        Some(params)
    }
}

impl Container {
    fn next(&mut self) -> Result<Option<Unit>, Error> {
        loop {
            let Some(packet) = self.format.next_packet()? else {
                return Ok(None);
            };
            if packet.track_id != self.track {
                if self.meter.is_over_time() {
                    return Err(Error::LimitError("time"));
                }
                self.meter.allow(SEEK_BYTES_MAX);
                continue;
            }
            let is_ogg = self.tail.is_some();
            return Ok(Some(Unit {
                at: self.frames(packet.pts.get()),
                is_exact: self.is_exact(),
                frames: self.frames(packet.block_dur().get() as i64).unsigned_abs(),
                // What other readers take off is by an estimate of the length.
                trim: if is_ogg {
                    (packet.trim_start.get(), packet.trim_end.get())
                } else {
                    (0, 0)
                },
                bytes: packet.data,
            }));
        }
    }

    fn seek(&mut self, place: u64) -> Result<bool, Error> {
        let place = match &self.tail {
            // With several streams Symphonia's seek may never return.
            Some(tail) if tail.is_shared || self.format.tracks().len() > 1 => return Ok(false),
            Some(Tail {
                last_page: Some(last), ..
            }) if place > 0 => place.min(last.saturating_sub(1)),
            Some(_) => return Ok(false),
            None => place,
        };
        self.meter.allow(SEEK_BYTES_MAX);
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(self.ticks(place)),
            track_id: self.track,
        };
        match self.format.seek(SeekMode::Accurate, to) {
            Ok(_) => Ok(true),
            Err(Error::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                Err(Error::IoError(error))
            }
            Err(Error::SeekError(SeekErrorKind::OutOfRange) | _) => Ok(false),
        }
    }

    fn is_exact(&self) -> bool {
        self.clock.numer.get() == 1 && self.clock.denom.get() == self.rate
    }

    /// Ticks of the file's clock as frames, to the nearest.
    fn frames(&self, ticks: i64) -> i64 {
        if self.is_exact() {
            return ticks;
        }
        let scale = i128::from(self.clock.denom.get());
        let frames = i128::from(ticks) * i128::from(self.clock.numer.get()) * i128::from(self.rate);
        i64::try_from((frames + scale / 2).div_euclid(scale)).unwrap_or(i64::MAX)
    }

    fn ticks(&self, frames: u64) -> i64 {
        if self.is_exact() {
            return i64::try_from(frames).unwrap_or(i64::MAX);
        }
        let scale = u128::from(self.clock.numer.get()) * u128::from(self.rate.max(1));
        i64::try_from(u128::from(frames) * u128::from(self.clock.denom.get()) / scale).unwrap_or(i64::MAX)
    }
}

/// Whether a container is Ogg.
pub(super) fn is_ogg(format: &dyn FormatReader) -> bool {
    format.format_info().format == FORMAT_ID_OGG
}
