//! Devices whose clocks differ, and wander.

use super::*;

#[test]
fn a_wandering_clock_that_is_200_ppm_fast_is_held_for_ten_minutes_without_losing_a_frame() {
    assert_held_for_ten_minutes(200.0);
}

#[test]
fn a_wandering_clock_that_is_200_ppm_slow_is_held_for_ten_minutes_without_losing_a_frame() {
    assert_held_for_ten_minutes(-200.0);
}

fn assert_held_for_ten_minutes(ppm: f64) {
    // The clocks are the same in any quality, and this one is soon done.
    let (mut device, mut bridge) = Device::of_quality(48_000.0, ppm, &[512], Quality::LowLatency);
    (device.hz, device.wander) = (0.0, 10.0);
    run(&mut device, &mut bridge, 0.0, 30.0);
    assert!(bridge.report().locked, "{:?}", bridge.report());
    let heard = run(&mut device, &mut bridge, 30.0, 630.0);
    let (_, rms, worst) = heard.spread(0);
    assert!(
        rms < 30e-6 && worst < 100e-6,
        "{ppm} ppm: rms {:.1}, worst {:.1} us",
        rms * 1e6,
        worst * 1e6
    );
    let report = bridge.report();
    assert_eq!(
        (report.frames_lost, report.frames_missing, heard.quiet_blocks),
        (0, 0, 0)
    );
    assert!(report.locked && report.error.abs() < 100e-6, "{report:?}");
}

/// How a bridge's ratio changed.
struct Ratio {
    /// The fastest, a second, while it was locked and while it was not.
    locked: f64,
    catching_up: f64,
    /// For how long it was not locked, seconds.
    unlocked: f64,
    /// The lowest and the highest, relative to nominal.
    low: f64,
    high: f64,
}

/// Runs from `from` to `until`.
fn ratio(device: &mut Device, bridge: &mut Bridge, from: f64, until: f64) -> Ratio {
    let mut ratio = Ratio {
        locked: 0.0,
        catching_up: 0.0,
        unlocked: 0.0,
        low: f64::MAX,
        high: f64::MIN,
    };
    let (mut place, mut before) = (bridge.place(), None);
    for n in 0..((until - from) * 750.0) as usize {
        let due = from + n as f64 / 750.0;
        device.run_until(due);
        assert!(bridge.read(&mut SILENCE.clone(), &BlockTime { due, speed: 1.0 }));
        // What was really read, not what was asked of the resampler.
        let now = (bridge.place() - place) / bridge.block;
        place = bridge.place();
        let change = (now - before.replace(now).unwrap_or(now)).abs() * 750.0;
        if bridge.report().locked {
            ratio.locked = ratio.locked.max(change);
        } else {
            ratio.catching_up = ratio.catching_up.max(change);
            ratio.unlocked += 1.0 / 750.0;
        }
        (ratio.low, ratio.high) = (ratio.low.min(now), ratio.high.max(now));
    }
    ratio
}

#[test]
fn a_locked_ratio_changes_by_5_ppm_a_second_at_most_and_room_that_is_made_is_caught_up_with_in_half_a_second() {
    for (ppm, sizes) in [(200.0, &[512][..]), (-200.0, &[64]), (-200.0, &[441, 1, 1024, 64])] {
        let (mut device, mut bridge) = Device::of_quality(48_000.0, ppm, sizes, Quality::LowLatency);
        (device.hz, device.wander) = (0.0, 10.0);
        run(&mut device, &mut bridge, 0.0, 30.0);
        let rests = ratio(&mut device, &mut bridge, 30.0, 150.0);
        assert_eq!(rests.unlocked, 0.0, "{ppm} ppm, {sizes:?}");
        assert!(
            rests.locked < 5.1e-6,
            "{ppm} ppm, {sizes:?}: {:.2} ppm a second",
            rests.locked * 1e6
        );
        let off = |relative: f64| (relative - 1.0 - ppm * 1e-6).abs();
        let off = off(rests.low).max(off(rests.high));
        assert!(off < 40e-6, "{ppm} ppm, {sizes:?}: {:.1} ppm off", off * 1e6);
        // Ten milliseconds more room are made in twenty seconds.
        bridge.margin.was_late(0.0065);
        let moves = ratio(&mut device, &mut bridge, 150.0, 180.0);
        assert!(bridge.margin.seconds() > 0.0125, "the room did not grow");
        let (locked, catching_up) = (moves.locked * 1e6, moves.catching_up * 1e6);
        assert!(
            locked < 5.1 && catching_up > 1000.0 && catching_up < 2100.0,
            "{ppm} ppm, {sizes:?}: {locked:.1} and {catching_up:.0} ppm a second"
        );
        assert!(
            moves.unlocked > 0.4 && moves.unlocked < 0.6,
            "twice a quarter of a second, not {:.2} s",
            moves.unlocked
        );
        let behind = 1.0 + ppm * 1e-6 - moves.low;
        assert!(
            behind < MARGIN_PACE + 100e-6,
            "{:.0} ppm behind its device",
            behind * 1e6
        );
    }
}

