//! Devices that stall, leave out a cycle or come late, and machines that stand still.

use super::*;

/// The largest bend of the tone where it is faded over a block: a corner of 1/64 in 0.5, and what the resampler adds.
const SOFT: f64 = 0.02;

#[test]
fn a_device_that_stalls_for_less_than_there_is_room_falls_silent_softly_too() {
    let (mut device, mut bridge) = Device::new(48_000.0, 100.0, &[256]);
    run(&mut device, &mut bridge, 0.0, 20.0);
    bridge.margin.was_late(0.050);
    bridge.margin.settle();
    let settling = run(&mut device, &mut bridge, 20.0, 25.0);
    assert!(settling.quiet_blocks > 0 && bridge.margin.seconds() > 0.090);
    device.lose(0.060);
    let gap = run(&mut device, &mut bridge, 25.0, 27.0);
    assert!(
        (45..79).contains(&gap.quiet_blocks),
        "{} quiet blocks",
        gap.quiet_blocks
    );
    let step = gap.step();
    assert!(step < SOFT, "a step of {:.1} dBFS", 20.0 * step.log10());
    assert!(
        gap.audio[gap.audio.len() - 4800..]
            .iter()
            .any(|sample| sample.abs() > 0.49)
    );
}

#[test]
fn a_device_that_stops_at_once_fades_within_what_its_resampler_holds() {
    for (quality, most) in [
        (Quality::LowLatency, 2.0 * SOFT),
        (Quality::Balanced, SOFT),
        (Quality::Best, SOFT),
    ] {
        for size in [&[64][..], &[441], &[1024]] {
            let (mut device, mut bridge) = Device::of_quality(48_000.0, 100.0, size, quality);
            run(&mut device, &mut bridge, 0.0, 5.0);
            device.stalled_until = 7.0;
            let heard = run(&mut device, &mut bridge, 5.0, 6.0);
            assert!(heard.quiet_blocks > 700, "{quality:?}, {size:?}");
            let step = heard.step();
            assert!(
                step < most,
                "{quality:?}, {size:?}: a step of {:.1} dBFS",
                20.0 * step.log10()
            );
        }
    }
}

#[test]
fn a_device_that_stalls_falls_silent_softly_and_is_taken_back() {
    for (ppm, stalls) in [(100.0, &[0.05, 0.5][..]), (2_000.0, &[30.0]), (-2_000.0, &[30.0])] {
        for &stall in stalls {
            let (mut device, mut bridge) = Device::new(48_000.0, ppm, &[256]);
            run(&mut device, &mut bridge, 0.0, 20.0);
            // While it stalls its audio is not captured: it goes on from where it stopped.
            device.lose(stall);
            let during = run(&mut device, &mut bridge, 20.0, 20.0 + stall);
            assert!(during.quiet_blocks > 0);
            let back = run(&mut device, &mut bridge, 20.0 + stall, 22.0 + stall);
            // A period and 100 ms.
            assert!(back.quiet_blocks <= 79, "{stall} s: {} quiet blocks", back.quiet_blocks);
            let step = during.step().max(back.step());
            assert!(step < SOFT, "{stall} s: a step of {:.1} dBFS", 20.0 * step.log10());
            let tail = &back.audio[back.audio.len() - 4800..];
            assert!(tail.iter().any(|sample| sample.abs() > 0.49), "it sounds again");
            device.hz = 0.0;
            let locking = run(&mut device, &mut bridge, 22.0 + stall, 50.0 + stall);
            assert!(bridge.report().locked, "30 s later: {:?}", bridge.report());
            let later = run(&mut device, &mut bridge, 50.0 + stall, 62.0 + stall);
            assert_eq!((locking.quiet_blocks, later.quiet_blocks), (0, 0));
            let (_, rms, worst) = later.spread(2 * 750);
            assert!(
                rms < 30e-6 && worst < 100e-6,
                "{ppm} ppm, {stall} s: {:.0} us",
                worst * 1e6
            );
            assert!(bridge.report().locked, "{:?}", bridge.report());
            assert!(
                (f64::from(bridge.report().ppm) - ppm).abs() < 5.0,
                "{:?}",
                bridge.report()
            );
        }
    }
}

