//! Every command in any order, on any sound: what the console promises whatever the operator and the sources do.

mod ceilings;
mod dice;
mod steps;
mod tones;

use airdesk_dsp::ballistics::QuasiPeaks;
use airdesk_dsp::ducker::DuckerSettings;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::{BLOCK_FRAMES, Decibels, Frame};

use self::dice::Dice;
use super::*;
use crate::levels::Levels;
use crate::outlet_clock::outlet_clock;
use crate::strip::delay_line;
use crate::tap::{TapPoint, TapReader, tap};
use crate::wall::{Start, VoiceKind, Wall, wall};

/// Kinds of commands.
const KINDS: usize = 29;

/// Strips in two banks of four and beyond the last.
const SLOTS: [usize; 6] = [0, 1, 3, 4, 200, MAX_STRIPS];

/// Blocks after which a new ceiling or switch of the limiter holds: what a switch takes that is thrown back on its way,
/// 45 ms, and what waits in it.
const LIMITER_BLOCKS: usize = 40;

/// Sources of all strips that were ever added, `None` once the console has let go, and who listens to strips.
#[derive(Default)]
struct Sources(Vec<Option<(InletWriter, usize)>>, Vec<TapReader>, Vec<Wall>);

impl Sources {
    fn input(&mut self, dice: &mut Dice) -> StripInput {
        match dice.roll(8) {
            0 => return StripInput::Silent,
            1 => {
                let (wall, voices) = wall();
                self.2.push(wall);
                return StripInput::Carts(voices);
            }
            _ => {}
        }
        let (writer, inlet) = inlet(48_000.0, 4 * BLOCK_FRAMES);
        self.0.push(Some((writer, dice.roll(7))));
        StripInput::Direct(Direct::new(inlet))
    }

    /// Keeps every source a few blocks ahead, and lets one go silent or change its sound at times.
    fn play(&mut self, dice: &mut Dice) {
        for source in &mut self.0 {
            let Some((writer, kind)) = source else { continue };
            while writer.room() >= BLOCK_FRAMES {
                writer.write(&dice.sound(*kind));
            }
            if dice.roll(200) == 0 {
                *kind = dice.roll(7);
            }
            if writer.is_abandoned() || dice.roll(2000) == 0 {
                *source = None;
            }
        }
        self.0.retain(Option::is_some);
        for wall in &mut self.2 {
            order(wall, dice);
        }
        self.2.retain(|wall| dice.roll(2000) > 0 && !wall.orders.is_abandoned());
        self.1.retain(|reader| dice.roll(1000) > 0 && !reader.is_abandoned());
    }
}

/// Tells a wall something, now and then.
fn order(wall: &mut Wall, dice: &mut Dice) {
    // A ring that is full refuses, which is told.
    let _ = match dice.roll(20) {
        0..3 => {
            let kind = dice.roll(7);
            let sound = dice.sound(kind);
            wall.start(Start {
                sound: sound.to_vec().into(),
                gain: dice.trim().gain(),
                pad: dice.roll(8) as u16,
                kind: if dice.coin() {
                    VoiceKind::Looped
                } else {
                    VoiceKind::Once
                },
                group: dice.roll(3) as u8,
                ducks: dice.coin(),
            })
        }
        3 => wall.stop(dice.roll(8) as u16),
        4 => wall.stop_all(),
        _ => Ok(()),
    };
}

