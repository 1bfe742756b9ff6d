//! Encoded streams decode from their first packet, and from the middle, to what went in.

use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::{Codec, EncodedPacket, EncodedStream, EncoderSettings, PacketKind};
use airdesk_outputs::title::Title;

use crate::rig::desk::{Desk, burst, sine};
use crate::rig::listener::decode;
use crate::rig::tone::{assert_tone, measure};
use crate::rig::{seconds, wait_for};

fn settings(codec: Codec, rate: u32) -> EncoderSettings {
    EncoderSettings {
        codec,
        bit_rate: 128,
        rate: SampleRate::new(rate).expect("a rate"),
    }
}

/// Packets of `seconds` of a 1 kHz tone, with a title at each of `titles`, a block number.
fn encoded(settings: EncoderSettings, length: f64, titles: &[(usize, &str)]) -> Vec<EncodedPacket> {
    let mut encoder = settings.encoder(&Title::new("first")).expect("possible");
    let mut packets = Vec::new();
    let rate = settings.rate.hz();
    for block in 0..(length * f64::from(rate) / 64.0) as usize {
        if let Some((_, title)) = titles.iter().find(|(at, _)| *at == block) {
            encoder.set_title(&Title::new(title));
        }
        let frames: [_; 64] = std::array::from_fn(|n| [sine((block * 64 + n) as u64, 1_000.0, rate) * 0.25, 0.0]);
        encoder.encode(&frames, &mut packets).expect("encoded");
    }
    encoder.finish(&mut packets).expect("finished");
    packets
}

fn bytes<'a>(packets: impl IntoIterator<Item = &'a EncodedPacket>) -> Vec<u8> {
    packets.into_iter().flat_map(|packet| packet.bytes.to_vec()).collect()
}

#[test]
fn a_stream_is_as_long_and_as_loud_as_what_went_in_at_every_desk_rate() {
    for codec in [Codec::Mp3, Codec::Opus] {
        for rate in [44_100, 48_000, 96_000] {
            let packets = encoded(settings(codec, rate), 3.0, &[]);
            let [left, _] = decode(&bytes(&packets));
            assert_tone(&left[12_000..left.len() - 12_000], 1_000.0, 0.25);
            let length = left.len() as f64 / 48_000.0;
            let (short, long) = if codec == Codec::Opus {
                (2.99, 3.03)
            } else {
                (2.95, 3.12)
            };
            assert!((short..long).contains(&length), "{codec:?} at {rate}: {length} s");
        }
    }
}

#[test]
fn the_level_is_kept_at_every_bit_rate() {
    for codec in [Codec::Mp3, Codec::Opus] {
        for bit_rate in codec.bit_rates() {
            let packets = encoded(
                EncoderSettings {
                    bit_rate: *bit_rate,
                    ..settings(codec, 48_000)
                },
                1.5,
                &[],
            );
            let [left, _] = decode(&bytes(&packets));
            let (found, _) = measure(&left[12_000..60_000], 1_000.0, 48_000.0);
            let off_db = 20.0 * (found / 0.25).log10();
            let close = if *bit_rate < 64 { 0.5 } else { 0.1 }; // little Opus is not exact
            assert!(
                off_db.abs() < close,
                "{codec:?} at {bit_rate} kbit/s is {off_db:+.2} dB off"
            );
        }
    }
}

#[test]
fn mp3_packets_are_whole_frames_of_a_constant_bit_rate() {
    let packets = encoded(settings(Codec::Mp3, 48_000), 3.0, &[]);
    for packet in &packets {
        assert_eq!(packet.bytes[..2], [0xff, 0xfb]);
        assert_eq!(
            (packet.bytes.len(), packet.frames, packet.kind),
            (384, 1152, PacketKind::Audio)
        );
    }
    let [left, _] = decode(&bytes(&packets[40..])); // joined in the middle
    assert_tone(&left[4_800..left.len() - 4_800], 1_000.0, 0.25);
}

#[test]
fn an_opus_stream_is_joined_in_the_middle_with_its_headers_alone() {
    let packets = encoded(settings(Codec::Opus, 48_000), 3.0, &[]);
    assert_eq!(packets[0].kind, PacketKind::Opening);
    assert!(
        packets[1..]
            .iter()
            .all(|packet| packet.kind == PacketKind::Audio && packet.bytes.starts_with(b"OggS"))
    );
    let [left, _] = decode(&bytes([&packets[0]].into_iter().chain(&packets[15..])));
    assert_tone(&left[4_800..], 1_000.0, 0.25);
}

