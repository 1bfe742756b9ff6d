//! How late a microphone is on either output, true time against what is heard: it stays what it was.

use std::f64::consts::TAU;

use airdesk_devices::simulated::{Card, Signal, SimulatedCards, Wander};
use airdesk_dsp::resample::Quality;
use airdesk_engine::StripControls;

use super::Desk;

/// How a clock that is off by `ppm` wanders in what follows: fast and slow ones away from each other.
fn wander(ppm: f64) -> Wander {
    Wander {
        ppm: 10.0 * ppm.signum(),
        seconds: 600.0,
    }
}

/// The frame at which a card whose clock is off by `ppm` is at `time`, seconds.
fn frame_at(ppm: f64, time: f64) -> f64 {
    let wander = wander(ppm);
    let wandered = wander.ppm * wander.seconds / TAU * (1.0 - (TAU * time / wander.seconds).cos());
    48_000.0 * (time + (ppm * time + wandered) * 1e-6)
}

/// When that card is at `frame`, seconds.
fn time_of(ppm: f64, frame: f64) -> f64 {
    let mut time = frame / 48_000.0;
    for _ in 0..4 {
        time -= (frame_at(ppm, time) - frame) / 48_000.0;
    }
    time
}

/// How the sound of a microphone comes to an output, by what the output plays.
struct Delays {
    mic_ppm: f64,
    output_ppm: f64,
    /// Frames played before those that come next.
    played: usize,
    /// One every 100 ms, beside whole turns of the tone, seconds.
    delays: Vec<f64>,
}

impl Delays {
    const HZ: f64 = 1000.0;
    /// Frames of which one delay is taken, and from one to the next.
    const PIECE: usize = 960;
    const EVERY: usize = 4800;

    fn new(mic_ppm: f64, output_ppm: f64) -> Self {
        Self {
            mic_ppm,
            output_ppm,
            played: 0,
            delays: Vec::new(),
        }
    }

    /// By the phase of the tone in `played`, against the one that the microphone has at that very moment.
    fn hear(&mut self, played: &[f64]) {
        for (n, piece) in played.chunks_exact(Self::EVERY).enumerate() {
            let first = self.played + n * Self::EVERY;
            let (mut along, mut across) = (0.0, 0.0);
            for (n, sample) in piece[..Self::PIECE].iter().enumerate() {
                let time = time_of(self.output_ppm, (first + n) as f64);
                let now = TAU * (frame_at(self.mic_ppm, time) * Self::HZ / 48_000.0).fract();
                (along, across) = (along + sample * now.sin(), across + sample * now.cos());
            }
            assert!(along.hypot(across) > 0.05 * Self::PIECE as f64, "it is heard");
            let late = -across.atan2(along) / TAU / Self::HZ;
            let before = self.delays.last().copied().unwrap_or(late);
            let turns = ((before - late) * Self::HZ).round();
            self.delays.push(late + turns / Self::HZ);
        }
        self.played += played.len() / Self::EVERY * Self::EVERY;
    }

    /// Checks that the delay keeps to its mean, and is in the last part of it (a minute; ten of a day) what it was in the
    /// first.
    fn assert_held(&self, what: &str) {
        let part = (self.delays.len() / 10).min(6000);
        let mean = |delays: &[f64]| delays.iter().sum::<f64>() / delays.len() as f64;
        let all = mean(&self.delays);
        let square = |delay: &f64| (delay - all).powi(2);
        let rms = mean(&self.delays.iter().map(square).collect::<Vec<_>>()).sqrt();
        let peak = self.delays.iter().map(|delay| (delay - all).abs()).fold(0.0, f64::max);
        let moved = mean(&self.delays[self.delays.len() - part..]) - mean(&self.delays[..part]);
        let text = format!(
            "{what}: {:.1} us rms, {:.1} us at most, moved by {:.1} us",
            rms * 1e6,
            peak * 1e6,
            moved * 1e6
        );
        println!("{text}");
        assert!(rms <= 30e-6 && peak <= 100e-6 && moved.abs() <= 30e-6, "{text}");
    }
}

/// Plays a microphone whose clock is off by `ppm` to speakers that are off by as much the other way and to headphones, and
/// measures how late it is on both, for so many minutes. Not a frame is lost.
fn assert_delays_are_held(ppm: f64, minutes: usize) {
    let cards = SimulatedCards::new();
    let card = |card: Card, ppm, seed| Card {
        ppm,
        wander: wander(ppm),
        jitter: 0.000_3,
        seed,
        ..card
    };
    let signal = Signal::Tone {
        hz: Delays::HZ,
        amplitude: 0.25,
    };
    cards.add(Card {
        signal,
        ..card(Card::input("mic"), ppm, 1)
    });
    cards.add(card(Card::output("speakers"), -ppm, 2));
    cards.add(card(Card::output("phones"), ppm, 3));
    // The clocks are the same in any quality, and this one is soon done.
    let mut desk = Desk::of_quality(cards, Quality::LowLatency);
    let cue = StripControls {
        cue: true,
        ..StripControls::default()
    };
    desk.strip(0, "mic", cue);
    desk.run(30.0);
    let mut outputs = [("speakers", Delays::new(ppm, -ppm)), ("phones", Delays::new(ppm, ppm))];
    for (card, delays) in &mut outputs {
        delays.played = desk.heard(card, 0).len();
    }
    let mut left = [Vec::new(), Vec::new()];
    let losses = desk.losses();
    for _ in 0..minutes {
        desk.run(60.0);
        for ((card, delays), left) in outputs.iter_mut().zip(&mut left) {
            left.extend(desk.heard(card, 0));
            delays.hear(left);
            left.drain(..left.len() / Delays::EVERY * Delays::EVERY);
        }
    }
    for (card, delays) in &outputs {
        assert!(delays.delays.len() >= minutes * 599, "{card}: {}", delays.delays.len());
        delays.assert_held(&format!("a microphone of {ppm} ppm on the {card}, {minutes} minutes"));
    }
    assert_eq!(desk.losses(), losses, "frames lost in {minutes} minutes");
}

#[test]
fn a_fast_microphone_is_as_late_on_slow_speakers_and_on_fast_headphones_after_ten_minutes_as_at_first() {
    assert_delays_are_held(200.0, 10);
}

#[test]
fn a_slow_microphone_is_as_late_on_fast_speakers_and_on_slow_headphones_after_ten_minutes_as_at_first() {
    assert_delays_are_held(-200.0, 10);
}

#[test]
#[ignore = "takes half an hour: `cargo xtask bench drift` runs it"]
fn a_fast_microphone_is_as_late_after_a_day_as_at_first() {
    assert_delays_are_held(200.0, 24 * 60);
}

#[test]
#[ignore = "takes half an hour: `cargo xtask bench drift` runs it"]
fn a_slow_microphone_is_as_late_after_a_day_as_at_first() {
    assert_delays_are_held(-200.0, 24 * 60);
}
