//! How long a sound takes through the desk, measured: an impulse into a card that records, found in what a card plays.
//!
//! Beside it stands what the desk tells. Both count from the moment the impulse is at the converter that records to
//! the moment at which the playing card's callback has taken it, as if that played at once: a period of the card that
//! plays, and what it holds, come on top. All clocks are off; the desk is given the time to follow them.

use std::time::Duration;

use airdesk_dsp::resample::Quality;
use airdesk_dsp::{Decibels, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::{Engine, EngineCommand, EngineSettings, Strip, StripControls, StripId};

use super::{Card, Signal, SimulatedCards, Sizes};
use crate::{CaptureRequest, CaptureStream, ChannelPick, OpenError, PlaybackRequest, PlaybackStream};

/// How long the desk follows the clocks before the impulse comes, seconds.
const SETTLES: f64 = 40.0;
/// When it comes, by the microphone's clock, and so many frames either side of it belong to it.
const IMPULSE_SECONDS: u32 = 41;
const REACH: usize = 400;
/// Opening needs no time here.
const LIMIT: Duration = Duration::from_secs(10);

/// A way through the desk.
#[derive(Debug, Clone, Copy)]
pub struct LoopBack {
    /// Frames in the callbacks of all cards.
    pub period: u32,
    /// The rate of all cards, Hz; the desk's is 48 kHz.
    pub rate: u32,
    /// The resampler of the input, and of the output where it is bridged.
    pub quality: Quality,
    /// Heard on an output beside the main one, and not on that.
    pub bridged: bool,
}

/// What was found, in frames at 48 kHz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Where the impulse was found.
    pub measured: f64,
    /// What the desk tells, the mean of the second in which it came.
    pub told: f64,
}

impl LoopBack {
    /// Sends an impulse through. `turn` calls the engine: for `assert_no_alloc` and the like.
    ///
    /// # Errors
    /// Never; the cards are there.
    pub fn measure(self, turn: impl Fn(&mut dyn FnMut())) -> Result<Latency, OpenError> {
        let cards = self.cards();
        let (mut engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
        let mut run = |seconds: f64| {
            cards.run(seconds, || {
                let mut next = cards.now();
                turn(&mut || next = engine.turn());
                next
            });
        };
        let request = CaptureRequest {
            hosts: cards.hosts(),
            ..CaptureRequest::new(SimulatedCards::device("mic"), cards.clock())
        };
        let mut mic = CaptureStream::open(request, LIMIT)?;
        let (writer, inlet) = inlet(f64::from(self.rate), 4 * self.rate as usize);
        // The card was made with this channel.
        _ = mic.attach(ChannelPick::Mono { channel: 0 }, writer);
        let input = StripInput::Bridged(Bridge::with_quality(inlet, SampleRate::DESK, self.quality));
        let controls = StripControls {
            fader: Decibels::UNITY,
            ..StripControls::default()
        };
        let id = StripId::new(0, 1);
        let strip = Strip::new(id, SampleRate::DESK, input, controls);
        // The ring of commands is new: it takes a few.
        _ = link.commands.push(EngineCommand::AddStrip(Box::new(strip)));
        run(0.5);
        let request = |id| PlaybackRequest {
            hosts: cards.hosts(),
            quality: self.quality,
            ..PlaybackRequest::new(SimulatedCards::device(id), cards.clock(), SampleRate::DESK)
        };
        let (stamper, outlet) = outlet_clock();
        let main = PlaybackStream::open_main(request("speakers"), LIMIT, link.programme.reader(), stamper)?;
        let main_since = cards.now().seconds();
        _ = link.commands.push(EngineCommand::FollowOutlet(Box::new(outlet)));
        run(0.5);
        let phones = PlaybackStream::open_bridged(request("phones"), LIMIT, link.programme.reader())?;
        let phones_since = cards.now().seconds();
        run(SETTLES - 0.25);
        let (heard_on, since, played_on) = if self.bridged {
            (&phones, phones_since, "phones")
        } else {
            (&main, main_since, "speakers")
        };
        let mut told = 0.0;
        for _ in 0..100 {
            run(0.01);
            let input = link.reports.latest().strips().find(|strip| strip.id == id);
            let input = input.map_or(f64::NAN, |strip| f64::from(strip.input.latency));
            told += (input + f64::from(heard_on.stats().latency)) / 100.0;
        }
        let told = told * 48_000.0 + f64::from(link.latency.0);
        run(1.0);
        let played = cards.take_played(played_on);
        let frame = centre(played.as_chunks::<2>().0);
        // As the cards count: the microphone began at zero, and a callback takes its first frame when it comes.
        let hz = |ppm: f64| f64::from(self.rate) * (1.0 + ppm * 1e-6);
        let ppm = if self.bridged { PHONES_PPM } else { SPEAKERS_PPM };
        let at = since + (frame + f64::from(self.period)) / hz(ppm);
        Ok(Latency {
            measured: (at - f64::from(IMPULSE_SECONDS * self.rate) / hz(MIC_PPM)) * 48_000.0,
            told,
        })
    }

    fn cards(self) -> SimulatedCards {
        let cards = SimulatedCards::new();
        let impulse = u64::from(IMPULSE_SECONDS * self.rate);
        let signal = move |frame, _| if frame == impulse { 0.5 } else { 0.0 };
        let sizes = || Sizes::Cycle(vec![self.period]);
        cards.add(Card {
            ppm: MIC_PPM,
            rate: self.rate,
            sizes: sizes(),
            signal: Signal::Custom(Box::new(signal)),
            ..Card::input("mic")
        });
        for (id, ppm) in [("speakers", SPEAKERS_PPM), ("phones", PHONES_PPM)] {
            cards.add(Card {
                ppm,
                rate: self.rate,
                sizes: sizes(),
                ..Card::output(id)
            });
        }
        cards
    }
}

/// By how much the cards' clocks are off.
const MIC_PPM: f64 = 40.0;
const SPEAKERS_PPM: f64 = -25.0;
const PHONES_PPM: f64 = 70.0;

/// Where an impulse is that filters of linear phase have spread, to a part of a frame: its centre of mass.
fn centre(played: &[[f32; 2]]) -> f64 {
    let left = |frame: usize| played.get(frame).map_or(0.0, |frame| f64::from(frame[0]));
    let loudest = (0..played.len()).max_by(|a, b| left(*a).abs().total_cmp(&left(*b).abs()));
    let loudest = loudest.unwrap_or(0);
    let (mut mass, mut moment) = (0.0, 0.0);
    for frame in loudest.saturating_sub(REACH)..loudest + REACH {
        (mass, moment) = (mass + left(frame), moment + left(frame) * frame as f64);
    }
    moment / mass
}
