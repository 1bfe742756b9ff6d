//! A key store as a desktop has it: GNOME's, unlocked, on a session bus of its own.

use std::io::Write;
use std::process::{ChildStdout, Command};

use tempfile::TempDir;

use crate::bus::{self, Bus};
use crate::process::Process;
use crate::sound_server::Environment;
use crate::wait::{self, seconds};

/// What the key store is called on the bus.
const NAME: &str = "org.freedesktop.secrets";

/// A key store that answers.
pub struct KeyStore {
    // In the order in which they end: the bus last.
    _daemon: Process,
    _output: ChildStdout,
    _bus: Bus,
    bus_alone: Environment,
    _folder: TempDir,
}

impl KeyStore {
    /// Starts one with nothing in it, and unlocks it as a login does.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut environment = bus::environment(folder.path());
        for name in ["HOME", "XDG_DATA_HOME"] {
            environment.insert(name.into(), folder.path().into());
        }
        let bus = Bus::start(folder.path(), &environment);
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon
            .args(["--foreground", "--unlock", "--components=secrets"])
            .envs(&environment);
        let (mut daemon, mut input, output) = Process::start_talking(&mut daemon, &folder.path().join("keys.log"));
        // It reads the login's password to the end of its input.
        input.write_all(b"login").expect("the daemon reads");
        drop(input);
        wait::until("the key store", seconds(10), || {
            assert!(daemon.is_running(), "the key store ended: {}", daemon.output());
            is_answering(&environment).then_some(())
        });
        environment.retain(|name, _| name == "DBUS_SESSION_BUS_ADDRESS");
        Self {
            _daemon: daemon,
            _output: output,
            _bus: bus,
            bus_alone: environment,
            _folder: folder,
        }
    }

    /// The environment in which a program finds this key store, and otherwise lives where it did.
    pub fn environment(&self) -> &Environment {
        &self.bus_alone
    }
}

fn is_answering(environment: &Environment) -> bool {
    let mut question = Command::new("dbus-send");
    question
        .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
        .args(["org.freedesktop.DBus.NameHasOwner", &format!("string:{NAME}")])
        .envs(environment);
    let answer = question.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&answer).contains("boolean true")
}
