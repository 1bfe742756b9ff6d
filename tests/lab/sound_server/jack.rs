//! JACK without hardware: programs are connected port to port.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::{Environment, Player, Recorder, fresh_number, sines};
use crate::listen::Heard;
use crate::process::{Priority, Process, output_of};
use crate::tone::Sine;
use crate::wait::{self, seconds};

/// Frames in a period.
const PERIOD: &str = "512";

/// A private JACK server with eight silent capture ports and eight playback ports that nobody hears.
pub struct Jack {
    server: Option<Process>,
    environment: Environment,
    folder: TempDir,
}

/// A recording of known length.
pub struct TimedRecorder {
    recorder: Recorder,
    length: u64,
}

impl TimedRecorder {
    /// Waits for the end and listens.
    pub fn finish(self) -> Heard {
        self.recorder.finish(self.length)
    }
}

impl Jack {
    /// Starts a server.
    pub fn start() -> Self {
        let name = format!("airdesk-{}-{}", std::process::id(), fresh_number());
        let environment = [
            ("JACK_DEFAULT_SERVER", name.as_str()),
            ("JACK_NO_AUDIO_RESERVATION", "1"),
            ("JACK_NO_START_SERVER", "1"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.into())).into();
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut jack = Self {
            server: None,
            environment,
            folder,
        };
        jack.start_again();
        jack
    }

    /// Starts the server, after [`Jack::kill`].
    pub fn start_again(&mut self) {
        let name = self.environment["JACK_DEFAULT_SERVER"].clone();
        let mut command = self.tool("jackd");
        command.arg("-n").arg(name).args([
            "-R", "-P60", "-d", "dummy", "-r", "48000", "-p", PERIOD, "-C", "8", "-P", "8",
        ]);
        self.server = Some(Process::start(
            &mut command,
            &self.folder.path().join("jackd.log"),
            Priority::Ordinary,
        ));
        wait::until("JACK", seconds(10), || {
            self.ports(&[]).contains(&"system:capture_1".to_owned()).then_some(())
        });
    }

    /// Kills the server, as a crash would.
    pub fn kill(&mut self) {
        self.server.take().expect("the server runs").kill();
    }

    /// The environment in which programs find this server.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The ports where clients take audio in, without the server's own.
    pub fn inputs(&self) -> Vec<String> {
        self.clients_ports("input")
    }

    /// The ports where clients give audio out, without the server's own.
    pub fn outputs(&self) -> Vec<String> {
        self.clients_ports("output")
    }

    /// Plays a pair of sines into two ports.
    pub fn play_sines(&self, ports: [&str; 2], length: u64, left: Sine, right: Sine) -> Player {
        let path = self
            .folder
            .path()
            .join(format!("{}-{}.wav", file_name(ports[0]), fresh_number()));
        sines(&path, length, left, right);
        let mut player = self.tool("ecasound");
        player
            .args(["-q", "-f:f32_le,2,48000", "-i"])
            .arg(&path)
            .arg("-o")
            .arg(format!("jack_multi,{},{}", ports[0], ports[1]));
        let process = Process::start(&mut player, &path.with_extension("log"), Priority::RealTime);
        wait::until("the player to be connected", seconds(5), || {
            let connected = self.ports(&["-c", ports[1]]);
            connected
                .iter()
                .any(|line| line.trim().starts_with("ecasound"))
                .then_some(())
        });
        Player { _process: process }
    }

    /// Records two ports for a while, from now on.
    pub fn record(&self, ports: [&str; 2], length: u64) -> TimedRecorder {
        let path: PathBuf = self
            .folder
            .path()
            .join(format!("{}-{}-recorded.wav", file_name(ports[0]), fresh_number()));
        let mut recorder = self.tool("jack_rec");
        recorder
            .arg("-f")
            .arg(&path)
            .args(["-d", &length.to_string(), "-b", "32"])
            .args(ports);
        let process = Process::start(&mut recorder, &path.with_extension("log"), Priority::RealTime);
        TimedRecorder {
            recorder: Recorder { process, path },
            length,
        }
    }

    /// The ports of players.
    pub fn players(&self) -> Vec<String> {
        self.ports(&[])
            .into_iter()
            .filter(|port| port.starts_with("ecasound"))
            .collect()
    }

    fn clients_ports(&self, direction: &str) -> Vec<String> {
        let lines = self.ports(&["-p"]);
        let named = lines
            .chunks_exact(2)
            .filter(|pair| pair[1].contains(&format!("properties: {direction}")));
        let ports = named.map(|pair| pair[0].clone());
        ports
            .filter(|port| {
                !["system:", "ecasound", "jackrec"]
                    .iter()
                    .any(|other| port.starts_with(other))
            })
            .collect()
    }

    fn ports(&self, options: &[&str]) -> Vec<String> {
        let output = self
            .tool("jack_lsp")
            .args(options)
            .output()
            .map(|output| output.stdout)
            .unwrap_or_default();
        String::from_utf8_lossy(&output).lines().map(str::to_owned).collect()
    }

    /// Connects an output port to an input port.
    pub fn connect(&self, from: &str, to: &str) {
        output_of(self.tool("jack_connect").args([from, to]));
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.envs(&self.environment);
        command
    }
}

fn file_name(port: &str) -> String {
    port.replace([':', '/', ' '], "_")
}
