//! Who listens to what.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use airdesk_engine::mix_queue::MixTap;

use super::flow::{Beginning, Flow};
use super::mount::{Introduction, ListenSettings, Mount};
use super::trail::Trail;
use super::{ListenSettingsError, ListenerFeed};
use crate::Recovery;
use crate::broadcast::TitlePlan;
use crate::encode::{EncoderError, EncoderSettings, Encoders, StreamLevel, Wanted};
use crate::title::Title;

/// Why a listener gets nothing.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The operator has closed the mount.
    #[error("the mount is closed")]
    Closed,
    /// There are enough listeners.
    #[error("the mount is full: {listeners_max} are listening")]
    Full {
        /// The limit.
        listeners_max: u32,
    },
    /// There is nothing to hear.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
}

impl JoinError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Closed => Recovery::AskOperator,
            Self::Full { .. } => Recovery::Retry,
            Self::Encoder(error) => error.recovery(),
        }
    }
}

/// How a mount is doing. Counted since the desk was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountStatistics {
    /// Which.
    pub mount: Mount,
    /// What it sends.
    pub encoder: EncoderSettings,
    /// For how long it has been open; `None` when it is closed.
    pub open_for: Option<Duration>,
    /// Listeners now.
    pub listeners: u32,
    /// The most there were at once.
    pub peak: u32,
    /// How often somebody has begun to listen.
    pub total: u64,
    /// Listeners that were sent away because they were too slow.
    pub evicted: u64,
    /// Bytes that were handed to listeners.
    pub bytes_sent: u64,
}

/// The mounts of one desk. Clones are the same hub.
#[derive(Clone)]
pub struct ListenerHub(Arc<Shared>);

struct Shared {
    encoders: Encoders,
    stage: Mutex<Stage>,
}

struct Stage {
    settings: ListenSettings,
    tap: MixTap,
    /// While the hub is open.
    trail: Option<Trail>,
    open: bool,
    title: Title,
    introduction: Introduction,
    places: [Place; Mount::ALL.len()],
}

/// A mount, and who listens to it.
#[derive(Default)]
struct Place {
    flow: Option<Flow>,
    seats: u32,
    peak: u32,
    total: u64,
    open_since: Option<Instant>,
    tally: Arc<Tally>,
    /// What was lost by flows that have ended.
    lost_before: u64,
    /// When the last listener left; `None` while there are any, and before the first.
    empty_since: Option<Instant>,
}

/// What listeners count by themselves.
#[derive(Default)]
struct Tally {
    evicted: AtomicU64,
    bytes: AtomicU64,
}

impl ListenerHub {
    /// A hub that is closed. Nothing is encoded yet; what will be is shared with all who have the same encoders.
    ///
    /// # Errors
    /// When the settings cannot be.
    pub fn new(tap: MixTap, encoders: Encoders, settings: ListenSettings) -> Result<Self, ListenSettingsError> {
        settings.check()?;
        let stage = Mutex::new(Stage {
            settings,
            tap,
            trail: None,
            open: false,
            title: Title::default(),
            introduction: Introduction::default(),
            places: Default::default(),
        });
        Ok(Self(Arc::new(Shared { encoders, stage })))
    }

    /// Lets listeners in.
    pub fn open(&self) {
        let mut stage = self.stage();
        stage.open = true;
        stage.settle();
    }

    /// Ends every stream and lets nobody in.
    pub fn close(&self) {
        let mut stage = self.stage();
        stage.open = false;
        stage.settle();
    }

    /// Is as it is set from now on. Listeners of a mount that sounds otherwise, or is closed, are sent away: their
    /// players ask again.
    ///
    /// # Errors
    /// When the settings cannot be.
    pub fn set(&self, settings: ListenSettings) -> Result<(), ListenSettingsError> {
        settings.check()?;
        let mut stage = self.stage();
        stage.settings = settings;
        stage.settle();
        Ok(())
    }

