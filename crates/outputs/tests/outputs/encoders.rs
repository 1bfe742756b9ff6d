//! Encoded streams decode from their first packet, and from the middle, to what went in.

use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::{Codec, EncodedPacket, EncodedStream, EncoderSettings, FlacDepth, PacketKind};
use airdesk_outputs::title::Title;

use crate::rig::decoder::{ffmpeg_chain, flac, oggdec, opusdec};
use crate::rig::desk::{Desk, burst, index_frame, sine};
use crate::rig::listener::decode;
use crate::rig::tone::{assert_tone, measure};
use crate::rig::{seconds, wait_for};

const FLAC: Codec = Codec::Flac(FlacDepth::Bits24);
const CODECS: [Codec; 4] = [Codec::Mp3, Codec::Opus, Codec::Vorbis, FLAC];

fn settings(codec: Codec, rate: u32) -> EncoderSettings {
    let rate = SampleRate::new(rate).expect("a rate");
    match codec {
        Codec::Flac(depth) => EncoderSettings::flac(depth, rate),
        Codec::Mp3 | Codec::Opus | Codec::Vorbis => EncoderSettings {
            codec,
            bit_rate: 128,
            variable: false,
            rate,
        },
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
    for codec in CODECS {
        for rate in [44_100, 48_000, 96_000] {
            let packets = encoded(settings(codec, rate), 3.0, &[]);
            let [left, _] = decode(&bytes(&packets));
            assert_tone(&left[12_000..left.len() - 12_000], 1_000.0, 0.25);
            let length = left.len() as f64 / 48_000.0;
            let (short, long) = match codec {
                Codec::Mp3 => (3.0, 3.06), // whole MP3 frames, and the delay of the filters
                Codec::Opus | Codec::Vorbis | Codec::Flac(_) => (2.9985, 3.0), // whole blocks of the desk
            };
            assert!((short..=long).contains(&length), "{codec:?} at {rate}: {length} s");
        }
    }
}

#[test]
fn the_level_is_kept_at_every_bit_rate() {
    for codec in CODECS {
        for (bit_rate, variable) in codec.bit_rates().iter().flat_map(|rate| [(rate, false), (rate, true)]) {
            let packets = encoded(
                EncoderSettings {
                    bit_rate: *bit_rate,
                    variable,
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
                "{codec:?} at {bit_rate} kbit/s, variable {variable}: {off_db:+.2} dB off"
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
fn an_ogg_stream_is_joined_in_the_middle_with_its_headers_alone() {
    for codec in [Codec::Opus, Codec::Vorbis, FLAC] {
        let packets = encoded(settings(codec, 48_000), 3.0, &[]);
        assert_eq!(packets[0].kind, PacketKind::Opening);
        assert!(
            packets[1..]
                .iter()
                .all(|packet| packet.kind == PacketKind::Audio && packet.bytes.starts_with(b"OggS"))
        );
        let longest = packets.iter().map(|packet| packet.frames).max();
        assert!(
            longest <= Some(4_800),
            "{codec:?}: a page of {longest:?} frames keeps listeners waiting"
        );
        let [left, _] = decode(&bytes([&packets[0]].into_iter().chain(&packets[15..])));
        assert_tone(&left[4_800..], 1_000.0, 0.25);
    }
}

#[test]
fn a_page_that_was_dropped_costs_its_own_length_and_nothing_after_it() {
    for codec in [Codec::Opus, Codec::Vorbis, FLAC] {
        let mut packets = encoded(settings(codec, 48_000), 3.0, &[]);
        packets.remove(10);
        let [left, _] = decode(&bytes(&packets));
        assert_tone(&left[72_000..left.len() - 4_800], 1_000.0, 0.25);
    }
}

#[test]
fn silence_leaves_as_often_as_sound_does() {
    for codec in [Codec::Opus, Codec::Vorbis, FLAC] {
        let mut encoder = settings(codec, 48_000).encoder(&Title::new("")).expect("possible");
        let mut packets = Vec::new();
        encoder.encode(&[[0.0; 2]; 48_000], &mut packets).expect("encoded");
        let frames: u32 = packets.iter().map(|packet| packet.frames).sum();
        assert!(frames > 48_000 - 6_500, "{codec:?}: {frames} of 48000 frames have left");
    }
}

#[test]
fn decoders_of_others_find_every_frame_of_a_chain_of_titles() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stream.ogg");
    for codec in [Codec::Opus, Codec::Vorbis, FLAC] {
        for length in [0.5, 3.0] {
            let titles: &[(usize, &str)] = if length > 1.0 {
                &[(1_000, "second"), (1_013, "third")]
            } else {
                &[]
            };
            let packets = encoded(settings(codec, 48_000), length, titles);
            let wanted = (length * 750.0) as u64 * 64;
            std::fs::write(&path, bytes(&packets)).expect("written");
            let told: u64 = packets.iter().map(|packet| u64::from(packet.frames)).sum();
            match codec {
                Codec::Opus => assert_eq!(opusdec(&path), wanted),
                Codec::Vorbis => assert_eq!((oggdec(&path).len() as u64, told), (wanted, wanted)),
                Codec::Flac(_) if titles.is_empty() => {
                    assert_eq!((flac(&path, 24, &["--ogg"]), told), (wanted, wanted))
                }
                Codec::Flac(_) | Codec::Mp3 => assert_eq!(told, wanted), // flac 1.4 reads the first of a chain only
            }
            if codec != Codec::Vorbis || titles.is_empty() {
                // ffmpeg laps a new Vorbis stream over the one before: 128 frames too many at each seam.
                assert_eq!(ffmpeg_chain(&path).len() as u64, wanted, "{codec:?}");
            }
        }
    }
}

#[test]
fn flac_in_ogg_is_what_went_in_bit_for_bit_across_titles() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stream.oga");
    for rate in [44_100, 48_000, 88_200, 96_000] {
        let mut encoder = settings(FLAC, rate).encoder(&Title::new("first")).expect("possible");
        let mut packets = Vec::new();
        for block in 0..500_u64 {
            if block == 200 {
                encoder.set_title(&Title::new("second"));
            }
            let frames: [_; 64] = std::array::from_fn(|n| index_frame(block * 64 + n as u64));
            encoder.encode(&frames, &mut packets).expect("encoded");
        }
        encoder.finish(&mut packets).expect("finished");
        std::fs::write(&path, bytes(&packets)).expect("written");
        let expected: Vec<_> = (0..32_000).map(index_frame).collect();
        assert!(ffmpeg_chain(&path) == expected, "at {rate} Hz");
    }
}

#[test]
fn a_new_title_is_a_new_logical_stream_without_a_seam_that_is_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    for codec in [Codec::Opus, Codec::Vorbis, FLAC] {
        let titles = [(1_000, "Jóga 🎵"), (1_500, "third")];
        let packets = encoded(settings(codec, 48_000), 3.0, &titles);
        let openings: Vec<_> = packets
            .iter()
            .filter(|packet| packet.kind == PacketKind::Opening)
            .collect();
        assert_eq!(openings.len(), 3);
        let has = |packet: &EncodedPacket, text: &str| {
            packet.bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        assert!(
            has(openings[0], "TITLE=first") && has(openings[1], "TITLE=Jóga 🎵") && has(openings[2], "TITLE=third")
        );
        let frames: u64 = packets.iter().map(|packet| u64::from(packet.frames)).sum();
        assert!((144_000..146_000).contains(&frames), "{frames}");
        let path = folder.path().join("stream.ogg");
        std::fs::write(&path, bytes(&packets)).expect("written");
        let heard = if codec == Codec::Vorbis {
            oggdec(&path)
        } else {
            ffmpeg_chain(&path)
        };
        assert_eq!(heard.len(), 144_000, "{codec:?}: not a frame more or less");
        let left: Vec<f32> = heard.iter().map(|frame| frame[0]).collect();
        // One sine from end to end: a frame too many or too few at a seam would turn its phase.
        let (amplitude, rest) = measure(&left[12_000..132_000], 1_000.0, 48_000.0);
        assert!(
            (amplitude / 0.25 - 1.0).abs() < 0.02 && rest < 3e-3,
            "{codec:?}: {amplitude}, {rest}"
        );
    }
}

/// Ten seconds of noise at -20 dBFS.
fn noise() -> Vec<[f32; 2]> {
    let mut random = 1_u64;
    let mut sample = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((random >> 40) as f32 / 8_388_608.0 - 1.0) * 0.1
    };
    (0..480_000).map(|_| [sample(), sample()]).collect()
}

/// The bytes that `frames` become, as a part of those that are to be expected.
fn part(settings: EncoderSettings, frames: &[[f32; 2]]) -> f64 {
    let mut encoder = settings.encoder(&Title::new("")).expect("possible");
    let mut packets = Vec::new();
    encoder.encode(frames, &mut packets).expect("encoded");
    encoder.finish(&mut packets).expect("finished");
    let audio = packets.iter().filter(|packet| packet.kind == PacketKind::Audio);
    let bytes = audio.map(|packet| packet.bytes.len()).sum::<usize>() as f64;
    bytes / f64::from(settings.byte_rate()) / (frames.len() as f64 / 48_000.0)
}

#[test]
fn the_bytes_to_expect_are_those_that_come() {
    for codec in CODECS {
        for variable in [false, true] {
            let settings = EncoderSettings {
                variable: variable || matches!(codec, Codec::Flac(_)),
                ..settings(codec, 48_000)
            };
            let found = part(settings, &noise());
            assert!(
                (0.8..1.3).contains(&found),
                "{settings:?}: {found} of what was to be expected"
            );
        }
    }
}

#[test]
fn a_variable_bit_rate_saves_on_silence_and_a_constant_one_stays() {
    let silence = vec![[0.0; 2]; 480_000];
    for codec in [Codec::Mp3, Codec::Opus, Codec::Vorbis] {
        let variable = EncoderSettings {
            variable: true,
            ..settings(codec, 48_000)
        };
        let found = part(variable, &silence);
        assert!(found < 0.4, "{codec:?}: {found} of the rate for silence");
        if codec != Codec::Vorbis {
            // whose management keeps an average of what it has to say
            let found = part(settings(codec, 48_000), &silence);
            assert!((0.98..1.05).contains(&found), "{codec:?}: {found} of the rate");
        }
    }
}

#[test]
fn impossible_settings_are_refused_with_what_is_possible() {
    let refused = |settings: EncoderSettings| settings.check().expect_err("impossible").to_string();
    let mp3 = refused(EncoderSettings {
        bit_rate: 512,
        ..settings(Codec::Mp3, 48_000)
    });
    assert!(mp3.contains("MP3 cannot do 512 kbit/s") && mp3.contains("320"), "{mp3}");
    for (bit_rate, variable) in [(128, true), (0, false)] {
        let flac = refused(EncoderSettings {
            bit_rate,
            variable,
            ..settings(FLAC, 48_000)
        });
        assert!(flac.contains("FLAC has no bit rate to choose"), "{flac}");
    }
}

#[test]
fn a_late_subscriber_gets_what_it_needs_and_a_slow_one_holds_nobody_up() {
    let desk = Desk::tone(1_000.0, 0.25);
    for codec in CODECS {
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