#[test]
fn a_stall_of_5_ms_to_30_s_is_over_100_ms_and_a_period_later_and_counted_to_the_frame() {
    for sizes in [&[64][..], &[256], &[1024]] {
        for stall in [0.005, 0.05, 0.5, 30.0] {
            let (mut device, mut bridge) = Device::of_quality(48_000.0, 100.0, sizes, Quality::LowLatency);
            device.hz = 0.0;
            run(&mut device, &mut bridge, 0.0, 30.0);
            assert_eq!(bridge.report().frames_missing, 0);
            let room = bridge.margin.seconds();
            device.lose(stall);
            let gap = run(&mut device, &mut bridge, 30.0, 32.0 + stall);
            let missing = bridge.report().frames_missing;
            let back = gap.quiet_until - 30.0 - stall - sizes[0] as f64 / 48_000.0;
            assert!(back < 0.100, "{stall} s, {sizes:?}: {:.0} ms and a period", back * 1e3);
            // The last block before is heard as far as there was something for it.
            let part = missing as i64 - (gap.quiet_blocks * BLOCK_FRAMES) as i64;
            assert!((0..=64).contains(&part), "{stall} s, {sizes:?}: {part} frames");
            // What was not captured, less what the resampler held and the block that fades in; a stall that there is
            // room for is not heard.
            let least = if stall < room { 0.0 } else { stall * 48_000.0 - 96.0 };
            assert!(missing as f64 >= least, "{stall} s, {sizes:?}: {missing} of {least:.0}");
        }
    }
}

#[test]
fn a_device_that_is_closed_is_not_missing() {
    let (mut device, mut bridge) = Device::of_quality(48_000.0, 0.0, &[256], Quality::LowLatency);
    device.hz = 0.0;
    run(&mut device, &mut bridge, 0.0, 5.0);
    drop(device);
    for n in 0..3_000 {
        let due = 5.0 + f64::from(n) / 750.0;
        bridge.read(&mut SILENCE.clone(), &BlockTime { due, speed: 1.0 });
    }
    assert_eq!(
        (bridge.phase(), bridge.report().frames_missing),
        (InputPhase::Waiting, 0)
    );
}

#[test]
fn callbacks_of_21_ms_may_come_4_ms_late_from_the_first_on() {
    for (size, late, lost) in [
        (1024, 0.0045, false),
        (1024, 0.0065, true),
        (64, 0.0025, false),
        (64, 0.0045, true),
    ] {
        let sizes: &'static [usize] = if size == 64 { &[64] } else { &[1024] };
        let (mut device, mut bridge) = Device::of_quality(48_000.0, 100.0, sizes, Quality::LowLatency);
        device.hz = 0.0;
        run(&mut device, &mut bridge, 0.0, 5.0);
        // Late is what it is after when it should have come.
        device.stalled_until = device.even + size as f64 / 48_000.0 + late;
        let heard = run(&mut device, &mut bridge, 5.0, 6.0);
        assert_eq!(
            heard.quiet_blocks > 0,
            lost,
            "{size} frames, {late} s: {} blocks",
            heard.quiet_blocks
        );
    }
}

#[test]
fn one_callback_that_comes_half_a_second_late_is_one_gap_and_nothing_else() {
    for (late, least) in [(0.5, 360), (0.05, 20)] {
        let (mut device, mut bridge) = Device::new(48_000.0, -100.0, &[256]);
        run(&mut device, &mut bridge, 0.0, 40.0);
        let before = run(&mut device, &mut bridge, 40.0, 45.0);
        // All of it arrives, at once.
        device.stalled_until = 45.0 + late;
        let gap = run(&mut device, &mut bridge, 45.0, 46.0);
        device.hz = 0.0;
        let after = run(&mut device, &mut bridge, 46.0, 76.0);
        assert!(
            (least..least + 30).contains(&gap.quiet_blocks),
            "{} blocks",
            gap.quiet_blocks
        );
        assert_eq!(after.quiet_blocks, 0);
        for (low, high) in [gap.ppm, after.ppm] {
            assert!(low > -120.0 && high < -80.0, "{low:.0} to {high:.0} ppm");
        }
        let moved = after.spread(20 * 750).0 - before.spread(0).0;
        assert!(moved.abs() < 0.002, "{:.1} ms", moved * 1e3);
    }
}

