//! The console alone: what goes in, what comes out, with references computed here. No block and no command of any of
//! these tests touches the allocator.

mod controls;
mod groups;
mod limiter;
mod scopes;
mod sends;
mod sources;
mod stages;
mod storm;
mod talkover;
mod taps;

use std::f64::consts::TAU;

use airdesk_dsp::denormals::Flushed;
use airdesk_dsp::{BLOCK_FRAMES, Decibels, Frame, SampleRate};
use assert_no_alloc::assert_no_alloc;

use super::*;
use crate::bus::BusId;
use crate::inlet::{InletWriter, inlet};
use crate::input::{Direct, StripInput};
use crate::mix_queue::{MixBlock, MixReader, Read, mix_queue};
use crate::strip::{PanLaw, StripControls};

/// Blocks in which every glide, fade and warm-up has come to rest: 133 ms.
const SETTLED: usize = 100;

/// A console, its listeners and the sources of its strips.
struct Rig {
    console: Console,
    readers: Vec<MixReader>,
    time: f64,
    writers: Vec<InletWriter>,
}

impl Rig {
    /// Without the limiter: what is heard is compared frame by frame.
    fn new() -> Self {
        let mut rig = Self::with_limiter();
        rig.console.buses[0].limiter = None;
        rig
    }

    fn with_limiter() -> Self {
        let (queues, taps): (Vec<_>, Vec<_>) = (0..BUSES).map(|_| mix_queue(16)).unzip();
        Self {
            console: Console::new(SampleRate::DESK, queues).with_scopes(scopes()),
            readers: taps.iter().map(|tap| tap.reader()).collect(),
            time: 0.0,
            writers: Vec::new(),
        }
    }

    fn strip(&mut self, slot: usize, audio: &[Frame], controls: StripControls) -> StripId {
        let (mut writer, inlet) = inlet(48_000.0, audio.len());
        writer.write(audio);
        self.writers.push(writer);
        let id = StripId::new(slot, 1);
        let strip = Strip::new(id, SampleRate::DESK, StripInput::Direct(Direct::new(inlet)), controls);
        assert!(self.obey(EngineCommand::AddStrip(Box::new(strip))).is_none());
        id
    }

    fn obey(&mut self, command: EngineCommand) -> Option<Discard> {
        assert_no_alloc(|| self.console.obey(command))
    }

    fn set_stages(&mut self, stages: Stages) {
        let read = self.obey(EngineCommand::SetStages(Box::new(stages)));
        assert!(matches!(read, Some(Discard::Stages(_))), "the settings come home");
    }

    /// Mixes `blocks` and returns programme and cue.
    fn hear(&mut self, blocks: usize) -> (Vec<Frame>, Vec<Frame>) {
        let mut buses = self.hear_all(blocks).into_iter();
        (buses.next().expect("programme"), buses.next().expect("cue"))
    }

    /// Mixes `blocks` and returns one aux bus.
    fn hear_aux(&mut self, aux: u8, blocks: usize) -> Vec<Frame> {
        self.hear_all(blocks).swap_remove(BusId::Aux(aux).place())
    }

    /// Mixes `blocks` and returns all buses.
    fn hear_all(&mut self, blocks: usize) -> Vec<Vec<Frame>> {
        // As on the engine's thread.
        let _flushed = Flushed::begin();
        let mut heard = vec![Vec::new(); BUSES];
        for _ in 0..blocks {
            let time = BlockTime {
                due: self.time,
                speed: 1.0,
            };
            assert_no_alloc(|| self.console.process(&time));
            self.time += BLOCK_FRAMES as f64 / 48_000.0;
            let mut block = MixBlock::default();
            for (reader, heard) in self.readers.iter_mut().zip(&mut heard) {
                assert_eq!(reader.read(&mut block), Read::Block);
                heard.extend(block.frames);
            }
        }
        heard
    }

    fn report(&mut self) -> Report {
        let mut report = Report::default();
        self.console.report(&mut report, true);
        report
    }
}

