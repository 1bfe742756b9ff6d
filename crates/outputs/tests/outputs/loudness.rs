//! The loudness meter against the minimum requirements of EBU Tech 3341 and 3342 (November 2023), their signals
//! made from their descriptions, and on a running bus.
//!
//! Left out: signal 6 of Tech 3341 has five channels, and a bus has two; 7 and 8, and 5 and 6 of Tech 3342, are
//! programmes that only their files are.

use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SILENCE, SampleRate};
use airdesk_engine::mix_queue::{MixWriter, mix_queue};
use airdesk_engine::time::Nanos;
use airdesk_outputs::loudness::{Dbtp, Loudness, LoudnessMeter, Lu, Lufs, Measurement, SpectrumMeter};

use crate::rig::{seconds, wait_for};

const RATE: u32 = 48_000;

/// A stretch of a signal: seconds, and dBFS of the peak. `None` is silence.
type Stretch = (f64, Option<f64>);

fn tone(seconds: f64, dbfs: f64) -> Stretch {
    (seconds, Some(dbfs))
}

fn silence(seconds: f64) -> Stretch {
    (seconds, None)
}

/// 1 kHz on both sides, in phase and without a jump of phase, one stretch after the other.
fn signal(stretches: &[Stretch]) -> impl Iterator<Item = f32> {
    stretches
        .iter()
        .flat_map(|(seconds, dbfs)| {
            let amplitude = dbfs.map_or(0.0, |dbfs| 10_f64.powf(dbfs / 20.0));
            std::iter::repeat_n(amplitude, (seconds * f64::from(RATE)).round() as usize)
        })
        .enumerate()
        .map(|(n, amplitude)| (amplitude * (std::f64::consts::TAU * (n % 48) as f64 / 48.0).sin()) as f32)
}

fn mono(samples: impl Iterator<Item = f32>) -> impl Iterator<Item = Frame> {
    samples.map(|sample| [sample; 2])
}

/// Feeds all of `frames`, the last block filled with silence.
fn feed(measurement: &mut Measurement, frames: impl Iterator<Item = Frame>) {
    watch(measurement, frames, |_, _| {});
}

/// Feeds all of `frames` and hands the meter to `look` after each block, with the seconds fed so far.
fn watch(measurement: &mut Measurement, frames: impl Iterator<Item = Frame>, mut look: impl FnMut(f64, &Measurement)) {
    let mut frames = frames.peekable();
    let mut fed = 0;
    while frames.peek().is_some() {
        let block: Block = std::array::from_fn(|_| frames.next().unwrap_or_default());
        measurement.measure(&block);
        fed += BLOCK_FRAMES;
        look(fed as f64 / f64::from(RATE), measurement);
    }
}

/// What a fresh meter reads at the end.
fn read(frames: impl Iterator<Item = Frame>) -> Loudness {
    let mut measurement = Measurement::new(SampleRate::DESK);
    feed(&mut measurement, frames);
    measurement.reading()
}

#[track_caller]
fn assert_lufs(what: &str, read: Option<Lufs>, expected: f32) {
    let lufs = read.map(Lufs::value);
    let near = lufs.is_some_and(|lufs| (lufs - expected).abs() <= 0.1);
    assert!(near, "{what}: {lufs:?}, not {expected} ±0.1 LUFS");
}

#[test]
fn tech_3341_signals_1_and_2_read_the_same_on_all_three_scales() {
    for level in [-23.0, -33.0] {
        let mut measurement = Measurement::new(SampleRate::DESK);
        watch(
            &mut measurement,
            mono(signal(&[tone(20.0, level)])),
            |at, measurement| {
                let read = measurement.reading();
                if at > 1.0 {
                    assert_lufs("M", read.momentary, level as f32);
                    assert_lufs("I", read.integrated, level as f32);
                }
                if at > 3.0 {
                    assert_lufs("S", read.short_term, level as f32);
                }
            },
        );
        assert_eq!(measurement.reading().seconds, 20.0);
    }
}

#[test]
fn tech_3341_signals_3_to_5_are_gated() {
    let quiet = [tone(10.0, -36.0), tone(60.0, -23.0), tone(10.0, -36.0)];
    let quieter = [
        tone(10.0, -72.0),
        tone(10.0, -36.0),
        tone(60.0, -23.0),
        tone(10.0, -36.0),
        tone(10.0, -72.0),
    ];
    let loud = [tone(20.0, -26.0), tone(20.1, -20.0), tone(20.0, -26.0)];
    for (number, stretches) in [(3, &quiet[..]), (4, &quieter), (5, &loud)] {
        assert_lufs(
            &format!("signal {number}"),
            read(mono(signal(stretches))).integrated,
            -23.0,
        );
    }
}

