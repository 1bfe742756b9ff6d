//! Opens a file: finds out by what is in it how it is read, which part of it is heard, and what it says about itself.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use airdesk_dsp::SampleRate;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_AIFF, FORMAT_ID_ISOMP4, FORMAT_ID_MP3, FORMAT_ID_WAVE,
};
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::TimeBase;

use super::DecodeError;
use super::bare::{Bare, Kind};
use super::codec::{Codec, opus_pre_skip, pre_roll};
use super::coding::Coding;
use super::m4a;
use super::meter::{Meter, Metered};
use super::ogg;
use super::packets::{Container, Packets, is_ogg, track};
use super::riff;
use super::tags::{self, About};

/// What may be read before there is a packet: headers, tags, pictures and tables. What is made of them takes three times as
/// much.
const OPEN_BYTES_MAX: u64 = 20 << 20;

/// The most channels: four times 7.1.4 and then some.
const CHANNELS_MAX: usize = 64;

/// An open file, at its beginning.
pub(super) struct Opened {
    pub(super) packets: Packets,
    pub(super) codec: Codec,
    pub(super) rate: SampleRate,
    pub(super) coding: Coding,
    pub(super) pre_roll: u64,
    /// Where the packets count the first frame that is heard. `None`: by the first packet.
    pub(super) start: Option<u64>,
    /// Frames at the first packet that are not heard.
    pub(super) pre_skip: u64,
    /// Where they count the first frame that is no longer heard.
    pub(super) end: Option<u64>,
    pub(super) about: About,
}

/// A file and what it costs.
pub(super) struct Place<'a> {
    pub(super) path: &'a Path,
    pub(super) meter: &'a Arc<Meter>,
}

