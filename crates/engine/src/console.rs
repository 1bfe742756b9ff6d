//! The console: strips into buses, one block at a time. Needs no thread, no device and no clock, so a
//! show renders faster than it plays.

use airdesk_dsp::ducker::Ducker;
use airdesk_dsp::lanes::{Arch, LaneBlock, SILENT_LANES, STRIPS as BANK};
use airdesk_dsp::limiter::Limiter;
use airdesk_dsp::{Block, Decibels, Frames, Gain, SILENCE, SampleRate};

use crate::bus::{BUSES, Bus};
use crate::chain::{BusBank, BusChainSettings, ChainSettings, StripBank};
use crate::command::{Discard, EngineCommand, Stages};
use crate::id::StripId;
use crate::input::BlockTime;
use crate::levels::NeedleMetering;
use crate::mix_minus::MixMinus;
use crate::mix_queue::MixWriter;
use crate::report::{BusReport, Report};
use crate::scope::{SCOPES, Scope};
use crate::send::AUX_BUSES;
use crate::strip::{Mix, Strip, Talkover};
use crate::time::Nanos;

/// Places for strips.
pub const MAX_STRIPS: usize = 256;

/// VCA groups.
pub const VCA_GROUPS: usize = 8;

/// Strips and buses.
pub struct Console {
    strips: Box<[Option<Box<Strip>>]>,
    strip_banks: Box<[StripBank]>,
    /// Which banks have a strip that makes music step back: they are taken in before the others.
    keys: Box<[bool]>,
    /// Banks up to the last that has a strip.
    banks_used: usize,
    /// What the banks work on, one after the other: it stays in the processor's nearest cache.
    lanes: Box<LaneBlock>,
    arch: Arch,
    buses: Box<[Bus]>,
    bus_banks: Box<[BusBank]>,
    needles: Box<[NeedleMetering]>,
    /// Programme, cue and aux buses, as far as they are summed.
    sums: Box<[Block; BUSES]>,
    ducker: Ducker,
    /// A cart that music steps back for was heard in the last block.
    ducks: bool,
    vcas: [Decibels; VCA_GROUPS],
    /// What the aux buses carry of the programme.
    minus: Box<[MixMinus]>,
    scopes: Box<[Scope]>,
    /// Blocks mixed: the number of the one at hand, as every bus's queue counts it.
    blocks: u64,
}

impl Console {
    /// An empty console that publishes to these queues: programme, cue, aux buses. A bus without a queue is not there.
    /// Allocates; nothing else here does.
    pub fn new(rate: SampleRate, queues: impl IntoIterator<Item = MixWriter>) -> Self {
        Self::on_arch(rate, Arch::best(), queues)
    }

    /// The same with its stages on these instructions: to compare what they cost.
    pub fn on_arch(rate: SampleRate, arch: Arch, queues: impl IntoIterator<Item = MixWriter>) -> Self {
        let buses: Box<[_]> = (0..BUSES)
            .zip(queues)
            .map(|(place, queue)| Bus::new(rate, arch, queue, (place == 0).then(|| Limiter::on_arch(rate, arch))))
            .collect();
        Self {
            strips: std::iter::repeat_with(|| None).take(MAX_STRIPS).collect(),
            strip_banks: (0..MAX_STRIPS / BANK).map(|_| StripBank::new(rate, arch)).collect(),
            keys: vec![false; MAX_STRIPS / BANK].into(),
            banks_used: 0,
            lanes: Box::new(SILENT_LANES),
            arch,
            bus_banks: (0..BUSES.div_ceil(BANK)).map(|_| BusBank::new(rate, arch)).collect(),
            needles: (0..BUSES.div_ceil(BANK))
                .map(|_| NeedleMetering::new(rate, arch))
                .collect(),
            buses,
            sums: Box::new([SILENCE; BUSES]),
            ducker: Ducker::new(rate),
            ducks: false,
            vcas: [Decibels::UNITY; VCA_GROUPS],
            minus: (0..AUX_BUSES).map(|_| MixMinus::new(rate)).collect(),
            scopes: Box::default(),
            blocks: 0,
        }
    }

    /// The same with scopes that publish to these queues. Without them no strip can be looked at. Allocates.
    #[must_use]
    pub fn with_scopes(self, queues: impl IntoIterator<Item = MixWriter>) -> Self {
        Self {
            scopes: queues.into_iter().take(SCOPES).map(Scope::new).collect(),
            ..self
        }
    }

    /// By how much the programme is later than the strips: the limiter looks ahead, also when it is off.
    pub fn latency(&self) -> Frames {
        let limiter = self.buses.first().and_then(|bus| bus.limiter.as_ref());
        limiter.map_or(Frames(0), Limiter::latency)
    }