#[test]
fn tech_3341_signal_9_keeps_the_short_term_loudness_steady() {
    let stretches = [tone(1.34, -20.0), tone(1.66, -30.0)].repeat(5);
    let frames = mono(signal(&stretches));
    watch(&mut Measurement::new(SampleRate::DESK), frames, |at, measurement| {
        if at > 3.0 {
            assert_lufs(&format!("S at {at:.3} s"), measurement.reading().short_term, -23.0);
        }
    });
}

#[test]
fn tech_3341_signals_10_find_the_highest_short_term_loudness_wherever_it_begins() {
    for n in 0..20 {
        let stretches = [silence(0.15 * f64::from(n)), tone(3.0, -23.0), silence(1.0)];
        assert_lufs(
            &format!("max S of {n}"),
            read(mono(signal(&stretches))).short_term_max,
            -23.0,
        );
    }
}

/// The maximum in `look` after each of 20 stretches of `seconds` is -38 LUFS, then -37, and so on.
fn assert_rises(seconds: f64, frames: impl Iterator<Item = Frame>, look: impl Fn(&Loudness) -> Option<Lufs>) {
    let mut expected = -38.0;
    let mut stretch_end = seconds;
    watch(&mut Measurement::new(SampleRate::DESK), frames, |at, measurement| {
        if at > stretch_end - 1e-6 {
            assert_lufs(&format!("maximum at {at:.3} s"), look(&measurement.reading()), expected);
            expected += 1.0;
            stretch_end += seconds;
        }
    });
    assert_eq!(expected, -18.0, "every stretch was heard");
}

#[test]
fn tech_3341_signal_11_follows_short_term_maxima_as_they_rise() {
    let stretches: Vec<_> = (0..20)
        .flat_map(|n| {
            let before = 0.15 * f64::from(n);
            [silence(before), tone(3.0, f64::from(n) - 38.0), silence(3.0 - before)]
        })
        .collect();
    assert_rises(6.0, mono(signal(&stretches)), |read| read.short_term_max);
}

#[test]
fn tech_3341_signal_12_keeps_the_momentary_loudness_steady() {
    let stretches = [tone(0.18, -20.0), tone(0.22, -30.0)].repeat(25);
    let frames = mono(signal(&stretches));
    watch(&mut Measurement::new(SampleRate::DESK), frames, |at, measurement| {
        if at > 1.0 {
            assert_lufs(&format!("M at {at:.3} s"), measurement.reading().momentary, -23.0);
        }
    });
}

#[test]
fn tech_3341_signals_13_find_the_highest_momentary_loudness_wherever_it_begins() {
    for n in 0..20 {
        let stretches = [silence(0.02 * f64::from(n)), tone(0.4, -23.0), silence(1.0)];
        assert_lufs(
            &format!("max M of {n}"),
            read(mono(signal(&stretches))).momentary_max,
            -23.0,
        );
    }
}

#[test]
fn tech_3341_signal_14_follows_momentary_maxima_as_they_rise() {
    let stretches: Vec<_> = (0..20)
        .flat_map(|n| {
            let before = 0.02 * f64::from(n);
            [silence(before), tone(0.4, f64::from(n) - 38.0), silence(0.4 - before)]
        })
        .collect();
    assert_rises(0.8, mono(signal(&stretches)), |read| read.momentary_max);
}

/// A sine that fades in and out over 20 ms, so that neither end adds a peak of its own.
fn faded(hz: f64, degrees: f64, amplitude: f64) -> impl Iterator<Item = f32> {
    (0..RATE).map(move |n| {
        let fade = (f64::from(n.min(RATE - n)) / 960.0).min(1.0);
        let angle = std::f64::consts::TAU * hz * f64::from(n) / f64::from(RATE) + degrees.to_radians();
        (fade * amplitude * angle.sin()) as f32
    })
}

#[track_caller]
fn assert_true_peak(what: &str, read: Option<Dbtp>, expected: f32) {
    let dbtp = read.map(Dbtp::value);
    let near = dbtp.is_some_and(|dbtp| (-0.4..=0.2).contains(&(dbtp - expected)));
    assert!(near, "{what}: {dbtp:?}, not {expected} +0.2 -0.4 dBTP");
}

