//! The engine: the console kept in time. Whoever calls [`Engine::turn`] is the engine's thread.

use airdesk_dsp::{BLOCK_FRAMES, Frames, SampleRate};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::command::{Discard, EngineCommand, Notice};
use crate::console::Console;
use crate::input::BlockTime;
use crate::mix_queue::{MixTap, mix_queue};
use crate::pacer::Pacer;
use crate::report::{Health, ReportReader, ReportWriter, report_channel};
use crate::scope::SCOPES;
use crate::send::AUX_BUSES;
use crate::time::{Clock, Nanos};

/// Blocks mixed in one turn at most: then commands are looked at again.
const BLOCKS_PER_TURN: u32 = 64;
/// What the commands of one turn may cost together: the stages of 32 strips, or so many faders that none wait. What is
/// asked for beyond that, as by a scene for all strips, is obeyed in the turns after. That is a sixth of a block's time, and
/// less than half where every band is a resonant shelf: well within the lead.
const COST_PER_TURN: u32 = 512;
/// Blocks to wait for before the next turn: fewer wake-ups, well within the pacer's lead. An engine that nobody's device waits
/// for wakes 94 times a second instead of 375, which is most of what a small desk costs.
const BLOCKS_PER_WAKE: u64 = 2;
const BLOCKS_PER_WAKE_UNHURRIED: u64 = 8;
/// Blocks between two reports: 94 a second.
const BLOCKS_PER_REPORT: u64 = 8;
/// Blocks the queue of a scope holds.
const SCOPE_BLOCKS: usize = 512;
/// A desk that slept for longer than this part of what a reader of the programme may lag behind does not make up for
/// it: it would do so faster than a recorder reads.
const SLEPT_PART: f64 = 0.75;

/// What an engine is made with.
#[derive(Debug, Clone, Copy)]
pub struct EngineSettings {
    /// The desk's rate.
    pub rate: SampleRate,
    /// Blocks the programme's queue holds; half of them is what a reader may sleep.
    pub programme_blocks: usize,
    /// Blocks the queues of cue and aux buses hold.
    pub cue_blocks: usize,
}

impl Default for EngineSettings {
    /// 48 kHz. Capacity: a recorder may sleep 5.4 s, headphones 0.4 s. All of it is touched all the time: 8 MB.
    fn default() -> Self {
        Self {
            rate: SampleRate::DESK,
            programme_blocks: 8192,
            cue_blocks: 640,
        }
    }
}

/// What everybody else keeps of an engine.
pub struct EngineLink {
    /// The way in for commands. A full ring refuses: the engine is not turning.
    pub commands: Producer<EngineCommand>,
    /// What the engine is done with. Drain it, or the engine takes no more commands.
    pub discards: Consumer<Discard>,
    /// What the engine has to say. Lost when nobody listens.
    pub notices: Consumer<Notice>,
    /// Levels and health.
    pub reports: ReportReader,
    /// Readers of the programme bus.
    pub programme: MixTap,
    /// Readers of the cue bus.
    pub cue: MixTap,
    /// Readers of the aux buses.
    pub aux: [MixTap; AUX_BUSES],
    /// Readers of the scopes: each has what the strip that it looks at sounds like, and nothing when it looks at none.
    pub scopes: [MixTap; SCOPES],
    /// By how much the programme is later than the strips.
    pub latency: Frames,
}

/// The console, its clock and its rings.
pub struct Engine {
    console: Console,
    pacer: Pacer,
    clock: Clock,
    commands: Consumer<EngineCommand>,
    discards: Producer<Discard>,
    notices: Producer<Notice>,
    reports: ReportWriter,
    blocks: u64,
    blocks_late: u64,
    /// Bad samples of strips that have left: the total never falls.
    bad_samples_before: u64,
    load: Load,
    block_seconds: f64,
    /// Who slept longer goes on from now, seconds.
    slept_seconds: f64,
    blocks_per_wake: u64,
}

