//! The main output: what is played, what is told to the engine, and what happens when frames are not there.

mod desk;

use std::time::Duration;

use airdesk_devices::simulated::{Card, SampleFormat, SimulatedCards, Sizes};
use airdesk_devices::{DeviceChoice, OpenError, PlaybackRequest, PlaybackStream, Recovery};
use airdesk_dsp::SampleRate;
use airdesk_engine::outlet_clock::{OutletClock, outlet_clock};
use airdesk_engine::time::Nanos;
use airdesk_engine::{Engine, EngineCommand, EngineSettings};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use desk::{Desk, TURN, apart, circled, counted, largest_step, place};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LIMIT: Duration = Duration::from_secs(10);
const LEAD: u32 = 1024;

fn cards(card: Card) -> SimulatedCards {
    let cards = SimulatedCards::new();
    cards.around_callbacks(|call| assert_no_alloc(call));
    cards.add(card);
    cards
}

/// Opens the first card as main output of `desk`, which has published a second already.
fn open(cards: &SimulatedCards, desk: &mut Desk) -> (PlaybackStream, OutletClock) {
    let request = PlaybackRequest {
        hosts: cards.hosts(),
        ..PlaybackRequest::new(DeviceChoice::Default, cards.clock(), SampleRate::DESK)
    };
    let (stamper, outlet) = outlet_clock();
    outlet.set_lead(LEAD);
    let stream = PlaybackStream::open_main(request, LIMIT, desk.tap.reader(), stamper).expect("the card is there");
    desk.publish_to(48_000.0, Nanos(0));
    (stream, outlet)
}

/// Callback by callback, the desk `LEAD` ahead.
fn play(cards: &SimulatedCards, desk: &mut Desk, outlet: &mut OutletClock, seconds: f64) {
    let until = cards.now().seconds() + seconds;
    while let Some(next) = cards.next_event().filter(|next| next.seconds() <= until) {
        cards.advance_to(next);
        desk.follow(outlet, LEAD, next);
    }
}

#[test]
fn every_frame_is_played_once_in_order_and_bit_exact() {
    let cards = cards(Card {
        sizes: Sizes::Random(1, 480),
        ppm: 150.0,
        ..Card::output("speakers")
    });
    let mut desk = Desk::new(1024, counted);
    let (stream, mut outlet) = open(&cards, &mut desk);
    play(&cards, &mut desk, &mut outlet, 60.0);
    let played = cards.take_played("speakers");
    let first = played[2 * 2_000]; // it begins with silence, and fades in over 10 ms
    for (frame, pair) in played.as_chunks::<2>().0.iter().enumerate().skip(2_000) {
        let wanted = first + (frame - 2_000) as f32;
        assert_eq!(*pair, [wanted, -wanted], "frame {frame}");
    }
    let stats = stream.stats();
    assert_eq!((stats.missing, stats.stream.frames), (0, played.len() as u64 / 2));
    assert!(
        stats.stream.measured_hz > 47_900.0 && stats.latency > 0.009,
        "{stats:?}"
    );
}

#[test]
fn integer_formats_and_other_channel_counts_get_what_they_can() {
    use SampleFormat::{F32, I16, I24, I32};
    let loud = |frame: u64| [(frame % 1000 + 1) as f32 / 32_768.0, 0.5];
    for (format, outputs) in [(I16, 2), (I24, 8), (I32, 2), (F32, 1), (I16, 1)] {
        let cards = cards(Card {
            format,
            outputs,
            ..Card::output("speakers")
        });
        let mut desk = Desk::new(1024, loud);
        let (_stream, mut outlet) = open(&cards, &mut desk);
        play(&cards, &mut desk, &mut outlet, 0.5);
        let played = cards.take_played("speakers");
        let mut frames = played.chunks_exact(outputs.into()).skip(2_000);
        let first = frames.next().expect("half a second");
        let start = (first[0] * 32_768.0) as u64;
        for (n, frame) in frames.enumerate() {
            let [left, right] = loud((start + n as u64) % 1000);
            match frame {
                [_] => {} // the mean: see below
                [first, second, rest @ ..] => {
                    assert_eq!([*first, *second], [left, right], "{format}");
                    assert!(rest.iter().all(|sample| *sample == 0.0));
                }
                [] => unreachable!("the card has channels"),
            }
        }
    }
}

