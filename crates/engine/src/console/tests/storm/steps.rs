//! One throw of any control after the other, before the last has arrived, on two low tones: none is heard as a step. Sources
//! are exchanged meanwhile, and strips come and go. Trims up to 10 dB, attacks and releases that are no distortion by
//! themselves, and one band at a time turned up: what else is heard then is the setting, and no step.

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::filter::Prototype;

use super::tones::Tones;
use super::*;
use crate::send::SendSettings;

/// Throws of one storm.
const THROWS: usize = 150;

/// Frames before a throw that its window takes in: the filter that listens is so long.
const BEFORE: usize = 450;

/// Blocks in which an equaliser has gone where it was sent, also by a leap, and forgotten what it was.
const EQUALISED: usize = 100;

/// Strips.
const PLACES: usize = 2;

/// Buses that are listened to: programme, cue, the first aux.
const HEARD: usize = 3;

/// What is turned down within a millisecond is heard as such: not so fast here.
fn slow(settings: CompressorSettings) -> CompressorSettings {
    CompressorSettings {
        attack_ms: settings.attack_ms.max(20.0),
        release_ms: settings.release_ms.max(300.0),
        ..settings
    }
}

/// Where a fader may stand in a storm: seldom so low that nothing can be heard behind it.
fn fader(dice: &mut Dice) -> Decibels {
    if dice.roll(8) == 0 {
        dice.fader()
    } else {
        level(dice.within((-20.0, 10.0)))
    }
}

/// One band at most turns up: then it is known by how much.
fn one_up(dice: &mut Dice) -> EqualiserSettings {
    let mut settings = dice.equaliser();
    let up = dice.roll(settings.bands.len());
    for (place, band) in settings.bands.iter_mut().enumerate() {
        if place != up {
            *band = Band::new(band.kind(), band.frequency(), band.gain().min(0.0), band.q())
                .expect("in range")
                .switched(band.is_on());
        }
    }
    settings
}

fn slow_chain(dice: &mut Dice) -> ChainSettings {
    let mut chain = dice.chain();
    chain.equaliser = one_up(dice);
    chain.gate.threshold_dbfs = chain.gate.threshold_dbfs.min(-30.0);
    chain.gate.attack_ms = chain.gate.attack_ms.max(20.0);
    chain.gate.release_ms = chain.gate.release_ms.max(300.0);
    chain.compressor = slow(chain.compressor);
    chain
}

fn slow_ducker(dice: &mut Dice) -> DuckerSettings {
    let settings = dice.ducker();
    DuckerSettings {
        attack_ms: settings.attack_ms.max(60.0),
        release_ms: settings.release_ms.max(300.0),
        ..settings
    }
}

/// How far these bands turn up anything above 5 kHz, which is where a step is listened for, dB.
fn boost(settings: &EqualiserSettings) -> f32 {
    let bands = settings.bands.iter().filter(|band| band.is_on());
    let circuits: Vec<Prototype> = bands
        .map(|band| {
            let circuit = match band.kind() {
                BandKind::Bell => Prototype::bell,
                BandKind::LowShelf => Prototype::low_shelf,
                BandKind::HighShelf => Prototype::high_shelf,
            };
            circuit(band.frequency().into(), band.gain().into(), band.q().into())
        })
        .collect();
    let raised = |circuit: &Prototype, hz| (10.0 * circuit.power(hz).log10()).max(0.0);
    let at = |hz: f64| circuits.iter().map(|circuit| raised(circuit, hz)).sum::<f64>();
    (50..=240).map(|n| at(f64::from(n) * 100.0)).fold(0.0, f64::max) as f32
}

/// How far equalisers turn up what this test listens for, and rightly, dB: those of the strips, then those of the buses.
#[derive(Default)]
struct Boosts {
    now: [f32; PLACES + BUSES],
    /// The place, what it was, and the block up to which something of that is heard.
    before: Vec<(usize, f32, usize)>,
}

impl Boosts {
    fn set(&mut self, place: usize, settings: &EqualiserSettings, block: usize) {
        let boost = if settings.on { boost(settings) } else { 0.0 };
        let before = std::mem::replace(&mut self.now[place], boost);
        self.before.push((place, before, block + EQUALISED));
    }

    /// On the way into a bus, at most.
    fn on_the_way(&self, bus: usize, block: usize) -> f32 {
        let at = |place: usize| {
            let before = self
                .before
                .iter()
                .filter(|(of, _, until)| *of == place && *until >= block);
            before.fold(self.now[place], |most, (_, boost, _)| boost.max(most))
        };
        (0..PLACES).map(at).fold(0.0, f32::max) + at(PLACES + bus)
    }
}

/// A console at work.
struct Show {
    rig: Rig,
    dice: Dice,
    tones: Tones,
    boosts: Boosts,
    /// The strip at each place, or none; and how many there were.
    strips: [Option<StripId>; PLACES],
    generations: [u32; PLACES],
    heard: Vec<Vec<Frame>>,
}

impl Show {
    fn begin(seed: u64) -> Self {
        let mut show = Self {
            rig: Rig::new(),
            dice: Dice(seed),
            tones: Tones::default(),
            boosts: Boosts::default(),
            strips: [None; PLACES],
            generations: [0; PLACES],
            heard: vec![Vec::new(); BUSES],
        };
        for place in 0..PLACES {
            let strip = show.strip(place, StripControls::default());
            drop(show.rig.obey(strip));
        }
        show.hear(SETTLED);
        show
    }

    fn block(&self) -> usize {
        self.heard[0].len() / BLOCK_FRAMES
    }

