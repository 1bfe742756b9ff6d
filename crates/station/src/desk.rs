//! The engine as the station holds it: started, commanded, and tidied up after.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_engine::report::{Report, ReportReader};
use airdesk_engine::time::Clock;
use airdesk_engine::{Engine, EngineCommand, EngineLink, EngineSettings, EngineThread, MAX_STRIPS, Notice, StripId};
use rtrb::Producer;

use crate::api::{CommandError, ErrorCode};

/// How often the janitor looks for what the engine has put down.
const ROUND: Duration = Duration::from_millis(20);

/// A running engine.
pub(crate) struct Desk {
    commands: Producer<EngineCommand>,
    reports: ReportReader,
    thread: EngineThread,
    generations: Box<[u32]>,
    used: Box<[bool]>,
    next: usize,
    pub(crate) programme: MixTap,
    pub(crate) cue: MixTap,
    pub(crate) clock: Clock,
    pub(crate) rate: SampleRate,
}

impl Desk {
    /// Starts an engine and its janitor. `tell` hears what the engine has to say, on the janitor's
    /// thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(rate: SampleRate, tell: impl Fn(Notice) + Send + 'static) -> std::io::Result<Self> {
        let clock = Clock::machine();
        let (engine, link) = Engine::new(
            EngineSettings {
                rate,
                ..EngineSettings::default()
            },
            clock.clone(),
        );
        let EngineLink {
            commands,
            mut discards,
            mut notices,
            reports,
            programme,
            cue,
        } = link;
        thread::Builder::new().name("janitor".into()).spawn(move || {
            loop {
                let ended = discards.is_abandoned();
                while let Ok(discard) = discards.pop() {
                    drop(discard);
                }
                while let Ok(notice) = notices.pop() {
                    tell(notice);
                }
                if ended {
                    return;
                }
                thread::sleep(ROUND);
            }
        })?;
        let thread = EngineThread::start(engine, clock.clone(), rate)?;
        Ok(Self {
            commands,
            reports,
            thread,
            generations: vec![0; MAX_STRIPS].into(),
            used: vec![false; MAX_STRIPS].into(),
            next: 0,
            programme,
            cue,
            clock,
            rate,
        })
    }

    /// Sends one command.
    ///
    /// # Errors
    /// When the engine takes none: it has stopped or cannot keep up.
    pub(crate) fn send(&mut self, command: EngineCommand) -> Result<(), CommandError> {
        self.commands.push(command).map_err(|_| CommandError {
            code: ErrorCode::Unavailable,
            message: "the engine does not take commands now; try again in a moment".into(),
        })
    }

    /// A fresh id, or `None` when all places are taken.
    pub(crate) fn take_id(&mut self) -> Option<StripId> {
        // Round and round: a place just left may still be fading out.
        let count = self.used.len();
        let slot = (self.next..self.next + count)
            .map(|slot| slot % count)
            .find(|slot| !self.used[*slot])?;
        self.next = slot + 1;
        self.used[slot] = true;
        self.generations[slot] += 1;
        Some(StripId::new(slot, self.generations[slot]))
    }

    /// The strip is gone: its place may be used again, its id never.
    pub(crate) fn give_back(&mut self, id: StripId) {
        if let Some(used) = self.used.get_mut(id.slot()) {
            *used = false;
        }
    }

    /// The engine's newest report.
    pub(crate) fn report(&mut self) -> &Report {
        self.reports.latest()
    }

    pub(crate) fn is_real_time(&self) -> bool {
        self.thread.is_real_time()
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.thread.has_panicked()
    }
}

/// Shares a piece of material among strips.
pub(crate) type Piece = Arc<[airdesk_dsp::Frame]>;