#[test]
fn a_mono_device_gets_the_mean_of_both_sides() {
    let cards = cards(Card {
        outputs: 1,
        ..Card::output("speaker")
    });
    let mut desk = Desk::new(1024, |_| [0.5, -0.25]);
    let (_stream, mut outlet) = open(&cards, &mut desk);
    play(&cards, &mut desk, &mut outlet, 0.1);
    assert!(
        cards
            .take_played("speaker")
            .iter()
            .skip(2_000)
            .all(|sample| *sample == 0.125)
    );
}

#[test]
fn the_engine_is_told_the_next_frame_the_device_will_ask_for() {
    let cards = cards(Card {
        sizes: Sizes::Cycle(vec![256, 100, 1]),
        ..Card::output("speakers")
    });
    let mut desk = Desk::new(1024, counted);
    let (_stream, mut outlet) = open(&cards, &mut desk);
    let mut position = 48_000.0 - f64::from(LEAD) - 256.0;
    for size in [256, 100, 1, 256, 100, 1] {
        let at = cards.next_event().expect("the card runs");
        cards.advance_to(at);
        position += f64::from(size);
        let stamp = outlet.stamp().expect("one a callback");
        assert_eq!(
            (stamp.position, stamp.at, stamp.frames, stamp.missing),
            (position, at, size, 0)
        );
    }
    assert!(outlet.stamp().is_none());
}

#[test]
fn a_desk_that_comes_too_late_is_silence_counted_exactly_and_latency_does_not_creep() {
    let cards = cards(Card::output("speakers"));
    let mut desk = Desk::new(1024, counted);
    let (stream, mut outlet) = open(&cards, &mut desk);
    play(&cards, &mut desk, &mut outlet, 0.2);
    let before = desk.follow(&mut outlet, LEAD, Nanos(0));
    assert!(before.is_none());
    cards.take_played("speakers");
    let held = desk.published();
    cards.advance(0.1); // the desk stands still
    let stamp = std::iter::from_fn(|| outlet.stamp()).last().expect("callbacks came");
    let missing = stamp.position - held as f64;
    assert_eq!(
        (stamp.missing, stream.stats().missing),
        (missing as u64, missing as u64)
    );
    assert!(missing > 3_000.0, "{missing}");
    desk.publish_to(stamp.position + f64::from(LEAD), Nanos(0));
    play(&cards, &mut desk, &mut outlet, 0.1);
    assert_eq!(stream.stats().missing, missing as u64);
    let played = cards.take_played("speakers");
    // What is heard is where it would have been without the gap: late frames were skipped.
    let heard = played.as_chunks::<2>().0.iter().map(|pair| pair[0]).collect::<Vec<_>>();
    let (first, last) = (heard[0], heard[heard.len() - 1]);
    assert_eq!(last - first, (heard.len() - 1) as f32);
    let silent = heard.iter().filter(|sample| **sample == 0.0).count();
    assert!(
        (missing as usize - 70..=missing as usize).contains(&silent),
        "{silent} of {missing}"
    );
}

#[test]
fn an_output_asked_to_take_its_place_anew_is_in_time_at_once() {
    let cards = cards(Card::output("speakers"));
    let mut desk = Desk::new(2048, counted);
    let (_stream, mut outlet) = open(&cards, &mut desk);
    play(&cards, &mut desk, &mut outlet, 0.1);
    desk.publish_to(desk.published() as f64 + 24_000.0, Nanos(0)); // the desk went on without it
    let seat = outlet.reseat();
    cards.advance(0.006);
    let stamp = std::iter::from_fn(|| outlet.stamp()).last().expect("a callback came");
    assert_eq!((stamp.seat, stamp.missing), (seat, 0));
    assert_eq!(stamp.position, desk.published() as f64 - f64::from(LEAD));
}

#[test]
fn an_output_that_takes_its_place_anew_does_so_softly_at_any_rate() {
    for rate in [48_000, 44_100] {
        let cards = cards(Card {
            rate,
            ..Card::output("speakers")
        });
        let mut desk = Desk::new(2048, circled);
        let (_stream, mut outlet) = open(&cards, &mut desk);
        play(&cards, &mut desk, &mut outlet, 1.0);
        cards.take_played("speakers");
        play(&cards, &mut desk, &mut outlet, 0.1);
        desk.publish_to(desk.published() as f64 + 24_000.0, Nanos(0));
        outlet.reseat();
        play(&cards, &mut desk, &mut outlet, 0.1);
        let played = cards.take_played("speakers");
        let frames = (played.len() / 2) as f64 * 48_000.0 / f64::from(rate);
        let moved = place(&played[played.len() - 2..]) - place(&played);
        let skipped = (moved - frames).rem_euclid(TURN);
        assert!(apart(skipped, 24_000.0).abs() < 1000.0, "{rate} Hz: {skipped}");
        let step = largest_step(&played);
        assert!(step < 0.01, "{rate} Hz: a step of {step}");
    }
}