impl Engine {
    /// An engine whose frame zero is due now. Allocates; turning it does not.
    pub fn new(settings: EngineSettings, clock: Clock) -> (Self, EngineLink) {
        let (programme, programme_tap) = mix_queue(settings.programme_blocks);
        let (cue, cue_tap) = mix_queue(settings.cue_blocks);
        let aux = [(); AUX_BUSES].map(|()| mix_queue(settings.cue_blocks));
        let aux_taps = std::array::from_fn(|n| aux[n].1.clone());
        // Capacity: a spectrum looks 40 times a second and may sleep 0.3 s.
        let scopes = [(); SCOPES].map(|()| mix_queue(SCOPE_BLOCKS));
        let scope_taps = std::array::from_fn(|n| scopes[n].1.clone());
        let queues = [programme, cue]
            .into_iter()
            .chain(aux.into_iter().map(|(writer, _)| writer));
        // Capacity: an operator sends hundreds of commands a second at most, and the engine reads as many every other
        // block; a recalled session sends a dozen for each of 256 strips at once.
        let (commands_in, commands) = RingBuffer::new(4096);
        // Capacity: a command leaves at most two things; while there is no room for them none is taken.
        let (discards, discards_out) = RingBuffer::new(1024);
        // Capacity: notices are rare; a lost one is in the counters of the next report.
        let (notices, notices_out) = RingBuffer::new(64);
        let (reports, reports_out) = report_channel();
        let block_seconds = BLOCK_FRAMES as f64 / f64::from(settings.rate.hz());
        let engine = Self {
            console: Console::new(settings.rate, queues).with_scopes(scopes.into_iter().map(|(writer, _)| writer)),
            pacer: Pacer::new(settings.rate, clock.now()),
            clock,
            commands,
            discards,
            notices,
            reports,
            blocks: 0,
            blocks_late: 0,
            bad_samples_before: 0,
            load: Load::new(settings.rate),
            block_seconds,
            slept_seconds: SLEPT_PART * (settings.programme_blocks / 2) as f64 * block_seconds,
            blocks_per_wake: BLOCKS_PER_WAKE,
        };
        let link = EngineLink {
            commands: commands_in,
            discards: discards_out,
            notices: notices_out,
            reports: reports_out,
            programme: programme_tap,
            cue: cue_tap,
            aux: aux_taps,
            scopes: scope_taps,
            latency: engine.console.latency(),
        };
        (engine, link)
    }

