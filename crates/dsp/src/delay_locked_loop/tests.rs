use super::*;

/// Late by up to 0.3 ms, evenly, repeatably.
struct Jitter(u64);

impl Jitter {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64 * 0.0003
    }
}

fn error_after_30_s(ppm: f64, sizes: &[u32]) -> (f64, f64) {
    let rate = 48_000.0 * (1.0 + ppm * 1e-6);
    let mut dll = DelayLockedLoop::new(48_000.0);
    let (mut jitter, mut position, mut worst, mut mean) = (Jitter(7), 0.0, 0.0_f64, 0.0);
    let mut measured = 0_u32;
    for size in sizes.iter().cycle() {
        position += f64::from(*size);
        let time = position / rate;
        dll.follow(position, time + jitter.next());
        if time > 630.0 {
            break;
        }
        if time > 30.0 {
            // The jitter's mean is a constant delay, not an error.
            let error = dll.time_at(position) - time - 0.00015;
            worst = worst.max(error.abs());
            mean += error;
            measured += 1;
        }
    }
    (worst, mean / f64::from(measured))
}

#[test]
fn jitter_of_a_third_of_a_millisecond_ends_as_microseconds() {
    for ppm in [-200.0, 0.0, 200.0] {
        for sizes in [&[512][..], &[1, 777, 64, 2048]] {
            let (worst, mean) = error_after_30_s(ppm, sizes);
            assert!(worst < 100e-6, "{ppm} ppm, {sizes:?}: worst {:.1} us", worst * 1e6);
            assert!(mean.abs() < 10e-6, "{ppm} ppm, {sizes:?}: mean {:.1} us", mean * 1e6);
        }
    }
}

#[test]
fn callbacks_that_are_late_now_and_then_do_not_pull_the_rate() {
    let mut dll = DelayLockedLoop::new(48_000.0);
    let (mut jitter, mut worst) = (Jitter(3), 0.0_f64);
    for n in 1..100 * 60_u32 {
        let time = f64::from(n) * 0.01;
        // The machine stops for 12 ms twice a second: one callback is late, and the next a little.
        let stop = match n % 50 {
            7 => 0.012,
            8 => 0.002,
            _ => 0.0,
        };
        dll.follow(f64::from(n) * 480.0, time + stop + jitter.next());
        if time > 10.0 {
            worst = worst.max(dll.ppm().abs());
        }
    }
    assert!(worst < 25.0, "{worst:.0} ppm");
}

#[test]
fn a_machine_that_stops_all_the_time_is_followed_as_if_it_did_not() {
    let mut dll = DelayLockedLoop::new(48_000.0);
    let (mut jitter, mut free_at, mut worst) = (Jitter(5), 0.0_f64, 0.0_f64);
    for n in 1..60 * 47_u32 {
        let position = f64::from(n) * 1024.0;
        let time = position / 48_000.0;
        // Twice a second nobody runs for 4 to 20 ms, in the middle of a period or at its end.
        if n % 23 == 9 {
            free_at = time + [0.004, 0.020, 0.008, 0.012][n as usize / 23 % 4];
        }
        dll.follow(position, (time + jitter.next()).max(free_at));
        if time > 5.0 {
            worst = worst.max(dll.ppm().abs());
        }
        if time > 30.0 {
            let error = dll.time_at(position) - time - 0.00015;
            assert!(error.abs() < 100e-6, "{:.0} us at {time:.1} s", error * 1e6);
        }
    }
    assert!(worst < 100.0, "{worst:.0} ppm");
}

#[test]
fn one_late_callback_is_left_out_and_a_broken_time_line_is_noticed() {
    let mut dll = DelayLockedLoop::new(48_000.0);
    for n in 1..1000 {
        dll.follow(f64::from(n) * 480.0, f64::from(n) * 0.01);
    }
    let before = dll.rate();
    assert_eq!(dll.follow(480_000.0, 10.5), Follow::Outlier);
    assert_eq!(dll.follow(480_480.0, 10.01), Follow::Steady);
    assert!((dll.rate() / before - 1.0).abs() < 1e-7);
    let told: Vec<_> = (0..4)
        .map(|n| dll.follow(480_960.0 + f64::from(n) * 480.0, 11.0 + f64::from(n) * 0.01))
        .collect();
    assert_eq!(
        told,
        [Follow::Outlier, Follow::Outlier, Follow::Outlier, Follow::Broken]
    );
    dll.restart(482_400.0, 11.03);
    assert!((dll.position_at(11.03) - 482_400.0).abs() < 1e-6);
}

