//! Further outputs: in time with the desk although their clocks differ.

mod desk;

use std::f64::consts::TAU;
use std::time::Duration;

use airdesk_devices::simulated::{Card, SimulatedCards, Sizes, Wander};
use airdesk_devices::{PlaybackRequest, PlaybackStats, PlaybackStream};
use airdesk_dsp::SampleRate;
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::{Engine, EngineCommand, EngineSettings};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use desk::{Desk, apart, circled, largest_step, place};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LIMIT: Duration = Duration::from_secs(10);

/// A desk and an output that is bridged to it.
struct Phones {
    cards: SimulatedCards,
    desk: Desk,
    stream: PlaybackStream,
}

impl Phones {
    /// Opened when the desk has run for a second.
    fn on(card: Card) -> Self {
        let cards = SimulatedCards::new();
        cards.around_callbacks(|call| assert_no_alloc(call));
        cards.add(card);
        let mut desk = Desk::new(1024, circled);
        cards.run(1.0, || desk.turn(cards.now()));
        let request = PlaybackRequest {
            hosts: cards.hosts(),
            ..PlaybackRequest::new(SimulatedCards::device("phones"), cards.clock(), SampleRate::DESK)
        };
        let stream = PlaybackStream::open_bridged(request, LIMIT, desk.tap.reader()).expect("the card is there");
        Self { cards, desk, stream }
    }

    /// Both run for so many seconds.
    fn run(&mut self, seconds: f64) {
        self.cards.run(seconds, || self.desk.turn(self.cards.now()));
    }
}

/// What was heard, against when it should have been.
struct Heard {
    worst: f64,
    rms: f64,
    mean: f64,
}

/// Plays for `seconds` and measures the last part of it, from `settled` on: how far the frame heard is off
/// from a constant delay behind the desk, seconds.
fn measure(card: Card, settled: f64, seconds: f64) -> (PlaybackStream, Heard) {
    let hz = f64::from(card.rate) * (1.0 + card.ppm * 1e-6);
    let (swing, turn) = (
        card.wander.ppm * 1e-6 * card.wander.seconds / TAU,
        TAU / card.wander.seconds,
    );
    let mut phones = Phones::on(card);
    let began = phones.cards.now().seconds();
    let (mut frame, mut delays) = (0_u64, Vec::new());
    while phones.cards.now().seconds() < began + seconds {
        phones.run(1.0);
        for pair in phones.cards.take_played("phones").as_chunks::<2>().0 {
            // When the card takes this frame: a perfect clock's time, less what its wandering has gained.
            let even = frame as f64 / hz;
            let since = even - swing * ((began * turn).cos() - ((began + even) * turn).cos());
            if frame.is_multiple_of(101) && since > settled {
                delays.push(apart((began + since) * 48_000.0, place(pair)) / 48_000.0);
            }
            frame += 1;
        }
    }
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let off = delays.iter().map(|delay| delay - mean);
    let worst = off.clone().map(f64::abs).fold(0.0, f64::max);
    let rms = (off.map(|off| off * off).sum::<f64>() / delays.len() as f64).sqrt();
    println!(
        "mean {:.3} ms, worst {:.1} us, rms {:.1} us, {:?}",
        mean * 1e3,
        worst * 1e6,
        rms * 1e6,
        phones.stream.stats()
    );
    (phones.stream, Heard { worst, rms, mean })
}

#[test]
fn clocks_200_ppm_apart_stay_within_a_tenth_of_a_millisecond() {
    for ppm in [200.0, -200.0] {
        let card = Card {
            ppm,
            jitter: 0.000_3,
            ..Card::output("phones")
        };
        let (stream, heard) = measure(card, 30.0, 180.0);
        assert!(heard.worst < 100e-6 && heard.rms < 30e-6, "{ppm}");
        let stats = stream.stats();
        assert!((f64::from(stats.ppm) - ppm).abs() < 5.0, "{stats:?}");
        assert_eq!((stats.missing, stats.reseats), (0, 0));
        assert!(heard.mean < 0.025);
    }
}