    /// Obeys one command. Returns what it left over, at most one thing. Commands about clocks are the
    /// engine's, and come back.
    pub fn obey(&mut self, command: EngineCommand) -> Option<Discard> {
        match command {
            EngineCommand::AddStrip(strip) => return self.add(strip),
            EngineCommand::RemoveStrip(id) => self.change(id, Strip::leave),
            EngineCommand::SetInput(id, input) => match self.strip(id) {
                Some(strip) => return strip.set_input(input),
                None => return Some(Discard::Input(input)),
            },
            EngineCommand::SetChannels(id, mode) => self.change(id, |strip| strip.set_channels(mode)),
            EngineCommand::SetInverted(id, inverted) => self.change(id, |strip| strip.set_inverted(inverted)),
            EngineCommand::SetTrim(id, level) => self.change(id, |strip| strip.set_trim(level)),
            EngineCommand::SetDelay(id, line, settings) => {
                let spare = match self.strip(id) {
                    Some(strip) => strip.set_delay(line, settings),
                    None => Some(line),
                };
                return spare.map(Discard::Delay);
            }
            EngineCommand::SetStages(stages) => {
                self.set_stages(&stages);
                return Some(Discard::Stages(stages));
            }
            EngineCommand::SetFader(id, level) => self.change(id, |strip| strip.controls.fader = level),
            EngineCommand::SetPan(id, pan) => self.change(id, |strip| strip.controls.pan = pan),
            EngineCommand::SetPanLaw(id, law) => self.change(id, |strip| strip.controls.pan_law = law),
            EngineCommand::SetSend(id, aux, settings) => self.change(id, |strip| strip.set_send(aux, settings)),
            EngineCommand::SetVcaOf(id, group) => self.change(id, |strip| strip.controls.vca = group),
            EngineCommand::SetTalkover(id, part) => self.change(id, |strip| strip.set_talkover(part)),
            EngineCommand::SetMute(id, on) => self.change(id, |strip| strip.controls.mute = on),
            EngineCommand::SetSolo(id, on) => self.change(id, |strip| strip.controls.solo = on),
            EngineCommand::SetSoloSafe(id, on) => self.change(id, |strip| strip.controls.solo_safe = on),
            EngineCommand::SetCue(id, on) => self.change(id, |strip| strip.set_cue(on)),
            EngineCommand::SetBusFader(bus, level) => {
                if let Some(bus) = self.buses.get_mut(bus.place()) {
                    bus.set_fader(level);
                }
            }
            EngineCommand::SetLimiter(settings) => {
                if let Some(limiter) = self.buses.first_mut().and_then(|bus| bus.limiter.as_mut()) {
                    let refused = limiter.set(&settings);
                    debug_assert!(refused.is_ok(), "the station checks ranges");
                }
            }
            EngineCommand::SetDucker(settings) => {
                let refused = self.ducker.set(&settings);
                debug_assert!(refused.is_ok(), "the station checks ranges");
            }
            EngineCommand::SetVca(group, level) => {
                if let Some(vca) = self.vcas.get_mut(usize::from(group)) {
                    *vca = level;
                    self.aim();
                }
            }
            EngineCommand::SetMixMinus(aux, strip) => {
                if let Some(minus) = self.minus.get_mut(usize::from(aux)) {
                    minus.ask(strip);
                }
            }
            EngineCommand::SetScope(scope, strip) => {
                if let Some(scope) = self.scopes.get_mut(usize::from(scope)) {
                    scope.look_at(strip);
                }
            }
            EngineCommand::AddTap(id, point, writer) => match self.strip(id) {
                Some(strip) => return strip.taps.add(point, writer),
                None => return Some(Discard::Tap(writer)),
            },
            EngineCommand::ClearClips => self.clear_clips(),
            EngineCommand::FollowOutlet(clock) => return Some(Discard::Clock(clock)),
            // The engine's own, not its console's.
            EngineCommand::FollowMachine | EngineCommand::SetPrompt(_) => {}
        }
        None
    }

    /// Lets the buses' faders, stages and ceiling and what they carry of the programme arrive at once, before the first block.
    pub fn settle(&mut self) {
        self.bus_banks.iter_mut().for_each(BusBank::settle);
        self.buses.iter_mut().for_each(Bus::settle);
        self.minus.iter_mut().for_each(MixMinus::settle);
    }

    fn strip(&mut self, id: StripId) -> Option<&mut Strip> {
        let strip = self.strips.get_mut(id.slot())?.as_deref_mut()?;
        (strip.id() == id).then_some(strip)
    }

    /// Changes a strip, then aims them all: a solo here is a mute there.
    fn change(&mut self, id: StripId, change: impl FnOnce(&mut Strip)) {
        if let Some(strip) = self.strip(id) {
            change(strip);
            self.aim();
        }
    }

