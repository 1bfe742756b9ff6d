//! Two microphones, the engine, the speakers and the headphones, each with a clock of its own, in virtual
//! time: what goes in comes out at the level its controls say, without a break, the same every time.

mod delays;

use std::f64::consts::TAU;
use std::time::Duration;

use airdesk_devices::simulated::{Card, SampleFormat, Signal, SimulatedCards, Sizes, Wander};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick, PlaybackRequest, PlaybackStream};
use airdesk_dsp::resample::Quality;
use airdesk_dsp::{Decibels, Pan, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::mix_queue::{MixBlock, Read};
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::{Engine, EngineCommand, EngineLink, EngineSettings, Strip, StripControls, StripId};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LIMIT: Duration = Duration::from_secs(10);

struct Desk {
    cards: SimulatedCards,
    engine: Engine,
    link: EngineLink,
    captures: Vec<CaptureStream>,
    playbacks: [PlaybackStream; 2],
    quality: Quality,
}

/// Two microphones (one of them at 44.1 kHz, 16 bits), speakers and headphones; no two clocks agree.
fn cards() -> SimulatedCards {
    let cards = SimulatedCards::new();
    cards.around_callbacks(|call| assert_no_alloc(call));
    let tone = |hz| Signal::Tone { hz, amplitude: 0.25 };
    cards.add(Card {
        ppm: 200.0,
        jitter: 0.0003,
        sizes: Sizes::Random(64, 512),
        signal: tone(1000.0),
        ..Card::input("one")
    });
    cards.add(Card {
        rate: 44_100,
        ppm: -150.0,
        format: SampleFormat::I16,
        wander: Wander {
            ppm: 10.0,
            seconds: 60.0,
        },
        jitter: 0.0003,
        sizes: Sizes::Cycle(vec![441, 440, 882, 17]),
        signal: tone(700.0),
        seed: 2,
        ..Card::input("two")
    });
    cards.add(Card {
        ppm: -50.0,
        jitter: 0.0002,
        sizes: Sizes::Cycle(vec![256]),
        seed: 3,
        ..Card::output("speakers")
    });
    cards.add(Card {
        ppm: 120.0,
        jitter: 0.0002,
        sizes: Sizes::Cycle(vec![512]),
        seed: 4,
        ..Card::output("phones")
    });
    cards
}

impl Desk {
    fn open() -> Self {
        Self::of(cards())
    }

    /// The desk between these cards, among them `speakers` and `phones`.
    fn of(cards: SimulatedCards) -> Self {
        Self::of_quality(cards, Quality::default())
    }

    /// The same with all its bridges of that quality.
    fn of_quality(cards: SimulatedCards, quality: Quality) -> Self {
        let clock = cards.clock();
        let (engine, link) = Engine::new(EngineSettings::default(), clock.clone());
        let playback = |id| PlaybackRequest {
            hosts: cards.hosts(),
            quality,
            ..PlaybackRequest::new(SimulatedCards::device(id), clock.clone(), SampleRate::DESK)
        };
        let (stamper, outlet) = outlet_clock();
        let speakers = PlaybackStream::open_main(playback("speakers"), LIMIT, link.programme.reader(), stamper);
        let phones = PlaybackStream::open_bridged(playback("phones"), LIMIT, link.cue.reader());
        let playbacks = [speakers.expect("speakers"), phones.expect("headphones")];
        let mut desk = Self {
            cards,
            engine,
            link,
            captures: Vec::new(),
            playbacks,
            quality,
        };
        desk.say(EngineCommand::FollowOutlet(Box::new(outlet)));
        desk
    }

    fn say(&mut self, command: EngineCommand) {
        assert!(self.link.commands.push(command).is_ok(), "the engine takes commands");
    }

    fn strip(&mut self, slot: usize, card: &str, controls: StripControls) -> StripId {
        let request = CaptureRequest {
            hosts: self.cards.hosts(),
            ..CaptureRequest::new(SimulatedCards::device(card), self.cards.clock())
        };
        let mut stream = CaptureStream::open(request, LIMIT).expect("the card is there");
        let rate = f64::from(stream.rate().hz());
        let (writer, inlet) = inlet(rate, rate as usize * 4);
        stream
            .attach(ChannelPick::default(), writer)
            .expect("the channels are there");
        self.captures.push(stream);
        let id = StripId::new(slot, 1);
        let input = StripInput::Bridged(Bridge::with_quality(inlet, SampleRate::DESK, self.quality));
        self.say(EngineCommand::AddStrip(Box::new(Strip::new(
            id,
            SampleRate::DESK,
            input,
            controls,
        ))));
        id
    }

    /// Lets virtual time pass; the engine turns whenever it wants to and never allocates.
    fn run(&mut self, seconds: f64) {
        let engine = &mut self.engine;
        self.cards.run(seconds, || assert_no_alloc(|| engine.turn()));
        while self.link.discards.pop().is_ok() {}
    }

    /// Frames that were lost or missing so far, at the strips and at the outputs.
    fn losses(&mut self) -> [u64; 2] {
        let strips = self.link.reports.latest().strips();
        let strips = strips.map(|strip| strip.input.frames_lost + strip.input.frames_missing);
        let strips = strips.sum();
        let playbacks = self.playbacks.iter().map(|stream| stream.stats().missing).sum();
        [strips, playbacks]
    }

    /// What a card has played on one side since the last time.
    fn heard(&self, card: &str, side: usize) -> Vec<f64> {
        self.cards
            .take_played(card)
            .as_chunks::<2>()
            .0
            .iter()
            .map(|frame| f64::from(frame[side]))
            .collect()
    }
}

/// The one sine in `signal`: its amplitude, its frequency in turns per frame, and the largest step away from it.
fn sine(signal: &[f64]) -> (f64, f64, f64) {
    let (mut across, mut square) = (0.0, 0.0);
    for w in signal.windows(3) {
        across += w[1] * (w[0] + w[2]);
        square += w[1] * w[1];
    }
    let turn = across / square;
    let step = signal
        .windows(3)
        .map(|w| (w[2] - turn * w[1] + w[0]).abs())
        .fold(0.0, f64::max);
    let amplitude = (2.0 * square / (signal.len() - 2) as f64).sqrt();
    (amplitude, (turn / 2.0).acos() / TAU, step)
}

fn level(db: f32) -> Decibels {
    Decibels::new(db).expect("a level")
}

/// Runs a show of a minute and returns what the speakers played on either side.
fn show() -> [Vec<f64>; 2] {
    let mut desk = Desk::open();
    let left = StripControls {
        trim: level(6.0),
        fader: level(-4.0),
        pan: Pan::LEFT,
        ..StripControls::default()
    };
    let right = StripControls {
        trim: level(-3.0),
        pan: Pan::RIGHT,
        cue: true,
        ..StripControls::default()
    };
    desk.strip(0, "one", left);
    desk.strip(1, "two", right);
    desk.run(20.0);
    desk.cards.take_played("phones");
    let played = desk.cards.take_played("speakers");
    assert!(!played.is_empty());
    desk.run(60.0);
    let speakers = desk.cards.take_played("speakers");
    let phones = desk.heard("phones", 0);
    let (amplitude, _, step) = sine(&phones);
    assert!(
        (20.0 * (amplitude / 0.25).log10() + 3.0).abs() < 0.1,
        "cue is after the trim, before fader and pan"
    );
    assert!(
        step < 1e-3,
        "a step of {:.1} dBFS on the headphones",
        20.0 * step.log10()
    );
    [0, 1].map(|side| {
        speakers
            .as_chunks::<2>()
            .0
            .iter()
            .map(|frame| f64::from(frame[side]))
            .collect()
    })
}

#[test]
fn each_tone_arrives_at_its_level_and_pitch_for_a_minute_without_a_break_and_the_same_every_time() {
    let [left, right] = show();
    for (signal, db, hz, clocks) in [(&left, 2.0, 1000.0, 200.0 + 50.0), (&right, -3.0, 700.0, -150.0 + 50.0)] {
        let (amplitude, frequency, step) = sine(signal);
        let error = 20.0 * (amplitude / 0.25).log10() - db;
        assert!(error.abs() < 0.1, "{hz} Hz: {error:.3} dB off");
        let expected = hz * (1.0 + clocks * 1e-6) / 48_000.0;
        assert!(
            (frequency / expected - 1.0).abs() < 30e-6,
            "{hz} Hz: {frequency} for {expected}"
        );
        // 16-bit samples of the second microphone leave 2^-15 of noise and its neighbours.
        assert!(step < 5e-4, "{hz} Hz: a step of {:.1} dBFS", 20.0 * step.log10());
    }
    let again = show();
    assert!(
        again == [left, right],
        "virtual time knows no chance: bit for bit the same"
    );
}

/// The sine of `turns` per frame that fits `signal` best, as a function of the frame: also past the end.
fn continued(signal: &[f64], turns: f64) -> impl Fn(usize) -> f64 {
    let [mut cc, mut cs, mut ss, mut wc, mut ws] = [0.0; 5];
    for (n, sample) in signal.iter().enumerate() {
        let (sine, cosine) = (TAU * turns * n as f64).sin_cos();
        (cc, cs, ss) = (cc + cosine * cosine, cs + cosine * sine, ss + sine * sine);
        (wc, ws) = (wc + sample * cosine, ws + sample * sine);
    }
    let determinant = cc * ss - cs * cs;
    let (across, along) = ((wc * ss - ws * cs) / determinant, (ws * cc - wc * cs) / determinant);
    move |frame| {
        let (sine, cosine) = (TAU * turns * frame as f64).sin_cos();
        across * cosine + along * sine
    }
}

/// Checks that a sine in `heard` goes on undisturbed, fades within a few milliseconds, and that nothing, not a bit,
/// is left within 500 ms of the beginning.
fn assert_falls_silent(heard: &[f64]) {
    const STEP_MAX: f64 = 1e-4; // -80 dBFS
    const FADE: usize = 64; // frames: a block of the engine
    let end = heard.iter().rposition(|sample| *sample != 0.0).expect("it was heard") + 1;
    assert!(end < 24_000, "it is heard for {:.0} ms more", end as f64 / 48.0);
    let before = end.checked_sub(FADE).filter(|frames| *frames > 240);
    let before = before.unwrap_or_else(|| panic!("too short to judge: {end} frames"));
    let (amplitude, turns, step) = sine(&heard[..before]);
    assert!((amplitude - 0.25).abs() < 0.003, "{amplitude}");
    assert!(
        step < STEP_MAX,
        "a step of {:.1} dBFS before it fades",
        20.0 * step.log10()
    );
    let sine = continued(&heard[..before], turns);
    let (mut gain, mut known) = (1.0, before);
    for (frame, sample) in heard.iter().enumerate().take(end).skip(before) {
        let full = sine(frame);
        if full.abs() < amplitude / 4.0 {
            // Near its zero the sine tells no gain, but bounds what is heard.
            assert!(
                sample.abs() <= full.abs() * gain + STEP_MAX,
                "{sample} at frame {frame} of {end}"
            );
            continue;
        }
        let now = sample / full;
        let least = gain - 2.0 * (frame + 1 - known) as f64 / FADE as f64;
        let slack = STEP_MAX / full.abs();
        assert!(
            now <= gain + slack && now >= least - slack,
            "the gain goes from {gain} to {now} at frame {frame}, the last is {end}"
        );
        (gain, known) = (now, frame + 1);
    }
    assert!(gain < 0.2, "it was cut at a gain of {gain}");
}

#[test]
fn a_microphone_that_is_lost_fades_within_half_a_second_and_the_rest_plays_on() {
    for announced in [true, false] {
        let mut desk = Desk::open();
        // Of 32 bits: what is left beside its tone is the desk's doing.
        desk.cards.add(Card {
            rate: 44_100,
            ppm: -150.0,
            jitter: 0.0003,
            signal: Signal::Tone {
                hz: 700.0,
                amplitude: 0.25,
            },
            seed: 5,
            ..Card::input("other")
        });
        let pan = |pan| StripControls {
            pan,
            ..StripControls::default()
        };
        desk.strip(0, "one", pan(Pan::LEFT));
        desk.strip(1, "other", pan(Pan::RIGHT));
        desk.run(20.0);
        desk.cards.take_played("speakers");
        desk.cards.vanish("one", announced);
        desk.run(10.0);
        let speakers = desk.cards.take_played("speakers");
        let [left, right] = [0, 1].map(|side| {
            let frames = speakers.as_chunks::<2>().0;
            frames.iter().map(|frame| f64::from(frame[side])).collect::<Vec<_>>()
        });
        assert_falls_silent(&left);
        let (amplitude, _, step) = sine(&right);
        assert!((amplitude - 0.25).abs() < 0.003, "{amplitude}");
        assert!(
            step < 1e-4,
            "the other one has a step of {:.1} dBFS",
            20.0 * step.log10()
        );
    }
}

#[test]
fn speakers_that_are_pulled_cost_the_speakers_alone() {
    let mut desk = Desk::open();
    desk.strip(
        0,
        "one",
        StripControls {
            pan: Pan::LEFT,
            ..StripControls::default()
        },
    );
    desk.run(20.0);
    let mut reader = desk.link.programme.reader();
    desk.cards.vanish("speakers", true);
    desk.run(4.0);
    let mut block = MixBlock::default();
    let mut programme = Vec::new();
    while reader.read(&mut block) != Read::Empty {
        programme.extend(block.frames.map(|frame| f64::from(frame[0])));
    }
    assert_eq!(reader.blocks_lost(), 0);
    assert!(
        (programme.len() as f64 / 192_000.0 - 1.0).abs() < 0.01,
        "the desk's clock runs on: {}",
        programme.len()
    );
    let (amplitude, _, step) = sine(&programme);
    assert!((amplitude - 0.25).abs() < 0.003 && step < 5e-4, "a step of {step}");
}
