//! Recording: every frame of every format arrives once and in order, whatever the callbacks are like.

use std::time::Duration;

use airdesk_devices::simulated::{Card, SampleFormat, Signal, SimulatedCards, Sizes};
use airdesk_devices::{AttachError, CaptureRequest, CaptureStream, ChannelPick};
use airdesk_engine::inlet::{Inlet, inlet};
use airdesk_engine::time::Nanos;
use assert_no_alloc::{AllocDisabler, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LIMIT: Duration = Duration::from_secs(10);

fn cards(card: Card) -> SimulatedCards {
    let cards = SimulatedCards::new();
    // The card's own buffers are made while no callback runs; what is left is the desk's.
    cards.around_callbacks(|call| assert_no_alloc(call));
    cards.add(card);
    cards
}

fn open(cards: &SimulatedCards, id: &str) -> CaptureStream {
    let request = CaptureRequest {
        hosts: cards.hosts(),
        ..CaptureRequest::new(SimulatedCards::device(id), cards.clock())
    };
    CaptureStream::open(request, LIMIT).expect("the card is there")
}

fn attach(stream: &mut CaptureStream, pick: ChannelPick) -> Inlet {
    let (writer, inlet) = inlet(f64::from(stream.rate().hz()), 1 << 15);
    stream.attach(pick, writer).expect("the channels are there");
    inlet
}

/// Reads all that waits and checks that `channel` counts on from `next` on both sides.
fn check_index(inlet: &mut Inlet, next: &mut u64, channels: (u64, u64), format: SampleFormat) {
    let modulus = Signal::index_modulus(format);
    let index = |sample: f32| (sample * modulus as f32) as u64;
    let mut block = [[0.0; 2]; 1024];
    loop {
        let frames = inlet.read(&mut block);
        for frame in &block[..frames] {
            let wanted = [channels.0, channels.1].map(|channel| (*next + channel * Signal::CHANNEL_OFFSET) % modulus);
            assert_eq!(frame.map(index), wanted, "frame {next}");
            *next += 1;
        }
        if frames < block.len() {
            return;
        }
    }
}

#[test]
fn every_format_arrives_bit_exact() {
    use SampleFormat::{F32, F64, I8, I16, I24, I32, U8, U16, U24, U32};
    for format in [I8, U8, I16, U16, I24, U24, I32, U32, F32, F64] {
        let cards = cards(Card {
            format,
            ..Card::input("mic")
        });
        let mut stream = open(&cards, "mic");
        let mut inlet = attach(&mut stream, ChannelPick::default());
        let mut next = 0;
        for _ in 0..200 {
            cards.advance(0.010);
            check_index(&mut inlet, &mut next, (0, 1), format);
        }
        assert!(next > 90_000, "{format}: {next}");
        assert_eq!(inlet.frames_lost(), 0);
    }
}

#[test]
fn callbacks_of_1_to_8192_frames_lose_nothing_over_100_000_of_them() {
    let runs = [
        (Sizes::Random(1, 512), 100_000),
        (Sizes::Cycle((1..=8192).rev().collect()), 8_192),
    ];
    for (sizes, callbacks) in runs {
        let cards = cards(Card {
            sizes,
            jitter: 0.000_3,
            ..Card::input("mic")
        });
        let mut stream = open(&cards, "mic");
        let mut inlet = attach(&mut stream, ChannelPick::default());
        let mut next = 0;
        while stream.stats().callbacks < callbacks {
            cards.advance_to(cards.next_event().expect("the card runs"));
            check_index(&mut inlet, &mut next, (0, 1), SampleFormat::F32);
        }
        assert_eq!((stream.stats().frames, inlet.frames_lost()), (next, 0));
        assert_eq!(stream.stats().smallest, 1);
    }
}

/// Sizes from 1 to 8192 frames in no order, most of them small: so many callbacks fit into a test.
fn odd_sizes(seed: u64) -> Sizes {
    let mut random = seed;
    let size = |_| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let even = (random >> 40) as f64 / (1_u64 << 24) as f64;
        (8_193.0 * even.powi(24)).max(1.0) as u32
    };
    Sizes::Cycle((0..5_003).map(size).chain([8_192]).collect())
}

/// Runs `card` for so many callbacks; the strip's two channels must count on without a frame lost, doubled or moved.
fn counts_on(card: Card, pick: ChannelPick, callbacks: u64) {
    let (format, what) = (card.format, format!("{card:?}"));
    let cards = cards(card);
    let mut stream = open(&cards, "mic");
    let mut inlet = attach(&mut stream, pick);
    let (left, right) = pick.channels();
    let mut next = 0;
    while stream.stats().callbacks < callbacks {
        cards.advance_to(cards.next_event().expect("the card runs"));
        check_index(&mut inlet, &mut next, (left.into(), right.into()), format);
    }
    assert_eq!((stream.stats().frames, inlet.frames_lost()), (next, 0), "{what}");
}

/// A third of a million callbacks: as many in each format.
fn count_on_in_every_format(inputs: u16, pick: ChannelPick) {
    use SampleFormat::{F32, I16, I24, I32};
    for (format, seed) in [I16, I24, I32, F32].into_iter().zip(u64::from(inputs)..) {
        let card = Card {
            inputs,
            format,
            sizes: odd_sizes(seed),
            jitter: 0.000_3,
            ppm: 130.0,
            ..Card::input("mic")
        };
        counts_on(card, pick, 1_000_000 / 12 + 1);
    }
}

