//! What the desk's own encoders send is heard again, whole.

use airdesk_dsp::SampleRate;

use super::*;
use crate::encode::{Codec, EncoderSettings, FlacDepth};
use crate::listen_back::signals::{Chance, speech};
use crate::title::Title;

#[derive(Default)]
struct Heard {
    frames: Vec<Frame>,
    rate: u32,
    titles: Vec<Option<String>>,
}

impl Hearer for Heard {
    fn hear(&mut self, rate: u32, frames: &[Frame]) {
        self.rate = rate;
        self.frames.extend_from_slice(frames);
    }

    fn read(&mut self, title: Option<String>) {
        self.titles.push(title);
    }
}

fn settings(codec: Codec) -> EncoderSettings {
    match codec {
        Codec::Flac(depth) => EncoderSettings::flac(depth, SampleRate::DESK),
        codec => EncoderSettings {
            codec,
            bit_rate: 96,
            variable: codec != Codec::Mp3,
            rate: SampleRate::DESK,
        },
    }
}

/// A stream of `sound` whose title changes at each whole `every`.
fn stream(codec: Codec, sound: &[Frame], every: usize) -> Vec<u8> {
    let mut encoder = settings(codec).encoder(&Title::by("Artist", "0")).expect("it starts");
    let mut packets = Vec::new();
    for (number, part) in sound.chunks(every).enumerate() {
        if number > 0 {
            encoder.set_title(&Title::by("Artist", &number.to_string()));
        }
        encoder.encode(part, &mut packets).expect("it encodes");
    }
    encoder.finish(&mut packets).expect("it ends");
    packets.iter().flat_map(|packet| packet.bytes.to_vec()).collect()
}

fn heard(bytes: &[u8], piece: usize) -> Heard {
    let (mut decoder, mut heard) = (Decoder::new(), Heard::default());
    for bytes in bytes.chunks(piece) {
        decoder.feed(bytes, &mut heard).expect("it can be decoded");
    }
    heard
}

const OGG: [Codec; 3] = [Codec::Opus, Codec::Vorbis, Codec::Flac(FlacDepth::Bits16)];

#[test]
fn every_codec_is_heard_at_its_loudness_and_length_with_the_titles_that_are_in_it() {
    let sound = speech(1, 6.0, 48_000);
    let power = |frames: &[Frame]| frames.as_flattened().iter().map(|s| s * s).sum::<f32>() / frames.len() as f32;
    for codec in OGG.into_iter().chain([Codec::Mp3]) {
        let bytes = stream(codec, &sound, 96_000);
        for piece in [700, 1 << 20] {
            let found = heard(&bytes, piece);
            let short = sound.len().abs_diff(found.frames.len());
            // MP3 knows no end: its codec gives and keeps some frames more.
            let near = if codec == Codec::Mp3 { 3 * 1152 } else { 0 };
            assert!(
                short <= near,
                "{codec:?}: {} of {} frames",
                found.frames.len(),
                sound.len()
            );
            let ratio = power(&found.frames) / power(&sound);
            assert!((0.8..1.2).contains(&ratio), "{codec:?}: {ratio} of the power");
            let titles: Vec<_> = found.titles.iter().flatten().map(String::as_str).collect();
            let expected: &[&str] = match codec {
                Codec::Mp3 => &[],
                _ => &["Artist - 0", "Artist - 1", "Artist - 2"],
            };
            assert_eq!(titles, expected, "{codec:?}");
        }
    }
}

#[test]
fn who_joins_in_the_middle_hears_the_rest() {
    let sound = speech(2, 4.0, 48_000);
    for codec in OGG.into_iter().chain([Codec::Mp3]) {
        let bytes = match codec {
            Codec::Mp3 => stream(codec, &sound, sound.len())[20_000..].to_vec(),
            // A server sends every listener the first pages, and then what is on now.
            _ => {
                let bytes = stream(codec, &sound, sound.len());
                let pages = pages(&bytes);
                let opening = if codec == Codec::Opus { 2 } else { 3 };
                let (first, rest) = pages.split_at(opening);
                [first.concat(), rest[rest.len() / 2..].concat()].concat()
            }
        };
        let seconds = heard(&bytes, 900).frames.len() as f32 / 48_000.0;
        assert!((1.3..3.0).contains(&seconds), "{codec:?}: {seconds} s");
    }
}

