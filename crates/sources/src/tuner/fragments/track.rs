//! What describes the sound of a fragmented MP4: its codec, its clock, and what of its beginning is not heard.

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_OPUS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::{boxes, inside, number};
use crate::stream::format::RATES;

/// Bytes of an entry of sound before its boxes, as MP4 has it.
const ENTRY_BYTES: usize = 28;
const CHANNELS_MAX: u64 = 8;

/// How a track is decoded.
#[derive(Debug, Clone)]
pub(in crate::tuner) struct Track {
    pub(in crate::tuner) name: &'static str,
    pub(in crate::tuner) params: AudioCodecParameters,
    /// Ticks a second of its clock.
    pub(in crate::tuner) clock: u32,
    /// Where what is heard begins, in ticks.
    pub(in crate::tuner) heard_from: u64,
}

/// What fragments of it leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clockwork {
    pub(super) id: u32,
    /// What a packet lasts and how large it is, unless its fragment says.
    pub(super) lasts: u32,
    pub(super) size: u32,
}

/// The first track of sound that can be decoded.
///
/// # Errors
/// When there is none, with what there is instead.
pub(super) fn of(movie: &[u8]) -> Result<(Track, Clockwork), &'static str> {
    let mut fault = "there is no sound in it";
    for (_, track) in boxes(movie).filter(|(kind, _)| kind == b"trak") {
        let is_sound = inside(track, &[b"mdia", b"hdlr"]).and_then(|hdlr| hdlr.get(8..12)) == Some(b"soun");
        if !is_sound {
            continue;
        }
        match read(movie, track) {
            Ok(found) => return Ok(found),
            Err(why) => fault = why,
        }
    }
    Err(fault)
}

fn read(movie: &[u8], track: &[u8]) -> Result<(Track, Clockwork), &'static str> {
    const BROKEN: &str = "what describes its sound is broken";
    let wide = |header: &[u8]| header.first() == Some(&1);
    let at = |header: &[u8]| if wide(header) { 20 } else { 12 };
    let header = inside(track, &[b"tkhd"]).ok_or(BROKEN)?;
    let id = number(header, at(header), 4).ok_or(BROKEN)? as u32;
    let header = inside(track, &[b"mdia", b"mdhd"]).ok_or(BROKEN)?;
    let clock = number(header, at(header), 4).filter(|clock| *clock > 0).ok_or(BROKEN)? as u32;
    let table = inside(track, &[b"mdia", b"minf", b"stbl", b"stsd"]).ok_or(BROKEN)?;
    let (kind, entry) = boxes(table.get(8..).unwrap_or_default()).next().ok_or(BROKEN)?;
    let (name, params) = codec(kind, entry)?;
    let track = Track {
        name,
        params,
        clock,
        heard_from: inside(track, &[b"edts", b"elst"])
            .and_then(heard_from)
            .unwrap_or_default(),
    };
    let extends = inside(movie, &[b"mvex"]).unwrap_or_default();
    let usual = boxes(extends).find(|(kind, usual)| kind == b"trex" && number(usual, 4, 4) == Some(id.into()));
    let usual = usual.map(|(_, usual)| usual).unwrap_or_default();
    let clockwork = Clockwork {
        id,
        lasts: number(usual, 12, 4).unwrap_or_default() as u32,
        size: number(usual, 16, 4).unwrap_or_default() as u32,
    };
    Ok((track, clockwork))
}

/// Where the first edit that is no pause begins (8.6.6).
fn heard_from(list: &[u8]) -> Option<u64> {
    let (width, entry_bytes) = if *list.first()? == 1 { (8, 20) } else { (4, 12) };
    let count = number(list, 4, 4)?.min(64) as usize;
    let pause = if width == 8 { u64::MAX } else { u32::MAX.into() };
    let from = |entry: usize| number(list, 8 + entry * entry_bytes + width, width);
    (0..count).filter_map(from).find(|from| *from != pause)
}

