//! Both threads, and an engine that is slow: no test waits for a clock to be right.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use airdesk_engine::input::{BlockTime, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, mix_queue};
use airdesk_engine::transport::transport;
use airdesk_engine::{BUSES, Console, EngineCommand, PanLaw, SCOPES, Strip, StripControls, StripId};

use super::*;
use crate::stream::drive::ring_frames;
use crate::stream::format::Encoding;
use crate::stream::jitter::Pace;
use crate::stream::machine::Thresholds;

/// What one strip gives, taken by whoever hears.
struct Desk {
    console: Console,
    programme: MixReader,
    due: f64,
}

impl Desk {
    /// Takes eight blocks, at half the pace, and returns what was heard.
    fn hear(&mut self) -> Vec<f32> {
        let mut heard = Vec::new();
        for _ in 0..8 {
            self.console.process(&BlockTime {
                due: self.due,
                speed: 1.0,
            });
            self.due += 64.0 / 48_000.0;
            let mut block = MixBlock::default();
            self.programme.read(&mut block);
            heard.extend(block.frames.map(|frame| frame[0]));
        }
        thread::sleep(Duration::from_millis(20));
        heard
    }
}

fn desk(thresholds: Thresholds) -> (Desk, Player, Feed, mpsc::Receiver<Told>) {
    let rate = SampleRate::DESK;
    let (queues, taps): (Vec<_>, Vec<_>) = (0..BUSES).map(|_| mix_queue(16)).unzip();
    let mut console = Console::new(rate, queues).with_scopes((0..SCOPES).map(|_| mix_queue(16).0));
    let (transport, staged) = transport(48_000.0, ring_frames(rate));
    let controls = StripControls {
        pan_law: PanLaw::Balance,
        ..StripControls::default()
    };
    let strip = Strip::new(StripId::new(0, 1), rate, StripInput::Staged(staged), controls);
    assert!(console.obey(EngineCommand::AddStrip(Box::new(strip))).is_none());
    let setup = Setup {
        rate,
        thresholds,
        pace: Pace::Ahead,
    };
    let (tell, told) = mpsc::channel();
    let (player, feed) = start(&setup, transport, move |told| {
        // Nobody may look any more.
        let _ = tell.send(told);
    })
    .expect("a worker");
    let programme = taps[0].reader();
    let desk = Desk {
        console,
        programme,
        due: 0.0,
    };
    (desk, player, feed, told)
}

fn comes_to(told: &Told, state: State) -> bool {
    matches!(told, Told::Change(change) if change.to == state)
}

fn small() -> Thresholds {
    Thresholds::new(0.1, 0.02, 0.1, 0.3).expect("in order")
}

/// Samples that say which they are, as a wire has them.
fn numbered(from: u32, count: u32) -> Vec<u8> {
    (from..from + count)
        .flat_map(|n| ((n + 1) as f32 / (1 << 23) as f32).to_le_bytes())
        .collect()
}

fn mono() -> Format {
    Format::new(Encoding::F32, 1, 48_000).expect("a format")
}

#[test]
fn a_fast_sender_waits_and_all_is_heard_in_order() {
    let (mut desk, player, feed, told) = desk(small());
    let sent = AtomicBool::new(false);
    let mut heard = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for utterance in 0..3 {
                feed.start().expect("it plays");
                feed.declare(mono()).expect("it plays");
                for piece in numbered(utterance * 40_000, 40_000).chunks(10_001) {
                    feed.bytes(piece.to_vec()).expect("it plays");
                }
                feed.end().expect("it plays");
            }
            sent.store(true, Ordering::SeqCst);
        });
        desk.hear();
        assert!(!sent.load(Ordering::SeqCst), "it was not made to wait");
        let mut finished = 0;
        let mut more = 20;
        while more > 0 {
            heard.extend(desk.hear());
            finished += told.try_iter().filter(|told| comes_to(told, State::Finished)).count();
            more -= usize::from(finished == 3);
        }
    });
    // A machine that is busy may starve the ring: what is faded there is softer than its number.
    let numbers: Vec<u32> = heard
        .iter()
        .map(|sample| (sample * (1 << 23) as f32).round() as u32)
        .collect();
    let exact = numbers.iter().filter(|number| **number > 0);
    let (mut last, mut steps) = (0, 0);
    for number in exact {
        if *number == last + 1 {
            steps += 1;
        }
        last = last.max(*number);
    }
    assert_eq!(last, 120_000);
    assert!(steps > 110_000, "{steps}");
    assert_eq!(player.status().metrics.frames_out, 40_000, "of the last one");
}

#[test]
fn cancel_overtakes_what_waits_and_another_stream_may_begin() {
    let (mut desk, player, feed, told) = desk(small());
    feed.start().expect("it plays");
    feed.declare(mono()).expect("it plays");
    feed.bytes(numbered(0, 100_000)).expect("it plays");
    while player.status().state != State::Playing {
        thread::sleep(Duration::from_millis(1));
    }
    let mut heard = Vec::new();
    while heard.iter().all(|sample| *sample == 0.0) {
        heard = desk.hear();
    }
    player.cancel();
    while !comes_to(&told.recv().expect("a change"), State::Cancelled) {}
    desk.hear();
    assert!(desk.hear().iter().all(|sample| *sample == 0.0));
    assert_eq!(player.status().state, State::Cancelled);
    feed.bytes(numbered(500, 500)).expect("for nobody");
    feed.start().expect("it plays");
    feed.bytes(numbered(700, 500)).expect("it plays");
    feed.end().expect("it plays");
    while !comes_to(&told.recv().expect("a change"), State::Finished) {}
    let heard: Vec<f32> = (0..10).flat_map(|_| desk.hear()).collect();
    let first = heard.iter().find(|sample| **sample != 0.0).expect("a sound");
    assert_eq!((first * (1 << 23) as f32) as u32, 701);
}

