//! The broadcast delay: its thread on a bus that publishes in real time, and what it does to speech and rhythm.

use std::sync::Arc;
use std::time::Duration;

use airdesk_dsp::air_delay::AirDelay;
use airdesk_dsp::{BLOCK_FRAMES, Frame, SILENCE, SampleRate};
use airdesk_engine::mix_queue::{MixBlock, MixReader, Read};
use airdesk_outputs::delay::{AirDelaySettings, BroadcastDelay, DelayError, Phase};
use airdesk_sources::material;

use crate::rig::desk::{Desk, burst, index_frame, index_of, sine};
use crate::rig::{seconds, wait_for};

/// A delay that builds up as fast as one may.
fn settings(seconds: f32) -> AirDelaySettings {
    AirDelaySettings {
        seconds,
        stretch_percent: 10.0,
    }
}

/// Everything that is there.
fn read(air: &mut MixReader) -> Vec<Frame> {
    let (mut frames, mut block) = (Vec::new(), MixBlock::default());
    loop {
        match air.read(&mut block) {
            Read::Block => frames.extend(block.frames),
            Read::Lost(blocks) => panic!("{blocks} blocks were lost"),
            Read::Empty => return frames,
        }
    }
}

#[test]
fn without_a_delay_the_air_is_the_programme_bit_for_bit() {
    let (mut publish, programme) = burst(1_024);
    let delay = BroadcastDelay::start(&programme, SampleRate::DESK).expect("a thread");
    let mut air = delay.tap().reader();
    let mut heard = Vec::new();
    for round in 1..=20 {
        publish(50);
        wait_for("what was published", seconds(5), || {
            heard.extend(read(&mut air));
            (heard.len() == round * 50 * BLOCK_FRAMES).then_some(())
        });
    }
    let wrong = heard
        .iter()
        .enumerate()
        .find(|(n, frame)| **frame != index_frame(*n as u64));
    assert_eq!(wrong, None);
    let state = delay.state();
    assert_eq!((state.phase, state.held, state.late), (Phase::Through, 0, 0));
    assert!(matches!(delay.dump(None), Err(DelayError::NothingHeld)));
}

#[test]
fn what_is_dumped_is_never_aired_and_the_delay_builds_itself_up_again() {
    // A tone, in which what is dumped is marked: the left side alone turns over.
    let marked = Arc::new(std::sync::atomic::AtomicU64::new(u64::MAX));
    let from = marked.clone();
    let desk = Desk::play(move |frame| {
        let tone = sine(frame, 750.0, 48_000) * 0.25;
        let is_marked = frame >= from.load(std::sync::atomic::Ordering::Relaxed);
        [if is_marked { -tone } else { tone }, tone]
    });
    let delay = BroadcastDelay::start(&desk.tap, SampleRate::DESK).expect("a thread");
    delay.set(&settings(0.4)).expect("in range");
    let mut air = delay.tap().reader();
    let first = (air.next_sequence() - 1) * BLOCK_FRAMES as u64;
    let mut heard = Vec::new();
    let mut listen = |heard: &mut Vec<Frame>| heard.extend(read(&mut air));
    wait_for("the delay", seconds(30), || {
        listen(&mut heard);
        (delay.state().phase == Phase::Held).then_some(())
    });
    assert!(
        (0.4..0.44).contains(&delay.state().seconds(delay.state().held)),
        "{:?}",
        delay.state()
    );
    // Something is said that must not be aired, for a quarter of a second.
    marked.store(desk.published() + 256, std::sync::atomic::Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(250));
    let dump = delay.dump(None).expect("it is held");
    marked.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
    assert!(dump.frames >= 19_200, "{dump:?}");
    let after = delay.state();
    assert_eq!(
        (after.held, after.phase, after.tally.dumped),
        (0, Phase::Building, dump.frames)
    );
    wait_for("the delay again", seconds(30), || {
        listen(&mut heard);
        (delay.state().phase == Phase::Held).then_some(())
    });
    let joins = delay.take_joins();
    assert_eq!(joins.len(), 1);
    assert_eq!(joins[0].first, dump.first);
    // What was published between the dump and the end of the mark came after it, and is aired: not before.
    let at = (joins[0].aired_at - first) as usize;
    let turned = |frames: &[Frame]| {
        frames
            .iter()
            .filter(|[left, right]| (left - right).abs() > 0.01)
            .count()
    };
    assert_eq!(turned(&heard[..at]), 0, "nothing of it before the dump");
    assert!(turned(&heard[at..]) < 4_800, "{} frames after it", turned(&heard[at..]));
    let tally = delay.state().tally;
    assert_eq!(tally.held(), delay.state().held as i64, "{tally:?}");
}