impl Place<'_> {
    /// Opens the file.
    pub(super) fn open(&self) -> Result<Opened, DecodeError> {
        // Looked at first: to open a pipe is to wait for whoever writes to it.
        let metadata = std::fs::metadata(self.path).map_err(|source| self.cannot_open(source))?;
        if !metadata.is_file() {
            return Err(DecodeError::NotAFile { path: self.path.into() });
        }
        if metadata.len() == 0 {
            return Err(DecodeError::Empty { path: self.path.into() });
        }
        self.meter.allow(OPEN_BYTES_MAX);
        let large = self.large_wav().map_err(|source| self.cannot_open(source))?;
        let cut = self
            .cut_aiff(metadata.len())
            .map_err(|source| self.cannot_open(source))?;
        let whole = ogg::whole(&mut self.source()?, metadata.len()).map_err(|source| self.cannot_open(source))?;
        let source = self.source()?.called(large.map(|_| *b"RIFF"));
        let source = source.shortened(whole).padded(cut.map(|(length, _)| length));
        let source = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
        let format = symphonia::default::get_probe().probe(
            &Hint::new(),
            source,
            FormatOptions::default(),
            MetadataOptions::default(),
        );
        let mut format = format.map_err(|error| self.unknown(error))?;
        let mut about = tags::take(format.as_mut());
        if format.format_info().format == FORMAT_ID_WAVE {
            let included = riff::include(&mut self.source()?, large, &mut about);
            included.map_err(|error| self.unknown(error.into()))?;
        }
        let bytes = large.or(cut.map(|(_, bytes)| bytes));
        self.read(format, about, bytes)
    }

    /// `bytes` of sound are in it, if it does not say that in a way that Symphonia reads.
    fn read(&self, format: Box<dyn FormatReader>, about: About, bytes: Option<u64>) -> Result<Opened, DecodeError> {
        let kind = format.format_info().format;
        self.meter.allow(OPEN_BYTES_MAX);
        let movie = match kind {
            FORMAT_ID_ISOMP4 => m4a::movie(&mut self.source()?).map_err(|error| self.unknown(error.into()))?,
            _ => None,
        };
        if movie.as_deref().is_some_and(m4a::is_protected) {
            return Err(DecodeError::Protected { path: self.path.into() });
        }
        let Some((track, params)) = track(format.as_ref()) else {
            return Err(self.unknown(Error::Unsupported("there is no sound in it of a kind that is known")));
        };
        let (track, params) = (track.clone(), params.clone());
        // Before the decoder is made, which makes room for all of them.
        if params
            .channels
            .as_ref()
            .is_some_and(|channels| channels.count() > CHANNELS_MAX)
        {
            return Err(self.unknown(Error::Unsupported("it has more than 64 channels")));
        }
        let codec = self.codec(&params)?;
        let hz = params.sample_rate.unwrap_or_default();
        let rate = SampleRate::new(hz).ok_or_else(|| DecodeError::Rate {
            path: self.path.into(),
            hz,
        })?;
        let mut opened = Opened {
            codec,
            rate,
            coding: Coding::of(&params),
            pre_roll: pre_roll(&params),
            start: Some(0),
            pre_skip: 0,
            // None at all: a file in fragments, each of which says how long it is.
            end: track.num_frames.filter(|frames| *frames > 0),
            packets: match kind {
                FORMAT_ID_MP3 => self.bare(format, Kind::Mp3)?,
                FORMAT_ID_ADTS => self.bare(format, Kind::Adts)?,
                _ => Packets::Container(Container {
                    tail: self.tail(format.as_ref(), track.id)?,
                    clock: track.time_base.unwrap_or(TimeBase::from_recip(
                        hz.try_into().unwrap_or(std::num::NonZero::<u32>::MIN),
                    )),
                    format,
                    track: track.id,
                    rate: hz,
                    meter: self.meter.clone(),
                }),
            },
            about,
        };
        match &mut opened.packets {
            Packets::Bare(bare, _) => {
                self.meter.allow(u64::MAX);
                let known = track.delay.zip(track.num_frames);
                (opened.start, opened.end) = match known {
                    Some((delay, frames)) if !bare.is_appended_to().map_err(|error| self.unknown(error.into()))? => {
                        (Some(delay.into()), Some(u64::from(delay) + frames))
                    }
                    _ => {
                        // Symphonia has guessed: count.
                        let count = bare.count().map_err(|error| self.unknown(error.into()))?;
                        let delay = track.delay.unwrap_or_default();
                        (Some(delay.into()), Some(count * u64::from(bare.frames_each())))
                    }
                };
            }
            Packets::Container(Container { tail: Some(tail), .. }) => {
                (opened.start, opened.pre_skip) = (None, opus_pre_skip(&params));
                opened.end = tail.end.filter(|_| !tail.is_shared);
            }
            Packets::Container(_) if kind == FORMAT_ID_ISOMP4 => {
                let listed = movie.and_then(|movie| m4a::part(&movie, track.id, opened.end));
                if let Some(part) = opened.about.itunes_part.or(listed) {
                    (opened.start, opened.end) = (Some(part.from), part.to.or(opened.end));
                }
            }
            Packets::Container(_) if kind == FORMAT_ID_AIFF || kind == FORMAT_ID_WAVE && opened.end.is_none() => {
                let counted = bytes.zip(frame_bytes(&params)).map(|(bytes, frame)| bytes / frame);
                opened.end = counted.or(opened.end);
            }
            Packets::Container(_) => {}
        }
        Ok(opened)
    }

    fn codec(&self, params: &AudioCodecParameters) -> Result<Codec, DecodeError> {
        Codec::new(params).map_err(|error| match params.codec {
            CODEC_ID_AAC => DecodeError::NotLowComplexity { path: self.path.into() },
            _ => self.unknown(error),
        })
    }

    fn bare(&self, format: Box<dyn FormatReader>, kind: Kind) -> Result<Packets, DecodeError> {
        use symphonia::core::io::ReadBytes;

        let start = format.into_inner().pos();
        let bare = Bare::new(self.source()?, kind, start).map_err(|error| self.unknown(error.into()))?;
        match bare {
            Some(bare) => Ok(Packets::Bare(bare, kind)),
            None => Err(self.unknown(Error::Unsupported("no two frames of sound follow each other"))),
        }
    }

    fn tail(&self, format: &dyn FormatReader, track: u32) -> Result<Option<ogg::Tail>, DecodeError> {
        if !is_ogg(format) {
            return Ok(None);
        }
        let mut source = self.source()?;
        let length = source
            .seek(SeekFrom::End(0))
            .map_err(|source| self.cannot_open(source))?;
        let tail = ogg::tail(&mut source, length, track);
        tail.map(Some).map_err(|error| self.unknown(error.into()))
    }

    fn source(&self) -> Result<Metered<File>, DecodeError> {
        let file = File::open(self.path).map_err(|source| self.cannot_open(source))?;
        let length = file.metadata().map_err(|source| self.cannot_open(source))?.len();
        Ok(Metered::new(file, length, self.meter.clone()))
    }

    /// Bytes of sound in a WAV file of more than 4 GiB (EBU Tech 3306), or one that might have become so. It is read as any
    /// other WAV file of unknown length.
    fn large_wav(&self) -> io::Result<Option<u64>> {
        let mut head = Vec::new();
        File::open(self.path)?.take(36).read_to_end(&mut head)?;
        let is_large = head.starts_with(b"RF64") || head.starts_with(b"BW64");
        let sizes = head
            .get(12..16)
            .filter(|name| is_large && *name == b"ds64")
            .and(head.get(28..36));
        Ok(sizes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes))
    }

    /// The length that an AIFF file says it has, and the bytes of sound that are there of it, if it is cut off. Symphonia
    /// reads to what stands behind the sound first.
    fn cut_aiff(&self, length: u64) -> io::Result<Option<(u64, u64)>> {
        let mut file = File::open(self.path)?;
        let mut at = 12_u64;
        let mut says = 0;
        // The form's own header, and then one chunk after the other.
        for chunk in 0..100 {
            let mut header = [0; 12];
            if file.read_exact(&mut header).is_err() {
                break;
            }
            let [a, b, c, d, size @ .., e, f, g, h] = header;
            let size = u64::from(u32::from_be_bytes(size));
            match (chunk, [a, b, c, d], [e, f, g, h]) {
                (0, [b'F', b'O', b'R', b'M'], [b'A', b'I', b'F', b'F' | b'C']) if size + 8 > length => says = size + 8,
                (0, ..) => break,
                // Two numbers stand before its samples.
                (_, [b'S', b'S', b'N', b'D'], _) => return Ok(Some((says, length.saturating_sub(at + 16)))),
                _ => at += 8 + size + size % 2,
            }
            file.seek(SeekFrom::Start(at))?;
        }
        Ok(None)
    }

    /// What an error at this place means to the operator.
    pub(super) fn unknown(&self, error: Error) -> DecodeError {
        let path = self.path.to_owned();
        if self.meter.is_over_time() {
            return DecodeError::TooCostly { path, what: "time" };
        }
        if self.meter.is_over_bytes() {
            return DecodeError::TooCostly { path, what: "memory" };
        }
        match error {
            Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => DecodeError::Damaged {
                path,
                why: "it is cut off before there is any sound".into(),
            },
            Error::IoError(source) => DecodeError::Read { path, source },
            Error::Unsupported(why) | Error::LimitError(why) if why.contains("no suitable format") => {
                DecodeError::Unknown {
                    path,
                    why: "nothing in it is known".to_owned(),
                }
            }
            Error::Unsupported(why) | Error::LimitError(why) => DecodeError::Unknown { path, why: why.into() },
            Error::DecodeError(why) => DecodeError::Damaged { path, why: why.into() },
            error => DecodeError::Damaged {
                path,
                why: error.to_string(),
            },
        }
    }

    fn cannot_open(&self, source: io::Error) -> DecodeError {
        DecodeError::Open {
            path: self.path.into(),
            source,
        }
    }
}

/// Bytes of a frame of samples that are written one after the other.
fn frame_bytes(params: &AudioCodecParameters) -> Option<u64> {
    use symphonia::core::codecs::audio::well_known as id;

    let sample_bytes = match params.codec {
        id::CODEC_ID_PCM_U8 | id::CODEC_ID_PCM_S8 | id::CODEC_ID_PCM_ALAW | id::CODEC_ID_PCM_MULAW => 1,
        id::CODEC_ID_PCM_S16LE | id::CODEC_ID_PCM_S16BE => 2,
        id::CODEC_ID_PCM_S24LE | id::CODEC_ID_PCM_S24BE => 3,
        id::CODEC_ID_PCM_S32LE | id::CODEC_ID_PCM_S32BE | id::CODEC_ID_PCM_F32LE | id::CODEC_ID_PCM_F32BE => 4,
        id::CODEC_ID_PCM_F64LE | id::CODEC_ID_PCM_F64BE => 8,
        _ => return None,
    };
    let channels = params.channels.as_ref()?.count() as u64;
    (channels > 0).then_some(sample_bytes * channels)
}
