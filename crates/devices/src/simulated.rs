//! Scripted sound cards in virtual time, behind CPAL's own `custom` host.
//!
//! The desk opens them as it opens any device. Nothing happens until a test moves the time: then every
//! callback due comes in order, on the test's own thread, and twice the same script gives twice the same
//! run. A card has a clock that is off and wanders, callbacks of any size that come early or late, a
//! signal, and every fault a device has been seen to have.

mod card;
mod host;
pub mod loop_back;
mod rig;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use airdesk_engine::time::{Clock, Nanos, SimulatedTime};

use crate::{DeviceId, HostChoice};
pub use card::{Card, Signal, Sizes, Wander};
pub use cpal::ErrorKind;
pub use cpal::SampleFormat;
use host::SimulatedHost;
use rig::{Next, Rig};

/// The shortest step of [`SimulatedCards::run`]: an engine's thread does not turn oftener.
const SHORTEST_NAP: Nanos = Nanos(200_000);

/// A hook around every callback, see [`SimulatedCards::around_callbacks`].
type Around = Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// A set of cards and their time. Clones are the same set.
#[derive(Clone)]
pub struct SimulatedCards {
    rig: Arc<(Mutex<Rig>, Condvar)>,
    time: SimulatedTime,
    clock: Clock,
}

impl SimulatedCards {
    /// No cards yet; the time stands at zero.
    pub fn new() -> Self {
        let (clock, time) = Clock::simulated();
        Self {
            rig: Arc::default(),
            time,
            clock,
        }
    }

    /// The desk's clock for this simulation.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// These cards as the only host.
    pub fn hosts(&self) -> HostChoice {
        HostChoice::none().with_simulated(self)
    }

    /// The identity of the card called `id`.
    pub fn device(id: &str) -> DeviceId {
        DeviceId::new(&cpal::HostId::Custom.to_string(), id)
    }

    /// Plugs a card in.
    pub fn add(&self, card: Card) {
        self.lock().add(card);
    }

    /// The time, as of the last event.
    pub fn now(&self) -> Nanos {
        self.clock.now()
    }

    /// When the next callback is due.
    pub fn next_event(&self) -> Option<Nanos> {
        self.lock().next_due()
    }

    /// Moves the time on to `until`; every callback due by then comes at its time.
    pub fn advance_to(&self, until: Nanos) {
        loop {
            let due = self.lock().take_due(until); // callbacks are called without the lock
            let Some(mut next) = due else { break };
            self.time.set(next.at.max(self.now()));
            let around = self.lock().around.clone();
            match around {
                Some(around) => around(&mut || next.call()),
                None => next.call(),
            }
            self.give_back(next);
        }
        self.time.set(until.max(self.now()));
    }

    /// Moves the time on by `seconds`.
    pub fn advance(&self, seconds: f64) {
        self.advance_to(Nanos::from_seconds(self.now().seconds() + seconds));
    }

    /// Moves the time on by `seconds` and lets an engine turn whenever it wants to: `turn` returns when
    /// next.
    pub fn run(&self, seconds: f64, mut turn: impl FnMut() -> Nanos) {
        let until = Nanos::from_seconds(self.now().seconds() + seconds);
        let mut wanted = Nanos(0);
        while self.now() < until {
            if wanted <= self.now() {
                wanted = turn().max(Nanos(self.now().0 + SHORTEST_NAP.0));
            }
            let event = self.next_event().unwrap_or(until);
            self.advance_to(event.min(wanted).min(until));
        }
    }

    /// Calls `around` with every callback, to be called in there: for `assert_no_alloc` and the like.
    pub fn around_callbacks(&self, around: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) {
        self.lock().around = Some(Arc::new(around));
    }

    /// Unplugs a card. Its streams end; `announced`: and are told so.
    pub fn vanish(&self, id: &str, announced: bool) {
        self.lock().vanish(id);
        if announced {
            self.fail(id, ErrorKind::DeviceNotAvailable, 1);
        }
    }

    /// Plugs a card in again. Streams of before stay dead.
    pub fn come_back(&self, id: &str) {
        self.lock().come_back(id);
    }

    /// No callbacks for `seconds`. What was captured meanwhile is lost, and not announced.
    pub fn stall(&self, id: &str, seconds: f64) {
        let now = self.now().seconds();
        self.lock().stall(id, now + seconds);
    }

    /// The machine stands still for `seconds`: no callback comes, then all that are due come at once, none lost.
    pub fn stand_still(&self, seconds: f64) {
        let until = Nanos::from_seconds(self.now().seconds() + seconds);
        self.lock().hold_all(until);
        self.advance_to(until);
    }

    /// Reports an error to a card's streams, `times` over. They go on calling back.
    pub fn fail(&self, id: &str, kind: ErrorKind, times: u32) {
        let taken = self.lock().take_all(id);
        for mut next in taken {
            for _ in 0..times {
                next.fail(kind);
            }
            self.give_back(next);
        }
    }

    /// Changes a card's rate, that of running streams too, without a word to them.
    pub fn set_rate(&self, id: &str, hz: u32) {
        self.lock().set_rate(id, hz);
    }

    /// Makes a card the default for what it can do, instead of another.
    pub fn make_default(&self, id: &str) {
        self.lock().make_default(id);
    }

    /// From now on, or no longer, the host does not answer when asked for its devices.
    pub fn hang_listing(&self, hang: bool) {
        self.lock().hung_listing = hang;
        self.rig.1.notify_all();
    }

    /// From now on, or no longer, no stream opens or closes.
    pub fn hang_opening(&self, hang: bool) {
        self.lock().hung_opening = hang;
        self.rig.1.notify_all();
    }

    /// Frames that the next callback of a card's stream brings, where one is open.
    pub fn callback_frames(&self, id: &str) -> Option<usize> {
        self.lock().callback_frames(id)
    }

    /// Streams open on a card, ended ones that nobody has closed included.
    pub fn streams(&self, id: &str) -> usize {
        self.lock().streams(id)
    }

    /// What a card has played since the last time this was asked: every channel, interleaved.
    pub fn take_played(&self, id: &str) -> Vec<f32> {
        self.lock().take_played(id)
    }

    /// The cards as CPAL sees them.
    pub(crate) fn cpal_host(&self) -> cpal::Host {
        cpal::platform::CustomHost::from_host(SimulatedHost(self.clone())).into()
    }

    fn lock(&self) -> MutexGuard<'_, Rig> {
        self.rig.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the host hangs.
    fn wait_while(&self, hung: impl Fn(&Rig) -> bool) {
        let waited = self.rig.1.wait_while(self.lock(), |rig| hung(rig));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Puts a stream's callback back where it was taken from. One that was closed meanwhile ends here.
    fn give_back(&self, next: Next) {
        let closed = self.lock().give_back(next);
        drop(closed);
    }
}

impl Default for SimulatedCards {
    fn default() -> Self {
        Self::new()
    }
}