#[test]
fn a_device_of_another_rate_plays_in_tune_and_its_position_moves_evenly() {
    for rate in [44_100, 96_000, 24_000] {
        let cards = cards(Card {
            rate,
            ..Card::output("speakers")
        });
        let mut desk = Desk::new(4096, circled);
        let (stream, mut outlet) = open(&cards, &mut desk);
        assert_eq!(stream.rate().hz(), rate);
        let step = 48_000.0 / f64::from(rate);
        let mut position: Option<f64> = None;
        for _ in 0..2_000 {
            cards.advance_to(cards.next_event().expect("the card runs"));
            let stamp = desk.follow(&mut outlet, LEAD, Nanos(0)).expect("one a callback");
            let moved = position.map_or(256.0 * step, |before| stamp.position - before);
            assert!((moved - 256.0 * f64::from(rate.div_ceil(48_000)) * step).abs() < 1e-6 || position.is_none());
            position = Some(stamp.position);
        }
        assert_eq!(stream.stats().missing, 0, "{rate}");
        let played = cards.take_played("speakers");
        let frames = played.as_chunks::<2>().0;
        let settled = &frames[2_000..];
        let start = place(&settled[0]);
        let off = |n: usize| apart(place(&settled[n]), start + n as f64 * step).abs();
        let worst = (0..settled.len()).step_by(97).map(off).fold(0.0, f64::max);
        assert!(worst < 0.02, "{rate}: off by {worst} frames");
    }
}

