//! Devices that stall, go, come back, change their rate, shout or hang.

use std::time::{Duration, Instant};

use airdesk_devices::simulated::{Card, ErrorKind, SimulatedCards, Sizes};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick, LossReason, OpenError, Recovery, StreamHealth};
use airdesk_engine::inlet::{Inlet, inlet};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LIMIT: Duration = Duration::from_secs(10);

fn cards() -> SimulatedCards {
    let cards = SimulatedCards::new();
    cards.around_callbacks(|call| assert_no_alloc(call));
    cards.add(Card::input("mic"));
    cards
}

fn try_open(cards: &SimulatedCards, id: &str, limit: Duration) -> Result<CaptureStream, OpenError> {
    let request = CaptureRequest {
        hosts: cards.hosts(),
        ..CaptureRequest::new(SimulatedCards::device(id), cards.clock())
    };
    CaptureStream::open(request, limit)
}

fn open(cards: &SimulatedCards) -> (CaptureStream, Inlet) {
    let mut stream = try_open(cards, "mic", LIMIT).expect("the card is there");
    let (writer, inlet) = inlet(f64::from(stream.rate().hz()), 1 << 16);
    stream.attach(ChannelPick::default(), writer).expect("room");
    (stream, inlet)
}

#[test]
fn a_device_that_stops_calling_back_is_stalled_and_running_again_when_it_resumes() {
    let cards = cards();
    let (stream, mut inlet) = open(&cards);
    cards.advance(1.0);
    assert_eq!(stream.health(), StreamHealth::Running);
    cards.stall("mic", 2.0);
    cards.advance(0.2);
    assert_eq!(stream.health(), StreamHealth::Running);
    cards.advance(0.2);
    assert!(matches!(stream.health(), StreamHealth::Stalled { since } if since.seconds() < 1.01));
    cards.advance(2.0);
    assert_eq!(stream.health(), StreamHealth::Running);
    let mut block = [[0.0; 2]; 1];
    assert_eq!(inlet.read(&mut block), 1);
}

#[test]
fn an_unplugged_device_is_lost_within_a_tenth_of_a_second_and_opens_again_when_it_is_back() {
    let cards = cards();
    let (stream, inlet) = open(&cards);
    cards.advance(1.0);
    cards.vanish("mic", true);
    cards.advance(0.1);
    assert_eq!(
        stream.health(),
        StreamHealth::Lost {
            reason: LossReason::DeviceGone
        }
    );
    let gone = try_open(&cards, "mic", LIMIT).err().expect("it is gone");
    assert_eq!(
        gone,
        OpenError::NotThere {
            device: SimulatedCards::device("mic")
        }
    );
    assert_eq!(gone.recovery(), Recovery::AwaitDevice);
    drop((stream, inlet));
    cards.come_back("mic");
    let (stream, inlet) = open(&cards);
    cards.advance(0.5);
    assert_eq!(stream.health(), StreamHealth::Running);
    assert!(inlet.waiting() > 20_000);
}

#[test]
fn a_device_that_goes_without_a_word_is_stalled() {
    let cards = cards();
    let (stream, _inlet) = open(&cards);
    cards.advance(1.0);
    cards.vanish("mic", false);
    cards.advance(0.4);
    assert!(matches!(stream.health(), StreamHealth::Stalled { .. }));
}

#[test]
fn a_new_rate_is_found_whether_announced_or_not() {
    let cards = cards();
    let (stream, _inlet) = open(&cards);
    cards.advance(3.0);
    cards.set_rate("mic", 44_100);
    cards.advance(2.0);
    let StreamHealth::Lost {
        reason: LossReason::RateChanged { hz },
    } = stream.health()
    else {
        panic!("{:?}", stream.health());
    };
    assert!((hz - 44_100.0).abs() < 50.0);
    let (stream, _inlet) = open(&cards);
    assert_eq!(stream.rate().hz(), 44_100);
    cards.advance(1.0);
    cards.set_rate("mic", 96_000);
    cards.fail("mic", ErrorKind::StreamInvalidated, 1);
    assert_eq!(
        stream.health(),
        StreamHealth::Lost {
            reason: LossReason::Invalidated
        }
    );
}

