//! A session through a real console, block by block in virtual time.

use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::input::{BlockTime, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, Read, mix_queue};
use airdesk_engine::transport::transport;
use airdesk_engine::{BUSES, Console, EngineCommand, PanLaw, SCOPES, Strip, StripControls, StripId};

use super::*;
use crate::stream::jitter::Pace;
use crate::stream::machine::Thresholds;

/// A console with one strip, which a drive feeds.
struct Rig {
    console: Console,
    programme: MixReader,
    drive: Drive,
    blocks: u64,
    heard: Vec<Frame>,
}

impl Rig {
    fn new(thresholds: Thresholds) -> Self {
        Self::with_pace(thresholds, Pace::Ahead)
    }

    fn with_pace(thresholds: Thresholds, pace: Pace) -> Self {
        let rate = SampleRate::DESK;
        let (queues, taps): (Vec<_>, Vec<_>) = (0..BUSES).map(|_| mix_queue(16)).unzip();
        let scopes = (0..SCOPES).map(|_| mix_queue(16).0);
        let mut console = Console::new(rate, queues).with_scopes(scopes);
        let (transport, staged) = transport(48_000.0, ring_frames(rate));
        let controls = StripControls {
            pan_law: PanLaw::Balance,
            ..StripControls::default()
        };
        let strip = Strip::new(StripId::new(0, 1), rate, StripInput::Staged(staged), controls);
        assert!(console.obey(EngineCommand::AddStrip(Box::new(strip))).is_none());
        let setup = Setup { rate, thresholds, pace };
        Self {
            console,
            programme: taps[0].reader(),
            drive: Drive::new(&setup, transport).expect("a small buffer"),
            blocks: 0,
            heard: Vec::new(),
        }
    }

    fn now(&self) -> f64 {
        self.blocks as f64 * BLOCK_FRAMES as f64 / 48_000.0
    }

    /// So many blocks. The engine takes eight at a time, as late as it may; the drive has a turn every 10 ms.
    fn run(&mut self, blocks: u64) {
        for _ in 0..blocks {
            if self.blocks.is_multiple_of(8) {
                let now = self.now();
                self.drive.turn(now).expect("the engine runs");
            }
            let due = self.now();
            self.console.process(&BlockTime { due, speed: 1.0 });
            let mut block = MixBlock::default();
            assert_eq!(self.programme.read(&mut block), Read::Block);
            self.heard.extend(block.frames);
            self.blocks += 1;
        }
    }

    /// What was heard from the first sound on.
    fn sound(&self) -> &[Frame] {
        let first = self.heard.iter().position(|frame| frame[0] != 0.0);
        &self.heard[first.unwrap_or(self.heard.len())..]
    }
}

/// Frames that say which they are, softer than the limiter's ceiling.
fn numbered(from: usize, count: usize) -> Vec<Frame> {
    (from..from + count)
        .map(|n| [(n + 1) as f32 / (1 << 23) as f32; 2])
        .collect()
}

fn small() -> Thresholds {
    Thresholds::new(0.150, 0.020, 0.150, 2.0).expect("in order")
}

#[test]
fn utterances_are_heard_to_the_bit_from_the_first_frame_to_the_last() {
    let mut rig = Rig::new(small());
    for utterance in 0..20 {
        let frames = numbered(0, 1_000 * (utterance + 1) + 17);
        let now = rig.now();
        rig.drive.session().start(now);
        assert_eq!(
            rig.drive.session().push_frames(now, SampleRate::DESK, &frames, 0),
            frames.len()
        );
        rig.drive.session().end(now);
        rig.heard.clear();
        rig.run(2 * frames.len() as u64 / 64 + 100);
        assert_eq!(rig.drive.session().state(), State::Finished);
        let sound = rig.sound();
        assert!(sound[..frames.len()] == frames, "utterance {utterance}");
        assert!(sound[frames.len()..].iter().all(|frame| *frame == [0.0; 2]));
        assert!(!rig.drive.is_heard());
    }
}