/// A stream in its pages.
fn pages(stream: &[u8]) -> Vec<&[u8]> {
    let begins = |at: &usize| stream[*at..].starts_with(b"OggS");
    let ends = (1..stream.len()).filter(begins).chain([stream.len()]);
    let mut from = 0;
    ends.map(|to| &stream[std::mem::replace(&mut from, to)..to]).collect()
}

#[test]
fn rubbish_and_broken_streams_are_heard_as_nothing_and_given_up() {
    let mut chance = Chance::new(3);
    let mut rubbish = |length: usize| -> Vec<u8> { (0..length).map(|_| (chance.next() * 127.0) as i8 as u8).collect() };
    let mut decoder = Decoder::new();
    let page = b"<html><body>no music here</body></html>".repeat(20_000);
    assert_eq!(decoder.feed(&page, &mut Heard::default()), Err(Undecodable));
    for codec in OGG.into_iter().chain([Codec::Mp3]) {
        let mut bytes = stream(codec, &speech(4, 3.0, 48_000), 48_000);
        for _ in 0..200 {
            let [at, what] = [rubbish(8), rubbish(8)];
            let at = usize::from_le_bytes(at.try_into().expect("eight bytes")) % bytes.len();
            bytes[at] = what[0];
        }
        let mut decoder = Decoder::new();
        for piece in bytes.chunks(1000) {
            let _ = decoder.feed(piece, &mut Heard::default()); // whatever comes of it, it ends
        }
    }
}

#[test]
fn a_stream_of_a_rate_or_of_channels_that_no_broadcast_has_is_refused_before_anything_of_it_is_heard() {
    let fed = |bytes: &[u8]| Decoder::new().feed(bytes, &mut Heard::default());
    let sound = speech(5, 1.0, 48_000);
    let vorbis = stream(Codec::Vorbis, &sound, sound.len());
    let head = position(&vorbis, b"\x01vorbis");
    let vorbis_of = |channels: u8, rate: u32| {
        let mut bytes = vorbis.clone();
        bytes[head + 11] = channels;
        bytes[head + 12..head + 16].copy_from_slice(&rate.to_le_bytes());
        bytes
    };
    assert_eq!(fed(&vorbis_of(2, 48_000)), Ok(()), "as it was");
    assert_eq!(fed(&vorbis_of(2, 192_000)), Ok(()));
    for (channels, rate) in [
        (2, u32::MAX),
        (2, 192_001),
        (2, 7999),
        (2, 0),
        (0, 48_000),
        (9, 48_000),
        (255, 48_000),
    ] {
        let told = fed(&vorbis_of(channels, rate));
        assert_eq!(told, Err(Undecodable), "{channels} channels, {rate} Hz");
    }
    let flac = stream(Codec::Flac(FlacDepth::Bits16), &sound, sound.len());
    let head = position(&flac, b"\x7fFLAC");
    let flac_of = |rate: u32| {
        let mut bytes = flac.clone();
        let [_, first, second, third] = (rate << 4).to_be_bytes();
        let channels_and_depth = bytes[head + 29] & 0x0f;
        bytes[head + 27..head + 30].copy_from_slice(&[first, second, third | channels_and_depth]);
        bytes
    };
    assert_eq!(fed(&flac_of(48_000)), Ok(()), "as it was");
    for rate in [0, 7999, 192_001, (1 << 20) - 1] {
        assert_eq!(fed(&flac_of(rate)), Err(Undecodable), "{rate} Hz");
    }
    // Whatever a codec says in the end.
    let mut heard = Heard::default();
    let mut counted = Counted {
        hearer: &mut heard,
        frames: 0,
        is_odd: false,
    };
    counted.hear(u32::MAX, &[[0.0; 2]; 10]);
    assert!(counted.is_odd && counted.frames == 0);
    assert_eq!(heard.frames.len(), 0);
}

fn position(bytes: &[u8], mark: &[u8]) -> usize {
    let mut windows = bytes.windows(mark.len());
    windows.position(|bytes| bytes == mark).expect("it is in there")
}
