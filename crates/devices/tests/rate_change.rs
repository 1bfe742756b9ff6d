//! Devices whose rate changes while they are heard, said or unsaid, in virtual time: what is played in between, that the
//! pitch is right when they are back, and that the programme is as long as it took. A stream that is lost is opened again
//! as the station does it: at its next look.

use std::time::Duration;

use airdesk_devices::simulated::{Card, ErrorKind, Signal, SimulatedCards};
use airdesk_devices::{CaptureRequest, CaptureStream, ChannelPick, PlaybackRequest, PlaybackStream, StreamHealth};
use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, Read};
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::{Engine, EngineCommand, EngineLink, EngineSettings, Strip, StripControls, StripId};

const LIMIT: Duration = Duration::from_secs(10);
/// How often the station looks after its devices, seconds.
const LOOK: f64 = 0.1;
const HZ: f64 = 1000.0;

/// A microphone, the main output and a further one, all on the programme.
struct Desk {
    cards: SimulatedCards,
    engine: Engine,
    link: EngineLink,
    programme: MixReader,
    mic: CaptureStream,
    speakers: PlaybackStream,
    phones: PlaybackStream,
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

fn output(cards: &SimulatedCards, id: &str) -> PlaybackRequest {
    PlaybackRequest {
        hosts: cards.hosts(),
        ..PlaybackRequest::new(SimulatedCards::device(id), cards.clock(), SampleRate::DESK)
    }
}

/// Opens the main output, and has the desk follow it.
fn speakers(cards: &SimulatedCards, link: &mut EngineLink) -> PlaybackStream {
    let (stamper, outlet) = outlet_clock();
    let request = output(cards, "speakers");
    let stream = PlaybackStream::open_main(request, LIMIT, link.programme.reader(), stamper).expect("speakers");
    let command = EngineCommand::FollowOutlet(Box::new(outlet));
    assert!(link.commands.push(command).is_ok(), "the engine takes commands");
    stream
}

fn phones(cards: &SimulatedCards, link: &EngineLink) -> PlaybackStream {
    PlaybackStream::open_bridged(output(cards, "phones"), LIMIT, link.programme.reader()).expect("phones")
}

impl Desk {
    fn open() -> Self {
        let cards = SimulatedCards::new();
        let signal = Signal::Tone {
            hz: HZ,
            amplitude: 0.25,
        };
        cards.add(Card {
            ppm: 100.0,
            jitter: 0.000_3,
            signal,
            ..Card::input("mic")
        });
        cards.add(Card::output("speakers"));
        cards.add(Card {
            ppm: -80.0,
            jitter: 0.000_3,
            ..Card::output("phones")
        });
        let (engine, mut link) = Engine::new(EngineSettings::default(), cards.clock());
        let speakers = speakers(&cards, &mut link);
        let phones = phones(&cards, &link);
        let (mic, input) = microphone(&cards);
        let strip = Strip::new(StripId::new(0, 1), SampleRate::DESK, input, StripControls::default());
        let command = EngineCommand::AddStrip(Box::new(strip));
        assert!(link.commands.push(command).is_ok(), "the engine takes commands");
        Self {
            programme: link.programme.reader(),
            cards,
            engine,
            link,
            mic,
            speakers,
            phones,
        }
    }

    /// Lets `seconds` pass, and looks after the devices meanwhile. Returns how long the programme became.
    fn run(&mut self, seconds: f64) -> f64 {
        let (mut blocks, mut block) = (0, MixBlock::default());
        for _ in 0..(seconds / LOOK).round() as usize {
            let engine = &mut self.engine;
            self.cards.run(LOOK, || engine.turn());
            while self.link.discards.pop().is_ok() {}
            while self.link.notices.pop().is_ok() {}
            while self.programme.read(&mut block) != Read::Empty {
                blocks += 1;
            }
            if is_lost(self.mic.health()) {
                let (mic, input) = microphone(&self.cards);
                self.mic = mic;
                let command = EngineCommand::SetInput(StripId::new(0, 1), Box::new(input));
                assert!(self.link.commands.push(command).is_ok(), "the engine takes commands");
            }
            if is_lost(self.speakers.health()) {
                let command = EngineCommand::FollowMachine;
                assert!(self.link.commands.push(command).is_ok(), "the engine takes commands");
                self.speakers = speakers(&self.cards, &mut self.link);
            }
            if is_lost(self.phones.health()) {
                self.phones = phones(&self.cards, &self.link);
            }
        }
        f64::from(blocks * BLOCK_FRAMES as u32) / 48_000.0
    }

