use super::*;
use crate::outlet_clock::{OutletStamp, OutletStamper, outlet_clock};

fn at(seconds: f64) -> Nanos {
    Nanos::from_seconds(seconds)
}

/// Calls back 480 frames at a time on a clock `ppm` fast, from `from` until `until`.
fn play(pacer: &mut Pacer, stamper: &mut OutletStamper, position: &mut f64, from: f64, until: f64, ppm: f64) {
    let period = 0.01 / (1.0 + ppm * 1e-6);
    let mut time = from;
    while time < until {
        *position += 480.0;
        stamper.took(OutletStamp {
            position: *position,
            at: at(time),
            missing: 0,
            frames: 480,
            seat: stamper.seat(),
        });
        pacer.update(at(time));
        time += period;
    }
}

#[test]
fn without_an_output_the_desk_keeps_the_machines_time() {
    let pacer = Pacer::new(SampleRate::DESK, at(5.0));
    assert!((pacer.position_at(6.0) - 48_000.0).abs() < 1e-6);
    assert!((pacer.time_at(96_000.0) - 7.0).abs() < 1e-9);
}

#[test]
fn the_count_of_frames_is_continuous_when_an_output_comes_and_goes() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    assert!(pacer.follow(Box::new(clock)).is_none());
    assert!(!pacer.follows_outlet(), "not before it calls back");
    // The first callback sits down `lead` behind what has been published, as it is told to.
    let mut position = pacer.position_at(1.0) - f64::from(stamper.lead()) - 480.0;
    play(&mut pacer, &mut stamper, &mut position, 1.0, 31.0, 100.0);
    assert!(pacer.follows_outlet());
    assert!((pacer.speed() - 1.0001).abs() < 2e-6, "{}", pacer.speed());
    let before = pacer.position_at(31.0);
    assert!((before - 48_000.0 * (1.0 + 30.0 * 1.0001)).abs() < 10.0, "{before}");
    drop(stamper);
    assert!(pacer.update(at(31.0)).0.is_some(), "the clock comes home");
    assert!((pacer.position_at(31.0) - before).abs() < 1e-6);
    assert!((pacer.position_at(32.0) - before - 48_000.0).abs() < 1e-6);
}

/// The engine mixes, and the output calls back every 10 ms, from `from` until `until`; each callback is off its time by
/// `off` of its number, seconds. Returns when the clock became locked, and when it no longer was.
fn mix(pacer: &mut Pacer, stamper: &mut OutletStamper, from: f64, until: f64, off: impl Fn(u32) -> f64) -> [f64; 2] {
    let mut changes = [f64::NAN; 2];
    for n in 0..((until - from) * 100.0) as u32 {
        let time = from + f64::from(n) * 0.01 + off(n);
        let mut position = (from * 100.0 + f64::from(n)).round() * 480.0;
        play(pacer, stamper, &mut position, time, time + 0.001, 0.0);
        let before = pacer.is_locked();
        pacer.was_ready(time, 0.001, 0.01);
        if pacer.is_locked() != before {
            changes[usize::from(before)] = time;
        }
    }
    changes
}

#[test]
fn the_clock_is_locked_to_an_output_after_five_seconds_and_until_it_falls_silent() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    // Up to 0.3 ms late.
    let jitter = |n: u32| f64::from(n * 7 % 13) / 13.0 * 0.000_3;
    let [locked, lost] = mix(&mut pacer, &mut stamper, 0.0, 30.0, jitter);
    assert!((5.0..7.0).contains(&locked) && lost.is_nan(), "{locked}, {lost}");
    assert!(pacer.error().abs() < 50e-6, "{}", pacer.error());
    // The engine goes on; the output does not.
    for (time, locked) in [(30.1, true), (30.45, true), (30.55, false), (32.0, false)] {
        pacer.update(at(time));
        pacer.was_ready(time, 0.001, 0.01);
        assert_eq!(pacer.is_locked(), locked, "at {time} s");
    }
}

