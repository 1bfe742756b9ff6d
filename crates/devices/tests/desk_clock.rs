//! The desk's clock: it moves from one output to another and to the machine's own, is stopped and sleeps, and what
//! the desk mixes has no break where it need not.

use std::f64::consts::TAU;
use std::time::Duration;

use airdesk_devices::simulated::{Card, Signal, SimulatedCards, Sizes, Wander};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick, PlaybackRequest, PlaybackStream};
use airdesk_dsp::{Pan, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, Read};
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::{Engine, EngineCommand, EngineLink, EngineSettings, Strip, StripControls, StripId};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LIMIT: Duration = Duration::from_secs(10);

/// An engine, a microphone 150 ppm fast on the left, and outputs that come and go.
struct Desk {
    cards: SimulatedCards,
    engine: Engine,
    link: EngineLink,
    programme: MixReader,
    _mic: CaptureStream,
    /// The lowest and the highest that the desk's clock was said to be off since the last time.
    ppm: (f32, f32),
}

impl Desk {
    fn new(signal: Signal) -> Self {
        Self::with_mic(signal, 256)
    }

    /// The same with callbacks of so many frames on the microphone.
    fn with_mic(signal: Signal, frames: u32) -> Self {
        let cards = SimulatedCards::new();
        cards.around_callbacks(|call| assert_no_alloc(call));
        cards.add(Card {
            ppm: 150.0,
            jitter: 0.000_3,
            sizes: Sizes::Cycle(vec![frames]),
            signal,
            ..Card::input("mic")
        });
        let (engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
        let request = CaptureRequest {
            hosts: cards.hosts(),
            ..CaptureRequest::new(SimulatedCards::device("mic"), cards.clock())
        };
        let mut mic = CaptureStream::open(request, LIMIT).expect("the card is there");
        let (writer, inlet) = inlet(48_000.0, 4 * 48_000);
        mic.attach(ChannelPick::default(), writer).expect("room");
        let input = StripInput::Bridged(Bridge::new(inlet, SampleRate::DESK));
        let controls = StripControls {
            pan: Pan::LEFT,
            cue: true,
            ..StripControls::default()
        };
        let strip = Strip::new(StripId::new(0, 1), SampleRate::DESK, input, controls);
        let command = EngineCommand::AddStrip(Box::new(strip));
        assert!(link.commands.push(command).is_ok(), "the engine takes commands");
        let mut desk = Self {
            programme: link.programme.reader(),
            cards,
            engine,
            link,
            _mic: mic,
            ppm: (f32::MAX, f32::MIN),
        };
        // A desk is older than its lead when a device opens.
        desk.run(0.2);
        desk
    }

    fn request(&self, id: &str) -> PlaybackRequest {
        PlaybackRequest {
            hosts: self.cards.hosts(),
            ..PlaybackRequest::new(SimulatedCards::device(id), self.cards.clock(), SampleRate::DESK)
        }
    }

    /// Opens a card as main output, which the desk then follows.
    fn open_main(&mut self, id: &str) -> PlaybackStream {
        let (stamper, outlet) = outlet_clock();
        let reader = self.link.programme.reader();
        let stream = PlaybackStream::open_main(self.request(id), LIMIT, reader, stamper).expect("the card is there");
        let command = EngineCommand::FollowOutlet(Box::new(outlet));
        assert!(self.link.commands.push(command).is_ok(), "the engine takes commands");
        stream
    }

    /// Lets virtual time pass; returns the left side of the programme.
    fn run(&mut self, seconds: f64) -> Vec<f64> {
        let mut mixed = Vec::new();
        let mut block = MixBlock::default();
        self.ppm = (f32::MAX, f32::MIN);
        for _ in 0..(seconds * 5.0).round() as u32 {
            let engine = &mut self.engine;
            self.cards.run(0.2, || assert_no_alloc(|| engine.turn()));
            while self.link.discards.pop().is_ok() {}
            while self.link.notices.pop().is_ok() {}
            let ppm = self.link.reports.latest().health.ppm;
            self.ppm = (self.ppm.0.min(ppm), self.ppm.1.max(ppm));
            while self.programme.read(&mut block) != Read::Empty {
                mixed.extend(block.frames.map(|frame| f64::from(frame[0])));
            }
        }
        mixed
    }

    /// The left side of what a card has played since the last time.
    fn heard(&self, id: &str) -> Vec<f64> {
        let played = self.cards.take_played(id);
        played
            .as_chunks::<2>()
            .0
            .iter()
            .map(|frame| f64::from(frame[0]))
            .collect()
    }
}

fn tone() -> Signal {
    Signal::Tone {
        hz: 1000.0,
        amplitude: 0.25,
    }
}

/// The largest step away from a tone of 1 kHz, dBFS.
fn break_db(signal: &[f64]) -> f64 {
    let turn = 2.0 * (TAU * 1000.0 / 48_000.0).cos();
    let bend = |w: &[f64]| (w[2] - turn * w[1] + w[0]).abs();
    20.0 * signal.windows(3).map(bend).fold(0.0, f64::max).log10()
}

fn output(id: &str, ppm: f64, frames: u32) -> Card {
    Card {
        ppm,
        jitter: 0.000_3,
        sizes: Sizes::Cycle(vec![frames]),
        ..Card::output(id)
    }
}

#[test]
fn the_desk_moves_between_outputs_and_its_own_clock_without_a_break() {
    for frames in [256, 1024, 2048] {
        let mut desk = Desk::new(tone());
        desk.cards.add(output("fast", 200.0, frames));
        desk.cards.add(output("slow", -200.0, frames));
        desk.run(10.0);
        let mut mixed = desk.run(5.0);
        let fast = desk.open_main("fast");
        mixed.extend(desk.run(12.0));
        assert!(desk.link.reports.latest().health.follows_outlet);
        assert_eq!(fast.stats().missing, 0, "{frames}");
        let slow = desk.open_main("slow");
        mixed.extend(desk.run(12.0));
        drop(fast);
        mixed.extend(desk.run(5.0));
        assert_eq!(slow.stats().missing, 0, "{frames}");
        drop(slow);
        mixed.extend(desk.run(6.0));
        assert!(!desk.link.reports.latest().health.follows_outlet);
        let worst = break_db(&mixed);
        assert!(worst < -100.0, "{frames} frames: a step of {worst:.1} dBFS");
        let late = (mixed.len() as f64 - 40.0 * 48_000.0).abs();
        assert!(late < 2_000.0, "{frames} frames: {late:.0} frames too many or too few");
    }
}

#[test]
fn a_main_output_that_leaves_out_a_cycle_costs_itself_alone() {
    for frames in [256, 1024] {
        let mut desk = Desk::new(tone());
        desk.cards.add(output("speakers", -100.0, frames));
        let speakers = desk.open_main("speakers");
        desk.run(40.0);
        let before = speakers.stats();
        desk.heard("speakers");
        desk.cards.stall("speakers", f64::from(frames) * 1.5 / 48_000.0);
        let mixed = desk.run(20.0);
        let worst = break_db(&mixed);
        assert!(worst < -80.0, "{frames}: the programme has a step of {worst:.1} dBFS");
        // The cycle is given back at a quarter of a thousandth at most.
        assert!(
            desk.ppm.0 > -360.0 && desk.ppm.1 < -60.0,
            "{frames}: {:?} ppm",
            desk.ppm
        );
        let stats = speakers.stats();
        assert_eq!(stats.missing, before.missing, "{stats:?}");
        let later = f64::from(stats.latency - before.latency) * 48_000.0;
        assert!(later < 1.5 * f64::from(frames), "{frames}: {later:.0} frames later");
        let heard = desk.heard("speakers");
        assert!(
            break_db(&heard) < -80.0,
            "it reads on from where it was: {:.1} dBFS",
            break_db(&heard)
        );
    }
}

#[test]
fn a_main_output_whose_rate_changes_without_a_word_does_not_pull_the_desk_along() {
    for hz in [44_100, 96_000] {
        let mut desk = Desk::new(tone());
        desk.cards.add(output("speakers", 50.0, 256));
        let speakers = desk.open_main("speakers");
        desk.run(30.0);
        desk.cards.set_rate("speakers", hz);
        let during = desk.run(2.0);
        let swing = desk.ppm;
        drop(speakers);
        let after = desk.run(3.0);
        let seconds = (during.len() + after.len()) as f64 / 48_000.0;
        assert!(swing.0 > -6_000.0 && swing.1 < 6_000.0, "{hz} Hz: {swing:?} ppm");
        assert!((seconds - 5.0).abs() < 0.08, "{hz} Hz: {seconds} s of programme in 5");
        assert!(break_db(&after[24_000..]) < -100.0);
    }
}

#[test]
fn a_main_output_that_is_off_by_2000_ppm_is_followed_and_the_microphone_with_it() {
    for ppm in [2_000.0, -2_000.0] {
        let mut desk = Desk::new(tone());
        desk.cards.add(output("speakers", ppm, 256));
        let speakers = desk.open_main("speakers");
        desk.run(30.0);
        desk.heard("speakers");
        let before = speakers.stats();
        let mixed = desk.run(10.0);
        // Of its lead something may still be given back.
        let (low, high) = (f64::from(desk.ppm.0) - ppm, f64::from(desk.ppm.1) - ppm);
        assert!(low > -30.0 && high < 30.0, "{ppm} ppm: {low:.0} to {high:.0} off");
        let stats = speakers.stats();
        assert_eq!(
            (stats.missing, stats.reseats),
            (before.missing, before.reseats),
            "{stats:?}"
        );
        // A tone that is 2 Hz from 1 kHz bends by -95 dBFS.
        for signal in [mixed, desk.heard("speakers")] {
            let worst = break_db(&signal);
            assert!(worst < -90.0, "{ppm} ppm: a step of {worst:.1} dBFS");
        }
    }
}

#[test]
fn after_any_sleep_the_desk_is_heard_within_two_seconds_and_nothing_stale() {
    for slept in [1.0, 4.0, 5.0, 60.0, 8.0 * 3600.0] {
        // A quarter before the sleep, a half after it.
        let asleep = 15.5 * 48_000.0;
        let signal = move |frame, _| if (frame as f64) < asleep { 0.25 } else { 0.5 };
        let mut desk = Desk::new(Signal::Custom(Box::new(signal)));
        desk.cards.add(output("speakers", -100.0, 256));
        desk.cards.add(output("phones", 80.0, 512));
        let _speakers = desk.open_main("speakers");
        let phones = PlaybackStream::open_bridged(desk.request("phones"), LIMIT, desk.link.cue.reader());
        let phones = phones.expect("the card is there");
        desk.run(15.0);
        let ids = ["speakers", "phones"];
        for id in ids {
            assert!(
                desk.heard(id).last().is_some_and(|sample| (sample - 0.25).abs() < 0.01),
                "{id}"
            );
        }
        // The machine stands still, and its clock runs on.
        for id in ["mic", "speakers", "phones"] {
            desk.cards.stall(id, slept);
        }
        desk.cards.advance(slept);
        let mixed = desk.run(2.0).len() as f64 / 48_000.0;
        // What a recorder can follow is made up for.
        let made_up = if slept < 4.05 { slept } else { 0.0 };
        assert!((mixed - 2.0 - made_up).abs() < 0.05, "{slept} s: {mixed:.2} s mixed");
        for id in ids {
            let heard = desk.heard(id);
            let stale = heard.iter().filter(|sample| (0.05..0.3).contains(*sample)).count();
            assert!(stale < 4_800, "{slept} s, {id}: {} ms of what was before", stale / 48);
            let end = &heard[heard.len() - 4_800..];
            assert!(
                end.iter().all(|sample| (sample - 0.5).abs() < 0.01),
                "{slept} s, {id} is silent"
            );
        }
        if slept == 60.0 {
            desk.run(30.0);
            assert!(phones.stats().locked, "{:?}", phones.stats());
        }
    }
}

#[test]
fn headphones_beside_a_wandering_main_output_are_held_to_a_tenth_of_a_millisecond_from_30_s_on() {
    for ppm in [200.0, -200.0] {
        let mut desk = Desk::new(Signal::Silence);
        for (id, sign) in [("speakers", 1.0), ("phones", -1.0)] {
            let wander = Wander {
                ppm: 5.0 * sign,
                seconds: 120.0,
            };
            desk.cards.add(Card {
                wander,
                keeps: false,
                ..output(id, ppm * sign, 1024)
            });
        }
        let speakers = desk.open_main("speakers");
        desk.run(1.0);
        let phones = PlaybackStream::open_bridged(desk.request("phones"), LIMIT, desk.link.cue.reader());
        let phones = phones.expect("the card is there");
        desk.run(30.0);
        assert!(phones.stats().locked, "{:?}", phones.stats());
        let (mut squares, mut worst) = (0.0, 0.0_f64);
        for _ in 0..200 {
            desk.run(0.2);
            let error = f64::from(phones.stats().error);
            (squares, worst) = (squares + error * error, worst.max(error.abs()));
        }
        let (rms, stats) = ((squares / 200.0_f64).sqrt(), phones.stats());
        assert!(
            rms < 30e-6 && worst < 100e-6 && stats.locked,
            "{ppm} ppm: rms {rms}, worst {worst}"
        );
        assert_eq!((stats.missing, stats.reseats, speakers.stats().missing), (0, 0, 0));
    }
}

#[test]
fn a_host_that_takes_15_seconds_in_one_gulp_makes_the_desk_neither_leap_nor_late() {
    let mut sizes = vec![256; 100_000];
    sizes[0] = 15 * 48_000;
    let mut desk = Desk::new(tone());
    desk.cards.add(Card {
        sizes: Sizes::Cycle(sizes),
        ..output("speakers", -100.0, 256)
    });
    desk.run(12.0);
    let speakers = desk.open_main("speakers");
    let mixed = desk.run(20.0);
    let leap = mixed.len() as f64 - 20.0 * 48_000.0;
    assert!(leap.abs() < 2_000.0, "{leap} frames");
    assert!(break_db(&mixed) < -100.0, "{:.1} dBFS", break_db(&mixed));
    let stats = speakers.stats();
    assert!(stats.missing == 0 && stats.latency < 0.030, "{stats:?}");
    assert!(
        (stats.stream.held - 15.0).abs() < 0.01,
        "what it holds is not told: {stats:?}"
    );
    let heard = desk.heard("speakers");
    assert!(break_db(&heard[heard.len() - 48_000..]) < -100.0);
}

#[test]
fn a_machine_that_stands_still_twice_a_minute_has_its_devices_followed_but_for_the_first_seconds() {
    for frames in [256, 1024] {
        let mut desk = Desk::with_mic(tone(), frames);
        desk.cards.add(output("speakers", -100.0, frames));
        desk.cards.add(output("phones", 80.0, frames));
        let _speakers = desk.open_main("speakers");
        desk.run(1.0);
        let phones = PlaybackStream::open_bridged(desk.request("phones"), LIMIT, desk.link.cue.reader());
        let phones = phones.expect("the card is there");
        desk.run(40.0);
        let (mut lost, mut unlocked) = (0, 0);
        for (stop, length) in [0.050, 0.020, 0.035].into_iter().enumerate() {
            desk.cards.stand_still(length);
            for half in 0..60 {
                desk.run(0.5);
                let report = desk.link.reports.latest();
                let input = report.strips().next().expect("a strip").input;
                // Room that sets out or arrives takes a quarter of a second.
                unlocked = if input.locked && phones.stats().locked {
                    0
                } else {
                    unlocked + 1
                };
                // The first stop finds no room for it, and the desk's own clock makes room from then on.
                assert!(
                    unlocked < 2 || (stop == 0 && half < 50),
                    "{frames} frames: {:.1} s after stop {stop}: {input:?} {:?}",
                    f64::from(half) / 2.0,
                    phones.stats()
                );
                lost += input.frames_lost;
            }
        }
        assert_eq!(lost, 0);
    }
}
