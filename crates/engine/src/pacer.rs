//! When the next block is due: the desk's one clock.
//!
//! It follows the main output's callbacks when there is a main output, a small lead ahead of what the
//! device has read, else the machine's monotonic clock. Moving between them keeps the count of frames
//! continuous: what the count would jump by, because an output sat down a little further behind or left out a
//! cycle, is kept as extra lead and given back slowly. An output that stops calling back is not awaited: its
//! clock is carried on from what was learnt, and it takes its place anew when it returns.
//! The lead is twice what the engine has been late by.

use airdesk_dsp::SampleRate;
use airdesk_dsp::delay_locked_loop::{DelayLockedLoop, Follow};
use airdesk_dsp::lock::{LOCK_SECONDS, Lock};
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
/// How fast what is led by beyond that is given back: in so many seconds, and at least so fast. Nobody waits for it,
/// and the loops of further outputs hardly notice.
const EXTRA_SECONDS: f64 = 120.0;
const EXTRA_PACE: f64 = 2e-5;
/// Who is late by more was asleep, and is no reason for a longer lead, seconds.
const ASLEEP_SECONDS: f64 = 0.2;
/// An output whose time line broke is followed again once it has been steady for so long, seconds.
const STEADY_SECONDS: f64 = 0.5;
/// What is late while an output is taken over is so by where its first callbacks fell, seconds.
const SETTLING_SECONDS: f64 = 1.0;

/// Locked to an output is a clock that is within so many seconds of it; it no longer is when it is further off than the
/// second, or when the output has not called back for so long.
const LOCK: Lock = Lock::new(0.000_25, 0.001);
const GONE_SECONDS: f64 = 0.5;

struct Outlet {
    clock: Box<OutletClock>,
    device: DelayLockedLoop,
    /// Its time line of before it broke: the desk goes by that until the device has been steady again for a while.
    carried: Option<DelayLockedLoop>,
    seat: u32,
    missing: u64,
    /// When it was taken over, and when it last called back, seconds.
    seated: f64,
    called: f64,
    /// It was starved, and what that tells is not known yet.
    starved: bool,
    lock: Lock,
    /// By how much its callbacks are off its line, smoothed for those who read it, seconds.
    error: f64,
}

/// What became of a stamp.
enum Taken {
    Followed,
    /// The first in a new seat.
    Seated,
    /// The output left out a cycle, or its callback has another place in the host's: it reads on from where it was, and
    /// nobody hears anything if the engine does so too.
    Stepped,
    /// Its time line broke, and it was asked to take its place anew.
    Broken,
}

impl Outlet {
    /// The time line that the desk goes by.
    fn line(&self) -> &DelayLockedLoop {
        self.carried.as_ref().unwrap_or(&self.device)
    }

    /// Judges, `elapsed` seconds after the last time, whether the clock is this output's.
    fn judge(&mut self, now: f64, elapsed: f64) {
        let off = self.device.error().abs();
        self.error += (off - self.error) * (elapsed / LOCK_SECONDS).min(1.0);
        let gone = now - self.called > GONE_SECONDS || self.carried.is_some() || !self.device.is_running();
        if gone {
            self.lock.lose();
        } else {
            self.lock.judge(off, elapsed);
        }
    }

    /// Its callbacks are known, and the last ones came too early: as one of a burst, or as all do of an output that reads
    /// faster than it says.
    fn runs_ahead(&self) -> bool {
        self.called - self.seated > SETTLING_SECONDS && self.device.runs_ahead()
    }

    /// Whether a starvation is over and told something: more lead would not have helped an output that reads faster than
    /// it says. It has left its line by the end of it, and who called in a burst is back on it.
    fn wants_lead(&mut self, taken: &Taken, ran_ahead: bool) -> bool {
        if !self.starved || (self.runs_ahead() && self.carried.is_none()) {
            return false;
        }
        self.starved = false;
        let left = matches!(taken, Taken::Stepped) && ran_ahead;
        !left && self.carried.is_none()
    }

