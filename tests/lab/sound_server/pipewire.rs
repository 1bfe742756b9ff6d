//! PipeWire with virtual sinks: `src1`, `src2`, … to capture from, `out1` and `phones1` to play on.
//!
//! What is played into a sink can be captured from it, so a sink is a microphone and a pair of speakers at once.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Environment, Lateness, Player, Recorder, fresh_number, sines};
use crate::bus::{self, Bus};
use crate::process::{Priority, Process, output_of};
use crate::tone::Sine;
use crate::wait::{self, seconds};

/// Frames in a cycle of the server.
const CYCLE: &str = "1024";

/// How long the server's cycles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cycles {
    /// 21 ms, whatever programs ask for: time enough on a machine that others share.
    Long,
    /// As a program asks for, as everywhere else; 21 ms where nobody asks.
    AsAsked,
}

/// A private PipeWire, with the session bus and the session manager that it needs.
pub struct PipeWire {
    // In the order in which they end: the bus last.
    manager: Option<Process>,
    server: Option<Process>,
    _bus: Bus,
    sinks: Vec<String>,
    environment: Environment,
    folder: TempDir,
}

impl PipeWire {
    /// Starts a server with `sources` sinks to capture from, and two to play on.
    pub fn start(sources: usize) -> Self {
        Self::start_with(sources, Cycles::Long)
    }

    /// The same with such cycles.
    pub fn start_with(sources: usize, cycles: Cycles) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let sinks = (1..=sources)
            .map(|k| format!("src{k}"))
            .chain(["out1".into(), "phones1".into()])
            .collect::<Vec<_>>();
        let mut environment = bus::environment(folder.path());
        environment.insert("PIPEWIRE_RUNTIME_DIR".into(), folder.path().join("run").into());
        let bus = Bus::start(folder.path(), &environment);
        let mut pipewire = Self {
            manager: None,
            server: None,
            _bus: bus,
            sinks,
            environment,
            folder,
        };
        pipewire.write_configuration(cycles);
        pipewire.start_again();
        pipewire
    }

    /// The environment in which programs find this server.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How often the server was late so far, as it logs it.
    pub fn lateness(&self) -> Lateness {
        lateness(&self.server.as_ref().map(Process::output).unwrap_or_default())
    }

    /// Starts server and session manager, after [`PipeWire::kill`].
    pub fn start_again(&mut self) {
        self.server = Some(self.run("pipewire", &[("PIPEWIRE_DEBUG", "2,pw.node:3")]));
        let socket = self.folder.path().join("run/pipewire-0");
        wait::until("PipeWire", seconds(5), || socket.exists().then_some(()));
        self.manager = Some(self.run("wireplumber", &[]));
        let ports = 2 * self.sinks.len();
        wait::until("the virtual devices", seconds(10), || {
            (self.monitor_ports() >= ports).then_some(())
        });
        self.metadata("default.configured.audio.sink", "{ \"name\": \"out1\" }");
    }

    /// Serves programs that speak PulseAudio, too, as most desktops do: in the same environment, until it is dropped.
    pub fn speak_pulse(&self) -> Process {
        let server = self.run("pipewire-pulse", &[]);
        let socket = self.folder.path().join("run/pulse/native");
        wait::until("PipeWire's PulseAudio server", seconds(10), || {
            socket.exists().then_some(())
        });
        server
    }

    /// Kills server and session manager, as a crash would.
    pub fn kill(&mut self) {
        for process in [&mut self.server, &mut self.manager].into_iter().flatten() {
            process.kill();
        }
        (self.server, self.manager) = (None, None);
        let _ = fs::remove_file(self.folder.path().join("run/pipewire-0")); // a crash may have left it or not
    }

    /// Stops the server in its tracks, or lets it go on.
    pub fn freeze(&mut self, frozen: bool) {
        let signal = if frozen { libc::SIGSTOP } else { libc::SIGCONT };
        self.server.as_mut().expect("the server runs").signal(signal);
    }

    /// Takes a device away, as pulling its plug would.
    pub fn unplug(&self, sink: &str) {
        output_of(self.tool("pw-cli").args(["destroy", sink]));
    }

    /// Brings a device back.
    pub fn plug(&self, sink: &str) {
        output_of(self.tool("pw-cli").args(["create-node", "adapter", &node(sink)]));
        let expected = 2 * self.sinks.len();
        wait::until("the device to be back", seconds(5), || {
            (self.monitor_ports() >= expected).then_some(())
        });
    }

    /// Plays a pair of sines into a sink.
    pub fn play_sines(&self, sink: &str, length: u64, left: Sine, right: Sine) -> Player {
        let path = self.file(sink, "sines.wav");
        sines(&path, length, left, right);
        self.play(sink, &path)
    }

    /// Plays a file into a sink.
    pub fn play(&self, sink: &str, file: &Path) -> Player {
        let mut player = self.tool("pw-play");
        player.args(["--target", sink, "--latency", CYCLE]).arg(file);
        Player {
            _process: Process::start(&mut player, &self.file(sink, "play.log"), Priority::RealTime),
        }
    }

    /// Records what is played on a sink, until it is stopped.
    pub fn record(&self, sink: &str) -> Recorder {
        let path = self.file(sink, "recorded.wav");
        let mut recorder = self.tool("pw-record");
        recorder
            .args([
                "--target",
                sink,
                "--latency",
                CYCLE,
                "-P",
                "{ stream.capture.sink=true }",
            ])
            .args(["--format", "f32", "--rate", "48000", "--channels", "2"])
            .arg(&path);
        let process = Process::start(&mut recorder, &self.file(sink, "record.log"), Priority::RealTime);
        wait::until("the recorder", seconds(10), || path.exists().then_some(()));
        Recorder { process, path }
    }

    fn run(&self, program: &str, variables: &[(&str, &str)]) -> Process {
        // PipeWire gives its own audio thread a higher priority still.
        let log = self.folder.path().join(format!("{program}.log"));
        let mut command = self.tool(program);
        Process::start(command.envs(variables.iter().copied()), &log, Priority::RealTime)
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.envs(&self.environment);
        command
    }

    fn file(&self, sink: &str, name: &str) -> PathBuf {
        self.folder.path().join(format!("{sink}-{}-{name}", fresh_number()))
    }

    fn monitor_ports(&self) -> usize {
        let list = self
            .tool("pw-cli")
            .args(["ls", "Port"])
            .output()
            .map(|output| output.stdout)
            .unwrap_or_default();
        String::from_utf8_lossy(&list).matches("port.name = \"monitor_").count()
    }

    fn metadata(&self, key: &str, value: &str) {
        output_of(self.tool("pw-metadata").args(["0", key, value, "Spa:String:JSON"]));
    }

    fn write_configuration(&self, cycles: Cycles) {
        let limits = match cycles {
            Cycles::Long => format!("default.clock.min-quantum = {CYCLE} default.clock.max-quantum = {CYCLE}"),
            Cycles::AsAsked => String::new(),
        };
        let mut text = format!(
            "context.properties = {{ default.clock.rate = 48000 default.clock.quantum = {CYCLE} {limits} }}\n\
             context.objects = [\n"
        );
        for sink in &self.sinks {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{{ factory = adapter args = {} }}", node(sink));
        }
        text.push_str("]\n");
        let folder = self.folder.path().join("config/pipewire/pipewire.conf.d");
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("50-lab.conf"), text))
            .expect("the folder is fresh");
    }
}

