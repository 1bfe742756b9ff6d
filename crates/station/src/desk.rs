//! The engine as the station holds it: started, commanded, and tidied up after.

use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::Duration;

use airdesk_dsp::{Frames, SampleRate};
use airdesk_engine::mix_queue::MixTap;
use airdesk_engine::report::{Health, Report, ReportReader};
use airdesk_engine::time::Clock;
use airdesk_engine::{
    BUSES, Engine, EngineCommand, EngineLink, EngineSettings, EngineThread, MAX_STRIPS, Notice, SCOPES, StripId,
    TapPoint, TapReader, tap,
};
use rtrb::{Producer, PushError};

use crate::api::{BusName, CommandError, ErrorCode};

/// How often the janitor looks for what the engine has put down: while there is something, and while nobody asks the engine for
/// anything.
const ROUND: Duration = Duration::from_millis(20);
const QUIET_ROUND: Duration = Duration::from_millis(200);

/// Blocks that a tap holds: 1.4 s at 48 kHz, in half a megabyte.
const TAP_BLOCKS: usize = 1024;

/// So often a full ring is tried again, and after so long: a block takes 1.3 ms, the janitor's round 20, and on a
/// machine with other things to do all of it takes its time.
const PATIENCE: u32 = 1_000;
const MOMENT: Duration = Duration::from_millis(1);

/// Hears what the engine has to say, on the janitor's thread.
type Tell = Arc<dyn Fn(Notice) + Send + Sync>;

/// An engine and the places on its console. When the engine breaks another one takes its place, and the
/// strips keep their ids.
pub(crate) struct Desk {
    engine: Running,
    tell: Tell,
    /// What engines that have broken counted: totals never fall.
    before: Health,
    /// What a broken engine reports.
    nothing: Box<Report>,
    generations: Box<[u32]>,
    used: Box<[bool]>,
    next: usize,
    /// What every bus publishes, in the order in which buses are listed.
    taps: [MixTap; BUSES],
    /// What the scopes publish of the strips that they look at.
    scopes: [MixTap; SCOPES],
    /// What the engine was told last of how soon blocks are wanted; it begins prompt.
    prompt: bool,
    pub(crate) clock: Clock,
    pub(crate) rate: SampleRate,
}

/// The station's ends of one engine.
struct Running {
    commands: Producer<EngineCommand>,
    janitor: Thread,
    reports: ReportReader,
    thread: EngineThread,
    /// By how much the programme is later than the strips.
    latency: Frames,
}

/// Where an engine can be listened to.
struct Taps {
    buses: [MixTap; BUSES],
    scopes: [MixTap; SCOPES],
}

/// Starts an engine and its janitor.
fn start(rate: SampleRate, clock: &Clock, tell: Tell) -> std::io::Result<(Running, Taps)> {
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
        aux,
        scopes,
        latency,
    } = link;
    let janitor = thread::Builder::new().name("janitor".into()).spawn(move || {
        loop {
            let ended = discards.is_abandoned();
            let mut quiet = true;
            while let Ok(discard) = discards.pop() {
                drop(discard);
                quiet = false;
            }
            while let Ok(notice) = notices.pop() {
                tell(notice);
                quiet = false;
            }
            if ended {
                return;
            }
            if quiet {
                thread::park_timeout(QUIET_ROUND);
            }
            thread::sleep(ROUND);
        }
    })?;
    let thread = EngineThread::start(engine, clock.clone(), rate)?;
    let running = Running {
        commands,
        janitor: janitor.thread().clone(),
        reports,
        thread,
        latency,
    };
    let [one, two, three, four, five, six, seven, eight] = aux;
    let buses = [programme, cue, one, two, three, four, five, six, seven, eight];
    Ok((running, Taps { buses, scopes }))
}