fn codec(kind: [u8; 4], entry: &[u8]) -> Result<(&'static str, AudioCodecParameters), &'static str> {
    let own = |kind: &[u8; 4]| inside(entry.get(ENTRY_BYTES..)?, &[kind]);
    let known = |name, id: AudioCodecId, about: Vec<u8>| {
        let mut params = AudioCodecParameters::new();
        params.for_codec(id).with_extra_data(about.into());
        Ok((name, params))
    };
    let broken = "what describes its codec is broken";
    match &kind {
        b"mp4a" => aac_or_mp3(own(b"esds").ok_or(broken)?, entry),
        b"Opus" => known("Opus", CODEC_ID_OPUS, own(b"dOps").and_then(opus_head).ok_or(broken)?),
        b"fLaC" => {
            // Version and flags, then blocks of metadata, the first of which is the stream's information.
            let about = own(b"dfLa").and_then(|about| about.get(8..42)).ok_or(broken)?;
            let rate = number(about, 10, 3).ok_or(broken)? as u32 >> 4;
            is_known(rate, u64::from(about[12] >> 1 & 7) + 1)?;
            known("FLAC", CODEC_ID_FLAC, about.to_vec())
        }
        b"alac" => {
            let about = own(b"alac").and_then(|about| about.get(4..28)).ok_or(broken)?;
            is_known(number(about, 20, 4).ok_or(broken)? as u32, about[9].into())?;
            known("ALAC", CODEC_ID_ALAC, about.to_vec())
        }
        b"enca" => Err("it is encrypted"),
        b"ac-3" | b"ec-3" | b"ac-4" => Err("its sound is Dolby's"),
        _ => Err("its codec is not known"),
    }
}

/// Whoever decodes it takes memory in proportion.
fn is_known(rate: u32, channels: u64) -> Result<(), &'static str> {
    let is_known = (RATES.0..=RATES.1).contains(&rate) && (1..=CHANNELS_MAX).contains(&channels);
    is_known
        .then_some(())
        .ok_or("its rate or its channels are none that can be played")
}

/// By the descriptors of ISO/IEC 14496-1, 7.2.6, one inside the other: a stream, its decoder, and what that has to know.
fn aac_or_mp3(esds: &[u8], entry: &[u8]) -> Result<(&'static str, AudioCodecParameters), &'static str> {
    let broken = "what describes its codec is broken";
    let stream = descriptor(esds.get(4..).unwrap_or_default(), 3).ok_or(broken)?;
    // Its number, and flags that say what else is there.
    let flags = *stream.get(2).ok_or(broken)?;
    let mut skip = 3 + if flags & 0x80 != 0 { 2 } else { 0 };
    if flags & 0x40 != 0 {
        skip += 1 + usize::from(*stream.get(skip).ok_or(broken)?);
    }
    skip += if flags & 0x20 != 0 { 2 } else { 0 };
    let decoder = descriptor(stream.get(skip..).unwrap_or_default(), 4).ok_or(broken)?;
    let rate = number(entry, 24, 2).unwrap_or_default() as u32;
    let mut params = AudioCodecParameters::new();
    params.with_sample_rate(rate);
    match decoder.first() {
        Some(0x69 | 0x6b) => {
            params.for_codec(CODEC_ID_MP3);
            Ok(("MP3", params))
        }
        Some(0x40 | 0x66..=0x68) => {
            let about = descriptor(decoder.get(13..).unwrap_or_default(), 5).ok_or(broken)?;
            params.for_codec(CODEC_ID_AAC).with_extra_data(about.into());
            Ok(("AAC", params))
        }
        _ => Err("its codec is not known"),
    }
}

/// What is in the first descriptor, if it is of this kind. Its length has seven bits in each byte, four at most.
fn descriptor(bytes: &[u8], kind: u8) -> Option<&[u8]> {
    let (found, mut rest) = bytes.split_first()?;
    let mut length = 0;
    for _ in 0..4 {
        let (byte, more) = rest.split_first()?;
        (length, rest) = (length << 7 | usize::from(byte & 0x7f), more);
        if byte & 0x80 == 0 {
            break;
        }
    }
    rest.get(..length.min(rest.len())).filter(|_| *found == kind)
}

/// The head of an Ogg stream of Opus (RFC 7845, 5.1), of what MP4 has in another order of bytes.
fn opus_head(about: &[u8]) -> Option<Vec<u8>> {
    let [
        _,
        channels,
        skip_high,
        skip_low,
        a,
        b,
        c,
        d,
        gain_high,
        gain_low,
        rest @ ..,
    ] = about
    else {
        return None;
    };
    let head = [
        &b"OpusHead\x01"[..],
        &[*channels, *skip_low, *skip_high, *d, *c, *b, *a, *gain_low, *gain_high],
        rest,
    ];
    Some(head.concat()).filter(|_| (1..=CHANNELS_MAX as u8).contains(channels))
}
