//! JACK without hardware: programs are connected port to port.
//!
//! Players and recorders are clients of the test itself: what they play is computed where it is
//! needed, and what they record stays in memory, so no file and no player's buffer can come late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jack::{
    AsyncClient, AudioIn, AudioOut, Client, ClientOptions, Control, Port, PortFlags, ProcessHandler, ProcessScope,
};
use tempfile::TempDir;

use super::{Environment, Lateness, fresh_number};
use crate::listen::Heard;
use crate::process::{Priority, Process};
use crate::tone::{RATE, Sine};
use crate::wait::{self, seconds};

/// Frames in a period.
const PERIOD: &str = "512";
/// How long a period is.
const PERIOD_LENGTH: Duration = Duration::from_nanos(512 * 1_000_000_000 / RATE as u64);
/// A cycle that begins so much later than it is due is late.
const LATE: Duration = Duration::from_millis(3);
/// The server's name, always the same: JACK remembers eight servers that were killed, for ever, and then starts no other;
/// of one name it takes the place again.
const SERVER: &str = "airdesk-lab";
/// What the names of the lab's own clients begin with.
const OURS: &str = "lab-";

/// A private JACK server with twelve silent capture ports and eight playback ports that nobody hears.
///
/// One for each process: clients of the test itself find it by the process's environment.
pub struct Jack {
    server: Option<Process>,
    environment: Environment,
    folder: TempDir,
    late_cycles: Arc<AtomicUsize>,
}

/// Plays a pair of sines until it is dropped.
pub struct JackPlayer {
    client: AsyncClient<(), Sines>,
}

/// A recording of a length that is known, or that it stays below.
pub struct JackRecorder {
    client: AsyncClient<(), Tape>,
    recorded: Arc<AtomicUsize>,
    length: u64,
}

struct Sines {
    ports: [Port<AudioOut>; 2],
    sines: [Sine; 2],
    frame: u64,
    /// When the next cycle should begin.
    due: Option<Instant>,
    late_cycles: Arc<AtomicUsize>,
}

struct Tape {
    ports: [Port<AudioIn>; 2],
    // Capacity: the whole recording, so that it never grows while it records.
    frames: Vec<[f32; 2]>,
    recorded: Arc<AtomicUsize>,
}

impl ProcessHandler for Sines {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        for (port, sine) in self.ports.iter_mut().zip(self.sines) {
            for (frame, sample) in (self.frame..).zip(port.as_mut_slice(scope)) {
                *sample = sine.at(frame);
            }
        }
        self.frame += u64::from(scope.n_frames());
        // A player waits for no other program: only the server can be late here.
        let now = Instant::now();
        if self.due.is_some_and(|due| now.saturating_duration_since(due) > LATE) {
            // Relaxed: a statistic, it orders nothing.
            self.late_cycles.fetch_add(1, Ordering::Relaxed);
        }
        self.due = Some(now + PERIOD_LENGTH);
        Control::Continue
    }
}

impl ProcessHandler for Tape {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let [left, right] = [0, 1].map(|side| self.ports[side].as_slice(scope));
        let room = self.frames.capacity() - self.frames.len();
        let heard = left.iter().zip(right).map(|(left, right)| [*left, *right]);
        self.frames.extend(heard.take(room));
        // Relaxed: only a count; the frames are taken after the client has been stopped.
        self.recorded.store(self.frames.len(), Ordering::Relaxed);
        Control::Continue
    }
}

impl JackPlayer {
    /// The ports that it plays from, left and right.
    pub fn ports(&self) -> [String; 2] {
        let name = self.client.as_client().name().to_owned();
        ["left", "right"].map(|side| format!("{name}:{side}"))
    }
}

impl JackRecorder {
    /// Ends before its length and listens.
    pub fn stop(self) -> Heard {
        let (_, (), tape) = self.client.deactivate().expect("the server runs");
        Heard { frames: tape.frames }
    }

    /// Waits for the end and listens.
    pub fn finish(self) -> Heard {
        let frames = (self.length * u64::from(RATE)) as usize;
        wait::until("the recording to have its length", seconds(self.length + 20), || {
            (self.recorded.load(Ordering::Relaxed) >= frames).then_some(())
        });
        self.stop()
    }
}

impl Jack {
    /// Starts a server.
    pub fn start() -> Self {
        let variables = [
            ("JACK_DEFAULT_SERVER", SERVER),
            ("JACK_NO_AUDIO_RESERVATION", "1"),
            ("JACK_NO_START_SERVER", "1"),
        ];
        for (name, value) in variables {
            // SAFETY: acceptance tests run one at a time, each in a process or with no other thread that
            // reads the environment.
            unsafe { std::env::set_var(name, value) };
        }
        let mut jack = Self {
            server: None,
            environment: variables.map(|(name, value)| (name.to_owned(), value.into())).into(),
            folder: tempfile::tempdir().expect("there is room for a folder"),
            late_cycles: Arc::default(),
        };
        jack.start_again();
        jack
    }