#[test]
fn a_delay_outside_of_its_range_is_refused_and_the_one_before_stays() {
    let (_publish, programme) = burst(64);
    let delay = BroadcastDelay::start(&programme, SampleRate::DESK).expect("a thread");
    delay.set(&settings(2.0)).expect("in range");
    for wrong in [settings(31.0), settings(-1.0), settings(f32::NAN)] {
        assert!(delay.set(&wrong).is_err());
    }
    let slow = AirDelaySettings {
        stretch_percent: 11.0,
        ..settings(1.0)
    };
    let refused = delay.set(&slow).expect_err("too fast").to_string();
    assert_eq!(refused, "slow-down in per cent goes from 1 to 10, not 11");
    assert_eq!(delay.state().wanted, 96_000);
}

/// Listens until the air is the programme again, and a little longer.
fn listen_until_through(delay: &BroadcastDelay, air: &mut MixReader) -> Vec<(u64, Frame)> {
    let (mut heard, mut block) = (Vec::new(), MixBlock::default());
    let mut rest = None;
    wait_for("the programme again", seconds(30), || {
        while air.read(&mut block) == Read::Block {
            heard.push((block.sequence, block.frames[0]));
        }
        // Until the seam, and well behind it.
        let is_through = delay.state().phase == Phase::Through;
        let end = *rest.get_or_insert(u64::MAX);
        if is_through && end == u64::MAX {
            rest = Some(block.sequence + 400);
        }
        (block.sequence >= end).then_some(())
    });
    heard
}

#[test]
fn a_delay_that_was_taken_back_leaves_the_programme_block_for_block() {
    let desk = Desk::index();
    let delay = BroadcastDelay::start(&desk.tap, SampleRate::DESK).expect("a thread");
    let mut air = delay.tap().reader();
    for _ in 0..2 {
        delay.set(&settings(0.05)).expect("in range");
        assert_eq!(delay.state().phase, Phase::Building, "at once");
        wait_for("the delay", seconds(30), || {
            (delay.state().phase == Phase::Held).then_some(())
        });
        delay.set(&settings(0.0)).expect("in range");
        let heard = listen_until_through(&delay, &mut air);
        assert!(
            heard.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1),
            "a number is missing or doubled"
        );
        let is_programme = |(sequence, first): &(u64, Frame)| *first == index_frame((sequence - 1) * 64);
        assert!(heard[..64].iter().all(is_programme), "before the delay begins");
        assert!(heard[heard.len() - 64..].iter().all(is_programme), "after it has ended");
        assert!(!heard.iter().all(is_programme), "it was there meanwhile");
    }
    assert_eq!((delay.state().held, delay.state().late, air.blocks_lost()), (0, 0, 0));
}

#[test]
fn the_air_goes_on_with_a_new_engine_whatever_the_delay_is_doing() {
    for seconds_of_delay in [0.0, 0.05] {
        for moment in ["at once", "held", "taken back"] {
            let mut desk = Desk::index();
            let delay = BroadcastDelay::start(&desk.tap, SampleRate::DESK).expect("a thread");
            let mut air = delay.tap().reader();
            delay.set(&settings(seconds_of_delay)).expect("in range");
            if moment != "at once" && seconds_of_delay > 0.0 {
                wait_for("the delay", seconds(30), || {
                    (delay.state().phase == Phase::Held).then_some(())
                });
            }
            if moment == "taken back" {
                delay.set(&settings(0.0)).expect("in range");
            }
            desk.stop();
            let desk = Desk::index();
            std::thread::sleep(Duration::from_millis(20));
            delay.follow(&desk.tap);
            delay.set(&settings(0.0)).expect("in range");
            let heard = listen_until_through(&delay, &mut air);
            assert!(
                heard.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1),
                "{seconds_of_delay} s, {moment}: a number is missing or doubled"
            );
            // It is the new engine that is heard: its frames, one block after the other.
            let last: Vec<u64> = heard[heard.len() - 64..]
                .iter()
                .map(|(_, first)| index_of(first[0]))
                .collect();
            assert!(
                last.windows(2).all(|pair| pair[1] == pair[0] + 64) && last[63] <= desk.published(),
                "{seconds_of_delay} s, {moment}: {last:?}"
            );
            assert_eq!(air.blocks_lost(), 0, "{seconds_of_delay} s, {moment}");
        }
    }
}