/// Queues of scopes that nobody reads.
fn scopes() -> impl Iterator<Item = MixWriter> {
    (0..SCOPES).map(|_| mix_queue(16).0)
}

/// Controls of a strip that changes no bit: both sides at unity.
fn plain() -> StripControls {
    StripControls {
        pan_law: PanLaw::Balance,
        ..StripControls::default()
    }
}

fn sine(hz: f64, amplitude: f64, frames: usize) -> Vec<Frame> {
    (0..frames)
        .map(|n| [(amplitude * (TAU * hz * n as f64 / 48_000.0).sin()) as f32; 2])
        .collect()
}

fn level(db: f32) -> Decibels {
    Decibels::new(db).expect("a level")
}

fn gain_of(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

fn sum_of(signals: &[&[Frame]]) -> Vec<Frame> {
    let frames = signals.iter().map(|signal| signal.len()).min().unwrap_or_default();
    let side = |n: usize, side: usize| signals.iter().map(|signal| signal[n][side]).sum();
    (0..frames).map(|n| [side(n, 0), side(n, 1)]).collect()
}

/// The first frame at which they differ, as far as both go; the frames themselves would fill pages.
fn difference_at(heard: &[Frame], expected: &[Frame]) -> Option<usize> {
    heard
        .iter()
        .zip(expected)
        .position(|(heard, expected)| heard != expected)
}

fn is_silent(heard: &[Frame]) -> bool {
    heard.iter().all(|frame| *frame == [0.0; 2])
}

/// The loudest difference between what was heard and `source` times `gains`, dBFS.
fn null_db(heard: &[Frame], source: &[Frame], gains: [f64; 2]) -> f64 {
    let mut worst = 0.0_f64;
    for (heard, source) in heard.iter().zip(source) {
        for side in 0..2 {
            worst = worst.max((f64::from(heard[side]) - f64::from(source[side]) * gains[side]).abs());
        }
    }
    20.0 * worst.max(1e-12).log10()
}

/// The amplitude in dBFS of a tone of `hz` on the left, of which whole periods are heard.
fn tone_db(heard: &[Frame], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, frame) in heard.iter().enumerate() {
        let angle = TAU * hz * n as f64 / 48_000.0;
        re += f64::from(frame[0]) * angle.cos();
        im += f64::from(frame[0]) * angle.sin();
    }
    20.0 * (re.hypot(im) * 2.0 / heard.len() as f64).max(1e-12).log10()
}

/// The loudest thing above 5 kHz on either side, dBFS: a step or a kink is broadband, a low tone is not.
fn click_db(heard: &[Frame]) -> f64 {
    let half = 200_i32;
    let cut = 5_000.0 / 48_000.0;
    let taps: Vec<f64> = (-half..=half)
        .map(|n| {
            let x = std::f64::consts::PI * f64::from(n);
            let low = if n == 0 { 2.0 * cut } else { (2.0 * cut * x).sin() / x };
            let a = x / f64::from(half);
            // Blackman and Harris: -92 dB beside the pass-band.
            let window = 0.358_75 + 0.488_29 * a.cos() + 0.141_28 * (2.0 * a).cos() + 0.011_68 * (3.0 * a).cos();
            (if n == 0 { 1.0 } else { 0.0 }) - low * window
        })
        .collect();
    let worst = heard
        .windows(taps.len())
        .flat_map(|w| {
            [0, 1].map(|side| {
                let filtered = w.iter().zip(&taps).map(|(frame, tap)| f64::from(frame[side]) * tap);
                filtered.sum::<f64>().abs()
            })
        })
        .fold(0.0, f64::max);
    20.0 * worst.max(1e-12).log10()
}

#[test]
fn a_step_70_db_below_full_scale_would_be_found() {
    let mut heard = sine(440.0, 0.5, 9600);
    assert!(click_db(&heard) < -100.0);
    heard[4812..].iter_mut().for_each(|frame| frame[1] += 0.000_316);
    assert!(click_db(&heard) > -80.0);
}

const CENTRE: f64 = std::f64::consts::FRAC_1_SQRT_2;