    fn take_in(&mut self, position: f64, time: f64) -> Taken {
        self.called = time;
        if !self.device.is_running() {
            self.device.restart(position, time);
            return if self.carried.is_some() {
                Taken::Followed
            } else {
                Taken::Seated
            };
        }
        match self.device.follow(position, time) {
            Follow::Steady if self.carried.is_some() && self.device.age(time) > STEADY_SECONDS => {
                self.carried = None;
                Taken::Seated
            }
            Follow::Steady | Follow::Suspect | Follow::Outlier => Taken::Followed,
            Follow::Stepped => Taken::Stepped,
            Follow::Broken => {
                self.seat = self.clock.reseat();
                self.carried.get_or_insert_with(|| self.device.clone());
                self.device.pause();
                Taken::Broken
            }
        }
    }
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
    /// What the engine leads by beyond that, seconds, since the count was last carried on.
    extra: f64,
    /// How fast both change, seconds a second.
    drift: f64,
    /// No block has been in time since one was later than anybody who is awake.
    asleep: bool,
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
            extra: 0.0,
            drift: 0.0,
            asleep: false,
        }
    }

    /// Follows `clock` from its first callback on. Returns one it had been waiting for.
    pub(crate) fn follow(&mut self, clock: Box<OutletClock>) -> Option<Box<OutletClock>> {
        clock.set_lead(self.lead());
        let device = DelayLockedLoop::new(self.rate);
        let outlet = Outlet {
            clock,
            device,
            carried: None,
            seat: 0,
            missing: 0,
            seated: 0.0,
            called: 0.0,
            starved: false,
            lock: LOCK,
            error: 0.0,
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
        (self.extra, self.drift) = (0.0, 0.0);
        self.followed.take().map(|outlet| outlet.clock)
    }

    /// Takes in what outputs have said. Returns a clock that is done with, and something to say.
    pub(crate) fn update(&mut self, now: Nanos) -> (Option<Box<OutletClock>>, Option<Notice>) {
        if let Some(candidate) = &mut self.candidate
            && let Some(stamp) = candidate.clock.stamp()
        {
            candidate.device.restart(stamp.position, stamp.at.seconds());
            (candidate.seat, candidate.missing) = (stamp.seat, stamp.missing);
            (candidate.seated, candidate.called) = (stamp.at.seconds(), stamp.at.seconds());
            let (time, due) = (now.seconds(), self.position_at(now.seconds()));
            let before = std::mem::replace(&mut self.followed, self.candidate.take());
            self.extra = 0.0;
            self.extra = (due - self.position_at(time)).clamp(0.0, f64::from(LEAD.1)) / self.rate;
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
            let lead = self.lead.seconds() * self.rate;
            let due = outlet.line().position_at(time) + lead + self.extra * self.rate;
            let ran_ahead = outlet.runs_ahead();
            let taken = outlet.take_in(stamp.position, time);
            let counted = match &taken {
                Taken::Followed => None,
                // It sat down behind what was due: the engine need not wait for it, nor leap ahead of it.
                Taken::Seated => Some(0.0),
                Taken::Stepped => Some(-lead / 2.0),
                Taken::Broken => {
                    notice = Some(Notice::OutletBroken);
                    None
                }
            };
            if let Some(least) = counted {
                let extra = due - outlet.line().position_at(time) - lead;
                self.extra = extra.clamp(least, f64::from(LEAD.1)) / self.rate;
            }
            outlet.starved |= stamp.missing > outlet.missing;
            outlet.missing = outlet.missing.max(stamp.missing);
            if outlet.wants_lead(&taken, ran_ahead) {
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
            Some(outlet) => outlet.line().position_at(time) + self.ahead() * self.rate,
            None => self.anchor.1 + (time - self.anchor.0) * self.rate,
        }
    }

    /// When `position` frames should have been mixed.
    pub(crate) fn time_at(&self, position: f64) -> f64 {
        match &self.followed {
            Some(outlet) => outlet.line().time_at(position - self.ahead() * self.rate),
            None => self.anchor.0 + (position - self.anchor.1) / self.rate,
        }
    }

    /// The desk's clock against the machine's, as a factor. A lead that grows makes it faster for so long.
    pub(crate) fn speed(&self) -> f64 {
        self.followed
            .as_ref()
            .map_or(1.0, |outlet| outlet.line().rate() / self.rate + self.drift)
    }

    /// How far the engine runs ahead of the output, seconds.
    fn ahead(&self) -> f64 {
        self.lead.seconds() + self.extra
    }

    /// An output's clock is followed.
    pub(crate) fn follows_outlet(&self) -> bool {
        self.followed.is_some()
    }

    /// By how much the followed output's callbacks are off the desk's clock, to either side, mean of five seconds, seconds.
    pub(crate) fn error(&self) -> f64 {
        self.followed.as_ref().map_or(0.0, |outlet| outlet.error)
    }

    /// The desk's clock has been the followed output's for a while.
    pub(crate) fn is_locked(&self) -> bool {
        self.followed.as_ref().is_some_and(|outlet| outlet.lock.is_held())
    }

    /// How far the engine runs ahead of the output, frames.
    pub(crate) fn lead(&self) -> u32 {
        frames(&self.lead, self.rate)
    }

    /// A block of `block` seconds was ready at `time`, `late` seconds after it was due.
    pub(crate) fn was_ready(&mut self, time: f64, late: f64, block: f64) {
        let Some(outlet) = &mut self.followed else { return };
        outlet.judge(time, block);
        // Who makes up for a sleep is late by less and less, and no reason for a longer lead either.
        self.asleep = late >= ASLEEP_SECONDS || self.asleep && late > 2.0 * block;
        if !self.asleep && outlet.device.age(time) > SETTLING_SECONDS {
            self.lead.was_late(late);
        }
        let (ahead, before) = (self.ahead(), frames(&self.lead, self.rate));
        self.lead.pass(block);
        let pace = (self.extra.abs() / EXTRA_SECONDS).clamp(EXTRA_PACE, LEAD_PACE) * block;
        self.extra -= self.extra.clamp(-pace, pace);
        self.drift = (self.ahead() - ahead) / block;
        let lead = frames(&self.lead, self.rate);
        if lead != before
            && let Some(outlet) = &self.followed
        {
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
            (outlet.carried, self.extra) = (None, 0.0);
        }
    }
}

fn frames(lead: &Margin, rate: f64) -> u32 {
    (lead.seconds() * rate).round() as u32
}

#[cfg(test)]
mod tests;