#[test]
fn blocks_that_came_too_late_for_the_delay_are_silent_and_counted_and_time_stays_true() {
    let (mut publish, programme) = burst(1_024);
    let delay = BroadcastDelay::start(&programme, SampleRate::DESK).expect("a thread");
    delay.set(&settings(0.4)).expect("in range");
    let mut air = delay.tap().reader();
    let mut heard = Vec::new();
    // Half of the queue is 512 blocks: of three thousand at once the thread sees the last.
    for blocks in [200, 3_000] {
        publish(blocks);
        let expected = heard.len() + blocks as usize * BLOCK_FRAMES;
        wait_for("all of them", seconds(5), || {
            heard.extend(read(&mut air));
            (heard.len() == expected).then_some(())
        });
    }
    let late = delay.state().late;
    let silent = heard.iter().filter(|frame| **frame == [0.0; 2]).count() as u64;
    assert!(late >= 2_000 * BLOCK_FRAMES as u64, "{late} late");
    // Joins are not silent, and what the delay holds has still to come.
    assert!(
        silent + 24_000 > late && silent < late + 24_000,
        "{silent} silent, {late} late"
    );
}

/// What is aired while a piece of material is slowed down by 5 %, for `seconds`, and how long the delay got.
fn stretched(piece: &[Frame], seconds: usize) -> (Vec<Frame>, u64) {
    let mut delay = AirDelay::new(SampleRate::DESK);
    delay.make_room(30.0);
    delay.set(&AirDelaySettings {
        seconds: 30.0,
        stretch_percent: 5.0,
    });
    let (mut air, mut out, mut place) = (SILENCE, Vec::new(), 0);
    for _ in 0..seconds * 750 {
        let block = std::array::from_fn(|n| piece[(place + n) % piece.len()]);
        place += BLOCK_FRAMES;
        delay.process(&block, &mut air);
        out.extend(air);
    }
    (out, delay.held())
}

/// The steepest bend of a signal: a click has one that the programme has not.
fn sharpest(frames: &[Frame]) -> f32 {
    let bends = frames
        .windows(3)
        .flat_map(|w| [0, 1].map(|side| (w[0][side] - 2.0 * w[1][side] + w[2][side]).abs()));
    bends.fold(0.0, f32::max)
}

/// Mean level, dBFS.
fn level(frames: &[Frame]) -> f64 {
    let power: f64 = frames
        .as_flattened()
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    10.0 * (power / (2 * frames.len()) as f64).log10()
}

/// Where strokes begin: a rise by 12 dB within 3 ms.
fn strokes(frames: &[Frame]) -> Vec<usize> {
    let energies: Vec<f32> = frames
        .chunks(128)
        .map(|run| run.as_flattened().iter().map(|sample| sample * sample).sum::<f32>() + 1e-4)
        .collect();
    let rises =
        (8..energies.len()).filter(|n| energies[*n] > 16.0 * energies[n - 8..*n].iter().fold(0.0, |a, b| b.max(a)));
    let mut found: Vec<usize> = Vec::new();
    for n in rises {
        if found.last().is_none_or(|last| n > last + 8) {
            found.push(n);
        }
    }
    found
}

#[test]
fn every_stroke_of_a_rhythm_is_heard_once() {
    let piece = material::rhythm(SampleRate::DESK);
    let (air, held) = stretched(&piece, 60);
    assert!(held > 48_000 * 2, "it gets later: {held} frames");
    // As many strokes as there were in what was aired: that is what was taken, less what is held.
    let aired: Vec<Frame> = piece
        .iter()
        .cycle()
        .take(60 * 48_000 - held as usize)
        .copied()
        .collect();
    let (before, after) = (strokes(&aired).len(), strokes(&air).len());
    assert!(before > 100, "{before} strokes");
    assert_eq!(before, after);
    assert!(
        (level(&air) - level(&aired)).abs() < 0.5,
        "{} and {} dBFS",
        level(&air),
        level(&aired)
    );
    assert!(
        sharpest(&air) < sharpest(&aired) * 1.05,
        "{} and {}",
        sharpest(&air),
        sharpest(&aired)
    );
}

#[test]
fn speech_and_chords_keep_their_level_and_have_no_click_and_no_gap() {
    for piece in [
        material::voice(SampleRate::DESK).expect("the phrase"),
        material::pad(SampleRate::DESK),
    ] {
        let (air, held) = stretched(&piece, 60);
        assert!(held > 48_000 * 2, "it gets later: {held} frames");
        let aired: Vec<Frame> = piece
            .iter()
            .cycle()
            .take(60 * 48_000 - held as usize)
            .copied()
            .collect();
        assert!(
            (level(&air) - level(&aired)).abs() < 0.5,
            "{} and {} dBFS",
            level(&air),
            level(&aired)
        );
        assert!(
            sharpest(&air) < sharpest(&aired) * 1.05,
            "{} and {}",
            sharpest(&air),
            sharpest(&aired)
        );
        let silent = |frames: &[Frame]| frames.iter().filter(|frame| **frame == [0.0; 2]).count() as f64;
        let (before, after) = (silent(&aired) / aired.len() as f64, silent(&air) / air.len() as f64);
        assert!(
            (before - after).abs() < 0.02,
            "silent: {before} of the programme, {after} of the air"
        );
    }
}
