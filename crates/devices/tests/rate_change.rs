//! A microphone whose rate changes while it is heard, said or unsaid, in virtual time: what the speakers play in
//! between, and that the pitch is right when it is back. A stream that is lost is opened again as the station does it: at
//! its next look.

use std::time::Duration;

use airdesk_devices::simulated::{Card, ErrorKind, Signal, SimulatedCards};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick, PlaybackRequest, PlaybackStream, StreamHealth};
use airdesk_dsp::SampleRate;
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::{Engine, EngineCommand, EngineLink, EngineSettings, Strip, StripControls, StripId};

const LIMIT: Duration = Duration::from_secs(10);
/// How often the station looks after its devices, seconds.
const LOOK: f64 = 0.1;
const HZ: f64 = 1000.0;
/// Frames that are judged at a time: 10 ms.
const PIECE: usize = 480;

struct Desk {
    cards: SimulatedCards,
    engine: Engine,
    link: EngineLink,
    capture: CaptureStream,
    _speakers: PlaybackStream,
}

/// Opens the microphone, and brings what it delivers to a strip.
fn microphone(cards: &SimulatedCards) -> (CaptureStream, StripInput) {
    let request = CaptureRequest {
        hosts: cards.hosts(),
        ..CaptureRequest::new(SimulatedCards::device("mic"), cards.clock())
    };
    let mut stream = CaptureStream::open(request, LIMIT).expect("the card is there");
    let rate = f64::from(stream.rate().hz());
    let (writer, inlet) = inlet(rate, rate as usize * 4);
    stream.attach(ChannelPick::default(), writer).expect("room");
    (stream, StripInput::Bridged(Bridge::new(inlet, SampleRate::DESK)))
}

impl Desk {
    fn open() -> Self {
        let cards = SimulatedCards::new();
        cards.add(Card {
            ppm: 100.0,
            jitter: 0.000_3,
            signal: Signal::Tone {
                hz: HZ,
                amplitude: 0.25,
            },
            ..Card::input("mic")
        });
        cards.add(Card::output("speakers"));
        let (engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
        let (stamper, outlet) = outlet_clock();
        let request = PlaybackRequest {
            hosts: cards.hosts(),
            ..PlaybackRequest::new(SimulatedCards::device("speakers"), cards.clock(), SampleRate::DESK)
        };
        let speakers = PlaybackStream::open_main(request, LIMIT, link.programme.reader(), stamper).expect("speakers");
        let (capture, input) = microphone(&cards);
        let strip = Strip::new(StripId::new(0, 1), SampleRate::DESK, input, StripControls::default());
        for command in [
            EngineCommand::FollowOutlet(Box::new(outlet)),
            EngineCommand::AddStrip(Box::new(strip)),
        ] {
            assert!(link.commands.push(command).is_ok(), "the engine takes commands");
        }
        Self {
            cards,
            engine,
            link,
            capture,
            _speakers: speakers,
        }
    }

    /// Lets `seconds` pass, and looks after the microphone meanwhile. Returns what was played.
    fn run(&mut self, seconds: f64) -> Vec<f64> {
        for _ in 0..(seconds / LOOK).round() as usize {
            let engine = &mut self.engine;
            self.cards.run(LOOK, || engine.turn());
            while self.link.discards.pop().is_ok() {}
            if let StreamHealth::Lost { reason } = self.capture.health() {
                assert!(reason.is_other_settings(), "{reason}");
                let (capture, input) = microphone(&self.cards);
                self.capture = capture;
                let command = EngineCommand::SetInput(StripId::new(0, 1), Box::new(input));
                assert!(self.link.commands.push(command).is_ok(), "the engine takes commands");
            }
        }
        let played = self.cards.take_played("speakers");
        let frames = played.as_chunks::<2>().0;
        frames.iter().map(|frame| f64::from(frame[0])).collect()
    }
}

/// The pitch of a piece in cents from [`HZ`]; none where it is too soft to have one, or two tones meet in it.
fn cents(piece: &[f64]) -> Option<f64> {
    let (mut across, mut square) = (0.0, 0.0);
    for w in piece.windows(3) {
        across += w[1] * (w[0] + w[2]);
        square += w[1] * w[1];
    }
    let turn = across / square;
    let bent = |w: &[f64]| (w[2] - turn * w[1] + w[0]).abs();
    let steady = piece.windows(3).map(bent).fold(0.0, f64::max) < 1e-3;
    let loud = square / piece.len() as f64 > 1e-3;
    let hz = (turn / 2.0).acos() / std::f64::consts::TAU * 48_000.0;
    (steady && loud).then(|| 1200.0 * (hz / HZ).log2())
}

/// Of what was played since a change: how long a wrong pitch was heard, and since when the right one is, without a break,
/// seconds.
fn judge(played: &[f64]) -> (f64, f64) {
    let (mut wrong, mut right) = (0.0, None);
    for (n, piece) in played.chunks_exact(PIECE).enumerate() {
        let end = (n + 1) as f64 * PIECE as f64 / 48_000.0;
        match cents(piece) {
            Some(off) if off.abs() < 1.0 => right = right.or(Some(end)),
            Some(_) => (wrong, right) = (end, None),
            None => right = None,
        }
    }
    (wrong, right.unwrap_or(f64::MAX))
}

/// Changes the rate three times, and checks that no wrong pitch is heard `wrong_until` seconds after each, and the right
/// one from `right_from` on.
fn assert_changes(announced: bool, wrong_until: f64, right_from: f64) {
    let mut desk = Desk::open();
    let before = desk.run(5.0);
    assert_eq!(judge(&before[48_000..]).0, 0.0, "the pitch is right before");
    for rate in [44_100, 96_000, 24_000, 48_000] {
        desk.cards.set_rate("mic", rate);
        if announced {
            desk.cards.fail("mic", ErrorKind::StreamInvalidated, 1);
        }
        let (wrong, right) = judge(&desk.run(5.0));
        assert_eq!(desk.capture.rate().hz(), rate);
        assert!(wrong <= wrong_until, "{rate} Hz: a wrong pitch after {wrong:.2} s");
        assert!(right <= right_from, "{rate} Hz: the right pitch after {right:.2} s");
    }
}

#[test]
fn a_change_of_rate_that_is_announced_is_heard_for_300_ms_at_most_and_the_right_pitch_is_back_300_ms_later() {
    assert_changes(true, 0.3, 0.6);
}

#[test]
fn a_change_of_rate_without_a_word_is_found_in_2_s_and_the_right_pitch_is_back_300_ms_later() {
    assert_changes(false, 2.2, 2.5);
}