#[test]
fn tech_3341_signals_15_to_19_read_their_true_peak() {
    let signals = [
        (15, 4.0, 0.0, 0.5, -6.0),
        (16, 4.0, 45.0, 0.5, -6.0),
        (17, 6.0, 60.0, 0.5, -6.0),
        (18, 8.0, 67.5, 0.5, -6.0),
        (19, 4.0, 45.0, 1.41, 3.0),
    ];
    for (number, part, degrees, amplitude, expected) in signals {
        let read = read(mono(faded(f64::from(RATE) / part, degrees, amplitude)));
        assert_true_peak(&format!("signal {number}"), read.true_peak_max, expected);
    }
}

/// An fs/6 sine of 0.5 in which one period is of fs/4 and 1.0, without a jump of phase, made at four times the
/// rate, filtered to half the rate and read from `offset` on.
fn burst(offset: usize) -> Vec<f32> {
    const HALF: usize = 96;
    let mut turns = 0.0_f64;
    let fine: Vec<f64> = (0..9600 * 4)
        .map(|n| {
            let inside = (19_200..19_216).contains(&n);
            let fade = (n.min(9600 * 4 - n) as f64 / 3840.0).min(1.0);
            let sample = if inside { 1.0 } else { 0.5 } * fade * (std::f64::consts::TAU * turns).sin();
            turns += if inside { 1.0 / 16.0 } else { 1.0 / 24.0 };
            sample
        })
        .collect();
    // A sinc under a Blackman window: what a converter to a quarter of the rate does.
    let taps: Vec<f64> = (0..=2 * HALF)
        .map(|tap| {
            let place = tap as f64 - HALF as f64;
            let angle = std::f64::consts::PI * place / 4.0;
            let sinc = if tap == HALF { 1.0 } else { angle.sin() / angle };
            let window = std::f64::consts::PI * place / HALF as f64;
            sinc * (0.42 + 0.5 * window.cos() + 0.08 * (2.0 * window).cos()) / 4.0
        })
        .collect();
    let reach = fine.windows(taps.len());
    reach
        .skip(offset)
        .step_by(4)
        .map(|reach| reach.iter().zip(&taps).map(|(sample, tap)| sample * tap).sum::<f64>() as f32)
        .collect()
}

#[test]
fn tech_3341_signals_20_to_23_read_the_true_peak_of_a_single_period() {
    for offset in 0..4 {
        let read = read(mono(burst(offset).into_iter()));
        println!("{offset}: {:?}", read.true_peak_max);
        assert_true_peak(&format!("signal {}", 20 + offset), read.true_peak_max, 0.0);
    }
}