    fn set_stages(&mut self, stages: &Stages) {
        match stages {
            Stages::Strip(id, settings) => {
                let slot = id.slot();
                if let Some(strip) = self.strip(*id) {
                    strip.controls.chain = *settings;
                    self.bank(slot, |bank, place| bank.set(place, settings));
                }
            }
            Stages::Bus(id, settings) => self.set_bus_stages(id.place(), settings),
        }
    }

    fn set_bus_stages(&mut self, bus: usize, settings: &BusChainSettings) {
        if let Some(bank) = self.bus_banks.get_mut(bus / BANK) {
            bank.set(bus % BANK, settings);
        }
    }

    fn bank(&mut self, slot: usize, set: impl FnOnce(&mut StripBank, usize)) {
        if let Some(bank) = self.strip_banks.get_mut(slot / BANK) {
            set(bank, slot % BANK);
        }
    }

    fn add(&mut self, strip: Box<Strip>) -> Option<Discard> {
        let (slot, chain) = (strip.id().slot(), strip.controls.chain);
        let (vca, arch) = (vca_gain(&self.vcas, strip.controls.vca), self.arch);
        let Some(place) = self.strips.get_mut(slot) else {
            return Some(Discard::Strip(strip));
        };
        let before = place.replace(strip);
        let soloed = self.is_any_soloed();
        if let Some(strip) = self.strips.get_mut(slot).and_then(Option::as_deref_mut) {
            strip.settle(soloed, vca);
            strip.metering.set_arch(arch);
        }
        self.bank(slot, |bank, place| bank.settle(place, &chain));
        self.aim();
        before.map(Discard::Strip)
    }

    fn aim(&mut self) {
        let soloed = self.is_any_soloed();
        self.banks_used = 0;
        let banks = self.strips.chunks_mut(BANK).zip(&mut self.keys);
        for (place, (strips, has_key)) in banks.enumerate() {
            *has_key = false;
            for strip in strips.iter_mut().flatten() {
                let vca = vca_gain(&self.vcas, strip.controls.vca);
                strip.aim(soloed, vca);
                *has_key |= strip.controls.talkover == Talkover::Key;
                self.banks_used = place + 1;
            }
        }
    }

    fn is_any_soloed(&self) -> bool {
        self.strips.iter().flatten().any(|strip| strip.is_soloed())
    }

    /// Counts clips from zero again. Bad samples stay counted: theirs is a total.
    fn clear_clips(&mut self) {
        let strips = self.strips.iter_mut().flatten().map(|strip| &mut strip.metering);
        strips
            .chain(self.buses.iter_mut().map(|bus| &mut bus.metering))
            .for_each(|metering| metering.clear_clips());
    }

    /// Mixes and publishes one block. Returns nothing and cannot fail. Real-time.
    pub fn process(&mut self, time: &BlockTime) {
        let due = Nanos::from_seconds(time.due);
        self.blocks += 1;
        self.duck(time);
        self.mix(time, due);
        self.publish(due);
    }

    /// Lets the microphones decide how far music steps back in this block. What carts ask for counts from their second
    /// block on: no attack is so short that this is heard, and their strips need not be taken in before the others.
    fn duck(&mut self, time: &BlockTime) {
        self.ducker.demand(std::mem::take(&mut self.ducks));
        let banks = self.strips.chunks_mut(BANK).zip(&mut self.strip_banks);
        let with_keys = banks.zip(&self.keys).filter(|(_, has_key)| **has_key);
        with_keys.for_each(|((strips, bank), _)| take_in(strips, bank, &mut self.lanes, time));
        let speaks = |strip: &&Strip| strip.controls.talkover == Talkover::Key && strip.is_heard();
        let banks = self.strips.chunks(BANK).zip(&self.keys);
        let strips = banks.filter(|(_, has_key)| **has_key).flat_map(|(strips, _)| strips);
        let keys = strips.flatten().map(Box::as_ref).filter(speaks);
        self.ducker.key(keys.map(|strip| &strip.block));
    }