fn command(kind: usize, dice: &mut Dice, sources: &mut Sources) -> EngineCommand {
    let id = dice.id();
    match kind {
        0 => {
            let (input, controls) = (sources.input(dice), dice.controls());
            EngineCommand::AddStrip(Box::new(Strip::new(id, SampleRate::DESK, input, controls)))
        }
        1 => EngineCommand::RemoveStrip(id),
        2 => EngineCommand::SetInput(id, Box::new(sources.input(dice))),
        3 => EngineCommand::SetChannels(id, dice.channels()),
        4 => EngineCommand::SetInverted(id, [dice.coin(), dice.coin()]),
        5 => EngineCommand::SetTrim(id, dice.trim()),
        6 => {
            let settings = dice.delay();
            EngineCommand::SetDelay(id, delay_line(SampleRate::DESK, &settings), settings)
        }
        7 => EngineCommand::SetStages(Box::new(dice.stages())),
        8 => EngineCommand::SetFader(id, dice.fader()),
        9 => EngineCommand::SetPan(id, dice.pan()),
        10 => EngineCommand::SetPanLaw(id, dice.pan_law()),
        11 => EngineCommand::SetSend(id, dice.roll(AUX_BUSES + 1) as u8, dice.send()),
        12 => EngineCommand::SetVcaOf(id, dice.vca()),
        13 => EngineCommand::SetTalkover(id, dice.talkover()),
        14 => EngineCommand::SetMute(id, dice.coin()),
        15 => EngineCommand::SetSolo(id, dice.coin()),
        16 => EngineCommand::SetSoloSafe(id, dice.coin()),
        17 => EngineCommand::SetCue(id, dice.coin()),
        18 => EngineCommand::SetBusFader(dice.bus(), dice.fader()),
        19 => EngineCommand::SetLimiter(dice.limiter()),
        20 => EngineCommand::SetDucker(dice.ducker()),
        21 => EngineCommand::SetVca(dice.roll(VCA_GROUPS + 1) as u8, dice.fader()),
        22 => EngineCommand::SetMixMinus(dice.roll(AUX_BUSES + 1) as u8, dice.some_id()),
        23 => EngineCommand::FollowOutlet(Box::new(outlet_clock().1)),
        24 => EngineCommand::FollowMachine,
        25 if dice.coin() => EngineCommand::SetPrompt(dice.coin()),
        25 => EngineCommand::ClearClips,
        26 => EngineCommand::SetScope(dice.roll(SCOPES + 1) as u8, dice.some_id()),
        27 => {
            let (writer, reader) = tap(2 + dice.roll(8));
            sources.1.push(reader);
            let points = [TapPoint::PreFader, TapPoint::PostFader];
            EngineCommand::AddTap(id, points[dice.roll(2)], Box::new(writer))
        }
        _ => EngineCommand::SetStages(Box::new(Stages::Strip(id, ChainSettings::default()))),
    }
}

/// Not one arm for the rest: a new command has to be thrown here too.
fn is_thrown(command: &EngineCommand) -> bool {
    use EngineCommand as Is;
    match command {
        Is::AddStrip(..) | Is::RemoveStrip(..) | Is::SetInput(..) | Is::SetChannels(..) | Is::SetInverted(..) => true,
        Is::SetTrim(..) | Is::SetDelay(..) | Is::SetStages(..) | Is::SetFader(..) | Is::SetPan(..) => true,
        Is::SetPanLaw(..) | Is::SetSend(..) | Is::SetVcaOf(..) | Is::SetTalkover(..) | Is::SetMute(..) => true,
        Is::SetSolo(..) | Is::SetSoloSafe(..) | Is::SetCue(..) | Is::SetBusFader(..) | Is::SetLimiter(..) => true,
        Is::SetDucker(..) | Is::SetVca(..) | Is::SetMixMinus(..) | Is::FollowOutlet(..) | Is::FollowMachine => true,
        Is::ClearClips | Is::SetScope(..) | Is::AddTap(..) | Is::SetPrompt(..) => true,
    }
}

/// What the limiter has been asked for, as the highest sample that may leave: now, and on the way there.
struct Promise {
    asked: f32,
    /// A glide that is overtaken starts anew from where it was.
    on_the_way: f32,
    blocks: usize,
}

impl Promise {
    fn next(&mut self) -> f32 {
        self.blocks += 1;
        if self.blocks > LIMITER_BLOCKS {
            self.on_the_way = self.asked;
        }
        self.on_the_way
    }

    fn ask(&mut self, settings: &LimiterSettings) {
        let ceiling = 10_f32.powf((settings.ceiling_dbtp + 0.1) / 20.0);
        self.asked = if settings.on { ceiling } else { f32::INFINITY };
        self.on_the_way = self.on_the_way.max(self.asked);
        self.blocks = 0;
    }
}

fn highest(heard: &[Frame]) -> f32 {
    let samples = heard.as_flattened().iter();
    samples.fold(0.0, |most, sample| most.max(sample.abs()))
}