/// Reads the server's log. A program that was called and is still `triggered` at the next cycle was not run by the
/// system, and nobody's work can be told from that; one that is `awake` has been at work for too long.
fn lateness(log: &str) -> Lateness {
    let mut lateness = Lateness::default();
    for line in log.lines() {
        let is_late = ["too slow", "xrun", "XRun!"].iter().any(|word| line.contains(word));
        let is_not_the_desks = ["pw-play", "pw-record", "status:triggered"]
            .iter()
            .any(|word| line.contains(word));
        match (is_late, is_not_the_desks) {
            (true, true) => lateness.by_itself += 1,
            (true, false) => lateness.for_programs += 1,
            (false, _) => {}
        }
    }
    lateness
}

fn node(sink: &str) -> String {
    format!(
        "{{ factory.name = support.null-audio-sink node.name = {sink} node.description = {sink} \
         media.class = Audio/Sink object.linger = true audio.position = [ FL FR ] }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_works_too_long_excuses_nothing() {
        let late = |name: &str, status: &str| {
            format!(
                "[I][00012.345678] pw.node      | ({name}-61) client too slow! rate:1024/48000 pos:4096 status:{status}\n"
            )
        };
        let before = lateness("[W][00001.000000] pw.node      | ready\n");
        assert_eq!(before, Lateness::default());
        let player = lateness(&late("pw-play", "awake"));
        assert!(player.is_its_own_since(before) && !player.is_its_own_since(player));
        assert!(lateness(&late("airdesk", "triggered")).is_its_own_since(before));
        assert!(!lateness(&late("airdesk", "awake")).is_its_own_since(before));
        assert!(!lateness(&(late("pw-play", "awake") + &late("airdesk", "awake"))).is_its_own_since(before));
    }
}