    /// Obeys what has been asked, mixes what is due, and says when to turn again. Real-time: the
    /// sanitizer, where it is on, ends the program at the first call that may block.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn turn(&mut self) -> Nanos {
        self.obey();
        let now = self.clock.now();
        self.keep_time(now);
        for _ in 0..BLOCKS_PER_TURN {
            let end = (self.blocks + 1) as f64 * BLOCK_FRAMES as f64;
            if self.pacer.position_at(now.seconds()) < end {
                break;
            }
            let time = BlockTime {
                due: self.pacer.time_at(end),
                speed: self.pacer.speed(),
            };
            self.mix(&time);
        }
        // Commands that this turn had no time for do not wait.
        let blocks = if self.commands.is_empty() {
            self.blocks_per_wake
        } else {
            BLOCKS_PER_WAKE
        };
        Nanos::from_seconds(self.pacer.time_at((self.blocks + blocks) as f64 * BLOCK_FRAMES as f64))
    }

    /// Obeys commands while there is room for what each may leave over, and time in this turn.
    fn obey(&mut self) {
        let mut cost = 0;
        // A command leaves at most two things.
        while cost < COST_PER_TURN
            && self.discards.slots() >= 2
            && let Ok(command) = self.commands.pop()
        {
            cost += command.cost();
            let now = self.clock.now();
            let discard = match command {
                EngineCommand::FollowOutlet(clock) => self.pacer.follow(clock).map(Discard::Clock),
                EngineCommand::FollowMachine => {
                    // The output that is followed, and one that is awaited.
                    let first = self.pacer.follow_machine(now).map(Discard::Clock);
                    self.send_home(first);
                    self.pacer.follow_machine(now).map(Discard::Clock)
                }
                EngineCommand::SetPrompt(prompt) => {
                    self.blocks_per_wake = if prompt {
                        BLOCKS_PER_WAKE
                    } else {
                        BLOCKS_PER_WAKE_UNHURRIED
                    };
                    None
                }
                other => self.console.obey(other),
            };
            self.send_home(discard);
        }
        if !self.discards.is_full() {
            let discard = self.console.retire();
            self.send_home(discard);
        }
    }

    fn send_home(&mut self, discard: Option<Discard>) {
        if let Some(Discard::Strip(strip)) = &discard {
            self.bad_samples_before += strip.bad_samples;
        }
        if let Some(discard) = discard
            && let Err(full) = self.discards.push(discard)
        {
            // Room was checked and only we push. To leak is better than to free here.
            std::mem::forget(full);
            debug_assert!(false, "the discard ring was full");
        }
    }

    fn keep_time(&mut self, now: Nanos) {
        if self.discards.is_full() {
            return;
        }
        let (clock, notice) = self.pacer.update(now);
        self.send_home(clock.map(Discard::Clock));
        let behind = self.pacer.position_at(now.seconds()) - (self.blocks as f64) * BLOCK_FRAMES as f64;
        let slept = behind * self.block_seconds / BLOCK_FRAMES as f64;
        let notice = if slept > self.slept_seconds {
            self.pacer.skip_to((self.blocks as f64) * BLOCK_FRAMES as f64, now);
            Some(Notice::Slept(slept as f32))
        } else {
            notice
        };
        if let Some(notice) = notice {
            // A full ring loses the notice; counters in the reports still tell.
            let _ = self.notices.push(notice);
        }
    }

    fn mix(&mut self, time: &BlockTime) {
        let begun = self.clock.now().seconds();
        self.console.process(time);
        self.blocks += 1;
        let ended = self.clock.now().seconds();
        self.load.add((ended - begun) / self.block_seconds);
        let late = ended - time.due;
        let lead_seconds = f64::from(self.pacer.lead()) / BLOCK_FRAMES as f64 * self.block_seconds;
        if self.pacer.follows_outlet() && late > lead_seconds {
            self.blocks_late += 1;
        }
        self.pacer.was_ready(ended, late, self.block_seconds);
        if self.blocks.is_multiple_of(BLOCKS_PER_REPORT) {
            self.report();
        }
    }

    fn report(&mut self) {
        let seen = self.reports.was_seen();
        let (load, load_peak) = self.load.last_second();
        let health = Health {
            frames: self.blocks * BLOCK_FRAMES as u64,
            load,
            load_peak,
            lead: self.pacer.lead(),
            ppm: ((self.pacer.speed() - 1.0) * 1e6) as f32,
            follows_outlet: self.pacer.follows_outlet(),
            clock_error: self.pacer.error() as f32,
            clock_locked: self.pacer.is_locked(),
            blocks_late: self.blocks_late,
            bad_samples: 0,
        };
        let (console, bad_samples_before) = (&mut self.console, self.bad_samples_before);
        self.reports.publish(|report| {
            report.health = health;
            console.report(report, seen);
            report.health.bad_samples += bad_samples_before;
        });
    }
}

/// Mean and worst load of a second.
#[derive(Debug)]
struct Load {
    blocks_a_second: u32,
    sum: f64,
    worst: f64,
    blocks: u32,
    last: (f32, f32),
}

impl Load {
    fn new(rate: SampleRate) -> Self {
        Self {
            blocks_a_second: rate.hz() / BLOCK_FRAMES as u32,
            sum: 0.0,
            worst: 0.0,
            blocks: 0,
            last: (0.0, 0.0),
        }
    }

    fn add(&mut self, load: f64) {
        self.sum += load;
        self.worst = self.worst.max(load);
        self.blocks += 1;
        if self.blocks >= self.blocks_a_second {
            self.last = ((self.sum / f64::from(self.blocks)) as f32, self.worst as f32);
            (self.sum, self.worst, self.blocks) = (0.0, 0.0, 0);
        }
    }

    fn last_second(&self) -> (f32, f32) {
        self.last
    }
}

#[cfg(test)]
mod tests;