#[test]
fn a_third_of_a_million_odd_callbacks_lose_nothing_in_mono() {
    count_on_in_every_format(1, ChannelPick::Mono { channel: 0 });
}

#[test]
fn a_third_of_a_million_odd_callbacks_lose_nothing_in_stereo() {
    count_on_in_every_format(2, ChannelPick::default());
}

#[test]
fn a_third_of_a_million_odd_callbacks_lose_nothing_of_eight_channels() {
    count_on_in_every_format(8, ChannelPick::Pair { left: 6, right: 3 });
}

#[test]
fn each_strip_hears_the_channels_it_picked() {
    let cards = cards(Card {
        inputs: 8,
        format: SampleFormat::I24,
        ..Card::input("interface")
    });
    let mut stream = open(&cards, "interface");
    assert_eq!(stream.channels(), 8);
    let picks = [
        (ChannelPick::Mono { channel: 7 }, (7, 7)),
        (ChannelPick::Pair { left: 2, right: 3 }, (2, 3)),
        (ChannelPick::Pair { left: 5, right: 0 }, (5, 0)),
    ];
    let mut inlets = picks.map(|(pick, _)| attach(&mut stream, pick));
    for _ in 0..100 {
        cards.advance(0.010);
    }
    for (inlet, (_, channels)) in inlets.iter_mut().zip(picks) {
        let mut next = 0;
        check_index(inlet, &mut next, channels, SampleFormat::I24);
        assert!(next > 30_000);
    }
    let (writer, _inlet) = inlet(48_000.0, 64);
    let refused = stream.attach(ChannelPick::Pair { left: 0, right: 8 }, writer);
    let refused = refused.expect_err("there are eight");
    assert!(matches!(
        refused,
        AttachError::NoSuchChannel {
            channel: 8,
            channels: 8,
            ..
        }
    ));
    let said = format!(
        "channel 9 is not among the 8 of {}; choose another channel",
        stream.name()
    );
    assert_eq!(refused.to_string(), said);
}

#[test]
fn a_stamp_tells_the_frames_up_to_its_callback_and_when_that_began() {
    let cards = cards(Card {
        sizes: Sizes::Cycle(vec![480, 1000, 1]),
        ..Card::input("mic")
    });
    let mut stream = open(&cards, "mic");
    let mut inlet = attach(&mut stream, ChannelPick::Mono { channel: 0 });
    let mut position = 0;
    for size in [480, 1000, 1, 480, 1000, 1] {
        let at = cards.next_event().expect("the card runs");
        cards.advance_to(at);
        position += size;
        let stamp = inlet.stamp().expect("one a callback");
        assert_eq!((stamp.position, stamp.at), (position, at));
        assert!((at.seconds() - position as f64 / 48_000.0).abs() < 1e-8);
        assert!(inlet.stamp().is_none());
    }
}

#[test]
fn strips_come_and_go_while_the_device_runs_and_nothing_is_freed_in_its_callback() {
    let cards = cards(Card::input("mic"));
    let mut stream = open(&cards, "mic");
    let mut kept = attach(&mut stream, ChannelPick::default());
    let mut next = 0;
    // More guests than there is room for at once: those that have gone must have made room.
    for _ in 0..50 {
        let guests: Vec<_> = (0..8)
            .map(|_| attach(&mut stream, ChannelPick::Mono { channel: 1 }))
            .collect();
        cards.advance(0.020);
        assert!(guests.iter().all(|guest| guest.waiting() > 0));
        drop(guests);
        cards.advance(0.020);
        stream.tidy();
        check_index(&mut kept, &mut next, (0, 1), SampleFormat::F32);
    }
    assert_eq!(next, stream.stats().frames);
}

#[test]
fn a_strip_too_many_is_refused_and_the_others_are_fed() {
    let cards = cards(Card::input("mic"));
    let mut stream = open(&cards, "mic");
    let inlets: Vec<_> = (0..airdesk_devices::MAX_FEEDS)
        .map(|_| attach(&mut stream, ChannelPick::default()))
        .collect();
    let (writer, refused) = inlet(48_000.0, 64);
    let one_too_many = stream.attach(ChannelPick::default(), writer).expect_err("no room");
    assert!(matches!(one_too_many, AttachError::TooMany { .. }));
    assert!(one_too_many.to_string().contains(stream.name()), "{one_too_many}");
    assert!(refused.is_abandoned());
    cards.advance(0.1);
    assert!(inlets.iter().all(|inlet| inlet.waiting() > 4_000));
}

#[test]
fn closing_a_device_abandons_the_inlets_it_fed() {
    let cards = cards(Card::input("mic"));
    let mut stream = open(&cards, "mic");
    let inlet = attach(&mut stream, ChannelPick::default());
    cards.advance_to(Nanos::from_seconds(0.1));
    drop(stream);
    for _ in 0..500 {
        if inlet.is_abandoned() {
            assert_eq!(cards.streams("mic"), 0);
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the stream was never closed");
}