#[test]
fn an_utterance_that_comes_before_the_last_has_ended_follows_it() {
    let mut rig = Rig::new(small());
    let all = numbered(0, 30_000);
    for part in all.chunks(10_000) {
        let now = rig.now();
        rig.drive.session().start(now);
        rig.drive.session().push_frames(now, SampleRate::DESK, part, 0);
        rig.drive.session().end(now);
        while rig.drive.session().state() != State::Finished {
            rig.run(8);
        }
    }
    rig.run(100);
    assert!(rig.sound()[..30_000] == all);
    assert!(rig.sound()[30_000..].iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn it_is_heard_within_the_initial_buffer_and_the_lead_after_its_first_byte() {
    let mut rig = Rig::new(small());
    rig.drive.session().start(0.0);
    let all = numbered(0, 48_000);
    // As fast as it is spoken.
    for part in all.chunks(512) {
        let now = rig.now();
        rig.drive.session().push_frames(now, SampleRate::DESK, part, 0);
        rig.run(8);
    }
    let first = rig.heard.iter().position(|frame| frame[0] != 0.0).expect("a sound");
    let latency = rig.console.latency().0 as usize;
    assert!((first - latency) as f64 / 48_000.0 <= 0.190, "{first}");
    assert_eq!(rig.drive.session().metrics().underruns, 0);
}

#[test]
fn cancel_and_pause_are_silent_within_a_block_and_a_pause_loses_nothing() {
    let mut rig = Rig::new(small());
    let all = numbered(0, 40_000);
    rig.drive.session().start(0.0);
    rig.drive.session().push_frames(0.0, SampleRate::DESK, &all, 0);
    rig.run(100);
    let latency = rig.console.latency().0 as usize;
    let before = rig.heard.len();
    rig.drive.pause().expect("it runs");
    rig.run(100);
    assert!(
        rig.heard[before + 64 + latency..]
            .iter()
            .all(|frame| *frame == [0.0; 2])
    );
    assert_eq!(rig.drive.session().state(), State::Playing);
    rig.drive.resume().expect("it runs");
    let before = rig.heard.len();
    rig.run(100);
    // Two blocks faded, one out and one in; none is missing.
    assert_eq!(rig.heard[before + latency + 64..][..64], numbered(102 * 64, 64));
    rig.drive.cancel().expect("it runs");
    let before = rig.heard.len();
    rig.run(200);
    assert!(
        rig.heard[before + 64 + latency..]
            .iter()
            .all(|frame| *frame == [0.0; 2])
    );
    assert_eq!(rig.drive.session().state(), State::Cancelled);
    assert!(!rig.drive.is_heard());
    // And the next one begins with its first frame.
    let now = rig.now();
    rig.drive.session().start(now);
    rig.drive.session().push_frames(now, SampleRate::DESK, &all, 0);
    rig.drive.session().end(now);
    rig.heard.clear();
    rig.run(700);
    assert!(rig.sound()[..all.len()] == all);
}

#[test]
fn a_live_sender_is_heard_by_the_lead_later_and_not_by_twice_of_it() {
    let mut rig = Rig::with_pace(Thresholds::new(0.05, 0.01, 0.03, 1.0).expect("in order"), Pace::Live);
    rig.drive.session().start(0.0);
    for chunk in 0..1_000 {
        let now = rig.now();
        let phase = |n: usize| [0.3 * (n as f32 * 0.057).sin(); 2];
        let frames: Vec<Frame> = (chunk * 512..(chunk + 1) * 512).map(phase).collect();
        assert_eq!(rig.drive.session().push_frames(now, SampleRate::DESK, &frames, 0), 512);
        rig.run(8);
    }
    let metrics = rig.drive.session().metrics();
    assert_eq!(metrics.underruns, 0, "{metrics:?}");
    let delay = rig.drive.session().jitter().delay().expect("it sounds");
    assert!((0.038..0.065).contains(&delay), "{delay} {metrics:?}");
}