#[test]
fn what_is_given_right_behind_a_cancel_is_heard() {
    let (mut desk, player, feed, told) = desk(small());
    feed.start().expect("it plays");
    feed.declare(mono()).expect("it plays");
    for round in 1..=20 {
        feed.bytes(numbered(round * 1_000, 20_000)).expect("it plays");
        player.cancel();
        feed.start().expect("it plays");
        feed.bytes(numbered(round * 100_000, 400)).expect("it plays");
        feed.end().expect("it plays");
        let mut heard = Vec::new();
        while !heard
            .iter()
            .any(|sample| (sample * (1 << 23) as f32) as u32 == round * 100_000 + 400)
        {
            heard = desk.hear();
            assert_ne!(player.status().state, State::Error);
        }
        while !comes_to(&told.recv().expect("a change"), State::Finished) {}
        feed.start().expect("it plays");
    }
}

#[test]
fn the_end_is_told_when_it_was_heard_and_the_next_is_buffered_in_its_own_manner() {
    let (mut desk, player, feed, told) = desk(small());
    let large = Thresholds::new(3.0, 0.02, 3.0, 4.0).expect("in order");
    feed.start_as(large, Pace::Ahead).expect("it plays");
    feed.declare(mono()).expect("it plays");
    feed.bytes(numbered(0, 48_000)).expect("it plays");
    thread::sleep(Duration::from_millis(50));
    assert_eq!(
        player.status().state,
        State::Buffering,
        "it holds more than another would"
    );
    feed.end().expect("it plays");
    let (mut last, mut finished) = (0, false);
    'heard: loop {
        let heard = desk.hear();
        last = heard
            .iter()
            .fold(last, |last, sample| last.max((sample * (1 << 23) as f32) as u32));
        for told in told.try_iter() {
            finished |= comes_to(&told, State::Finished);
            if told == Told::Heard {
                break 'heard;
            }
        }
    }
    assert!(finished);
    // The programme's limiter looks ahead: the last of it is a few frames behind.
    let heard = desk.hear();
    last = heard
        .iter()
        .fold(last, |last, sample| last.max((sample * (1 << 23) as f32) as u32));
    assert_eq!(last, 48_000, "to the last frame");
    assert!(!player.status().sounds);
    feed.start_as(small(), Pace::Ahead).expect("it plays");
    feed.bytes(numbered(0, 12_000)).expect("it plays");
    while !comes_to(&told.recv().expect("a change"), State::Playing) {}
    let much = Thresholds::new(1.0, 0.02, 1.0, 60.0).expect("in order");
    player.cancel();
    feed.start_as(much, Pace::Ahead).expect("it plays");
    while player.status().cause.is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(player.status().cause.expect("why").contains("too much memory"));
}

#[test]
fn bytes_of_which_nobody_said_what_they_are_are_an_error() {
    let (_desk, player, feed, told) = desk(small());
    feed.start().expect("it plays");
    feed.bytes(vec![0; 100]).expect("it plays");
    while !comes_to(&told.recv().expect("a change"), State::Error) {}
    while player.status().cause.is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(player.status().cause.expect("a cause").contains("declare its format"));
}

#[test]
fn who_waits_for_room_is_told_when_nothing_plays_it_any_more() {
    let (desk, player, feed, _told) = desk(small());
    feed.start().expect("it plays");
    feed.declare(mono()).expect("it plays");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            for _ in 0..1_000 {
                feed.bytes(vec![0; 50_000])?;
            }
            Ok(())
        });
        thread::sleep(Duration::from_millis(50));
        drop(player);
        assert_eq!(waiting.join().expect("no panic"), Err(Gone));
    });
    drop(desk);
}

#[test]
fn streams_shorter_than_a_block_are_heard_each_to_its_end() {
    let (mut desk, player, feed, told) = desk(small());
    let mut heard = Vec::new();
    for n in 0..60 {
        feed.start_as(Thresholds::SPKR, Pace::Ahead).expect("it plays");
        feed.frames(SampleRate::DESK, vec![[0.5; 2]; 1 + n % 10], 4)
            .expect("it plays");
        feed.end().expect("it plays");
    }
    // An engine that stands for a while obeys none of their orders.
    thread::sleep(Duration::from_secs(1));
    for _ in 0..100 {
        heard.append(&mut desk.hear());
        if !player.status().sounds && player.status().state == State::Finished {
            break;
        }
    }
    let status = player.status();
    assert!(!status.sounds, "{status:?}");
    assert_eq!(heard.iter().filter(|sample| **sample > 0.4).count(), 60 * 11 / 2);
    drop(told);
}