#[test]
fn equal_clocks_and_a_wandering_one_hold_too() {
    let (stream, heard) = measure(
        Card {
            jitter: 0.000_3,
            ..Card::output("phones")
        },
        30.0,
        90.0,
    );
    assert!(heard.worst < 100e-6 && stream.stats().missing == 0);
    let wander = Wander {
        ppm: 5.0,
        seconds: 600.0,
    };
    let (stream, heard) = measure(
        Card {
            wander,
            ..Card::output("phones")
        },
        30.0,
        150.0,
    );
    assert!(heard.worst < 100e-6 && heard.rms < 30e-6 && stream.stats().missing == 0);
}

#[test]
fn another_rate_and_odd_callbacks_make_no_difference() {
    let card = Card {
        rate: 44_100,
        ppm: -80.0,
        sizes: Sizes::Cycle(vec![441, 64, 900]),
        ..Card::output("phones")
    };
    let (stream, heard) = measure(card, 30.0, 90.0);
    assert!(heard.worst < 100e-6, "{:?}", stream.stats());
    assert_eq!((stream.stats().missing, stream.stats().reseats), (0, 0));
}

#[test]
fn an_output_follows_a_desk_that_itself_follows_a_card() {
    let cards = SimulatedCards::new();
    cards.around_callbacks(|call| assert_no_alloc(call));
    cards.add(Card {
        ppm: 100.0,
        jitter: 0.000_5,
        keeps: false,
        ..Card::output("speakers")
    });
    cards.add(Card {
        ppm: -100.0,
        jitter: 0.000_5,
        keeps: false,
        ..Card::output("phones")
    });
    let (mut engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
    let request = |id| PlaybackRequest {
        hosts: cards.hosts(),
        ..PlaybackRequest::new(SimulatedCards::device(id), cards.clock(), SampleRate::DESK)
    };
    // A desk is older than its lead when a device opens.
    cards.run(0.1, || engine.turn());
    let (stamper, outlet) = outlet_clock();
    let main = PlaybackStream::open_main(request("speakers"), LIMIT, link.programme.reader(), stamper);
    let main = main.expect("the card is there");
    link.commands
        .push(EngineCommand::FollowOutlet(Box::new(outlet)))
        .map_err(drop)
        .expect("room");
    cards.run(2.0, || engine.turn());
    let phones = PlaybackStream::open_bridged(request("phones"), LIMIT, link.cue.reader()).expect("the card is there");
    cards.run(60.0, || engine.turn());
    let settled = phones.stats();
    cards.run(120.0, || engine.turn());
    let stats = phones.stats();
    println!("{stats:?} {:?}", main.stats());
    assert_eq!((stats.missing, stats.reseats, main.stats().missing), (0, 0, 0));
    assert!(
        (stats.ppm + 200.0).abs() < 5.0 && (stats.latency - settled.latency).abs() < 100e-6,
        "{settled:?} {stats:?}"
    );
}

#[test]
fn a_desk_that_stands_still_is_counted_and_the_place_kept() {
    let mut phones = Phones::on(Card::output("phones"));
    phones.run(10.0);
    let before = phones.stream.stats();
    assert_eq!(before.missing, 0);
    phones.cards.advance(0.1);
    phones.run(10.0);
    let after = phones.stream.stats();
    // The reserve covers some milliseconds of the 100; every frame of the rest is missing once.
    assert!((4_000..4_800).contains(&after.missing), "{after:?}");
    assert_eq!(after.reseats, 0);
    // Once starved it keeps more in reserve, by a step.
    let more = after.latency - before.latency;
    assert!((0.001..0.002).contains(&more), "{before:?} {after:?}");
    for _ in 0..4 {
        phones.cards.advance(0.1);
        phones.run(20.0);
    }
    let more = phones.stream.stats().latency - before.latency;
    assert!((0.005..0.008).contains(&more), "five steps are {more} s");
}

#[test]
fn one_callback_that_was_longer_is_forgotten_without_another_seat() {
    let mut sizes = vec![256; 100_000];
    sizes[2000] = 2048;
    let mut phones = Phones::on(Card {
        sizes: Sizes::Cycle(sizes),
        ..Card::output("phones")
    });
    phones.run(10.0);
    let first = phones.stream.stats();
    phones.run(3.0);
    let waited_for = phones.stream.stats();
    assert!(waited_for.latency - first.latency > 0.030, "{first:?} {waited_for:?}");
    phones.run(100.0);
    let after = phones.stream.stats();
    assert_eq!(
        (after.reseats, after.missing),
        (waited_for.reseats, waited_for.missing),
        "{after:?}"
    );
    assert!((after.latency - first.latency).abs() < 0.000_5, "{first:?} {after:?}");
}

#[test]
fn a_desk_that_is_late_and_harms_nobody_is_given_more_room_before_it_is_later() {
    let mut phones = Phones::on(Card {
        sizes: Sizes::Cycle(vec![64]),
        ..Card::output("phones")
    });
    phones.run(10.0);
    let before = phones.stream.stats();
    for late in [0.005, 0.008, 0.012, 0.018] {
        phones.cards.advance(late);
        phones.run(20.0);
    }
    let after = phones.stream.stats();
    assert_eq!((after.missing, after.reseats), (before.missing, 0), "{after:?}");
    let more = after.latency - before.latency;
    assert!((0.006..0.030).contains(&more), "{before:?} {after:?}");
}

#[test]
fn a_card_that_stalled_takes_its_place_again() {
    let mut phones = Phones::on(Card::output("phones"));
    phones.run(30.0);
    let before = phones.stream.stats();
    phones.cards.stall("phones", 0.5);
    phones.run(30.0);
    assert!(phones.stream.stats().locked, "half a minute later it is not locked");
    let after = phones.stream.stats();
    assert_eq!(after.missing, before.missing, "{after:?}");
    assert!((after.latency - before.latency).abs() < 0.000_1, "{before:?} {after:?}");
    let step = largest_step(&phones.cards.take_played("phones"));
    assert!(step < 0.01, "a click of {step}: what was heard ends within 64 frames");
}

/// Latency and losses of an output on a card that misbehaves, after a minute, and after the next half.
fn endure(card: Card, stall: f64) -> (PlaybackStats, PlaybackStats) {
    let mut phones = Phones::on(Card { keeps: false, ..card });
    phones.run(30.0);
    phones.cards.stall("phones", stall);
    phones.run(30.0 + stall);
    let before = phones.stream.stats();
    phones.run(30.0);
    (before, phones.stream.stats())
}

#[test]
fn a_clock_off_by_2000_ppm_is_held_and_nothing_winds_up_in_a_stall_of_30_s() {
    for ppm in [2_000.0, -2_000.0] {
        let (before, after) = endure(
            Card {
                ppm,
                jitter: 0.000_3,
                ..Card::output("phones")
            },
            30.0,
        );
        println!("{before:?}\n{after:?}");
        assert_eq!((after.missing, after.reseats), (0, 1));
        assert!((f64::from(after.ppm) - ppm).abs() < 5.0 && (after.latency - before.latency).abs() < 100e-6);
    }
}

#[test]
fn a_host_that_fills_15_seconds_in_one_gulp_does_not_keep_the_output_late() {
    let mut sizes = vec![256; 100_000];
    sizes[0] = 15 * 48_000;
    let (before, after) = endure(
        Card {
            sizes: Sizes::Cycle(sizes),
            ..Card::output("phones")
        },
        0.0,
    );
    println!("{before:?}\n{after:?}");
    assert!(after.latency < 0.025, "{after:?}");
    assert_eq!((after.missing, after.reseats), (before.missing, before.reseats));
}

#[test]
fn an_output_that_leaves_out_a_cycle_keeps_its_pitch_and_its_latency() {
    for (frames, lost) in [(1024, 1024), (256, 256)] {
        let mut phones = Phones::on(Card {
            ppm: 120.0,
            jitter: 0.000_3,
            keeps: false,
            sizes: Sizes::Cycle(vec![frames]),
            ..Card::output("phones")
        });
        phones.run(60.0);
        let before = phones.stream.stats();
        assert!(before.locked, "{before:?}");
        phones.cards.stall("phones", f64::from(frames + lost) / 48_000.0);
        for _ in 0..60 {
            phones.run(0.5);
            let ppm = phones.stream.stats().ppm;
            assert!((ppm - 120.0).abs() < 15.0, "{frames}: {ppm} ppm");
        }
        let after = phones.stream.stats();
        assert_eq!(after.missing, before.missing, "{frames}: {after:?}");
        assert!((after.latency - before.latency).abs() < 0.001, "{before:?} {after:?}");
        assert!(after.locked, "{frames}: {after:?}");
    }
}