#[test]
fn tech_3342_signals_1_to_4_read_their_range() {
    let levels: [(&[f64], f32); 4] = [
        (&[-20.0, -30.0], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    for (levels, expected) in levels {
        let stretches: Vec<_> = levels.iter().map(|level| tone(20.0, *level)).collect();
        // Once, and again in its full length: the standard expects the same.
        for times in [1, 2] {
            let range = read(mono(signal(&stretches.repeat(times)))).range.map(Lu::value);
            let near = range.is_some_and(|range| (range - expected).abs() <= 1.0);
            assert!(near, "{levels:?} {times} times: {range:?}, not {expected} ±1 LU");
        }
    }
}

#[test]
fn one_side_is_3_lu_less_than_both() {
    let read = read(signal(&[tone(5.0, -20.0)]).map(|sample| [sample, 0.0]));
    assert_lufs("I", read.integrated, -23.01);
    assert_eq!(read.correlation, Some(0.0));
}

#[test]
fn loudness_is_the_same_at_every_rate_of_the_desk() {
    for rate in [44_100_u32, 88_200, 96_000] {
        let mut measurement = Measurement::new(SampleRate::new(rate).expect("a rate"));
        let frames = (0..u64::from(rate) * 5).map(|n| {
            let turns = 1000.0 * n as f64 / f64::from(rate);
            [(0.1 * (std::f64::consts::TAU * turns).sin()) as f32; 2]
        });
        feed(&mut measurement, frames);
        let read = measurement.reading();
        assert_lufs(&format!("M at {rate} Hz"), read.momentary, -20.0);
        assert_lufs(&format!("S at {rate} Hz"), read.short_term, -20.0);
        assert_lufs(&format!("I at {rate} Hz"), read.integrated, -20.0);
    }
}

#[test]
fn silence_is_null() {
    let read = read(std::iter::repeat_n([0.0; 2], 48_000 * 4));
    let json = serde_json::to_value(read).expect("it is a plain record");
    let expected = serde_json::json!({
        "momentary": null, "shortTerm": null, "integrated": null, "range": null, "momentaryMax": null,
        "shortTermMax": null, "truePeakMax": null, "correlation": null, "seconds": 4.0, "framesLost": 0
    });
    assert_eq!(json, expected);
}

#[test]
fn a_reset_begins_the_programme_again_and_leaves_the_present() {
    let mut measurement = Measurement::new(SampleRate::DESK);
    feed(&mut measurement, mono(signal(&[tone(5.0, -10.0), tone(5.0, -30.0)])));
    assert_lufs("max M", measurement.reading().momentary_max, -10.0);
    measurement.lose(7);
    measurement.reset();
    let read = measurement.reading();
    assert_lufs("S", read.short_term, -30.0);
    assert_lufs("M", read.momentary, -30.0);
    let expected = Loudness {
        momentary: read.momentary,
        short_term: read.short_term,
        correlation: read.correlation,
        ..Loudness::default()
    };
    assert_eq!(read, expected);
    feed(&mut measurement, mono(signal(&[tone(5.0, -30.0)])));
    let read = measurement.reading();
    assert_lufs("I", read.integrated, -30.0);
    assert_lufs("max M", read.momentary_max, -30.0);
    assert_lufs("max S", read.short_term_max, -30.0);
    assert_true_peak("peak", read.true_peak_max, -30.0);
    assert_eq!(read.range.map(Lu::value), Some(0.0));
    assert_eq!((read.seconds, read.frames_lost), (5.0, 0));
}

#[test]
fn a_gap_is_counted_and_makes_no_peak_of_its_own() {
    let full_scale: Vec<Frame> = mono(signal(&[tone(2.0, -1.0)])).collect();
    // Begins on a crest, as a meter does that is started in the middle of a programme.
    let (before, after) = full_scale[12..].split_at(48_000);
    let mut measurement = Measurement::new(SampleRate::DESK);
    feed(&mut measurement, before.iter().copied());
    measurement.lose(3);
    // Goes on at the other crest: across the gap the wave would overshoot.
    feed(&mut measurement, after[24..24 + 640].iter().copied());
    let read = measurement.reading();
    assert_eq!(read.frames_lost, 192);
    assert_eq!(read.seconds, 48_640.0 / 48_000.0);
    let peak = read.true_peak_max.map(Dbtp::value).expect("it is loud");
    assert!((peak + 1.0).abs() < 0.05, "{peak} dBTP");
    assert_eq!(read.correlation, Some(1.0));
}

#[test]
fn what_is_no_number_does_not_spoil_what_follows() {
    let mut measurement = Measurement::new(SampleRate::DESK);
    measurement.measure(&[[f32::NAN, f32::INFINITY]; BLOCK_FRAMES]);
    feed(&mut measurement, mono(signal(&[tone(5.0, -23.0)])));
    let read = measurement.reading();
    assert_lufs("M", read.momentary, -23.0);
    assert_lufs("I", read.integrated, -23.0);
    assert_true_peak("peak", read.true_peak_max, -23.0);
}

/// Publishes blocks of `frames` and waits now and then until `measured` says that they were read.
fn publish(writer: &mut MixWriter, frames: impl Iterator<Item = Frame>, measured: impl Fn() -> u64) {
    let before = measured();
    let mut frames = frames.peekable();
    let mut published = 0;
    while frames.peek().is_some() {
        let block: Block = std::array::from_fn(|_| frames.next().unwrap_or_default());
        writer.publish(&block, Nanos(0));
        published += BLOCK_FRAMES as u64;
        if published.is_multiple_of(1000 * BLOCK_FRAMES as u64) {
            wait_for("the meter", seconds(20), || {
                (measured() >= before + published).then_some(())
            });
        }
    }
    wait_for("the meter", seconds(20), || {
        (measured() >= before + published).then_some(())
    });
}

fn frames_of(reading: &Loudness) -> u64 {
    (reading.seconds * f64::from(RATE)).round() as u64
}

#[test]
fn a_meter_on_a_bus_reads_what_is_published_until_the_bus_falls_silent() {
    let (mut writer, tap) = mix_queue(4096);
    writer.publish(&[[1.0, -1.0]; BLOCK_FRAMES], Nanos(0));
    let meter = LoudnessMeter::start(&tap, SampleRate::DESK).expect("there is a thread");
    let spectrum = SpectrumMeter::start(&tap, SampleRate::DESK).expect("there is a thread");
    let measured = || frames_of(&meter.reading());
    publish(
        &mut writer,
        mono(signal(&[tone(5.0, -33.0), tone(20.0, -23.0)])),
        measured,
    );
    let read = wait_for("a reading of the present", seconds(10), || {
        publish(&mut writer, mono(signal(&[tone(1.0, -23.0)])), measured);
        let read = meter.reading();
        read.momentary.is_some().then_some(read)
    });
    assert_lufs("M", read.momentary, -23.0);
    assert_lufs("S", read.short_term, -23.0);
    // What was published before the meter was started, 23 dB louder, is not in it.
    assert_true_peak("peak", read.true_peak_max, -23.0);
    assert_eq!((read.frames_lost, read.correlation), (0, Some(1.0)));
    let bands = wait_for("a spectrum", seconds(10), || {
        publish(&mut writer, mono(signal(&[tone(1.0, -23.0)])), measured);
        let bands = spectrum.reading().bands.map(|level| level.db());
        (bands[16] > -100.0).then_some(bands)
    });
    assert!((bands[16] + 26.01).abs() < 0.1, "{:.2} dBFS at 1 kHz", bands[16]);
    assert!(bands[26] < -90.0, "{:.2} dBFS at 10 kHz", bands[26]);

    let read = wait_for("silence", seconds(10), || {
        let read = meter.reading();
        read.momentary.is_none().then_some(read)
    });
    assert_eq!((read.short_term, read.correlation), (None, None));
    assert!(read.integrated.is_some(), "what was measured stays");
    meter.reset();
    assert_eq!(meter.reading(), Loudness::default());
    wait_for("silence", seconds(10), || {
        let levels = spectrum.reading().bands.map(|level| level.db());
        levels.iter().all(|level| *level == f32::NEG_INFINITY).then_some(())
    });
}

#[test]
fn a_meter_that_was_lapped_says_how_many_frames_it_lost_and_goes_on() {
    let (mut writer, tap) = mix_queue(64);
    let meter = LoudnessMeter::start(&tap, SampleRate::DESK).expect("there is a thread");
    let mut published = 0;
    let lost = wait_for("a loss", seconds(20), || {
        for _ in 0..10_000 {
            writer.publish(&SILENCE, Nanos(0));
            published += BLOCK_FRAMES as u64;
        }
        let lost = meter.reading().frames_lost;
        (lost > 0).then_some(lost)
    });
    assert!(lost.is_multiple_of(BLOCK_FRAMES as u64), "{lost} frames");
    wait_for("every frame to be measured or lost", seconds(20), || {
        let read = meter.reading();
        (frames_of(&read) + read.frames_lost == published).then_some(())
    });
    // One block at a time it keeps up, and nothing more is lost.
    let lost = meter.reading().frames_lost;
    let measured = frames_of(&meter.reading());
    for n in 1..=10 {
        writer.publish(&[[0.5; 2]; BLOCK_FRAMES], Nanos(0));
        wait_for("the block", seconds(20), || {
            (frames_of(&meter.reading()) == measured + n * BLOCK_FRAMES as u64).then_some(())
        });
    }
    assert_eq!(meter.reading().frames_lost, lost);
}

#[test]
fn a_meter_goes_on_with_another_bus() {
    let (mut writer, tap) = mix_queue(4096);
    let (mut other, other_tap) = mix_queue(4096);
    let meter = LoudnessMeter::start(&tap, SampleRate::DESK).expect("there is a thread");
    let measured = || frames_of(&meter.reading());
    publish(&mut writer, mono(signal(&[tone(4.0, -23.0)])), measured);
    meter.follow(&other_tap);
    assert_eq!(meter.reading().momentary, None, "nothing was heard of it yet");
    writer.publish(&[[1.0; 2]; BLOCK_FRAMES], Nanos(0)); // nobody listens to this one
    publish(&mut other, mono(signal(&[tone(4.0, -23.0)])), measured);
    let read = meter.reading();
    assert_eq!((read.seconds, read.frames_lost), (8.0, 0));
    assert_lufs("I", read.integrated, -23.0);
    assert_true_peak("peak", read.true_peak_max, -23.0);
}
