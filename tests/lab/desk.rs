//! The headless desk, as its users start it, in an empty home folder.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::built;
use crate::console::Console;
use crate::process::{Priority, Process};
use crate::sound_server::Environment;
use crate::wait::{self, seconds};

/// What the desk is asked to do.
const RUN: [&str; 3] = ["run", "--port", "0"];

/// Where the desk keeps its data, from home.
pub const DATA: &str = ".local/share/airdesk";

/// An empty home folder, and programs that know no other place.
pub struct Home {
    folder: TempDir,
}

/// A running desk and a console connected to it; everything a console can do can be asked of the desk.
pub struct Desk {
    console: Console,
    /// The program.
    pub process: Process,
    /// Where its remote face listens.
    pub port: u16,
    home: Home,
}

/// A running desk that no console is connected to. It ends, as a closing terminal ends it, when this is dropped.
pub struct Unattended {
    /// The program.
    pub process: Process,
    /// Where its remote face listens.
    pub port: u16,
    /// Where it lives.
    pub home: Home,
}

impl Home {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("there is room for a folder"),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A program of the workspace, started at home with nothing in its environment but what is given.
    pub fn program(&self, name: &str, environment: &Environment) -> Command {
        let mut command = Command::new(built(name));
        command
            .env_clear()
            .envs(self.environment())
            .envs(environment)
            .current_dir(self.path());
        command
    }

    /// Every file in it.
    pub fn files(&self) -> Vec<PathBuf> {
        files(self.path())
    }

