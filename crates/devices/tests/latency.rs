//! How late the desk is, measured with an impulse from one card to another, and what it tells of that; and what each
//! quality of resampling costs and lets through.

use std::f64::consts::TAU;
use std::time::Duration;

use airdesk_devices::simulated::loop_back::{Latency, LoopBack};
use airdesk_devices::simulated::{Card, Signal, SimulatedCards};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick};
use airdesk_dsp::resample::Quality;
use airdesk_dsp::{Pan, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::mix_queue::{MixBlock, Read};
use airdesk_engine::{Engine, EngineCommand, EngineSettings, Strip, StripControls, StripId};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn measure(way: LoopBack) -> Latency {
    let latency = way.measure(|turn| assert_no_alloc(turn)).expect("the cards are there");
    println!("{way:?}: {latency:?}");
    latency
}

#[test]
fn the_desk_is_as_late_as_it_tells() {
    for (period, rate) in [
        (64, 48_000),
        (256, 48_000),
        (1024, 48_000),
        (256, 44_100),
        (512, 96_000),
    ] {
        for bridged in [false, true] {
            let way = LoopBack {
                period,
                rate,
                quality: Quality::default(),
                bridged,
            };
            let latency = measure(way);
            let off = latency.measured - latency.told;
            assert!(off.abs() < 1.5, "{way:?}: {off:.2} frames");
        }
    }
}

#[test]
fn each_quality_of_resampling_is_as_late_as_it_says() {
    let [low, balanced, best] = [Quality::LowLatency, Quality::Balanced, Quality::Best].map(|quality| {
        [false, true].map(|bridged| {
            let way = LoopBack {
                period: 256,
                rate: 48_000,
                quality,
                bridged,
            };
            measure(way)
        })
    });
    for (quicker, slower, frames) in [(low, balanced, 32.0), (balanced, best, 64.0)] {
        // To the main output it is the input's resampler; a bridged one has another.
        for (place, times) in [(0, 1.0), (1, 2.0)] {
            let later = slower[place].measured - quicker[place].measured;
            assert!(
                (later - frames * times).abs() < 0.1,
                "{frames} frames: {later:.2} later"
            );
            assert!((slower[place].measured - slower[place].told).abs() < 1.5);
        }
    }
}

/// A tone through an input whose clock is 120 ppm off.
/// Returns what is left beside the tone, and the tone's level against what went in, dB.
fn through(quality: Quality, hz: f64) -> (f64, f64) {
    let cards = SimulatedCards::new();
    cards.around_callbacks(|call| assert_no_alloc(call));
    cards.add(Card {
        ppm: 120.0,
        signal: Signal::Tone { hz, amplitude: 0.5 },
        ..Card::input("mic")
    });
    let request = CaptureRequest {
        hosts: cards.hosts(),
        ..CaptureRequest::new(SimulatedCards::device("mic"), cards.clock())
    };
    let mut mic = CaptureStream::open(request, Duration::from_secs(10)).expect("the card is there");
    let (mut engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
    let (writer, inlet) = inlet(48_000.0, 4 * 48_000);
    mic.attach(ChannelPick::default(), writer).expect("room");
    let input = StripInput::Bridged(Bridge::with_quality(inlet, SampleRate::DESK, quality));
    let controls = StripControls {
        pan: Pan::LEFT,
        ..StripControls::default()
    };
    let strip = Strip::new(StripId::new(0, 1), SampleRate::DESK, input, controls);
    let command = EngineCommand::AddStrip(Box::new(strip));
    assert!(link.commands.push(command).is_ok(), "the engine takes commands");
    cards.run(45.0, || assert_no_alloc(|| engine.turn()));
    let mut reader = link.programme.reader();
    let mut block = MixBlock::default();
    let mut heard = Vec::new();
    while heard.len() < 48_000 {
        cards.run(0.1, || assert_no_alloc(|| engine.turn()));
        while reader.read(&mut block) != Read::Empty {
            heard.extend(block.frames.map(|frame| f64::from(frame[0])));
        }
    }
    let (rest, level) = fit(&heard, hz * (1.0 + 120e-6) / 48_000.0);
    (rest, level - 20.0 * 0.5_f64.log10())
}

/// What is left beside a sine of about `turns` a frame, dB below it, and its amplitude, dB.
fn fit(heard: &[f64], about: f64) -> (f64, f64) {
    let at = |turns: f64| {
        let (mut cc, mut cs, mut ss, mut wc, mut ws) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (n, sample) in heard.iter().enumerate() {
            let (sine, cosine) = (TAU * turns * n as f64).sin_cos();
            (cc, cs, ss) = (cc + cosine * cosine, cs + cosine * sine, ss + sine * sine);
            (wc, ws) = (wc + sample * cosine, ws + sample * sine);
        }
        let determinant = cc * ss - cs * cs;
        ((wc * ss - ws * cs) / determinant, (ws * cc - wc * cs) / determinant)
    };
    let rest = |turns: f64| {
        let (across, along) = at(turns);
        let off = heard.iter().enumerate().map(|(n, sample)| {
            let (sine, cosine) = (TAU * turns * n as f64).sin_cos();
            (sample - across * cosine - along * sine).powi(2)
        });
        off.sum::<f64>() / heard.len() as f64
    };
    // The clock was learnt to a part in ten millions: the frequency nearest to what is heard.
    let (mut low, mut high) = (about * (1.0 - 3e-6), about * (1.0 + 3e-6));
    for _ in 0..40 {
        let third = (high - low) / 3.0;
        if rest(low + third) < rest(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    let (across, along) = at(low);
    let power = (across * across + along * along) / 2.0;
    (10.0 * (rest(low) / power).log10(), 10.0 * (2.0 * power).log10())
}

#[test]
fn each_quality_of_resampling_lets_through_what_it_says_and_adds_nothing() {
    for (quality, flat_to) in [
        (Quality::LowLatency, 16_000.0),
        (Quality::Balanced, 20_000.0),
        (Quality::Best, 22_000.0),
    ] {
        for hz in [997.0, flat_to] {
            let (rest, level) = through(quality, hz);
            // What is left near the edge of hearing is the clock's: a part in a hundred millions.
            let most = if hz < 1_000.0 { -125.0 } else { -105.0 };
            assert!(
                rest < most && level.abs() < 0.1,
                "{quality:?}, {hz} Hz: {rest:.1} dB, {level:.2} dB"
            );
        }
        let (_, level) = through(quality, flat_to + 1_900.0);
        assert!(
            level < -1.0,
            "{quality:?} lets through more than it says: {level:.2} dB"
        );
    }
}