fn storm(seed: u64, blocks: usize) -> Rig {
    let mut rig = Rig::with_limiter();
    let (mut dice, mut sources) = (Dice(seed), Sources::default());
    let mut promise = Promise {
        asked: 1.0,
        on_the_way: 1.0,
        blocks: 0,
    };
    promise.ask(&LimiterSettings::default());
    for block in 0..blocks {
        for _ in 0..dice.roll(4) {
            let kind = dice.roll(KINDS);
            let command = command(kind, &mut dice, &mut sources);
            assert!(is_thrown(&command));
            if let EngineCommand::SetLimiter(settings) = &command {
                promise.ask(settings);
            }
            drop(rig.obey(command));
        }
        sources.play(&mut dice);
        let ceiling = promise.next();
        for (bus, heard) in rig.hear_all(1).iter().enumerate() {
            // One by one: the highest of what is no number is a number.
            let finite = heard.as_flattened().iter().all(|sample| sample.is_finite());
            assert!(finite, "seed {seed}, block {block}, bus {bus}");
            let highest = highest(heard);
            assert!(
                bus > 0 || highest <= ceiling,
                "seed {seed}, block {block}: {highest} above {ceiling}"
            );
        }
        let retired = assert_no_alloc(|| rig.console.retire());
        drop(retired);
        if block % 8 == 0 {
            let report = rig.report();
            let levels = report.buses.iter().map(|bus| bus.levels);
            let finite = |levels: Levels| levels.peak.iter().chain(&levels.rms).all(|level| level.is_finite());
            assert!(
                levels.chain(report.strips().map(|strip| strip.levels)).all(finite),
                "seed {seed}"
            );
            for needles in report.buses.iter().map(|bus| &bus.needles) {
                let QuasiPeaks { type_i, type_iia } = needles.quasi_peaks;
                let finite = type_i.iter().chain(&type_iia).all(|level| level.is_finite());
                assert!(
                    finite && needles.rectified.iter().all(|integral| integral.is_finite()),
                    "seed {seed}"
                );
            }
        }
    }
    rig
}

#[test]
fn whatever_is_asked_and_played_every_bus_stays_sound_and_the_programme_below_its_ceiling() {
    for seed in 0..12 {
        storm(seed, 2000);
    }
}

#[test]
fn after_any_storm_silence_is_silence_within_five_seconds() {
    for seed in 100..106 {
        // All sources end with the storm.
        let mut rig = storm(seed, 700);
        rig.hear_all(5 * 750);
        for (bus, heard) in rig.hear_all(10).iter().enumerate() {
            assert!(highest(heard) < 1e-7, "seed {seed}, bus {bus}: {}", highest(heard));
        }
    }
}

#[test]
fn after_any_storm_the_desk_works_as_if_it_were_new() {
    for seed in 200..206 {
        let mut rig = storm(seed, 700);
        for slot in SLOTS {
            for generation in [1, 2] {
                rig.obey(EngineCommand::RemoveStrip(StripId::new(slot, generation)));
            }
        }
        for aux in 0..AUX_BUSES as u8 {
            rig.obey(EngineCommand::SetMixMinus(aux, None));
        }
        rig.set_stages(Stages::Bus(BusId::Programme, BusChainSettings::default()));
        rig.obey(EngineCommand::SetBusFader(BusId::Programme, Decibels::UNITY));
        rig.obey(EngineCommand::SetLimiter(LimiterSettings::default()));
        rig.obey(EngineCommand::SetDucker(DuckerSettings::default()));
        rig.hear_all(3750);
        while rig.console.retire().is_some() {}
        assert_eq!(rig.report().strips().count(), 0, "seed {seed}");
        rig.hear_all(SETTLED); // the stages that nobody passes any more glide to their defaults
        let audio = sine(440.0, 0.5, 64 * 60);
        rig.strip(0, &audio, plain());
        let late = rig.console.latency().0 as usize;
        let buses = rig.hear_all(50);
        assert_eq!(difference_at(&buses[0][late..], &audio), None, "seed {seed}");
        // Of an aux whose equaliser still rings, a low and narrow band, less than -240 dBFS after five seconds.
        assert!(buses.iter().skip(1).all(|bus| highest(bus) < 1e-12), "seed {seed}");
    }
}