#[test]
fn the_engine_follows_a_card_and_never_starves_it() {
    for (ppm, jitter) in [(200.0, 0.000_3), (-200.0, 0.001)] {
        let cards = cards(Card {
            ppm,
            jitter,
            keeps: false,
            ..Card::output("speakers")
        });
        let (mut engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
        let request = PlaybackRequest {
            hosts: cards.hosts(),
            ..PlaybackRequest::new(SimulatedCards::device("speakers"), cards.clock(), SampleRate::DESK)
        };
        let (stamper, outlet) = outlet_clock();
        let stream = PlaybackStream::open_main(request, LIMIT, link.programme.reader(), stamper).expect("the card");
        link.commands
            .push(EngineCommand::FollowOutlet(Box::new(outlet)))
            .map_err(drop)
            .expect("room");
        cards.run(5.0, || engine.turn());
        let settled = stream.stats().missing;
        cards.run(120.0, || engine.turn());
        let stats = stream.stats();
        assert_eq!(stats.missing, settled, "{stats:?}");
        let health = link.reports.latest().health;
        assert!(
            health.follows_outlet && (f64::from(health.ppm) - ppm).abs() < 5.0,
            "{health:?}"
        );
    }
}

#[test]
fn a_machine_without_an_output_says_so() {
    let cards = cards(Card::input("mic"));
    let desk = Desk::new(64, counted);
    let request = |device| PlaybackRequest {
        hosts: cards.hosts(),
        ..PlaybackRequest::new(device, cards.clock(), SampleRate::DESK)
    };
    let open = |device| PlaybackStream::open_bridged(request(device), LIMIT, desk.tap.reader()).err();
    assert_eq!(open(DeviceChoice::Default), Some(OpenError::NoDefault));
    let gone = SimulatedCards::device("gone");
    assert_eq!(open(gone.clone().into()), Some(OpenError::NotThere { device: gone }));
    let mic = SimulatedCards::device("mic");
    assert!(matches!(open(mic.into()), Some(OpenError::Unsuitable { .. })));
}

#[test]
#[cfg(not(target_os = "macos"))]
fn an_output_that_cannot_be_had_alone_is_not_opened_as_if_it_were() {
    let cards = SimulatedCards::new();
    cards.add(Card::output("speakers"));
    let request = PlaybackRequest {
        hosts: cards.hosts(),
        exclusive: true,
        ..PlaybackRequest::new(SimulatedCards::device("speakers"), cards.clock(), SampleRate::DESK)
    };
    let (_writer, tap) = airdesk_engine::mix_queue::mix_queue(64);
    let opened = PlaybackStream::open_bridged(request, LIMIT, tap.reader());
    let refused = opened.err().map(|error| (error.recovery(), error.to_string()));
    let Some((Recovery::AskOperator, reason)) = &refused else {
        panic!("{refused:?}");
    };
    assert!(
        reason.contains("Simulated speakers") && reason.contains("share it"),
        "{reason}"
    );
    assert_eq!(cards.streams("speakers"), 0);
}

/// Frame `n` is `n + 1`, modulo what 16 bits count to, on the left, and one more on the right; never silence.
fn counted_in_16_bits(frame: u64) -> [f32; 2] {
    [frame, frame + 1].map(|frame| (frame % 32_767 + 1) as f32 / 32_768.0)
}

/// The same on both sides, and so in their mean.
fn counted_on_both(frame: u64) -> [f32; 2] {
    [counted_in_16_bits(frame)[0]; 2]
}

#[test]
fn callbacks_of_any_size_are_filled_frame_by_frame_in_every_format_and_on_any_number_of_channels() {
    use SampleFormat::{F32, I16, I24, I32};
    const AHEAD: u32 = 12_000;
    // A callback of 8192 frames among small ones, and every size on the way there.
    let sizes: Vec<u32> = (0..13)
        .flat_map(|power| [1, 1 << power, 3, (1 << power) | 1, 37])
        .collect();
    for (outputs, formats) in [(1, [I16, F32]), (2, [I16, I24]), (2, [I32, F32]), (8, [I16, F32])] {
        for format in formats {
            let cards = cards(Card {
                outputs,
                format,
                sizes: Sizes::Cycle([sizes.as_slice(), &[8_192]].concat()),
                ppm: 150.0,
                ..Card::output("speakers")
            });
            let mut desk = Desk::new(
                1024,
                if outputs == 1 {
                    counted_on_both
                } else {
                    counted_in_16_bits
                },
            );
            let request = PlaybackRequest {
                hosts: cards.hosts(),
                ..PlaybackRequest::new(DeviceChoice::Default, cards.clock(), SampleRate::DESK)
            };
            let (stamper, mut outlet) = outlet_clock();
            outlet.set_lead(AHEAD);
            let stream = PlaybackStream::open_main(request, LIMIT, desk.tap.reader(), stamper);
            let stream = stream.expect("the card is there");
            desk.publish_to(48_000.0, Nanos(0));
            let (mut next, mut heard) = (None, 0_u64);
            while stream.stats().stream.callbacks < 3_000 {
                let at = cards.next_event().expect("the card runs");
                cards.advance_to(at);
                desk.follow(&mut outlet, AHEAD, at);
                for frame in cards.take_played("speakers").chunks_exact(outputs.into()) {
                    let index = |sample: f32| (sample * 32_768.0) as u64;
                    heard += 1;
                    if heard < 40_000 {
                        continue; // what was published before it came is silence, and then it fades in
                    }
                    let found = index(frame[0]) - 1;
                    assert!(
                        next.is_none_or(|next| next == found),
                        "{format}, {outputs}: {found} after {next:?}"
                    );
                    next = Some((found + 1) % 32_767);
                    if let [_, right, rest @ ..] = frame {
                        assert_eq!(index(*right) - 1, (found + 1) % 32_767, "{format}, {outputs}");
                        assert!(rest.iter().all(|sample| *sample == 0.0));
                    }
                }
            }
            assert_eq!((stream.stats().missing, stream.stats().stream.largest), (0, 8_192));
        }
    }
}

#[test]
fn what_a_device_takes_ahead_of_its_time_is_measured() {
    // Callbacks of 256 frames, an even one and one with three periods at the start.
    for (first, held) in [(256, 0.0), (768, 512.0 / 48_000.0)] {
        let mut sizes = vec![256; 1_000];
        sizes[0] = first;
        let cards = cards(Card {
            sizes: Sizes::Cycle(sizes),
            jitter: 0.000_5,
            ..Card::output("speakers")
        });
        let mut desk = Desk::new(1024, counted);
        let (stream, mut outlet) = open(&cards, &mut desk);
        play(&cards, &mut desk, &mut outlet, 3.0);
        let found = stream.stats().stream.held;
        assert!((f64::from(found) - held).abs() < 0.001, "{first}: {found}");
    }
}