#[test]
fn other_rates_and_odd_callbacks_are_held_as_well() {
    for ppm in [-200.0, 200.0] {
        for (nominal, sizes) in [
            (44_100.0, &[441, 1, 1024, 64][..]),
            (96_000.0, &[256]),
            (48_000.0, &[1, 8192]),
        ] {
            let (mut device, mut bridge) = Device::new(nominal, ppm, sizes);
            device.hz = 0.0;
            run(&mut device, &mut bridge, 0.0, 30.0);
            let heard = run(&mut device, &mut bridge, 30.0, 70.0);
            let (_, rms, worst) = heard.spread(0);
            assert!(
                rms < 30e-6 && worst < 100e-6,
                "{ppm} ppm, {nominal} Hz: worst {:.0} us",
                worst * 1e6
            );
            let report = bridge.report();
            assert_eq!(
                (report.frames_lost, report.frames_missing, heard.quiet_blocks),
                (0, 0, 0)
            );
            assert!((f64::from(report.ppm) - ppm).abs() < 10.0, "{} for {ppm}", report.ppm);
        }
    }
}

#[test]
fn a_sine_comes_out_as_a_sine_of_the_devices_pitch() {
    let (mut device, mut bridge) = Device::new(48_000.0, 150.0, &[480]);
    device.hz = 1000.0;
    run(&mut device, &mut bridge, 0.0, 20.0);
    let heard = run(&mut device, &mut bridge, 20.0, 22.0);
    let step = heard.step();
    assert!(step < 1e-4, "a step of {:.1} dBFS", 20.0 * step.log10());
}

#[test]
fn one_callback_that_was_larger_than_all_others_is_no_latency_for_ever() {
    let (mut device, mut bridge) = Device::of_quality(48_000.0, 50.0, &[256], Quality::LowLatency);
    device.hz = 0.0;
    run(&mut device, &mut bridge, 0.0, 30.0);
    let before = run(&mut device, &mut bridge, 30.0, 35.0);
    device.sizes = &[4096];
    run(&mut device, &mut bridge, 35.0, 35.2);
    device.sizes = &[256];
    let large = run(&mut device, &mut bridge, 35.2, 45.0);
    let longer = large.spread(5 * 750).0 - before.spread(0).0;
    assert!(longer > 0.070, "it was not waited for: {:.1} ms", longer * 1e3);
    // By then it has been forgotten, and the delay begins to fall. Another one is no gap.
    run(&mut device, &mut bridge, 45.0, 95.0);
    device.sizes = &[4096];
    let again = run(&mut device, &mut bridge, 95.0, 95.2);
    device.sizes = &[256];
    let falling = run(&mut device, &mut bridge, 95.2, 400.0);
    assert_eq!((again.quiet_blocks, falling.quiet_blocks), (0, 0));
    let (low, high) = falling.ppm;
    assert!(low > 30.0 && high < 70.0, "{low:.0} to {high:.0} ppm");
    let after = run(&mut device, &mut bridge, 400.0, 420.0);
    let moved = after.spread(0).0 - before.spread(0).0;
    assert!(moved.abs() < 0.001, "{:.2} ms", moved * 1e3);
    assert_eq!(after.quiet_blocks, 0);
}