    /// Brings the strips up to their faders and mixes them, bank by bank: what a bank leaves is mixed while it is near.
    fn mix(&mut self, time: &BlockTime, due: Nanos) {
        let [programme, cue, aux @ ..] = &mut *self.sums;
        self.minus.iter_mut().for_each(MixMinus::begin);
        let banks = self.strips.chunks_mut(BANK).zip(&mut self.strip_banks).zip(&self.keys);
        for ((strips, bank), has_key) in banks.take(self.banks_used) {
            if !has_key {
                take_in(strips, bank, &mut self.lanes, time);
            }
            for strip in strips.iter_mut().flatten() {
                let id = strip.id();
                self.ducks |= strip.ducks();
                // As the strip's meter and cue have it. It can be looked at before anybody hears it: mute and solo change
                // nothing here.
                let scopes = self.scopes.iter_mut().filter(|scope| scope.strip() == Some(id));
                scopes.for_each(|scope| scope.publish(&strip.block, due));
                let left_out = self.minus.iter().any(|minus| minus.is_without(id));
                let before = left_out.then_some(*programme);
                strip.mix(&mut Mix {
                    programme,
                    cue,
                    aux,
                    ducker: &self.ducker,
                    sequence: self.blocks,
                });
                let Some(before) = before else { continue };
                for minus in self.minus.iter_mut().filter(|minus| minus.is_without(id)) {
                    minus.leave_out(programme, &before);
                }
            }
        }
        for (minus, aux) in self.minus.iter_mut().zip(aux) {
            minus.mix(programme, aux);
        }
    }

    fn publish(&mut self, due: Nanos) {
        for (sums, bank) in self.sums.chunks_mut(BANK).zip(&mut self.bus_banks) {
            let mut sums = sums.iter_mut();
            bank.process(&mut [(); BANK].map(|()| sums.next()), &mut self.lanes);
        }
        for (bus, sum) in self.buses.iter_mut().zip(self.sums.iter_mut()) {
            bus.publish(sum, due);
        }
        self.move_needles();
        self.sums.iter_mut().for_each(|sum| *sum = SILENCE);
    }

    /// Shows the needle meters what the buses have published.
    fn move_needles(&mut self) {
        for ((buses, sums), needles) in self
            .buses
            .chunks(BANK)
            .zip(self.sums.chunks(BANK))
            .zip(&mut self.needles)
        {
            let mut heard = [None; BANK];
            for (heard, (bus, sum)) in heard.iter_mut().zip(buses.iter().zip(sums)) {
                *heard = (!bus.metering.is_silent()).then_some(sum);
            }
            needles.measure(heard);
        }
    }

    /// Sends home one thing that is over: an input that was replaced, a tap whose reader is gone, a strip that has left.
    pub fn retire(&mut self) -> Option<Discard> {
        for slot in 0..self.strips.len() {
            let Some(place) = self.strips.get_mut(slot) else {
                continue;
            };
            let Some(strip) = place else { continue };
            if strip.has_left() {
                let strip = place.take();
                // Nobody passes these stages any more: they cost nothing again.
                self.bank(slot, |bank, place| bank.settle(place, &ChainSettings::default()));
                return strip.map(Discard::Strip);
            }
            if let Some(discard) = strip.change_input().or_else(|| strip.taps.retire()) {
                return Some(discard);
            }
        }
        None
    }

    /// Writes down all levels. `seen`: somebody looked at the last report.
    pub(crate) fn report(&mut self, report: &mut Report, seen: bool) {
        report.buses = [BusReport::default(); BUSES];
        for (place, (bus, into)) in self.buses.iter_mut().zip(&mut report.buses).enumerate() {
            let bank = self.bus_banks.get(place / BANK);
            let needles = self.needles.get_mut(place / BANK);
            *into = BusReport {
                levels: bus.metering.report(seen),
                needles: needles.map_or_else(Default::default, |needles| needles.report(place % BANK, seen)),
                compressor: bank.map_or(0.0, |bank| bank.reduction(place % BANK)),
                limiter: bus.limited.report(seen),
            };
        }
        report.ducking = self.ducker.reduction().db();
        report.clear_strips();
        report.health.bad_samples = 0;
        for (slot, strip) in self.strips.iter_mut().enumerate() {
            let Some(strip) = strip else { continue };
            let bank = self.strip_banks.get(slot / BANK);
            let reductions = bank.map_or_else(Default::default, |bank| bank.reductions(slot % BANK));
            report.health.bad_samples += strip.bad_samples;
            report.push_strip(strip.report(seen, reductions));
        }
    }
}

/// Brings the blocks of one bank's strips up to their faders.
fn take_in(strips: &mut [Option<Box<Strip>>], bank: &mut StripBank, lanes: &mut LaneBlock, time: &BlockTime) {
    let mut strips = strips.iter_mut();
    let mut blocks = [(); BANK].map(|()| {
        let strip = strips.next()?.as_deref_mut()?;
        strip.take_in(time);
        Some(&mut strip.block)
    });
    bank.process(&mut blocks, lanes);
}

fn vca_gain(vcas: &[Decibels; VCA_GROUPS], group: Option<u8>) -> Gain {
    let level = group.and_then(|group| vcas.get(usize::from(group)));
    level.map_or(Gain::UNITY, |level| level.gain())
}

#[cfg(test)]
mod tests;
