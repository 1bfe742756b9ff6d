//! The console: strips into buses, one block at a time. Needs no thread, no device and no clock, so a
//! show renders faster than it plays.

use airdesk_dsp::SampleRate;

use crate::bus::{Bus, BusId};
use crate::command::{Discard, EngineCommand};
use crate::id::StripId;
use crate::input::BlockTime;
use crate::mix_queue::MixWriter;
use crate::report::Report;
use crate::strip::Strip;
use crate::time::Nanos;

/// Places for strips.
pub const MAX_STRIPS: usize = 256;

/// Strips and buses.
pub struct Console {
    strips: Box<[Option<Box<Strip>>]>,
    programme: Bus,
    cue: Bus,
}

impl Console {
    /// An empty console that publishes to these queues. Allocates; nothing else here does.
    pub fn new(rate: SampleRate, programme: MixWriter, cue: MixWriter) -> Self {
        let strips = std::iter::repeat_with(|| None).take(MAX_STRIPS).collect();
        Self {
            strips,
            programme: Bus::new(rate, programme),
            cue: Bus::new(rate, cue),
        }
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
            EngineCommand::SetTrim(id, level) => self.change(id, |strip| strip.set_trim(level)),
            EngineCommand::SetFader(id, level) => self.change(id, |strip| strip.set_fader(level)),
            EngineCommand::SetPan(id, pan) => self.change(id, |strip| strip.set_pan(pan)),
            EngineCommand::SetMute(id, on) => self.change(id, |strip| strip.mute = on),
            EngineCommand::SetSolo(id, on) => self.change(id, |strip| strip.solo = on),
            EngineCommand::SetSoloSafe(id, on) => self.change(id, |strip| strip.solo_safe = on),
            EngineCommand::SetCue(id, on) => self.change(id, |strip| strip.set_cue(on)),
            EngineCommand::SetBusFader(bus, level) => self.bus(bus).set_fader(level),
            EngineCommand::ClearClips => self.clear_clips(),
            EngineCommand::FollowOutlet(clock) => return Some(Discard::Clock(clock)),
            EngineCommand::FollowMachine => {}
        }
        None
    }

    /// Lets the buses' faders arrive at once, before the first block.
    pub fn settle(&mut self) {
        self.programme.settle();
        self.cue.settle();
    }

    fn bus(&mut self, id: BusId) -> &mut Bus {
        match id {
            BusId::Programme => &mut self.programme,
            BusId::Cue => &mut self.cue,
        }
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

    fn add(&mut self, strip: Box<Strip>) -> Option<Discard> {
        let Some(place) = self.strips.get_mut(strip.id().slot()) else {
            return Some(Discard::Strip(strip));
        };
        let before = place.replace(strip);
        self.aim();
        before.map(Discard::Strip)
    }

    fn aim(&mut self) {
        let soloed = self.strips.iter().flatten().any(|strip| strip.solo);
        for strip in self.strips.iter_mut().flatten() {
            strip.aim(soloed);
        }
    }

    fn clear_clips(&mut self) {
        let strips = self.strips.iter_mut().flatten().map(|strip| &mut strip.metering);
        strips
            .chain([&mut self.programme.metering, &mut self.cue.metering])
            .for_each(|metering| metering.clear_clips());
    }

    /// Mixes and publishes one block. Returns nothing and cannot fail. Real-time.
    pub fn process(&mut self, time: &BlockTime) {
        let (programme, cue) = (&mut self.programme.sum, &mut self.cue.sum);
        for strip in self.strips.iter_mut().flatten() {
            strip.mix(time, programme, cue);
        }
        let due = Nanos::from_seconds(time.due);
        self.programme.publish(due);
        self.cue.publish(due);
    }

    /// Sends home one thing that has faded out: an input that was replaced, a strip that has left.
    pub fn retire(&mut self) -> Option<Discard> {
        for place in &mut self.strips {
            let Some(strip) = place else { continue };
            if strip.has_left() {
                return place.take().map(Discard::Strip);
            }
            if let Some(discard) = strip.change_input() {
                return Some(discard);
            }
        }
        None
    }

    /// Writes down all levels. `seen`: somebody looked at the last report.
    pub(crate) fn report(&mut self, report: &mut Report, seen: bool) {
        report.buses = [self.programme.metering.report(seen), self.cue.metering.report(seen)];
        report.clear_strips();
        report.health.bad_samples = 0;
        for strip in self.strips.iter_mut().flatten() {
            report.health.bad_samples += strip.bad_samples;
            report.push_strip(strip.report(seen));
        }
    }
}

#[cfg(test)]
mod tests;