    /// The rate that a card's stream was opened at.
    fn rate_of(&self, id: &str) -> u32 {
        match id {
            "mic" => self.mic.rate().hz(),
            "speakers" => self.speakers.rate().hz(),
            _ => self.phones.rate().hz(),
        }
    }

    /// The left side of what a card has played since the last time.
    fn played(&self, id: &str) -> Vec<f64> {
        let played = self.cards.take_played(id);
        let frames = played.as_chunks::<2>().0;
        frames.iter().map(|frame| f64::from(frame[0])).collect()
    }
}

fn is_lost(health: StreamHealth) -> bool {
    let StreamHealth::Lost { reason } = health else {
        return false;
    };
    assert!(reason.is_other_settings(), "{reason}");
    true
}

/// The pitch of a piece in cents from [`HZ`]; none where it is too soft to have one, or two tones meet in it.
fn cents(piece: &[f64], rate: f64) -> Option<f64> {
    let (mut across, mut square) = (0.0, 0.0);
    for w in piece.windows(3) {
        across += w[1] * (w[0] + w[2]);
        square += w[1] * w[1];
    }
    let turn = across / square;
    let bent = |w: &[f64]| (w[2] - turn * w[1] + w[0]).abs();
    let steady = piece.windows(3).map(bent).fold(0.0, f64::max) < 1e-3;
    let loud = square / piece.len() as f64 > 1e-3;
    let hz = (turn / 2.0).acos() / std::f64::consts::TAU * rate;
    (steady && loud).then(|| 1200.0 * (hz / HZ).log2())
}

/// Of what was played at `rate` since a change: how long a wrong pitch was heard, and since when the right one is, without
/// a break, seconds.
fn judge(played: &[f64], rate: u32) -> (f64, f64) {
    let (mut wrong, mut right) = (0.0, None);
    // 10 ms at a time.
    for (n, piece) in played.chunks_exact(rate as usize / 100).enumerate() {
        let end = (n + 1) as f64 / 100.0;
        match cents(piece, f64::from(rate)) {
            Some(off) if off.abs() < 1.0 => right = right.or(Some(end)),
            Some(_) => (wrong, right) = (end, None),
            None => right = None,
        }
    }
    (wrong, right.unwrap_or(f64::MAX))
}

/// Changes the rate of a card four times, and checks that on no output a wrong pitch is heard `wrong_until` seconds after
/// each, and the right one from `right_from` on; and that the programme is as long as it took, but for `off` seconds.
fn assert_changes(id: &str, announced: bool, wrong_until: f64, right_from: f64, off: f64) {
    let mut desk = Desk::open();
    desk.run(5.0);
    let mut rates = [("speakers", 48_000), ("phones", 48_000)];
    for (output, rate) in rates {
        let before = desk.played(output);
        let (wrong, right) = judge(&before[96_000..], rate);
        assert!(wrong == 0.0 && right < 0.1, "{output}: the pitch is right before");
    }
    for rate in [44_100, 96_000, 24_000, 48_000] {
        desk.cards.set_rate(id, rate);
        if announced {
            desk.cards.fail(id, ErrorKind::StreamInvalidated, 1);
        }
        let programme = desk.run(5.0);
        assert_eq!(desk.rate_of(id), rate);
        for (output, now) in &mut rates {
            if *output == id {
                *now = rate;
            }
            let (wrong, right) = judge(&desk.played(output), *now);
            assert!(
                wrong <= wrong_until,
                "{id}, {rate} Hz: a wrong pitch on {output} after {wrong:.2} s"
            );
            assert!(
                right <= right_from,
                "{id}, {rate} Hz: the right pitch on {output} after {right:.2} s"
            );
        }
        assert!(
            (programme - 5.0).abs() <= off,
            "{id}, {rate} Hz: {programme:.4} s of programme in 5"
        );
    }
}

#[test]
fn a_change_of_rate_that_is_announced_is_heard_for_300_ms_at_most_and_the_right_pitch_is_back_300_ms_later() {
    for id in ["mic", "speakers", "phones"] {
        assert_changes(id, true, 0.3, 0.6, 0.002);
    }
}

#[test]
fn a_change_of_rate_without_a_word_is_found_in_2_s_and_the_right_pitch_is_back_300_ms_later() {
    for id in ["mic", "speakers", "phones"] {
        assert_changes(id, false, 2.2, 2.5, 0.002);
    }
}
