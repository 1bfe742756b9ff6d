//! When the next block is due: the desk's one clock.
//!
//! It follows the main output's callbacks when there is a main output, a small lead ahead of what the
//! device has read, else the machine's monotonic clock. Moving between them keeps the count of frames
//! continuous. An output that stops calling back is not awaited: its clock is carried on from what was
//! learnt, and it takes its place anew when it returns. The lead is twice what the engine has been late by.

use airdesk_dsp::SampleRate;
use airdesk_dsp::delay_locked_loop::{DelayLockedLoop, Follow};
use airdesk_dsp::margin::Margin;

use crate::command::Notice;
use crate::outlet_clock::OutletClock;
use crate::time::Nanos;

/// How far to run ahead of the output at first, and at most, frames.
const LEAD: (u32, u32) = (384, 4096);
/// By how much the lead grows when the output was starved, frames.
const LEAD_STEP: u32 = 128;
/// How fast the lead changes otherwise, seconds a second: a quarter of what the bridges can follow.
const LEAD_PACE: f64 = 2.5e-4;
/// Who is late by more was asleep, and is no reason for a longer lead, seconds.
const ASLEEP_SECONDS: f64 = 0.2;
/// What is late while an output is taken over is so by where its first callbacks fell, seconds.
const SETTLING_SECONDS: f64 = 1.0;

struct Outlet {
    clock: Box<OutletClock>,
    device: DelayLockedLoop,
    seat: u32,
    missing: u64,
}

/// The desk's clock.
pub(crate) struct Pacer {
    rate: f64,
    /// A moment and the frame that was due then, for the machine's clock.
    anchor: (f64, f64),
    followed: Option<Outlet>,
    /// An output that has not called back yet.
    candidate: Option<Outlet>,
    lead: Margin,
}

impl Pacer {
    /// Follows the machine's clock from `now` on, which is frame zero.
    pub(crate) fn new(rate: SampleRate, now: Nanos) -> Self {
        let rate = f64::from(rate.hz());
        Self {
            rate,
            anchor: (now.seconds(), 0.0),
            followed: None,
            candidate: None,
            lead: Margin::new(f64::from(LEAD.0) / rate, f64::from(LEAD.1) / rate, LEAD_PACE),
        }
    }

    /// Follows `clock` from its first callback on. Returns one it had been waiting for.
    pub(crate) fn follow(&mut self, clock: Box<OutletClock>) -> Option<Box<OutletClock>> {
        clock.set_lead(self.lead());
        let device = DelayLockedLoop::new(self.rate);
        let outlet = Outlet {
            clock,
            device,
            seat: 0,
            missing: 0,
        };
        self.candidate.replace(outlet).map(|outlet| outlet.clock)
    }

    /// Goes back to the machine's clock. Returns an output that was followed or awaited; call until
    /// there is none.
    pub(crate) fn follow_machine(&mut self, now: Nanos) -> Option<Box<OutletClock>> {
        if let Some(candidate) = self.candidate.take() {
            return Some(candidate.clock);
        }
        self.anchor = (now.seconds(), self.position_at(now.seconds()));
        self.followed.take().map(|outlet| outlet.clock)
    }

    /// Takes in what outputs have said. Returns a clock that is done with, and something to say.
    pub(crate) fn update(&mut self, now: Nanos) -> (Option<Box<OutletClock>>, Option<Notice>) {
        if let Some(candidate) = &mut self.candidate
            && let Some(stamp) = candidate.clock.stamp()
        {
            candidate.device.restart(stamp.position, stamp.at.seconds());
            (candidate.seat, candidate.missing) = (stamp.seat, stamp.missing);
            let before = std::mem::replace(&mut self.followed, self.candidate.take());
            return (before.map(|outlet| outlet.clock), None);
        }
        let notice = self.listen();
        if self.followed.as_ref().is_some_and(|outlet| outlet.clock.is_abandoned()) {
            return (self.follow_machine(now), notice);
        }
        (None, notice)
    }

    /// Reads the followed output's stamps.
    fn listen(&mut self) -> Option<Notice> {
        let outlet = self.followed.as_mut()?;
        let mut notice = None;
        while let Some(stamp) = outlet.clock.stamp() {
            if stamp.seat < outlet.seat {
                continue; // from before it was asked to take its place anew
            }
            if stamp.seat > outlet.seat {
                continue; // not ours to judge: a seat we never gave
            }
            let time = stamp.at.seconds();
            if !outlet.device.is_running() {
                outlet.device.restart(stamp.position, time);
            } else if outlet.device.follow(stamp.position, time) == Follow::Broken {
                outlet.seat = outlet.clock.reseat();
                outlet.device.pause();
                notice = Some(Notice::OutletBroken);
            }
            if stamp.missing > outlet.missing {
                outlet.missing = stamp.missing;
                self.lead.was_short(f64::from(LEAD_STEP) / self.rate);
                let lead = frames(&self.lead, self.rate);
                outlet.clock.set_lead(lead);
                notice = Some(Notice::OutletStarved {
                    missing: stamp.missing,
                    lead,
                });
            }
        }
        notice
    }

    /// How many frames should have been mixed by `time`.
    pub(crate) fn position_at(&self, time: f64) -> f64 {
        match &self.followed {
            Some(outlet) => outlet.device.position_at(time) + self.lead.seconds() * self.rate,
            None => self.anchor.1 + (time - self.anchor.0) * self.rate,
        }
    }

    /// When `position` frames should have been mixed.
    pub(crate) fn time_at(&self, position: f64) -> f64 {
        match &self.followed {
            Some(outlet) => outlet.device.time_at(position - self.lead.seconds() * self.rate),
            None => self.anchor.0 + (position - self.anchor.1) / self.rate,
        }
    }

    /// The desk's clock against the machine's, as a factor.
    pub(crate) fn speed(&self) -> f64 {
        self.followed
            .as_ref()
            .map_or(1.0, |outlet| outlet.device.rate() / self.rate)
    }

    /// An output's clock is followed.
    pub(crate) fn follows_outlet(&self) -> bool {
        self.followed.is_some()
    }

    /// How far the engine runs ahead of the output, frames.
    pub(crate) fn lead(&self) -> u32 {
        frames(&self.lead, self.rate)
    }

    /// A block of `block` seconds was ready at `time`, `late` seconds after it was due.
    pub(crate) fn was_ready(&mut self, time: f64, late: f64, block: f64) {
        let Some(outlet) = &self.followed else { return };
        if late < ASLEEP_SECONDS && outlet.device.age(time) > SETTLING_SECONDS {
            self.lead.was_late(late);
        }
        let before = frames(&self.lead, self.rate);
        self.lead.pass(block);
        let lead = frames(&self.lead, self.rate);
        if lead != before {
            outlet.clock.set_lead(lead);
        }
    }

    /// Leaves out the frames up to `position`, which should have been mixed long before `now`.
    pub(crate) fn skip_to(&mut self, position: f64, now: Nanos) {
        self.anchor = (now.seconds(), position);
        if let Some(outlet) = &mut self.followed {
            outlet.seat = outlet.clock.reseat();
            outlet
                .device
                .restart(position - self.lead.seconds() * self.rate, now.seconds());
            outlet.device.pause();
        }
    }
}

fn frames(lead: &Margin, rate: f64) -> u32 {
    (lead.seconds() * rate).round() as u32
}

#[cfg(test)]
mod tests;