#[test]
fn a_cycle_that_is_left_out_is_a_step_and_leaves_the_rate_alone() {
    for (frames, skipped) in [(1024, 1024), (1024, -1024), (256, 256), (64, 256), (8192, 600)] {
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut told, mut worst) = (Jitter(9), Vec::new(), 0.0_f64);
        let (mut position, mut true_frames) = (0.0, 0.0);
        while true_frames < 120.0 * 48_000.0 {
            let skip = f64::from(skipped) * f64::from(u8::from(true_frames > 60.0 * 48_000.0));
            (position, true_frames) = (position + f64::from(frames), position + f64::from(frames) + skip);
            let time = true_frames / 48_000.0 / 1.000_1;
            let follow = dll.follow(position, time + jitter.next());
            if time > 40.0 {
                worst = worst.max((dll.ppm() - 100.0).abs());
            }
            if follow != Follow::Steady && told.last() != Some(&follow) {
                told.push(follow);
            }
            if time > 62.0 {
                let error = dll.time_at(position) - time - 0.00015;
                assert!(error.abs() < 300e-6, "{frames}, {skipped}: {:.0} us", error * 1e6);
            }
        }
        assert_eq!(told, [Follow::Suspect, Follow::Stepped], "{frames}, {skipped}");
        assert!(worst < 15.0, "{frames}, {skipped}: {worst:.0} ppm");
    }
}

#[test]
fn a_device_that_is_back_after_a_break_is_known_by_its_rate_and_may_have_another() {
    for change in [0.0, 200.0] {
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut time, mut worst) = (Jitter(15), 0.0, 0.0_f64);
        for n in 1..94 * 150_u32 {
            let broken = n > 94 * 60;
            time += 512.0 / 48_000.0 / (1.0 + (100.0 + if broken { change } else { 0.0 }) * 1e-6);
            let late = jitter.next() + if broken { 30.0 } else { 0.0 };
            if dll.follow(f64::from(n) * 512.0, time + late) == Follow::Broken {
                dll.restart(f64::from(n) * 512.0, time + late);
            }
            if time > 40.0 {
                worst = worst.max((dll.ppm() - 100.0).abs());
            }
        }
        assert!(worst < change * 1.5 + 20.0, "{change}: {worst:.0} ppm off");
        assert!((dll.ppm() - 100.0 - change).abs() < 3.0, "{:.1}", dll.ppm());
    }
}

#[test]
fn a_rate_that_changes_is_learnt_and_never_taken_for_steps() {
    for ppm in [2_000.0, -2_000.0, 300.0] {
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut time) = (Jitter(11), 0.0);
        for n in 1..94 * 180_u32 {
            time += 512.0 / 48_000.0 / (1.0 + if n > 94 * 60 { ppm * 1e-6 } else { 0.0 });
            let follow = dll.follow(f64::from(n) * 512.0, time + jitter.next());
            assert_eq!(follow, Follow::Steady, "{ppm} ppm, at {time:.1} s");
        }
        assert!((dll.ppm() - ppm).abs() < 3.0, "{:.1} for {ppm}", dll.ppm());
    }
}

#[test]
fn a_smooth_line_that_changes_its_pace_is_followed_within_seconds() {
    let off = |mut dll: DelayLockedLoop| {
        let mut time = 0.0;
        for n in 1..94 * 72_u32 {
            time += 512.0 / 48_000.0 / (1.0 + if n > 94 * 60 { 250e-6 } else { 0.0 });
            assert_eq!(dll.follow(f64::from(n) * 512.0, time), Follow::Steady);
        }
        (dll.ppm() - 250.0).abs()
    };
    let (smooth, usual) = (
        off(DelayLockedLoop::of_smooth_times(48_000.0)),
        off(DelayLockedLoop::new(48_000.0)),
    );
    assert!(
        smooth < 10.0 && usual > 50.0,
        "{smooth:.1} and {usual:.1} ppm off 12 s later"
    );
}

#[test]
fn a_machine_that_becomes_restless_is_followed_all_the_same() {
    let mut dll = DelayLockedLoop::new(48_000.0);
    let (mut jitter, mut steady) = (Jitter(13), 0);
    for n in 1..94 * 120_u32 {
        let (position, time) = (f64::from(n) * 512.0, f64::from(n) * 512.0 / 48_000.0);
        let late = jitter.next() * if time > 60.0 { 30.0 } else { 1.0 };
        let follow = dll.follow(position, time + late);
        steady += u32::from(time > 61.0 && follow == Follow::Steady);
    }
    assert!(steady > 94 * 50, "{steady}");
    assert!(dll.ppm().abs() < 100.0, "{:.0} ppm", dll.ppm());
}