#[test]
fn every_change_of_rate_without_a_word_is_found_within_two_seconds() {
    for (from, to) in [
        (48_000, 44_100),
        (44_100, 48_000),
        (48_000, 96_000),
        (96_000, 44_100),
        (48_000, 24_000),
    ] {
        let cards = SimulatedCards::new();
        cards.add(Card {
            rate: from,
            ppm: 200.0,
            jitter: 0.000_3,
            sizes: Sizes::Random(64, 1024),
            ..Card::input("mic")
        });
        let (stream, _inlet) = open(&cards);
        cards.advance(3.3);
        assert_eq!(stream.health(), StreamHealth::Running);
        cards.set_rate("mic", to);
        cards.advance(2.0);
        let StreamHealth::Lost {
            reason: LossReason::RateChanged { hz },
        } = stream.health()
        else {
            panic!("{from} to {to}: {:?}", stream.health());
        };
        assert!((hz / f64::from(to) - 1.0).abs() < 0.005, "{from} to {to}: {hz}");
    }
}

#[test]
fn a_storm_of_errors_changes_nothing_that_is_heard() {
    let cards = cards();
    let (stream, inlet) = open(&cards);
    cards.advance(0.5);
    cards.fail("mic", ErrorKind::BackendError, 350_000);
    cards.fail("mic", ErrorKind::Xrun, 3);
    cards.fail("mic", ErrorKind::DeviceNotAvailable, 1); // said wrongly: callbacks go on
    cards.advance(0.5);
    let stats = stream.stats();
    assert_eq!((stats.errors, stats.host_losses), (350_001, 3));
    assert_eq!(
        (stream.health(), inlet.waiting() as u64),
        (StreamHealth::Running, stats.frames)
    );
}

#[test]
fn a_host_that_hangs_while_opening_costs_the_time_limit_and_no_more() {
    let cards = cards();
    cards.hang_opening(true);
    let (began, limit) = (Instant::now(), Duration::from_millis(200));
    let refused = try_open(&cards, "mic", limit).err().expect("it hangs");
    assert_eq!(
        refused,
        OpenError::TimedOut {
            device: SimulatedCards::device("mic"),
            limit
        }
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    cards.hang_opening(false);
    // What opened too late is closed by the thread that was left behind.
    let (stream, _inlet) = open(&cards);
    let settled = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        cards.streams("mic") == 1
    });
    assert!(settled);
    cards.advance(0.1);
    assert!(stream.stats().callbacks > 0);
}

#[test]
fn a_device_that_refuses_the_size_of_callback_opens_with_its_own() {
    let cards = cards();
    cards.add(Card {
        insists: true,
        latency: 0.02,
        ..Card::input("picky")
    });
    let mut stream = try_open(&cards, "picky", LIMIT).expect("opens the second time");
    let (writer, inlet) = inlet(48_000.0, 1 << 16);
    stream.attach(ChannelPick::default(), writer).expect("room");
    cards.advance(0.5);
    let stats = stream.stats();
    assert_eq!(
        (stats.smallest, stats.largest, inlet.waiting() as u64),
        (512, 512, stats.frames)
    );
    assert!((stats.host_latency - 0.02).abs() < 1e-5);
}

#[test]
fn a_stream_that_the_host_moves_to_another_device_plays_on_and_says_so() {
    let cards = cards();
    let (stream, _inlet) = open(&cards);
    cards.advance(0.5);
    cards.fail("mic", ErrorKind::DeviceChanged, 1);
    cards.advance(0.5);
    assert_eq!((stream.health(), stream.stats().reroutes), (StreamHealth::Running, 1));
}

#[test]
fn the_same_script_runs_the_same_way_twice() {
    let run = || {
        let cards = SimulatedCards::new();
        cards.add(Card {
            jitter: 0.001,
            sizes: Sizes::Random(1, 999),
            ppm: 33.0,
            ..Card::input("mic")
        });
        let (stream, mut inlet) = open(&cards);
        cards.advance(2.0);
        let stamps: Vec<_> = std::iter::from_fn(|| inlet.stamp()).collect();
        (stamps, stream.stats())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_host_that_hangs_while_closing_holds_nobody_up() {
    let cards = cards();
    let (stream, inlet) = open(&cards);
    cards.advance(0.1);
    cards.hang_opening(true);
    let began = Instant::now();
    drop(stream);
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(!inlet.is_abandoned());
    cards.hang_opening(false);
}