    fn tone(&mut self) -> StripInput {
        let hz = self.dice.of(&[110.0, 150.0, 220.0]);
        self.tones.input(hz)
    }

    /// A new strip for a place where none is.
    fn strip(&mut self, place: usize, controls: StripControls) -> EngineCommand {
        self.generations[place] += 1;
        let id = StripId::new(place, self.generations[place]);
        self.strips[place] = Some(id);
        self.boosts.set(place, &controls.chain.equaliser, self.block());
        let input = self.tone();
        EngineCommand::AddStrip(Box::new(Strip::new(id, SampleRate::DESK, input, controls)))
    }

    /// Mixes some blocks. Strips that have left are away then.
    fn hear(&mut self, blocks: usize) {
        for _ in 0..blocks {
            self.tones.play();
            let more = self.rig.hear_all(1);
            self.heard
                .iter_mut()
                .zip(more)
                .for_each(|(heard, more)| heard.extend(more));
        }
        while let Some(discard) = self.rig.console.retire() {
            if let Discard::Strip(strip) = discard {
                self.strips[strip.id().slot()] = None;
            }
        }
    }

    fn throw(&mut self) -> (&'static str, EngineCommand) {
        let place = self.dice.roll(PLACES);
        let Some(id) = self.strips[place] else {
            let controls = StripControls {
                trim: level(self.dice.within((-20.0, 10.0))),
                chain: slow_chain(&mut self.dice),
                fader: fader(&mut self.dice),
                ..self.dice.controls()
            };
            return ("a new strip", self.strip(place, controls));
        };
        let block = self.block();
        let dice = &mut self.dice;
        match dice.roll(22) {
            0 => ("channels", EngineCommand::SetChannels(id, dice.channels())),
            1 => ("polarity", EngineCommand::SetInverted(id, [dice.coin(), dice.coin()])),
            2 => ("trim", EngineCommand::SetTrim(id, level(dice.within((-20.0, 10.0))))),
            3 => {
                let settings = dice.delay();
                let line = delay_line(SampleRate::DESK, &settings);
                ("delay", EngineCommand::SetDelay(id, line, settings))
            }
            4 => {
                let chain = slow_chain(dice);
                self.boosts.set(place, &chain.equaliser, block);
                let stages = Stages::Strip(id, chain);
                ("stages of a strip", EngineCommand::SetStages(Box::new(stages)))
            }
            5 => {
                let (equaliser, compressor) = (one_up(dice), slow(dice.compressor()));
                let bus = dice.of(&[BusId::Programme, BusId::Cue, BusId::Aux(0)]);
                self.boosts.set(PLACES + bus.place(), &equaliser, block);
                let stages = Stages::Bus(bus, BusChainSettings { equaliser, compressor });
                ("stages of a bus", EngineCommand::SetStages(Box::new(stages)))
            }
            6 => ("fader", EngineCommand::SetFader(id, fader(dice))),
            7 => ("pan", EngineCommand::SetPan(id, dice.pan())),
            8 => ("pan law", EngineCommand::SetPanLaw(id, dice.pan_law())),
            9 => {
                let tap = dice.send().tap;
                let level = fader(dice);
                ("send", EngineCommand::SetSend(id, 0, SendSettings { level, tap }))
            }
            10 => ("VCA of a strip", EngineCommand::SetVcaOf(id, dice.vca())),
            11 => ("VCA", EngineCommand::SetVca(dice.roll(VCA_GROUPS) as u8, fader(dice))),
            12 => ("mute", EngineCommand::SetMute(id, dice.roll(4) == 0)),
            13 => ("solo", EngineCommand::SetSolo(id, dice.roll(4) == 0)),
            14 => ("solo safe", EngineCommand::SetSoloSafe(id, dice.coin())),
            15 => ("cue", EngineCommand::SetCue(id, dice.roll(4) > 0)),
            16 => ("bus fader", EngineCommand::SetBusFader(dice.bus(), fader(dice))),
            17 => ("talkover", EngineCommand::SetTalkover(id, dice.talkover())),
            18 => ("ducker", EngineCommand::SetDucker(slow_ducker(dice))),
            19 => ("mix-minus", EngineCommand::SetMixMinus(0, dice.coin().then_some(id))),
            20 => ("removal", EngineCommand::RemoveStrip(id)),
            _ => {
                let silent = dice.roll(4) == 0;
                let input = if silent { StripInput::Silent } else { self.tone() };
                ("source", EngineCommand::SetInput(id, Box::new(input)))
            }
        }
    }
}

/// The loudest of what is no low tone, dBFS; where more than full scale is heard, below that.
fn step_db(heard: &[Frame]) -> f64 {
    let peak = 20.0 * f64::from(highest(heard)).max(1e-12).log10();
    click_db(heard) - peak.max(0.0)
}

#[test]
fn no_throw_in_a_storm_is_heard_as_a_step() {
    for seed in 0..12 {
        let mut show = Show::begin(seed);
        for number in 0..THROWS {
            let (what, command) = show.throw();
            let start = show.heard[0].len() - BEFORE;
            drop(show.rig.obey(command));
            // Most are overtaken by the next one: a glide takes 23 blocks.
            let blocks = 1 + show.dice.roll(20);
            show.hear(blocks);
            for (bus, heard) in show.heard.iter().enumerate().take(HEARD) {
                let boost = show.boosts.on_the_way(bus, show.block());
                let step = step_db(&heard[start..]) - f64::from(boost);
                assert!(
                    step < -80.0,
                    "seed {seed}, throw {number}, bus {bus}: {step:.1} dBFS after {what}"
                );
            }
        }
    }
}