#[test]
fn a_clock_that_runs_away_from_its_output_is_not_said_to_be_locked() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    mix(&mut pacer, &mut stamper, 0.0, 20.0, |_| 0.0);
    assert!(pacer.is_locked());
    // From now on it is 0.4 % slow: further behind its line than the loop learns.
    let [_, lost] = mix(&mut pacer, &mut stamper, 20.0, 22.0, |n| f64::from(n) * 0.000_04);
    assert!((20.2..21.5).contains(&lost), "{lost}");
    assert!(pacer.error() > 100e-6, "{}", pacer.error());
}

#[test]
fn an_output_that_stalls_is_not_awaited_and_takes_its_place_anew() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    let mut position = 0.0;
    play(&mut pacer, &mut stamper, &mut position, 0.0, 10.0, 0.0);
    let expected = pacer.position_at(10.5);
    assert_eq!(stamper.seat(), 0);
    play(&mut pacer, &mut stamper, &mut position, 10.5, 10.54, 0.0);
    assert_eq!(stamper.seat(), 1, "asked to take its place anew");
    position = expected + 0.04 * 48_000.0 - f64::from(stamper.lead());
    play(&mut pacer, &mut stamper, &mut position, 10.54, 12.0, 0.0);
    let drift = pacer.position_at(12.0) - (expected + 1.5 * 48_000.0);
    assert!(drift.abs() < 500.0, "{drift}: half a second was not waited for");
}

#[test]
fn a_starved_output_makes_the_lead_grow_up_to_its_limit() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    let mut told = None;
    for n in 1..100_u32 {
        let time = f64::from(n) * 0.01;
        let (position, missing) = (f64::from(n) * 480.0, u64::from(n / 2) * 10);
        stamper.took(OutletStamp {
            position,
            at: at(time),
            missing,
            frames: 480,
            seat: 0,
        });
        told = pacer.update(at(time)).1.or(told);
    }
    assert_eq!((pacer.lead(), stamper.lead()), (4096, 4096));
    assert!(matches!(told, Some(Notice::OutletStarved { lead: 4096, .. })));
}

/// An output of 480 frames at a time that has been punctual for two seconds, and then calls back at `time(n)` seconds
/// after that, starved at each `starved(n)`. Returns the lead.
fn starve(calls: u32, time: impl Fn(u32) -> f64, starved: impl Fn(u32) -> bool) -> u32 {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    let mut position = 0.0;
    play(&mut pacer, &mut stamper, &mut position, 0.0, 2.0, 0.0);
    let mut missing = 0;
    for n in 0..calls {
        position += 480.0;
        missing += 10 * u64::from(starved(n));
        stamper.took(OutletStamp {
            position,
            at: at(2.0 + time(n)),
            missing,
            frames: 480,
            seat: stamper.seat(),
        });
        pacer.update(at(2.0 + time(n)));
    }
    pacer.lead()
}

#[test]
fn an_output_that_is_starved_later_on_makes_the_lead_grow_too() {
    assert_eq!(starve(20, |n| f64::from(n) * 0.01, |n| n % 2 == 1), 384 + 10 * 128);
    // In bursts: of eight one comes with the one before it.
    let burst = |n: u32| f64::from(if n % 8 == 7 { n - 1 } else { n }) * 0.01;
    assert_eq!(starve(41, burst, |n| n % 8 == 7), 384 + 5 * 128);
}

#[test]
fn an_output_that_reads_faster_than_it_says_is_no_reason_for_more_lead() {
    for faster in [1.3, 2.0] {
        assert_eq!(starve(60, |n| f64::from(n) * 0.01 / faster, |n| n > 2), 384, "{faster}");
    }
}