    /// Goes on with another bus. Streams of the one before end: their players ask again, and hear this one.
    pub fn follow(&self, tap: MixTap) {
        let mut stage = self.stage();
        stage.tap = tap;
        stage.places.iter_mut().for_each(Place::end);
        stage.keep_a_trail();
    }

    /// Listeners are let in.
    pub fn is_open(&self) -> bool {
        self.stage().open
    }

    /// Sets what listeners read.
    pub fn set_title(&self, title: &Title) {
        let mut stage = self.stage();
        stage.title = title.clone();
        for flow in stage.places.iter().filter_map(|place| place.flow.as_ref()) {
            flow.set_title(title);
        }
    }

    /// What listeners read.
    pub fn title(&self) -> Title {
        self.stage().title.clone()
    }

    /// Sets what those who join from now on are told about the station.
    pub fn introduce(&self, introduction: Introduction) {
        self.stage().introduction = introduction;
    }

    /// What those who join are told about the station.
    pub fn introduction(&self) -> Introduction {
        self.stage().introduction.clone()
    }

    /// Listeners now, over all mounts.
    pub fn listeners(&self) -> u32 {
        self.stage().listeners()
    }

    /// How each mount is doing.
    pub fn statistics(&self) -> [MountStatistics; Mount::ALL.len()] {
        let stage = self.stage();
        Mount::ALL.map(|mount| stage.places[mount as usize].statistics(mount, stage.settings.plan(mount).encoder))
    }

    /// Frames that the mounts' encoders came too late for: heard as silence.
    pub fn frames_lost(&self) -> u64 {
        self.stage().places.iter().map(Place::frames_lost).sum()
    }

    /// Seats one more listener; `wants_icy` when its request says `Icy-MetaData: 1`. The first listener of
    /// a mount starts its encoder, which takes some milliseconds.
    ///
    /// # Errors
    /// When the mount is closed, the hub is full, or nothing can be encoded.
    pub fn join(&self, mount: Mount, wants_icy: bool) -> Result<ListenerFeed, JoinError> {
        let (beginning, headers, tally) = self.seat(mount)?;
        let seat = Seat {
            hub: self.clone(),
            mount,
            tally,
        };
        let icy = wants_icy && mount == Mount::Mp3;
        Ok(ListenerFeed::new(beginning, icy, headers, seat))
    }

    /// What a listener begins with, whose encoder is started where none runs.
    #[allow(clippy::type_complexity)] // three things that are wanted at one place, once
    fn seat(&self, mount: Mount) -> Result<(Beginning, Vec<(&'static str, String)>, Arc<Tally>), JoinError> {
        let mut stage = self.stage();
        let ListenSettings {
            listeners_max, burst, ..
        } = stage.settings;
        let plan = stage.settings.plan(mount);
        if !stage.open || !plan.open {
            return Err(JoinError::Closed);
        }
        if stage.listeners() >= listeners_max {
            return Err(JoinError::Full { listeners_max });
        }
        let running = stage.places[mount as usize].flow.clone();
        let flow = match running.filter(|flow| !flow.has_ended()) {
            Some(flow) => flow,
            None => {
                let wanted = stage.wanted(plan.encoder);
                let hub = Arc::downgrade(&self.0);
                let is_over = move |flow: &Flow| is_over(&hub, mount, flow);
                let begin = || match &stage.trail {
                    Some(trail) => trail.reader(),
                    None => wanted.tap.reader(),
                };
                let flow = Flow::start(&self.0.encoders, &wanted, &stage.title, begin, is_over)?;
                stage.places[mount as usize].begin(flow.clone());
                flow
            }
        };
        let beginning = flow.join(burst).ok_or(JoinError::Closed)?;
        let headers = stage.introduction.headers(plan.encoder);
        let place = &mut stage.places[mount as usize];
        place.seats += 1;
        place.total += 1;
        place.peak = place.peak.max(place.seats);
        place.empty_since = None;
        Ok((beginning, headers, place.tally.clone()))
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.stage()
    }
}

impl Shared {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        // Everything on the stage is replaced whole: a panic leaves nothing half done.
        self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A mount need not run on: its hub is gone, or nobody has listened for a while.
fn is_over(hub: &Weak<Shared>, mount: Mount, flow: &Flow) -> bool {
    let Some(shared) = hub.upgrade() else {
        return true;
    };
    let mut stage = shared.stage();
    let rest_after = stage.settings.rest_after;
    let place = &mut stage.places[mount as usize];
    let is_own = place.flow.as_ref().is_some_and(|current| current.is(flow));
    let rests = place.empty_since.is_some_and(|since| since.elapsed() > rest_after);
    if is_own && rests {
        place.end(); // under the lock: nobody joins what is about to end
    }
    rests || !is_own
}

impl Stage {
    fn listeners(&self) -> u32 {
        self.places.iter().map(|place| place.seats).sum()
    }