#[test]
fn a_new_title_is_a_new_logical_stream_without_a_seam_that_is_heard() {
    let packets = encoded(
        settings(Codec::Opus, 48_000),
        3.0,
        &[(1_000, "Jóga 🎵"), (1_500, "third")],
    );
    let openings: Vec<_> = packets
        .iter()
        .filter(|packet| packet.kind == PacketKind::Opening)
        .collect();
    assert_eq!(openings.len(), 3);
    let has =
        |packet: &EncodedPacket, text: &str| packet.bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has(openings[0], "TITLE=first") && has(openings[1], "TITLE=Jóga 🎵") && has(openings[2], "TITLE=third"));
    let frames: u64 = packets.iter().map(|packet| u64::from(packet.frames)).sum();
    assert!((144_000..146_000).contains(&frames), "{frames}");
    let [left, _] = decode(&bytes(&packets));
    assert_eq!(left.len(), 144_000, "not a frame more or less");
    // One sine from end to end: a frame too many or too few at a seam would turn its phase.
    let (amplitude, rest) = measure(&left[12_000..132_000], 1_000.0, 48_000.0);
    assert!(
        (amplitude / 0.25 - 1.0).abs() < 0.02 && rest < 3e-3,
        "{amplitude}, {rest}"
    );
}

#[test]
fn impossible_bit_rates_are_refused_with_those_that_are_possible() {
    let refused = EncoderSettings {
        bit_rate: 512,
        ..settings(Codec::Mp3, 48_000)
    };
    let error = refused.check().expect_err("MP3 ends at 320");
    assert!(
        error.to_string().contains("MP3 cannot do 512 kbit/s") && error.to_string().contains("320"),
        "{error}"
    );
}

#[test]
fn a_late_subscriber_gets_what_it_needs_and_a_slow_one_holds_nobody_up() {
    let desk = Desk::tone(1_000.0, 0.25);
    for codec in [Codec::Mp3, Codec::Opus] {
        let stream =
            EncodedStream::start(settings(codec, 48_000), &Title::new("on"), desk.tap.reader()).expect("started");
        let slow = stream.subscribe().expect("it runs"); // reads nothing, ever
        std::thread::sleep(Duration::from_millis(2_500));
        let mut late = stream.subscribe().expect("it runs");
        let recent: u32 = late.recent.iter().map(|packet| packet.frames).sum();
        assert!(
            (80_000..=96_000).contains(&recent),
            "{codec:?}: {recent} frames of the past"
        );
        let mut heard: Vec<_> = late
            .opening
            .iter()
            .chain(&late.recent)
            .map(|packet| (**packet).clone())
            .collect();
        wait_for("two more seconds", seconds(20), || {
            while let Ok(packet) = late.packets.try_recv() {
                heard.push((*packet).clone());
            }
            (heard.iter().map(|packet| packet.frames).sum::<u32>() > recent + 96_000).then_some(())
        });
        let [left, _] = decode(&bytes(&heard));
        assert_tone(&left[4_800..], 1_000.0, 0.25);
        assert_eq!(stream.frames_lost(), 0);
        drop(slow);
    }
}

#[test]
fn lost_blocks_are_encoded_as_silence_of_that_length_and_counted() {
    let (mut publish, tap) = burst(64);
    let reader = tap.reader();
    publish(1_500); // the reader may be 32 behind
    let stream = EncodedStream::start(settings(Codec::Opus, 48_000), &Title::new(""), reader).expect("started");
    let mut subscription = stream.subscribe().expect("it runs");
    let lost = wait_for("the loss", seconds(20), || {
        Some(stream.frames_lost()).filter(|lost| *lost > 0)
    });
    assert!(lost.is_multiple_of(64) && lost >= 1_400 * 64, "{lost}");
    stream.finish();
    let mut heard = 0;
    while let Ok(packet) = subscription.packets.try_recv() {
        heard += packet.frames;
    }
    let heard: u32 = heard + subscription.recent.iter().map(|packet| packet.frames).sum::<u32>();
    assert!((96_000..98_000).contains(&heard), "{heard}");
}