#[test]
fn an_engine_that_wakes_late_leads_by_more_before_the_output_is_starved() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    play(&mut pacer, &mut stamper, &mut 0.0, 0.0, 2.0, 0.0);
    pacer.was_ready(1.5, 0.006, 64.0 / 48_000.0);
    let mut before = pacer.position_at(2.0);
    for _ in 0..750 * 40 {
        pacer.was_ready(2.0, 0.001, 64.0 / 48_000.0);
        let now = pacer.position_at(2.0);
        assert!(
            now - before < 0.02,
            "the lead grew by {} frames in a block",
            now - before
        );
        before = now;
    }
    // Twice 6 ms, less what has been forgotten of it.
    assert!((550..=576).contains(&pacer.lead()), "{}", pacer.lead());
    assert_eq!(pacer.lead(), stamper.lead());
    pacer.was_ready(2.0, 3.0, 64.0 / 48_000.0);
    assert!(pacer.lead() <= 577, "asleep is not late");
}

#[test]
fn a_lead_that_grows_makes_the_desk_faster_by_as_much_as_its_speed_says() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    play(&mut pacer, &mut stamper, &mut 0.0, 0.0, 30.0, 100.0);
    let block = 64.0 / 48_000.0;
    pacer.was_ready(29.0, 0.010, block);
    let before = pacer.position_at(30.0);
    let mut counted = 0.0;
    for _ in 0..7_500 {
        pacer.was_ready(30.0, 0.001, block);
        counted += pacer.speed() * 64.0;
    }
    let moved = pacer.position_at(30.0 + 7_500.0 * block) - before;
    assert!(pacer.lead() > 480, "it grew by {} frames", pacer.lead() - 384);
    assert!((moved - counted).abs() < 1.0, "{moved} frames, {counted} by its speed");
}

#[test]
fn an_engine_that_makes_up_for_a_sleep_leads_by_no_more_than_before() {
    let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
    let (mut stamper, clock) = outlet_clock();
    pacer.follow(Box::new(clock));
    play(&mut pacer, &mut stamper, &mut 0.0, 0.0, 5.0, 0.0);
    let block = 64.0 / 48_000.0;
    for blocks in (0..750_u32).rev() {
        pacer.was_ready(5.0, f64::from(blocks) * block, block);
    }
    for _ in 0..7_500 {
        pacer.was_ready(5.0, 0.001, block);
    }
    assert_eq!(pacer.lead(), 384);
}

#[test]
fn an_output_that_leaves_out_a_cycle_moves_neither_the_count_nor_the_speed() {
    for skipped in [480.0, 1_024.0] {
        let mut pacer = Pacer::new(SampleRate::DESK, at(0.0));
        let (mut stamper, clock) = outlet_clock();
        pacer.follow(Box::new(clock));
        let mut position = 0.0;
        play(&mut pacer, &mut stamper, &mut position, 0.0, 30.0, 100.0);
        let expected = pacer.position_at(40.0);
        let next = 3_001.0 * 0.01 / 1.000_1 + skipped / 48_000.0;
        play(&mut pacer, &mut stamper, &mut position, next, 40.0, 100.0);
        let moved = pacer.position_at(40.0) - expected;
        assert!(moved.abs() < 25.0, "{skipped}: {moved} frames");
        assert!(
            pacer.lead() == 384 && stamper.lead() == 384,
            "an output sits where it did"
        );
        assert!((pacer.speed() - 1.0001).abs() < 2e-6, "{skipped}: {}", pacer.speed());
        assert_eq!(stamper.seat(), 0, "it reads on from where it was");
        // Nobody waits for what the engine leads by beyond that, and it is given back in minutes.
        for _ in 0..750 * 600 {
            pacer.was_ready(40.0, 0.0, 64.0 / 48_000.0);
            assert!((pacer.speed() - 1.000_1).abs() < 2e-4, "{}", pacer.speed());
        }
        let given = expected - pacer.position_at(40.0);
        assert!((given - skipped).abs() < 25.0, "{skipped}: {given}");
    }
}
