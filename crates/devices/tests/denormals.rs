//! Numbers too small to be heard cost nothing in a callback, and the host's thread keeps its own.
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod desk;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use airdesk_devices::simulated::{Card, SampleFormat, Signal, SimulatedCards};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick, PlaybackRequest, PlaybackStream};
use airdesk_dsp::SampleRate;
use airdesk_engine::inlet::inlet;
use desk::Desk;

const LIMIT: Duration = Duration::from_secs(10);
/// A denormal number.
const TINY: f32 = 1e-40;

/// Cards whose callbacks come on a thread that has its denormals, and must have them afterwards.
fn cards(card: Card) -> (SimulatedCards, Arc<AtomicBool>) {
    let cards = SimulatedCards::new();
    let kept = Arc::new(AtomicBool::new(true));
    let still = kept.clone();
    cards.around_callbacks(move |call| {
        call();
        let has_denormals = black_box(black_box(f32::MIN_POSITIVE) * 0.5) != 0.0;
        still.fetch_and(has_denormals, Ordering::Relaxed);
    });
    cards.add(card);
    (cards, kept)
}

#[test]
fn a_denormal_that_a_device_delivers_is_silence_for_the_desk() {
    let (cards, kept) = cards(Card {
        format: SampleFormat::F64,
        signal: Signal::Custom(Box::new(|frame, _| if frame % 2 == 0 { TINY } else { 0.5 })),
        ..Card::input("mic")
    });
    let request = CaptureRequest {
        hosts: cards.hosts(),
        ..CaptureRequest::new(SimulatedCards::device("mic"), cards.clock())
    };
    let mut stream = CaptureStream::open(request, LIMIT).expect("the card is there");
    let (writer, mut inlet) = inlet(48_000.0, 1 << 16);
    stream.attach(ChannelPick::default(), writer).expect("room");
    cards.advance(0.5);
    let mut frames = [[1.0; 2]; 20_000];
    assert_eq!(inlet.read(&mut frames), frames.len());
    for (n, frame) in frames.iter().enumerate() {
        let wanted = if n % 2 == 0 { 0.0 } else { 0.5_f32 };
        assert_eq!(frame.map(f32::to_bits), [wanted.to_bits(); 2], "frame {n}");
    }
    assert!(kept.load(Ordering::Relaxed), "the host's thread has its denormals back");
}

#[test]
fn a_bus_that_has_decayed_to_denormals_is_resampled_to_nothing() {
    let (cards, kept) = cards(Card {
        rate: 44_100,
        ..Card::output("phones")
    });
    let mut bus = Desk::new(4096, |frame| if frame < 24_000 { [0.5; 2] } else { [TINY; 2] });
    let request = PlaybackRequest {
        hosts: cards.hosts(),
        ..PlaybackRequest::new(SimulatedCards::device("phones"), cards.clock(), SampleRate::DESK)
    };
    let _stream = PlaybackStream::open_bridged(request, LIMIT, bus.tap.reader()).expect("the card is there");
    cards.run(2.0, || bus.turn(cards.now()));
    let played = cards.take_played("phones");
    assert!(played.iter().any(|sample| *sample > 0.4), "it played before");
    let end = &played[played.len() - 40_000..];
    assert!(end.iter().all(|sample| *sample == 0.0), "and nothing is left");
    assert!(kept.load(Ordering::Relaxed), "the host's thread has its denormals back");
}