#[test]
fn a_device_that_leaves_out_a_cycle_costs_that_cycle_and_neither_pitch_nor_latency() {
    for (sizes, lost) in [(&[1024][..], 1024.0), (&[256], 256.0), (&[256], 768.0)] {
        let (mut device, mut bridge) = Device::new(48_000.0, 150.0, sizes);
        run(&mut device, &mut bridge, 0.0, 40.0);
        let before = run(&mut device, &mut bridge, 40.0, 45.0);
        device.lose(lost / 48_000.0);
        let gap = run(&mut device, &mut bridge, 45.0, 47.0);
        device.hz = 0.0;
        let after = run(&mut device, &mut bridge, 47.0, 87.0);
        let moved = after.spread(30 * 750).0 - before.spread(0).0;
        assert!(
            (gap.quiet_blocks as f64) < 2.0 * lost / 64.0 + 15.0,
            "{} blocks",
            gap.quiet_blocks
        );
        assert_eq!(after.quiet_blocks, 0);
        for (low, high) in [gap.ppm, after.ppm] {
            assert!(low > 130.0 && high < 170.0, "{sizes:?}: {low:.0} to {high:.0} ppm");
        }
        assert!(moved.abs() < 0.001, "{sizes:?}, {lost}: {:.2} ms", moved * 1e3);
        assert!(bridge.report().locked);
    }
}

#[test]
fn a_device_that_never_calls_back_is_silence_and_nothing_missing() {
    let (_writer, inlet) = inlet(48_000.0, 4800);
    let mut bridge = Bridge::new(inlet, SampleRate::DESK);
    for n in 0..7500 {
        assert!(!bridge.read(
            &mut SILENCE.clone(),
            &BlockTime {
                due: f64::from(n) / 750.0,
                speed: 1.0
            }
        ));
    }
    assert_eq!(bridge.report().frames_missing, 0);
}

/// Runs the desk from `from` to `until` seconds on a machine that stands still: in each of `stops` (when it begins and
/// how long it lasts, seconds) device and desk come late together. Returns when the device was locked and when not, and
/// the blocks that were not heard.
fn run_with_stops(
    device: &mut Device,
    bridge: &mut Bridge,
    (from, until): (f64, f64),
    stops: impl Fn(f64) -> Option<f64>,
) -> (Vec<(f64, bool)>, usize) {
    let (mut changes, mut quiet) = (vec![(from, bridge.report().locked)], 0);
    for n in 0..((until - from) * 750.0) as usize {
        let due = from + n as f64 / 750.0;
        let stopped = stops(due);
        device.stalled_until = stopped.unwrap_or(device.stalled_until);
        device.run_until(stopped.unwrap_or(due));
        quiet += usize::from(!bridge.read(&mut SILENCE.clone(), &BlockTime { due, speed: 1.0 }));
        let locked = bridge.report().locked;
        if changes.last().is_some_and(|(_, before)| *before != locked) {
            changes.push((due, locked));
        }
    }
    (changes, quiet)
}

#[test]
fn a_machine_that_stands_still_now_and_then_leaves_a_device_followed_while_its_room_grows() {
    let once = |_| 0.040;
    let often = |stop: usize| [0.050, 0.020, 0.035, 0.027][stop % 4];
    for (frames, every, length) in [
        (&[1024][..], f64::MAX, &once as &dyn Fn(usize) -> f64),
        (&[256], 30.0, &often),
        (&[1024], 30.0, &often),
    ] {
        let (mut device, mut bridge) = Device::of_quality(48_000.0, 60.0, frames, Quality::LowLatency);
        device.hz = 0.0;
        run(&mut device, &mut bridge, 0.0, 40.0);
        let stops = |due: f64| {
            let since = due - 45.0;
            let stop = (since / every).floor();
            let end = 45.0 + stop * every + length(stop as usize);
            (since >= 0.0 && due < end).then_some(end)
        };
        let room = bridge.margin.seconds();
        let (changes, quiet) = run_with_stops(&mut device, &mut bridge, (40.0, 200.0), stops);
        assert_eq!((changes.first(), quiet), (Some(&(40.0, true)), 0), "{frames:?}");
        assert!(
            changes.last().is_some_and(|(_, locked)| *locked),
            "{frames:?}: {changes:?}"
        );
        // While its room sets out, and when it has arrived.
        for pair in changes.windows(2).filter(|pair| !pair[0].1) {
            let [(from, _), (until, _)] = pair else { unreachable!() };
            assert!(
                until - from < 0.3,
                "{frames:?}: not locked from {from:.2} to {until:.2} s"
            );
        }
        assert!(
            bridge.margin.seconds() > room + 0.010,
            "its room did not grow: nothing was tried"
        );
    }
}
