//! What was sent is known again, and nothing else is.

use airdesk_dsp::{Frame, SampleRate};

use super::*;
use crate::encode::{Codec, EncoderSettings, FlacDepth};
use crate::listen_back::decode::{Decoder, Hearer};
use crate::listen_back::feature::FeatureMaker;
use crate::listen_back::signals::{music, speech};
use crate::title::Title;

/// Features of a second.
const SECOND: usize = 100;
/// What a listener hears for 4 s.
const WINDOW: usize = 4 * SECOND;

fn features(frames: &[Frame], rate: u32) -> Vec<Feature> {
    let (mut maker, mut features) = (FeatureMaker::new(rate), Vec::new());
    maker.feed(frames, |feature| features.push(feature));
    features
}

struct Ear(Option<FeatureMaker>, Vec<Feature>);

impl Hearer for Ear {
    fn hear(&mut self, rate: u32, frames: &[Frame]) {
        let maker = self.0.get_or_insert_with(|| FeatureMaker::new(rate));
        maker.feed(frames, |feature| self.1.push(feature));
    }

    fn read(&mut self, _title: Option<String>) {}
}

/// What a listener hears of a sound that is sent at so many kbit/s.
fn through(codec: Codec, bit_rate: u16, frames: &[Frame]) -> Vec<Feature> {
    let settings = match codec {
        Codec::Flac(depth) => EncoderSettings::flac(depth, SampleRate::DESK),
        codec => EncoderSettings {
            codec,
            bit_rate,
            variable: codec == Codec::Opus,
            rate: SampleRate::DESK,
        },
    };
    let (mut encoder, mut packets) = (settings.encoder(&Title::default()).expect("it starts"), Vec::new());
    encoder.encode(frames, &mut packets).expect("it encodes");
    let (mut decoder, mut ear) = (Decoder::new(), Ear(None, Vec::new()));
    for packet in packets {
        decoder.feed(&packet.bytes, &mut ear).expect("it can be decoded");
    }
    ear.1
}

/// How far from its place a part of what was heard is found, features, and how alike it is.
fn found(sent: &[Feature], heard: &[Feature], from: usize) -> (f64, f32) {
    let heard = &heard[from..from + WINDOW];
    let found = Finder::new().find(sent.iter(), heard.iter()).expect("there is enough");
    let again = find_near(sent[from - 3..from + WINDOW + 3].iter(), heard.iter()).expect("there is enough");
    assert!((again.likeness - found.likeness).abs() < 0.01 || again.likeness < found.likeness);
    (found.place - from as f64, found.likeness)
}

#[test]
fn speech_and_music_are_found_to_50_ms_after_every_codec() {
    let cases = [
        (Codec::Mp3, 64),
        (Codec::Mp3, 128),
        (Codec::Opus, 32),
        (Codec::Opus, 96),
        (Codec::Vorbis, 48),
        (Codec::Flac(FlacDepth::Bits16), 0),
    ];
    for (name, sound) in [
        ("speech", speech(1, 12.0, 48_000)),
        ("music", music(1, 120.0, 12.0, 48_000)),
    ] {
        let sent = features(&sound, 48_000);
        for (codec, bit_rate) in cases {
            let heard = through(codec, bit_rate, &sound);
            for from in [3, 700] {
                let (off, likeness) = found(&sent, &heard, from);
                // A codec's own delay is part of it.
                assert!(
                    (-5.0..=1.0).contains(&off),
                    "{name} by {codec:?} {bit_rate}: off by {off}"
                );
                assert!(likeness > 0.8, "{name} by {codec:?} {bit_rate}: {likeness}");
            }
        }
    }
}

#[test]
fn another_rate_gain_and_phase_of_a_frame_change_nothing() {
    // The same second by second at 44.1 kHz: sampled anew from a sum of sines.
    let tones: Vec<(f32, f32)> = (0..40)
        .map(|n| (170.0 + 130.0 * n as f32, 0.31 + 0.173 * n as f32))
        .collect();
    let sampled = |rate: u32, shift: f32| -> Vec<Frame> {
        let sample = |n: usize| {
            let time = n as f32 / rate as f32 + shift;
            let wave = |(hz, beat): &(f32, f32)| {
                let loud = (std::f32::consts::TAU * (beat * time + beat * beat * time * time * 0.1)).sin();
                loud.max(0.0) * (std::f32::consts::TAU * hz * time).sin()
            };
            [tones.iter().map(wave).sum::<f32>() * 0.01; 2]
        };
        (0..12 * rate as usize).map(sample).collect()
    };
    let sent = features(&sampled(48_000, 0.0), 48_000);
    let quiet: Vec<Frame> = sampled(44_100, 0.0047)
        .iter()
        .map(|frame| frame.map(|s| s * 0.1))
        .collect();
    let heard = features(&quiet, 44_100);
    let (off, likeness) = found(&sent, &heard, 500);
    assert!(off.abs() < 2.0 && likeness > 0.6, "off by {off}, {likeness}");
}

#[test]
fn other_material_is_never_taken_for_it_not_even_music_of_the_same_tempo() {
    let sounds: Vec<Vec<Feature>> = (1..4)
        .flat_map(|seed| [speech(seed, 25.0, 48_000), music(seed, 120.0, 25.0, 48_000)])
        .map(|sound| features(&sound, 48_000))
        .collect();
    let mut finder = Finder::new();
    for (a, sent) in sounds.iter().enumerate() {
        for (b, other) in sounds.iter().enumerate().filter(|(b, _)| *b != a) {
            for from in [500, 1500] {
                let heard = &other[from..from + WINDOW];
                let found = finder.find(sent.iter(), heard.iter()).expect("there is enough");
                assert!(found.likeness < 0.5, "{b} was taken for {a}: {}", found.likeness);
            }
        }
    }
}

#[test]
fn less_than_was_heard_is_no_past() {
    let sound = features(&speech(1, 3.0, 48_000), 48_000);
    assert_eq!(Finder::new().find(sound.iter(), sound.iter().chain(&sound)), None);
    assert_eq!(find_near(sound.iter(), sound.iter().chain(&sound)), None);
}