    /// The variables of somebody who lives here.
    pub fn environment(&self) -> Environment {
        let home = self.path();
        let folder = |name: &str| {
            let path = home.join(name);
            fs::create_dir_all(&path).expect("the home folder is fresh");
            path.into_os_string()
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        [
            ("HOME", home.as_os_str().to_owned()),
            ("PATH", path),
            ("LANG", "C.UTF-8".into()),
            ("XDG_RUNTIME_DIR", folder("run")),
            ("RUST_BACKTRACE", "1".into()),
            // Two desks cannot have the usual one.
            ("AIRDESK_DAEMON_PORT", "off".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    /// Starts a desk in a new home, and waits for its console.
    pub fn start(environment: &Environment) -> Self {
        Self::start_at(Home::new(), environment, &[])
    }

    /// Starts a desk in a home that may have seen one before.
    pub fn start_at(home: Home, environment: &Environment, arguments: &[&str]) -> Self {
        let mut command = home.program("airdesk", environment);
        command.args(RUN).args(arguments);
        Self::started(home, &mut command)
    }

    /// Starts a desk whose folder of recordings, as [`Desk::record`] chooses it, is a disk of its own that holds
    /// `size`, in the words of tmpfs. Only the desk sees what is on it.
    pub fn start_with_small_disk(home: Home, environment: &Environment, size: &str) -> Self {
        Self::start_on_small_disk(home, environment, "recordings", size)
    }

    /// The same with the folder for the desk's data.
    pub fn start_with_small_data(home: Home, environment: &Environment, size: &str) -> Self {
        Self::start_on_small_disk(home, environment, DATA, size)
    }

    /// Starts a desk of whose memory the system may keep a copy when it crashes.
    pub fn start_where_crashes_are_kept(home: Home, environment: &Environment) -> Self {
        const ALLOW: &str = r#"ulimit -c unlimited && exec "$@""#;
        let desk = home.program("airdesk", environment);
        let mut command = Command::new("sh");
        command
            .env_clear()
            .envs(home.environment())
            .envs(environment)
            .current_dir(home.path())
            .args(["-c", ALLOW, "sh"])
            .arg(desk.get_program())
            .args(RUN);
        Self::started(home, &mut command)
    }

    /// Starts a desk that may do with files what their permissions say, whoever runs it.
    pub fn start_bound_by_permissions(home: Home, environment: &Environment) -> Self {
        let desk = home.program("airdesk", environment);
        // SAFETY: it asks the system for a number.
        if unsafe { libc::geteuid() } != 0 {
            return Self::start_at(home, environment, &[]);
        }
        // Root, without what lets root pass.
        let mut command = Command::new("setpriv");
        command
            .env_clear()
            .envs(home.environment())
            .envs(environment)
            .current_dir(home.path())
            .args(["--bounding-set=-dac_override,-dac_read_search", "--"])
            .arg(desk.get_program())
            .args(RUN);
        Self::started(home, &mut command)
    }

    fn start_on_small_disk(home: Home, environment: &Environment, folder: &str, size: &str) -> Self {
        const MOUNT: &str = r#"mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@""#;
        fs::create_dir_all(home.path().join(folder)).expect("the home folder takes folders");
        let desk = home.program("airdesk", environment);
        let mut command = Command::new("unshare");
        command
            .env_clear()
            .envs(home.environment())
            .envs(environment)
            .current_dir(home.path())
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                MOUNT,
                "sh",
                size,
                folder,
            ])
            .arg(desk.get_program())
            .args(RUN);
        Self::started(home, &mut command)
    }

    fn started(home: Home, command: &mut Command) -> Self {
        let log = home.path().join("desk.log");
        let mut process = Process::start(command, &log, Priority::Ordinary);
        let port = wait::until("the desk to say where its console is", seconds(20), || {
            assert!(process.is_running(), "the desk ended: {}", process.output());
            port_in(&process.output())
        });
        Self {
            console: Console::connect(port),
            process,
            port,
            home,
        }
    }

    /// Ends the desk as a closing terminal would, and keeps its home.
    pub fn stop(mut self) -> Home {
        self.process.end(libc::SIGTERM);
        self.home
    }

    /// Leaves the desk to itself, without a console.
    pub fn leave(self) -> Unattended {
        let Self {
            process, port, home, ..
        } = self;
        Unattended { process, port, home }
    }

    /// Kills the desk, and keeps its home.
    pub fn kill(mut self) -> Home {
        self.process.kill();
        self.home
    }

    /// Lets the desk crash, as a fault in it would, and keeps its home.
    pub fn crash(mut self) -> Home {
        self.process.signal(libc::SIGABRT);
        let status = self.process.wait(seconds(10));
        assert_eq!(status.signal(), Some(libc::SIGABRT), "{}", self.process.output());
        self.home
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Every file in it.
    pub fn files(&self) -> Vec<PathBuf> {
        self.home.files()
    }

    /// Connects one more console.
    pub fn another_console(&self) -> Console {
        Console::connect(self.port)
    }

    /// Takes every strip off the desk.
    pub fn clear(&mut self) {
        let strips = self.snapshot()["strips"].as_array().cloned().unwrap_or_default();
        for strip in strips {
            self.say(json!({ "type": "removeStrip", "strip": strip["id"] }));
        }
    }

    /// The id of a device of a sound system ("PipeWire", "JACK") whose name or id contains `name`, once it is there.
    pub fn device(&mut self, host: &str, name: &str, direction: &str) -> String {
        let channels = format!("{direction}Channels");
        self.wait(&format!("the {host} device {name}"), seconds(15), |snapshot| {
            let mut devices = snapshot["devices"].as_array()?.iter();
            let found = devices.find(|device| {
                let is_named = |key: &str| device[key].as_str().is_some_and(|text| text.contains(name));
                device["host"] == host && device[&channels].as_u64() > Some(0) && (is_named("name") || is_named("id"))
            })?;
            Some(found["id"].as_str()?.to_owned())
        })
    }

    /// Adds a strip and waits until its source runs, or is ready where it is a deck.
    pub fn add_strip(&mut self, name: &str, source: &Value) -> u32 {
        let reply = self.say(json!({ "type": "addStrip", "name": name, "source": source }));
        let id = reply["id"].as_u64().expect("a strip has a number") as u32;
        match source["type"].as_str() {
            Some("silent") => {}
            Some("deck") => self.wait_for_input(id, "ready"),
            _ => self.wait_for_input(id, "running"),
        }
        id
    }

    /// Sets the controls of a strip that are named in `controls`: trim, fader, pan, mute, solo, soloSafe, cue.
    pub fn set(&mut self, strip: u32, controls: &Value) {
        for (control, value) in controls.as_object().expect("controls by name") {
            let (command, key) = match control.as_str() {
                "trim" => ("setTrim", "level"),
                "fader" => ("setFader", "level"),
                "pan" => ("setPan", "pan"),
                "mute" => ("setMute", "on"),
                "solo" => ("setSolo", "on"),
                "soloSafe" => ("setSoloSafe", "on"),
                "cue" => ("setCue", "on"),
                other => panic!("a strip has no {other}"),
            };
            self.say(json!({ "type": command, "strip": strip, key: value }));
        }
    }

    /// Waits until a strip's source is in a state.
    pub fn wait_for_input(&mut self, id: u32, state: &str) {
        self.wait(&format!("strip {id} to be {state}"), seconds(20), |snapshot| {
            (strip(snapshot, id)?["input"]["state"] == state).then_some(())
        });
    }

    /// Waits until the desk follows the clock of every device within 400 ppm, and each is within a millisecond of its
    /// place. The lab's devices share one clock, and a desk that makes room for itself runs 250 ppm faster than all of
    /// them, for a minute where it needs much. A device that is 15 ms out of place, as one may be that was opened beside
    /// another, is pulled there by 1000 ppm for as many seconds: nobody hears that, but a level is measured 0.12 dB too low.
    pub fn wait_until_followed(&mut self) {
        let within = |value: &Value, most: f64| value.as_f64().is_none_or(|value| value.abs() < most);
        let is_followed = |state: &Value| within(&state["ppm"], 400.0) && within(&state["error"], 0.001);
        let mut since = None;
        self.wait("the clocks of all devices to be followed", seconds(60), |snapshot| {
            let strips = snapshot["strips"].as_array()?.iter().map(|strip| &strip["input"]);
            let outputs = snapshot["outputs"].as_array()?.iter().map(|output| &output["playback"]);
            if !strips.chain(outputs).all(is_followed) {
                since = None;
                return None;
            }
            // Not only on the way from one side to the other.
            (since.get_or_insert_with(Instant::now).elapsed() > seconds(2)).then_some(())
        });
    }

    /// Plays an output on a device and waits until it does.
    pub fn play_on(&mut self, output: &str, device: &str) {
        let choice = json!({ "type": "device", "device": device });
        self.say(json!({ "type": "setOutput", "output": output, "device": choice }));
        self.wait(&format!("the {output} output to play"), seconds(20), |snapshot| {
            let outputs = snapshot["outputs"].as_array()?;
            let found = outputs.iter().find(|state| state["output"] == output)?;
            (found["playback"]["state"] == "playing").then_some(())
        });
    }

    /// Starts a recording and returns its file, once bytes are in it.
    pub fn record(&mut self, format: &str) -> PathBuf {
        let folder = self.home().join("recordings");
        let settings = json!({ "folder": folder, "format": format });
        self.say(json!({ "type": "setRecording", "settings": settings }));
        self.say(json!({ "type": "startRecording" }));
        let file = self.wait("the recording to reach the disk", seconds(10), |snapshot| {
            let recording = &snapshot["recorders"][0]["recording"];
            let started = recording["state"] == "recording" && recording["bytes"].as_u64() > Some(0);
            started.then(|| recording["file"].as_str().map(PathBuf::from)).flatten()
        });
        if file.is_absolute() { file } else { folder.join(file) }
    }

    /// Finishes the recording.
    pub fn stop_recording(&mut self) {
        self.say(json!({ "type": "stopRecording" }));
        self.wait("the recording to be finished", seconds(10), |snapshot| {
            (snapshot["recorders"][0]["recording"]["state"] == "stopped").then_some(())
        });
    }

    /// Waits until the first target is in a state.
    pub fn wait_for_air(&mut self, state: &str, limit: u64) -> Value {
        self.wait_for_target(0, state, limit)
    }

    /// Waits until a target, counted from 0, is in a state.
    pub fn wait_for_target(&mut self, place: usize, state: &str, limit: u64) -> Value {
        let what = format!("target {place} to be {state}");
        self.wait(&what, seconds(limit), |snapshot| {
            let air = &snapshot["targets"][place]["air"];
            (air["state"] == state).then(|| air.clone())
        })
    }
}

impl Deref for Desk {
    type Target = Console;

    fn deref(&self) -> &Console {
        &self.console
    }
}

impl DerefMut for Desk {
    fn deref_mut(&mut self) -> &mut Console {
        &mut self.console
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

/// A strip of a snapshot.
pub fn strip(snapshot: &Value, id: u32) -> Option<&Value> {
    snapshot["strips"].as_array()?.iter().find(|strip| strip["id"] == id)
}

/// A pair of channels of a capture device, as a strip's source.
pub fn pair(device: &str, left: u16) -> Value {
    json!({ "type": "device", "device": device, "channels": { "type": "pair", "left": left, "right": left + 1 } })
}

fn port_in(output: &str) -> Option<u16> {
    let address = output
        .lines()
        .find_map(|line| line.split_once("console: http://127.0.0.1:"))?
        .1;
    address.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_is_found_where_the_desk_says() {
        assert_eq!(port_in("starting\nconsole: http://127.0.0.1:41233/\n"), Some(41233));
        assert_eq!(port_in("starting\n"), None);
    }
}