    /// Ends what is not to go on as it is.
    fn settle(&mut self) {
        for mount in Mount::ALL {
            let plan = self.settings.plan(mount);
            let place = &mut self.places[mount as usize];
            let is_open = self.open && plan.open;
            let same = place.flow.as_ref().is_none_or(|flow| flow.encoder() == plan.encoder);
            if !is_open || !same {
                place.end();
            }
            place.open_since = is_open.then(|| place.open_since.unwrap_or_else(Instant::now));
        }
        self.keep_a_trail();
    }

    /// What the first listener is given at once is kept from now on.
    fn keep_a_trail(&mut self) {
        let burst = self.settings.burst;
        let wanted = self.open && !burst.is_zero();
        let rate = self.settings.mounts[0].encoder.rate;
        self.trail = wanted.then(|| Trail::behind(&self.tap, burst, rate));
    }

    /// The air as it is, with the titles of targets that put them together in the usual way: those share its encoders.
    fn wanted(&self, settings: EncoderSettings) -> Wanted {
        let plan = TitlePlan {
            station: self.introduction.name.clone(),
            ..TitlePlan::default()
        };
        Wanted {
            tap: self.tap.clone(),
            level: StreamLevel::default(),
            settings,
            titles: plan.key(),
        }
    }
}

impl Place {
    fn statistics(&self, mount: Mount, encoder: EncoderSettings) -> MountStatistics {
        MountStatistics {
            mount,
            encoder,
            open_for: self.open_since.map(|since| since.elapsed()),
            listeners: self.seats,
            peak: self.peak,
            total: self.total,
            // Relaxed: statistics.
            evicted: self.tally.evicted.load(Ordering::Relaxed),
            bytes_sent: self.tally.bytes.load(Ordering::Relaxed),
        }
    }

    fn frames_lost(&self) -> u64 {
        self.lost_before + self.flow.as_ref().map_or(0, Flow::frames_lost)
    }

    fn begin(&mut self, flow: Flow) {
        self.end();
        self.flow = Some(flow);
    }

    /// Ends what runs. Its listeners keep their seats until they have left.
    fn end(&mut self) {
        self.lost_before = self.frames_lost();
        if let Some(flow) = self.flow.take() {
            flow.end();
        }
    }
}

/// A listener's place; free again when dropped.
pub(super) struct Seat {
    hub: ListenerHub,
    mount: Mount,
    tally: Arc<Tally>,
}

impl Seat {
    pub(super) fn mount(&self) -> Mount {
        self.mount
    }

    pub(super) fn count_bytes(&self, bytes: usize) {
        // Relaxed: a statistic.
        self.tally.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_evicted(&self) {
        // Relaxed: a statistic.
        self.tally.evicted.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut stage = self.hub.stage();
        let place = &mut stage.places[self.mount as usize];
        place.seats -= 1;
        if place.seats == 0 {
            place.empty_since = Some(Instant::now());
        }
    }
}