    /// Starts the server, after [`Jack::kill`].
    pub fn start_again(&mut self) {
        let mut command = std::process::Command::new("jackd");
        command.envs(&self.environment);
        command.arg("-n").arg(&self.environment["JACK_DEFAULT_SERVER"]);
        // Synchronous: a cycle waits for its clients, as on a machine that keeps real time it never has to.
        command.args(["-R", "-P60", "-S", "-d", "dummy"]);
        command.args(["-r", "48000", "-p", PERIOD, "-C", "12", "-P", "8"]);
        let log = self.folder.path().join("jackd.log");
        let mut server = Process::start(&mut command, &log, Priority::Ordinary);
        wait::until("JACK", seconds(10), || {
            assert!(server.is_running(), "JACK does not start: {}", server.output());
            client("lab-first").ok()
        });
        self.server = Some(server);
    }

    /// Kills the server, as a crash would.
    pub fn kill(&mut self) {
        self.server.take().expect("the server runs").kill();
    }

    /// The environment in which programs find this server.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How often the server was late so far. Of itself it says so only when it is late by a whole period, and then
    /// it waited for a program; cycles that begin late while no program is behind are counted by the players.
    pub fn lateness(&self) -> Lateness {
        let log = self.server.as_ref().map(Process::output).unwrap_or_default();
        Lateness {
            // Relaxed: a statistic, it orders nothing.
            by_itself: self.late_cycles.load(Ordering::Relaxed),
            for_programs: log.lines().filter(|line| line.contains("XRun")).count(),
        }
    }

    /// The ports where clients take audio in, without the server's own and the lab's, in the order of their making, once
    /// there are as many as `least`.
    pub fn inputs(&self, least: usize) -> Vec<String> {
        wait::until("the desk's input ports", seconds(10), || {
            Some(clients_ports(PortFlags::IS_INPUT)).filter(|ports| ports.len() >= least)
        })
    }

    /// The ports where clients give audio out, likewise.
    pub fn outputs(&self) -> Vec<String> {
        clients_ports(PortFlags::IS_OUTPUT)
    }

    /// Plays a pair of sines into two ports.
    pub fn play_sines(&self, ports: [&str; 2], left: Sine, right: Sine) -> JackPlayer {
        let client = client(&format!("{OURS}player-{}", fresh_number())).expect("the server runs");
        let sines = Sines {
            ports: ["left", "right"].map(|side| {
                client
                    .register_port(side, AudioOut::default())
                    .expect("there is room for two ports")
            }),
            sines: [left, right],
            frame: 0,
            due: None,
            late_cycles: self.late_cycles.clone(),
        };
        let client = client.activate_async((), sines).expect("the server runs");
        let player = JackPlayer { client };
        for (from, to) in player.ports().iter().zip(ports) {
            connect(player.client.as_client(), from, to);
        }
        player
    }

    /// Records two ports for a while, from now on.
    pub fn record(&self, ports: [&str; 2], length: u64) -> JackRecorder {
        let client = client(&format!("{OURS}recorder-{}", fresh_number())).expect("the server runs");
        let recorded = Arc::new(AtomicUsize::new(0));
        let tape = Tape {
            ports: ["left", "right"].map(|side| {
                client
                    .register_port(side, AudioIn::default())
                    .expect("there is room for two ports")
            }),
            frames: Vec::with_capacity((length * u64::from(RATE)) as usize),
            recorded: recorded.clone(),
        };
        let client = client.activate_async((), tape).expect("the server runs");
        let name = client.as_client().name().to_owned();
        for (from, side) in ports.iter().zip(["left", "right"]) {
            connect(client.as_client(), from, &format!("{name}:{side}"));
        }
        JackRecorder {
            client,
            recorded,
            length,
        }
    }
}

fn client(name: &str) -> Result<Client, jack::Error> {
    Client::new(name, ClientOptions::NO_START_SERVER).map(|(client, _)| client)
}

fn connect(client: &Client, from: &str, to: &str) {
    client
        .connect_ports_by_name(from, to)
        .unwrap_or_else(|error| panic!("{from} is not connected to {to}: {error}"));
}

fn clients_ports(direction: PortFlags) -> Vec<String> {
    let Ok(client) = client("lab-looking") else {
        return Vec::new();
    };
    let mut ports = client.ports(None, Some("32 bit float mono audio"), direction);
    ports.retain(|port| !port.starts_with("system:") && !port.starts_with(OURS));
    // The server lists them in no order that means anything; the desk numbers them.
    ports.sort_by_key(|port| {
        let digits = port.trim_start_matches(|c: char| !c.is_ascii_digit());
        (port.len(), digits.len(), port.clone())
    });
    ports
}