impl Desk {
    /// Starts an engine and its janitor. `tell` hears what the engine has to say, on the janitor's
    /// thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(rate: SampleRate, tell: impl Fn(Notice) + Send + Sync + 'static) -> std::io::Result<Self> {
        let (clock, tell): (_, Tell) = (Clock::machine(), Arc::new(tell));
        let (engine, taps) = start(rate, &clock, tell.clone())?;
        Ok(Self {
            engine,
            tell,
            before: Health::default(),
            nothing: Box::default(),
            generations: vec![0; MAX_STRIPS].into(),
            used: vec![false; MAX_STRIPS].into(),
            next: 0,
            taps: taps.buses,
            scopes: taps.scopes,
            prompt: true,
            clock,
            rate,
        })
    }

    /// What a bus publishes.
    pub(crate) fn bus(&self, bus: BusName) -> &MixTap {
        &self.taps[bus.place()]
    }

    /// What a scope, counted from 0, publishes of the strip that it looks at.
    pub(crate) fn scope(&self, scope: u8) -> &MixTap {
        &self.scopes[usize::from(scope)]
    }

    /// What the programme bus publishes.
    pub(crate) fn programme(&self) -> &MixTap {
        self.bus(BusName::Programme)
    }

    /// By how much the programme is later than the strips, seconds.
    pub(crate) fn latency(&self) -> f32 {
        self.engine.latency.0 as f32 / self.rate.hz() as f32
    }

    /// The same in frames.
    pub(crate) fn latency_frames(&self) -> Frames {
        self.engine.latency
    }

    /// Puts an engine with an empty console into the place of one that has broken. Its queues are new too:
    /// nothing that a panic may have left half done is used again.
    ///
    /// # Errors
    /// When the system refuses a thread. All is then as before.
    pub(crate) fn restart(&mut self) -> std::io::Result<()> {
        let (engine, taps) = start(self.rate, &self.clock, self.tell.clone())?;
        self.before = self.health();
        (self.engine, self.taps, self.scopes) = (engine, taps.buses, taps.scopes);
        self.prompt = true;
        Ok(())
    }

    /// Sends one command. A scene of many strips fills the ring faster than the engine empties it, a block at a time:
    /// then this waits, some milliseconds, and a second at most.
    ///
    /// # Errors
    /// When the engine takes none: it has stopped or cannot keep up.
    pub(crate) fn send(&mut self, mut command: EngineCommand) -> Result<(), CommandError> {
        self.check()?;
        for _ in 0..PATIENCE {
            match self.engine.commands.push(command) {
                Ok(()) => {
                    self.engine.janitor.unpark();
                    return Ok(());
                }
                Err(PushError::Full(refused)) => command = refused,
            }
            thread::sleep(MOMENT);
        }
        Err(CommandError {
            code: ErrorCode::Unavailable,
            message: "the engine does not take commands now; try again in a moment".into(),
        })
    }

    /// A device plays what is mixed, or none does any more: then blocks may wait for each other.
    pub(crate) fn set_prompt(&mut self, prompt: bool) {
        if prompt != self.prompt && self.send(EngineCommand::SetPrompt(prompt)).is_ok() {
            self.prompt = prompt;
        }
    }

    /// What a strip sounds like from its next block on, for a worker: a stem, the black box. The reader is abandoned when
    /// the strip is gone, has [`TAPS`](airdesk_engine::TAPS) already, or its engine has broken; dropped, it is taken out.
    ///
    /// # Errors
    /// When the engine takes no command.
    pub(crate) fn tap(&mut self, strip: StripId, point: TapPoint) -> Result<TapReader, CommandError> {
        let (writer, reader) = tap(TAP_BLOCKS);
        self.send(EngineCommand::AddTap(strip, point, Box::new(writer)))?;
        Ok(reader)
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

    /// Refuses what needs an engine when there is none.
    ///
    /// # Errors
    /// When the engine has broken.
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        if !self.has_panicked() {
            return Ok(());
        }
        Err(CommandError {
            code: ErrorCode::Unavailable,
            message: "the engine has broken and the desk is silent; if it stays so, restart Airdesk".into(),
        })
    }

    /// The engine's newest report; silence when it has broken.
    pub(crate) fn report(&mut self) -> &Report {
        if self.has_panicked() {
            &self.nothing
        } else {
            self.engine.reports.latest()
        }
    }

    /// How the engine is, with all that was counted since the desk was started.
    pub(crate) fn health(&mut self) -> Health {
        let now = self.engine.reports.latest().health;
        let counted = Health {
            frames: self.before.frames + now.frames,
            blocks_late: self.before.blocks_late + now.blocks_late,
            bad_samples: self.before.bad_samples + now.bad_samples,
            ..Health::default()
        };
        if self.has_panicked() {
            return counted;
        }
        Health {
            frames: counted.frames,
            blocks_late: counted.blocks_late,
            bad_samples: counted.bad_samples,
            ..now
        }
    }

    pub(crate) fn is_real_time(&self) -> bool {
        self.engine.thread.is_real_time()
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.engine.thread.has_panicked()
    }

    #[cfg(feature = "fault")]
    pub(crate) fn break_engine(&self) {
        self.engine.thread.panic();
    }
}

/// Shares a piece of material among strips.
pub(crate) type Piece = Arc<[airdesk_dsp::Frame]>;
